// {Certificate} {CertificateVerify}: who we are in TLS 1.3, as a server or as a client that was asked (RFC 9846
// section 4.5.1 and 4.5.2).

import type { CommonConfig } from '../../config.ts'
import { certificateEntryExtensions, encodeExtensions } from '../../wire/extensions.ts'
import type { WrittenExtensions } from '../../wire/extensions.ts'
import type { Messages13 } from '../../wire/messages.ts'
import { sign, signedContent13 } from './signatures.ts'
import { sendCertificateMessage } from './certificate-message.ts'
import type { Handshake } from '../context.ts'
import type { Flow } from '../flow.ts'
import type { ChosenIdentity } from './identities.ts'

export interface ProofRequest {
  readonly role: 'client' | 'server'
  /** certificate_request_context. */
  readonly context: Uint8Array
  /** What the peer wants beside our leaf. */
  readonly leafExtensions: WrittenExtensions<typeof certificateEntryExtensions>
  /** Its compress_certificate. */
  readonly compression: readonly number[] | undefined
}

export function* sendProof13(
  hs: Handshake<CommonConfig, Messages13>,
  { identity, scheme }: ChosenIdentity,
  { role, context, leafExtensions, compression }: ProofRequest,
): Flow<void> {
  const { delegation } = hs.parts
  const { certificates, delegated } = identity
  const ofLeaf = encodeExtensions(certificateEntryExtensions, {
    ...leafExtensions,
    delegated_credential: delegated && delegation?.encode(delegated),
  })
  const entries = certificates.map((data, index) => ({ data, extensions: index === 0 ? ofLeaf : [] }))
  yield* sendCertificateMessage(hs, identity, { context, entries }, compression)
  const content = signedContent13(role, hs.transcript.hash())
  hs.send('CertificateVerify', { scheme: scheme.id, signature: yield* sign(identity, scheme, content) })
}
