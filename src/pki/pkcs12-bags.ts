// The reader of PKCS#12 files (RFC 7292): what is in them, with whatever primitives the caller has.

import type { Steps } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { concat, toHex } from '../wire/bytes.ts'
import { DerReader, constructedTag, contextTag, tags } from '../wire/der.ts'
import { berToDer } from './ber.ts'
import { decryptKeyInfo } from './key-info.ts'
import { decryptWithPassword } from './pbes2.ts'
import { checkMac } from './pkcs12-mac.ts'
import type { Decryption } from './pkcs12-pbe.ts'

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
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
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
  return yield* readContents(berToDer(contents), by)
}

function* readContents(der: Uint8Array, by: Decryption): Steps<Bag[]> {
  const list = reading(der).sequence('SafeContents')
  const bags: Bag[] = []
  while (!list.done) bags.push(...(yield* readBag(list.sequence('SafeBag'), by)))
  return bags
}

/** EncryptedData (RFC 5652 section 8). */
function* decrypted(info: DerReader, by: Decryption): Steps<Uint8Array> {
  const data = info.enter(constructedTag(0), 'content').lastSequence('EncryptedData')
  data.smallInteger('version')
  const content = data.sequence('EncryptedContentInfo')
  content.oid('contentType')
  const algorithm = content.sequence('contentEncryptionAlgorithm')
  const encrypted =
    content.optional(constructedTag(0), 'encryptedContent', joined) ??
    content.content(contextTag(0), 'encryptedContent')
  content.end()
  return yield* decryptWithPassword(algorithm, encrypted, by)
}

/** [0] IMPLICIT OCTET STRING in pieces, which only BER has. */
const joined = (pieces: DerReader): Uint8Array => concat(...pieces.rest(() => pieces.octetString('piece')))

/** CRLs and secrets are left out. */
function* readBag(bag: DerReader, by: Decryption): Steps<Bag[]> {
  const kind = bag.oid('bagId')
  const value = bag.within(constructedTag(0), 'bagValue', (explicit) => explicit.element('bagValue'))
  const names = bag.done ? { localKeyId: undefined, friendlyName: undefined } : readAttributes(bag.set('bagAttributes'))
  bag.end()
  if (kind === pkcs12Oids.keyBag) return [{ kind: 'key', der: value, ...names }]
  if (kind === pkcs12Oids.shroudedKeyBag) return [{ kind: 'key', der: yield* decryptKeyInfo(value, by), ...names }]
  // How deep they can be, berToDer() has limited.
  if (kind === pkcs12Oids.safeContentsBag) return yield* readContents(value, by)
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
