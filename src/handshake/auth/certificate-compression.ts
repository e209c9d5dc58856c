// Certificate compression (RFC 8879): the part of a handshake that shrinks our Certificate and expands the peer's.

import type { CommonConfig } from '../../config.ts'
import type { CertificateCompression } from '../../compression/codec.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import { concat, equalBytes } from '../../wire/bytes.ts'
import { decodeMessage, encodeMessage, HEADER_LENGTH, messages13 } from '../../wire/messages.ts'
import type { Certificate13, CompressedCertificate, Message, Messages13 } from '../../wire/messages.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { CompressionPart } from '../parts.ts'

/** The Certificate of `identity` in the first of our algorithms that is in the peer's list. */
function* compressed(
  { certificateCompression }: CommonConfig,
  identity: Identity,
  message: Certificate13,
  theirs: readonly number[],
): Flow<CompressedCertificate | undefined> {
  const codec = certificateCompression.find(({ id, compress }) => compress && theirs.includes(id))
  if (!codec?.compress) return undefined
  const plain = encodeMessage(messages13, 'Certificate', message).subarray(HEADER_LENGTH)
  const known = kept.get(identity)?.find((entry) => entry.codec === codec && equalBytes(entry.plain, plain))
  const bytes = known?.compressed ?? (yield* use(codec.compress(plain)))
  if (bytes.length === 0)
    throw new TlsError('internal_error', `certificateCompression: ${codec.name} gave no bytes (RFC 8879 section 4)`)
  if (!known && message.context.length === 0) keep(identity, { codec, plain, compressed: bytes })
  return { algorithm: codec.id, uncompressedLength: plain.length, compressed: bytes }
}

interface Kept {
  readonly codec: CertificateCompression
  readonly plain: Uint8Array
  readonly compressed: Uint8Array
}

/** Contents of one identity that are kept: with and without a stapled response and SCTs, by some algorithms. */
const MAX_KEPT = 8

const kept = new WeakMap<Identity, readonly Kept[]>()

const keep = (identity: Identity, entry: Kept): void => {
  kept.set(identity, [entry, ...(kept.get(identity) ?? [])].slice(0, MAX_KEPT))
}

/**
 * The Certificate in a compressed one; `raw` stays the message as it came, which is what is hashed (section 4).
 * Throws `illegal_parameter` for an algorithm that we did not offer, `bad_compressed_certificate` for what does not
 * expand to its length.
 */
function* expanded(
  config: CommonConfig,
  message: Message<Messages13, 'CompressedCertificate'>,
): Flow<Message<Messages13, 'Certificate'>> {
  const codec = codecOf(config, message)
  const { uncompressedLength: length } = message
  if (length > config.maxHandshakeMessage) {
    throw bad(
      codec,
      `it says that it expands to ${length} bytes; the most that we take is ${config.maxHandshakeMessage} ` +
        '(maxHandshakeMessage)',
    )
  }
  const body = yield* expand(codec, message)
  if (body.length !== length)
    throw bad(codec, `${body.length} bytes came out, ${length} were announced (RFC 8879 section 4)`)
  const certificate = decodeMessage(messages13, 'Certificate', concat(new Uint8Array(HEADER_LENGTH), body))
  return { ...certificate, raw: message.raw }
}

type Expanding = CertificateCompression & Required<Pick<CertificateCompression, 'decompress'>>

const expands = (codec: CertificateCompression): codec is Expanding => codec.decompress !== undefined

const codecOf = (config: CommonConfig, { algorithm }: CompressedCertificate): Expanding => {
  const codec = config.certificateCompression.filter(expands).find(({ id }) => id === algorithm)
  if (codec) return codec
  throw new TlsError(
    'illegal_parameter',
    `CompressedCertificate: algorithm ${algorithm}, which was not offered (RFC 8879 section 4)`,
  )
}

function* expand(codec: Expanding, { compressed, uncompressedLength }: CompressedCertificate): Flow<Uint8Array> {
  try {
    return yield* use(codec.decompress(compressed, uncompressedLength))
  } catch (error) {
    throw bad(codec, 'it does not expand', error)
  }
}

const bad = ({ name }: CertificateCompression, why: string, cause?: unknown): TlsError =>
  new TlsError('bad_compressed_certificate', `CompressedCertificate (${name}): ${why}`, { cause })

export const compressionPart: CompressionPart = { compress: compressed, expand: expanded }
