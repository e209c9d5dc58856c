// RFC 8448 as data: its sections out of vectors/rfc8448.json, and what replaying one side needs of them.

import { readFileSync } from 'node:fs'
import { fromHex } from '../../src/wire/bytes.ts'

export type Side = 'client' | 'server'

interface Field {
  readonly name: string
  readonly hex: string
}

export interface Step {
  readonly actor: Side
  readonly action: string
  readonly fields: readonly Field[]
}

export interface TraceSection {
  readonly section: string | number
  readonly title: string
  readonly steps: readonly Step[]
}

const file: { readonly sections: readonly TraceSection[] } = JSON.parse(
  readFileSync(new URL('../../vectors/rfc8448.json', import.meta.url), 'utf8'),
)

export const traceSection = (number: number): TraceSection => {
  const found = file.sections.find(({ section }) => Number(section) === number)
  if (!found) throw new Error(`RFC 8448 section ${number} is not in the vectors`)
  return found
}

/** A field of a step; throws if it is not there. */
export const bytesOf = (step: Step, name: string): Uint8Array => {
  const field = step.fields.find((candidate) => candidate.name === name)
  if (!field) throw new Error(`${step.action}: no ${name}`)
  return fromHex(field.hex)
}

export const hasField = (step: Step, name: string): boolean => step.fields.some((field) => field.name === name)

/** The first `name` of all steps of one side whose action contains `action`. */
export const allOf = (section: TraceSection, actor: Side, action: string, name: string): readonly Uint8Array[] =>
  section.steps
    .filter((step) => step.actor === actor && step.action.includes(action) && hasField(step, name))
    .map((step) => bytesOf(step, name))

/** Whole handshake messages of one kind, header included. */
export const messagesOf = (section: TraceSection, actor: Side, kind: string): readonly Uint8Array[] =>
  allOf(section, actor, `construct a${/^[AEIOU]/.test(kind) ? 'n' : ''} ${kind} handshake message`, kind)

export interface SentRecord {
  readonly actor: Side
  readonly kind: string
  readonly payload: Uint8Array
  readonly record: Uint8Array
}

/** Every record of the trace, in its order. */
export const recordsOf = (section: TraceSection): readonly SentRecord[] =>
  section.steps.flatMap((step) => {
    const kind = /^send (\w+) record$/.exec(step.action)?.[1]
    return kind
      ? [{ actor: step.actor, kind, payload: bytesOf(step, 'payload'), record: bytesOf(step, 'complete record') }]
      : []
  })
