// The bodies of ServerKeyExchange and ClientKeyExchange of TLS 1.2, which depend on the suite (RFC 5246 section 7.4.3
// and 7.4.7, RFC 8422 section 5.4 and 5.7).

import { TlsError } from '../errors.ts'
import { mapped, opaque, struct, u16, u8 } from './codec.ts'
import type { Codec, Decoded } from './codec.ts'
import { NAMED_CURVE } from './numbers.ts'

/** RFC 8422 section 5.4: explicit curves must not be used, by anybody. */
const curveType: Codec<number> = mapped(
  u8,
  (type) => {
    if (type !== NAMED_CURVE)
      throw new TlsError('illegal_parameter', `ServerKeyExchange: a curve of type ${type}; it has to be a named one`)
    return type
  },
  (type) => type,
)

export const serverEcdhParams = struct({ curveType, group: u16, point: opaque(1, 1) })
export type ServerEcdhParams = Decoded<typeof serverEcdhParams>
export const namedCurveParams = (group: number, point: Uint8Array): ServerEcdhParams => ({
  curveType: NAMED_CURVE,
  group,
  point,
})

export const signedEcdhParams = struct({ params: serverEcdhParams, scheme: u16, signature: opaque(2) })

/** ClientKeyExchange with ECDHE: the client's point. */
export const clientEcdhPoint: Codec<Uint8Array> = opaque(1, 1)
/** ClientKeyExchange with static RSA: the encrypted premaster secret. */
export const encryptedPremaster: Codec<Uint8Array> = opaque(2)

/** RFC 4279 section 2: a hint at which key to use, 0 to 65535 bytes. */
export const pskHint: Codec<Uint8Array> = opaque(2)

/** RFC 5489 section 2. */
export const hintedEcdhParams = struct({ hint: pskHint, params: serverEcdhParams })

/** ClientKeyExchange with PSK; `point` with ECDHE only. */
export const pskIdentity: Codec<Uint8Array> = opaque(2)
export const pskIdentityAndPoint = struct({ identity: pskIdentity, point: clientEcdhPoint })

/** The premaster secret with PSK (RFC 4279 section 2): the other secret, then the key. */
export const pskPremaster = struct({ other: opaque(2), psk: opaque(2) })
