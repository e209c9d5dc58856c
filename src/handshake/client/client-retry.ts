// The client's answer to a HelloRetryRequest: a second ClientHello and the real ServerHello (RFC 9846 section 4.2.4).

import { TlsError } from '../../errors.ts'
import { plaintextSealer } from '../../record/protection.ts'
import { equalBytes } from '../../wire/bytes.ts'
import {
  decodeExtension,
  decodeExtensions,
  helloRetryRequestExtensions,
  serverHelloExtensions,
} from '../../wire/extensions.ts'
import type { ClientHelloExtensions, HelloRetryRequestExtensions } from '../../wire/extensions.ts'
import { isHelloRetryRequest } from '../../wire/messages.ts'
import { NO_COMPRESSION } from '../../wire/numbers.ts'
import { cipherSuiteName, namedGroupName, TLS12, TLS13, versionName } from '../../wire/registry.ts'
import { sendHello } from './client-hello.ts'
import { keyShares, planSecondHello } from './hello-plan.ts'
import type { Offer, OfferedShare } from './hello-plan.ts'
import { chosenSuite13 } from '../keys13.ts'
import { pskOffers } from './client-psk.ts'
import { readAnswer } from './server-answer.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { ClientHandshake, ServerHelloMessage } from './client-handshake.ts'

export interface Retried {
  readonly offer: Offer
  readonly serverHello: ServerHelloMessage
}

export function* retryHello(hs: ClientHandshake, first: Offer, request: ServerHelloMessage): Flow<Retried> {
  const { config, io, transcript } = hs
  const suite = chosenSuite13(config, request.cipherSuite)
  const asked = decodeExtensions(helloRetryRequestExtensions, request.extensions ?? [], 'HelloRetryRequest', {
    offered: first.sent,
    unasked: ['cookie'],
  })
  transcript.retry(suite.hash, first.raw)
  const shares = yield* newShares(hs, first, asked)
  if (first.extensions.early_data) {
    io.allowSend(false)
    io.installWrite(plaintextSealer(TLS12)) // early data ends with the first flight (section 4.3.10)
  } else if (config.compatibilityMode) {
    io.sendChangeCipherSpec()
  }
  const changes: ClientHelloExtensions = {
    ...(asked.key_share !== undefined && { key_share: keyShares(shares) }),
    ...(asked.cookie && { cookie: asked.cookie }),
  }
  const offer = yield* sendHello(
    hs,
    planSecondHello(first.plan, {
      shares,
      // a PSK for another hash than the suite's is not offered again (section 4.2.4); ages are computed again
      psks: pskOffers(hs.parts, config, first.plan.psks[0]?.session).filter(
        (psk) => psk.suite.hash.name === suite.hash.name,
      ),
      more: changes,
    }),
    { first, changes },
  )

  const { serverHello } = yield* readAnswer(hs, offer)
  if (isHelloRetryRequest(serverHello)) {
    throw new TlsError('unexpected_message', 'a second HelloRetryRequest (RFC 9846 section 4.2.4)')
  }
  checkConsistent(request, serverHello, shares, asked, first)
  return { offer, serverHello }
}

/** A share for the group that the server wants, or the old ones if it only sent a cookie (section 4.3.8). */
function* newShares(
  hs: ClientHandshake,
  first: Offer,
  asked: HelloRetryRequestExtensions,
): Flow<readonly OfferedShare[]> {
  const wanted = asked.key_share
  if (wanted === undefined) {
    if (!asked.cookie)
      throw new TlsError('illegal_parameter', 'HelloRetryRequest: it would change nothing (section 4.2.4)')
    return first.plan.shares
  }
  if (!first.extensions.supported_groups?.includes(wanted)) {
    throw new TlsError('illegal_parameter', `HelloRetryRequest: group ${namedGroupName(wanted)} was not offered`)
  }
  if (first.extensions.key_share?.some(({ group }) => group === wanted)) {
    throw new TlsError(
      'illegal_parameter',
      `HelloRetryRequest: there was a key share for ${namedGroupName(wanted)} already`,
    )
  }
  const group = hs.config.groups.find(({ id }) => id === wanted)
  if (!group) throw new TlsError('illegal_parameter', `HelloRetryRequest: group ${namedGroupName(wanted)} is not ours`)
  return [{ group, exchange: yield* use(group.start()) }]
}

/** What the ServerHello has to keep of the HelloRetryRequest (section 4.2.4). */
const checkConsistent = (
  request: ServerHelloMessage,
  serverHello: ServerHelloMessage,
  shares: readonly OfferedShare[],
  asked: HelloRetryRequestExtensions,
  first: Offer,
): void => {
  if (serverHello.cipherSuite !== request.cipherSuite) {
    throw new TlsError(
      'illegal_parameter',
      `ServerHello: ${cipherSuiteName(serverHello.cipherSuite)} after a HelloRetryRequest with ` +
        `${cipherSuiteName(request.cipherSuite)}`,
    )
  }
  const extensions = serverHello.extensions ?? []
  if (decodeExtension(serverHelloExtensions, 'supported_versions', extensions, 'ServerHello') !== TLS13) {
    throw new TlsError('illegal_parameter', 'ServerHello: another version than in the HelloRetryRequest')
  }
  if (serverHello.legacyVersion !== TLS12) {
    throw new TlsError(
      'protocol_version',
      `ServerHello: legacy_version is ${versionName(serverHello.legacyVersion)} (section 4.2.3)`,
    )
  }
  if (!equalBytes(serverHello.sessionId, first.hello.sessionId) || serverHello.compressionMethod !== NO_COMPRESSION) {
    throw new TlsError('illegal_parameter', 'ServerHello: session ID or compression differ from what was sent')
  }
  const share = decodeExtension(serverHelloExtensions, 'key_share', extensions, 'ServerHello')
  if (asked.key_share !== undefined && share && share.group !== shares[0]?.group.id) {
    throw new TlsError(
      'illegal_parameter',
      `ServerHello: ${namedGroupName(share.group)} after a HelloRetryRequest for another group`,
    )
  }
}
