// The verifiers that connections share: those of equal authorities are one, with what it has parsed, and the oldest of
// seventeen is forgotten.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { verifierFor } from '../../src/defaults.ts'
import { createCa } from '../../src/pki/index.ts'
import { trustStore } from '../../src/x509/trust.ts'

const authorities = await Promise.all(
  Array.from({ length: 17 }, async (_, index) => (await createCa({ name: `CA ${index}` })).certificate),
)
const rememberer = () => {
  const verifierOf = verifierFor(() => trustStore(authorities))
  return {
    of: (index: number, provider: CryptoProvider = nodeProvider) =>
      verifierOf({
        provider,
        legacy: false,
        authorities: authorities.slice(index, index + 1).map((der) => der.slice()),
      }),
    runtime: () => verifierOf({ provider: nodeProvider, legacy: false, authorities: undefined }),
  }
}

describe('verifiers of the same authorities', () => {
  it('are one for each provider, and one for the roots of the runtime', () => {
    const { of, runtime } = rememberer()
    const first = of(0)
    expect(of(0)).toBe(first)
    expect(of(1)).not.toBe(first)
    expect(of(0, nobleProvider)).not.toBe(first)
    expect(of(0)).toBe(first)
    expect(runtime()).toBe(runtime())
    expect(runtime()).not.toBe(first)
  })
  it('are sixteen at most: what was asked for last is kept', () => {
    const { of } = rememberer()
    const made = authorities.slice(0, 16).map((_, index) => of(index))
    expect(of(0)).toBe(made[0])
    of(16)
    expect(of(0)).toBe(made[0])
    expect(of(2)).toBe(made[2])
    expect(of(1)).not.toBe(made[1])
  })
  it('are made for each connection where the provider has no SHA-256 to compare them by', () => {
    const { of } = rememberer()
    const without: CryptoProvider = { ...nodeProvider, hashes: { sha384: nodeProvider.hashes.sha384 } as never }
    expect(of(0, without)).not.toBe(of(0, without))
  })
})
