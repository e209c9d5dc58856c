// A whole connection for people and programs: as a ladder of one line a message, as a tree with every byte named, as
// data. Give `trace.record` as the `trace` option of a connection; `trace.keyLog` and `trace.watch(provider)` as
// `keyLog` and `provider` in addition, and the key schedule has its values too.

import type { CryptoProvider } from '../crypto/provider.ts'
import type { TracedRecord } from '../options.ts'
import { contentTypeName, contentTypes } from '../wire/registry.ts'
import { annotateFields, labelOf } from './annotate.ts'
import type { Annotation } from './annotate.ts'
import { hexdump } from './hexdump.ts'
import { parseKeyLog } from './key-log.ts'
import type { TracedSecret } from './key-schedule.ts'
import { Observation } from './observe.ts'
import { seenRecord } from './seen.ts'
import type { SeenRecord, Side } from './seen.ts'
import { recordField, recordFields, traceData, traceJson } from './trace-data.ts'
import type { TraceData, TracedItem, TraceJson } from './trace-data.ts'
import { toHex } from '../wire/bytes.ts'

export interface Trace {
  /** The `trace` option. */
  readonly record: (record: TracedRecord) => void
  /** The `keyLog` option: traffic secrets and keys have values then. The lines stay in `keyLogLines`. */
  readonly keyLog: (line: string) => void
  /** The `provider` option: works as `provider` does, and the trace learns every secret of the key schedule. */
  readonly watch: (provider: CryptoProvider) => CryptoProvider
  /** All records so far, in order. */
  readonly records: readonly TracedRecord[]
  readonly keyLogLines: readonly string[]
  /** Messages, fields, key schedule, as they are so far. */
  readonly data: () => TraceData
  /** One line a message. */
  readonly ladder: () => string
  toJSON(): TraceJson
  /** Everything: each record's bytes, each named, and the key schedule. */
  toString(): string
}

/** `name` says whose view it is: "client" writes "client -> server" and "client <- server". */
export const createTrace = (name: Side = 'client'): Trace => {
  const records: TracedRecord[] = []
  const keyLogLines: string[] = []
  let watched: { readonly observation: Observation; readonly provider: CryptoProvider } | undefined
  const data = (): TraceData => {
    const log = parseKeyLog(keyLogLines.join('\n'))
    const [secrets] = [...log.connections.values()].slice(-1)
    return traceData(
      records.map((record) => seenRecord(record, name)),
      { secrets, observation: watched?.observation, provider: watched?.provider },
    )
  }
  return {
    records,
    keyLogLines,
    record: (record) => {
      records.push(record)
    },
    keyLog: (line) => {
      keyLogLines.push(line)
    },
    watch: (provider) => {
      const observation = watched?.observation ?? new Observation()
      watched = { observation, provider }
      return observation.watch(provider)
    },
    data,
    ladder: () => formatLadder(data()),
    toJSON: () => traceJson(data()),
    toString: () => formatTraceData(data(), name),
  }
}

/** The text of a list of traced records. */
export const formatTrace = (records: readonly TracedRecord[], name: Side = 'client'): string =>
  formatTraceData(traceData(records.map((record) => seenRecord(record, name))), name)

/** One line a message: who, what, how many bytes, what it says. */
export const formatLadder = ({ items }: TraceData): string => {
  const names = items.map(({ name }) => name.length)
  const width = Math.min(28, Math.max(0, ...names))
  return items.map((item) => ladderLine(item, width)).join('\n')
}

/** `client -> server  ClientHello  517 bytes  example.com, TLS 1.3`; braces around what is encrypted, as in the
 * figures of RFC 9846. */
export const ladderLine = ({ sender, name, bytes, summary, encrypted, kind }: TracedItem, width = 0): string => {
  const arrow = sender === 'client' ? 'client -> server' : 'client <- server'
  const shown = encrypted ? (kind === 'application_data' ? `[${name}]` : `{${name}}`) : name
  const sized = kind !== 'application_data' && kind !== 'undecrypted'
  const size = sized ? `${`${bytes.length} bytes`.padStart(11)}  ` : ''
  return `${arrow}  ${shown.padEnd(width + 2)}  ${size}${summary}`.trimEnd()
}

/** The whole text: records, messages, bytes, and the key schedule behind them. */
export const formatTraceData = (data: TraceData, name: Side = 'client'): string => {
  const peer = name === 'client' ? 'server' : 'client'
  const lines: string[] = []
  for (const [index, record] of data.records.entries()) {
    const arrow = record.sender === name ? `${name} -> ${peer}` : `${name} <- ${peer}`
    const content = contentTypeName(record.type)
    lines.push(`${arrow}: ${record.wire.length} bytes, ${content}${record.encrypted ? ', encrypted' : ''}`)
    if (record.problem !== undefined) lines.push(`  (${record.problem})`)
    lines.push(...hexdump(record.wire, recordFields(record).map(asAnnotation)))
    lines.push(...contentLines(data, record, index), '')
  }
  return [...lines, ...scheduleLines(data.secrets)].join('\n')
}

const asAnnotation = (field: Parameters<typeof labelOf>[0]): Annotation => ({
  start: field.start,
  end: field.end,
  depth: 0,
  label: labelOf(field),
})

const contentLines = (data: TraceData, record: SeenRecord, index: number): readonly string[] => {
  if (!record.opened) return []
  const decrypted = record.encrypted
    ? [`  decrypted: ${record.content.length} bytes of ${contentTypeName(record.type)}`]
    : []
  if (record.type !== contentTypes.handshake) {
    const field = recordField(record.type, record.content)
    const shown = field.children.length > 0 ? field.children : [field]
    return [...decrypted, ...hexdump(record.content, shown.map(asAnnotation), '    ')]
  }
  const ended = data.items.filter(({ kind, records }) => kind === 'message' && records.at(-1) === index)
  const goesOn = data.items.some(
    ({ kind, records }) => kind === 'message' && records.includes(index) && records.at(-1) !== index,
  )
  const text = ended.flatMap(({ bytes, field }) => hexdump(bytes, annotateFields(field), '    '))
  return [...decrypted, ...text, ...(goesOn ? ['    (a message goes on in the next record)'] : [])]
}

/** The key schedule, one secret after the other; nothing if no secret's value is known. */
export const scheduleLines = (secrets: readonly TracedSecret[]): readonly string[] => {
  if (!secrets.some(({ value }) => value)) return []
  return [
    'key schedule',
    ...secrets.flatMap(({ name, meaning, derivation, section, value, keys, records }) => [
      `  ${name}: ${meaning} (${section})`,
      `    = ${derivation}`,
      `    ${value ? toHex(value) : 'not known'}`,
      ...Object.entries(keys).map(([key, bytes]) => `    ${key} ${toHex(bytes)}`),
      ...(records.length > 0 ? [`    protects ${ranges(records)}`] : []),
    ]),
    '',
  ]
}

/** `records 3 to 5, 9`. */
const ranges = (numbers: readonly number[]): string => {
  const runs: [number, number][] = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last && last[1] === number - 1) last[1] = number
    else runs.push([number, number])
  }
  const shown = runs.map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`))
  return `${numbers.length === 1 ? 'record' : 'records'} ${shown.join(', ')}`
}
