// PEM text (RFC 7468): blocks of base64 between BEGIN and END lines, with whatever text around them, and telling PEM
// from DER in a file's bytes. Nothing on the wire is PEM, so every error here is the caller's `bad_option`.

import { TlsError } from '../errors.ts'

export interface PemBlock {
  /** Text between "BEGIN " and the dashes: CERTIFICATE, PRIVATE KEY, X509 CRL, ... */
  readonly label: string
  readonly bytes: Uint8Array
  /** RFC 1421 headers (`Proc-Type`, `DEK-Info`), which old encrypted keys have; undefined if there are none. */
  readonly headers?: ReadonlyMap<string, string>
}

/** PEM text, PEM as bytes (a file as it was read: UTF-8, or UTF-16 with its byte order mark), or DER. */
export type PemOrDer = string | Uint8Array

/** The text of what is PEM; undefined for DER, and for bytes that are neither, which the DER parser names. */
export const pemTextOf = (input: PemOrDer): string | undefined => {
  if (typeof input === 'string') return input
  if (!(input instanceof Uint8Array))
    throw new TlsError('bad_option', 'expected PEM (text or bytes) or DER (Uint8Array)')
  if (fillsElement(input)) return undefined
  const text = new TextDecoder(utf16Of(input)).decode(input)
  return text.includes('-----BEGIN ') ? text : undefined
}

/** Whether the bytes are one SEQUENCE with nothing after it: text before a PEM block may begin with "0" as well. */
const fillsElement = (bytes: Uint8Array): boolean => {
  const [tag, first = 0] = bytes
  if (tag !== 0x30) return false
  if (first < 0x80) return bytes.length === 2 + first
  const count = first & 0x7f
  let length = 0
  for (const byte of bytes.subarray(2, 2 + count)) length = length * 256 + byte
  return count > 0 && count <= 6 && bytes.length === 2 + count + length
}

/** Windows PowerShell writes text as UTF-16. */
const utf16Of = ([first, second]: Uint8Array): string =>
  first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'

/** Lines of RFC 1421 headers in a block; those that there are have two. */
const MAX_HEADER_LINES = 1000

/**
 * The blocks of a PEM text in order. Text outside of blocks is ignored, as are spaces around lines and empty lines.
 * Throws TlsError `bad_option` if there is no block, or one is cut off or is not base64, and says in which line. What
 * it takes is linear in the length, with little for each line: only those that may be boundaries are looked at.
 */
export const decodePem = (text: string): PemBlock[] => {
  const blocks: PemBlock[] = []
  for (let begin = nextBoundary(text, 0); begin !== undefined;) {
    const next = nextBoundary(text, begin.end)
    const label = labelOf(begin, 'BEGIN')
    if (label === undefined) {
      const stray = labelOf(begin, 'END')
      if (stray !== undefined) bad(`line ${lineAt(text, begin.start)} ends a PEM block "${stray}" that did not begin`)
      begin = next
    } else {
      const end = endOfBlock(text, label, begin, next)
      blocks.push(readBlock(text, label, begin, end))
      begin = nextBoundary(text, end.end)
    }
  }
  if (blocks.length === 0) bad(whyNone(text))
  return blocks
}

/** One block, lines of 64 characters, ending in a newline (RFC 7468 section 2). */
export const encodePem = (label: string, bytes: Uint8Array): string => {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.map((line) => `${line}\n`).join('')}-----END ${label}-----\n`
}

/** Standard base64 with padding (RFC 4648 section 4). */
export const encodeBase64 = (bytes: Uint8Array): string => {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(binary)
}

/** Bytes of standard base64; spaces and line ends are ignored. Undefined if it is not base64 with its padding. */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  const compact = text.replace(/\s+/g, '')
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined
  const binary = atob(compact)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

const bad = (sentence: string): never => {
  throw new TlsError('bad_option', sentence)
}

/** A line that may begin or end a block. */
interface Boundary {
  /** Without the spaces around it. */
  readonly line: string
  /** Offsets of the line in the text, without its line end. */
  readonly start: number
  readonly end: number
}

const mark = /-----(?:BEGIN|END)/g
const lineEnd = /[\r\n]/g

/** The first line from an offset on, which is 0 or the end of a line, that has the marks of a boundary. */
const nextBoundary = (text: string, from: number): Boundary | undefined => {
  mark.lastIndex = from
  if (!mark.test(text)) return undefined
  let start = mark.lastIndex
  while (start > from && !isLineEnd(text.charCodeAt(start - 1))) start--
  const end = endOfLine(text, mark.lastIndex)
  return { line: text.slice(start, end).trim(), start, end }
}

const isLineEnd = (code: number): boolean => code === LF || code === CR
const LF = 10
const CR = 13

/** Offset of the next line end, or of the end. */
const endOfLine = (text: string, from: number): number => {
  lineEnd.lastIndex = from
  return lineEnd.test(text) ? lineEnd.lastIndex - 1 : text.length
}

/** Where the line after the one that ends here begins: "\r\n" ends one line. */
const afterLineEnd = (text: string, end: number): number =>
  end + (text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF ? 2 : 1)

/** Number of the line, from 1, that an offset is in. */
const lineAt = (text: string, offset: number): number => {
  let line = 1
  for (let at = 0; at < offset; at++) {
    const code = text.charCodeAt(at)
    if (code === CR || (code === LF && text.charCodeAt(at - 1) !== CR)) line++
  }
  return line
}

/** Label of a boundary line, or undefined. */
const labelOf = ({ line }: Boundary, kind: 'BEGIN' | 'END'): string | undefined => {
  const prefix = `-----${kind} `
  if (!line.startsWith(prefix) || !line.endsWith('-----') || line.length < prefix.length + 5) return undefined
  const label = line.slice(prefix.length, -5)
  return label.includes('-----') ? undefined : label
}

/** The boundary after the one that begins a block, if it ends it. */
const endOfBlock = (text: string, label: string, begin: Boundary, next: Boundary | undefined): Boundary => {
  const block = `the PEM block "${label}"`
  if (next !== undefined) {
    const found = labelOf(next, 'END')
    if (found === label) return next
    const line = lineAt(text, next.start)
    if (found !== undefined)
      bad(`${block} that begins in line ${lineAt(text, begin.start)} ends as "${found}" in line ${line}`)
    if (next.line.includes('-----END'))
      bad(`line ${line} has more than the end of ${block}: put each BEGIN and END on a line of its own`)
  }
  return bad(`${block} that begins in line ${lineAt(text, begin.start)} has no END line: it is cut off`)
}

const readBlock = (text: string, label: string, begin: Boundary, end: Boundary): PemBlock => {
  const { headers, next } = readHeaders(text, afterLineEnd(text, begin.end), end.start)
  const body = text.slice(next, end.start)
  const bytes = decodeBase64(body)
  if (bytes === undefined) return bad(`base64 is broken ${whereBroken(text, next, body)} (PEM block "${label}")`)
  if (bytes.length === 0) bad(`the PEM block "${label}" that begins in line ${lineAt(text, begin.start)} is empty`)
  return headers.size === 0 ? { label, bytes } : { label, bytes, headers }
}

/** RFC 1421 section 4.6: `Name: value` lines, continued by lines that begin with a space, then an empty line. */
const readHeaders = (text: string, from: number, end: number): { headers: Map<string, string>; next: number } => {
  const headers = new Map<string, string>()
  let name: string | undefined
  let next = from
  for (let lines = 0; next < end; lines++) {
    const lineStop = endOfLine(text, next)
    const line = text.slice(next, lineStop)
    const colon = line.indexOf(':')
    if (colon > 0) {
      name = line.slice(0, colon).trim()
      headers.set(name, line.slice(colon + 1).trim())
    } else if (name !== undefined && /^\s+\S/.test(line)) headers.set(name, (headers.get(name) ?? '') + line.trim())
    else break
    if (lines === MAX_HEADER_LINES)
      bad(`line ${lineAt(text, next)} is one of over ${lines} lines of headers of a PEM block`)
    next = afterLineEnd(text, lineStop)
  }
  return { headers, next }
}

/** Where base64 goes wrong that begins at an offset of the text: at a character that can't be there, or in the end. */
const whereBroken = (text: string, from: number, body: string): string => {
  const [before = '', characters = '', padding = ''] = /^([A-Za-z0-9+/\s]*)((?:=\s*){0,2})/.exec(body) ?? []
  if (before.length === body.length)
    return `in line ${lineAt(text, from + body.trimEnd().length)}: it ends in the middle of a byte`
  const line = lineAt(text, from + before.length)
  const paddingLine = padding === '' ? line : lineAt(text, from + characters.length)
  return `in line ${paddingLine}${paddingLine === line ? '' : ': padding before the end'}`
}

const whyNone = (text: string): string => {
  if (text.trim() === '') return 'no PEM block found: the text is empty'
  if (!text.includes('-----BEGIN')) return 'no PEM block found: there is no line "-----BEGIN ...-----"'
  if (text.includes('-----\\n')) {
    return 'no PEM block found: line ends are written as backslash and n; replace them with real ones'
  }
  return 'no PEM block found: BEGIN and END need lines of their own'
}
