// What a codec for certificate compression is (RFC 8879). options.ts takes them and config.ts checks them;
// compression/index.ts has ready ones.

import { TlsError } from '../errors.ts'
import type { MaybePromise } from '../crypto/provider.ts'

/**
 * An algorithm that shrinks the Certificate message of TLS 1.3. One that only compresses or only expands may leave out
 * the other.
 */
export interface CertificateCompression {
  /** CertificateCompressionAlgorithm, 1 to 65535 (RFC 8879 section 7.3): zlib 1, brotli 2, zstd 3. */
  readonly id: number
  /** As it is to appear in `info.certificateCompression`. */
  readonly name: string
  /** Called once for each identity and content; the result is kept. */
  readonly compress?: (data: Uint8Array) => MaybePromise<Uint8Array>
  /**
   * Must give exactly `length` bytes and never hold more: the data is the peer's and may be made to expand without end.
   * Throws otherwise.
   */
  readonly decompress?: (data: Uint8Array, length: number) => MaybePromise<Uint8Array>
}

/** The most that the list of compress_certificate has room for (RFC 8879 section 3). */
const MAX_CODECS = 127

/** Throws `bad_option` for an id that is not one of RFC 8879, or that is there twice, and for more than 127 codecs. */
export const checkCodecs = (codecs: readonly CertificateCompression[]): readonly CertificateCompression[] => {
  if (codecs.length > MAX_CODECS) {
    throw new TlsError(
      'bad_option',
      `certificateCompression: ${codecs.length} codecs; the extension has room for ${MAX_CODECS}`,
    )
  }
  codecs.forEach(({ id, name }, index) => {
    if (!Number.isInteger(id) || id < 1 || id > 0xffff) {
      throw new TlsError(
        'bad_option',
        `certificateCompression: ${name} has the id ${id}; it has to be a whole number from 1 to 65535`,
      )
    }
    if (codecs.findIndex((other) => other.id === id) !== index) {
      throw new TlsError('bad_option', `certificateCompression: two codecs with the id ${id}`)
    }
  })
  return codecs
}
