// Suites and record keys of TLS 1.3 for both sides: from a traffic secret to what the engine installs (RFC 9846
// section 7.3).

import type { ActiveSuite, ClientConfig } from '../config.ts'
import type { AeadCipher, HashAlgorithm } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { exportKey } from '../keys/schedule13.ts'
import type { TrafficSecret } from '../keys/schedule13.ts'
import { opener13, sealer13 } from '../record/protect13.ts'
import type { Sealer } from '../record/protection.ts'
import { cipherSuiteName } from '../wire/registry.ts'
import type { AnyHandshake } from './context.ts'
import { use } from './flow.ts'
import type { Flow } from './flow.ts'

/** The suite that the server chose. */
export const chosenSuite13 = (config: ClientConfig, id: number): ActiveSuite => {
  const suite = config.suites.find((candidate) => candidate.id === id && candidate.version === 'TLS 1.3')
  if (!suite) throw new TlsError('illegal_parameter', `ServerHello: ${cipherSuiteName(id)} is not a suite of TLS 1.3`)
  return suite
}

const aeadOf = (suite: ActiveSuite): AeadCipher => {
  if (suite.cipher.kind !== 'aead') throw new TlsError('internal_error', `${suite.name} has no AEAD`)
  return suite.cipher
}

export function* installRead13(hs: AnyHandshake, suite: ActiveSuite, secret: TrafficSecret): Flow<void> {
  hs.io.installRead(yield* use(opener13(aeadOf(suite), secret)))
}

/** Keying material for early data (RFC 9846 section 7.5), from here on. */
export const offerEarlyExporter = (hs: AnyHandshake, hash: HashAlgorithm, secret: Uint8Array): void => {
  hs.keyLog('EARLY_EXPORTER_SECRET', secret)
  hs.io.setEarlyExporter((length, label, context) => exportKey(hash, secret, label, context, length))
}

/** `before` runs when the keys are there and not yet in use: for a message that is the last under the old ones. */
export function* installWrite13(
  hs: AnyHandshake,
  suite: ActiveSuite,
  secret: TrafficSecret,
  before?: () => void,
): Flow<Sealer> {
  const sealer = yield* use(sealer13(aeadOf(suite), secret, { padding: hs.config.padding }))
  before?.()
  hs.io.installWrite(sealer)
  return sealer
}
