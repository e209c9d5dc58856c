// Compiles all drawn mutants of a file in beside the original, each behind the switch: a test run turns on one of them,
// and nothing is compiled again from one mutant to the next.

import type { Mutant } from './places.ts'
import { prelude } from './switch.ts'

/** A mutant and the number by which the switch knows it. */
export interface Numbered {
  readonly id: number
  readonly mutant: Mutant
}

/** The file's text with its mutants; all of them are of this file. */
export const instrumented = (text: string, mutants: readonly Numbered[]): string => {
  const outermostFirst = mutants.toSorted(
    (a, b) =>
      a.mutant.start - b.mutant.start ||
      b.mutant.end - a.mutant.end ||
      depth(a.mutant) - depth(b.mutant) ||
      a.id - b.id,
  )
  const shebang = /^#!.*\n/.exec(text)?.[0] ?? ''
  return shebang + prelude() + rendered(text, outermostFirst, shebang.length, text.length)
}

/** A statement without a semicolon ends where its expression does, and is around it all the same. */
const depth = ({ kind }: Mutant): number => (kind === 'statement' ? 0 : 1)

/** Text from `start` to `end`, with the mutants in it. */
const rendered = (text: string, mutants: readonly Numbered[], start: number, end: number): string => {
  const [first, ...others] = mutants.filter(({ mutant }) => mutant.start >= start && mutant.end <= end)
  if (first === undefined) return text.slice(start, end)
  const { mutant } = first
  const after = others.filter((other) => other.mutant.start >= mutant.end)
  return (
    text.slice(start, mutant.start) +
    switched(
      text,
      first,
      others.filter((other) => other.mutant.end <= mutant.end),
    ) +
    rendered(text, after, mutant.end, end)
  )
}

const switched = (text: string, { id, mutant }: Numbered, inside: readonly Numbered[]): string => {
  const original = rendered(text, inside, mutant.start, mutant.end)
  if (mutant.kind === 'statement') return `{ if (!puretlsMutant(${id})) { ${original}\n} }`
  const [left, operator, right] = mutant.operands ?? []
  const part = (node: { getStart(): number; end: number }): string => rendered(text, inside, node.getStart(), node.end)
  const assigns = operator === '+=' || operator === '-='
  const mutated =
    left && right
      ? assigns
        ? `${part(left)} ${operator} (${part(right)})`
        : `(${part(left)}) ${operator} (${part(right)})`
      : mutant.mutated
  // A statement that began with a parenthesis would go on with the line before it.
  return `${mutant.opens ? 'void 0, ' : ''}(puretlsMutant(${id}) ? (${mutated}) : (${original}))`
}
