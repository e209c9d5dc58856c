// PKCS#12 (RFC 7292), the .p12 and .pfx files that browsers, Java and Windows export: one private key, its certificate
// and the authorities above it, to what `cert`, `key` and `ca` take.

import { run } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import { samePublicKey } from '../crypto/keys.ts'
import type { PublicKey } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat, equalBytes, toHex } from '../wire/bytes.ts'
import { DerReader, constructedTag, contextTag, tags } from '../wire/der.ts'
import { encodePem } from '../wire/pem.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { sameName } from '../x509/name.ts'
import { berToDer } from './ber.ts'
import { decryptKeyInfo, onlyTlsErrors } from './encrypted-key.ts'
import { publicKeyOf } from './keys.ts'
import { decryptWithPassword } from './pbes2.ts'
import { checkMac } from './pkcs12-mac.ts'
import { decryptionOf } from './pkcs12-pbe.ts'
import type { Decryption, DecryptOptions } from './pkcs12-pbe.ts'

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

/** What is in the file, in its order. Throws as readPkcs12() does; with primitives that answer at once, at once. */
export function* readBags(file: Uint8Array, by: Decryption): Steps<Bag[]> {
  const outer = reading(berToDer(file))
  const pfx = outer.sequence('PFX')
  outer.end()
  if (pfx.smallInteger('version') !== 3) pfx.fail('its version is not 3')
  const authenticated = dataOf(pfx.sequence('authSafe'))
  if (!pfx.done) yield* checkMac(pfx.sequence('macData'), authenticated, by.password, by)
  pfx.end()
  const bags: Bag[] = []
  const safes = reading(berToDer(authenticated)).sequence('AuthenticatedSafe')
  while (!safes.done) bags.push(...(yield* readSafe(safes.sequence('ContentInfo'), by)))
  return bags
}

export interface Bag {
  readonly kind: 'key' | 'certificate'
  /** PKCS#8, or certificate. */
  readonly der: Uint8Array
  readonly localKeyId: string | undefined
  readonly friendlyName: string | undefined
}

/** Of bags and attributes (RFC 7292 appendix D). */
export const pkcs12Oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const

const reading = (der: Uint8Array): DerReader => new DerReader(der, 'bad_key', 'PKCS#12 file')

/** ContentInfo of type data. */
const dataOf = (info: DerReader): Uint8Array => {
  const type = info.oid('contentType')
  if (type !== pkcs12Oids.data)
    throw new TlsError('unsupported', `a PKCS#12 file whose integrity is protected by ${type}, not by a password`)
  return explicitOctets(info)
}

const explicitOctets = (info: DerReader): Uint8Array => {
  const explicit = info.enter(constructedTag(0), 'content')
  const octets = explicit.octetString('content')
  explicit.end()
  info.end()
  return octets
}

function* readSafe(info: DerReader, by: Decryption): Steps<Bag[]> {
  const type = info.oid('contentType')
  const contents =
    type === pkcs12Oids.data
      ? explicitOctets(info)
      : type === pkcs12Oids.encryptedData
        ? yield* decrypted(info, by)
        : undefined
  if (contents === undefined) throw new TlsError('unsupported', `a PKCS#12 file with a part of type ${type}`)
  const list = reading(berToDer(contents)).sequence('SafeContents')
  const bags: Bag[] = []
  while (!list.done) bags.push(...(yield* readBag(list.sequence('SafeBag'), by)))
  return bags
}

/** EncryptedData (RFC 5652 section 8). */
function* decrypted(info: DerReader, by: Decryption): Steps<Uint8Array> {
  const explicit = info.enter(constructedTag(0), 'content')
  const data = explicit.sequence('EncryptedData')
  explicit.end()
  data.smallInteger('version')
  const content = data.sequence('EncryptedContentInfo')
  content.oid('contentType')
  const algorithm = content.sequence('contentEncryptionAlgorithm')
  const pieces = content.optional(constructedTag(0), 'encryptedContent')
  const encrypted = pieces === undefined ? content.content(contextTag(0), 'encryptedContent') : joined(pieces)
  content.end()
  return yield* decryptWithPassword(algorithm, encrypted, by)
}

/** [0] IMPLICIT OCTET STRING in pieces, which only BER has. */
const joined = (pieces: DerReader): Uint8Array => {
  const all: Uint8Array[] = []
  while (!pieces.done) all.push(pieces.octetString('piece'))
  return concat(...all)
}

/** CRLs and secrets are left out. */
function* readBag(bag: DerReader, by: Decryption): Steps<Bag[]> {
  const kind = bag.oid('bagId')
  const explicit = bag.enter(constructedTag(0), 'bagValue')
  const value = explicit.element('bagValue')
  explicit.end()
  const names = bag.done ? { localKeyId: undefined, friendlyName: undefined } : readAttributes(bag.set('bagAttributes'))
  bag.end()
  if (kind === pkcs12Oids.keyBag) return [{ kind: 'key', der: value, ...names }]
  if (kind === pkcs12Oids.shroudedKeyBag) return [{ kind: 'key', der: yield* decryptKeyInfo(value, by), ...names }]
  if (kind !== pkcs12Oids.certBag) return []
  const certificate = reading(value).sequence('CertBag')
  if (certificate.oid('certId') !== pkcs12Oids.x509Certificate) return []
  const inner = certificate.enter(constructedTag(0), 'certValue')
  return [{ kind: 'certificate', der: inner.octetString('certValue'), ...names }]
}

const readAttributes = (attributes: DerReader): Pick<Bag, 'localKeyId' | 'friendlyName'> => {
  let localKeyId: string | undefined
  let friendlyName: string | undefined
  while (!attributes.done) {
    const attribute = attributes.sequence('attribute')
    const type = attribute.oid('attribute type')
    const values = attribute.set('attribute values')
    if (type === pkcs12Oids.localKeyId && values.peek() === tags.octetString)
      localKeyId = toHex(values.octetString('localKeyId'))
    if (type === pkcs12Oids.friendlyName && values.peek() === tags.bmpString)
      friendlyName = fromBmp(values.content(tags.bmpString, 'friendlyName'))
  }
  return { localKeyId, friendlyName }
}

const fromBmp = (bytes: Uint8Array): string => new TextDecoder('utf-16be').decode(bytes)

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
    const next = pool.find(
      (one) =>
        !chain.includes(one) &&
        !equalBytes(one.der, leaf.der) &&
        !one.isSelfIssued &&
        sameName(one.subject, last.issuer),
    )
    if (next === undefined) return chain
    chain.push(next)
  }
}
