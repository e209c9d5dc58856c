// HelloRetryRequest on the server: asks for a key share, or for a cookie to come back, and checks that the second
// ClientHello is the first with only that changed (RFC 9846 section 4.2.2 and 4.2.4).

import type { ActiveSuite } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { encodeExtensions, helloRetryRequestExtensions } from '../../wire/extensions.ts'
import { namedGroupName, TLS13 } from '../../wire/registry.ts'
import type { ChosenGroup } from './negotiate.ts'
import type { Flow } from '../flow.ts'
import { forbiddenChange } from '../second-hello.ts'
import { helloFields, readHello } from './server-hello.ts'
import type { ReceivedHello, ServerHandshake } from './received-hello.ts'

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
  if (first.extensions.early_data) io.skipEarlyData('all', config.maxSkippedEarlyData)

  const second = yield* readHello(hs, first.echPart, first)
  io.skipEarlyData('none')
  const change = forbiddenChange(first.message, second.message)
  if (change) throw new TlsError('illegal_parameter', `ClientHello: ${change} (section 4.2.2)`)
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
