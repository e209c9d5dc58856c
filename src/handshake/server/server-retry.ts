// HelloRetryRequest on the server: asks for a key share, or for a cookie to come back, and checks that the second
// ClientHello is the first with only that changed (RFC 9846 section 4.2.2 and 4.2.4).

import type { ActiveSuite } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { encodeExtensions, helloRetryRequestExtensions } from '../../wire/extensions.ts'
import { extensionName, extensionTypes, namedGroupName, TLS13 } from '../../wire/registry.ts'
import type { ChosenGroup } from './negotiate.ts'
import type { Flow } from '../flow.ts'
import { helloFields, readHello } from './server-hello.ts'
import type { ReceivedHello, ServerHandshake } from './received-hello.ts'

const SKIP_EARLY_DATA = 16384

export function* retryClient(
  hs: ServerHandshake,
  first: ReceivedHello,
  suite: ActiveSuite,
  { group, share }: ChosenGroup,
): Flow<ReceivedHello> {
  const { config, io, transcript } = hs
  const cookie = config.cookie ? config.provider.random(32) : undefined
  const request = {
    ...helloFields(config, first, suite, true),
    extensions: encodeExtensions(helloRetryRequestExtensions, {
      ...(share === undefined && { key_share: group.id }),
      ...(cookie && { cookie }),
      supported_versions: TLS13,
    }),
  }
  hs.send('ServerHello', first.echPart?.confirmRetry(first, suite, request) ?? request)
  transcript.retry(suite.hash, first.message.raw)
  if (first.message.sessionId.length > 0) io.sendChangeCipherSpec()
  if (first.extensions.early_data) io.skipEarlyData('all', Math.max(config.maxEarlyData, SKIP_EARLY_DATA))

  const second = yield* readHello(hs, first.echPart, first)
  io.skipEarlyData('none')
  checkUnchanged(first, second)
  checkShare(second, group.id, share === undefined)
  if (cookie ? !second.extensions.cookie || !equalBytes(second.extensions.cookie, cookie) : second.extensions.cookie) {
    throw new TlsError('illegal_parameter', 'ClientHello: the cookie is not the one that HelloRetryRequest gave')
  }
  if (second.extensions.early_data) {
    throw new TlsError('illegal_parameter', 'ClientHello: early_data after a HelloRetryRequest (section 4.2.2)')
  }
  return second
}

/** Exactly one share, for the group that was asked for (section 4.3.8). */
const checkShare = (second: ReceivedHello, group: number, asked: boolean): void => {
  const shares = second.extensions.key_share ?? []
  if (asked && (shares.length !== 1 || shares[0]?.group !== group)) {
    throw new TlsError('illegal_parameter', `ClientHello: one key share, for ${namedGroupName(group)}, was asked for`)
  }
}

/** Extensions that a second ClientHello may change (section 4.2.2). */
const changeable: ReadonlySet<number> = new Set([
  extensionTypes.key_share,
  extensionTypes.early_data,
  extensionTypes.cookie,
  extensionTypes.pre_shared_key,
  extensionTypes.padding,
  extensionTypes.encrypted_client_hello,
])

const checkUnchanged = (first: ReceivedHello, second: ReceivedHello): void => {
  const [a, b] = [first.message, second.message]
  const sameNumbers = (x: readonly number[], y: readonly number[]): boolean =>
    x.length === y.length && x.every((id, i) => id === y[i])
  if (
    a.legacyVersion !== b.legacyVersion ||
    !equalBytes(a.random, b.random) ||
    !equalBytes(a.sessionId, b.sessionId) ||
    !sameNumbers(a.cipherSuites, b.cipherSuites) ||
    !equalBytes(a.compressionMethods, b.compressionMethods)
  ) {
    throw new TlsError('illegal_parameter', 'ClientHello: the second one differs from the first in more than it may')
  }
  const fixed = ({ message }: ReceivedHello) => (message.extensions ?? []).filter(({ type }) => !changeable.has(type))
  const [before, after] = [fixed(first), fixed(second)]
  for (const [index, { type, data }] of before.entries()) {
    const other = after[index]
    if (!other || other.type !== type || !equalBytes(other.data, data)) {
      throw new TlsError(
        'illegal_parameter',
        `ClientHello: extension ${extensionName(type)} changed after HelloRetryRequest`,
      )
    }
  }
  if (after.length !== before.length) {
    throw new TlsError('illegal_parameter', 'ClientHello: extensions were added after HelloRetryRequest')
  }
}
