// Proofs of who the peer is: the certificate chain, the signature over the transcript, and Finished (RFC 9846 section 4.5).
// The values made here are branded: only the checking functions can make them, and the end of a handshake demands them.

import type { CommonConfig, ServerConfig } from '../../config.ts'
import type { PublicKey } from '../../crypto/provider.ts'
import { asTlsError, TlsError } from '../../errors.ts'
import { finishedVerifyData } from '../../keys/schedule13.ts'
import type { TrafficSecret } from '../../keys/schedule13.ts'
import type { ConnectionInfo } from '../../info.ts'
import type { Identity } from '../../options.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { signatureSchemeById, signatureSchemeName, signatureSchemes } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { signedContext } from '../../wire/signed-context.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { CertificateVerifier, VerifyRequest } from '../../x509/verifier.ts'
import { ask, use } from '../flow.ts'
import type { Flow } from '../flow.ts'

declare const proof: unique symbol
interface Proven<Name extends string> {
  readonly [proof]: Name
}

/** The peer's certificates were judged (or the config says that any will do). */
export interface VerifiedPeer extends Proven<'peer'> {
  readonly publicKey: PublicKey
  readonly leaf: Certificate
  readonly certificates: readonly Uint8Array[]
  readonly chain: readonly Certificate[]
}
/** The peer may stay unknown: a client without certificate where none is required, or a PSK handshake. */
export interface UnauthenticatedPeer extends Proven<'no peer'> {
  readonly reason: 'no certificate' | 'psk'
}
/** The peer holds the private key of its certificate, or none is asked of it. */
export interface VerifiedSignature extends Proven<'signature'> {
  readonly scheme: string | undefined
}
/** The peer saw the same handshake. */
export type VerifiedFinished = Proven<'finished'>

const proven = <T>(value: Omit<T, typeof proof>): T => value as T

/** Judges a chain. `verifier` undefined means that the config takes any certificate. */
export function* verifyPeer(verifier: CertificateVerifier | undefined, request: VerifyRequest): Flow<VerifiedPeer> {
  const [der] = request.chain
  if (!der) throw new TlsError('decode_error', 'an empty certificate chain')
  const leaf = parseCertificate(der)
  if (!verifier) return proven<VerifiedPeer>({ leaf, publicKey: leaf.publicKey, certificates: request.chain, chain: [] })
  try {
    const { chain } = yield* use(verifier.verify(request))
    return proven<VerifiedPeer>({ leaf, publicKey: leaf.publicKey, certificates: request.chain, chain })
  } catch (error) {
    throw asTlsError(error, 'verifier_refused')
  }
}

/** The application's own look at a handshake, resumed ones too. */
export function* confirmConnection(config: CommonConfig, info: ConnectionInfo): Flow<void> {
  yield* ask(() => config.verifyConnection?.(info), 'verifier_refused')
}

/** Lets a client in that has no certificate, or refuses it (RFC 9846 section 4.5.1). */
export const absentPeer = (
  config: ServerConfig, code: 'certificate_required' | 'client_certificate_missing' = 'certificate_required',
): UnauthenticatedPeer => {
  if (config.clientAuth?.required) {
    throw new TlsError(code, 'the client gave no certificate, and this server requires one')
  }
  return proven<UnauthenticatedPeer>({ reason: 'no certificate' })
}

/** With a PSK there is no certificate: the binder, or knowing the key, is the proof. */
export const pskPeer = (): UnauthenticatedPeer => proven<UnauthenticatedPeer>({ reason: 'psk' })
export const noSignature = (): VerifiedSignature => proven<VerifiedSignature>({ scheme: undefined })

/** What CertificateVerify signs in TLS 1.3 (section 4.5.2). */
export const signedContent13 = (signer: 'client' | 'server', transcriptHash: Uint8Array): Uint8Array =>
  signedContext(`TLS 1.3, ${signer} CertificateVerify`, transcriptHash)

/** Checks a signature over `content` by the peer's key. `allowed` is what we offered. */
export function* verifySignature(
  config: CommonConfig, schemeId: number, signature: Uint8Array, content: Uint8Array, peer: VerifiedPeer,
  allowed: readonly SignatureScheme[], fits: (scheme: SignatureScheme, key: PublicKey) => boolean = fitsKey,
): Flow<VerifiedSignature> {
  const scheme = signatureSchemeById.get(schemeId)
  if (!scheme || !allowed.some(({ id }) => id === schemeId)) {
    throw new TlsError('illegal_parameter', `CertificateVerify: ${signatureSchemeName(schemeId)} was not offered`)
  }
  if (peer.leaf.keyUsage && !peer.leaf.keyUsage.includes('digitalSignature')) {
    throw new TlsError('certificate_usage', 'the certificate\'s key usage does not let it sign (RFC 9846 section 4.5.1.2, RFC 5280 section 4.2.1.3)')
  }
  if (!fits(scheme, peer.publicKey)) {
    throw new TlsError('illegal_parameter', `CertificateVerify: ${scheme.name} with a certificate for ${peer.publicKey.type}`)
  }
  if (!(yield* isSigned(config, scheme, peer.publicKey, content, signature))) {
    throw new TlsError('bad_signature', 'CertificateVerify: the signature does not verify with the key of the certificate')
  }
  return proven<VerifiedSignature>({ scheme: scheme.name })
}

/** Whether `signature` is that of `key` over `content`; the scheme is one that the config has. */
export function* isSigned(
  { provider }: CommonConfig, scheme: SignatureScheme, key: PublicKey, content: Uint8Array, signature: Uint8Array,
): Flow<boolean> {
  const verifier = provider.verifiers.find(({ algorithm }) => algorithm === scheme.algorithm)
  if (!verifier) throw new TlsError('internal_error', `the provider has no verifier for ${scheme.name}`)
  return yield* use(verifier.verify(key, content, signature))
}

/** A key made for RSA-PSS with one hash is not used with another (RFC 4055 section 1.2). */
export const fitsKey = (scheme: SignatureScheme, key: PublicKey): boolean =>
  scheme.keyType === key.type && (!key.pss || scheme.algorithm === `rsa_pss_${key.pss.hash}`)

/** Compares the peer's Finished in constant work (section 4.5.3). */
export const verifyFinished = (
  verifyData: Uint8Array, baseKey: TrafficSecret, transcriptHash: Uint8Array,
): VerifiedFinished => {
  const expected = finishedVerifyData(baseKey, transcriptHash)
  return checkFinished(verifyData, expected)
}

export const checkFinished = (verifyData: Uint8Array, expected: Uint8Array): VerifiedFinished => {
  if (verifyData.length !== expected.length) {
    throw new TlsError('decode_error', `Finished: ${verifyData.length} bytes; it has to be ${expected.length}`)
  }
  if (!equalBytes(verifyData, expected)) {
    throw new TlsError('bad_finished', 'Finished does not match the handshake: the two ends saw different messages')
  }
  return proven<VerifiedFinished>({})
}

/** The scheme to sign with: the first of the peer's that this identity can do; undefined if there is none. */
export const schemeFor = (identity: Identity, offered: readonly number[], tls13: boolean): SignatureScheme | undefined => {
  const usable = (scheme: SignatureScheme): boolean =>
    scheme.keyType === identity.keyType &&
    (tls13 ? scheme.tls13 : !scheme.tls13Only) &&
    identity.signer.algorithms.includes(scheme.algorithm) &&
    longEnough(scheme, identity.keyBits)
  for (const id of offered) {
    const scheme = signatureSchemes.find((candidate) => candidate.id === id)
    if (scheme && usable(scheme)) return scheme
  }
  return undefined
}

/** RSA-PSS with SHA-512 does not fit a key under 1040 bits (RFC 8017 section 9.1.1: two hashes and two bytes). */
const longEnough = (scheme: SignatureScheme, keyBits: number): boolean => {
  const hashBytes = Number(/^rsa_pss_sha(\d+)$/.exec(scheme.algorithm)?.[1] ?? 0) / 8
  return hashBytes === 0 || keyBits >= 8 * (2 * hashBytes + 2)
}

/** Signs; whatever an external signer throws becomes a TlsError. */
export function* sign(identity: Identity, scheme: SignatureScheme, content: Uint8Array): Flow<Uint8Array> {
  return yield* ask(() => identity.signer.sign(scheme.algorithm, content))
}
