// What a peer can make a verifier do before it is trusted, counted (not timed) on the inputs of
// test/bench/hostile-inputs.ts, each twice as large as the one before.

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isPromise, run } from '../../src/crypto/maybe.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { findPath } from '../../src/x509/builder.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { chainVerifier } from '../../src/x509/chain-verifier.ts'
import { defaults } from '../../src/x509/options.ts'
import { everyPart, searchInput } from '../../src/x509/path-verifier.ts'
import { webPki } from '../../src/x509/profile.ts'
import { CertificateError } from '../../src/x509/rejection.ts'
import { verifyChain } from '../../src/x509/index.ts'
import { signatureCost } from '../../src/x509/signature-cost.ts'
import { hostileInputs, ladder, root } from '../bench/hostile-inputs.ts'
import { basic, fixedKeys, make, makeCa, makeLeaf, name, now } from './make.ts'
import type { Keys } from './make.ts'

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
  const input = searchInput(leaf, pool, webPki, { ...options, parts: everyPart }, undefined)
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
      // What it takes to prepare texts is in the same budget.
      const each = what.startsWith('such texts') ? 2000 : 2
      expect(comparisons).toBeLessThanOrEqual(what.endsWith('and constraints') ? 2 * n * n + each * n : 40 * n)
    }
  })
  test('is refused, whatever its size; extensions that nobody knows do no harm', async () => {
    for (const n of [20, 160])
      expect((await verifyChain(chain(n), options)).ok).toBe(what === 'one certificate of many extensions')
  })
})

const p521Keys = (): Keys => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  return { privateKey, spki, id: spki.subarray(-20) }
}

/** Three CAs below a root, all with keys of P-521. */
const p521Chain = (): { readonly root: Uint8Array; readonly chain: readonly Uint8Array[] } => {
  const top = makeCa('top', { keys: p521Keys() })
  let issuer = top
  const chain: Uint8Array[] = []
  for (const level of [1, 2, 3]) {
    issuer = makeCa(`level ${level}`, { issuer, keys: p521Keys() })
    chain.unshift(issuer.der)
  }
  return { root: top.der, chain: [makeLeaf(issuer).der, ...chain] }
}

describe('signature checks cost by key and provider, and the dearest keys do not buy more time', () => {
  const types = { p256: 'prime256v1', p384: 'secp384r1', p521: 'secp521r1' } as const

  /** Public keys that differ, most of them no points of the curve: what is found out when they are used. */
  const spkis = (curve: string): ((i: number) => Uint8Array) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
    const der = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
    return (i) => der.map((byte, at) => (at === der.length - 1 ? (byte + i) & 255 : byte))
  }

  const genuine = makeCa('genuine', { keys: fixedKeys(4), issuer: { subject: name('root'), keys: fixedKeys(1) } }).der

  /** How many signatures of junk a verification checks; none of them holds, but for the first, of one that the root
   * signed. */
  const checks = async (provider: CryptoProvider, chain: readonly Uint8Array[]): Promise<number> => {
    let count = 0
    const verifiers = provider.verifiers.map((verifier) => ({ ...verifier, verify: () => count++ === 0 }))
    const result = await verifyChain(chain, { ...options, provider: { ...provider, verifiers } })
    expect(result.ok).toBe(false)
    return count
  }

  const keys = fixedKeys(3)
  const junk = (spki: Uint8Array, issuer: string): Uint8Array =>
    make({ subject: name('S'), issuer: { subject: name(issuer), keys }, keys, spki, extensions: [basic(true)] }).der
  const leafOf = makeLeaf({ der: root.der, subject: name('S'), keys }, { keys }).der

  test.each<[keyof typeof types, number, number]>([
    ['p256', 100, 5],
    ['p384', 16, 1],
    ['p521', 8, 1],
  ])('%s: %i checks by native code, %i by noble', async (type, native, noble) => {
    const spki = spkis(types[type])
    const all = Array.from({ length: 150 }, (_, i) => junk(spki(i), 'S'))
    const named = [leafOf, genuine, ...all, junk(spki(200), 'root')]
    expect(await checks(nodeProvider, named)).toBeLessThanOrEqual(native + 1)
    expect(await checks(nobleProvider, named)).toBeLessThanOrEqual(noble + 1)
  })

  test('where an anchor signed nothing, no other signature is looked at', async () => {
    const spki = spkis(types.p384)
    const all = Array.from({ length: 150 }, (_, i) => junk(spki(i), 'S'))
    let count = 0
    const verifiers = nodeProvider.verifiers.map((verifier) => ({ ...verifier, verify: () => (count++, false) }))
    const chain = [leafOf, ...all, junk(spki(200), 'root')]
    const result = await verifyChain(chain, { ...options, provider: { ...nodeProvider, verifiers } })
    expect(!result.ok && result.reason.code).toBe('bad_signature')
    // and whether the last certificate signed itself, for the message
    expect(count).toBe(2)
  })

  test('the sizes of RSA keys and exponents count', () => {
    const cost = (bits: number, exponent: number[]): number => {
      const rsa = { modulus: new Uint8Array(bits / 8), exponent: Uint8Array.from(exponent) }
      const key = { type: 'rsa', bits, spki: new Uint8Array(), raw: new Uint8Array(), rsa } as const
      return signatureCost(nodeProvider, key, parseCertificate(root.der))
    }
    expect([2048, 4096, 8192, 16384].map((bits) => cost(bits, [1, 0, 1]))).toEqual([1, 1, 4, 16])
    expect(cost(16384, [255, 255, 255, 255])).toBe(54)
    expect(
      cost(
        2048,
        Array.from({ length: 10_000 }, () => 255),
      ),
    ).toBeGreaterThan(1000)
  })

  test('a chain of four P-521 signatures, and a ladder of 8 levels of two CAs, hold with every provider', async () => {
    for (const provider of [nodeProvider, nobleProvider]) {
      expect((await verifyChain(ladder(8, true), { ...options, provider })).ok).toBe(true)
      const cas = p521Chain()
      const result = await verifyChain(cas.chain, { provider, trust: cas.root, time: now, serverName: 'host.example' })
      expect(result.ok).toBe(true)
    }
  })

  test('a long search lets the event loop go on between its checks, a short one answers at once', async () => {
    const slow = (cost: number): CryptoProvider => ({
      ...nodeProvider,
      verifiers: nodeProvider.verifiers.map((verifier) => ({ ...verifier, cost: { p256: cost } })),
    })
    const { trust } = options
    const answer = (provider: CryptoProvider) =>
      chainVerifier({ trust, provider }).verify({
        chain: ladder(8, true),
        peer: 'server',
        serverName: 'host.example',
        time: now,
      })
    expect(isPromise(answer(slow(1)))).toBe(false)
    const long = answer(slow(12))
    expect(isPromise(long)).toBe(true)
    expect((await long).chain.length).toBe(10)
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
  expect(!many.ok && many.reason.message).toMatch(/203 certificates; at most 200/)
  const raised = await verifyChain(chain(5), { ...options, budgets: { certificates: 6 } })
  expect(!raised.ok && raised.reason.message).toMatch(/8 certificates; at most 6/)
})
