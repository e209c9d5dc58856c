// Bytes as streams deliver them, made plain: one byte type above this file.

import { TlsError } from '../errors.ts'
import { joined, release } from '../wire/bytes.ts'

/** A plain Uint8Array on the same memory. Throws `bad_option` for text and for anything that holds no bytes. */
export const asBytes = (chunk: unknown): Uint8Array => {
  if (ArrayBuffer.isView(chunk)) {
    if (chunk.constructor === Uint8Array) return chunk as Uint8Array
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
  if (isArrayBuffer(chunk)) return new Uint8Array(chunk)
  if (typeof chunk === 'string') throw new TlsError('bad_option', textStream)
  throw new TlsError('bad_option', `stream: it delivered ${chunk === null ? 'null' : typeof chunk}, not bytes`)
}

/** The same, of one array or of a list of them. */
export const asChunks = (chunk: unknown): readonly Uint8Array[] => {
  const isList = typeof chunk === 'object' && chunk !== null && !ArrayBuffer.isView(chunk) && Symbol.iterator in chunk
  return isList ? Array.from(chunk as Iterable<unknown>, asBytes) : [asBytes(chunk)]
}

/** One array of all of them, which are given up. */
export const joinedAndFreed = (chunks: readonly Uint8Array[]): Uint8Array => {
  const all = joined(chunks)
  for (const chunk of chunks) release(chunk)
  return all
}

export const textStream: string = 'stream: it delivers text, and TLS needs bytes: no setEncoding, and no text frames'

const isArrayBuffer = (value: unknown): value is ArrayBuffer =>
  Object.prototype.toString.call(value) === '[object ArrayBuffer]'
