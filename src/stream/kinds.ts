// The shapes of duplexes, each by itself: how it is recognised, whatever class or realm it comes from, and what makes a
// ByteStream of it. adapt.ts takes all of them, connectOver() of puretls/client those that are passed.

import { TlsError } from '../errors.ts'
import { fromIterable } from './iterable.ts'
import { fromMessageStream } from './message.ts'
import { fromNode } from './node.ts'
import type { ByteStream, IterableDuplex, MessageStreamLike, NodeDuplexLike, WebDuplex } from './types.ts'
import { fromWeb } from './web.ts'

/** A kind of stream that a client may be made for. */
export interface StreamKind<T extends object> {
  /** Undefined for a stream of another kind. Throws `wrong_state` for one that somebody else is reading. */
  (stream: object): ByteStream | undefined
  /** Nothing is there: it names the type. */
  readonly of?: T
}

/** net.Socket and other Node duplexes. */
export const nodeStreams: StreamKind<NodeDuplexLike> = (stream) => (isNodeDuplex(stream) ? fromNode(stream) : undefined)
/** Pairs of web streams: sockets of workers, an opened WebSocketStream. */
export const webStreams: StreamKind<WebDuplex> = (stream) => (isWebDuplex(stream) ? fromWeb(stream) : undefined)
/** Pairs of async iterables (it-* modules, libp2p before 3). */
export const iterableStreams: StreamKind<IterableDuplex> = (stream) =>
  isIterableDuplex(stream) ? fromIterable(stream) : undefined
/** Message streams as in libp2p 3. */
export const messageStreams: StreamKind<MessageStreamLike> = (stream) =>
  isMessageStream(stream) ? fromMessageStream(stream) : undefined
/** ByteStreams, as they are. */
export const byteStreams: StreamKind<ByteStream> = (stream) => (isByteStream(stream) ? stream : undefined)

/** Throws `bad_option` for something that is no duplex of these kinds, of which `known` tells. */
export const adaptAs = (stream: unknown, kinds: readonly StreamKind<object>[], known: string): ByteStream => {
  if (typeof stream === 'object' && stream !== null) {
    for (const kind of kinds) {
      const adapted = kind(stream)
      if (adapted) return adapted
    }
  }
  throw new TlsError('bad_option', `stream: ${describe(stream)} is not a duplex that is known here: ${known}`)
}

/** A loop, for it is asked of each stream, several times. */
const has = <K extends string>(
  value: unknown,
  ...methods: readonly K[]
): value is Record<K, (...args: never[]) => unknown> => {
  if (typeof value !== 'object' || value === null) return false
  for (let i = 0; i < methods.length; i++) {
    if (typeof Reflect.get(value, methods[i] ?? '') !== 'function') return false
  }
  return true
}

const isAsyncIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, Symbol.asyncIterator) === 'function'

const isMessageStream = (value: object): value is MessageStreamLike =>
  has(value, 'send', 'onDrain', 'close', 'abort') && isAsyncIterable(value)

const isNodeDuplex = (value: object): value is NodeDuplexLike =>
  has(value, 'on', 'write', 'end', 'pause', 'resume', 'destroy')

const isByteStream = (value: object): value is ByteStream => has(value, 'read', 'write', 'close', 'abort')

const isWebDuplex = (value: object): value is WebDuplex =>
  has(value) &&
  'readable' in value &&
  'writable' in value &&
  has(value.readable, 'getReader') &&
  has(value.writable, 'getWriter')

const isIterableDuplex = (value: object): value is IterableDuplex =>
  has(value, 'sink') && 'source' in value && isAsyncIterable(value.source)

const describe = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value)
  if (has(value, 'then')) return 'a promise (await it)'
  if ('fd' in value || has(value, 'on')) return 'something one-way'
  return `an object with ${Object.keys(value).slice(0, 8).join(', ') || 'nothing of its own'}`
}
