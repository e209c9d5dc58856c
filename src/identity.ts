// Certificates and keys as people have them, turned into an Identity whose key is known to match.

import { checkOptions } from './options/check.ts'
import { signerFor } from './crypto/key-input.ts'
import { parsePublicKey, samePublicKey } from './crypto/keys.ts'
import { andThen as then } from './crypto/maybe.ts'
import type { CryptoProvider, MaybePromise, PublicKey } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import { certificateListOf, sha256Of } from './identities.ts'
import { identityNames } from './options/names.ts'
import type { Identity, IdentityOptions } from './options.ts'
import { signatureSchemeById, signatureSchemeName } from './wire/registry.ts'
import { parseCertificate } from './x509/certificate.ts'
import type { Certificate } from './x509/certificate.ts'
import { delegationEnd, mayDelegateTo, readDelegatedCredential } from './x509/delegated-credential.ts'
import type { DelegatedCredential } from './x509/delegated-credential.ts'
import { signatureAlgorithmOf } from './x509/signature.ts'

export { certificateListOf } from './identities.ts'

/** Loads certificate and key once, for many connections: `identity: await loadIdentity({ cert, key })`. Throws as
 * `loadIdentity`. */
export type LoadIdentity = (options: IdentityOptions, provider?: CryptoProvider) => Promise<Identity>

/** The public form of `loadIdentity`, with an entry point's own provider. */
export const loadIdentityWith =
  (standard: CryptoProvider | undefined): LoadIdentity =>
  async (options, provider = standard) => {
    if (provider === undefined) throw new TlsError('bad_option', 'loadIdentity: give the provider as second argument')
    return loadIdentity(options, provider)
  }

/**
 * Throws `key_mismatch` if the key is not the certificate's, `bad_key` or `bad_option` if one of them can't be read.
 */
export const loadIdentity = (options: IdentityOptions, provider: CryptoProvider): MaybePromise<Identity> => {
  checkOptions(options, identityNames, 'identity')
  const certificates = certificateListOf(options.cert, 'cert')
  const [der] = certificates
  if (!der) throw new TlsError('bad_option', 'cert: an empty list')
  const leaf = parseCertificate(der)
  const delegated = options.delegatedCredential && readDelegatedCredential(options.delegatedCredential)
  const publicKey = delegated ? delegatedKey(delegated) : leaf.publicKey
  return then(signerFor(options.key, provider, publicKey), (signer) => {
    if (signer.publicKey && !samePublicKey(signer.publicKey, publicKey))
      throw mismatch(signer.publicKey, certificates, leaf, delegated)
    return {
      certificates,
      leaf,
      digest: sha256Of(provider, der),
      ...chainFacts(leaf, certificates),
      signer,
      keyType: publicKey.type,
      keyBits: publicKey.bits,
      ocspResponse: options.ocspResponse,
      scts: options.scts,
      ...(options.onlyForItsIssuers && { onlyForItsIssuers: true }),
      ...(delegated && { delegated: { ...delegated, until: delegationEnd(leaf, delegated) } }),
    }
  })
}

/** Who issued the chain, and how. An intermediate that we cannot read is sent all the same. */
const chainFacts = (
  leaf: Certificate,
  [, ...others]: readonly Uint8Array[],
): Pick<Identity, 'issuers' | 'signedWith'> => {
  const chain = [leaf, ...others.flatMap(readable)]
  return {
    issuers: chain.map(({ issuer }) => issuer.der),
    signedWith: chain
      .filter(({ isSelfIssued }) => !isSelfIssued)
      .map(({ signatureAlgorithm }) => signatureAlgorithmOf(signatureAlgorithm)),
  }
}

const readable = (der: Uint8Array): readonly Certificate[] => {
  try {
    return [parseCertificate(der)]
  } catch {
    return []
  }
}

const mismatch = (
  { type }: PublicKey,
  certificates: readonly Uint8Array[],
  leaf: Certificate,
  delegated: DelegatedCredential | undefined,
): TlsError =>
  new TlsError(
    'key_mismatch',
    delegated
      ? "the private key does not belong to the delegated credential (with one, `key` is the credential's)"
      : `the private key does not belong to the certificate of ${leaf.subject.toString() || '(no subject)'}: ` +
          `the key is ${type}, the certificate has another public key (${leaf.publicKey.type})` +
          (certificates.length > 1 ? '; is the leaf certificate the first in the list?' : ''),
  )

/** Throws `bad_option` for a scheme that credentials may not have (RFC 9345 section 4): rsaEncryption keys are for
 * certificates. */
const delegatedKey = ({ spki, scheme }: DelegatedCredential): PublicKey => {
  const key = parsePublicKey(spki)
  const facts = signatureSchemeById.get(scheme)
  if (!facts || !mayDelegateTo(facts) || facts.keyType !== key.type) {
    throw new TlsError(
      'bad_option',
      `delegatedCredential: a key of type ${key.type} for ${signatureSchemeName(scheme)} (RFC 9345 section 4)`,
    )
  }
  return key
}
