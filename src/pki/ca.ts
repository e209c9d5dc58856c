// A certificate authority of one's own: the root, intermediates, certificates of servers and clients, requests, CRLs and
// OCSP responses. This is what people call first; everything it answers with goes into `ca`, `cert` and `key` as it is.

import { parsePublicKey } from '../crypto/keys.ts'
import { TlsError } from '../errors.ts'
import { decodePem } from '../wire/pem.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { extensionOids } from '../x509/oids.ts'
import { createCrl } from './crl.ts'
import type { CrlOptions, IssuedCrl } from './crl.ts'
import { readRequest } from './csr.ts'
import * as extension from './extensions.ts'
import type { NameConstraintOptions, RawExtension } from './extensions.ts'
import { certified, issued, signCertificate, validityOf } from './issue.ts'
import type { Certified, Issued, ValidityOptions } from './issue.ts'
import { generateKeyPair, importKeyPair, keyIdentifier } from './keys.ts'
import type { KeyKind, KeyPair } from './keys.ts'
import { distinguishedName, maxLength } from './names.ts'
import type { SubjectName } from './names.ts'
import { createOcspResponse } from './ocsp.ts'
import type { OcspOptions } from './ocsp.ts'

interface CommonOptions extends ValidityOptions {
  /** Kind of the new key; default 'ecdsa-p256'. */
  readonly key?: KeyKind
  /** Big-endian, positive, at most 20 bytes; default: 16 random bytes. */
  readonly serialNumber?: Uint8Array
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
  /** The subject: a common name, or more of it. */
  readonly name: SubjectName
  /** How many CAs may stand between this one and a leaf; default: no limit for a root, 0 for an intermediate. */
  readonly pathLength?: number
  readonly nameConstraints?: NameConstraintOptions
}

export interface LeafOptions extends CommonOptions {
  /** DNS names ("localhost", "*.example.com"), IP addresses, e-mail addresses, URIs. */
  readonly names?: readonly string[]
  /** The subject; default: the first of `names` as common name. */
  readonly name?: SubjectName
  /** For TLS clients (extended key usage clientAuth) instead of servers; with `server: true`, for both. */
  readonly client?: boolean
  /** For TLS servers (serverAuth); default: unless `client`. */
  readonly server?: boolean
  /** Extended key usages by short name or object identifier, instead of `client` and `server`. */
  readonly purposes?: readonly string[]
  /** The key may sign delegated credentials (RFC 9345 section 4.2). */
  readonly delegation?: boolean
  /** The server has to staple an OCSP response (RFC 7633). */
  readonly mustStaple?: boolean
}

export type SignOptions = Omit<LeafOptions, 'key'>

/** A certificate authority: its own certificate and key, and what it can make. */
export interface Ca extends Issued {
  /** A fresh key and a certificate for it. */
  issue(options: LeafOptions): Promise<Issued>
  /** A certificate for a request (PEM or DER), whose signature is checked. Names are the request's unless given here. */
  sign(request: string | Uint8Array, options?: SignOptions): Promise<Certified>
  /** An intermediate CA below this one. */
  createIntermediate(options: CaOptions): Promise<Ca>
  createCrl(options?: CrlOptions): Promise<IssuedCrl>
  /** An OCSP response (DER) for certificates of this CA, signed by it or by a responder that it certified. */
  createOcspResponse(options: OcspOptions): Promise<Uint8Array>
}

const defaultDays = { ca: 3650, leaf: 397 } as const

/** A root CA with a fresh key. `await createCa({ name: 'My development CA' })` is enough. */
export const createCa = async (options: CaOptions): Promise<Ca> => {
  const keys = await generateKeyPair(options.key ?? 'ecdsa-p256')
  const subject = caSubject(options)
  const certificate = await signCertificate({
    issuer: subject,
    subject,
    validity: validityOf(options, now(options), defaultDays.ca),
    spki: keys.spki,
    signer: keys,
    extensions: await caExtensions(options, keys.spki, undefined, options.pathLength),
    ...serial(options),
  })
  return caOf(keys, certificate, [], options.clock)
}

/** The CA that `certificatePem` (or `chainPem`) and `privateKeyPem` were saved from. Throws `key_mismatch`, `bad_option`. */
export const loadCa = async (saved: {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly clock?: () => number
}): Promise<Ca> => {
  const [certificate, ...above] = decodePem(saved.certificatePem).flatMap(({ label, bytes }) => (label === 'CERTIFICATE' ? [bytes] : []))
  if (certificate === undefined) throw new TlsError('bad_option', 'certificatePem: there is no certificate in it')
  const { spki, basicConstraints } = parseCertificate(certificate)
  if (basicConstraints?.ca !== true) throw new TlsError('bad_option', 'certificatePem: the first certificate is not that of a CA')
  return caOf(await importKeyPair(saved.privateKeyPem, spki), certificate, above, saved.clock)
}

/** One certificate that is its own issuer, for a server (or client) that is trusted by itself. */
export const selfSigned = async (options: LeafOptions): Promise<Issued> => {
  const keys = await generateKeyPair(options.key ?? 'ecdsa-p256')
  const subject = leafSubject(options)
  const certificate = await signCertificate({
    issuer: subject,
    subject,
    validity: validityOf(options, now(options), defaultDays.leaf),
    spki: keys.spki,
    signer: keys,
    extensions: await leafExtensions(options, subject, keys.spki, undefined),
    ...serial(options),
  })
  return issued(certificate, [], keys)
}

const caOf = (keys: KeyPair, der: Uint8Array, above: readonly Uint8Array[], clock: (() => number) | undefined): Ca => {
  const own = parseCertificate(der)
  const isRoot = own.isSelfIssued
  const chainBelow = isRoot ? [] : [der, ...above]
  const inherit = <T extends CommonOptions>(options: T): T => (clock === undefined ? options : { clock, ...options })
  const identifier = async (): Promise<Uint8Array> => own.subjectKeyIdentifier ?? (await keyIdentifier(own.spki))

  const certify = async (options: SignOptions, subject: Uint8Array, spki: Uint8Array, extensions: readonly RawExtension[]): Promise<Uint8Array> =>
    signCertificate({
      issuer: own.subject.der,
      subject,
      validity: validityOf(options, now(options), defaultDays.leaf, own),
      spki,
      signer: keys,
      extensions,
      ...serial(options),
    })

  return {
    ...issued(der, isRoot ? [] : above, keys),

    async issue(given) {
      const options = inherit(given)
      const leafKeys = await generateKeyPair(options.key ?? 'ecdsa-p256')
      const subject = leafSubject(options)
      const extensions = await leafExtensions(options, subject, leafKeys.spki, await identifier())
      return issued(await certify(options, subject, leafKeys.spki, extensions), chainBelow, leafKeys)
    },

    async sign(request, given = {}) {
      const options = inherit(given)
      const wanted = await readRequest(request)
      const subject = options.name === undefined && options.names === undefined ? wanted.subject : leafSubject(options)
      const takenOver = options.names === undefined && wanted.altNames !== undefined
        ? [{ oid: extensionOids.subjectAltName, critical: subject.length === 2, value: wanted.altNames }]
        : []
      const extensions = extension.merged(...takenOver, ...(await leafExtensions(options, subject, wanted.spki, await identifier())))
      return certified(await certify(options, subject, wanted.spki, extensions), chainBelow)
    },

    async createIntermediate(given) {
      const options = inherit(given)
      const caKeys = await generateKeyPair(options.key ?? 'ecdsa-p256')
      const extensions = await caExtensions(options, caKeys.spki, await identifier(), options.pathLength ?? 0)
      const certificate = await certify({ ...options, days: options.days ?? defaultDays.ca }, caSubject(options), caKeys.spki, extensions)
      return caOf(caKeys, certificate, chainBelow, options.clock)
    },

    async createCrl(options = {}) {
      return createCrl({ keys, issuer: own.subject.der, identifier: await identifier() }, { ...(clock && { clock }), ...options })
    },

    createOcspResponse(options) {
      return createOcspResponse({ keys, certificate: own }, { ...(clock && { clock }), ...options })
    },
  }
}

const now = (options: CommonOptions): number => (options.clock ?? Date.now)()

const serial = ({ serialNumber }: CommonOptions): { serialNumber?: Uint8Array } => {
  if (serialNumber === undefined) return {}
  if (serialNumber.length === 0 || serialNumber.length > 20 || (serialNumber[0] ?? 0) >= 0x80) {
    throw new TlsError('bad_option', 'serialNumber: a positive number of 1 to 20 bytes')
  }
  return { serialNumber }
}

const caSubject = ({ name }: CaOptions): Uint8Array => {
  const subject = distinguishedName(name)
  if (subject.length === 2) throw new TlsError('bad_option', 'name: a CA needs one')
  return subject
}

/** The first name as common name where it fits: people look at it, verifiers do not. */
const leafSubject = ({ name, names = [], client }: SignOptions): Uint8Array => {
  if (name !== undefined) return distinguishedName(name)
  const [first = ''] = names
  if (first === '') throw new TlsError('bad_option', client === true ? 'name or names: a client certificate needs one' : 'names: a server certificate needs at least one, such as "localhost"')
  return distinguishedName(first.length > maxLength ? '' : first)
}

const locations = (options: CommonOptions): RawExtension[] => [
  ...(options.crlUrls === undefined ? [] : [extension.crlDistributionPoints(options.crlUrls)]),
  ...(options.ocspUrls === undefined && options.issuerUrls === undefined
    ? []
    : [extension.authorityInfoAccess(options.ocspUrls ?? [], options.issuerUrls ?? [])]),
]

/** `authority` is the issuer's key identifier; a root needs none (RFC 5280 section 4.2.1.1). */
const caExtensions = async (
  options: CaOptions, spki: Uint8Array, authority: Uint8Array | undefined, pathLength: number | undefined,
): Promise<RawExtension[]> =>
  extension.merged(
    extension.basicConstraints(true, pathLength),
    extension.keyUsage(['keyCertSign', 'cRLSign']),
    extension.subjectKeyIdentifier(await keyIdentifier(spki)),
    ...(authority === undefined ? [] : [extension.authorityKeyIdentifier(authority)]),
    ...(options.nameConstraints === undefined ? [] : [extension.nameConstraints(options.nameConstraints)]),
    ...locations(options),
    ...(options.extensions ?? []),
  )

const leafExtensions = async (
  options: SignOptions, subject: Uint8Array, spki: Uint8Array, authority: Uint8Array | undefined,
): Promise<RawExtension[]> => {
  const { names = [], client = false } = options
  const server = options.server ?? !client
  const purposes = options.purposes ?? [...(server ? ['serverAuth'] : []), ...(client ? ['clientAuth'] : [])]
  return extension.merged(
    extension.basicConstraints(false),
    extension.keyUsage(isRsa(spki) ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature']),
    ...(purposes.length === 0 ? [] : [extension.extendedKeyUsage(purposes)]),
    extension.subjectKeyIdentifier(await keyIdentifier(spki)),
    ...(authority === undefined ? [] : [extension.authorityKeyIdentifier(authority)]),
    ...(names.length === 0 ? [] : [extension.subjectAltName(names, subject.length === 2)]),
    ...(options.mustStaple === true ? [extension.mustStaple()] : []),
    ...(options.delegation === true ? [extension.delegationUsage()] : []),
    ...locations(options),
    ...(options.extensions ?? []),
  )
}

const isRsa = (spki: Uint8Array): boolean => parsePublicKey(spki).type === 'rsa'
