// Certificates and keys as people have them, turned into an Identity whose key is known to match.

import { checkOptions } from './options/check.ts'
import { signerFor } from './crypto/key-input.ts'
import type { KeyInput } from './crypto/key-input.ts'
import { parsePublicKey, samePublicKey } from './crypto/keys.ts'
import { andThen as then } from './crypto/maybe.ts'
import type { CryptoProvider, MaybePromise, PublicKey } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import { identityNames } from './options/names.ts'
import type { CertificateInput, Identities, Identity, IdentityOptions } from './options.ts'
import { toHex } from './wire/bytes.ts'
import { signatureSchemeById, signatureSchemeName } from './wire/registry.ts'
import { parseCertificate } from './x509/certificate.ts'
import type { Certificate } from './x509/certificate.ts'
import { certificateBytes } from './x509/load.ts'
import { delegationEnd, mayDelegateTo, readDelegatedCredential } from './x509/delegated-credential.ts'
import { signatureAlgorithmOf } from './x509/signature.ts'
import type { DelegatedCredential } from './x509/delegated-credential.ts'

/** DER certificates of PEM (text or bytes), DER, or a list of them. Throws `bad_option` where there is none. */
export const certificateListOf = (input: CertificateInput, option: string): readonly Uint8Array[] =>
  certificateBytes(input, option)

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

const sha256Of = ({ name, hashes: { sha256 } }: CryptoProvider, der: Uint8Array): string => {
  if (!sha256) throw new TlsError('unsupported', `the ${name} provider has no SHA-256`)
  return toHex(sha256.digest(der))
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

/** Where identities come from: options that name them, or a function of what the peer asks. */
export interface IdentitySource<Asked> {
  readonly identity?: Identities | ((asked: Asked) => MaybePromise<Identities | undefined>)
  readonly cert?: CertificateInput
  readonly key?: KeyInput
}

/** The identities to choose from, as a function of what the peer asks; those that options name are loaded once. */
export const identitiesOf = <Asked>(
  source: IdentitySource<Asked>,
  provider: CryptoProvider,
): ((asked: Asked) => MaybePromise<readonly Identity[]>) => {
  const { identity } = source
  if (typeof identity === 'function') {
    const known: Known = new WeakMap()
    return (asked) => then(identity(asked), (chosen) => loadAll(chosen, provider, known))
  }
  const loaded = loadAll(identity ?? certAndKey(source), provider)
  if (loaded instanceof Promise) loaded.catch(() => {}) // reported to each connection that asks for it
  return () => loaded
}

/** The identities that options name, as a text that tells them apart; undefined for a function, which may answer
 * otherwise each time. */
export const identityKeyOf = (source: IdentitySource<never>, provider: CryptoProvider): string | undefined => {
  const { identity = certAndKey(source) } = source
  if (typeof identity === 'function') return undefined
  const list = identity === undefined ? [] : isList(identity) ? identity : [identity]
  return list.map((one) => (isLoaded(one) ? one.digest : digestOf(one, provider))).join(' ')
}

const digestOf = ({ cert }: IdentityOptions, provider: CryptoProvider): string => {
  const [der = new Uint8Array(0)] = certificateListOf(cert, 'cert')
  return sha256Of(provider, der)
}

const certAndKey = ({ cert, key }: IdentitySource<never>): IdentityOptions | undefined => {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined) throw new TlsError('bad_option', 'key was given without cert')
  if (key === undefined) throw new TlsError('bad_option', 'cert was given without key')
  return { cert, key }
}

/** Options that a function answered with before, and what they were loaded as: the same object is loaded once. */
type Known = WeakMap<IdentityOptions, MaybePromise<Identity>>

const loadAll = (
  identities: Identities | undefined,
  provider: CryptoProvider,
  known?: Known,
): MaybePromise<readonly Identity[]> => {
  if (identities === undefined) return []
  const list = isList(identities) ? identities : [identities]
  const loaded = list.map((one) => {
    if (isLoaded(one)) return one
    const identity = known?.get(one) ?? loadIdentity(one, provider)
    known?.set(one, identity)
    return identity
  })
  const ready = loaded.filter((one): one is Identity => !(one instanceof Promise))
  return ready.length === loaded.length ? ready : Promise.all(loaded)
}

const isList = (identities: Identities): identities is readonly (IdentityOptions | Identity)[] =>
  Array.isArray(identities)
const isLoaded = (identity: IdentityOptions | Identity): identity is Identity =>
  'signer' in identity && 'certificates' in identity
