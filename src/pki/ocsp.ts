// OCSP responses (RFC 6960 section 4.2), signed by a CA or by a responder with the usage ocspSigning: for stapling and
// for tests. One response may answer for several certificates of the CA.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import {
  constructedTag,
  contextTag,
  derBits,
  derElement,
  derGeneralizedTime,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  tags,
} from '../wire/der.ts'
import type { KeyInput } from '../crypto/key-input.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import type { PemOrDer } from '../wire/pem.ts'
import type { Certificate } from '../x509/certificate.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { certificateDer, reasonCode, serialOf } from './crl.ts'
import type { Revocation, RevocationReason } from './crl.ts'
import { encodeExtension } from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { issuedNames } from './issue.ts'
import { importKeyPair, plain, signWith } from './keys.ts'
import type { KeyPair } from './keys.ts'

export interface OcspAnswer extends Pick<Revocation, 'certificate' | 'serialNumber'> {
  /** Default 'good'. */
  readonly status?: 'good' | 'revoked' | 'unknown'
  readonly reason?: RevocationReason
  /** Milliseconds since the epoch; default: producedAt. */
  readonly revokedAt?: number
  /** singleExtensions, such as timestamps of certificate transparency logs. */
  readonly extensions?: readonly RawExtension[]
}

export interface OcspOptions {
  /** What it says, of one certificate or of several. */
  readonly answers: readonly OcspAnswer[]
  /** Copied from the request (RFC 9654). */
  readonly nonce?: Uint8Array
  /** Milliseconds since the epoch; default: now. */
  readonly thisUpdate?: number
  /** Milliseconds since the epoch, or null for none; default: `hours` after thisUpdate. */
  readonly nextUpdate?: number | null
  /** Default 24. */
  readonly hours?: number
  /** A responder that the CA certified, its key in any form; default: the CA itself. */
  readonly responder?: { readonly certificatePem: PemOrDer; readonly privateKeyPem: KeyInput }
  /** Hash of the names and keys in CertID; default 'SHA-1', which everyone understands. */
  readonly hash?: 'SHA-1' | 'SHA-256'
  readonly extensions?: readonly RawExtension[]
  readonly clock?: () => number
}

const answerNames: Names<OcspAnswer> = {
  certificate: 'any',
  serialNumber: 'any',
  status: ['good', 'revoked', 'unknown'],
  reason: 'any',
  revokedAt: 'number',
  extensions: 'list',
}
const names: Names<OcspOptions> = {
  answers: 'list',
  nonce: 'bytes',
  thisUpdate: 'number',
  nextUpdate: 'any',
  hours: 'number',
  responder: issuedNames,
  hash: ['SHA-1', 'SHA-256'],
  extensions: 'list',
  clock: 'function',
}

/** Throws `bad_option`. */
export const checkOcspOptions = (options: OcspOptions): void => {
  checkOptions(options, names, { required: ['answers'] })
  if (options.nextUpdate !== null) checkOptions({ nextUpdate: options.nextUpdate }, { nextUpdate: 'number' })
  const { hours, nonce } = options
  if (hours !== undefined && !(hours > 0)) throw new TlsError('bad_option', `hours: ${hours} is not a number of hours`)
  if (nonce !== undefined && !(nonce.length >= 1 && nonce.length <= 128))
    throw new TlsError('bad_option', 'nonce: 1 to 128 bytes (RFC 9654 section 2.1)')
  for (const one of options.answers) {
    checkOptions(one, answerNames, { elsewhere: { date: 'revokedAt' } }, 'answers')
    if (one.status !== 'revoked' && (one.reason ?? one.revokedAt) !== undefined)
      throw new TlsError('bad_option', 'answers: reason and revokedAt are for the status "revoked"')
  }
}

/** OCSPResponse, DER. */
export const createOcspResponse = async (
  ca: { readonly keys: KeyPair; readonly certificate: Certificate },
  options: OcspOptions,
): Promise<Uint8Array> => {
  const producedAt = (options.clock ?? Date.now)()
  if (options.answers.length === 0) {
    throw new TlsError('bad_option', 'answers: an OCSP response answers for at least one certificate')
  }
  const responder = options.responder === undefined ? ca : await responderOf(options.responder)
  const answers = await Promise.all(
    options.answers.map((answer) => singleResponse(ca.certificate, answer, options, producedAt)),
  )
  const nonce = options.nonce === undefined ? [] : [{ oid: nonceOid, value: derOctets(options.nonce) }]
  const extensions = [...nonce, ...(options.extensions ?? [])]
  const data = derSequence(
    derElement(constructedTag(2), derOctets(await sha1(parsePublicKey(responder.certificate.spki).raw))),
    derGeneralizedTime(producedAt),
    derSequence(...answers),
    ...wrapped(extensions),
  )
  const basic = derSequence(
    data,
    responder.keys.signing.identifier,
    derBits(await signWith(responder.keys, data)),
    ...(responder === ca ? [] : [derElement(constructedTag(0), derSequence(responder.certificate.der))]),
  )
  return derSequence(
    derElement(tags.enumerated, Uint8Array.of(0)),
    derElement(constructedTag(0), derSequence(derOid(basicResponseOid), derOctets(basic))),
  )
}

/** [1] Extensions, if there are any. */
const wrapped = (extensions: readonly RawExtension[]): Uint8Array[] =>
  extensions.length === 0 ? [] : [derElement(constructedTag(1), derSequence(...extensions.map(encodeExtension)))]

const basicResponseOid = '1.3.6.1.5.5.7.48.1.1'
const nonceOid = '1.3.6.1.5.5.7.48.1.2'

type Responder = NonNullable<OcspOptions['responder']>

const responderOf = async (responder: Responder): Promise<{ keys: KeyPair; certificate: Certificate }> => {
  const { certificatePem, privateKeyPem } = responder
  const certificate = parseCertificate(certificateDer(certificatePem))
  return { certificate, keys: await importKeyPair(privateKeyPem, certificate.spki) }
}

const singleResponse = async (
  issuer: Certificate,
  answer: OcspAnswer,
  options: OcspOptions,
  producedAt: number,
): Promise<Uint8Array> => {
  const thisUpdate = options.thisUpdate ?? producedAt
  const lifetime = (options.hours ?? 24) * 3_600_000
  const nextUpdate = options.nextUpdate === undefined ? thisUpdate + lifetime : options.nextUpdate
  if (nextUpdate !== null && !(nextUpdate >= thisUpdate))
    throw new TlsError('bad_option', 'nextUpdate: an OCSP response that ends before it begins')
  const digest = async (bytes: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest(options.hash ?? 'SHA-1', plain(bytes)))
  const certId = derSequence(
    derSequence(derOid(options.hash === 'SHA-256' ? '2.16.840.1.101.3.4.2.1' : '1.3.14.3.2.26'), derNull()),
    derOctets(await digest(issuer.subject.der)),
    derOctets(await digest(issuer.publicKey.raw)),
    derInteger(serialOf(answer)),
  )
  return derSequence(
    certId,
    certStatus(answer, producedAt),
    derGeneralizedTime(thisUpdate),
    ...(nextUpdate === null ? [] : [derElement(constructedTag(0), derGeneralizedTime(nextUpdate))]),
    ...wrapped(answer.extensions ?? []),
  )
}

/** CertStatus: good [0], revoked [1], unknown [2]. */
const certStatus = ({ status = 'good', reason, revokedAt }: OcspAnswer, producedAt: number): Uint8Array => {
  if (status !== 'revoked') return derElement(contextTag(status === 'good' ? 0 : 2))
  const why = reason === undefined ? [] : [derElement(constructedTag(0), reasonCode(reason))]
  return derElement(constructedTag(1), derGeneralizedTime(revokedAt ?? producedAt), ...why)
}

const sha1 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-1', plain(bytes)))
