// Extensions of a message by name, as codecs that open more than the handshake needs: ECH, certificate types, SRTP,
// flags.

import {
  certificateEntryExtensions,
  certificateRequestExtensions,
  clientHelloExtensions,
  encryptedExtensionsExtensions,
  helloRetryRequestExtensions,
  newSessionTicketExtensions,
  serverHello12Extensions,
  serverHelloExtensions,
} from '../wire/extensions.ts'
import { list, opaque, rest, struct, u16, u8 } from '../wire/codec.ts'
import type { Codec } from '../wire/codec.ts'
import { latin1 } from '../wire/texts.ts'
import { equalBytes } from '../wire/bytes.ts'
import { HELLO_RETRY_REQUEST_RANDOM } from '../wire/messages.ts'
import { TLS13 } from '../wire/registry.ts'

export type Extensions = Readonly<Record<string, Codec<unknown>>>

const echOuterFields = struct({
  echType: u8,
  kdf: u16,
  aead: u16,
  configId: u8,
  enc: opaque(2),
  payload: opaque(2, 1),
}) as Codec<unknown>
const echInnerFields = struct({ echType: u8 }) as Codec<unknown>

/** RFC 9849 section 5: outer or inner, by the first byte. */
const ech: Codec<unknown> = {
  encode: () => {},
  decode: (reader) => (reader.bytes[reader.offset] === 0 ? echOuterFields : echInnerFields).decode(reader),
}

/** ECHConfigList (RFC 9849 section 4). */
const echConfigs: Codec<unknown> = list(2, struct({ version: u16, contents: opaque(2) }), 4) as Codec<unknown>

const ocspRequest = struct({ responderIds: list(2, opaque(2, 1)), requestExtensions: opaque(2) })
const statusRequest: Codec<unknown> = struct({ statusType: u8, request: ocspRequest }) as Codec<unknown>
const srtp: Codec<unknown> = struct({ protectionProfiles: list(2, u16, 2), mki: opaque(1) }) as Codec<unknown>
const certificateTypes: Codec<unknown> = list(1, u8, 1) as Codec<unknown>
const protocols: Codec<unknown> = list(2, latin1(opaque(1, 1))) as Codec<unknown>
const pointFormats: Codec<unknown> = list(1, u8, 1) as Codec<unknown>
const modes: Codec<unknown> = list(1, u8, 1) as Codec<unknown>

const forClientHello: Extensions = {
  ...clientHelloExtensions,
  encrypted_client_hello: ech,
  status_request: statusRequest,
  use_srtp: srtp,
  heartbeat: u8 as Codec<unknown>,
  client_certificate_type: certificateTypes,
  server_certificate_type: certificateTypes,
  ec_point_formats: pointFormats,
  psk_key_exchange_modes: modes,
  application_settings: protocols,
  application_settings_old: protocols,
  next_protocol_negotiation: rest as Codec<unknown>,
}

const forServerHello12: Extensions = {
  ...serverHello12Extensions,
  heartbeat: u8 as Codec<unknown>,
  use_srtp: srtp,
  ec_point_formats: pointFormats,
  supported_groups: list(2, u16, 2) as Codec<unknown>,
}

/** `raw` is the whole message. */
export const extensionTableOf = (name: string, raw: Uint8Array, version: number): Extensions => {
  if (name === 'ClientHello') return forClientHello
  if (name === 'ServerHello') {
    if (version !== TLS13) return forServerHello12
    return equalBytes(raw.subarray(6, 38), HELLO_RETRY_REQUEST_RANDOM)
      ? helloRetryRequestExtensions
      : serverHelloExtensions
  }
  if (name === 'EncryptedExtensions') return { ...encryptedExtensionsExtensions, encrypted_client_hello: echConfigs }
  if (name === 'CertificateRequest') return certificateRequestExtensions
  if (name === 'Certificate') return certificateEntryExtensions
  return newSessionTicketExtensions
}
