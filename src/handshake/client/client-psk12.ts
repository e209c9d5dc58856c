// The PSK and ECDHE_PSK key exchanges of a TLS 1.2 client (RFC 4279 section 2, RFC 5489 section 2). No certificates:
// who knows the key is the peer.

import type { ActiveGroup } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { decode, encode } from '../../wire/codec.ts'
import { hintedEcdhParams, pskHint, pskIdentity, pskIdentityAndPoint, pskPremaster } from '../../wire/key-exchange12.ts'
import { namedGroupName } from '../../wire/registry.ts'
import type { PskOrigin } from '../auth/authentication.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { pskOf12 } from '../key-exchange/external-psk.ts'
import type { ClientExchange } from '../key-exchange/key-exchange12.ts'
import type { Answer12 } from './check-server-hello12.ts'
import type { Offer } from './hello-plan.ts'
import type { ClientHandshake12 } from './client-handshake.ts'

/** Where no certificate is shown: the server is who has the key. */
export interface PskFlight12 {
  readonly known: { readonly by: 'psk'; readonly psk: PskOrigin }
  /** With ECDHE_PSK. */
  readonly group: ActiveGroup | undefined
  readonly exchange: () => Flow<ClientExchange>
}

/** ServerKeyExchange*, ServerHelloDone. */
export function* readServerPsk12(hs: ClientHandshake12, offer: Offer, { parameters }: Answer12): Flow<PskFlight12> {
  const { config } = hs
  const psk = pskOf12(config)
  if (!psk) throw new TlsError('internal_error', `${parameters.suite.name} was offered without a key`)
  const { identity, key } = psk
  const known = { by: 'psk', psk: { identity, session: undefined } } as const
  const ecdhe = parameters.suite.keyExchange === 'ecdhe_psk'
  const message = yield* hs.read('ServerKeyExchange', ...(ecdhe ? [] : (['ServerHelloDone'] as const)))
  if (message.type === 'ServerKeyExchange') yield* hs.read('ServerHelloDone')
  if (!ecdhe) {
    if (message.type === 'ServerKeyExchange') decode(pskHint, message.body, 'ServerKeyExchange')
    return { known, group: undefined, exchange: () => plainExchange(identity, key) }
  }
  const { params } = decode(hintedEcdhParams, 'body' in message ? message.body : new Uint8Array(0), 'ServerKeyExchange')
  const group = config.groups.find(({ id, tls13Only }) => id === params.group && !tls13Only)
  if (!group || !offer.extensions.supported_groups?.includes(params.group)) {
    throw new TlsError('illegal_parameter', `ServerKeyExchange: group ${namedGroupName(params.group)} was not offered`)
  }
  return { known, group, exchange: () => ecdheExchange(group, params.point, identity, key) }
}

function* plainExchange(identity: Uint8Array, psk: Uint8Array): Flow<ClientExchange> {
  return {
    body: encode(pskIdentity, identity),
    premaster: encode(pskPremaster, { other: new Uint8Array(psk.length), psk }),
  }
}

function* ecdheExchange(
  group: ActiveGroup,
  point: Uint8Array,
  identity: Uint8Array,
  psk: Uint8Array,
): Flow<ClientExchange> {
  const exchange = yield* use(group.start())
  const other = yield* use(exchange.complete(point))
  return {
    body: encode(pskIdentityAndPoint, { identity, point: exchange.share }),
    premaster: encode(pskPremaster, { other, psk }),
  }
}
