// What a ClientHello after a HelloRetryRequest may change of the first one (RFC 9846 section 4.2.2): the server holds a
// client to it, and the client its application's hello.shape.

import { equalBytes } from '../wire/bytes.ts'
import type { ClientHello } from '../wire/messages.ts'
import { extensionName, extensionTypes } from '../wire/registry.ts'

const changeable: ReadonlySet<number | undefined> = new Set([
  extensionTypes.key_share,
  extensionTypes.early_data,
  extensionTypes.cookie,
  extensionTypes.pre_shared_key,
  extensionTypes.padding,
  extensionTypes.encrypted_client_hello,
])

/** What the second hello says otherwise than the first and must not; undefined if it keeps to the rule. */
export const forbiddenChange = (first: ClientHello, second: ClientHello): string | undefined => {
  if (
    first.legacyVersion !== second.legacyVersion ||
    !equalBytes(first.random, second.random) ||
    !equalBytes(first.sessionId, second.sessionId) ||
    !sameNumbers(first.cipherSuites, second.cipherSuites) ||
    !equalBytes(first.compressionMethods, second.compressionMethods)
  ) {
    return 'the second one differs from the first in more than it may'
  }
  const { extensions: before = [] } = first
  const { extensions: after = [] } = second
  for (let i = 0, j = 0; ;) {
    const one = before[i]
    const other = after[j]
    if (one && other?.type === one.type && equalBytes(other.data, one.data)) {
      i++
      j++
    } else if (changeable.has(one?.type)) i++
    else if (changeable.has(other?.type)) j++
    else if (one) return `extension ${extensionName(one.type)} changed after HelloRetryRequest`
    else return other && 'extensions were added after HelloRetryRequest'
  }
}

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((id, index) => id === b[index])
