// After a TLS 1.2 handshake at the server: a ClientHello is answered by option with no_renegotiation, with nothing, or
// with a full handshake bound to this one; HelloRequest asks for one (RFC 5746, RFC 5246 section 7.4.1.1). Whoever the
// peers were, they stay.

import type { ServerConfig } from '../../config.ts'
import { andThen } from '../../crypto/maybe.ts'
import { TlsError } from '../../errors.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { messages12, messages13 } from '../../wire/messages.ts'
import { TLS12 } from '../../wire/registry.ts'
import type { ClientAuthentication } from '../auth/authentication.ts'
import type { After12, Current12, Negotiated12 } from '../connection/connection12.ts'
import {
  checkCanBind,
  mayRenegotiate,
  MESSAGES_OF_HANDSHAKE,
  refusalOfPeer,
  refuseRenegotiation,
} from '../connection/may-renegotiate12.ts'
import { Handshake } from '../context.ts'
import type { RenegotiationChanges } from '../context.ts'
import type { Flow } from '../flow.ts'
import { selectVersion } from './negotiate.ts'
import type { ClientHelloMessage, ReceivedHello, ServerHandshake, ServerHandshake12 } from './received-hello.ts'
import { checkedHello } from './server-hello.ts'

export type ServerNegotiated12 = Negotiated12<ClientAuthentication>

/** The config with other options in it. Throws `bad_option`. */
export type Reconfigure = (changes: RenegotiationChanges) => ServerConfig

/** What server12.ts does from ClientHello on. */
type Negotiate = (hs: ServerHandshake12, hello: ReceivedHello, previous: ServerNegotiated12) => Flow<ServerNegotiated12>

export const serverPostHandshake12 = (
  hs: ServerHandshake12,
  current: Current12<ClientAuthentication>,
  negotiate: Negotiate,
  reconfigure: Reconfigure,
): After12 => {
  const state: Renegotiating = { config: hs.config, asked: false }
  return {
    postHandshake: postHandshake(hs, current, negotiate, state),
    renegotiate: (changes) => {
      checkCanBind(current)
      if (changes) state.config = reconfigure(changes)
      state.asked = true
      hs.io.awaitRenegotiation(refusalOfPeer())
      hs.send('HelloRequest', {}, false) // no part of the transcript (section 7.4.1.1)
    },
  }
}

interface Renegotiating {
  /** Of the handshakes to come. */
  config: ServerConfig
  /** The client was sent a HelloRequest. */
  asked: boolean
}

/**
 * Not inside the function above: a generator function that is made for each connection gets a hidden class of its own,
 * which keeps the connection until the next full garbage collection.
 */
function* postHandshake(
  hs: ServerHandshake12,
  current: Current12<ClientAuthentication>,
  negotiate: Negotiate,
  state: Renegotiating,
): Flow<void> {
  const { io } = hs
  let [done, refused] = [0, 0]
  for (;;) {
    const message = yield* hs.receive('ClientHello')
    io.awaitRenegotiation(undefined)
    if (state.asked) {
      state.asked = false
    } else if (state.config.renegotiation === 'ignore') {
      continue
    } else if (yield* mayRenegotiate(state.config, current, done)) {
      done++
    } else {
      refuseRenegotiation(io, ++refused)
      continue
    }
    io.expectMessages(MESSAGES_OF_HANDSHAKE)
    io.holdData(true)
    const within = new Handshake(configWithin(state.config, current.negotiated), io, hs.parts, messages13)
    current.negotiated = yield* negotiate(...beginning(within, message), current.negotiated)
    io.holdData(false)
    io.emit({ type: 'renegotiated', info: current.negotiated.info })
  }
}

const beginning = (hs: ServerHandshake, message: ClientHelloMessage): readonly [ServerHandshake12, ReceivedHello] => {
  hs.clientRandom = message.random
  const hello = checkedHello(hs, message)
  selectVersion(hs.config, hello)
  return [hs.withMessages(messages12), hello]
}

/** The version stays (RFC 9846 section 4.2.2), and so does the server's certificate. */
const configWithin = (config: ServerConfig, { connection }: ServerNegotiated12): ServerConfig => ({
  ...config,
  maxVersion: TLS12,
  suites: config.suites.filter(({ version, authentication }) => version === 'TLS 1.2' && authentication !== 'psk'),
  identitiesFor: (hello) =>
    andThen(config.identitiesFor(hello), (identities) =>
      identities.filter(({ certificates: [leaf] }) => isSame(leaf, connection.serverCertificate)),
    ),
})

/** A client that was asked again is the one that it was, or was nobody before. Throws `bad_certificate`. */
export const checkSameClient = (
  { clientAuth }: ServerConfig,
  {
    info: {
      peerCertificates: [before],
    },
  }: ServerNegotiated12,
  auth: ClientAuthentication,
): void => {
  if (!before || !clientAuth?.inHandshake) return
  if (auth.by === 'certificate' && isSame(auth.peer.certificates[0], before)) return
  throw new TlsError('bad_certificate', 'the client changed its certificate in a renegotiation')
}

const isSame = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  one !== undefined && other !== undefined && equalBytes(one, other)
