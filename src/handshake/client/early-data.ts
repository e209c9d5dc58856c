// The client's early data (RFC 9846 section 2.3 and 4.3.10): keys and bytes for the first flight.

import { TlsError } from '../../errors.ts'
import { earlyStage } from '../../keys/schedule13.ts'
import { installWrite13, offerEarlyExporter } from '../keys13.ts'
import type { Flow } from '../flow.ts'
import type { Offer } from './client-hello.ts'
import type { ClientHandshake } from './client-handshake.ts'

/** Installs the early write keys; the engine sends config.earlyData under them, and more while it may. */
export function* startEarlyData(hs: ClientHandshake, offer: Offer): Flow<void> {
  const psk = offer.plan.psks[0]
  if (!psk) throw new TlsError('internal_error', 'early data without a PSK')
  if (hs.config.compatibilityMode) hs.io.sendChangeCipherSpec()
  const { hash } = psk.suite
  const stage = earlyStage(hash, psk.secret)
  const helloHash = hs.transcript.hashWith(hash, new Uint8Array(0))
  const secret = stage.clientEarlyTraffic(helloHash)
  hs.keyLog('CLIENT_EARLY_TRAFFIC_SECRET', secret.secret)
  offerEarlyExporter(hs, hash, stage.earlyExporter(helloHash))
  yield* installWrite13(hs, psk.suite, secret)
  hs.io.startEarlyData(hs.config.earlyData, psk.earlyData)
}
