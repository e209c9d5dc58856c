// The client's own certificate in TLS 1.3, for a server that asks (RFC 9846 section 4.4.2, 4.5.1 and 4.5.2).

import { signatureSchemeName } from '../../wire/registry.ts'
import { finishedVerifyData } from '../../keys/schedule13.ts'
import { schemeFor13 } from '../auth/signatures.ts'
import type { Connection13 } from '../connection/connection13.ts'
import type { Flow } from '../flow.ts'
import { clientIdentityFor } from '../auth/identities.ts'
import type { ClientIdentity } from '../auth/identities.ts'
import { oidFilter } from './oid-filters.ts'
import { sendProof13 } from '../auth/send-certificate13.ts'
import type { CertificateRequest13, CertificatesPart, ClientHandshake } from './client-handshake.ts'
import { readCertificateRequest } from './no-certificate13.ts'

/** {Certificate*} {CertificateVerify*}: an empty list if we have nothing that the server takes (section 4.5.1). */
function* sendClientCertificate(hs: ClientHandshake, request: CertificateRequest13): Flow<ClientIdentity> {
  const asked = readCertificateRequest(request)
  const offered = asked.signature_algorithms
  const fits = oidFilter(asked.oid_filters)
  const own = yield* clientIdentityFor(
    hs.config,
    {
      signatureSchemes: offered.map(signatureSchemeName),
      authorities: asked.certificate_authorities ?? [],
      certificateSchemes: asked.signature_algorithms_cert ?? offered,
    },
    (identity) =>
      fits(identity.leaf)
        ? schemeFor13(hs, identity, {
            signature_algorithms: offered,
            delegated_credential: asked.delegated_credential,
          })
        : undefined,
  )
  if (!own.chosen) hs.send('Certificate', { context: request.context, entries: [] })
  else
    yield* sendProof13(hs, own.chosen, {
      role: 'client',
      context: request.context,
      leafExtensions: {},
      compression: asked.compress_certificate,
    })
  return own
}

/**
 * Certificate, CertificateVerify if we have a certificate, Finished; hashed apart from the connection. A signer may
 * take its time, so the messages are collected first and sent in one go, with nothing between them (section 4.7.2). */
function* sendLater(
  hs: ClientHandshake,
  connection: Connection13,
  request: CertificateRequest13,
): Flow<ClientIdentity> {
  const flight: Uint8Array[] = []
  const apart = hs.fork(hs.io.with({ sendHandshake: (raw) => flight.push(raw) }))
  apart.transcript.add(request.raw)
  const own = yield* sendClientCertificate(apart, request)
  hs.io.inOrder(() => finish(hs, apart, connection, flight))
  return own
}

/** Under the key that is in use when its turn comes. */
function* finish(
  hs: ClientHandshake,
  apart: Pick<ClientHandshake, 'send' | 'transcript'>,
  { finishedBase: { write } }: Connection13,
  flight: readonly Uint8Array[],
): Flow<void> {
  apart.send('Finished', { verifyData: finishedVerifyData(write, apart.transcript.hash()) })
  for (const raw of flight) hs.io.sendHandshake(raw)
}

export const certificatesPart: CertificatesPart = { send: sendClientCertificate, sendLater }
