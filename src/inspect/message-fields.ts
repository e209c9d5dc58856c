// A handshake message as fields, by reading it with the codecs of wire/ and noting each field: a codec that is right
// is a description that is right. What depends on what was negotiated (key exchange, version) is said by the caller.

import { requireBytes, requireObject } from '../checked-options.ts'
import { decode, Reader } from '../wire/codec.ts'
import type { Codec } from '../wire/codec.ts'
import { HEADER_LENGTH, messageName, messages12, messages13 } from '../wire/messages.ts'
import { handshakeTypeName, SSL30, TLS12, TLS13 } from '../wire/registry.ts'
import { describeExtension } from './describe.ts'
import { extensionTableOf } from './extension-fields.ts'
import type { Extensions } from './extension-fields.ts'
import { leafField } from './fields.ts'
import type { Field } from './fields.ts'
import { clientKeyExchangeCodecs, olderMessages, serverKeyExchangeCodecs, sslFinished } from './key-exchange.ts'
import { fieldFacts } from './meanings.ts'
import { extensionRows } from './names/small.ts'
import { openBytes } from './open-bytes.ts'

/** What was negotiated, as far as it is known. */
export interface MessageContext {
  /** The protocol version, such as 0x0304. */
  readonly version: number
  /** The cipher suite that was chosen: it says how ServerKeyExchange and ClientKeyExchange read. */
  readonly cipherSuite?: number | undefined
}

interface Node {
  readonly path: string
  readonly start: number
  readonly end: number
  readonly value: unknown
  readonly children: Node[]
}

/** `raw` is one whole handshake message. One that cannot be read has its header and its body as they are. */
export const messageFields = (raw: Uint8Array, context: MessageContext): Field => {
  requireBytes(raw, 'message')
  requireObject(context, 'context')
  const [type = 0] = raw
  const known = messageName(type)
  const name = known ?? handshakeTypeName(type)
  const section = sectionOf(name, context.version)
  const header = [
    leafField('handshake type', 0, 1, { value: type, meaning: name }),
    leafField('length', 1, HEADER_LENGTH, { value: raw.length - HEADER_LENGTH }),
  ]
  return {
    name,
    start: 0,
    end: raw.length,
    ...(section && { section }),
    children: [...header, ...bodyFields(raw, known, context)],
  }
}

const bodyFields = (raw: Uint8Array, name: string | undefined, context: MessageContext): readonly Field[] => {
  const body = raw.subarray(HEADER_LENGTH)
  if (body.length === 0) return []
  const codecs = name === undefined ? [] : codecsOf(name, context)
  if (name === undefined || codecs.length === 0) return [leafField('body', HEADER_LENGTH, raw.length)]
  const extensions = extensionTableOf(name, raw, context.version)
  for (const codec of codecs) {
    const nodes = readNodes(codec, body, name, extensions)
    if (nodes) return cover(nodes, HEADER_LENGTH, raw.length, raw)
  }
  return [leafField('body (malformed)', HEADER_LENGTH, raw.length)]
}

const codecsOf = (name: string, { version, cipherSuite }: MessageContext): readonly Codec<unknown>[] => {
  if (name === 'ServerKeyExchange') return serverKeyExchangeCodecs(version, cipherSuite)
  if (name === 'ClientKeyExchange') return clientKeyExchangeCodecs(version, cipherSuite)
  const older = version < TLS12 ? olderMessages[name] : undefined
  if (older) return [older]
  if (version === SSL30 && name === 'Finished') return [sslFinished]
  const table: Readonly<Record<string, Codec<unknown>>> =
    version === TLS13 ? messages13 : { ...messages13, ...messages12 }
  const codec = table[name]
  return codec ? [codec] : []
}

/** Reads the body and arranges the notes as a tree; undefined if it cannot be read. */
const readNodes = (
  codec: Codec<unknown>,
  body: Uint8Array,
  name: string,
  extensions: Extensions,
): readonly Node[] | undefined => {
  const flat: Node[] = []
  let lastType = 0
  const note = (given: string, start: number, end: number, value: unknown): void => {
    // an extension's bytes are called by the extension
    const path = given.replace(
      /(extensions\.\d+)\.data$/,
      (_, before: string) => `${before}.${describeExtension(lastType).name}`,
    )
    if (/extensions\.\d+\.type$/.test(path) && typeof value === 'number') lastType = value
    if (path !== given && value instanceof Uint8Array) {
      noteExtension(extensions[describeExtension(lastType).name], path, end - value.length, value, note)
    }
    flat.push({ path, start, end, value, children: [] })
  }
  try {
    decode(codec, body, name, (path, start, end, value) => note(`${name}.${path}`, start, end, value), HEADER_LENGTH)
  } catch {
    return undefined
  }
  return treeOf(flat)
}

/** The inside of an extension, if it reads; its bytes stay one run otherwise. */
const noteExtension = (
  codec: Codec<unknown> | undefined,
  path: string,
  start: number,
  data: Uint8Array,
  note: (path: string, start: number, end: number, value: unknown) => void,
): void => {
  if (!codec || data.length === 0) return
  const inside: (() => void)[] = []
  const reader = new Reader(
    data,
    path,
    (inner, from, to, value) => inside.push(() => note(`${path}.${inner}`, from, to, value)),
    start,
  )
  try {
    const value = codec.decode(reader)
    reader.end()
    if (inside.length === 0) inside.push(() => note(`${path}.value`, start, start + data.length, value))
  } catch {
    return
  }
  for (const tell of inside) tell()
}

/** Notes come children first; a node takes those before it that lie inside it. */
const treeOf = (flat: readonly Node[]): readonly Node[] => {
  const stack: Node[] = []
  for (const node of flat) {
    const firstChild = stack.findIndex(({ path }) => path.startsWith(`${node.path}.`))
    const children = firstChild < 0 ? [] : stack.splice(firstChild)
    stack.push({ ...node, children })
  }
  return stack
}

/** Fields that cover start to end: what nodes leave uncovered is a length. */
const cover = (nodes: readonly Node[], start: number, end: number, raw: Uint8Array): readonly Field[] => {
  const fields: Field[] = []
  let offset = start
  for (const node of nodes) {
    if (node.start > offset) fields.push(lengthField(offset, node.start, node.end))
    fields.push(...fieldsOfNode(node, raw))
    offset = Math.max(offset, node.end)
  }
  if (offset < end) fields.push(leafField('rest', offset, end))
  return fields
}

const lengthField = (start: number, content: number, end: number): Field =>
  leafField('length', start, content, { value: end - content })

const fieldsOfNode = (node: Node, raw: Uint8Array): readonly Field[] => {
  const { path, start, end, value } = node
  const name = nameOf(path)
  const section = sectionOfPath(path)
  const around = { name, start, end, ...(section && { section }) }
  if (node.children.length > 0) {
    const first = node.children[0]?.start ?? end
    const length = first > start ? [lengthField(start, first, end)] : []
    return [{ ...around, children: [...length, ...cover(node.children, first, end, raw)] }]
  }
  if (Array.isArray(value) && value.length === 0) {
    return [{ ...around, children: end > start ? [leafField('length', start, end, { value: 0 })] : [] }]
  }
  if (!(value instanceof Uint8Array))
    return end > start
      ? [{ ...leafField(name, start, end, fieldFacts(path, name, value)), ...(section && { section }) }]
      : []
  const content = end - value.length
  const opened = openBytes(path, value, content)
  if (content > start || opened) {
    const length = content > start ? [lengthField(start, content, end)] : []
    const inside = opened ?? (value.length > 0 ? [leafField('value', content, end, fieldFacts(path, name, value))] : [])
    return [{ ...around, ...fieldFacts(path, name, value), children: [...length, ...inside] }]
  }
  return end > start
    ? [{ ...leafField(name, start, end, fieldFacts(path, name, value)), ...(section && { section }) }]
    : []
}

/** The field's name; list items are called by their list. */
const nameOf = (path: string): string => {
  const named = path.split('.').filter((part) => !/^\d+$/.test(part))
  const last = named.at(-1) ?? path
  if (last !== 'value') return last
  return named.at(-2) ?? last
}

const extensionSources: ReadonlyMap<string, string> = new Map(Object.values(extensionRows))

const sectionOfPath = (path: string): string | undefined => {
  const extension = /extensions\.\d+\.([A-Za-z]\w*)$/.exec(path)?.[1]
  return extension === undefined || extension === 'type' ? undefined : extensionSources.get(extension)
}

const sections13: Readonly<Record<string, string>> = {
  ClientHello: '4.2.2',
  ServerHello: '4.2.3',
  EncryptedExtensions: '4.4.1',
  CertificateRequest: '4.4.2',
  Certificate: '4.5.1',
  CertificateVerify: '4.5.2',
  Finished: '4.5.3',
  EndOfEarlyData: '4.6',
  NewSessionTicket: '4.7.1',
  KeyUpdate: '4.7.3',
}
const sections12: Readonly<Record<string, string>> = {
  HelloRequest: 'RFC 5246 section 7.4.1.1',
  ClientHello: 'RFC 5246 section 7.4.1.2',
  ServerHello: 'RFC 5246 section 7.4.1.3',
  Certificate: 'RFC 5246 section 7.4.2',
  ServerKeyExchange: 'RFC 5246 section 7.4.3',
  CertificateRequest: 'RFC 5246 section 7.4.4',
  ServerHelloDone: 'RFC 5246 section 7.4.5',
  ClientKeyExchange: 'RFC 5246 section 7.4.7',
  CertificateVerify: 'RFC 5246 section 7.4.8',
  Finished: 'RFC 5246 section 7.4.9',
  NewSessionTicket: 'RFC 5077 section 3.3',
  CertificateStatus: 'RFC 6066 section 8',
}

const sectionOf = (name: string, version: number): string | undefined => {
  if (name === 'CompressedCertificate') return 'RFC 8879 section 4'
  const section13 = sections13[name]
  if (version === TLS13 && section13 !== undefined) return `RFC 9846 section ${section13}`
  return sections12[name]
}
