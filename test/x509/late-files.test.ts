import { expect, test } from 'vitest'
import { isPromise } from '../../src/crypto/maybe.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { crlCheck, pathVerifier } from '../../src/x509/index.ts'
import type { VerifierOptions } from '../../src/x509/path-verifier.ts'
import { makeCrl } from './make-crl.ts'
import { makeCa, makeLeaf, now } from './make.ts'

const ca = makeCa('ca')
const leaf = makeLeaf(ca)

const verify = (options: Partial<VerifierOptions>): unknown =>
  pathVerifier({ provider: nodeProvider, trust: ca.der, ...options }).verify({
    chain: [leaf.der],
    peer: 'server',
    serverName: 'host.example',
    time: now,
  })

/** Whether verify() answered with a promise, which has to hold. */
const waits = async (options: Partial<VerifierOptions>): Promise<boolean> => {
  const answer = verify(options)
  expect(await answer).toMatchObject({ leaf: { der: leaf.der } })
  return isPromise(answer)
}

test('with a synchronous provider the profiles web-pki and path wait for nothing', async () => {
  for (const profile of [undefined, 'web-pki', 'path'] as const)
    expect(await waits(profile === undefined ? {} : { profile })).toBe(false)
})

test('strict profiles wait for their rules, and only the first time', async () => {
  expect(await waits({ profile: 'rfc5280' })).toBe(true)
  expect(await waits({ profile: 'rfc5280' })).toBe(false)
  expect(await waits({ profile: 'baseline' })).toBe(false)
})

test('a check of CRLs waits for what judges them, and only the first time', async () => {
  const checks = [crlCheck({ crls: makeCrl(ca, {}) })]
  expect(await waits({ checks })).toBe(true)
  expect(await waits({ checks: [crlCheck({ crls: makeCrl(ca, {}) })] })).toBe(false)
})
