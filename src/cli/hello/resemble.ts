// Whom a ClientHello resembles: the client of the table with the same JA4, or the one with most suites, extensions and
// schemes in common. It is a guess by likeness and a proof of nothing: any client can send any hello.

import { ja4Raw } from '../../options/fingerprint.ts'
import type { ClientHelloFields } from '../../options.ts'
import { knownClients } from './clients.ts'

export interface Resemblance {
  readonly name: string
  /** 0 to 1. */
  readonly likeness: number
}

/** Below this a client is like nobody of the table. */
const MIN_LIKENESS = 0.5

export const resembles = (hello: ClientHelloFields): Resemblance | undefined => {
  const own = partsOf(ja4Raw(hello))
  let best: Resemblance | undefined
  for (const { name, ja4Raw: theirs } of knownClients) {
    const likeness = likenessOf(own, partsOf(theirs))
    if (likeness >= MIN_LIKENESS && likeness > (best?.likeness ?? 0))
      best = { name, likeness: Math.round(likeness * 100) / 100 }
  }
  return best
}

/** Suites, extensions and schemes of a JA4_r. What depends on the destination (name, protocol) is left out. */
const partsOf = (raw: string): readonly (readonly string[])[] =>
  raw
    .replace(/\s+/g, '')
    .split('_')
    .slice(1)
    .map((part) => part.split(','))

/** The mean of what the lists have in common, of what is in either. */
const likenessOf = (a: readonly (readonly string[])[], b: readonly (readonly string[])[]): number => {
  const lists = [0, 1, 2].map((i) => common(a[i] ?? [], b[i] ?? []))
  return lists.reduce((sum, likeness) => sum + likeness, 0) / lists.length
}

const common = (a: readonly string[], b: readonly string[]): number => {
  const either = new Set([...a, ...b]).size
  const both = a.filter((one) => b.includes(one)).length
  if (either > 0 && both === either && a.join() !== b.join()) return 0.95 // the same ones in another order
  return either === 0 ? 1 : both / either
}
