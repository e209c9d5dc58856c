// After a TLS 1.2 handshake: HelloRequest at the client, answered by option with no_renegotiation, with nothing, or
// with a handshake bound to this one; and the same where the application asks for it (RFC 5746, RFC 5246 section
// 7.4.1.1).

import type { ClientConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { encodeMessage, messages12, messages13 } from '../../wire/messages.ts'
import { NO_COMPRESSION } from '../../wire/numbers.ts'
import { cipherSuiteName, extensionTypes, TLS12, versionName } from '../../wire/registry.ts'
import { sendHello } from './client-hello.ts'
import type { Offer } from './hello-plan.ts'
import type { After12, Connection12, Current12, Negotiated12 } from '../connection/connection12.ts'
import { Handshake } from '../context.ts'
import type { ServerAuthentication } from '../auth/authentication.ts'
import {
  checkCanBind,
  mayRenegotiate,
  MESSAGES_OF_HANDSHAKE,
  refusalOfPeer,
  refuseRenegotiation,
} from '../connection/may-renegotiate12.ts'
import type { Flow } from '../flow.ts'
import { ignoredByClients12 } from './client-handshake.ts'
import { planHello } from './hello-plan.ts'
import type { ClientHandshake, ClientHandshake12, ServerHelloMessage } from './client-handshake.ts'

/** What client12.ts does from ServerHello on. */
type Negotiate = (
  hs: ClientHandshake12,
  offer: Offer,
  serverHello: ServerHelloMessage,
  session: undefined,
  previous: Connection12,
) => Flow<Negotiated12<ServerAuthentication>>

export const clientPostHandshake12 = (
  hs: ClientHandshake12,
  current: Current12<ServerAuthentication>,
  negotiate: Negotiate,
): After12 => {
  const state: Renegotiating = { wanted: false, running: false }
  hs.transcript.forget()
  return {
    postHandshake: postHandshake(hs, current, negotiate, state),
    renegotiate: (changes) => {
      if (changes) throw new TlsError('wrong_state', 'only a server can ask for something else in a renegotiation')
      checkCanBind(current)
      state.wanted = true // one that runs is the one
      if (!state.running) hs.io.resume(encodeMessage(messages12, 'HelloRequest', {}))
    },
  }
}

interface Renegotiating {
  /** By the application. */
  wanted: boolean
  running: boolean
}

/**
 * Not inside the function above: a generator function that is made for each connection gets a hidden class of its own,
 * which keeps the connection until the next full garbage collection.
 */
function* postHandshake(
  hs: ClientHandshake12,
  current: Current12<ServerAuthentication>,
  negotiate: Negotiate,
  state: Renegotiating,
): Flow<void> {
  const { config, io } = hs
  let [done, refused] = [0, 0]
  for (;;) {
    yield* hs.receive('HelloRequest')
    state.running = true
    const allowed = !state.wanted && config.renegotiation !== 'ignore' && (yield* mayRenegotiate(config, current, done))
    if (state.wanted || allowed) {
      if (state.wanted) io.expectMessages(MESSAGES_OF_HANDSHAKE)
      else done++
      current.negotiated = yield* renegotiate(hs, current.negotiated, negotiate)
      io.emit({ type: 'renegotiated', info: current.negotiated.info })
    } else if (config.renegotiation !== 'ignore') {
      refuseRenegotiation(io, ++refused)
    }
    state.running = state.wanted = false
  }
}

function* renegotiate(
  first: ClientHandshake12,
  { connection }: Negotiated12<ServerAuthentication>,
  negotiate: Negotiate,
): Flow<Negotiated12<ServerAuthentication>> {
  const config = only12(first.config)
  const hello: ClientHandshake = new Handshake(config, first.io, first.parts, messages13, ignoredByClients12)
  const hs: ClientHandshake12 = hello.withMessages(messages12, ignoredByClients12)
  const random = config.provider.random(32)
  hs.clientRandom = random
  first.io.holdData(true)
  first.io.awaitRenegotiation(refusalOfPeer())
  const offer = yield* sendHello(
    hello,
    planHello(config, {
      // ClientHello -------->
      random,
      sessionId: new Uint8Array(0),
      shares: [],
      psks: [],
      variation: first.parts.shaping?.vary(config),
      more: { renegotiation_info: connection.clientVerifyData },
    }),
  )
  const serverHello = yield* hs.read('ServerHello') // <-------- ServerHello
  first.io.awaitRenegotiation(undefined)
  checkEcho(offer, serverHello)
  const negotiated = yield* negotiate(hs, offer, serverHello, undefined, connection)
  first.io.holdData(false)
  return negotiated
}

/** A connection keeps its version, and its protocol: two handshakes could not be compared by RFC 7301. */
const only12 = (config: ClientConfig): ClientConfig => ({
  ...config,
  alpn: [],
  maxVersion: TLS12,
  suites: config.suites.filter(({ version }) => version === 'TLS 1.2'),
  fallback: false,
})

const checkEcho = (
  { hello }: Offer,
  { legacyVersion, cipherSuite, compressionMethod, extensions }: ServerHelloMessage,
): void => {
  if (extensions?.some(({ type }) => type === extensionTypes.supported_versions)) {
    throw new TlsError('protocol_version', 'ServerHello: TLS 1.3 in a renegotiation (RFC 9846 section 4.2.3)')
  }
  if (legacyVersion !== TLS12)
    throw new TlsError('illegal_parameter', `ServerHello: ${versionName(legacyVersion)} in a renegotiation of TLS 1.2`)
  if (compressionMethod !== NO_COMPRESSION)
    throw new TlsError('illegal_parameter', 'ServerHello: compression was chosen')
  if (!hello.cipherSuites.includes(cipherSuite)) {
    throw new TlsError('illegal_parameter', `ServerHello: ${cipherSuiteName(cipherSuite)} was not offered`)
  }
}
