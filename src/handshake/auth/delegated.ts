// Delegated credentials in a handshake (RFC 9345 section 4.1): which of ours a peer takes, and whether the peer's may
// stand in for its certificate.

import type { CommonConfig } from '../../config.ts'
import { parsePublicKey } from '../../crypto/keys.ts'
import type { PublicKey } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import type { CertificateEntryExtensions } from '../../wire/extensions.ts'
import type { CertificateEntry } from '../../wire/messages.ts'
import { extensionTypes, signatureSchemeById, signatureSchemeName } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import type { Certificate } from '../../x509/certificate.ts'
import {
  delegationContent,
  delegationEnd,
  delegationProblem,
  encodeDelegatedCredential,
  MAX_DELEGATION,
  readDelegatedCredential,
} from '../../x509/delegated-credential.ts'
import type { DelegatedCredential } from '../../x509/delegated-credential.ts'
import { fitsKey, isSigned, schemeFor } from './signatures.ts'
import type { Flow } from '../flow.ts'

/** What a peer says of the signatures that it takes. */
export interface TakenSchemes {
  readonly signature_algorithms: readonly number[]
  readonly delegated_credential?: readonly number[] | undefined
}

/** The scheme that an identity signs the handshake with, or undefined if the peer does not take it. */
export const schemeFor13 = (
  config: CommonConfig,
  identity: Identity,
  taken: TakenSchemes,
): SignatureScheme | undefined => {
  const { delegated } = identity
  if (!delegated) return schemeFor(identity, taken.signature_algorithms, true)
  if (!taken.delegated_credential || !taken.signature_algorithms.includes(delegated.algorithm)) return undefined
  if (ageProblem(delegated.until, config.clock())) return undefined
  return taken.delegated_credential.includes(delegated.scheme)
    ? schemeFor(identity, [delegated.scheme], true)
    : undefined
}

/** The extension of our leaf's entry. */
export const delegationOf = ({ delegated }: Identity): Pick<CertificateEntryExtensions, 'delegated_credential'> =>
  delegated ? { delegated_credential: encodeDelegatedCredential(delegated) } : {}

/** The list for delegated_credential, empty where none are taken. */
export const takenDelegations = ({
  delegatedSchemes,
}: CommonConfig): { readonly delegated_credential?: readonly number[] } =>
  delegatedSchemes.length > 0 ? { delegated_credential: delegatedSchemes.map(({ id }) => id) } : {}

/** Throws `unexpected_message` for a credential that was not asked for (section 4.1.1); any other extension would be
 * unsupported_extension. */
export const refuseUnasked = (entries: readonly CertificateEntry[], asked: boolean): void => {
  if (
    !asked &&
    entries.some(({ extensions }) => extensions.some(({ type }) => type === extensionTypes.delegated_credential))
  ) {
    throw new TlsError(
      'unexpected_message',
      'Certificate: a delegated credential that was not asked for (RFC 9345 section 4.1)',
    )
  }
}

/** What a credential puts in place of the certificate's key. */
export interface CheckedCredential {
  readonly key: PublicKey
  /** The scheme that the key may sign with. */
  readonly scheme: SignatureScheme
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * The key of the peer's credential. `allowed` may have signed it. Throws `illegal_parameter` if it is not valid
 * (section 4.1.3).
 */
export function* checkCredential(
  config: CommonConfig,
  role: 'client' | 'server',
  leaf: Certificate,
  allowed: readonly SignatureScheme[],
  bytes: Uint8Array,
): Flow<CheckedCredential> {
  const credential = readDelegatedCredential(bytes)
  const until = delegationEnd(leaf, credential)
  const age = ageProblem(until, config.clock())
  if (age) throw bad(age)
  const scheme = config.delegatedSchemes.find(({ id }) => id === credential.scheme)
  if (!scheme) throw bad(`it is for ${signatureSchemeName(credential.scheme)}, which was not offered for credentials`)
  const unfit = delegationProblem(leaf)
  if (unfit) throw bad(`${unfit} (section 4.2)`)
  const signing = allowed.find(({ id }) => id === credential.algorithm)
  if (!signing) throw bad(`it is signed with ${signatureSchemeName(credential.algorithm)}, which was not offered`)
  if (!fitsKey(signing, leaf.publicKey))
    throw bad(`it is signed with ${signing.name}, which is not of the certificate's key`)
  const content = delegationContent(role, leaf.der, credential, credential.algorithm)
  if (!(yield* isSigned(config, signing, leaf.publicKey, content, credential.signature))) {
    throw bad('its signature does not verify with the key of the certificate')
  }
  return { key: keyOf(credential), scheme, until }
}

const ageProblem = (end: number, now: number): string | undefined => {
  if (now > end) return `it ended at ${new Date(end).toISOString()}`
  return end > now + 1000 * MAX_DELEGATION ? `it is valid for more than ${MAX_DELEGATION} seconds from now` : undefined
}

const keyOf = ({ spki, scheme }: DelegatedCredential): PublicKey => {
  let key: PublicKey
  try {
    key = parsePublicKey(spki)
  } catch (error) {
    throw bad('its key cannot be read', error)
  }
  const facts = signatureSchemeById.get(scheme)
  if (!facts || !fitsKey(facts, key)) throw bad(`a key of type ${key.type} for ${signatureSchemeName(scheme)}`)
  return key
}

const bad = (why: string, cause?: unknown): TlsError =>
  new TlsError('illegal_parameter', `delegated credential: ${why} (RFC 9345 section 4.1.3)`, { cause })
