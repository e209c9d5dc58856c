// Certificates made while connections wait, for proxies that answer for any name: all have one key, so that a new one
// costs a signature, and each is kept until it is about to expire or others are used more.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { parsePrivateKey } from '../crypto/keys.ts'
import type { PrivateKey } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { encodePem } from '../wire/pem.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Issuer } from './ca.ts'
import { signNames } from './certificate-options.ts'
import type { SignOptions } from './certificate-options.ts'
import type { Issued } from './issue.ts'
import { keyPairOf } from './keys.ts'
import type { OwnKey } from './keys.ts'

export interface LeafCacheOptions extends Omit<
  SignOptions,
  'name' | 'names' | 'serialNumber' | 'notBefore' | 'notAfter'
> {
  /** The key of all these certificates, or the kind of it; default 'ecdsa-p256'. */
  readonly key?: OwnKey
  /** How many certificates are kept; default 1000. The one that was used longest ago makes room. */
  readonly capacity?: number
  /** Milliseconds before its end at which a certificate is made again; default an hour. */
  readonly renewBeforeMs?: number
}

const { name: _1, names: _2, serialNumber: _3, notBefore: _4, notAfter: _5, ...leafNames } = signNames
const cacheNames = {
  ...leafNames,
  key: 'any',
  capacity: 'number',
  renewBeforeMs: 'number',
} satisfies Names<LeafCacheOptions>

export interface CachedLeaf extends Issued {
  /** For the `identity` option; the same object each time, so that a server loads it once. */
  readonly identity: { readonly cert: readonly Uint8Array[]; readonly key: PrivateKey }
}

export interface LeafCache {
  /** The certificate for these names, kept or new. Throws as `ca.issue` does. */
  issue(...names: readonly [string, ...string[]]): Promise<CachedLeaf>
  readonly size: number
  clear(): void
}

const defaults = { capacity: 1000, renewBeforeMs: 3_600_000 } as const

/** `identity: async ({ serverName }) => (await leaves.issue(serverName ?? 'localhost')).identity` serves any name. */
export const createLeafCache = (ca: Issuer, options: LeafCacheOptions = {}): LeafCache => {
  checkOptions(options, cacheNames)
  if (typeof ca?.issue !== 'function') throw new TlsError('bad_option', 'ca: a CA, as createCa() makes it')
  const { key, capacity = defaults.capacity, renewBeforeMs = defaults.renewBeforeMs, ...leaf } = options
  if (!Number.isInteger(capacity) || capacity < 1)
    throw new TlsError('bad_option', 'capacity: a whole number of certificates, 1 or more')
  if (renewBeforeMs < 0) throw new TlsError('bad_option', 'renewBeforeMs: milliseconds, 0 or more')
  const clock = options.clock ?? Date.now
  const kept = new Map<string, Entry>()
  let shared: Promise<SharedKey> | undefined

  const make = async (names: readonly string[], entry: Entry): Promise<CachedLeaf> => {
    shared ??= sharedKey(key)
    const { spki, pkcs8, pem, parsed } = await shared
    const made = await ca.issue({ ...leaf, names, publicKey: spki })
    entry.until = parseCertificate(made.certificate).notAfter - renewBeforeMs
    return { ...made, privateKey: pkcs8, privateKeyPem: pem, identity: { cert: made.chain, key: parsed } }
  }

  return {
    issue(...names) {
      const id = JSON.stringify(names.map((name) => name.toLowerCase()))
      const known = kept.get(id)
      kept.delete(id)
      const entry: Entry = known !== undefined && clock() < known.until ? known : { until: Number.POSITIVE_INFINITY }
      entry.leaf ??= make(names, entry).catch((error: unknown) => {
        if (kept.get(id) === entry) kept.delete(id)
        throw error
      })
      kept.set(id, entry)
      const [oldest] = kept.keys()
      if (kept.size > capacity && oldest !== undefined) kept.delete(oldest)
      return entry.leaf
    },
    get size() {
      return kept.size
    },
    clear: () => kept.clear(),
  }
}

interface Entry {
  /** Milliseconds since the epoch; without end while it is being made. */
  until: number
  leaf?: Promise<CachedLeaf>
}

interface SharedKey {
  readonly spki: Uint8Array
  readonly pkcs8: Uint8Array
  readonly pem: string
  readonly parsed: PrivateKey
}

const sharedKey = async (key: OwnKey | undefined): Promise<SharedKey> => {
  const { spki, pkcs8 } = await keyPairOf(key)
  if (pkcs8 === undefined) throw new TlsError('bad_option', 'key: the certificates need a key that is here')
  return { spki, pkcs8, pem: encodePem('PRIVATE KEY', pkcs8), parsed: parsePrivateKey(pkcs8) }
}
