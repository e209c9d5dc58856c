// A traced connection for people: the ladder, open to fields, to bytes and to the key schedule as asked for.

import { labelOf } from '../../inspect/annotate.ts'
import type { Field } from '../../inspect/fields.ts'
import { hexdump } from '../../inspect/hexdump.ts'
import { formatTraceData, ladderLine, scheduleLines } from '../../inspect/trace.ts'
import type { TracedItem } from '../../inspect/trace-data.ts'
import { toHex } from '../../wire/bytes.ts'
import type { Style } from '../output.ts'
import type { Traced } from './report.ts'

export interface TracePrinting {
  readonly fields: boolean
  readonly bytes: boolean
  readonly secrets: boolean
}

export const tracedLines = (
  { data, client, server, problems }: Traced,
  shown: TracePrinting,
  style: Style,
): readonly string[] => {
  const title = client === undefined ? [] : [style.bold(`${client} -> ${server}`)]
  const lost = problems.map((problem) => style.yellow(problem))
  if (shown.bytes) return [...title, ...lost, formatTraceData(data).trimEnd()]
  const width = Math.min(28, Math.max(0, ...data.items.map(({ name }) => name.length)))
  const ladder = data.items.flatMap((item) => [
    coloured(item, ladderLine(item, width), style),
    ...(shown.fields ? itemFields(item, style) : []),
  ])
  const schedule = shown.secrets ? ['', ...scheduleLines(data.secrets)] : []
  if (shown.secrets && schedule.length === 1) schedule.push('key schedule: no secret of it is known')
  return [...title, ...lost, ...ladder, ...schedule.slice(0, schedule.at(-1) === '' ? -1 : undefined)]
}

const coloured = ({ kind }: TracedItem, line: string, style: Style): string =>
  kind === 'alert' ? style.red(line) : kind === 'undecrypted' || kind === 'application_data' ? style.dim(line) : line

const MAX_HEX = 32

/** The tree of a message, without the lengths in it. */
const itemFields = ({ field, bytes, kind }: TracedItem, style: Style): readonly string[] => {
  if (kind === 'application_data' || kind === 'undecrypted')
    return hexdump(
      bytes.subarray(0, 64),
      [{ start: 0, end: Math.min(64, bytes.length), depth: 0, label: '' }],
      '      ',
    )
  return field.children.slice(kind === 'message' ? 2 : 0).flatMap((child) => fieldLines(child, bytes, 3, style))
}

const hidden: readonly string[] = ['length', 'tag and length', 'unused bits']

const fieldLines = (field: Field, bytes: Uint8Array, depth: number, style: Style): readonly string[] => {
  if (hidden.includes(field.name)) return []
  const section = field.section === undefined ? '' : style.dim(`  (${field.section})`)
  const inside = field.children.filter(({ name }) => !hidden.includes(name))
  const [only] = inside
  const flat =
    inside.length === 1 && only && only.children.length === 0 && (only.name === 'value' || only.name === field.name)
  const leaf = flat ? { ...only, name: field.name } : field
  const said = leaf.children.length === 0 || inside.length === 0 ? leafText(leaf, bytes) : labelOf(field)
  const line = `${'  '.repeat(depth)}${said}${section}`
  return flat || inside.length === 0
    ? [line]
    : [line, ...inside.flatMap((child) => fieldLines(child, bytes, depth + 1, style))]
}

const leafText = (field: Field, bytes: Uint8Array): string => {
  if (field.value !== undefined || field.meaning !== undefined || field.children.length > 0) return labelOf(field)
  const hex = toHex(bytes.subarray(field.start, Math.min(field.end, field.start + MAX_HEX)))
  return `${field.name}: ${hex}${field.end - field.start > MAX_HEX ? `... (${field.end - field.start} bytes)` : ''}`
}
