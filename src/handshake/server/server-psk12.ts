// The PSK and ECDHE_PSK key exchanges of a TLS 1.2 server (RFC 4279 section 2, RFC 5489 section 2). No certificates:
// who knows the key is the peer.

import type { ActiveGroup } from '../../config.ts'
import type { KeyExchange } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import { keyOf } from '../../psk.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  hintedEcdhParams,
  namedCurveParams,
  pskHint,
  pskIdentity,
  pskIdentityAndPoint,
  pskPremaster,
} from '../../wire/key-exchange12.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { lookUpPsk, pskBinding } from './psk-lookup.ts'
import type { ReceivedHello, ServerHandshake12 } from './received-hello.ts'

/**
 * Server: ServerKeyExchange with ECDHE, or with a hint (RFC 4279 section 5.2: only where both ends have agreed on what
 * it says).
 */
export function* sendPskShare(hs: ServerHandshake12, group: ActiveGroup | undefined): Flow<KeyExchange | undefined> {
  const hint = hs.config.pskHint
  if (!group) {
    if (hint.length > 0) hs.send('ServerKeyExchange', { body: encode(pskHint, hint) })
    return undefined
  }
  const exchange = yield* use(group.start())
  const params = namedCurveParams(group.id, exchange.share)
  hs.send('ServerKeyExchange', { body: encode(hintedEcdhParams, { hint, params }) })
  return exchange
}

export interface PskPremaster {
  readonly identity: Uint8Array
  readonly premaster: Uint8Array
  /** What ties sessions to the key. */
  readonly binding: string
}

/** Server: identity and premaster secret of a ClientKeyExchange; an identity that is not known ends the handshake. */
export function* readPskPremaster(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  exchange: KeyExchange | undefined,
): Flow<PskPremaster> {
  const { body } = yield* hs.read('ClientKeyExchange')
  const { identity, point } = exchange
    ? decode(pskIdentityAndPoint, body, 'ClientKeyExchange')
    : { identity: decode(pskIdentity, body, 'ClientKeyExchange'), point: undefined }
  const found = yield* lookUpPsk(hs.config, hello, { identity, imported: undefined })
  if (!found) {
    throw new TlsError(
      'unknown_psk_identity',
      'the client names a pre-shared key that is not known here (RFC 4279 section 2)',
    )
  }
  const psk = keyOf(found, 'internal_error')
  const other = exchange && point ? yield* use(exchange.complete(point)) : new Uint8Array(psk.length)
  const binding = pskBinding(hs.config.provider, { identity, key: psk, imported: undefined })
  return { identity, premaster: encode(pskPremaster, { other, psk }), binding }
}
