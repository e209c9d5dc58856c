// OCSP (RFC 6960): requests made, responses parsed. Who may sign a response and what it means for a certificate is in
// ocsp-check.ts. Responses come from the network, so their errors are `bad_certificate_status`.

import { hashOids } from '../crypto/key-algorithm.ts'
import type { CryptoProvider, HashName } from '../crypto/provider.ts'
import { quietly, TlsError } from '../errors.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import {
  DerReader,
  constructedTag,
  contextTag,
  derElement,
  derNull,
  derOctets,
  derOid,
  derSequence,
  tags,
} from '../wire/der.ts'
import { attempt } from './attempt.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { readReasonCode, serialKey } from './revocation-terms.ts'
import { Damage } from './damage.ts'
import { readLastExtensions } from './extensions.ts'
import type { Extension } from './extensions.ts'
import { readName } from './name.ts'
import type { Name } from './name.ts'
import { ocspStatuses } from './ocsp-status.ts'
import type { OcspStatus } from './ocsp-status.ts'
import type { Issuer, PathPair } from './path-pairs.ts'

/** CertID (section 4.1.1). */
export interface OcspCertId {
  /** Undefined: a hash that is not known here. */
  readonly hash: HashName | undefined
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  /** Content of the INTEGER. */
  readonly serialNumber: Uint8Array
}

export interface OcspAnswer {
  readonly certId: OcspCertId
  readonly status: 'good' | 'revoked' | 'unknown'
  /** Milliseconds since the epoch, and the reason; for `revoked` only, undefined if it can't be read. */
  readonly revokedAt: number | undefined
  readonly reason: string | undefined
  /** Milliseconds since the epoch; NaN if it can't be read. */
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly extensions: readonly Extension[]
}

/** A successful response of type id-pkix-ocsp-basic. */
export interface OcspBasicResponse {
  /** 1, or a larger number, of which nothing is known. */
  readonly version: number
  /** ResponseData, DER: what the signature is over. */
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** The responder by name, or by the SHA-1 hash of its key; undefined if that can't be read. */
  readonly responder: { readonly name: Name } | { readonly keyHash: Uint8Array } | undefined
  /** Milliseconds since the epoch; NaN if it can't be read. */
  readonly producedAt: number
  readonly answers: readonly OcspAnswer[]
  readonly extensions: readonly Extension[]
  /** Certificates that the responder sent along. */
  readonly certificates: readonly Certificate[]
  /** Why a part of it can't be read, in a sentence; undefined if all can. It is then good for "revoked" only. */
  readonly damage: string | undefined
}

export type OcspResponse =
  | { readonly status: 'successful'; readonly basic: OcspBasicResponse }
  | { readonly status: Exclude<OcspStatus, 'successful'> }

/** By number; only the first has an answer in it. */
const statuses: Readonly<Record<number, OcspStatus | undefined>> = ocspStatuses
const basicResponse = '1.3.6.1.5.5.7.48.1.1'
export const nonceOid = '1.3.6.1.5.5.7.48.1.2'
/** The same as an element, in hex: how a request with a nonce is told from one without. */
export const nonceBytes: string = /* @__PURE__ */ toHex(derOid(nonceOid))
const MAX_CERTIFICATES = 64
/** Bytes: what is shorter is none, whatever is in it, and costs no more than its length. */
const MIN_ANSWER = 24
const MIN_CERTIFICATE = 64

/** What breaks a rule of DER for writers and can be read in one way only is taken. */
const open = (der: Uint8Array): DerReader => DerReader.tolerant(der, 'bad_certificate_status', 'OCSP response', [])

/** Bytes of a response: those in use have hundreds of bytes, and a few certificates. */
const MAX_LENGTH = 262_144

/** Parses an OCSPResponse, DER, of at most 256 KiB. Throws TlsError `bad_certificate_status`. */
export const parseOcspResponse = (der: Uint8Array): OcspResponse => {
  const outer = open(der)
  if (der.length > MAX_LENGTH) outer.fail(`it has ${der.length} bytes; at most ${MAX_LENGTH} are read`)
  const response = outer.lastSequence('OCSPResponse')
  const number = response.smallInteger('responseStatus', tags.enumerated)
  const status = statuses[number] ?? response.fail(`status ${number} is not known`)
  const wrapped = response.done ? undefined : response.enter(constructedTag(0), 'responseBytes')
  response.end()
  if (status !== 'successful') return { status }
  if (wrapped === undefined) return response.fail('a successful response without an answer')
  const bytes = wrapped.lastSequence('ResponseBytes')
  const type = bytes.oid('responseType')
  if (type !== basicResponse) bytes.fail(`a response of type ${type}, not id-pkix-ocsp-basic`)
  const basic = bytes.octetString('response')
  bytes.end()
  return { status, basic: readBasic(basic) }
}

const readBasic = (der: Uint8Array): OcspBasicResponse => {
  const basic = open(der).lastSequence('BasicOCSPResponse')
  const start = basic.position
  const data = basic.sequence('ResponseData')
  const tbs = der.subarray(start, basic.position)
  const signatureAlgorithm = basic.element('signatureAlgorithm', tags.sequence)
  const signature = basic.bitString('signature')
  const certificates = readCertificates(basic)
  basic.end()
  const damage = new Damage()
  const version = damage.attempt(() => readVersion(data)) ?? Number.POSITIVE_INFINITY
  const { responder, producedAt, answers, extensions } = readData(data, damage)
  return {
    version,
    tbs,
    signatureAlgorithm,
    signature,
    responder,
    producedAt,
    answers,
    extensions,
    certificates,
    damage: damage.sentence,
  }
}

/** version [0] EXPLICIT INTEGER DEFAULT v1; the default written out says nothing new. */
const readVersion = (data: DerReader): number =>
  (data.optional(constructedTag(0), 'version', (version) => version.smallInteger('version')) ?? 0) + 1

/** Certificates that can't be read are nobody's. */
const readCertificates = (basic: DerReader): Certificate[] => {
  const list = basic.optional(constructedTag(0), 'certs', (certs) => certs.lastSequence('certs'))
  const certificates: Certificate[] = []
  while (list !== undefined && !list.done && certificates.length < MAX_CERTIFICATES) {
    const der = list.element('certificate', tags.sequence)
    if (der.length < MIN_CERTIFICATE) continue
    certificates.push(...(attempt(() => [parseCertificate(der)]) ?? []))
  }
  return certificates
}

type Data = Pick<OcspBasicResponse, 'responder' | 'producedAt' | 'answers' | 'extensions'>

/** The fields after the version. What is there twice, or in another order, damages the response; every list counts. */
const readData = (data: DerReader, damage: Damage): Data => {
  let responder: OcspBasicResponse['responder']
  let producedAt = Number.NaN
  let extensions: readonly Extension[] = []
  const answers: OcspAnswer[] = []
  let last = 0
  while (!data.done) {
    const field = fieldOf(data.peek(), last)
    if (field !== last + 1) damage.note(() => data.fail('ResponseData has a field that it should not have here'))
    if (field === 3) answers.push(...quietly(() => readAnswers(data, damage)))
    else if (field === 1) responder = readPart(data, damage, readResponder)
    else if (field === 2)
      producedAt = readPart(data, damage, (part) => part.generalizedTime('producedAt')) ?? Number.NaN
    else if (field === 4)
      extensions = readPart(data, damage, (part) => readLastExtensions(part, 1, 'responseExtensions')) ?? []
    else data.skip('field')
    last = Math.max(last, field)
  }
  if (last < 3) damage.note(() => data.fail('ResponseData has no responses'))
  return { responder, producedAt, answers, extensions }
}

/** responderID 1, producedAt 2, responses 3, responseExtensions 4; 0 for what is none of them, or a second one. */
const fieldOf = (tag: number, last: number): number => {
  if (tag === tags.sequence) return 3
  if (tag === tags.generalizedTime) return last < 2 ? 2 : 0
  if (last === 0 && (tag === constructedTag(1) || tag === constructedTag(2))) return 1
  return last === 3 && tag === constructedTag(1) ? 4 : 0
}

/** What `read` gives of one element; one that it can't read is left out. */
const readPart = <T>(data: DerReader, damage: Damage, read: (part: DerReader) => T): T | undefined => {
  const part = open(data.element('part'))
  return damage.attempt(() => read(part))
}

const readResponder = (data: DerReader): OcspBasicResponse['responder'] => {
  const name = data.optional(constructedTag(1), 'byName', (byName) => readName(byName, 'responder'))
  if (name !== undefined) return { name }
  return { keyHash: data.within(constructedTag(2), 'responderID', (byKey) => byKey.octetString('byKey')) }
}

/** One that can't be read costs itself alone: a revocation beside it counts. */
const readAnswers = (data: DerReader, damage: Damage): OcspAnswer[] => {
  const list = data.sequence('responses')
  const answers: OcspAnswer[] = []
  damage.attempt(() => {
    while (!list.done) {
      const der = list.element('SingleResponse')
      if (der.length < MIN_ANSWER) {
        damage.note(() => list.fail('an answer is too short for one'))
        continue
      }
      const answer = damage.attempt(() => readAnswer(open(der).sequence('SingleResponse'), damage))
      if (answer !== undefined) answers.push(answer)
    }
  })
  return answers
}

const readAnswer = (single: DerReader, damage: Damage): OcspAnswer => {
  const certId = readCertId(single.sequence('certID'), damage)
  const status = readStatus(single, damage)
  const thisUpdate = damage.attempt(() => single.generalizedTime('thisUpdate')) ?? Number.NaN
  const nextUpdate = damage.attempt(() => readNextUpdate(single))
  const extensions = damage.attempt(() => readLastExtensions(single, 1, 'singleExtensions')) ?? []
  return { certId, ...status, thisUpdate, nextUpdate, extensions }
}

const readNextUpdate = (single: DerReader): number | undefined =>
  single.optional(constructedTag(0), 'nextUpdate', (next) => next.generalizedTime('nextUpdate'))

const readCertId = (certId: DerReader, damage: Damage): OcspCertId => {
  const algorithm = certId.sequence('hashAlgorithm')
  // No hash here has parameters, so that nothing depends on what is written for them.
  const hash = hashOids[algorithm.oid('hashAlgorithm')]
  const issuerNameHash = certId.octetString('issuerNameHash')
  const issuerKeyHash = certId.octetString('issuerKeyHash')
  const serialNumber = certId.content(tags.integer, 'serialNumber')
  damage.attempt(() => certId.end())
  return { hash, issuerNameHash, issuerKeyHash, serialNumber }
}

/** CertStatus: good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL, all IMPLICIT. */
const readStatus = (single: DerReader, damage: Damage): Pick<OcspAnswer, 'status' | 'revokedAt' | 'reason'> => {
  if (single.peek() === contextTag(1)) {
    single.skip('revoked')
    damage.attempt(() => single.fail('revoked has no date'))
    return { status: 'revoked', revokedAt: undefined, reason: undefined }
  }
  if (single.peek() !== constructedTag(1)) {
    const status = single.peek() === contextTag(0) ? 'good' : 'unknown'
    const content = single.content(contextTag(status === 'good' ? 0 : 2), 'certStatus')
    if (content.length !== 0) single.fail('certStatus has content')
    return { status, revokedAt: undefined, reason: undefined }
  }
  const revoked = single.enter(constructedTag(1), 'revoked')
  const revokedAt = damage.attempt(() => revoked.generalizedTime('revocationTime'))
  const reason = damage.attempt(() => readReason(revoked))
  return { status: 'revoked', revokedAt, reason }
}

const readReason = (revoked: DerReader): string | undefined => {
  const reason = revoked.optional(constructedTag(0), 'revocationReason', readReasonCode)
  revoked.end()
  return reason
}

const hashWith = (provider: CryptoProvider, name: HashName, bytes: Uint8Array): Uint8Array => {
  const hash = provider.hashes[name]
  if (hash === undefined) {
    throw new TlsError('unsupported', `provider ${provider.name} has no ${name}, which OCSP needs`)
  }
  return hash.digest(bytes)
}

/** Whether an answer is about this certificate of this issuer, whose name may be encoded in two ways (RFC 5280
 * section 7.1). */
export const isAbout = ({ certId }: OcspAnswer, pair: PathPair, provider: CryptoProvider): boolean => {
  const { certificate, issuer } = pair
  const { hash, serialNumber, issuerNameHash, issuerKeyHash } = certId
  if (hash === undefined || provider.hashes[hash] === undefined) return false
  if (serialKey(serialNumber) !== serialKey(certificate.serialNumber)) return false
  const names = [certificate.issuer.der, issuer.certificate?.subject.der]
  const isNamed = names.some((der) => der !== undefined && equalBytes(issuerNameHash, hashWith(provider, hash, der)))
  return isNamed && equalBytes(issuerKeyHash, hashWith(provider, hash, issuer.publicKey.raw))
}

/** KeyHash: SHA-1 of the key's bits (section 4.2.1). */
export const keyHash = (provider: CryptoProvider, { publicKey }: Pick<Issuer, 'publicKey'>): Uint8Array =>
  hashWith(provider, 'sha1', publicKey.raw)

/**
 * OCSPRequest for one certificate, DER (section 4.1); unsigned, CertID by SHA-1, which every responder takes. With
 * `nonce` (1 to 32 bytes, RFC 9654) the response has to repeat it.
 */
export const createOcspRequest = (pair: PathPair, provider: CryptoProvider, nonce?: Uint8Array): Uint8Array => {
  const { certificate, issuer } = pair
  const certId = derSequence(
    derSequence(derOid('1.3.14.3.2.26'), derNull()),
    derOctets(hashWith(provider, 'sha1', certificate.issuer.der)),
    derOctets(keyHash(provider, issuer)),
    derElement(tags.integer, certificate.serialNumber),
  )
  const extensions = nonce === undefined ? [] : [derElement(constructedTag(2), derSequence(nonceExtension(nonce)))]
  return derSequence(derSequence(derSequence(derSequence(certId)), ...extensions))
}

const nonceExtension = (nonce: Uint8Array): Uint8Array => derSequence(derOid(nonceOid), derOctets(derOctets(nonce)))

/** The nonce of a response; undefined if it has none. */
export const nonceOf = ({ extensions }: OcspBasicResponse): Uint8Array | undefined => {
  const extension = extensions.find(({ oid }) => oid === nonceOid)
  if (extension === undefined) return undefined
  const value = open(extension.value)
  const nonce = value.octetString('nonce')
  value.end()
  return nonce
}
