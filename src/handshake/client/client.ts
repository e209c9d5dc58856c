// The client's side from ClientHello to the choice of version (RFC 9846 section 4.2.2 and 4.2.3). One ClientHello
// offers both versions; what the ServerHello says decides whether client13.ts or client12.ts goes on.

import type { ClientConfig, ClientConfigParts } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import type { SessionState } from '../../session/state.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { decodeExtensions, serverHelloExtensions } from '../../wire/extensions.ts'
import { isHelloRetryRequest, messages12, messages13 } from '../../wire/messages.ts'
import type { ServerHello } from '../../wire/messages.ts'
import { NO_COMPRESSION } from '../../wire/numbers.ts'
import { cipherSuiteName, extensionTypes, TLS12, TLS13, versionName } from '../../wire/registry.ts'
import { sendHello } from './client-hello.ts'
import { pskOffers } from './client-psk.ts'
import type { resumable12 } from './client-session12.ts'
import type { clientHandshake12 } from './client12.ts'
import { clientHandshake13 } from './client13.ts'
import { Handshake } from '../context.ts'
import type { Established, HandshakeIo } from '../context.ts'
import { ignoredByClients12 } from './client-handshake.ts'
import { hasSentinel } from '../downgrade.ts'
import type { echExtension, startEch } from './ech-client.ts'
import { planHello } from './hello-plan.ts'
import type { EchContext, HelloPlan, Offer, OfferedShare } from './hello-plan.ts'
import { readAnswer } from './server-answer.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { ClientHandshake, ClientHandshakeParts } from './client-handshake.ts'

/**
 * What a client can do beside TLS 1.3 with the ClientHello in the clear: features.ts has all of it. A config that asks
 * for more than is there was refused.
 */
export interface ClientParts extends ClientHandshakeParts {
  readonly tls12?: { readonly handshake: typeof clientHandshake12; readonly resumable: typeof resumable12 }
  readonly ech?: { readonly start: typeof startEch; readonly extension: typeof echExtension }
}

/** A capability of a client that is there only where it is asked for. */
export interface ClientFeature {
  readonly config: ClientConfigParts
  readonly handshake: ClientParts
}

export function* clientHandshake(
  given: ClientConfig,
  io: HandshakeIo,
  parts: ClientParts,
  sessionGiven: SessionState | undefined = given.session,
): Flow<Established> {
  const ech = yield* parts.ech?.start(given, io, parts) ?? nothing()
  const config = ech?.config ?? given
  const hs: ClientHandshake = new Handshake(config, io, parts, messages13, ignoredByClients12)
  const session = yield* parts.sessions?.take(hs, sessionGiven) ?? nothing()
  const session12 = parts.tls12?.resumable(config, session)
  const plan = yield* planFirstHello(config, { session, session12, ech }, parts)
  hs.clientRandom = plan.random
  const offer = yield* sendHello(hs, plan)
  if (offer.extensions.early_data) yield* parts.sessions?.early.start(hs, offer.plan.psks[0]) ?? nothing()

  const answer = yield* readAnswer(hs, offer)
  const version = chosenVersion(answer.hs.config, answer.serverHello)
  checkEcho(answer.offer, answer.serverHello, version)
  io.setVersion(version)
  if (version === TLS13)
    return yield* clientHandshake13(answer.hs.withMessages(messages13), answer.offer, answer.serverHello)
  if (!parts.tls12) throw new TlsError('internal_error', 'TLS 1.2 was offered, and is not there')
  const hs12 = answer.hs.withMessages(messages12, ignoredByClients12)
  const established = yield* parts.tls12.handshake(hs12, answer.offer, answer.serverHello, session12)
  answer.offer.plan.outer?.refuse(undefined)
  return established
}

function* nothing(): Flow<undefined> {}

interface FirstHello {
  readonly session: SessionState | undefined
  /** The same session where it is one of TLS 1.2 that may be offered. */
  readonly session12: SessionState | undefined
  readonly ech: EchContext | undefined
}

function* planFirstHello(
  config: ClientConfig,
  { session, session12, ech }: FirstHello,
  parts: ClientParts,
): Flow<HelloPlan> {
  const { random, sessionId } = drawn(config, session12)
  const shares: OfferedShare[] = []
  for (const group of config.maxVersion >= TLS13 ? config.keyShares : []) {
    shares.push({ group, exchange: yield* use(group.start()) })
  }
  const psks = pskOffers(parts, config, session)
  const variation = parts.shaping?.vary(config)
  const earlyLimit = psks[0]?.earlyData ?? 0
  const early = config.earlyData !== undefined && earlyLimit > 0 && config.earlyData.length <= earlyLimit
  const more = {
    ...(yield* parts.ech?.extension(config, ech) ?? nothing()),
    ...(early && { early_data: true as const }),
  }
  return planHello(config, { random, sessionId, shares, psks, variation, ech, ticket12: session12?.ticket, more })
}

/**
 * The random, and the session ID: a session's; else random where the answer's echo tells something: compatibility mode
 * (RFC 9846 appendix E.4), or that a session with a ticket goes on (RFC 5077 section 3.4). Drawn in one go: what a call
 * costs hardly depends on the length.
 */
const drawn = (
  { provider, maxVersion, compatibilityMode }: ClientConfig,
  session12: SessionState | undefined,
): Pick<HelloPlan, 'random' | 'sessionId'> => {
  const known = session12?.sessionId ?? new Uint8Array(0)
  const needed = known.length === 0 && (session12 !== undefined || (maxVersion >= TLS13 && compatibilityMode))
  const bytes = provider.random(needed ? 64 : 32)
  return { random: bytes.subarray(0, 32), sessionId: needed ? bytes.subarray(32) : known }
}

/** RFC 9846 section 4.2.3 and 4.3.1: the version, with the downgrade sentinels. */
const chosenVersion = (config: ClientConfig, hello: ServerHello): number => {
  const type = extensionTypes.supported_versions
  const extension = hello.extensions?.find((candidate) => candidate.type === type)
  const version = extension
    ? (decodeExtensions(serverHelloExtensions, [extension], 'ServerHello').supported_versions ?? 0)
    : hello.legacyVersion
  if (extension && (version !== TLS13 || config.maxVersion < TLS13)) {
    throw new TlsError('illegal_parameter', `ServerHello: supported_versions names ${versionName(version)}`)
  }
  if (extension && hello.legacyVersion !== TLS12) {
    throw new TlsError(
      'protocol_version',
      `ServerHello: legacy_version is ${versionName(hello.legacyVersion)} (section 4.2.3)`,
    )
  }
  if (!extension && isHelloRetryRequest(hello)) {
    throw new TlsError('missing_extension', 'HelloRetryRequest: no supported_versions (RFC 9846 section 4.2.4)')
  }
  if (!extension && version >= TLS13) {
    throw new TlsError('illegal_parameter', 'ServerHello: TLS 1.3 or newer without supported_versions')
  }
  if (version < config.minVersion || version > config.maxVersion || ![TLS12, TLS13].includes(version)) {
    const range = `${versionName(config.minVersion)} to ${versionName(config.maxVersion)}`
    throw new TlsError(
      'protocol_version',
      `the server wants ${versionName(version)}, and this client speaks ` +
        `${config.minVersion === config.maxVersion ? `only ${versionName(config.minVersion)}` : range}`,
    )
  }
  if (config.maxVersion >= TLS13 && version < TLS13 && hasSentinel(hello.random)) {
    throw new TlsError(
      'downgrade_detected',
      'the server can do TLS 1.3 and somebody on the way made it believe that we cannot',
    )
  }
  return version
}

/** Fields that have to be what we sent (section 4.2.3). */
const checkEcho = (offer: Offer, serverHello: ServerHello, version: number): void => {
  const { cipherSuite, compressionMethod, sessionId } = serverHello
  if (compressionMethod !== NO_COMPRESSION)
    throw new TlsError('illegal_parameter', 'ServerHello: compression was chosen')
  if (!offer.hello.cipherSuites.includes(cipherSuite)) {
    throw new TlsError('illegal_parameter', `ServerHello: ${cipherSuiteName(cipherSuite)} was not offered`)
  }
  if (version === TLS13 && !equalBytes(sessionId, offer.hello.sessionId)) {
    throw new TlsError('illegal_parameter', 'ServerHello: the session ID is not the one we sent')
  }
}
