// Fingerprints: texts that are equal only for verifiers that accept the same. A session names the verifier that judged
// its peer by one, in this process and in others, so nothing in it counts from one (RFC 9846 section 4.7.1).

import type { CryptoProvider } from '../crypto/provider.ts'
import { randomBytes } from '../crypto/random.ts'
import { toHex } from '../wire/bytes.ts'
import { utf8Bytes } from '../wire/texts.ts'

const names = new WeakMap<object, string>()

/** A random name for an object or a function, the same for as long as this process lives: what is in it cannot be
 * told. */
export const randomNameOf = (value: object): string => {
  const name = names.get(value) ?? `random ${toHex(randomBytes(16))}`
  names.set(value, name)
  return name
}

/**
 * What a verifier of this kind with these options accepts. Functions and objects count by their `fingerprint` if they
 * have one; those of a caller by `named`, if that is given, and otherwise by a random name.
 */
export const fingerprintOf = (provider: CryptoProvider, kind: string, options: object, named?: string): string => {
  const { sha256 } = provider.hashes
  const text = canonical(options, named === undefined ? randomNameOf : () => 'named')
  return sha256
    ? `${kind} ${toHex(sha256.digest(utf8Bytes(`${text} ${JSON.stringify(named ?? '')}`)))}`
    : randomNameOf(options)
}

/** Options as one text: fields sorted, bytes in hex. `nameOf` names what has no content to write down. */
const canonical = (value: unknown, nameOf: (value: object) => string): string => {
  if (value instanceof Uint8Array) return `x${toHex(value)}`
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, nameOf)).join(',')}]`
  if (value instanceof Set) {
    return canonical(
      [...value].map((item) => canonical(item, nameOf)).toSorted((a, b) => (a < b ? -1 : 1)),
      nameOf,
    )
  }
  if (typeof value === 'bigint' || typeof value === 'undefined') return String(value)
  if (typeof value === 'function') return ownFingerprint(value) ?? nameOf(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const own = ownFingerprint(value)
  if (own !== undefined) return own
  if ('der' in value && value.der instanceof Uint8Array) return canonical(value.der, nameOf)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return nameOf(value)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field, nameOf)}`).join(',')}}`
}

const ownFingerprint = (value: object): string | undefined =>
  'fingerprint' in value && typeof value.fingerprint === 'string' ? `<${value.fingerprint}>` : undefined

/** A check with a fingerprint that says what its options are. They are written down when it is asked for. */
export const withFingerprint = <F extends (...args: never) => unknown>(check: F, kind: string, options: object): F =>
  Object.defineProperty(check, 'fingerprint', {
    get: () => `${kind} ${canonical(options, randomNameOf)}`,
  })
