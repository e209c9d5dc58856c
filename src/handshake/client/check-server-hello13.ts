// The client's judgement of a TLS 1.3 ServerHello: suite, pre-shared key, key share (RFC 9846 section 4.2.3, 4.3.8 and
// 4.3.11).

import type { ActiveSuite, ClientConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { decodeExtensions, serverHelloExtensions } from '../../wire/extensions.ts'
import type { ServerHelloExtensions } from '../../wire/extensions.ts'
import { pskModes } from '../../wire/numbers.ts'
import { namedGroupName } from '../../wire/registry.ts'
import { chosenSuite13 } from '../keys13.ts'
import type { Offer, OfferedShare } from './hello-plan.ts'
import type { PskOffer, ServerHelloMessage } from './client-handshake.ts'

/** What a ServerHello settled. */
export interface ServerChoice13 {
  readonly suite: ActiveSuite
  /** Undefined: the server proves itself by a certificate. */
  readonly psk: PskOffer | undefined
  /** Undefined: a key exchange by the pre-shared key alone. */
  readonly share: OfferedShare | undefined
  /** The server's key share; empty where it sent none. */
  readonly peerShare: Uint8Array
}

export const checkServerHello13 = (
  config: ClientConfig,
  offer: Offer,
  serverHello: ServerHelloMessage,
): ServerChoice13 => {
  const suite = chosenSuite13(config, serverHello.cipherSuite)
  const extensions = decodeExtensions(serverHelloExtensions, serverHello.extensions ?? [], 'ServerHello', {
    offered: offer.sent,
  })
  const psk = chosenPsk(offer, extensions, suite)
  if (!psk && config.pskRequired) {
    throw new TlsError(
      'missing_extension',
      'ServerHello: none of our pre-shared keys was chosen, and psk.required asks for one',
    )
  }
  const share = chosenShare(config, offer, extensions, psk)
  return { suite, psk, share, peerShare: extensions.key_share?.keyExchange ?? new Uint8Array(0) }
}

/** RFC 9846 section 4.3.11: the index has to be one of ours, and the suite has the PSK's hash. */
const chosenPsk = (
  offer: Offer,
  { pre_shared_key: index }: ServerHelloExtensions,
  suite: ActiveSuite,
): PskOffer | undefined => {
  if (index === undefined) return undefined
  const psk = offer.plan.psks[index]
  if (!psk)
    throw new TlsError(
      'illegal_parameter',
      `ServerHello: PSK ${index} was chosen, ${offer.plan.psks.length} were offered`,
    )
  if (psk.suite.hash.name !== suite.hash.name) {
    throw new TlsError('illegal_parameter', `ServerHello: a PSK for ${psk.suite.hash.name} with ${suite.name}`)
  }
  return psk
}

/** RFC 9846 section 4.3.8: the answer is for one of the groups that we sent a share for. */
const chosenShare = (
  config: ClientConfig,
  offer: Offer,
  { key_share: entry }: ServerHelloExtensions,
  psk: PskOffer | undefined,
): OfferedShare | undefined => {
  if (!entry && psk && config.pskModes.includes(pskModes.psk_ke)) return undefined // psk_ke (section 4.3.9)
  if (!entry) throw new TlsError(psk ? 'illegal_parameter' : 'missing_extension', 'ServerHello: no key_share')
  const share = offer.plan.shares.find(({ group }) => group.id === entry.group)
  if (!share) {
    throw new TlsError(
      'illegal_parameter',
      `ServerHello: a key share for group ${namedGroupName(entry.group)}, for which none was offered`,
    )
  }
  return share
}
