// How the rule of a row of docs/rfc-musts*.md is broken: by the mutants of the line that the row quotes, or, where none
// of them breaks the rule, as breaks.json says.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeOf } from '../../test/docs/quoted.ts'
import { quoteOf } from '../../test/docs/rfc-rows.ts'
import type { RuleRow } from '../../test/docs/rfc-rows.ts'
import { mutantsOf } from '../mutants/places.ts'
import type { Mutant } from '../mutants/places.ts'

/** An expression of src that is replaced. It stands once in `code`, and `code` once in the file. */
export interface Break {
  readonly rule: string
  /** Default: the file that the row quotes. */
  readonly file?: string
  readonly code: string
  readonly expression: string
  readonly instead: string
  /** Where two lines hold the rule: the other one, broken at the same time. */
  readonly also?: Change
}

type Change = Required<Pick<Break, 'file' | 'code' | 'expression' | 'instead'>>

/** A rule that no change of an expression breaks, and why. */
export interface Structure {
  readonly rule: string
  readonly structure: string
}

export const entries = JSON.parse(readFileSync(new URL('breaks.json', import.meta.url), 'utf8')) as readonly (
  Break | Structure
)[]

export const structureOf = ({ rule }: RuleRow): string | undefined =>
  entries.flatMap((entry) => ('structure' in entry && entry.rule === rule ? [entry.structure] : []))[0]

/** Those of breaks.json for this row, or the mutants of its line: those that turn a refusal off, if there are any. */
export const mutantsFor = (root: string, row: RuleRow): readonly (readonly Mutant[])[] => {
  const held = quoteOf(row.line)
  if (!held) return []
  const own = entries.flatMap((entry) => ('code' in entry && entry.rule === row.rule ? [entry] : []))
  if (own.length > 0)
    return own.map((broken) =>
      [{ file: held.path, ...broken }, ...(broken.also ? [broken.also] : [])].map((change) => mutantOf(root, change)),
    )
  const text = readFileSync(join(root, held.path), 'utf8')
  const place = placeOf(text, held.quote)
  if (!place) throw new Error(`${held.path} does not have: ${held.quote}`)
  const all = mutantsOf(held.path, text)
  const off = all.filter((mutant) => turnsOff(mutant, place, text))
  const inside = all.filter(({ start, end }) => start >= place.start && end <= place.end)
  return (off.length > 0 ? off : inside).map((mutant) => [mutant])
}

interface Place {
  readonly start: number
  readonly end: number
}

/** A `throw` that the line is or stands in, left out; the condition of an `if` in the line, false. */
const turnsOff = ({ kind, start, end, mutated }: Mutant, place: Place, text: string): boolean =>
  kind === 'statement'
    ? text.startsWith('throw', start) && start < place.end && end > place.start
    : mutated === 'false' && start >= place.start && end <= place.end && /\bif \($/.test(text.slice(0, start))

const mutantOf = (root: string, broken: Change): Mutant => {
  const text = readFileSync(join(root, broken.file), 'utf8')
  const at = text.indexOf(broken.code)
  const inside = broken.code.indexOf(broken.expression)
  if (at < 0 || inside < 0 || text.includes(broken.code, at + 1)) {
    throw new Error(`${broken.file} does not have this once: ${broken.code}`)
  }
  const start = at + inside
  const end = start + broken.expression.length
  return {
    file: broken.file,
    start,
    end,
    mutated: broken.instead,
    kind: 'expression',
    // a line that no operator of the line before goes on into
    opens: /[^\s=(,?:&|[+<>-]\s*\n\s*$/.test(text.slice(0, start)),
  }
}
