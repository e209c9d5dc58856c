// What both sides can do beside the least that TLS 1.3 asks for. A handshake knows each capability by its interface
// only, so that one without it does not carry it; features.ts of each side names what implements them. A config that
// asks for what is not there was refused.

import type { CommonConfig } from '../config.ts'
import type { PublicKey } from '../crypto/provider.ts'
import type { Identity } from '../options.ts'
import type { Certificate13, CompressedCertificate, Message, Messages13 } from '../wire/messages.ts'
import type { SignatureScheme } from '../wire/registry.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Flow } from './flow.ts'

export interface SharedParts {
  readonly compression?: CompressionPart
  readonly delegation?: DelegationPart
}

/** Certificate compression (RFC 8879). */
export interface CompressionPart {
  /** Undefined: no algorithm of ours is in the peer's list. */
  compress(
    config: CommonConfig,
    identity: Identity,
    message: Certificate13,
    theirs: readonly number[],
  ): Flow<CompressedCertificate | undefined>
  expand(
    config: CommonConfig,
    message: Message<Messages13, 'CompressedCertificate'>,
  ): Flow<Message<Messages13, 'Certificate'>>
}

/** Delegated credentials (RFC 9345), ours and the peer's. */
export interface DelegationPart {
  /** The scheme that the credential of an identity signs with, or undefined if the peer does not take it. */
  schemeFor(config: CommonConfig, identity: Identity, taken: TakenSchemes): SignatureScheme | undefined
  /** The extension of our leaf's entry. */
  encode(credential: NonNullable<Identity['delegated']>): Uint8Array
  /** Throws `illegal_parameter` for a credential of the peer that is not valid (section 4.1.3). */
  check(
    config: CommonConfig,
    role: 'client' | 'server',
    leaf: Certificate,
    allowed: readonly SignatureScheme[],
    bytes: Uint8Array,
  ): Flow<CheckedCredential>
}

/** What a peer says of the signatures that it takes. */
export interface TakenSchemes {
  readonly signature_algorithms: readonly number[]
  readonly delegated_credential?: readonly number[] | undefined
}

/** What a credential puts in place of the certificate's key. */
export interface CheckedCredential {
  readonly key: PublicKey
  /** The scheme that the key may sign with. */
  readonly scheme: SignatureScheme
  /** Milliseconds since the epoch. */
  readonly until: number
}
