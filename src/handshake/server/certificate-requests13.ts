// A server of TLS 1.3 and its clients' certificates: CertificateRequest, during the handshake and after it, and what
// answers it (RFC 9846 section 4.4.2, 4.5.1, 4.5.2 and 4.7.2). After the handshake the messages are hashed apart from
// it, one after the other.

import type { ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { equalBytes } from '../../wire/bytes.ts'
import {
  certificateEntryExtensions,
  certificateRequestExtensions,
  decodeExtensions,
  encodeExtensions,
} from '../../wire/extensions.ts'
import type { CertificateRequest13, Message, Messages13 } from '../../wire/messages.ts'
import { extensionTypes } from '../../wire/registry.ts'
import { allowNoCertificate, signer13, verifyClient, verifyFinished, verifySignature } from '../auth/authentication.ts'
import type { ByCertificate, ByPolicy } from '../auth/authentication.ts'
import { expandable, refuseUnasked, takenDelegations } from '../auth/certificate-message.ts'
import { signedContent13 } from '../auth/signatures.ts'
import type { Connection13 } from '../connection/connection13.ts'
import type { Flow } from '../flow.ts'
import { greasedSchemes, greaseExtension } from '../grease.ts'
import type { ClientAuthPart, LaterRequests, RequestedPeer, ServerHandshake } from './received-hello.ts'

interface OpenRequest {
  readonly context: Uint8Array
  readonly apart: ServerHandshake
}

/** A server's requests that wait for their answer. */
class CertificateRequests implements LaterRequests {
  readonly #hs: ServerHandshake
  readonly #peer: RequestedPeer
  #open: readonly OpenRequest[] = []

  constructor(hs: ServerHandshake, peer: RequestedPeer) {
    this.#hs = hs
    this.#peer = peer
  }

  *request(): Flow<void> {
    const { config } = this.#hs
    if (this.#peer.external) {
      throw new TlsError(
        'wrong_state',
        'with an external pre-shared key no certificate may be asked for (RFC 9846 section 4.4.2)',
      )
    }
    if (!this.#peer.offered) throw new TlsError('wrong_state', 'the client did not offer post-handshake authentication')
    if (!config.clientAuth)
      throw new TlsError('wrong_state', 'clientAuth: not configured, so no certificate can be judged')
    const context = config.provider.random(16)
    const apart = this.#hs.fork()
    apart.send('CertificateRequest', certificateRequest(config, context))
    this.#open = [...this.#open, { context, apart }]
    apart.io.expectMessages(3) // Certificate, CertificateVerify, Finished
  }

  *answer(connection: Connection13, message: Message<Messages13, 'Certificate'>): Flow<void> {
    const open = this.#open.find(({ context }) => equalBytes(context, message.context))
    if (!open)
      throw new TlsError('illegal_parameter', 'Certificate: its context is of no request that waits (section 4.5.1)')
    this.#open = this.#open.filter((other) => other !== open)
    const { apart } = open
    apart.transcript.add(message.raw)
    const auth = yield* readClientCertificate(apart, message)
    const before = apart.transcript.hash()
    const finished = yield* apart.read('Finished')
    verifyFinished(finished.verifyData, connection.finishedBase.read, before)
    const { certificates, chain } = auth.by === 'certificate' ? auth.peer : { certificates: [], chain: [] }
    apart.io.emit({ type: 'clientCertificate', peerCertificates: certificates, verifiedChain: chain })
  }
}

const certificateRequest = (config: ServerConfig, context: Uint8Array): CertificateRequest13 => {
  const authorities = config.clientAuth?.authorities ?? []
  return {
    context,
    extensions: [
      ...encodeExtensions(certificateRequestExtensions, {
        signature_algorithms: greasedSchemes(
          config,
          config.schemes.map(({ id }) => id),
        ),
        signature_algorithms_cert: config.certificateSchemes?.map(({ id }) => id),
        compress_certificate: expandable(config),
        delegated_credential: takenDelegations(config),
        certificate_authorities: authorities.length > 0 ? authorities : undefined,
      }),
      ...greaseExtension(config),
    ],
  }
}

function* readClientCertificate(
  hs: ServerHandshake,
  message: Message<Messages13, 'Certificate'>,
): Flow<ByCertificate | ByPolicy> {
  const { config, transcript } = hs
  const { clientAuth } = config
  const offered = new Set(config.delegatedSchemes.length > 0 ? [extensionTypes.delegated_credential] : [])
  refuseUnasked(message.entries, offered.size > 0)
  const entries = message.entries.map(({ extensions }) =>
    decodeExtensions(certificateEntryExtensions, extensions, 'Certificate', { offered }),
  )
  if (message.entries.length === 0 || !clientAuth) return allowNoCertificate(config)
  const signedHash = transcript.hash()
  const peer = yield* verifyClient(
    config,
    clientAuth,
    message.entries.map(({ data }) => data),
  )
  const signer = yield* signer13(hs, 'client', peer, entries[0]?.delegated_credential)
  const { scheme, signature: bytes } = yield* hs.read('CertificateVerify')
  const content = signedContent13('client', signedHash)
  const signature = yield* verifySignature(config, signer, { scheme, signature: bytes, content })
  return { by: 'certificate', peer, signature }
}

export const clientAuthPart: ClientAuthPart = {
  request: certificateRequest,
  read: readClientCertificate,
  later: (hs, peer) => new CertificateRequests(hs, peer),
}
