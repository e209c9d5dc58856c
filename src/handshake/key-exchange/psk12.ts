// The PSK and ECDHE_PSK key exchanges of TLS 1.2, both sides (RFC 4279 section 2, RFC 5489 section 2). No
// certificates: who knows the key is the peer.

import type { ActiveGroup, ClientConfig } from '../../config.ts'
import type { KeyExchange } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import { keyOf } from '../../psk.ts'
import type { ExternalPskConfig } from '../../psk.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  hintedEcdhParams, namedCurveParams, pskHint, pskIdentity, pskIdentityAndPoint, pskPremaster,
} from '../../wire/key-exchange12.ts'
import { namedGroupName } from '../../wire/registry.ts'
import type { Answer12 } from '../client/check-server-hello12.ts'
import type { ClientHandshake12, Offer } from '../client/client-hello.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { ClientExchange } from './key-exchange12.ts'
import type { ReceivedHello } from '../server/negotiate.ts'
import { lookUp, pskTie } from '../connection/psk-binding.ts'
import type { ServerHandshake12 } from '../server/server-hello.ts'

/** The key that a client uses with TLS 1.2: the first that is not for the importer, which is for TLS 1.3 (RFC 9258). */
export const pskOf12 = (config: Pick<ClientConfig, 'psks'>): ExternalPskConfig | undefined => config.psks.find(({ imported }) => !imported)

export interface ClientPskExchange extends ClientExchange {
  readonly identity: Uint8Array
  readonly group: ActiveGroup | undefined
}

/** Client: ServerKeyExchange*, ServerHelloDone, and what ClientKeyExchange answers. */
export function* readPskFlight(hs: ClientHandshake12, offer: Offer, { parameters }: Answer12): Flow<ClientPskExchange> {
  const { config } = hs
  const key = pskOf12(config)
  if (!key) throw new TlsError('internal_error', `${parameters.suite.name} was offered without a key`)
  const ecdhe = parameters.suite.keyExchange === 'ecdhe_psk'
  const message = yield* hs.read('ServerKeyExchange', ...(ecdhe ? [] : (['ServerHelloDone'] as const)))
  if (message.type === 'ServerKeyExchange') yield* hs.read('ServerHelloDone')
  if (!ecdhe) {
    if (message.type === 'ServerKeyExchange') decode(pskHint, message.body, 'ServerKeyExchange')
    const premaster = encode(pskPremaster, { other: new Uint8Array(key.key.length), psk: key.key })
    return { body: encode(pskIdentity, key.identity), premaster, identity: key.identity, group: undefined }
  }
  const { params } = decode(hintedEcdhParams, 'body' in message ? message.body : new Uint8Array(0), 'ServerKeyExchange')
  const group = config.groups.find(({ id, tls13Only }) => id === params.group && !tls13Only)
  if (!group || !offer.extensions.supported_groups?.includes(params.group)) {
    throw new TlsError('illegal_parameter', `ServerKeyExchange: group ${namedGroupName(params.group)} was not offered`)
  }
  const exchange = yield* use(group.start())
  const other = yield* use(exchange.complete(params.point))
  return {
    body: encode(pskIdentityAndPoint, { identity: key.identity, point: exchange.share }),
    premaster: encode(pskPremaster, { other, psk: key.key }),
    identity: key.identity,
    group,
  }
}

/** Server: ServerKeyExchange with ECDHE, or with a hint (RFC 4279 section 5.2: only where both ends have agreed on what it says). */
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

/** Server: identity and premaster secret of a ClientKeyExchange; an identity that is not known ends the handshake. */
export function* readPskPremaster(hs: ServerHandshake12, hello: ReceivedHello, exchange: KeyExchange | undefined): Flow<Pick<ClientPskExchange, 'identity' | 'premaster'> & { readonly tie: string }> {
  const { body } = yield* hs.read('ClientKeyExchange')
  const { identity, point } = exchange
    ? decode(pskIdentityAndPoint, body, 'ClientKeyExchange')
    : { identity: decode(pskIdentity, body, 'ClientKeyExchange'), point: undefined }
  const found = yield* lookUp(hs.config, hello, identity, false)
  if (!found) {
    throw new TlsError('unknown_psk_identity', 'the client names a pre-shared key that is not known here (RFC 4279 section 2)')
  }
  const psk = keyOf(found, 'internal_error')
  const other = exchange && point ? yield* use(exchange.complete(point)) : new Uint8Array(psk.length)
  const tie = pskTie(hs.config.provider, { identity, key: psk, imported: false })
  return { identity, premaster: encode(pskPremaster, { other, psk }), tie }
}
