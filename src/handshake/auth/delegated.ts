// Delegated credentials in a handshake (RFC 9345 section 4.1): which of ours a peer takes, and whether the peer's may
// stand in for its certificate.

import type { CommonConfig } from '../../config.ts'
import { parsePublicKey } from '../../crypto/keys.ts'
import type { PublicKey } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import { signatureSchemeById, signatureSchemeName } from '../../wire/registry.ts'
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
import type { CheckedCredential, DelegationPart, TakenSchemes } from '../parts.ts'

/** The scheme that a credential of ours signs with, or undefined if the peer does not take it. */
const credentialScheme = (
  config: CommonConfig,
  identity: Identity,
  taken: TakenSchemes,
): SignatureScheme | undefined => {
  const { delegated } = identity
  if (!delegated || !taken.delegated_credential || !taken.signature_algorithms.includes(delegated.algorithm))
    return undefined
  if (ageProblem(delegated.until, config.clock())) return undefined
  return taken.delegated_credential.includes(delegated.scheme)
    ? schemeFor(identity, [delegated.scheme], true)
    : undefined
}

/**
 * The key of the peer's credential. `allowed` may have signed it. Throws `illegal_parameter` if it is not valid
 * (section 4.1.3).
 */
function* checkCredential(
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

export const delegationPart: DelegationPart = {
  schemeFor: credentialScheme,
  encode: encodeDelegatedCredential,
  check: checkCredential,
}
