// Codecs for certificate compression (RFC 8879) where there is only the web's own: zlib, by Compression Streams. Node,
// Bun and Deno take index.node.ts. `puretls/compression`.

import { concat } from '../wire/bytes.ts'
import { compressionIds } from '../wire/numbers.ts'
import type { CertificateCompression } from './codec.ts'

export type { CertificateCompression } from './codec.ts'

/** ZLIB of RFC 1950 (algorithm 1), by the runtime's CompressionStream and DecompressionStream. */
export const zlib: CertificateCompression = {
  id: compressionIds.zlib,
  name: 'zlib',
  compress: (data) => pass(data, new CompressionStream('deflate'), Number.MAX_SAFE_INTEGER),
  decompress: (data, length) => pass(data, new DecompressionStream('deflate'), length),
}

/** What this runtime has, in order of preference. */
export const certificateCodecs: readonly CertificateCompression[] = [zlib]

/** Rejects with a RangeError as soon as more than `most` bytes come out. */
const pass = async (
  data: Uint8Array,
  through: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array> => {
  const writer = through.writable.getWriter()
  const fed = writer.write(new Uint8Array(data)).then(() => writer.close())
  fed.catch(() => undefined) // the reading side tells of it
  const reader = through.readable.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concat(...chunks)
    length += value.length
    if (length > most) {
      await reader.cancel()
      throw new RangeError(`more than ${most} bytes came out`)
    }
    chunks.push(value)
  }
}
