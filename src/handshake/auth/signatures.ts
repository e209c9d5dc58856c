// Signatures of a handshake: which scheme an identity signs with, what is signed, and whether a signature is by a key
// (RFC 9846 section 4.3.3 and 4.5.2).

import type { CommonConfig } from '../../config.ts'
import type { PublicKey } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import { signatureSchemes } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { signedContext } from '../../wire/signed-context.ts'
import type { AnyHandshake } from '../context.ts'
import { ask, use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { TakenSchemes } from '../parts.ts'

/** What CertificateVerify signs in TLS 1.3 (section 4.5.2). */
export const signedContent13 = (signer: 'client' | 'server', transcriptHash: Uint8Array): Uint8Array =>
  signedContext(`TLS 1.3, ${signer} CertificateVerify`, transcriptHash)

/** Whether `signature` is that of `key` over `content`; the scheme is one that the config has. */
export function* isSigned(
  { provider }: CommonConfig,
  scheme: SignatureScheme,
  key: PublicKey,
  content: Uint8Array,
  signature: Uint8Array,
): Flow<boolean> {
  const verifier = provider.verifiers.find(({ algorithm }) => algorithm === scheme.algorithm)
  if (!verifier) throw new TlsError('internal_error', `the provider has no verifier for ${scheme.name}`)
  return (yield* use(verifier.verify(key, content, signature))) === true // whatever else a provider answers
}

/** A key made for RSA-PSS with one hash is not used with another (RFC 4055 section 1.2). */
export const fitsKey = (scheme: SignatureScheme, key: PublicKey): boolean =>
  scheme.keyType === key.type && (!key.pss || scheme.algorithm === `rsa_pss_${key.pss.hash}`)

/** The scheme to sign with: the first of the peer's that this identity can do; undefined if there is none. */
export const schemeFor = (
  identity: Identity,
  offered: readonly number[],
  tls13: boolean,
): SignatureScheme | undefined => {
  if (!maySign(identity)) return undefined
  const usable = (scheme: SignatureScheme): boolean =>
    scheme.keyType === identity.keyType &&
    (tls13 ? scheme.tls13 : !scheme.tls13Only) &&
    identity.signer.algorithms.includes(scheme.algorithm) &&
    longEnough(scheme, identity.keyBits)
  const ours = signatureSchemes.filter(usable)
  const chosen = offered.find((id) => ours.some((scheme) => scheme.id === id))
  return ours.find(({ id }) => id === chosen)
}

/** The scheme that an identity signs the handshake of TLS 1.3 with, or undefined if the peer does not take it. */
export const schemeFor13 = (
  { config, parts }: Pick<AnyHandshake, 'config' | 'parts'>,
  identity: Identity,
  taken: TakenSchemes,
): SignatureScheme | undefined => {
  if (!identity.delegated) return schemeFor(identity, taken.signature_algorithms, true)
  if (parts.delegation) return parts.delegation.schemeFor(config, identity, taken)
  throw new TlsError('bad_option', 'identity: a delegated credential needs the feature `delegatedCredentials`', {
    alert: 'internal_error',
  })
}

/** Whether the certificate's key usage lets it sign a handshake (RFC 9846 section 4.5.1.2, RFC 5246 section 7.4.2). */
export const maySign = ({ leaf: { keyUsage } }: Identity): boolean => keyUsage?.includes('digitalSignature') ?? true

/** RSA-PSS with SHA-512 does not fit a key under 1040 bits (RFC 8017 section 9.1.1: two hashes and two bytes). */
export const longEnough = (scheme: SignatureScheme, keyBits: number): boolean => {
  const hashBytes = Number(/^rsa_pss_sha(\d+)$/.exec(scheme.algorithm)?.[1] ?? 0) / 8
  return hashBytes === 0 || keyBits >= 8 * (2 * hashBytes + 2)
}

/** Signs; whatever an external signer throws becomes a TlsError. */
export function* sign(identity: Identity, scheme: SignatureScheme, content: Uint8Array): Flow<Uint8Array> {
  return yield* ask(() => identity.signer.sign(scheme.algorithm, content))
}
