// What a peer can make a verifier do before it is trusted, counted (not timed) on the inputs of
// test/bench/hostile-inputs.ts, each twice as large as the one before.

import { describe, expect, test } from 'vitest'
import { run } from '../../src/crypto/maybe.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { findPath } from '../../src/x509/builder.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { searchInput } from '../../src/x509/chain-verifier.ts'
import { defaults } from '../../src/x509/options.ts'
import { CertificateError } from '../../src/x509/rejection.ts'
import { verifyChain } from '../../src/x509/index.ts'
import { hostileInputs, root } from '../bench/hostile-inputs.ts'
import { now } from './make.ts'

interface Work {
  /** Candidates that were looked at. */
  readonly steps: number
  readonly signatures: number
  readonly comparisons: number
}

const options = { provider: nodeProvider, trust: root.der, time: now, serverName: 'host.example' }

/** What one search took, whatever came of it. */
const workFor = async (chain: readonly Uint8Array[]): Promise<Work> => {
  const [leaf, ...pool] = chain.map((der) => parseCertificate(der))
  if (leaf === undefined) throw new Error('an empty chain')
  const input = searchInput(leaf, pool, options, undefined)
  try {
    await run(findPath(input))
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
  }
  const { budget, rules } = input
  return {
    steps: defaults.steps - budget.steps,
    signatures: defaults.signatures - budget.signatures,
    comparisons: defaults.comparisons - rules.budget.comparisons,
  }
}

const sizes = [20, 40, 80, 160]

describe.each(hostileInputs)('$what', ({ what, chain }) => {
  test('work grows with the size, not with its square, and ends with the budget', async () => {
    const work = await Promise.all(sizes.map((n) => workFor(chain(n))))
    for (const [i, { steps, signatures, comparisons }] of work.entries()) {
      const n = sizes[i] ?? 0
      expect(steps).toBeLessThanOrEqual(3 * n + 5)
      expect(signatures).toBeLessThanOrEqual(defaults.signatures + 1)
      // Names with constraints are n times n by nature: there the budget is the limit.
      expect(comparisons).toBeLessThanOrEqual(what.endsWith('and constraints') ? 2 * n * n + 2 * n : 40 * n)
    }
  })
  test('is refused, whatever its size; extensions that nobody knows do no harm', async () => {
    for (const n of [20, 160])
      expect((await verifyChain(chain(n), options)).ok).toBe(what === 'one certificate of many extensions')
  })
})

test('more comparisons than the budget has are not made', async () => {
  const chain = hostileInputs.find(({ what }) => what === 'names and constraints')?.chain(600) ?? []
  const result = await verifyChain(chain, options)
  expect(!result.ok && result.reason.code).toBe('too_complex')
})

test('a message has at most as many certificates as the budget says', async () => {
  const [{ chain } = { chain: () => [] }] = hostileInputs
  const many = await verifyChain(chain(defaults.certificates), options)
  expect(!many.ok && many.reason.message).toMatch(/202 certificates; at most 200/)
  const raised = await verifyChain(chain(5), { ...options, budgets: { certificates: 6 } })
  expect(!raised.ok && raised.reason.message).toMatch(/7 certificates; at most 6/)
})
