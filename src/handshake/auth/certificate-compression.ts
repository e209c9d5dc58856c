// The Certificate message of TLS 1.3, compressed where both ends can (RFC 8879). client13.ts, server13.ts and the
// client authentication of both send and read Certificate through here.

import type { CommonConfig } from '../../config.ts'
import type { CertificateCompression } from '../../compression/codec.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import { concat, equalBytes } from '../../wire/bytes.ts'
import { decodeMessage, encodeMessage, HEADER_LENGTH, messages13 } from '../../wire/messages.ts'
import type { Certificate13, CompressedCertificate, Message, Messages13 } from '../../wire/messages.ts'
import type { Handshake } from '../context.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'

export type CertificateMessage = Message<Messages13, 'Certificate'>
export type AnyCertificateMessage = Message<Messages13, 'Certificate' | 'CompressedCertificate'>

/** The list for compress_certificate: what we can expand (section 3). */
export const expandable = ({
  certificateCompression,
}: CommonConfig): { readonly compress_certificate?: readonly number[] } => {
  const ids = certificateCompression.filter(({ decompress }) => decompress).map(({ id }) => id)
  return ids.length > 0 ? { compress_certificate: ids } : {}
}

/** The messages that a Certificate may come as, where `offered` says whether we sent compress_certificate. */
export const certificateTypes = (offered: boolean): readonly ['Certificate', ...'CompressedCertificate'[]] =>
  offered ? ['Certificate', 'CompressedCertificate'] : ['Certificate']

/** The same for a config: what a server asked of its client. */
export const askedTypes = (config: CommonConfig): ReturnType<typeof certificateTypes> =>
  certificateTypes(expandable(config).compress_certificate !== undefined)

/** Sends the Certificate of `identity`, compressed if the peer's list has an algorithm of ours; our order decides. */
export function* sendCertificateMessage(
  hs: Handshake<CommonConfig, Messages13>,
  identity: Identity,
  message: Certificate13,
  theirs: readonly number[] = [],
): Flow<void> {
  const codec = hs.config.certificateCompression.find(({ id, compress }) => compress && theirs.includes(id))
  if (!codec?.compress) return void hs.send('Certificate', message)
  const plain = encodeMessage(messages13, 'Certificate', message).subarray(HEADER_LENGTH)
  const known = kept.get(identity)?.find((entry) => entry.codec === codec && equalBytes(entry.plain, plain))
  const compressed = known?.compressed ?? (yield* use(codec.compress(plain)))
  if (compressed.length === 0)
    throw new TlsError('internal_error', `certificateCompression: ${codec.name} gave no bytes (RFC 8879 section 4)`)
  if (!known && message.context.length === 0) keep(identity, { codec, plain, compressed })
  hs.send('CompressedCertificate', { algorithm: codec.id, uncompressedLength: plain.length, compressed })
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
 * The Certificate in a message that was read; `raw` stays the message as it came, which is what is hashed (section 4).
 * Throws `illegal_parameter` for an algorithm that we did not offer, `bad_compressed_certificate` for what does not
 * expand to its length.
 */
export function* certificateOf(config: CommonConfig, message: AnyCertificateMessage): Flow<CertificateMessage> {
  if (message.type === 'Certificate') return message
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

/** The name of the algorithm that a Certificate came compressed with. */
export const compressionOf = (config: CommonConfig, message: AnyCertificateMessage): string | undefined =>
  message.type === 'CompressedCertificate' ? codecOf(config, message).name : undefined

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
