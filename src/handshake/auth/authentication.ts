// The proofs of who the peer is (RFC 9846 section 4.5): its certificates, its signature, its pre-shared key, its
// Finished. Each is a class of this file with private fields, and only the function that checks it makes one: the
// classes leave the file as types. The end of a handshake demands them, so that a handshake with a check left out does
// not compile.

import type { ActiveSuite, ClientAuthConfig, CommonConfig, ServerConfig } from '../../config.ts'
import type { CryptoProvider, PublicKey } from '../../crypto/provider.ts'
import { asTlsError, TlsError } from '../../errors.ts'
import { finishedVerifyData } from '../../keys/schedule13.ts'
import type { TrafficSecret } from '../../keys/schedule13.ts'
import type { SessionState } from '../../session/state.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { signatureSchemeById, signatureSchemeName } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { CertificateVerifier, VerifyRequest } from '../../x509/verifier.ts'
import type { AnyHandshake } from '../context.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { fitsKey, isSigned } from './signatures.ts'

/** Who the server is to a client: there is always a proof. */
export type ServerAuthentication = ByCertificate | ByPsk
/** Who the client is to a server, which may have a policy that lets anybody in. */
export type ClientAuthentication = ByCertificate | ByPsk | ByPolicy
export type Authentication = ServerAuthentication | ClientAuthentication

export interface ByCertificate {
  readonly by: 'certificate'
  readonly peer: VerifiedPeer
  readonly signature: VerifiedSignature
}
export interface ByPsk {
  readonly by: 'psk'
  readonly psk: VerifiedPsk
}
export interface ByPolicy {
  readonly by: 'none'
  readonly policy: NoCertificatePolicy
}

/** What the end of a handshake demands of the checks before it. `A`: what the peer has to prove. */
export interface Proofs<A extends Authentication = Authentication> {
  readonly auth: A
  readonly finished: VerifiedFinished
}

// ---- the peer's certificates
// ---------------------------------------------------------------------------------------------

/** The peer's certificates were judged by a verifier, or by a server's policy that takes any. */
class VerifiedPeer {
  readonly #certificates: readonly Uint8Array[]
  readonly #leaf: Certificate
  readonly #chain: readonly Certificate[]

  constructor(certificates: readonly Uint8Array[], leaf: Certificate, chain: readonly Certificate[]) {
    this.#certificates = certificates
    this.#leaf = leaf
    this.#chain = chain
  }

  /** DER as the peer sent them, leaf first. */
  get certificates(): readonly Uint8Array[] {
    return this.#certificates
  }
  get leaf(): Certificate {
    return this.#leaf
  }
  /** As the verifier proved it, leaf first; empty where none judged. */
  get chain(): readonly Certificate[] {
    return this.#chain
  }
  get publicKey(): PublicKey {
    return this.#leaf.publicKey
  }
}
export type { VerifiedPeer }

/**
 * Judges a chain; whatever the verifier throws becomes a TlsError. `leaf`: the first of the chain, if it is parsed
 * already.
 */
export function* verifyPeer(
  { certificateAlgorithms }: CommonConfig,
  verifier: CertificateVerifier,
  request: VerifyRequest,
  leaf: Certificate = leafOf(request.chain, verifier),
): Flow<VerifiedPeer> {
  try {
    const { chain } = yield* use(verifier.verify({ ...request, leaf, signatureAlgorithms: certificateAlgorithms }))
    return new VerifiedPeer(request.chain, leaf, chain)
  } catch (error) {
    throw asTlsError(error, 'verifier_refused')
  }
}

/** Judges a client's chain as the server's clientAuth says, which may be that any will do. */
export function* verifyClient(
  config: ServerConfig,
  { verifier }: ClientAuthConfig,
  chain: readonly Uint8Array[],
): Flow<VerifiedPeer> {
  if (!verifier) return new VerifiedPeer(chain, leafOf(chain), [])
  return yield* verifyPeer(config, verifier, { chain, peer: 'client', serverName: undefined, time: config.clock() })
}

/** As the verifier parsed it before, if it did. */
export const leafOf = ([der]: readonly Uint8Array[], verifier?: CertificateVerifier): Certificate => {
  if (!der) throw new TlsError('decode_error', 'an empty certificate chain')
  const known = verifier?.recall?.(der)
  return known && equalBytes(known.der, der) ? known : parseCertificate(der)
}

// ---- the peer's signature
// ------------------------------------------------------------------------------------------------

/** Who signs CertificateVerify, and with what: the key of the certificate, or that of its delegated credential. */
class HandshakeSigner {
  readonly #peer: VerifiedPeer
  readonly #key: PublicKey
  readonly #allowed: readonly SignatureScheme[]
  readonly #delegatedUntil: number | undefined

  constructor(peer: VerifiedPeer, key: PublicKey, allowed: readonly SignatureScheme[], delegatedUntil?: number) {
    this.#peer = peer
    this.#key = key
    this.#allowed = allowed
    this.#delegatedUntil = delegatedUntil
  }

  get peer(): VerifiedPeer {
    return this.#peer
  }
  get key(): PublicKey {
    return this.#key
  }
  get allowed(): readonly SignatureScheme[] {
    return this.#allowed
  }
  /** Milliseconds since the epoch; undefined where the certificate's own key signs. */
  get delegatedUntil(): number | undefined {
    return this.#delegatedUntil
  }
}
export type { HandshakeSigner }

/**
 * The key that signs in TLS 1.3. Throws `illegal_parameter` for a delegated credential that is not valid (RFC 9345
 * section 4.1.3).
 */
export function* signer13(
  { config, parts }: Pick<AnyHandshake, 'config' | 'parts'>,
  role: 'client' | 'server',
  peer: VerifiedPeer,
  credential: Uint8Array | undefined,
): Flow<HandshakeSigner> {
  const allowed = config.schemes.filter(({ tls13 }) => tls13)
  if (!credential) return new HandshakeSigner(peer, peer.publicKey, allowed)
  if (!parts.delegation) throw new TlsError('internal_error', 'delegated credentials were asked for, and are not there')
  const { key, scheme, until } = yield* parts.delegation.check(config, role, peer.leaf, allowed, credential)
  return new HandshakeSigner(peer, key, [scheme], until)
}

/** The key that signs in TLS 1.2: always the certificate's. */
export const signer12 = (peer: VerifiedPeer, allowed: readonly SignatureScheme[]): HandshakeSigner =>
  new HandshakeSigner(peer, peer.publicKey, allowed)

/** The peer holds the private key of its certificate. */
class VerifiedSignature {
  readonly #scheme: string | undefined
  readonly #delegatedUntil: number | undefined

  constructor(scheme: string | undefined, delegatedUntil: number | undefined) {
    this.#scheme = scheme
    this.#delegatedUntil = delegatedUntil
  }

  /** Undefined where the key was proven by decrypting: static RSA in TLS 1.2. */
  get scheme(): string | undefined {
    return this.#scheme
  }
  get delegatedUntil(): number | undefined {
    return this.#delegatedUntil
  }
}
export type { VerifiedSignature }

export interface SignedContent {
  readonly scheme: number
  readonly signature: Uint8Array
  readonly content: Uint8Array
}

/** What a version has of its own: keys that a scheme goes with, and a form of signatures that no provider verifies. */
export interface SignatureRules {
  readonly fits: (scheme: SignatureScheme, key: PublicKey) => boolean
  readonly isAlsoBy?: (
    provider: CryptoProvider,
    scheme: SignatureScheme,
    key: PublicKey,
    content: Uint8Array,
    signature: Uint8Array,
  ) => boolean
}

/**
 * Checks a signature by the peer's key: CertificateVerify (RFC 9846 section 4.5.2), or ServerKeyExchange of TLS 1.2.
 */
export function* verifySignature(
  config: CommonConfig,
  signer: HandshakeSigner,
  { scheme: schemeId, signature, content }: SignedContent,
  { fits, isAlsoBy }: SignatureRules = { fits: fitsKey },
): Flow<VerifiedSignature> {
  const { peer, key, allowed, delegatedUntil } = signer
  const scheme = signatureSchemeById.get(schemeId)
  if (!scheme || !allowed.some(({ id }) => id === schemeId)) {
    throw new TlsError('illegal_parameter', `CertificateVerify: ${signatureSchemeName(schemeId)} was not offered`)
  }
  if (peer.leaf.keyUsage && !peer.leaf.keyUsage.includes('digitalSignature')) {
    const rule = '(RFC 9846 section 4.5.1.2, RFC 5280 section 4.2.1.3)'
    throw new TlsError('certificate_usage', `the certificate's key usage does not let it sign ${rule}`)
  }
  if (!fits(scheme, key)) {
    throw new TlsError('illegal_parameter', `CertificateVerify: ${scheme.name} with a certificate for ${key.type}`)
  }
  const isBy = yield* isSigned(config, scheme, key, content, signature)
  if (!isBy && !isAlsoBy?.(config.provider, scheme, key, content, signature)) {
    throw new TlsError(
      'bad_signature',
      'CertificateVerify: the signature does not verify with the key of the certificate',
    )
  }
  return new VerifiedSignature(scheme.name, delegatedUntil)
}

/**
 * With static RSA (TLS 1.2) nothing is signed: only the holder of the key can read the premaster secret, and so make
 * Finished.
 */
export const keyTransport = (suite: Pick<ActiveSuite, 'name' | 'keyExchange'>): VerifiedSignature => {
  if (suite.keyExchange !== 'rsa') throw new TlsError('internal_error', `${suite.name} needs a signature`)
  return new VerifiedSignature(undefined, undefined)
}

// ---- the peer's pre-shared key
// -------------------------------------------------------------------------------------------

/** The peer holds a key that we know it by: that of a session, or one that both ends were given. */
class VerifiedPsk {
  readonly #session: SessionState | undefined
  readonly #identity: Uint8Array | undefined

  constructor(session: SessionState | undefined, identity: Uint8Array | undefined) {
    this.#session = session
    this.#identity = identity
  }

  /** The session that goes on; undefined for an external key. */
  get session(): SessionState | undefined {
    return this.#session
  }
  /** The identity of an external key; undefined for a session. */
  get identity(): Uint8Array | undefined {
    return this.#identity
  }
}
export type { VerifiedPsk }

/** What a key is known by: the session that it is of, or the identity of an external key. */
export type PskOrigin = Pick<VerifiedPsk, 'session' | 'identity'>

/** What a handshake found out about the peer so far. With a pre-shared key, its proof may still be to come. */
export type KnownPeer = ByCertificate | ByPolicy | { readonly by: 'psk'; readonly psk: PskOrigin }

/** Server of TLS 1.3: the binder proves that the client knows the key (RFC 9846 section 4.3.11.2). */
export const verifyBinder = (
  binder: Uint8Array,
  baseKey: TrafficSecret,
  transcriptHash: Uint8Array,
  { session, identity }: PskOrigin,
): VerifiedPsk => {
  // the codec accepts it: the binder of a key that is not chosen is not looked at
  if (binder.length < 32)
    throw new TlsError('decode_error', 'ClientHello: a PSK binder of less than 32 bytes (section 4.3.11)')
  if (!equalBytes(binder, finishedVerifyData(baseKey, transcriptHash))) {
    throw new TlsError(
      'bad_binder',
      'ClientHello: the PSK binder is wrong: the client does not have the key of its ticket',
    )
  }
  return new VerifiedPsk(session, identity)
}

/**
 * Where Finished is the proof, made under keys that stand on the pre-shared one: on a client, and in TLS 1.2 on both
 * sides.
 */
export const provenByFinished = (_finished: VerifiedFinished, { session, identity }: PskOrigin): VerifiedPsk =>
  new VerifiedPsk(session, identity)

// ---- no proof at all
// -----------------------------------------------------------------------------------------------------

/** A server that lets clients in without a certificate. */
class NoCertificatePolicy {
  readonly #reason: 'not asked' | 'not required'

  constructor(reason: 'not asked' | 'not required') {
    this.#reason = reason
  }

  get reason(): 'not asked' | 'not required' {
    return this.#reason
  }
}
export type { NoCertificatePolicy }

/** Lets a client in that has no certificate, or refuses it with `code` (RFC 9846 section 4.5.1). */
export const allowNoCertificate = (
  { clientAuth }: ServerConfig,
  code: 'certificate_required' | 'client_certificate_missing' = 'certificate_required',
): ByPolicy => {
  if (clientAuth?.required) {
    throw new TlsError(code, 'the client gave no certificate, and this server requires one')
  }
  return { by: 'none', policy: new NoCertificatePolicy(clientAuth ? 'not required' : 'not asked') }
}

/** Whether a session's client was who this server demands. */
export const isAuthenticated = (
  { clientAuth }: ServerConfig,
  { peerCertificates, pskIdentity }: SessionState,
): boolean => !clientAuth?.required || peerCertificates.length > 0 || (clientAuth.acceptPsk && pskIdentity.length > 0)

// ---- Finished
// ------------------------------------------------------------------------------------------------------------

/** The peer saw the same handshake, and holds the keys that came of it. */
class VerifiedFinished {
  readonly #verifyData: Uint8Array

  constructor(verifyData: Uint8Array) {
    this.#verifyData = verifyData
  }

  get verifyData(): Uint8Array {
    return this.#verifyData
  }
}
export type { VerifiedFinished }

/** Compares the peer's Finished in constant work (RFC 9846 section 4.5.3). */
export const verifyFinished = (
  verifyData: Uint8Array,
  baseKey: TrafficSecret,
  transcriptHash: Uint8Array,
): VerifiedFinished => checkFinished(verifyData, finishedVerifyData(baseKey, transcriptHash))

/** The same where `expected` is known (RFC 5246 section 7.4.9). */
export const checkFinished = (verifyData: Uint8Array, expected: Uint8Array): VerifiedFinished => {
  if (verifyData.length !== expected.length) {
    throw new TlsError('decode_error', `Finished: ${verifyData.length} bytes; it has to be ${expected.length}`)
  }
  if (!equalBytes(verifyData, expected)) {
    throw new TlsError('bad_finished', 'Finished does not match the handshake: the two ends saw different messages')
  }
  return new VerifiedFinished(verifyData)
}
