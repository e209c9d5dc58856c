// Looks at the ClientHello of a connection that somebody else will serve: a proxy that routes by server name and
// passes the bytes on untouched. Nothing is consumed; nothing is answered.

import { checkOptions, requireObject } from '../checked-options.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { ClientHelloInfo } from '../options.ts'
import { RecordFramer } from '../record/framing.ts'
import type { RawRecord } from '../record/framing.ts'
import { HandshakeJoiner } from '../record/joiner.ts'
import { adapt } from '../stream/adapt.ts'
import { abortedBy } from '../stream/limits.ts'
import { asBytes } from '../stream/chunk.ts'
import type { AnyDuplex, ByteStream } from '../stream/types.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypes, handshakeTypes } from '../wire/registry.ts'
import { parseClientHello } from './hellos.ts'

export interface ReadClientHelloOptions {
  /** For JA3 and JA4 in the hello's toJSON(). */
  readonly provider?: CryptoProvider
  /** Most bytes to wait for. Default 65536. */
  readonly maxBytes?: number
  /** Gives up: the promise rejects with the reason. */
  readonly signal?: AbortSignal
}

export interface PeekedHello<S> {
  readonly hello: ClientHelloInfo
  /** What was read so far: the records of the hello, and what came with them. */
  readonly bytes: Uint8Array
  /** A stream that gives these bytes first: the one that was given, if its bytes could be put back (Node's streams). */
  readonly stream: S | ByteStream
}

/** Waits for a whole ClientHello, and leaves the stream as if nothing had been read. Rejects with TlsError
 * `not_tls`, `decode_error`, `unexpected_message` or `message_too_large`; on Node's streams the bytes are put back
 * then as well. */
export const readClientHello = async <S extends AnyDuplex>(
  stream: S,
  options: ReadClientHelloOptions = {},
): Promise<PeekedHello<S>> => {
  checkOptions(options, { provider: 'object', maxBytes: 'number', signal: 'object' })
  requireObject(stream, 'stream')
  const collector = new Collector(options)
  if (isUnshiftable(stream)) {
    const { hello, bytes } = await peekNode(stream, collector, options.signal)
    return { hello, bytes, stream }
  }
  const inner = adapt(stream)
  while (collector.hello === undefined) {
    const chunk = await read(inner, options.signal)
    if (chunk === null) throw collector.ended()
    collector.push(chunk)
  }
  return { hello: collector.hello, bytes: collector.bytes, stream: withFirst(inner, collector.bytes) }
}

class Collector {
  hello: ClientHelloInfo | undefined
  readonly #chunks: Uint8Array[] = []
  readonly #framer = new RecordFramer()
  readonly #joiner: HandshakeJoiner
  readonly #options: ReadClientHelloOptions
  readonly #maxBytes: number
  #length = 0

  constructor(options: ReadClientHelloOptions) {
    this.#options = options
    this.#maxBytes = options.maxBytes ?? 65_536
    this.#joiner = new HandshakeJoiner(this.#maxBytes)
  }

  get bytes(): Uint8Array {
    return concat(...this.#chunks)
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    this.#framer.push(chunk.slice())
    while (!this.hello) {
      const record = this.#framer.next()
      if (!record) break
      this.#handshake(record)
    }
    if (!this.hello && this.#length > this.#maxBytes)
      throw new TlsError('message_too_large', `no whole ClientHello in ${this.#length} bytes`)
  }

  #handshake({ type, fragment }: RawRecord): void {
    if (type !== contentTypes.handshake) {
      throw new TlsError('unexpected_message', `a record of type ${type} came before a ClientHello`)
    }
    this.#joiner.push(fragment)
    const message = this.#joiner.next()
    if (!message) return
    if (message[0] !== handshakeTypes.client_hello) {
      throw new TlsError(
        'unexpected_message',
        `a handshake message of type ${message[0]} came instead of a ClientHello`,
      )
    }
    this.hello = parseClientHello(message, this.#options.provider)
  }

  ended(): TlsError {
    return new TlsError('decode_error', `the stream ended after ${this.#length} bytes, before a ClientHello was whole`)
  }
}

// ---- Node's streams: read what is there, and put it back

interface Unshiftable {
  on(event: string, listener: (...args: unknown[]) => void): unknown
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown
  read(): unknown
  unshift(chunk: Uint8Array): void
}

const isUnshiftable = (stream: object): stream is Unshiftable & object =>
  ['on', 'removeListener', 'read', 'unshift', 'pipe'].every(
    (method) => typeof Reflect.get(stream, method) === 'function',
  )

const peekNode = (
  stream: Unshiftable,
  collector: Collector,
  signal: AbortSignal | undefined,
): Promise<{ readonly hello: ClientHelloInfo; readonly bytes: Uint8Array }> =>
  new Promise((resolve, reject) => {
    if (Reflect.get(stream, 'readableFlowing') === true) {
      return reject(
        new TlsError('wrong_state', 'stream: somebody else is reading it; give it before a data listener is attached'),
      )
    }
    const stop = (): void => {
      for (const [event, listener] of listeners) stream.removeListener(event, listener)
      signal?.removeEventListener('abort', onAbort)
      const { bytes } = collector
      if (
        bytes.length > 0 &&
        Reflect.get(stream, 'readableEnded') !== true &&
        Reflect.get(stream, 'destroyed') !== true
      )
        stream.unshift(bytes)
    }
    const fail = (error: unknown): void => {
      stop()
      reject(error)
    }
    const onAbort = (): void => fail(abortedBy(signal?.reason))
    const onReadable = (): void => {
      try {
        for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) {
          collector.push(asBytes(chunk))
          if (collector.hello) break
        }
      } catch (error) {
        return fail(error)
      }
      const { hello, bytes } = collector
      if (!hello) return
      stop()
      resolve({ hello, bytes })
    }
    const onEnd = (): void => fail(collector.ended())
    const onError = (error: unknown): void =>
      fail(new TlsError('transport_failed', 'the stream broke before a ClientHello was whole', { cause: error }))
    const listeners = [
      ['readable', onReadable],
      ['end', onEnd],
      ['error', onError],
      ['close', onEnd],
    ] as const
    if (signal?.aborted) return reject(abortedBy(signal.reason))
    for (const [event, listener] of listeners) stream.on(event, listener)
    signal?.addEventListener('abort', onAbort)
    onReadable()
  })

// ---- other streams: a stream of ours around them

const read = (stream: ByteStream, signal: AbortSignal | undefined): Promise<Uint8Array | null> => {
  if (!signal) return stream.read()
  if (signal.aborted) return Promise.reject(abortedBy(signal.reason))
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedBy(signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
    stream
      .read()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}

const withFirst = (stream: ByteStream, bytes: Uint8Array): ByteStream => {
  let first: Uint8Array | undefined = bytes
  return {
    read: () => {
      if (!first) return stream.read()
      const given = first
      first = undefined
      return Promise.resolve(given)
    },
    write: (data) => stream.write(data),
    close: () => stream.close(),
    abort: (reason) => stream.abort(reason),
    ...(stream.failed && { failed: stream.failed }),
  }
}
