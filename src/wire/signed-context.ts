// What TLS 1.3 signs is told apart by its context: 64 spaces, a text, a zero, the content (RFC 9846 section 4.5.2,
// and RFC 9345 section 4 after it).

import { concat } from './bytes.ts'
import { utf8Bytes } from './texts.ts'

export const signedContext = (context: string, ...content: readonly Uint8Array[]): Uint8Array =>
  concat(new Uint8Array(64).fill(0x20), utf8Bytes(context), Uint8Array.of(0), ...content)
