// Which cipher suites a provider has, from the ciphers it has (rows of wire/registry.ts).

import { cipherSuites } from '../wire/registry.ts'
import type { CipherSuite } from '../wire/registry.ts'
import type { Cipher, ProviderSuite } from './provider.ts'

/** `ciphers` in order of preference: suites follow that order, TLS 1.3 before TLS 1.2, legacy last. */
export const suitesFor = (ciphers: readonly Cipher[]): readonly ProviderSuite[] =>
  cipherSuites
    .flatMap((suite) => {
      const rank = ciphers.findIndex((cipher) => cipher.name === suite.cipher)
      const cipher = ciphers[rank]
      return cipher ? [{ id: suite.id, cipher, weight: weightOf(suite) + rank }] : []
    })
    .sort((a, b) => a.weight - b.weight)
    .map(({ id, cipher }) => ({ id, cipher }))

/** Forward secrecy (RFC 9325 section 4.1) counts for more than the cipher. */
const weightOf = (suite: CipherSuite): number =>
  (suite.legacy ? 400 : 0) +
  (suite.version === 'TLS 1.2' ? 200 : 0) +
  (suite.keyExchange === 'rsa' || suite.keyExchange === 'psk' ? 100 : 0)
