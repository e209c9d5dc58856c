// Post-handshake client authentication (RFC 9846 section 4.7.2), both sides. The messages are hashed after the
// handshake's own transcript, apart from it, and stand one after the other.

import type { ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { finishedVerifyData } from '../../keys/schedule13.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { certificateEntryExtensions, certificateRequestExtensions, decodeExtensions, encodeExtensions } from '../../wire/extensions.ts'
import { extensionTypes } from '../../wire/registry.ts'
import type { CertificateRequest13, Message, Messages13 } from '../../wire/messages.ts'
import { absentPeer, noSignature, signedContent13, verifyFinished, verifyPeer, verifySignature } from '../auth/authenticate.ts'
import type { UnauthenticatedPeer, VerifiedPeer, VerifiedSignature } from '../auth/authenticate.ts'
import { expandable } from '../auth/certificate-compression.ts'
import { sendClientCertificate } from '../client/client-certificate13.ts'
import type { ClientHandshake } from '../client/client-hello.ts'
import type { Connection13 } from './connection13.ts'
import type { Handshake } from '../context.ts'
import { handshakeSigner, refuseUnasked, takenDelegations } from '../auth/delegated.ts'
import type { Flow } from '../flow.ts'
import { greasedSchemes, greaseExtension } from '../grease.ts'

/** The client's answer: Certificate, CertificateVerify if it has one, Finished. */
export function* answerCertificateRequest(
  hs: ClientHandshake, connection: Connection13, request: Message<Messages13, 'CertificateRequest'>,
): Flow<void> {
  if (!hs.config.postHandshakeAuth) {
    throw new TlsError('unexpected_message', 'CertificateRequest after the handshake, which was not offered (section 4.7.2)')
  }
  if (request.context.length === 0) {
    throw new TlsError('illegal_parameter', 'CertificateRequest: a context is due after the handshake (section 4.4.2)')
  }
  const apart = hs.fork()
  apart.transcript.add(request.raw)
  yield* sendClientCertificate(apart, request)
  apart.send('Finished', { verifyData: finishedVerifyData(connection.finishedBase.write, apart.transcript.hash()) })
}

interface OpenRequest {
  readonly context: Uint8Array
  readonly apart: Handshake<ServerConfig, Messages13>
}

/** A server's requests that wait for their answer. */
export class CertificateRequests {
  readonly #hs: Handshake<ServerConfig, Messages13>
  readonly #offered: boolean
  #open: readonly OpenRequest[] = []

  /** `offered`: the client sent post_handshake_auth. */
  constructor(hs: Handshake<ServerConfig, Messages13>, offered: boolean) {
    this.#hs = hs
    this.#offered = offered
  }

  /** Sends a CertificateRequest. Throws `wrong_state` if the client did not offer it, or no clientAuth is configured. */
  *request(): Flow<void> {
    const { config } = this.#hs
    if (!this.#offered) throw new TlsError('wrong_state', 'the client did not offer post-handshake authentication')
    if (!config.clientAuth) throw new TlsError('wrong_state', 'clientAuth: not configured, so no certificate can be judged')
    const context = config.provider.random(16)
    const apart = this.#hs.fork()
    apart.send('CertificateRequest', certificateRequest(config, context))
    this.#open = [...this.#open, { context, apart }]
  }

  /** The client's Certificate came; reads what follows it and says who the client is. */
  *answer(connection: Connection13, message: Message<Messages13, 'Certificate'>): Flow<void> {
    const open = this.#open.find(({ context }) => equalBytes(context, message.context))
    if (!open) throw new TlsError('illegal_parameter', 'Certificate: its context is of no request that waits (section 4.5.1)')
    this.#open = this.#open.filter((other) => other !== open)
    const { apart } = open
    apart.transcript.add(message.raw)
    const { peer } = yield* readClientProof(apart, message)
    const before = apart.transcript.hash()
    const finished = yield* apart.read('Finished')
    verifyFinished(finished.verifyData, connection.finishedBase.read, before)
    const certificates = 'certificates' in peer ? peer.certificates : []
    apart.io.emit({ type: 'clientCertificate', peerCertificates: certificates, verifiedChain: 'chain' in peer ? peer.chain : [] })
  }
}

/** The CertificateRequest of this config; the context is empty during the handshake. */
export const certificateRequest = (config: ServerConfig, context: Uint8Array): CertificateRequest13 => {
  const authorities = config.clientAuth?.authorities ?? []
  return {
    context,
    extensions: [
      ...encodeExtensions(certificateRequestExtensions, {
        signature_algorithms: greasedSchemes(config, config.schemes.map(({ id }) => id)),
        ...(config.certificateSchemes && { signature_algorithms_cert: config.certificateSchemes.map(({ id }) => id) }),
        ...expandable(config),
        ...takenDelegations(config),
        ...(authorities.length > 0 && { certificate_authorities: authorities }),
      }),
      ...greaseExtension(config),
    ],
  }
}

export interface ClientProof {
  readonly peer: VerifiedPeer | UnauthenticatedPeer
  readonly signature: VerifiedSignature
  readonly delegatedUntil?: number | undefined
  /** The algorithm that the client's Certificate came compressed with. */
  readonly compression?: string | undefined
}

/** Judges a client's Certificate, which was read and hashed, and the CertificateVerify after it (section 4.5.1 and 4.5.2). */
export function* readClientProof(hs: Handshake<ServerConfig, Messages13>, message: Message<Messages13, 'Certificate'>): Flow<ClientProof> {
  const { config, transcript } = hs
  const offered = new Set(config.delegatedSchemes.length > 0 ? [extensionTypes.delegated_credential] : [])
  refuseUnasked(message.entries, offered.size > 0)
  const entries = message.entries.map(({ extensions }) => decodeExtensions(certificateEntryExtensions, extensions, 'Certificate', { offered }))
  if (message.entries.length === 0) return { peer: absentPeer(config), signature: noSignature() }
  const verifyHash = transcript.hash()
  const peer = yield* verifyPeer(config.clientAuth?.verifier, {
    chain: message.entries.map(({ data }) => data),
    peer: 'client',
    serverName: undefined,
    time: config.clock(),
  })
  const { peer: signer, allowed, delegatedUntil } = yield* handshakeSigner(config, 'client', peer, entries[0]?.delegated_credential)
  const proof = yield* hs.read('CertificateVerify')
  const content = signedContent13('client', verifyHash)
  return { peer, signature: yield* verifySignature(config, proof.scheme, proof.signature, content, signer, allowed), delegatedUntil }
}
