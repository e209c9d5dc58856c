// A whole handshake as an annotated hexdump, every byte named: give `trace.record` as the `trace` option of a
// connection and print `trace.toString()`. What is encrypted is shown decrypted, under the record that carried it.

import type { TracedRecord } from '../options.ts'
import { alertName } from '../errors.ts'
import { annotateMessage } from '../wire/annotate.ts'
import type { Annotation } from '../wire/annotate.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypeName, contentTypes, TLS12, TLS13, versionName } from '../wire/registry.ts'
import { hexdump } from './hexdump.ts'

export interface Trace {
  /** The `trace` option. */
  readonly record: (record: TracedRecord) => void
  /** All records so far, in order. */
  readonly records: readonly TracedRecord[]
  toString(): string
}

/** `name` says whose view it is: "client" writes "client -> server" and "client <- server". */
export const createTrace = (name: 'client' | 'server' = 'client'): Trace => {
  const records: TracedRecord[] = []
  return {
    records,
    record: (record) => {
      records.push(record)
    },
    toString: () => formatTrace(records, name),
  }
}

/** The text of a list of traced records. */
export const formatTrace = (records: readonly TracedRecord[], name: 'client' | 'server' = 'client'): string => {
  const peer = name === 'client' ? 'server' : 'client'
  const joined: Record<TracedRecord['direction'], Uint8Array> = { sent: new Uint8Array(0), received: new Uint8Array(0) }
  const version = records.some(
    ({ encrypted, type, wire }) =>
      encrypted && type === contentTypes.handshake && wire[0] === contentTypes.application_data,
  )
    ? TLS13
    : TLS12
  const lines: string[] = []
  for (const record of records) {
    const arrow = record.direction === 'sent' ? `${name} -> ${peer}` : `${name} <- ${peer}`
    const content = contentTypeName(record.type)
    lines.push(`${arrow}: ${record.wire.length} bytes, ${content}${record.encrypted ? ', encrypted' : ''}`)
    lines.push(...hexdump(record.wire, wireAnnotations(record)))
    if (record.encrypted) {
      lines.push(`  decrypted: ${record.content.length} bytes of ${content}`)
    }
    if (record.type === contentTypes.handshake) {
      const waiting = concat(joined[record.direction], record.content)
      const { text, rest } = messages(waiting, version)
      joined[record.direction] = rest
      lines.push(...text)
    } else {
      lines.push(...hexdump(record.content, contentAnnotations(record), '    '))
    }
    lines.push('')
  }
  return lines.join('\n')
}

const wireAnnotations = ({ wire, encrypted }: TracedRecord): readonly Annotation[] => {
  const [type = 0, major = 0, minor = 0] = wire
  const header: Annotation[] = [
    { start: 0, end: 1, depth: 0, label: `record type: ${contentTypeName(type)}` },
    { start: 1, end: 3, depth: 0, label: `legacy_record_version: ${versionName(major * 256 + minor)}` },
    { start: 3, end: 5, depth: 0, label: `length: ${wire.length - 5}` },
  ]
  return encrypted ? [...header, { start: 5, end: wire.length, depth: 0, label: 'encrypted_record' }] : header
}

const contentAnnotations = ({ type, content }: TracedRecord): readonly Annotation[] => {
  const whole = (label: string): readonly Annotation[] => [{ start: 0, end: content.length, depth: 0, label }]
  if (type === contentTypes.alert && content.length === 2) {
    return [
      { start: 0, end: 1, depth: 0, label: `level: ${content[0] === 1 ? 'warning' : 'fatal'}` },
      { start: 1, end: 2, depth: 0, label: `description: ${alertName(content[1] ?? 0)}` },
    ]
  }
  if (type === contentTypes.change_cipher_spec) return whole('change_cipher_spec')
  if (type === contentTypes.application_data) return whole('application data')
  return whole(contentTypeName(type))
}

/** The whole messages in `bytes`, annotated, and what is left over for the next record. */
const messages = (
  bytes: Uint8Array,
  version: number,
): { readonly text: readonly string[]; readonly rest: Uint8Array } => {
  const text: string[] = []
  let offset = 0
  while (bytes.length - offset >= 4) {
    const length = ((bytes[offset + 1] ?? 0) << 16) | ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)
    const end = offset + 4 + length
    if (end > bytes.length) break
    const raw = bytes.subarray(offset, end)
    text.push(...hexdump(raw, annotateMessage(raw, version), '    '))
    offset = end
  }
  const rest = bytes.subarray(offset)
  if (rest.length > 0) text.push(`    (${rest.length} bytes of a message that goes on in the next record)`)
  return { text, rest }
}
