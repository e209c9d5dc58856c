// Names every byte of a handshake message, alert or ChangeCipherSpec by reading it with the codecs of this folder and
// noting each field. No knowledge of its own of any message: a codec that is right is an annotation that is right.

import { decode, Reader } from './codec.ts'
import type { Codec } from './codec.ts'
import {
  certificateEntryExtensions,
  certificateRequestExtensions,
  clientHelloExtensions,
  encryptedExtensionsExtensions,
  helloRetryRequestExtensions,
  newSessionTicketExtensions,
  serverHello12Extensions,
  serverHelloExtensions,
} from './extensions.ts'
import { HEADER_LENGTH, HELLO_RETRY_REQUEST_RANDOM, messageName, messages12, messages13 } from './messages.ts'
import { equalBytes } from './bytes.ts'
import {
  cipherSuiteName,
  extensionName,
  handshakeTypeName,
  isGrease,
  namedGroupName,
  signatureSchemeName,
  TLS13,
  versionName,
} from './registry.ts'

/** A run of bytes with a name. */
export interface Annotation {
  /** Offsets in the bytes that were annotated. */
  readonly start: number
  readonly end: number
  /** How deep in the structure. */
  readonly depth: number
  readonly label: string
}

interface Node {
  readonly path: string
  readonly start: number
  readonly end: number
  readonly value: unknown
  readonly children: Node[]
}

/** `raw` is one whole handshake message. A message that cannot be read is annotated as far as its header. */
export const annotateMessage = (raw: Uint8Array, version: number): readonly Annotation[] => {
  const [type = 0] = raw
  const header: Annotation[] = [
    { start: 0, end: 1, depth: 0, label: `${messageName(type) ?? handshakeTypeName(type)} (handshake type ${type})` },
    { start: 1, end: HEADER_LENGTH, depth: 0, label: `length: ${raw.length - HEADER_LENGTH}` },
  ]
  const name = messageName(type)
  const table: Readonly<Record<string, Codec<unknown>>> =
    version === TLS13 ? messages13 : { ...messages13, ...messages12 }
  const codec = name === undefined ? undefined : table[name]
  const body = raw.subarray(HEADER_LENGTH)
  if (!name || !codec) return [...header, ...(body.length > 0 ? [leaf(HEADER_LENGTH, raw.length, 1, 'body')] : [])]
  const nodes = readNodes(codec, body, name, extensionTableOf(name, raw, version))
  if (!nodes) return [...header, leaf(HEADER_LENGTH, raw.length, 1, 'body (malformed)')]
  return [...header, ...cover(nodes, HEADER_LENGTH, raw.length, 1, raw)]
}

const leaf = (start: number, end: number, depth: number, label: string): Annotation => ({ start, end, depth, label })

type Extensions = Readonly<Record<string, Codec<unknown>>>

const extensionTableOf = (name: string, raw: Uint8Array, version: number): Extensions => {
  if (name === 'ClientHello') return clientHelloExtensions
  if (name === 'ServerHello') {
    if (version !== TLS13) return serverHello12Extensions
    return equalBytes(raw.subarray(6, 38), HELLO_RETRY_REQUEST_RANDOM)
      ? helloRetryRequestExtensions
      : serverHelloExtensions
  }
  if (name === 'EncryptedExtensions') return encryptedExtensionsExtensions
  if (name === 'CertificateRequest') return certificateRequestExtensions
  if (name === 'Certificate') return certificateEntryExtensions
  return newSessionTicketExtensions
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
      (_, before: string) => `${before}.${extensionName(lastType)}`,
    )
    if (/extensions\.\d+\.type$/.test(path) && typeof value === 'number') lastType = value
    if (path !== given && value instanceof Uint8Array) {
      noteExtension(extensions[extensionName(lastType)], path, end - value.length, value, note)
    }
    flat.push({ path, start, end, value, children: [] })
  }
  try {
    decode(codec, body, name, note, HEADER_LENGTH)
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

/** Every byte from start to end under some label: what children leave uncovered is a length, or the node itself. */
const cover = (
  nodes: readonly Node[],
  start: number,
  end: number,
  depth: number,
  raw: Uint8Array,
): readonly Annotation[] => {
  const annotations: Annotation[] = []
  let offset = start
  for (const node of nodes) {
    if (node.start > offset) annotations.push(leaf(offset, node.start, depth, 'length'))
    annotations.push(...coverNode(node, depth, raw))
    offset = Math.max(offset, node.end)
  }
  if (offset < end) annotations.push(leaf(offset, end, depth, 'rest'))
  return annotations
}

const coverNode = (node: Node, depth: number, raw: Uint8Array): readonly Annotation[] => {
  const name = nameOf(node.path)
  const { value } = node
  if (node.children.length > 0) {
    const first = node.children[0]?.start ?? node.end
    const inside = cover(node.children, first, node.end, depth + 1, raw)
    return first > node.start
      ? [leaf(node.start, first, depth, `${name}, length: ${node.end - first}`), ...inside]
      : /^\d+$/.test(lastPart(node.path))
        ? inside
        : [leaf(node.start, node.start, depth, name), ...inside]
  }
  const content = value instanceof Uint8Array ? value.length : node.end - node.start
  const prefix = value instanceof Uint8Array || Array.isArray(value) ? node.end - node.start - content : 0
  if (Array.isArray(value) && value.length === 0) return [leaf(node.start, node.end, depth, `${name}, length: 0`)]
  if (prefix > 0) {
    const length = leaf(node.start, node.start + prefix, depth, `${name}, length: ${content}`)
    return content === 0 ? [length] : [length, leaf(node.start + prefix, node.end, depth + 1, textOf(name, value))]
  }
  return node.end > node.start ? [leaf(node.start, node.end, depth, textOf(name, value))] : []
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** The field's name; list items are called by their list. */
const nameOf = (path: string): string => {
  const parts = path.split('.')
  const named = parts.filter((part) => !/^\d+$/.test(part))
  const last = named.at(-1) ?? path
  if (last !== 'value') return last
  return named.at(-2) ?? last
}

const numberNames: readonly (readonly [RegExp, (id: number) => string])[] = [
  [/cipherSuite/, cipherSuiteName],
  [/^type$/, extensionName],
  [/ersion/, versionName],
  [/supported_groups|^group$|^key_share$/, namedGroupName],
  [/signature|^scheme$/, signatureSchemeName],
]

const textOf = (name: string, value: unknown): string => {
  if (typeof value === 'number') {
    const named = isGrease(value) ? 'GREASE' : numberNames.find(([pattern]) => pattern.test(name))?.[1](value)
    return named === undefined ? `${name}: ${value}` : `${name}: ${named}`
  }
  if (typeof value === 'string') return `${name}: ${JSON.stringify(value)}`
  if (typeof value === 'boolean') return `${name}: ${value}`
  return name
}
