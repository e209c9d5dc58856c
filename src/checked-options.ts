// Options of any public function: an unknown name, or a value of the wrong kind, is refused with the likely name. A
// misspelt option that is ignored could turn a check off, or leave a constraint out of a certificate.

import { TlsError } from './errors.ts'

/** What a value has to be: a list of texts means one of them; 'any' where the code that reads it says more exactly
 * what it accepts. */
export type Kind =
  | 'any'
  | 'boolean'
  | 'bytes'
  | 'function'
  | 'list'
  | 'number'
  | 'object'
  | 'string'
  | 'verifier'
  | readonly [string, ...string[]]
/** Options by name; a group has names of its own. */
export interface OptionNames {
  readonly [name: string]: Kind | OptionNames
}
/** The names of a type of options: one that is missing here does not compile. */
export type Names<T> = { readonly [K in keyof Required<T>]: Kind | OptionNames }

/** What a function knows beyond its names. */
export interface OptionHints {
  /** Options without which nothing can be done. */
  readonly required?: readonly string[]
  /** Names of other libraries, and what they are here: of a list the first that the function has. */
  readonly elsewhere?: Readonly<Record<string, string | readonly string[]>>
  /** Names that may be meant, besides those of the function itself. */
  readonly nearby?: readonly string[]
  /** Why a name that means something elsewhere can't be used here. */
  readonly misplaced?: (name: string) => string | undefined
  /** Options that may be true or false instead of a group. */
  readonly switches?: ReadonlySet<string>
}

/** Finds the name that may be meant. */
type Guess = (name: string, names: OptionNames, hints: OptionHints, group: string) => string | undefined

/** Throws `bad_option` for what is no object, an option that is not among `names`, or a value of another kind; in
 * groups too. `group` is the name of the option that these are options of. */
export const checkOptions = (options: unknown, names: OptionNames, hints: OptionHints = {}, group = ''): void =>
  checkKnown(options, names, { ...hints, likelyName }, group)

/** The same for small bundles: an unknown name is refused with those that there are, and without a guess. */
export const checkKnown = (
  options: unknown,
  names: OptionNames,
  hints: OptionHints & { readonly likelyName?: Guess } = {},
  group = '',
): void => {
  requireObject(options, group)
  const given: Readonly<Record<string, unknown>> = { ...options }
  for (const name of Object.keys(given)) {
    const value = given[name]
    const path = group === '' ? name : `${group}.${name}`
    const kind = Object.hasOwn(names, name) ? names[name] : undefined
    if (kind === undefined) throw unknown(path, name, names, hints, group)
    if (value === undefined) continue
    if (isGroup(kind)) {
      if (typeof value !== 'boolean' || hints.switches?.has(path) !== true) {
        checkKnown(value, kind, { ...hints, required: [] }, path)
      }
    } else if (!fits(value, kind)) {
      throw new TlsError('bad_option', `${path}: ${describe(value)}; it has to be ${wantedFor(kind)}`)
    }
  }
  const missing = hints.required?.find((name) => given[name] === undefined)
  if (missing !== undefined)
    throw new TlsError('bad_option', `${group === '' ? '' : `${group}.`}${missing}: it is needed`)
}

/** Throws `bad_option` for what is no object. */
export function requireObject(options: unknown, group = ''): asserts options is object {
  if (!isObject(options))
    throw new TlsError('bad_option', `${group || 'options'}: ${describe(options)}; it has to be an object`)
}

/** Throws `bad_option` for what is no text, and for what is no bytes, where a caller without types mistook them. */
export function requireText(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string') throw new TlsError('bad_option', `${what}: ${describe(value)}; it has to be a text`)
}
export function requireBytes(value: unknown, what: string): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array))
    throw new TlsError('bad_option', `${what}: ${describe(value)}; it has to be a Uint8Array`)
}

const unknown = (
  path: string,
  name: string,
  names: OptionNames,
  hints: OptionHints & { readonly likelyName?: Guess },
  group: string,
): TlsError => {
  const why = group === '' ? hints.misplaced?.(name) : undefined
  if (why !== undefined) return new TlsError('bad_option', `${shown(name)}: ${why}`)
  const { likelyName: guess } = hints
  const likely = guess?.(name, names, hints, group)
  const tail = likely ? `; did you mean ${likely}?` : guess ? '' : `; there are ${Object.keys(names).join(', ')}`
  return new TlsError('bad_option', `${shown(path)}: unknown option${tail}`)
}

const likelyName: Guess = (name, names, hints, group) => {
  const all = [...pathsOf(names, group), ...(group === '' ? (hints.nearby ?? []) : [])]
  const { elsewhere = {} } = hints
  const wantedName = plain(name)
  const others = Object.entries(elsewhere).flatMap(([other, paths]) => (plain(other) === wantedName ? paths : []))
  const other = others.find((path) => all.includes(path))
  if (other !== undefined) return other
  const [best] = all
    .map((path) => ({ path, distance: distanceOf(wantedName, plain(path.slice(path.lastIndexOf('.') + 1))) }))
    .toSorted((one, two) => one.distance - two.distance)
  return best && best.distance <= Math.min(3, Math.ceil(name.length / 3)) ? best.path : undefined
}

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 40)

const pathsOf = (names: OptionNames, group: string): readonly string[] =>
  Object.entries(names).flatMap(([name, kind]) => {
    const path = group === '' ? name : `${group}.${name}`
    return isGroup(kind) ? [path, ...pathsOf(kind, path)] : [path]
  })

/** Levenshtein's distance. */
const distanceOf = (one: string, two: string): number => {
  let row = Array.from({ length: two.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= two.length; j++) {
      const changed = (row[j - 1] ?? 0) + (one[i - 1] === two[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[two.length] ?? 0
}

type NamedKind = Extract<Kind, string>

const wanted: Readonly<Record<NamedKind, string>> = {
  any: '',
  boolean: 'true or false',
  bytes: 'a Uint8Array',
  function: 'a function',
  list: 'a list',
  number: 'a number',
  object: 'an object',
  string: 'a text',
  verifier: 'an object with verify()',
}

/** Whether it is a group of options. */
export const isGroup = (kind: Kind | OptionNames): kind is OptionNames =>
  typeof kind === 'object' && !Array.isArray(kind)

const wantedFor = (kind: Kind): string =>
  typeof kind === 'string' ? wanted[kind] : kind.map((one) => `"${one}"`).join(' or ')

const fits = (value: unknown, kind: Kind): boolean => {
  if (typeof kind !== 'string') return typeof value === 'string' && kind.includes(value)
  if (kind === 'any') return true
  if (kind === 'list') return Array.isArray(value)
  if (kind === 'bytes') return value instanceof Uint8Array
  if (kind === 'object') return isObject(value) || typeof value === 'function'
  if (kind === 'verifier') return isObject(value) && 'verify' in value
  return typeof value === kind && !Number.isNaN(value)
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return value.includes('-----') ? '(PEM)' : shown(JSON.stringify(value))
  if (value instanceof Date) return 'a Date'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

const shown = (text: string): string =>
  (text.length > 60 ? `${text.slice(0, 60)}...` : text).replace(/[^\x20-\x7e]/g, '?')
