// What was made of an options object, for as long as the object says the same: a program connects again and again with
// one. Everything in it is compared each time, so that an option that was changed meanwhile counts. Options with keys,
// secrets or bytes are not kept.

import type { ClientOptions } from '../options.ts'

/** What options said: their values by name, lists and groups value by value. */
type Snapshot = readonly (readonly [name: string, value: unknown, inside: Snapshot | undefined])[]

/** Options whose values are objects with a life of their own, compared by identity. */
const whole: ReadonlySet<string> = new Set(['provider', 'verifier', 'sessions', 'signal'] satisfies (
  keyof ClientOptions | 'signal'
)[])

/** What holds secrets, or is made again for each connection. */
const notKept: ReadonlySet<string> = new Set(['key', 'cert', 'identity', 'psk', 'earlyData', 'ech', 'head'])

/** The session is not part of it: mostly it is another one each time. */
const APART = 'session'

export class Unchanged<T> {
  readonly #kept = new WeakMap<object, { readonly said: Snapshot; readonly by: string; readonly value: T }>()

  /** `make` is called where nothing was kept, or the options say something else now, or `by` is another. */
  get(options: object, by: string, make: () => T): T {
    const kept = this.#kept.get(options)
    if (kept && kept.by === by && saysStill(options, kept.said)) return kept.value
    const value = make()
    const said = snapshotOf(options)
    if (said) this.#kept.set(options, { said, by, value })
    else this.#kept.delete(options)
    return value
  }
}

/** For clientMachine(): remembers what was made of options. */
export const remembering = <T>(): ((options: object, by: string, make: () => T) => T) => {
  const unchanged = new Unchanged<T>()
  return (options, by, make) => unchanged.get(options, by, make)
}

/** Lists in groups in groups: nothing that options have is deeper. */
const MAX_DEPTH = 4

/** Undefined for options that are not kept. */
const snapshotOf = (options: object, depth = 0): Snapshot | undefined => {
  if (depth > MAX_DEPTH) return undefined
  const said: (readonly [string, unknown, Snapshot | undefined])[] = []
  for (const [name, value] of Object.entries(options)) {
    if (name === APART) continue
    if (value !== undefined && notKept.has(name)) return undefined
    const inside = isGroup(name, value) ? snapshotOf(value, depth + 1) : undefined
    if (isGroup(name, value) ? !inside : ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return undefined
    said.push([name, value, inside])
  }
  return said
}

const saysStill = (options: object, said: Snapshot): boolean => {
  let at = 0
  for (const name of Object.keys(options)) {
    if (name === APART) continue
    const before = said[at++]
    if (!before || before[0] !== name) return false
    const now: unknown = Reflect.get(options, name)
    if (now !== before[1]) return false
    if (before[2] && !(typeof now === 'object' && now !== null && saysStill(now, before[2]))) return false
  }
  return at === said.length
}

/** A list, or a plain object: what can be changed inside. */
const isGroup = (name: string, value: unknown): value is object => {
  if (typeof value !== 'object' || value === null || whole.has(name) || ArrayBuffer.isView(value)) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}
