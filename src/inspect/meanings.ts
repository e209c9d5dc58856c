// What the values of fields mean: numbers by the registry that their field draws from, and text of bytes that are text.

import {
  describeCipherSuite,
  describeExtension,
  describeGroup,
  describeSignatureScheme,
  describeVersion,
} from './describe.ts'
import type { FieldFacts } from './fields.ts'
import { clientCertificateTypeNames } from './names/small.ts'

const named =
  (names: Readonly<Record<number, string>>) =>
  (id: number): string | undefined =>
    names[id]

type Meaning = (id: number) => string | undefined

/** By the name of the field; the first that matches. */
const meanings: readonly (readonly [RegExp, Meaning])[] = [
  [/cipherSuite/, (id) => describeCipherSuite(id).name],
  [/^type$/, (id) => describeExtension(id).name],
  [/ersion/, (id) => describeVersion(id).name],
  [/supported_groups|^group$|^key_share$/, (id) => describeGroup(id).name],
  [/signature|^scheme$|delegated_credential/, (id) => describeSignatureScheme(id).name],
  [/^compressionMethods?$/, named({ 0: 'null', 1: 'DEFLATE' })],
  [/^ec_point_formats$/, named({ 0: 'uncompressed', 1: 'ansiX962_compressed_prime', 2: 'ansiX962_compressed_char2' })],
  [/^psk_key_exchange_modes$/, named({ 0: 'psk_ke', 1: 'psk_dhe_ke' })],
  [/^compress_certificate$|^algorithm$/, named({ 1: 'zlib', 2: 'brotli', 3: 'zstd' })],
  [/^statusType$/, named({ 1: 'ocsp', 2: 'ocsp_multi' })],
  [/^nameType$/, named({ 0: 'host_name' })],
  [/^max_fragment_length$/, named({ 1: '512 bytes', 2: '1024 bytes', 3: '2048 bytes', 4: '4096 bytes' })],
  [/^curveType$/, named({ 1: 'explicit_prime', 2: 'explicit_char2', 3: 'named_curve' })],
  [/^(client|server)_certificate_type$/, named({ 0: 'X509', 1: 'OpenPGP', 2: 'RawPublicKey' })],
  [/^certificateTypes$/, named(clientCertificateTypeNames)],
  [/^heartbeat$/, named({ 1: 'peer_allowed_to_send', 2: 'peer_not_allowed_to_send' })],
  [
    /^protectionProfiles$/,
    named({
      1: 'SRTP_AES128_CM_HMAC_SHA1_80',
      2: 'SRTP_AES128_CM_HMAC_SHA1_32',
      7: 'SRTP_AEAD_AES_128_GCM',
      8: 'SRTP_AEAD_AES_256_GCM',
    }),
  ],
  [/^echType$/, named({ 0: 'outer', 1: 'inner' })],
  [/^kdf$/, named({ 1: 'HKDF-SHA256', 2: 'HKDF-SHA384', 3: 'HKDF-SHA512' })],
  [/^aead$/, named({ 1: 'AES-128-GCM', 2: 'AES-256-GCM', 3: 'ChaCha20Poly1305' })],
  [/^lifetime(Hint)?$/, (seconds) => `${seconds} seconds`],
]

/** Value and meaning of a field that has no fields inside. `path` begins with the message's name. */
export const fieldFacts = (path: string, name: string, value: unknown): FieldFacts => {
  if (typeof value === 'number') {
    const meaning = path.endsWith('.requestUpdate')
      ? undefined
      : meanings.find(([pattern]) => pattern.test(name))?.[1](value)
    return meaning === undefined ? { value } : { value, meaning }
  }
  if (typeof value === 'string' || typeof value === 'boolean') return { value }
  if (value instanceof Uint8Array && /^(psk_identity|psk_identity_hint)$/.test(name)) {
    const text = String.fromCharCode(...value.subarray(0, 200))
    return /^[\x20-\x7e]+$/.test(text) ? { meaning: JSON.stringify(text) } : {}
  }
  return {}
}
