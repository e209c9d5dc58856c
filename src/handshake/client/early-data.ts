// The client's early data (RFC 9846 section 2.3 and 4.3.10): keys and bytes for the first flight, and what the server
// may make of them.

import type { ClientConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import type { EarlyDataRefusal } from '../../info.ts'
import type { Flow } from '../flow.ts'
import { installWrite13, offerEarlyExporter } from '../keys13.ts'
import type { ClientHandshake, EarlyDataPart, EarlyTerms, PskOffer } from './client-handshake.ts'

function* startEarlyData(hs: ClientHandshake, psk: PskOffer | undefined): Flow<void> {
  if (!psk) throw new TlsError('internal_error', 'early data without a PSK')
  if (hs.config.compatibilityMode) hs.io.sendChangeCipherSpec()
  const { stage } = psk
  const { hash } = psk.suite
  const helloHash = hs.transcript.hashWith(hash, new Uint8Array(0))
  const secret = stage.clientEarlyTraffic(helloHash)
  hs.keyLog('CLIENT_EARLY_TRAFFIC_SECRET', secret.secret)
  offerEarlyExporter(hs, hash, stage.earlyExporter(helloHash))
  yield* installWrite13(hs, psk.suite, secret)
  hs.io.startEarlyData(hs.config.earlyData, psk.earlyData)
}

const whyNoneSent = ({ earlyData }: ClientConfig, first: PskOffer | undefined): EarlyDataRefusal | undefined => {
  if (!earlyData) return undefined
  if (!first?.session) return 'no_session'
  return first.earlyData === 0 ? 'session_forbids' : 'too_long'
}

/** As far as a client can tell. */
const whyRejected = ({ retried, psk, first, suite, alpn }: EarlyTerms): EarlyDataRefusal => {
  if (retried) return 'hello_retry_request'
  if (!psk || psk !== first) return 'not_resumed'
  if (psk.suite.id !== suite.id) return 'cipher_suite'
  return psk.session && psk.session.alpn !== (alpn ?? '') ? 'alpn' : 'declined'
}

/** Section 4.3.10: early data only with the first PSK, and the suite and ALPN of its session. */
const checkAccepted = ({ psk, first, suite, alpn }: EarlyTerms): void => {
  if (!psk || psk !== first) {
    throw new TlsError('illegal_parameter', 'EncryptedExtensions: early data was accepted without the first PSK')
  }
  if (psk.suite.id !== suite.id) {
    throw new TlsError(
      'illegal_parameter',
      `EncryptedExtensions: early data for ${psk.suite.name} was accepted under ${suite.name}`,
    )
  }
  if (psk.session && psk.session.alpn !== (alpn ?? '')) {
    throw new TlsError(
      'illegal_parameter',
      'EncryptedExtensions: early data was accepted under another application protocol',
    )
  }
}

export const earlyDataPart: EarlyDataPart = { start: startEarlyData, checkAccepted, whyRejected, whyNoneSent }
