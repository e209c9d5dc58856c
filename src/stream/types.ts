// The one stream that TLS runs over (ByteStream), and the shapes that adapt.ts turns into it.

/** A duplex byte stream, pulled: what every other shape is turned into. Give one of your own, and TLS runs over it. */
export interface ByteStream {
  /**
   * The next bytes, or null at the end. They belong to the caller, who may overwrite them. Rejects if the stream broke.
   */
  read(): Promise<Uint8Array | null>
  /** Resolves when the stream can take more (backpressure). The bytes are the stream's from then on. */
  write(data: Uint8Array): Promise<void>
  /**
   * Several writes at once, in order, as one: a gathering write. The list and its bytes are the stream's from then on.
   * Without it they are joined and given to write().
   */
  writev?(chunks: readonly Uint8Array[]): Promise<void>
  /** Bytes that read() gave were looked at, and nothing refers to them: their memory may be used again. */
  release?(data: Uint8Array): void
  /** Ends the writing direction after all that was written; reading may go on until the other end closes too. */
  close(): Promise<void>
  /** Drops the stream at once, both directions; pending reads and writes reject. */
  abort(reason?: unknown): void
  /**
   * Resolves with the reason if bytes could not be delivered after write() had resolved. Leave it out where a failed
   * write makes read() reject. */
  readonly failed?: Promise<unknown>
  /**
   * Settles when nothing more comes in, because the stream ended or broke: what read() still gives is here already. A
   * connection that nobody reads learns by it that its peer left. Without it, it learns that from read() alone, of
   * which one call more is under way while 64 KiB of application data wait.
   */
  readonly closed?: Promise<unknown>
}

/** Web streams: workers' sockets, an opened WebSocketStream, TransformStreams. */
export interface WebDuplex {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/** net.Socket, any stream.Duplex, react-native-tcp-socket: what we use of them. */
export interface NodeDuplexLike {
  on(event: string, listener: (...args: unknown[]) => void): unknown
  write(chunk: Uint8Array, taken?: () => void): boolean
  end(): unknown
  pause(): unknown
  resume(): unknown
  destroy(error?: Error): unknown
}

/** The pull-stream pair of async iterables (it-* modules, libp2p before 3). */
export interface IterableDuplex {
  readonly source: AsyncIterable<BytesLike>
  sink(source: AsyncIterable<Uint8Array>): Promise<unknown>
}

/** A message stream as in libp2p 3: `send` answers whether there is room, `onDrain` tells when there is again. */
export interface MessageStreamLike extends AsyncIterable<BytesLike> {
  send(data: Uint8Array): boolean
  onDrain(): Promise<unknown>
  close(): Promise<unknown>
  abort(error: Error): unknown
}

/** One array of bytes, or several (Uint8ArrayList). */
export type BytesLike = Uint8Array | Iterable<Uint8Array>

/** Every stream that connect() and accept() take. */
export type AnyDuplex = ByteStream | WebDuplex | NodeDuplexLike | IterableDuplex | MessageStreamLike
