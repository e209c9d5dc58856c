// PKCS#12 (RFC 7292), the .p12 and .pfx files that browsers, Java and Windows export: one private key, its certificate
// and the authorities above it, to what `cert`, `key` and `ca` take.

import { run } from '../crypto/maybe.ts'
import { samePublicKey } from '../crypto/keys.ts'
import type { PublicKey } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import { encodePem } from '../wire/pem.ts'
import { attempt } from '../x509/attempt.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { sameName } from '../x509/name.ts'
import { onlyTlsErrors } from './encrypted-key.ts'
import { publicKeyOf } from './keys.ts'
import { readBags } from './pkcs12-bags.ts'
import type { Bag } from './pkcs12-bags.ts'
import type { DecryptOptions } from './pkcs12-pbe.ts'
import { decryptionOf } from './web-primitives.ts'

export interface Pkcs12 {
  /**
   * The key's certificate and those above it that are in the file, without a root: the `cert` option. Empty without a
   * key.
   */
  readonly chainPem: string
  /** The `key` option; undefined in a trust store, which has certificates only. */
  readonly privateKeyPem: string | undefined
  /** All certificates of the file, DER, in its order. */
  readonly certificates: readonly Uint8Array[]
  /** Self-issued certificates of the file: what to give as `ca`, if its sender is trusted. */
  readonly authoritiesPem: string
  /** Name that the key was given, or its certificate. */
  readonly friendlyName: string | undefined
}

/**
 * Reads a file (DER or BER). Throws TlsError `bad_key` for a wrong password, a damaged file or one that wants too much
 * work (`limits`), `key_mismatch` for one whose key has no certificate among those in it, and `unsupported`, with the
 * command that converts it, for one that is encrypted with triple DES or RC2 where neither the runtime nor the caller
 * has that.
 */
export const readPkcs12 = async (file: Uint8Array, password: string, options: DecryptOptions = {}): Promise<Pkcs12> =>
  onlyTlsErrors(async () => assemble(await run(readBags(file, decryptionOf(password, options)))))

const assemble = async (bags: readonly Bag[]): Promise<Pkcs12> => {
  const certificates = bags.filter(({ kind }) => kind === 'certificate')
  const keys = bags.filter(({ kind }) => kind === 'key')
  const [key] = keys
  if (keys.length > 1)
    throw new TlsError('unsupported', `a PKCS#12 file with ${keys.length} private keys: export the one you need alone`)
  const parsed = certificates.map(({ der }) => parseCertificate(der))
  const own = key && (await certificateOf(key, certificates))
  const chain = own === undefined ? [] : chainFrom(parseCertificate(own.der), parsed)
  return {
    chainPem: chain.map((certificate) => certificate.toPem()).join(''),
    privateKeyPem: key && encodePem('PRIVATE KEY', key.der),
    certificates: certificates.map(({ der }) => der),
    authoritiesPem: parsed
      .filter(isRoot)
      .map((certificate) => certificate.toPem())
      .join(''),
    friendlyName: key?.friendlyName ?? own?.friendlyName,
  }
}

/** Why keys in the file's certificates could not be compared, if there are such. */
const unreadableKeys = (certificates: readonly Bag[]): string => {
  const reasons = certificates.flatMap(({ der }) => {
    try {
      void parseCertificate(der).publicKey
      return []
    } catch (error) {
      return error instanceof TlsError ? [error.message] : []
    }
  })
  return reasons.length === 0 ? '' : ` that can be read: ${[...new Set(reasons)].join('; ')}`
}

/**
 * The one whose public key is the key's; of several, the one with its localKeyId. Undefined in a file without
 * certificates.
 */
const certificateOf = async (key: Bag, certificates: readonly Bag[]): Promise<Bag | undefined> => {
  const publicKey = await publicKeyOf(key.der)
  const sorted = certificates.toSorted(
    (a, b) => Number(b.localKeyId === key.localKeyId) - Number(a.localKeyId === key.localKeyId),
  )
  const own = sorted.find(({ der }) => publicKey !== undefined && isKeyOf(parseCertificate(der), publicKey))
  if (own === undefined && certificates.length > 0) {
    throw new TlsError(
      'key_mismatch',
      `a PKCS#12 file with a private key (${publicKey?.type ?? 'unknown'}) and no certificate for ` +
        `it${unreadableKeys(certificates)}`,
    )
  }
  return own
}

/** A certificate with a key of a kind that there is not here has another key. */
const isKeyOf = (certificate: Certificate, publicKey: PublicKey): boolean => {
  try {
    return samePublicKey(certificate.publicKey, publicKey)
  } catch (error) {
    if (error instanceof TlsError) return false
    throw error
  }
}

const isRoot = (certificate: Certificate): boolean =>
  certificate.isSelfIssued && certificate.basicConstraints?.ca === true

const chainFrom = (leaf: Certificate, pool: readonly Certificate[]): Certificate[] => {
  const chain = [leaf]
  for (;;) {
    const last = chain[chain.length - 1] ?? leaf
    const named = pool.filter(
      (one) =>
        !chain.includes(one) &&
        !equalBytes(one.der, leaf.der) &&
        !one.isSelfIssued &&
        sameName(one.subject, last.issuer),
    )
    const next = named.find((one) => hasKeyOf(one, last)) ?? named[0]
    if (next === undefined) return chain
    chain.push(next)
  }
}

/** A CA may have had several keys, and a certificate for each (RFC 5280 section 4.2.1.1). */
const hasKeyOf = (issuer: Certificate, certificate: Certificate): boolean => {
  const wanted = attempt(() => certificate.authorityKeyIdentifier?.keyIdentifier)
  const own = attempt(() => issuer.subjectKeyIdentifier)
  return wanted !== undefined && own !== undefined && equalBytes(wanted, own)
}
