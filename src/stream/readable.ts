// A connection's data as a web stream of bytes, as sockets of Deno and of workers have it: whoever reads into memory of
// their own (`getReader({ mode: 'byob' })`) gets it there.

import { isWhole } from '../wire/bytes.ts'

export interface ReadableSource {
  /** The next bytes, or null at the end. */
  read(): Promise<Uint8Array | null>
  cancel(): Promise<void>
}

/**
 * Nothing is read before somebody asks: to look at the stream does not take the reading side. Chunks are enqueued, also
 * for memory of a reader, where the stream copies them: what is answered by `byobRequest.respond()` after its reader
 * went away stays in the queue, and a reader of chunks that waits meanwhile is not told (Streams Standard,
 * ReadableByteStreamControllerRespondInReadableState).
 */
export const readableOf = ({ read, cancel }: ReadableSource): ReadableStream<Uint8Array> => {
  const pull = async (controller: Controller): Promise<void> => {
    const data = await read()
    // The stream takes all of the memory that a chunk is in.
    if (data) return controller.enqueue(isWhole(data) ? data : data.slice())
    controller.close()
    controller.byobRequest?.respond(0)
  }
  try {
    return new ReadableStream({ type: 'bytes', pull, cancel })
  } catch {
    // a runtime that has no streams of bytes
    return new ReadableStream({ pull: (controller) => pull(controller), cancel }, { highWaterMark: 0 })
  }
}

/** Of either kind of stream. */
interface Controller {
  readonly byobRequest?: { respond(bytes: number): void } | null
  enqueue(chunk: Uint8Array<ArrayBuffer>): void
  close(): void
}
