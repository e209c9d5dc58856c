// Certificate requests, PKCS#10 (RFC 2986): made for someone else's CA, and read, by ours or by anybody.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import { run } from '../crypto/maybe.ts'
import type { PublicKey } from '../crypto/provider.ts'
import { webcryptoKeys } from '../crypto/webcrypto-keys.ts'
import { TlsError, asTlsError } from '../errors.ts'
import {
  DerReader,
  constructedTag,
  derBits,
  derElement,
  derInteger,
  derOid,
  derSequence,
  derSet,
  tags,
} from '../wire/der.ts'
import { decodePem, encodePem, pemTextOf } from '../wire/pem.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { extensionReaders, readExtension, readExtensions } from '../x509/extensions.ts'
import type { BasicConstraints, Extension, ExtensionValues, KeyUsageName } from '../x509/extensions.ts'
import type { GeneralName } from '../x509/general-name.ts'
import { readName } from '../x509/name.ts'
import type { Name } from '../x509/name.ts'
import { verifySignature } from '../x509/signature.ts'
import {
  basicConstraints,
  encodeExtension,
  extendedKeyUsage,
  keyUsage,
  merged,
  mustStaple,
  subjectAltName,
} from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { mustStapleOfCa, usageOfCa } from './certificate-options.ts'
import { keyPairOf, signWith, spkiOf } from './keys.ts'
import type { ExternalKey, OwnKey, PublicKeyInput } from './keys.ts'
import { distinguishedName } from './names.ts'
import type { NameInput, SubjectName } from './names.ts'

export interface RequestOptions {
  /** DNS names, IP addresses, e-mail addresses and URIs for the subjectAltName; or `{ kind, value }` of any kind. */
  readonly names?: readonly NameInput[]
  readonly name?: SubjectName
  /** Kind of the new key (default 'ecdsa-p256'), or the private key that there is. */
  readonly key?: OwnKey
  readonly publicKey?: never
  /** For a CA certificate. */
  readonly ca?: boolean
  readonly keyUsage?: readonly KeyUsageName[]
  /** Extended key usages by short name or object identifier. */
  readonly purposes?: readonly string[]
  readonly mustStaple?: boolean
  readonly extensions?: readonly RawExtension[]
}

/** A request for a key that stays behind a Signer or a CryptoKey. */
export interface SignerRequestOptions extends Omit<RequestOptions, 'key' | 'publicKey'> {
  readonly key: ExternalKey
  /** Where the Signer does not show it. */
  readonly publicKey?: PublicKeyInput
}

const names: Names<RequestOptions> = {
  names: 'list',
  name: 'any',
  key: 'any',
  publicKey: 'any',
  ca: 'boolean',
  keyUsage: 'list',
  purposes: 'list',
  mustStaple: 'boolean',
  extensions: 'list',
}

export interface MadeRequest {
  readonly request: Uint8Array
  /** What is sent to a CA. */
  readonly requestPem: string
}

export interface CertificateRequest extends MadeRequest {
  readonly privateKey: Uint8Array
  /** What stays here. */
  readonly privateKeyPem: string
}

const oids = {
  extensionRequest: '1.2.840.113549.1.9.14',
  /** Microsoft's, for the same. */
  certificateExtensions: '1.3.6.1.4.1.311.2.1.14',
  challengePassword: '1.2.840.113549.1.9.7',
} as const

/** A request for a certificate of a fresh key, or of one that is given. */
export function createRequest(options: RequestOptions): Promise<CertificateRequest>
export function createRequest(options: SignerRequestOptions): Promise<MadeRequest>
export async function createRequest(
  options: RequestOptions | SignerRequestOptions,
): Promise<MadeRequest | CertificateRequest> {
  checkOptions(options, names, { elsewhere: { commonName: 'name', subject: 'name', san: 'names', altNames: 'names' } })
  const keys = await keyPairOf(
    options.key,
    options.publicKey === undefined ? undefined : await spkiOf(options.publicKey),
  )
  const extensions = requestedExtensions(options)
  const attributes =
    extensions.length === 0
      ? []
      : [derSequence(derOid(oids.extensionRequest), derSet(derSequence(...extensions.map(encodeExtension))))]
  const info = derSequence(
    derInteger(0),
    distinguishedName(options.name ?? ''),
    keys.spki,
    derElement(constructedTag(0), ...attributes),
  )
  const request = derSequence(info, keys.signing.identifier, derBits(await signWith(keys, info)))
  const made = { request, requestPem: encodePem('CERTIFICATE REQUEST', request) }
  return keys.pkcs8 === undefined
    ? made
    : { ...made, privateKey: keys.pkcs8, privateKeyPem: encodePem('PRIVATE KEY', keys.pkcs8) }
}

const requestedExtensions = (options: RequestOptions | SignerRequestOptions): RawExtension[] => {
  const { names = [], purposes = [], ca } = options
  if (ca === true && options.mustStaple === true) throw new TlsError('bad_option', mustStapleOfCa)
  if (ca === true && options.keyUsage?.includes('keyCertSign') === false) throw new TlsError('bad_option', usageOfCa)
  return merged(
    ...(options.ca === undefined ? [] : [basicConstraints(options.ca)]),
    ...(options.keyUsage === undefined ? [] : [keyUsage(options.keyUsage)]),
    ...(purposes.length === 0 ? [] : [extendedKeyUsage(purposes)]),
    ...(names.length === 0 ? [] : [subjectAltName(names, false)]),
    ...(options.mustStaple === true ? [mustStaple()] : []),
    ...(options.extensions ?? []),
  )
}

/** What a request asks for. Its extensions are wishes: a CA decides. */
export interface ParsedRequest {
  /** The whole CertificationRequest. */
  readonly der: Uint8Array
  readonly subject: Name
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  readonly publicKey: PublicKey
  readonly attributes: readonly RequestAttribute[]
  readonly extensions: readonly Extension[]
  /** Of the subjectAltName; empty if there is none. */
  readonly names: readonly GeneralName[]
  readonly keyUsage: readonly KeyUsageName[] | undefined
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly basicConstraints: BasicConstraints | undefined
  readonly challengePassword: string | undefined
  /**
   * The proof that who asks has the key: whether the request is signed with it. Throws `unsupported_certificate` for an
   * algorithm that is not known. */
  verify(): Promise<boolean>
}

export interface RequestAttribute {
  readonly oid: string
  /** Each value, DER. */
  readonly values: readonly Uint8Array[]
}

/** Reads a request (PEM text or bytes, DER). Throws `bad_option` for what is none; `verify()` has to be asked for. */
export const parseRequest = (input: PemOrDer): ParsedRequest => {
  const der = requestBytes(input)
  try {
    return readRequest(der)
  } catch (error) {
    throw new TlsError('bad_option', `this is not a certificate request (PKCS#10): ${asTlsError(error).message}`, {
      cause: error,
    })
  }
}

const requestBytes = (input: PemOrDer): Uint8Array => {
  const text = pemTextOf(input)
  if (text === undefined && typeof input !== 'string') return input
  const block = decodePem(text ?? '').find(
    ({ label }) => label === 'CERTIFICATE REQUEST' || label === 'NEW CERTIFICATE REQUEST',
  )
  if (block === undefined)
    throw new TlsError('bad_option', 'there is no certificate request in it (a PEM block CERTIFICATE REQUEST)')
  return block.bytes
}

const readRequest = (der: Uint8Array): ParsedRequest => {
  const request = new DerReader(der, 'bad_certificate', 'certificate request').lastSequence('CertificationRequest')
  const infoDer = request.element('certificationRequestInfo', tags.sequence)
  const signatureAlgorithm = request.element('signatureAlgorithm', tags.sequence)
  const signature = request.bitString('signature')
  request.end()
  const info = new DerReader(infoDer, 'bad_certificate', 'certificate request').sequence('certificationRequestInfo')
  if (info.smallInteger('version') !== 0) info.fail('its version is not 1')
  const subject = readName(info, 'subject')
  const spki = info.element('subjectPublicKeyInfo', tags.sequence)
  // Not OPTIONAL, but some leave it out where there are none.
  const attributes = info.optional(constructedTag(0), 'attributes', readAttributes) ?? []
  info.end()
  const publicKey = parsePublicKey(spki)
  const extensions = extensionsOf(attributes)
  return {
    der,
    subject,
    spki,
    publicKey,
    attributes,
    extensions,
    ...readWishes(extensions),
    challengePassword: challengeOf(attributes),
    verify: async () => run(verifySignature(webcryptoKeys, publicKey, { tbs: infoDer, signatureAlgorithm, signature })),
  }
}

type Wishes = Pick<ParsedRequest, 'names' | 'keyUsage' | 'extendedKeyUsage' | 'basicConstraints'>

const readWishes = (extensions: readonly Extension[]): Wishes => {
  const wish = <K extends keyof ExtensionValues>(property: K): ExtensionValues[K] | undefined => {
    const found = extensions.find(({ oid }) => oid === extensionReaders[property][0])
    return found && readExtension(property, found.value)
  }
  return {
    names: wish('subjectAltNames') ?? [],
    keyUsage: wish('keyUsage'),
    extendedKeyUsage: wish('extendedKeyUsage'),
    basicConstraints: wish('basicConstraints'),
  }
}

const readAttributes = (reader: DerReader): RequestAttribute[] =>
  reader.rest(() =>
    reader.within(tags.sequence, 'attribute', (attribute) => {
      const oid = attribute.oid('type of attribute')
      const set = attribute.set('values of attribute')
      return { oid, values: set.rest(() => set.element('value of attribute')) }
    }),
  )

const extensionsOf = (attributes: readonly RequestAttribute[]): readonly Extension[] => {
  const wishes = attributes.filter(({ oid }) => oid === oids.extensionRequest || oid === oids.certificateExtensions)
  const [value, second] = wishes.flatMap(({ values }) => values)
  if (second !== undefined) throw new TlsError('bad_certificate', 'it asks for extensions twice')
  return value === undefined ? [] : readExtensions(new DerReader(value, 'bad_certificate', 'certificate request'))
}

/** PKCS #9 section 5.4.1: a DirectoryString. */
const challengeOf = (attributes: readonly RequestAttribute[]): string | undefined => {
  const value = attributes.find(({ oid }) => oid === oids.challengePassword)?.values[0]
  if (value === undefined) return undefined
  const reader = new DerReader(value, 'bad_certificate', 'challengePassword')
  const tag = reader.peek()
  return new TextDecoder(tag === tags.bmpString ? 'utf-16be' : 'utf-8').decode(reader.content(tag, 'challengePassword'))
}
