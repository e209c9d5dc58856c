// A connection as data: its records, its messages with every field, its alerts and data, and its key schedule. Made
// from records as they passed, whether a live connection told them or a capture.

import type { CryptoProvider } from '../crypto/provider.ts'
import { alertName } from '../errors.ts'
import { concat, toHex } from '../wire/bytes.ts'
import { HEADER_LENGTH, messageName } from '../wire/messages.ts'
import { contentTypeName, contentTypes, handshakeTypes, TLS12, TLS13 } from '../wire/registry.ts'
import { describeCipherSuite, describeVersion } from './describe.ts'
import { fieldJson, leafField } from './fields.ts'
import type { Field, FieldJson } from './fields.ts'
import { offers, readClientHelloMessage, readServerHello } from './hellos.ts'
import type { ConnectionSecrets } from './key-log.ts'
import { keySchedule } from './key-schedule.ts'
import type { TracedSecret } from './key-schedule.ts'
import { messageFields } from './message-fields.ts'
import type { Observation } from './observe.ts'
import { sealedWith } from './sealed-with.ts'
import { splitMessages } from './seen.ts'
import type { SeenRecord, Side } from './seen.ts'
import { summaryOf } from './summary.ts'

export type TracedKind = 'message' | 'alert' | 'change_cipher_spec' | 'application_data' | 'undecrypted' | 'other'

/** Something that one side said: a handshake message, an alert, data. */
export interface TracedItem {
  readonly sender: Side
  readonly kind: TracedKind
  /** The message's name, the alert's, or that of the content type. */
  readonly name: string
  /** A few words on what it says. */
  readonly summary: string
  /** Numbers of the records that carried it, from 0. */
  readonly records: readonly number[]
  readonly encrypted: boolean
  /** The secret whose key sealed it, where it is known. */
  readonly key: string | undefined
  /** The message with its header, the alert, the data; what is sealed, if it could not be opened. */
  readonly bytes: Uint8Array
  readonly field: Field
}

/** A whole connection. */
export interface TraceData {
  /** Undefined before a ServerHello. */
  readonly version: string | undefined
  readonly cipherSuite: string | undefined
  readonly records: readonly SeenRecord[]
  readonly items: readonly TracedItem[]
  readonly secrets: readonly TracedSecret[]
}

export interface TraceContext {
  /** What a key log has of this connection. */
  readonly secrets?: ConnectionSecrets | undefined
  /** What a watched provider derived. */
  readonly observation?: Observation | undefined
  /** Computes record keys from secrets. */
  readonly provider?: CryptoProvider | undefined
}

/** Builds the data of a connection out of its records, in order. */
export const traceData = (records: readonly SeenRecord[], context: TraceContext = {}): TraceData => {
  const settled = settledBy(records)
  const keys = sealedWith(records, settled.version)
  const items = itemsOf(records, keys, settled.version || TLS12, settled.cipherSuite)
  const sealed = new Map<string, number[]>()
  for (const [index, key] of keys.entries()) {
    if (key !== undefined) sealed.set(key, [...(sealed.get(key) ?? []), index])
  }
  return {
    version: settled.version ? describeVersion(settled.version).name : undefined,
    cipherSuite: settled.cipherSuite === undefined ? undefined : describeCipherSuite(settled.cipherSuite).name,
    records,
    items,
    secrets: keySchedule({ ...settled, ...contextOf(context), sealed }),
  }
}

const contextOf = ({ secrets, observation, provider }: TraceContext) => ({ secrets, observation, provider })

/** What the hellos say; a version of 0 if there is no ServerHello. */
const settledBy = (records: readonly SeenRecord[]) => {
  let [version, cipherSuite]: [number, number | undefined] = [0, undefined]
  let [clientRandom, serverRandom]: [Uint8Array, Uint8Array] = [new Uint8Array(32), new Uint8Array(32)]
  let offersPsk = false
  for (const { message } of messagesOf(records)) {
    if (message[0] === handshakeTypes.client_hello) {
      const hello = readClientHelloMessage(message)
      if (hello) [clientRandom, offersPsk] = [hello.random, offers(hello, 'pre_shared_key')]
    } else if (message[0] === handshakeTypes.server_hello) {
      const read = readServerHello(message)
      if (read) [version, cipherSuite, serverRandom] = [read.version, read.hello.cipherSuite, read.hello.random]
    }
  }
  return { version, cipherSuite, clientRandom, serverRandom, offersPsk }
}

interface FoundMessage {
  readonly sender: Side
  readonly message: Uint8Array
  readonly records: readonly number[]
}

/** Whole messages, in the order in which they became whole. */
function* messagesOf(records: readonly SeenRecord[]): Generator<FoundMessage> {
  const joined: Record<Side, { bytes: Uint8Array; records: number[] }> = {
    client: { bytes: new Uint8Array(0), records: [] },
    server: { bytes: new Uint8Array(0), records: [] },
  }
  for (const [index, { sender, type, opened, content }] of records.entries()) {
    if (type !== contentTypes.handshake || !opened) continue
    const waiting = joined[sender]
    waiting.records.push(index)
    const { messages, rest } = splitMessages(waiting.bytes.length === 0 ? content : concat(waiting.bytes, content))
    for (const message of messages) {
      yield { sender, message, records: [...waiting.records] }
      waiting.records = [index]
    }
    waiting.bytes = rest
    if (rest.length === 0) waiting.records = []
  }
}

const itemsOf = (
  records: readonly SeenRecord[],
  keys: readonly (string | undefined)[],
  version: number,
  cipherSuite: number | undefined,
): readonly TracedItem[] => {
  const messages = [...messagesOf(records)]
  const items: TracedItem[] = []
  let next = 0
  for (const [index, record] of records.entries()) {
    for (let found = messages[next]; found && found.records.at(-1) === index; found = messages[++next]) {
      const field = messageFields(found.message, { version, cipherSuite })
      items.push({
        sender: found.sender,
        kind: 'message',
        name: field.name,
        summary: summaryOf(found.message, field),
        records: found.records,
        encrypted: record.encrypted,
        key: keys[index],
        bytes: found.message,
        field,
      })
    }
    if (record.type === contentTypes.handshake && record.opened) continue
    const last = items.at(-1)
    const item = otherItem(record, index, keys[index])
    if (
      last &&
      last.sender === item.sender &&
      last.kind === item.kind &&
      last.key === item.key &&
      ['application_data', 'undecrypted'].includes(item.kind)
    ) {
      items[items.length - 1] = merged(last, item)
    } else items.push(item)
  }
  return items
}

const dataSummary = (kind: TracedKind, length: number, records: number, problem?: string): string =>
  `${length} bytes in ${records} ${records === 1 ? 'record' : 'records'}` +
  (kind === 'undecrypted' && problem !== undefined ? `: ${problem}` : '')

const merged = (first: TracedItem, second: TracedItem): TracedItem => {
  const bytes = concat(first.bytes, second.bytes)
  const records = [...first.records, ...second.records]
  const problem = /: (.*)$/.exec(first.summary)?.[1]
  return {
    ...first,
    bytes,
    records,
    summary: dataSummary(first.kind, bytes.length, records.length, problem),
    field: leafField(first.name, 0, bytes.length),
  }
}

const otherItem = (record: SeenRecord, index: number, key: string | undefined): TracedItem => {
  const { sender, type, content, encrypted, opened, problem } = record
  const common = { sender, records: [index], encrypted, key, bytes: content }
  if (!opened)
    return {
      ...common,
      kind: 'undecrypted',
      name: 'encrypted',
      summary: dataSummary('undecrypted', content.length, 1, problem),
      field: leafField('encrypted_record', 0, content.length),
    }
  const field = recordField(type, content)
  const name = contentTypeName(type)
  if (type === contentTypes.alert) {
    const description = alertName(content[1] ?? 255)
    return {
      ...common,
      kind: 'alert',
      name: `Alert ${description}`,
      summary: content[0] === 1 ? 'warning' : 'fatal',
      field,
    }
  }
  if (type === contentTypes.change_cipher_spec)
    return { ...common, kind: 'change_cipher_spec', name: 'ChangeCipherSpec', summary: '', field }
  if (type === contentTypes.application_data)
    return {
      ...common,
      kind: 'application_data',
      name: 'application data',
      summary: dataSummary('application_data', content.length, 1),
      field,
    }
  return { ...common, kind: 'other', name, summary: `${content.length} bytes`, field }
}

/** The content of a record that is no handshake message, as a field. */
export const recordField = (type: number, content: Uint8Array): Field => {
  const end = content.length
  if (type === contentTypes.alert && end === 2) {
    const level = leafField('level', 0, 1, { value: content[0] ?? 0, meaning: content[0] === 1 ? 'warning' : 'fatal' })
    const description = leafField('description', 1, 2, { value: content[1] ?? 0, meaning: alertName(content[1] ?? 0) })
    return { name: 'Alert', start: 0, end, section: 'RFC 9846 section 6', children: [level, description] }
  }
  if (type === contentTypes.change_cipher_spec)
    return leafField('change_cipher_spec', 0, end, { section: 'RFC 5246 section 7.1' })
  if (type === contentTypes.application_data) return leafField('application data', 0, end)
  if (type === contentTypes.heartbeat && end >= 3) {
    const length = (content[1] ?? 0) * 256 + (content[2] ?? 0)
    return {
      name: 'Heartbeat',
      start: 0,
      end,
      section: 'RFC 6520 section 4',
      children: [
        leafField('type', 0, 1, {
          value: content[0] ?? 0,
          meaning: content[0] === 1 ? 'heartbeat_request' : 'heartbeat_response',
        }),
        leafField('payload_length', 1, 3, { value: length }),
        ...(end > 3 ? [leafField('payload and padding', 3, end)] : []),
      ],
    }
  }
  return leafField(contentTypeName(type), 0, end)
}

/** The header of a record, and what follows it if that is sealed. */
export const recordFields = ({ wire, encrypted }: Pick<SeenRecord, 'wire' | 'encrypted'>): readonly Field[] => {
  const [type = 0, major = 0, minor = 0] = wire
  return [
    leafField('record type', 0, 1, { value: type, meaning: contentTypeName(type) }),
    leafField('legacy_record_version', 1, 3, {
      value: major * 256 + minor,
      meaning: describeVersion(major * 256 + minor).name,
    }),
    leafField('length', 3, 5, { value: wire.length - 5 }),
    ...(encrypted ? [leafField('encrypted_record', 5, wire.length)] : []),
  ]
}

/** What toJSON() of a trace gives. */
export interface TraceJson {
  readonly version: string | null
  readonly cipherSuite: string | null
  readonly records: readonly {
    readonly number: number
    readonly sender: Side
    readonly type: string
    readonly length: number
    readonly encrypted: boolean
    readonly decrypted: boolean
    readonly key: string | null
  }[]
  readonly messages: readonly {
    readonly sender: Side
    readonly kind: TracedKind
    readonly name: string
    readonly summary: string
    readonly length: number
    readonly records: readonly number[]
    readonly encrypted: boolean
    readonly key: string | null
    readonly fields: FieldJson
  }[]
  readonly secrets: readonly {
    readonly name: string
    readonly meaning: string
    readonly derivation: string
    readonly section: string
    readonly value: string | null
    readonly keys: Readonly<Record<string, string>>
    readonly records: readonly number[]
  }[]
}

/** The data as JSON: offsets, values, meanings, sections, and every byte in hex. */
export const traceJson = (data: TraceData): TraceJson => {
  const keyOf = new Map(data.secrets.flatMap(({ name, records }) => records.map((record) => [record, name] as const)))
  return {
    version: data.version ?? null,
    cipherSuite: data.cipherSuite ?? null,
    records: data.records.map(({ sender, type, wire, encrypted, opened, key }, number) => ({
      number,
      sender,
      type: contentTypeName(type),
      length: wire.length,
      encrypted,
      decrypted: encrypted && opened,
      key: key ?? keyOf.get(number) ?? null,
    })),
    messages: data.items.map(({ sender, kind, name, summary, bytes, records, encrypted, key, field }) => ({
      sender,
      kind,
      name,
      summary,
      length: bytes.length,
      records,
      encrypted,
      key: key ?? null,
      fields: fieldJson(field, bytes),
    })),
    secrets: data.secrets.map(({ value, keys, ...secret }) => ({
      ...secret,
      value: value ? toHex(value) : null,
      keys: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, toHex(key)])),
    })),
  }
}

/** Whether these bytes begin with a handshake message's header that fits them. */
export const beginsMessage = (bytes: Uint8Array): boolean => {
  const [type = 255, high = 0, middle = 0, low = 0] = bytes
  return (
    messageName(type) !== undefined &&
    bytes.length >= HEADER_LENGTH &&
    HEADER_LENGTH + ((high << 16) | (middle << 8) | low) <= bytes.length
  )
}

export const isTls13 = (data: TraceData): boolean => data.version === describeVersion(TLS13).name
