// What a certificate is asked to say (CommonOptions, CaOptions, LeafOptions), and the subject and extensions that come
// of it (RFC 5280 section 4.2).

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import { TlsError } from '../errors.ts'
import type { PemOrDer } from '../wire/pem.ts'
import type { KeyUsageName } from '../x509/extensions.ts'
import { purposeOids } from '../x509/oids.ts'
import * as extension from './extensions.ts'
import { constraintNames } from './extensions.ts'
import type { NameConstraintOptions, PolicyInput, RawExtension } from './extensions.ts'
import type { ValidityOptions } from './issue.ts'
import { keyIdentifier } from './keys.ts'
import type { ExternalKey, OwnKey, PublicKeyInput } from './keys.ts'
import { distinguishedName, MAX_NAME_LENGTH } from './names.ts'
import type { NameInput, SubjectName } from './names.ts'

export interface CommonOptions extends ValidityOptions {
  /** The subject: a common name, more of it, or the name in DER. */
  readonly name?: SubjectName
  /** Big-endian, positive, at most 20 bytes; default: 16 random bytes. */
  readonly serialNumber?: Uint8Array
  /**
   * DNS names ("localhost", "*.example.com"), IP addresses, e-mail addresses, URIs; or `{ kind, value }` of any kind.
   */
  readonly names?: readonly NameInput[]
  /** Default: what the kind of certificate and of key need (section 4.2.1.3). */
  readonly keyUsage?: readonly KeyUsageName[]
  /** Certificate policies (section 4.2.1.4). */
  readonly policies?: readonly PolicyInput[]
  /** How many CAs may stand between this one and a leaf; for CAs only. */
  readonly pathLength?: number
  /** Where CRLs and OCSP answers for this certificate are. */
  readonly crlUrls?: readonly string[]
  readonly ocspUrls?: readonly string[]
  /** Where the issuer's certificate is (authorityInfoAccess caIssuers). */
  readonly issuerUrls?: readonly string[]
  /** Added as they are; one with the identifier of an extension that is made here replaces it. */
  readonly extensions?: readonly RawExtension[]
  /** Milliseconds since the epoch; default Date.now. A CA hands its clock down to what it issues. */
  readonly clock?: () => number
}

export interface CaOptions extends CommonOptions {
  readonly name: SubjectName
  /** Kind of the new key (default 'ecdsa-p256'), or the private key that there is. */
  readonly key?: OwnKey
  readonly publicKey?: never
  readonly nameConstraints?: NameConstraintOptions
}

/** A CA whose key is not here as bytes. */
export interface SignerCaOptions extends Omit<CaOptions, 'key' | 'publicKey'> {
  readonly key: ExternalKey
  /** Where the key does not show it. */
  readonly publicKey?: PublicKeyInput
}

export interface SignOptions extends CommonOptions {
  /** The subject; default: the first of `names` as common name. */
  readonly name?: SubjectName
  /** A CA certificate. `createIntermediate` makes one with all that belongs to it. */
  readonly ca?: boolean
  /** For TLS clients (extended key usage clientAuth) instead of servers; with `server: true`, for both. */
  readonly client?: boolean
  /** For TLS servers (serverAuth); default: unless `client` or `ca`. */
  readonly server?: boolean
  /** Extended key usages by short name or object identifier, instead of `client` and `server`. */
  readonly purposes?: readonly string[]
  /** The key may sign delegated credentials (RFC 9345 section 4.2). */
  readonly delegation?: boolean
  /** The server has to staple an OCSP response (RFC 7633). */
  readonly mustStaple?: boolean
}

export interface LeafOptions extends SignOptions {
  /** Kind of the new key (default 'ecdsa-p256'), or the private key that there is. */
  readonly key?: OwnKey
  readonly publicKey?: never
  readonly request?: never
}

/** A certificate for a key that stays elsewhere. */
export interface SignerLeafOptions extends SignOptions {
  readonly key: ExternalKey
  /** Where the key does not show it. */
  readonly publicKey?: PublicKeyInput
  readonly request?: never
}

/** A certificate for a key of which only the public half is here. */
export interface PublicLeafOptions extends SignOptions {
  readonly publicKey: PublicKeyInput
  readonly key?: never
  readonly request?: never
}

/** A certificate for whoever made a request. */
export interface RequestLeafOptions extends SignOptions {
  /** PEM or DER (PKCS#10); its signature is checked. Key and names are the request's, unless `names` are given. */
  readonly request: PemOrDer
}

const commonNames: Names<CommonOptions> = {
  days: 'number',
  notBefore: 'number',
  notAfter: 'number',
  name: 'any',
  serialNumber: 'bytes',
  names: 'list',
  keyUsage: 'list',
  policies: 'list',
  pathLength: 'number',
  crlUrls: 'list',
  ocspUrls: 'list',
  issuerUrls: 'list',
  extensions: 'list',
  clock: 'function',
}
const caNames: Names<CaOptions | SignerCaOptions> = {
  ...commonNames,
  key: 'any',
  publicKey: 'any',
  nameConstraints: constraintNames,
}
export const signNames: Names<SignOptions> = {
  ...commonNames,
  ca: 'boolean',
  client: 'boolean',
  server: 'boolean',
  purposes: 'list',
  delegation: 'boolean',
  mustStaple: 'boolean',
}
const leafNames: Names<LeafOptions | RequestLeafOptions> = {
  ...signNames,
  key: 'any',
  publicKey: 'any',
  request: 'any',
}

/** What other libraries and commands call it. */
const elsewhere = {
  commonName: 'name',
  cn: 'name',
  subject: 'name',
  san: 'names',
  altNames: 'names',
  domains: 'names',
  hosts: 'names',
  validity: 'days',
  validityDays: 'days',
  expires: 'notAfter',
  serial: 'serialNumber',
  isCA: 'ca',
  isCa: 'ca',
  pathLen: 'pathLength',
  pathLenConstraint: 'pathLength',
  maxPathLength: 'pathLength',
  eku: 'purposes',
  extKeyUsage: 'purposes',
  extendedKeyUsage: 'purposes',
  usages: 'purposes',
  algorithm: 'key',
  keyType: 'key',
  privateKey: 'key',
  csr: 'request',
  permitted: 'nameConstraints.permitted',
  excluded: 'nameConstraints.excluded',
} as const

/** Throws `bad_option`, as do the next two. */
export const checkCaOptions = (options: unknown): void =>
  checkOptions(options, caNames, { required: ['name'], elsewhere })
export const checkLeafOptions = (options: unknown): void => checkOptions(options, leafNames, { elsewhere })
export const checkSignOptions = (options: unknown): void => checkOptions(options, signNames, { elsewhere })

export const now = (options: CommonOptions): number => (options.clock ?? Date.now)()

/** Section 4.1.2.2. */
export const serial = ({ serialNumber }: Pick<CommonOptions, 'serialNumber'>): { serialNumber?: Uint8Array } => {
  if (serialNumber === undefined) return {}
  const isPositive = serialNumber.some((byte) => byte !== 0) && (serialNumber[0] ?? 0) < 0x80
  if (!isPositive || serialNumber.length > 20) {
    throw new TlsError(
      'bad_option',
      'serialNumber: a positive number of 1 to 20 bytes, the first below 0x80 (RFC 5280 section 4.1.2.2)',
    )
  }
  return { serialNumber }
}

export const caSubject = ({ name = '' }: Pick<CommonOptions, 'name'>): Uint8Array => {
  const subject = distinguishedName(name)
  if (subject.length === 2) throw new TlsError('bad_option', 'name: a CA needs one')
  return subject
}

/** The first name as common name where it fits: people look at it, verifiers do not. */
export const leafSubject = (options: SignOptions): Uint8Array => {
  const { name, names = [], client } = options
  if (options.ca === true) return caSubject(options)
  if (name !== undefined) return distinguishedName(name)
  const [first] = names
  if (first === undefined || first === null || first === '') {
    const which =
      client === true
        ? 'name or names: a client certificate needs one'
        : 'names: a server certificate needs at least one, such as "localhost"'
    throw new TlsError('bad_option', which)
  }
  const text = typeof first === 'string' ? first : typeof first === 'object' && 'value' in first ? first.value : ''
  if (typeof text !== 'string') return distinguishedName('')
  return distinguishedName(text.length > MAX_NAME_LENGTH || text.includes('-----') ? '' : text)
}

/** An empty list says nothing, and no extension of theirs may be empty. */
const locations = ({ policies = [], crlUrls = [], ocspUrls = [], issuerUrls = [] }: CommonOptions): RawExtension[] => [
  ...(policies.length === 0 ? [] : [extension.certificatePolicies(policies)]),
  ...(crlUrls.length === 0 ? [] : [extension.crlDistributionPoints(crlUrls)]),
  ...(ocspUrls.length + issuerUrls.length === 0 ? [] : [extension.authorityInfoAccess(ocspUrls, issuerUrls)]),
]

export const usageOfCa = 'keyUsage: a CA needs keyCertSign (RFC 5280 section 4.2.1.9)'
export const mustStapleOfCa = 'mustStaple: for end entities; in a CA it means something else (RFC 7633 section 4.2.2)'

/** Subject of the certificate, its public key and the issuer's key identifier; a root needs none (section 4.2.1.1). */
export interface Subject {
  readonly subject: Uint8Array
  readonly spki: Uint8Array
  readonly authority: Uint8Array | undefined
}

const identifiers = async ({ spki, authority }: Subject): Promise<RawExtension[]> => [
  extension.subjectKeyIdentifier(await keyIdentifier(spki)),
  ...(authority === undefined ? [] : [extension.authorityKeyIdentifier(authority)]),
]

const altNames = ({ names = [] }: CommonOptions, { subject }: Subject): RawExtension[] =>
  names.length === 0 ? [] : [extension.subjectAltName(names, subject.length === 2)]

export const caExtensions = async (
  options: CommonOptions & Pick<CaOptions, 'nameConstraints'>,
  of: Subject,
  pathLength: number | undefined,
): Promise<RawExtension[]> => {
  const keyUsage = options.keyUsage ?? ['keyCertSign', 'cRLSign']
  if (!keyUsage.includes('keyCertSign')) throw new TlsError('bad_option', usageOfCa)
  return extension.merged(
    extension.basicConstraints(true, pathLength),
    extension.keyUsage(keyUsage),
    ...(await identifiers(of)),
    ...altNames(options, of),
    ...(options.nameConstraints === undefined ? [] : [extension.nameConstraints(options.nameConstraints)]),
    ...locations(options),
    ...(options.extensions ?? []),
  )
}

export const leafExtensions = async (options: SignOptions, of: Subject): Promise<RawExtension[]> => {
  if (options.ca === true) return caWithPurposes(options, of)
  const { client = false } = options
  const server = options.server ?? !client
  const keyUsage =
    options.keyUsage ?? defaultUsage(of.spki, options.purposes ?? (server ? ['serverAuth'] : ['clientAuth']))
  if (options.pathLength !== undefined)
    throw new TlsError('bad_option', 'pathLength: for CAs only (RFC 5280 section 4.2.1.9); say `ca: true`')
  if (keyUsage.includes('keyCertSign'))
    throw new TlsError('bad_option', 'keyUsage: keyCertSign is for CAs only (RFC 5280 section 4.2.1.9)')
  if (options.delegation === true && !keyUsage.includes('digitalSignature'))
    throw new TlsError('bad_option', 'delegation: the key usage needs digitalSignature (RFC 9345 section 4.2)')
  checkUsage(keyUsage, of.spki)
  const purposes = purposesOf(options, { client, server })
  return extension.merged(
    extension.basicConstraints(false),
    extension.keyUsage(keyUsage),
    ...purposes,
    ...(await identifiers(of)),
    ...altNames(options, of),
    ...(options.mustStaple === true ? [extension.mustStaple()] : []),
    ...(options.delegation === true ? [extension.delegationUsage()] : []),
    ...locations(options),
    ...(options.extensions ?? []),
  )
}

/** A CA may be limited to some purposes. */
const caWithPurposes = async (options: SignOptions, of: Subject): Promise<RawExtension[]> => {
  const { client = false, server = false } = options
  if (options.mustStaple === true) throw new TlsError('bad_option', mustStapleOfCa)
  if (options.delegation === true)
    throw new TlsError('bad_option', 'delegation: for end entities only (RFC 9345 section 4.2)')
  const extensions = await caExtensions(options, of, options.pathLength ?? 0)
  return extension.merged(...purposesOf(options, { client, server }), ...extensions)
}

const purposesOf = (
  { purposes }: SignOptions,
  { client, server }: { readonly client: boolean; readonly server: boolean },
): RawExtension[] => {
  const list = purposes ?? [...(server ? ['serverAuth'] : []), ...(client ? ['clientAuth'] : [])]
  return list.length === 0 ? [] : [extension.extendedKeyUsage(list)]
}

/**
 * rsaEncryption keys of TLS 1.2 servers, and of mail, also encipher; for other purposes that is inconsistent (section
 * 4.2.1.12), and RSASSA-PSS keys (RFC 4055 section 1.2) never do. */
const defaultUsage = (spki: Uint8Array, purposes: readonly string[]): KeyUsageName[] => {
  const mayEncipher = purposes.some((purpose) => encipheringPurposes.has(purpose))
  return mayEncipher && parsePublicKey(spki).type === 'rsa'
    ? ['digitalSignature', 'keyEncipherment']
    : ['digitalSignature']
}

/** What keys of a kind can do: RSA transports keys, elliptic curves agree on them, Edwards curves and ML-DSA sign. */
const checkUsage = (keyUsage: readonly KeyUsageName[], spki: Uint8Array): void => {
  const { type } = parsePublicKey(spki)
  const agrees = type.startsWith('p')
  const unfit = keyUsage.find((usage) =>
    agreement.has(usage) ? !agrees : transport.has(usage) ? type !== 'rsa' : false,
  )
  if (unfit !== undefined)
    throw new TlsError('bad_option', `keyUsage: ${unfit} is nothing that a key of type ${type} can do`)
  const only = keyUsage.find((usage) => usage === 'encipherOnly' || usage === 'decipherOnly')
  if (only !== undefined && !keyUsage.includes('keyAgreement'))
    throw new TlsError('bad_option', `keyUsage: ${only} means nothing without keyAgreement (RFC 5280 section 4.2.1.3)`)
}

const agreement: ReadonlySet<KeyUsageName> = new Set(['keyAgreement', 'encipherOnly', 'decipherOnly'])
const transport: ReadonlySet<KeyUsageName> = new Set(['keyEncipherment', 'dataEncipherment'])

const encipheringPurposes: ReadonlySet<string> = new Set(
  (['serverAuth', 'emailProtection'] as const).flatMap((name) => [name, purposeOids[name]]),
)
