// Text in the fields of messages: names of one byte a character, and UTF-8.

import { TlsError } from '../errors.ts'
import { list, mapped, opaque, quickly, vector } from './codec.ts'
import type { Codec } from './codec.ts'

/** Bytes as a string of one char per byte, so that no byte is lost or changed (ALPN names, host names). */
export const latin1 = (codec: Codec<Uint8Array>): Codec<string> => mapped(codec, textOf, bytesOf)

/** Names of 1 to 255 characters. */
export const texts = (): Codec<readonly string[]> =>
  quickly(list(2, latin1(opaque(1, 1)), 2), (reader) => {
    const { bytes } = vector(reader, 2, 2)
    let count = 0
    let at = 0
    for (; bytes[at]; count++) at += 1 + (bytes[at] ?? 0)
    if (at !== bytes.length) return undefined
    const all = textOf(bytes)
    const values = new Array<string>(count)
    at = 0
    for (let i = 0; i < count; i++) {
      const start = at + 1
      at = start + (bytes[at] ?? 0)
      values[i] = all.slice(start, at)
    }
    return values
  })

/** Characters up to which a string grows one by one; arguments of a call are bounded too. */
const CHUNK = 4096

const textOf = (bytes: Uint8Array): string => {
  if (bytes.length <= CHUNK) return String.fromCharCode.apply(undefined, bytes as unknown as number[])
  return textOf(bytes.subarray(0, CHUNK)) + textOf(bytes.subarray(CHUNK))
}

/** Throws `bad_option` for what is no byte: two texts must not become the same bytes. */
const bytesOf = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff) {
      const char = JSON.stringify(String.fromCodePoint(text.codePointAt(i) ?? code))
      throw new TlsError('bad_option', `${char} is not one of the 256 characters that stand for bytes`)
    }
    bytes[i] = code
  }
  return bytes
}

const utf8 = new TextEncoder()

export const utf8Bytes = (text: string): Uint8Array => utf8.encode(text)
