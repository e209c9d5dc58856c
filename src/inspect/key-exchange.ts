// The bodies of messages that depend on the version and on the key exchange, as codecs: ServerKeyExchange,
// ClientKeyExchange, CertificateRequest and CertificateVerify of TLS 1.2 and older (RFC 5246 section 7.4, RFC 8422,
// RFC 4279, RFC 5489, RFC 5054). For reading what others said, so that also the exchanges that this library never
// speaks are here.

import { fixed, list, mapped, opaque, rest, struct, u16, u8 } from '../wire/codec.ts'
import type { Codec, Fields } from '../wire/codec.ts'
import { SSL30, TLS12 } from '../wire/registry.ts'
import { describeCipherSuite } from './describe.ts'

const codecOf = (fields: Fields): Codec<unknown> => struct(fields) as Codec<unknown>

const curveByType: Codec<unknown> = mapped(
  u8,
  (type, reader) => {
    if (type !== 3) throw reader.fail(`a curve of type ${type}`)
    return type
  },
  (type) => type,
)
const ecParams: Fields = { curveType: curveByType, group: u16, point: opaque(1, 1) }
const dhParams: Fields = { dh_p: opaque(2, 1), dh_g: opaque(2, 1), dh_Ys: opaque(2, 1) }
const rsaParams: Fields = { rsa_modulus: opaque(2, 1), rsa_exponent: opaque(2, 1) }
const srpParams: Fields = { srp_N: opaque(2, 1), srp_g: opaque(2, 1), srp_s: opaque(1, 1), srp_B: opaque(2, 1) }
const hint: Fields = { psk_identity_hint: opaque(2) }

const signed = (version: number): Fields =>
  version >= TLS12 ? { scheme: u16, signature: opaque(2) } : { signature: opaque(2) }

/** Parameters by the key exchange of the suite; undefined for one that sends none, or that is not known here. */
const serverParams = (exchange: string): Fields | undefined => {
  if (exchange === 'ECDHE' || exchange === 'ECDH') return ecParams
  if (exchange === 'DHE' || exchange === 'DH') return dhParams
  if (exchange === 'RSA') return rsaParams // export suites
  if (exchange === 'SRP') return srpParams
  if (exchange === 'PSK' || exchange === 'RSA_PSK') return hint
  if (exchange === 'DHE_PSK') return { ...hint, ...dhParams }
  if (exchange === 'ECDHE_PSK') return { ...hint, ...ecParams }
  return undefined
}

/** How a ServerKeyExchange may read, likeliest first. */
export const serverKeyExchangeCodecs = (version: number, suite: number | undefined): readonly Codec<unknown>[] => {
  const { keyExchange, authentication } = describeCipherSuite(suite ?? 0)
  if (suite === undefined || keyExchange === '') {
    return [{ ...ecParams, ...signed(version) }, { ...dhParams, ...signed(version) }, ecParams, dhParams, hint].map(
      codecOf,
    )
  }
  const params = serverParams(keyExchange)
  if (!params) return []
  const unsigned = keyExchange.endsWith('PSK') || ['anon', 'SRP'].includes(authentication)
  return [unsigned ? codecOf(params) : codecOf({ ...params, ...signed(version) })]
}

const encrypted = (version: number): Fields => ({ encryptedPreMasterSecret: version === SSL30 ? rest : opaque(2) })
const point: Fields = { point: opaque(1, 1) }
const publicValue: Fields = { dh_Yc: opaque(2, 1) }
const identity: Fields = { psk_identity: opaque(2) }

const clientFields = (exchange: string, version: number): Fields | undefined => {
  if (exchange === 'RSA') return encrypted(version)
  if (exchange === 'ECDHE' || exchange === 'ECDH') return point
  if (exchange === 'DHE' || exchange === 'DH') return publicValue
  if (exchange === 'SRP') return { srp_A: opaque(2, 1) }
  if (exchange === 'PSK') return identity
  if (exchange === 'RSA_PSK') return { ...identity, ...encrypted(version) }
  if (exchange === 'DHE_PSK') return { ...identity, ...publicValue }
  if (exchange === 'ECDHE_PSK') return { ...identity, ...point }
  return undefined
}

/** How a ClientKeyExchange may read, likeliest first. */
export const clientKeyExchangeCodecs = (version: number, suite: number | undefined): readonly Codec<unknown>[] => {
  const { keyExchange } = describeCipherSuite(suite ?? 0)
  if (suite === undefined || keyExchange === '') return [codecOf(point), codecOf(encrypted(version))]
  const fields = clientFields(keyExchange, version)
  return fields ? [codecOf(fields)] : []
}

/** Messages of TLS 1.1 and older that read in another way than those of TLS 1.2 (RFC 4346 section 7.4). */
export const olderMessages: Readonly<Record<string, Codec<unknown>>> = {
  CertificateRequest: codecOf({ certificateTypes: list(1, u8, 1), authorities: list(2, opaque(2, 1)) }),
  CertificateVerify: codecOf({ signature: opaque(2) }),
}

/** SSL 3.0's CertificateVerify and Finished have no length and 36 bytes of hashes (RFC 6101 section 5.6). */
export const sslFinished: Codec<unknown> = codecOf({ md5Hash: fixed(16), shaHash: fixed(20) })
