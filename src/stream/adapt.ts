// Recognises a duplex by its shape, whatever class or realm it comes from, and makes a ByteStream of it.

import { TlsError } from '../errors.ts'
import { fromIterable } from './iterable.ts'
import { fromMessageStream } from './message.ts'
import { fromNode } from './node.ts'
import type { AnyDuplex, ByteStream, IterableDuplex, MessageStreamLike, NodeDuplexLike, WebDuplex } from './types.ts'
import { fromWeb } from './web.ts'

/** Throws `bad_option` for something that is no duplex, and `wrong_state` for one that somebody else is reading. */
export const adapt = (stream: AnyDuplex): ByteStream => {
  const given: unknown = stream
  if (isMessageStream(given)) return fromMessageStream(given)
  if (isNodeDuplex(given)) return fromNode(given)
  if (isByteStream(given)) return given
  if (isWebDuplex(given)) return fromWeb(given)
  if (isIterableDuplex(given)) return fromIterable(given)
  throw new TlsError('bad_option', `stream: ${describe(given)} is not a duplex that is known here: ${known}`)
}

const known =
  '{ read, write, close, abort }, { readable, writable } (web streams), a Node duplex, { source, sink }, ' +
  'or a message stream'

const has = <K extends string>(
  value: unknown,
  ...methods: readonly K[]
): value is Record<K, (...args: never[]) => unknown> =>
  typeof value === 'object' && value !== null && hasAll(value, methods)

/** A loop, for it is asked of each stream, several times. */
const hasAll = (value: object, methods: readonly string[]): boolean => {
  for (let i = 0; i < methods.length; i++) {
    if (typeof Reflect.get(value, methods[i] ?? '') !== 'function') return false
  }
  return true
}

const isAsyncIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, Symbol.asyncIterator) === 'function'

const isMessageStream = (value: unknown): value is MessageStreamLike =>
  has(value, 'send', 'onDrain', 'close', 'abort') && isAsyncIterable(value)

const isNodeDuplex = (value: unknown): value is NodeDuplexLike =>
  has(value, 'on', 'write', 'end', 'pause', 'resume', 'destroy')

const isByteStream = (value: unknown): value is ByteStream => has(value, 'read', 'write', 'close', 'abort')

const isWebDuplex = (value: unknown): value is WebDuplex =>
  typeof value === 'object' &&
  value !== null &&
  'readable' in value &&
  'writable' in value &&
  has(value.readable, 'getReader') &&
  has(value.writable, 'getWriter')

const isIterableDuplex = (value: unknown): value is IterableDuplex =>
  has(value, 'sink') && 'source' in value && isAsyncIterable(value.source)

const describe = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value)
  if ('fd' in value || has(value, 'on')) return 'something one-way'
  return `an object with ${Object.keys(value).slice(0, 8).join(', ') || 'nothing of its own'}`
}
