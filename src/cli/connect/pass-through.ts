// stdin and stdout through a connection, as `openssl s_client -quiet` has it: what is piped in is sent, what comes is
// written out, until both sides have ended.

import type { Readable } from 'node:stream'
import type { TlsConnection } from '../../index.node.ts'
import type { Io } from '../io.ts'

/** What came first: a chunk of stdin, its end, or the server. */
export type First =
  | { readonly from: 'stdin'; readonly data: Uint8Array }
  | { readonly from: 'end' }
  | { readonly from: 'server'; readonly data: Uint8Array | null }

const bytesOf = (chunk: unknown): Uint8Array =>
  typeof chunk === 'string' ? new TextEncoder().encode(chunk) : (chunk as Uint8Array)

/** A stream read piece by piece, so that the first one can be waited for alone. */
export class Input {
  readonly #iterator: AsyncIterator<unknown>
  #first: Promise<IteratorResult<unknown>> | undefined

  constructor(stream: Readable) {
    this.#iterator = stream[Symbol.asyncIterator]()
  }

  get first(): Promise<IteratorResult<unknown>> {
    return (this.#first ??= this.#iterator.next())
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    for (let next = await this.first; next.done !== true; next = await this.#iterator.next()) yield bytesOf(next.value)
  }
}

/** Sends stdin, writes out what comes. `first` is what the server said before anything was sent. */
export const passThrough = async (
  io: Io,
  connection: TlsConnection,
  input: Input,
  first: Promise<Uint8Array | null>,
): Promise<void> => {
  const stop = (): void => connection.abort(new Error('interrupted'))
  io.signal.addEventListener('abort', stop, { once: true })
  const send = async (): Promise<void> => {
    for await (const chunk of input.rest()) await connection.write(chunk)
    await connection.closeWrite()
  }
  const sending = send()
  // A server that ends the connection ends the whole, whatever is left in stdin; its reason is told by the reading
  // side.
  sending.catch(() => {})
  for (let data = await first; data !== null; data = await connection.read()) await io.stdout.write(data)
  io.signal.removeEventListener('abort', stop)
  await connection.close()
}
