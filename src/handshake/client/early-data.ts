// The client's early data (RFC 9846 section 2.3 and 4.3.10): keys and bytes for the first flight.

import { TlsError } from '../../errors.ts'
import { earlyStage } from '../../keys/schedule13.ts'
import { installWrite13 } from '../keys13.ts'
import type { Flow } from '../flow.ts'
import type { Offer } from './client-hello.ts'
import type { ClientHandshake } from './client-handshake.ts'

/** Installs the early write keys; the engine sends config.earlyData under them, and more while it may. */
export function* startEarlyData(hs: ClientHandshake, offer: Offer): Flow<void> {
  const psk = offer.plan.psks[0]
  if (!psk) throw new TlsError('internal_error', 'early data without a PSK')
  if (hs.config.compatibilityMode) hs.io.sendChangeCipherSpec()
  const secret = earlyStage(psk.suite.hash, psk.secret).clientEarlyTraffic(hs.transcript.hashWith(psk.suite.hash, new Uint8Array(0)))
  hs.keyLog('CLIENT_EARLY_TRAFFIC_SECRET', secret.secret)
  yield* installWrite13(hs, psk.suite, secret)
  hs.io.startEarlyData(hs.config.earlyData, psk.earlyData)
}
