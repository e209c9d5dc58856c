// Small functions on bytes that every floor needs.

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => joined(parts)

/** The same for lists that may be too long to be arguments. */
export const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0
  for (const part of parts) length += part.length
  const all = unfilled(length)
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

/**
 * New memory whose bytes are whatever was there before, where the runtime can give that: for whoever writes all of them
 * before anybody reads one. Filling a record with zeros costs as much as a part of its encryption.
 */
export const unfilled = (length: number): Uint8Array => {
  const { Buffer } = runtime
  if (!Buffer || length < LARGE) return new Uint8Array(length)
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length)
  return new Uint8Array(buffer, byteOffset, length)
}

/**
 * Gives the memory of large arrays back at once rather than at the next garbage collection, where the runtime can do
 * that: nobody may look at them any more. An array that is a part of something larger stays as it is.
 */
export const release = (bytes: Uint8Array): void => {
  if (bytes.length < LARGE || bytes.length !== bytes.buffer.byteLength) return
  const { transfer } = runtime
  if (transfer && bytes.buffer instanceof ArrayBuffer) transfer.call(bytes.buffer, 0)
}

/** The same of a record's content. */
export const releaseContent = (content: Uint8Array): void => {
  if (isWhole(content)) release(new Uint8Array(content.buffer))
}

/** All of its memory, as a record's content is, behind which there is the content type of TLS 1.3 and no more. */
export const isWhole = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> => {
  const { buffer, byteOffset, length } = bytes
  return byteOffset === 0 && buffer.byteLength - length <= 1 && buffer instanceof ArrayBuffer
}

/** Bytes from which on one of these is worth a call. */
const LARGE = 4096

/** What not every runtime has: Buffer is of Node, Bun and Deno, transfer() of ES2024. */
const runtime = {
  Buffer: Reflect.get(globalThis, 'Buffer') as { allocUnsafeSlow(length: number): Uint8Array } | undefined,
  transfer: Reflect.get(ArrayBuffer.prototype, 'transfer') as ((length: number) => ArrayBuffer) | undefined,
}

/** Equality whose time depends on the lengths only, as far as JavaScript lets us say so. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export const toHex = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += digits[byte]
  return text
}

/** `hex` has an even number of hex digits and nothing else; anything else throws a RangeError. */
export const fromHex = (hex: string): Uint8Array => {
  if (hex.length % 2 !== 0 || /[^0-9a-fA-F]/.test(hex)) throw new RangeError('not a string of hex bytes')
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}
