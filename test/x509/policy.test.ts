// Certificate policies (RFC 9618, RFC 5280 section 6.1): what is valid for a path, and when a path fails for want of
// one.

import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { derElement, derInteger, derOid, derSequence } from '../../src/wire/der.ts'
import { extensionOids, verifyChain } from '../../src/x509/index.ts'
import type { PolicyOptions, VerifyOptions } from '../../src/x509/index.ts'
import { extension, makeCa, makeLeaf, now } from './make.ts'
import type { Made } from './make.ts'

const any = '2.5.29.32.0'
const policies = (...oids: string[]): Uint8Array =>
  extension(extensionOids.certificatePolicies, derSequence(...oids.map((oid) => derSequence(derOid(oid)))))
const mappings = (...pairs: [string, string][]): Uint8Array =>
  extension(
    extensionOids.policyMappings,
    derSequence(...pairs.map(([from, to]) => derSequence(derOid(from), derOid(to)))),
    true,
  )
const limits = (explicit?: number, mapping?: number): Uint8Array => {
  const field = (tag: number, value: number | undefined): Uint8Array[] =>
    value === undefined ? [] : [derElement(tag, Uint8Array.of(value))]
  return extension(
    extensionOids.policyConstraints,
    derSequence(...field(0x80, explicit), ...field(0x81, mapping)),
    true,
  )
}
const inhibitAny = (skip: number): Uint8Array => extension(extensionOids.inhibitAnyPolicy, derInteger(skip), true)

const root = makeCa('root')

/** A path root > one > two > leaf with these extensions; the valid policies, or the reason. */
const evaluate = async (
  one: Uint8Array[],
  two: Uint8Array[],
  leaf: Uint8Array[],
  options: PolicyOptions = {},
  trust: Made = root,
): Promise<string> => {
  const first = makeCa('one', { issuer: trust, extra: one })
  const second = makeCa('two', { issuer: first, extra: two })
  const chain = [makeLeaf(second, { extra: leaf }), second, first].map(({ der }) => der)
  const result = await verifyChain(chain, {
    provider: nodeProvider,
    trust: trust.der,
    time: now,
    policies: options,
    profile: 'rfc5280',
  })
  return result.ok ? [...result.policies].sort().join(' ') || 'none' : result.reason.code
}
const required = { requireExplicit: true }

describe('policies that hold for all of a path', () => {
  test('the same policy in each', async () => {
    expect(await evaluate([policies('1.1')], [policies('1.1', '1.2')], [policies('1.1')], required)).toBe('1.1')
  })
  test('none in one certificate: no policy', async () => {
    expect(await evaluate([policies('1.1')], [], [policies('1.1')])).toBe('none')
    expect(await evaluate([policies('1.1')], [], [policies('1.1')], required)).toBe('policy')
  })
  test('another one below: no policy', async () => {
    expect(await evaluate([policies('1.1')], [policies('1.1')], [policies('1.2')], required)).toBe('policy')
  })
  test('anyPolicy stands for each', async () => {
    expect(await evaluate([policies(any)], [policies(any)], [policies('1.1')], required)).toBe('1.1')
    expect(await evaluate([policies('1.1')], [policies(any)], [policies(any)], required)).toBe('1.1')
    expect(await evaluate([policies(any)], [policies(any)], [policies(any)], required)).toBe(any)
  })
  test('what is acceptable to the caller', async () => {
    const both = [policies('1.1', '1.2')]
    const path: [Uint8Array[], Uint8Array[], Uint8Array[]] = [both, both, both]
    expect(await evaluate(...path, { ...required, acceptable: ['1.2', '1.3'] })).toBe('1.2')
    expect(await evaluate(...path, { ...required, acceptable: ['1.3'] })).toBe('policy')
    expect(
      await evaluate([policies(any)], [policies(any)], [policies(any)], { ...required, acceptable: ['1.3'] }),
    ).toBe('1.3')
  })
})

describe('constraints', () => {
  test('requireExplicitPolicy counts certificates that are not self-issued', async () => {
    expect(await evaluate([limits(0)], [], [])).toBe('policy')
    expect(await evaluate([limits(2)], [], [])).toBe('policy')
    expect(await evaluate([limits(3)], [], [])).toBe('none')
    expect(await evaluate([policies('1.1'), limits(0)], [policies('1.1')], [policies('1.1')])).toBe('1.1')
  })
  test('requireExplicitPolicy in the leaf (6.1.5 (b))', async () => {
    expect(await evaluate([], [], [limits(0)])).toBe('policy')
    expect(await evaluate([], [], [limits(1)])).toBe('none')
  })
  test('inhibitAnyPolicy', async () => {
    expect(await evaluate([policies('1.1'), inhibitAny(0)], [policies(any)], [policies('1.1')], required)).toBe(
      'policy',
    )
    expect(await evaluate([policies('1.1'), inhibitAny(1)], [policies(any)], [policies('1.1')], required)).toBe('1.1')
    expect(
      await evaluate([policies(any)], [policies('1.1')], [policies('1.1')], { ...required, inhibitAny: true }),
    ).toBe('policy')
  })
  test('the anchor adds to the inputs (RFC 5937 section 3.2)', async () => {
    expect(await evaluate([], [], [], {}, makeCa('strict', { extra: [limits(0)] }))).toBe('policy')
  })
})

describe('mappings', () => {
  const mapped = [policies('1.1'), mappings(['1.1', '2.1'])]
  test('a policy goes on under another name, and is valid under its first', async () => {
    expect(await evaluate(mapped, [policies('2.1')], [policies('2.1')], required)).toBe('1.1')
    expect(await evaluate(mapped, [policies('1.1')], [policies('1.1')], required)).toBe('policy')
  })
  test('one to several', async () => {
    const several = [policies('1.1'), mappings(['1.1', '2.1'], ['1.1', '2.2'])]
    expect(await evaluate(several, [policies('2.2')], [policies('2.2')], required)).toBe('1.1')
  })
  test('anyPolicy above lets any be mapped', async () => {
    expect(
      await evaluate([policies(any), mappings(['1.1', '2.1'])], [policies('2.1')], [policies('2.1')], required),
    ).toBe('1.1')
  })
  test('inhibited', async () => {
    expect(await evaluate(mapped, [policies('2.1')], [policies('2.1')], { ...required, inhibitMapping: true })).toBe(
      'policy',
    )
    const below = [policies('1.1'), mappings(['1.1', '2.1'])]
    expect(await evaluate([policies('1.1'), limits(undefined, 0)], below, [policies('2.1')], required)).toBe('policy')
  })
  test('from or to anyPolicy is an error (6.1.4 (a))', async () => {
    expect(
      await evaluate([policies('1.1'), mappings([any, '2.1'])], [policies('1.1')], [policies('1.1')], required),
    ).toBe('policy')
    expect(
      await evaluate([policies('1.1'), mappings(['1.1', any])], [policies('1.1')], [policies('1.1')], required),
    ).toBe('policy')
  })
  test('also where no policy is required: of those who ask for policies, and in rfc5280', async () => {
    const first = makeCa('one', { issuer: root, extra: [policies('1.1'), mappings(['1.1', any])] })
    const chain = [makeLeaf(first).der, first.der]
    const verdict = async (options: Partial<VerifyOptions>): Promise<string> => {
      const result = await verifyChain(chain, { provider: nodeProvider, trust: root.der, time: now, ...options })
      return result.ok ? 'ok' : `${result.reason.code}: ${result.reason.certificate?.subject.toString() ?? ''}`
    }
    expect(await verdict({ policies: {} })).toBe('policy: CN=one')
    expect(await verdict({ profile: 'rfc5280' })).toBe('policy: CN=one')
    expect(await verdict({})).toBe('ok')
  })
  test('one that cannot be read is named with the certificate that it is in', async () => {
    const broken = extension(extensionOids.policyMappings, derInteger(1))
    const first = makeCa('one', { issuer: root, extra: [policies('1.1'), broken] })
    const chain = [makeLeaf(first).der, first.der]
    const options = { provider: nodeProvider, trust: root.der, time: now }
    const result = await verifyChain(chain, { ...options, policies: required })
    expect(result.ok ? 'ok' : result.reason.message).toContain('policyMappings')
    expect(result.ok ? 'ok' : result.reason.certificate?.subject.toString()).toBe('CN=one')
    expect((await verifyChain(chain, options)).ok).toBe(true)
  })
  test('mappings of many to many stay small (RFC 9618, CVE-2023-0464)', async () => {
    const list = Array.from({ length: 30 }, (_, i) => `1.2.${i + 1}`)
    const all = list.flatMap((from) => list.map((to): [string, string] => [from, to]))
    const spec = [policies(...list), mappings(...all)]
    let issuer = root
    const chain: Uint8Array[] = []
    for (let i = 0; i < 8; i++) {
      issuer = makeCa(`ca ${i}`, { issuer, extra: spec })
      chain.unshift(issuer.der)
    }
    chain.unshift(makeLeaf(issuer, { extra: [policies('1.2.1')] }).der)
    const result = await verifyChain(chain, {
      provider: nodeProvider,
      trust: root.der,
      time: now,
      policies: required,
      profile: 'rfc5280',
    })
    expect(result.ok && result.policies.size).toBe(30)
  })
})

test('RFC 5280 section 6.1.4 (h): inhibitPolicyMapping counts the certificates that may still map', async () => {
  const verdict = async (skip: number, mapping: 'second' | 'third'): Promise<string> => {
    const map = mappings(['1.1', '1.2'])
    const first = makeCa('one', { issuer: root, extra: [policies('1.1'), limits(undefined, skip)] })
    const second = makeCa('two', { issuer: first, extra: [policies('1.1'), ...(mapping === 'second' ? [map] : [])] })
    const third = makeCa('three', {
      issuer: second,
      extra: [policies(mapping === 'second' ? '1.2' : '1.1'), ...(mapping === 'third' ? [map] : [])],
    })
    const chain = [makeLeaf(third, { extra: [policies('1.2')] }), third, second, first].map(({ der }) => der)
    const result = await verifyChain(chain, {
      provider: nodeProvider,
      trust: root.der,
      time: now,
      policies: required,
      profile: 'rfc5280',
    })
    return result.ok ? [...result.policies].join(' ') : result.reason.code
  }
  expect(await verdict(0, 'second')).toBe('policy')
  expect(await verdict(1, 'second')).toBe('1.1')
  expect(await verdict(1, 'third')).toBe('policy')
  expect(await verdict(2, 'third')).toBe('1.1')
})
