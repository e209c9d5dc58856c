// Options as they are given: an unknown name or a value of the wrong kind is refused, with the likely name. A misspelt
// option that is ignored could turn a check off.

import { TlsError } from '../errors.ts'
import { connectionNames } from './names.ts'
import type { Kind, OptionNames } from './names.ts'

/** Options that may be true or false instead of a group. */
const switches: ReadonlySet<string> = new Set(['tickets'])

/** Names of other libraries, and what they are here. */
const elsewhere: Readonly<Record<string, string>> = {
  host: 'serverName',
  hostname: 'serverName',
  rejectUnauthorized: 'verifier',
  minVersion: 'versions.min',
  maxVersion: 'versions.max',
  ALPNProtocols: 'alpn',
  ciphers: 'cipherSuites',
  ecdhCurve: 'groups',
  curves: 'groups',
  sigalgs: 'signatureSchemes',
  requestCert: 'clientAuth',
  SNICallback: 'identity',
  trust: 'ca',
  roots: 'ca',
  pskCallback: 'psk',
  timeout: 'handshakeTimeout',
  insecure: 'verifier',
  lifetime: 'tickets.lifetimeSeconds',
  maxEarlyData: 'earlyData.maxBytes',
}

/** Throws `bad_option` for what is no object, an option that is not among `names`, or a value of another kind; in
 * groups too. */
export const checkOptions = (options: unknown, names: OptionNames, group = ''): void => {
  requireObject(options, group)
  for (const [name, value] of Object.entries(options)) {
    const path = group === '' ? name : `${group}.${name}`
    const kind = Object.hasOwn(names, name) ? names[name] : undefined
    if (kind === undefined) throw unknown(path, name, names, group)
    if (value === undefined) continue
    if (typeof kind !== 'string') {
      if (typeof value !== 'boolean' || !switches.has(path)) checkOptions(value, kind, path)
    } else if (!fits(value, kind)) {
      throw new TlsError('bad_option', `${path}: ${describe(value)}; it has to be ${wanted[kind]}`)
    }
  }
}

/** Throws `bad_option` for what is no object. */
export function requireObject(options: unknown, group = ''): asserts options is object {
  if (!isObject(options))
    throw new TlsError('bad_option', `${group || 'options'}: ${describe(options)}; it has to be an object`)
}

const unknown = (path: string, name: string, names: OptionNames, group: string): TlsError => {
  if (group === '' && Object.hasOwn(connectionNames, name)) {
    return new TlsError('bad_option', `${name}: an option of connect() and accept(), which the engine does not have`)
  }
  const likely = likelyName(name, names, group)
  return new TlsError('bad_option', `${shown(path)}: unknown option${likely ? `; did you mean ${likely}?` : ''}`)
}

const likelyName = (name: string, names: OptionNames, group: string): string | undefined => {
  const all = [...pathsOf(names, group), ...(group === '' ? Object.keys(connectionNames) : [])]
  const other = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined
  if (other && all.includes(other)) return other
  const wantedName = plain(name)
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
    return typeof kind === 'string' ? [path] : [path, ...pathsOf(kind, path)]
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

const wanted: Readonly<Record<Kind, string>> = {
  any: '',
  boolean: 'true or false',
  bytes: 'a Uint8Array',
  function: 'a function',
  list: 'a list',
  number: 'a number',
  object: 'an object',
}

const fits = (value: unknown, kind: Kind): boolean => {
  if (kind === 'any') return true
  if (kind === 'list') return Array.isArray(value)
  if (kind === 'bytes') return value instanceof Uint8Array
  if (kind === 'object') return isObject(value) || typeof value === 'function'
  return typeof value === kind
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return shown(JSON.stringify(value))
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

const shown = (text: string): string =>
  (text.length > 60 ? `${text.slice(0, 60)}...` : text).replace(/[^\x20-\x7e]/g, '?')
