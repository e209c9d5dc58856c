// The Certificate message of TLS 1.3: what is asked of it, and how it is sent and read, compressed or not (RFC 9846
// section 4.5.1, RFC 8879, RFC 9345). Both sides send and read Certificate through here.

import type { CommonConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import type { Certificate13, CertificateEntry, Message, Messages13 } from '../../wire/messages.ts'
import { extensionTypes } from '../../wire/registry.ts'
import type { AnyHandshake, Handshake } from '../context.ts'
import type { Flow } from '../flow.ts'

export type CertificateMessage = Message<Messages13, 'Certificate'>
export type AnyCertificateMessage = Message<Messages13, 'Certificate' | 'CompressedCertificate'>

/** The list for compress_certificate: what we can expand (RFC 8879 section 3). */
export const expandable = ({ certificateCompression }: CommonConfig): readonly number[] | undefined =>
  orNone(certificateCompression.filter(({ decompress }) => decompress))

/** The list for delegated_credential. */
export const takenDelegations = ({ delegatedSchemes }: CommonConfig): readonly number[] | undefined =>
  orNone(delegatedSchemes)

/** Their numbers; undefined where there is none, and the extension is left out. */
const orNone = (list: readonly { readonly id: number }[]): readonly number[] | undefined =>
  list.length > 0 ? list.map(({ id }) => id) : undefined

/** The messages that a Certificate may come as, where `offered` says whether we sent compress_certificate. */
export const certificateTypes = (offered: boolean): readonly ['Certificate', ...'CompressedCertificate'[]] =>
  offered ? ['Certificate', 'CompressedCertificate'] : ['Certificate']

/** The same for a config: what a server asked of its client. */
export const askedTypes = (config: CommonConfig): ReturnType<typeof certificateTypes> =>
  certificateTypes(expandable(config) !== undefined)

/** Sends the Certificate of `identity`, compressed if the peer's list has an algorithm of ours; our order decides. */
export function* sendCertificateMessage(
  hs: Handshake<CommonConfig, Messages13>,
  identity: Identity,
  message: Certificate13,
  theirs: readonly number[] = [],
): Flow<void> {
  const { compression } = hs.parts
  const compressed = compression && (yield* compression.compress(hs.config, identity, message, theirs))
  if (compressed) hs.send('CompressedCertificate', compressed)
  else hs.send('Certificate', message)
}

/** The Certificate in a message that was read; `raw` stays the message as it came, which is what is hashed. */
export function* certificateOf(
  { config, parts }: Pick<AnyHandshake, 'config' | 'parts'>,
  message: AnyCertificateMessage,
): Flow<CertificateMessage> {
  if (message.type === 'Certificate') return message
  if (!parts.compression) throw new TlsError('internal_error', 'certificate compression was offered, and is not there')
  return yield* parts.compression.expand(config, message)
}

/** The name of the algorithm that a Certificate came compressed with. */
export const compressionOf = (
  { certificateCompression }: CommonConfig,
  message: AnyCertificateMessage,
): string | undefined =>
  message.type === 'CompressedCertificate'
    ? certificateCompression.find(({ id }) => id === message.algorithm)?.name
    : undefined

/** Throws `unexpected_message` for a credential that was not asked for (RFC 9345 section 4.1.1); any other extension
 * would be unsupported_extension. */
export const refuseUnasked = (entries: readonly CertificateEntry[], asked: boolean): void => {
  if (
    !asked &&
    entries.some(({ extensions }) => extensions.some(({ type }) => type === extensionTypes.delegated_credential))
  ) {
    throw new TlsError(
      'unexpected_message',
      'Certificate: a delegated credential that was not asked for (RFC 9345 section 4.1)',
    )
  }
}
