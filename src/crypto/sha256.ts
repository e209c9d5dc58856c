// SHA-256 of a provider, for what needs it whatever a handshake agrees on: names of keys, tickets, timestamps, pins.

import { TlsError } from '../errors.ts'
import type { CryptoProvider, HashAlgorithm } from './provider.ts'

/** Throws `unsupported` where the provider has none. */
export const sha256From = ({ name, hashes: { sha256 } }: CryptoProvider): HashAlgorithm => {
  if (!sha256) throw new TlsError('unsupported', `the ${name} provider has no SHA-256`)
  return sha256
}
