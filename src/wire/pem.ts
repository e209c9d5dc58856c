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

/**
 * The blocks of a PEM text in order. Text outside of blocks is ignored, as are spaces around lines and empty lines.
 * Throws TlsError `bad_option` if there is no block, or one is cut off or is not base64, and says in which line.
 */
export const decodePem = (text: string): PemBlock[] => {
  if (!text.includes('-----BEGIN ') && !text.includes('-----END ')) bad(whyNone(text))
  const lines = text.split(/\r\n|\n|\r/)
  const blocks: PemBlock[] = []
  let at = 0
  while (at < lines.length) {
    const label = boundaryLabel(lines[at] ?? '', 'BEGIN')
    if (label === undefined) {
      const stray = boundaryLabel(lines[at] ?? '', 'END')
      if (stray !== undefined) bad(`line ${at + 1} ends a PEM block "${stray}" that did not begin`)
      at++
      continue
    }
    const end = endOfBlock(lines, at, label)
    blocks.push(readBlock(label, lines, at + 1, end))
    at = end + 1
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

/** Label of a boundary line, or undefined. */
const boundaryLabel = (line: string, kind: 'BEGIN' | 'END'): string | undefined => {
  const trimmed = line.trim()
  const prefix = `-----${kind} `
  if (!trimmed.startsWith(prefix) || !trimmed.endsWith('-----') || trimmed.length < prefix.length + 5) return undefined
  const label = trimmed.slice(prefix.length, -5)
  return label.includes('-----') ? undefined : label
}

const endOfBlock = (lines: readonly string[], begin: number, label: string): number => {
  for (let i = begin + 1; i < lines.length; i++) {
    const line = lines[i] ?? ''
    const found = boundaryLabel(line, 'END')
    if (found === label) return i
    if (found !== undefined)
      bad(`the PEM block "${label}" that begins in line ${begin + 1} ends as "${found}" in line ${i + 1}`)
    if (line.includes('-----END'))
      bad(
        `line ${i + 1} has more than the end of the PEM block "${label}": put each BEGIN and END on a line of its own`,
      )
    if (line.includes('-----BEGIN')) break
  }
  return bad(`the PEM block "${label}" that begins in line ${begin + 1} has no END line: it is cut off`)
}

const readBlock = (label: string, lines: readonly string[], from: number, end: number): PemBlock => {
  const { headers, next } = readHeaders(lines, from, end)
  const bytes = decodeBase64(lines.slice(next, end).join(''))
  if (bytes === undefined) return bad(`base64 is broken ${brokenAt(lines, next, end)} (PEM block "${label}")`)
  if (bytes.length === 0) return bad(`the PEM block "${label}" that begins in line ${from} is empty`)
  return headers.size === 0 ? { label, bytes } : { label, bytes, headers }
}

/** RFC 1421 section 4.6: `Name: value` lines, continued by lines that begin with a space, then an empty line. */
const readHeaders = (
  lines: readonly string[],
  from: number,
  end: number,
): { headers: Map<string, string>; next: number } => {
  const headers = new Map<string, string>()
  let name: string | undefined
  let next = from
  for (; next < end; next++) {
    const line = lines[next] ?? ''
    const colon = line.indexOf(':')
    if (colon > 0) {
      name = line.slice(0, colon).trim()
      headers.set(name, line.slice(colon + 1).trim())
    } else if (name !== undefined && /^\s+\S/.test(line)) headers.set(name, (headers.get(name) ?? '') + line.trim())
    else break
  }
  return { headers, next }
}

/** Where base64 goes wrong, for the message: the first line with a foreign character, or the count. */
const brokenAt = (lines: readonly string[], from: number, end: number): string => {
  let last = from
  for (let i = from; i < end; i++) {
    const line = (lines[i] ?? '').replace(/\s+/g, '')
    if (line === '') continue
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(line)) return `in line ${i + 1}`
    if (/=$/.test(lines[last] ?? '') && last !== i) return `in line ${last + 1}: padding before the end`
    last = i
  }
  return `in line ${last + 1}: it ends in the middle of a byte`
}

const whyNone = (text: string): string => {
  if (text.trim() === '') return 'no PEM block found: the text is empty'
  if (!text.includes('-----BEGIN')) return 'no PEM block found: there is no line "-----BEGIN ...-----"'
  if (text.includes('-----\\n')) {
    return 'no PEM block found: line ends are written as backslash and n; replace them with real ones'
  }
  return 'no PEM block found: BEGIN and END need lines of their own'
}
