// Codecs for certificate compression (RFC 8879) on Node, Bun and Deno: node:zlib, synchronous, with a bound on what
// comes out.
// `puretls/compression`.

import * as node from 'node:zlib'
import type { CertificateCompression } from './codec.ts'
import { compressionIds } from '../wire/numbers.ts'

export type { CertificateCompression } from './codec.ts'

/** ZLIB of RFC 1950 (algorithm 1). */
export const zlib: CertificateCompression = {
  id: compressionIds.zlib,
  name: 'zlib',
  compress: (data) => node.deflateSync(data, { level: 9 }),
  decompress: (data, length) => node.inflateSync(data, bounded(length)),
}

/** Brotli of RFC 7932 (algorithm 2). */
export const brotli: CertificateCompression = {
  id: compressionIds.brotli,
  name: 'brotli',
  compress: (data) => node.brotliCompressSync(data),
  decompress: (data, length) => node.brotliDecompressSync(data, bounded(length)),
}

/** Zstandard of RFC 8878 (algorithm 3); undefined before Node 22.15, which does not have it. */
export const zstd: CertificateCompression | undefined =
  typeof node.zstdCompressSync === 'function'
    ? {
        id: compressionIds.zstd,
        name: 'zstd',
        compress: (data) => node.zstdCompressSync(data),
        decompress: (data, length) => {
          const params = { [node.constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX }
          return node.zstdDecompressSync(data, { ...bounded(length), params })
        },
      }
    : undefined

/** What this runtime has, in order of preference. */
export const certificateCodecs: readonly CertificateCompression[] = [brotli, ...(zstd ? [zstd] : []), zlib]

/** A frame says itself how large a window it needs, whatever comes out of it:
 * 8 MiB is what decoders are advised to have (RFC 8878 section 3.1.1.1.2). */
const WINDOW_LOG_MAX = 23

/** The whole message is one stream: bytes behind its end are refused, by runtimes that have the option. */
const bounded = (length: number): { readonly maxOutputLength: number; readonly rejectGarbageAfterEnd: true } => ({
  maxOutputLength: Math.max(1, length),
  rejectGarbageAfterEnd: true,
})
