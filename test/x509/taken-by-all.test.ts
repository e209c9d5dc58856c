// What Go and OpenSSL both take, and so does this verifier: found by comparing verdicts on made-up chains.

import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { derNull, derOid, derSequence } from '../../src/wire/der.ts'
import { crlCheck, verifyChain } from '../../src/x509/index.ts'
import {
  constraints,
  dns,
  email,
  ip,
  keyIdentifiers,
  makeCa,
  makeKeys,
  makeLeaf,
  now,
  basic,
  certSign,
} from './make.ts'
import type { Made, Spec } from './make.ts'
import { entry, makeCrl } from './make-crl.ts'

const root = makeCa('Root')
const keys = makeKeys()

const verdict = async (chain: readonly Made[], options: object = {}): Promise<string> => {
  const [first, ...more] = chain.map(({ der }) => der)
  const result = await verifyChain(first === undefined ? [] : [first, ...more], {
    provider: nodeProvider,
    trust: root.der,
    time: now,
    ...options,
  })
  return result.ok ? 'ok' : result.reason.code
}

describe('RFC 5758 section 3.2: ECDSA has no parameters, and NULL means the same', () => {
  const withParameters = (parameters: Uint8Array): Uint8Array => derSequence(derOid('1.2.840.10045.4.3.2'), parameters)
  const nullParameters = withParameters(derNull())

  test.each<readonly [string, Spec, string]>([
    ['in both places', { algorithm: nullParameters }, 'ok'],
    ['in one place', { outerAlgorithm: nullParameters }, 'ok'],
    ['other parameters', { algorithm: withParameters(derOid('1.2.840.10045.3.1.7')) }, 'unsupported_algorithm'],
    [
      'two NULLs',
      { algorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull(), derNull()) },
      'unsupported_algorithm',
    ],
  ])('a certificate with NULL %s', async (_, spec, expected) => {
    expect(await verdict([makeLeaf(root, { keys, ...spec })])).toBe(expected)
  })

  test('a CRL that is signed so revokes, also in mode soft', async () => {
    const leaf = makeLeaf(root, { keys })
    const crl = makeCrl(root, { entries: [entry(7)], algorithm: nullParameters })
    expect(await verdict([leaf], { checks: [crlCheck({ crls: crl, mode: 'soft' })] })).toBe('certificate_revoked')
  })
})

describe('RFC 5321 section 4.1.3: a mailbox at an address literal is in no domain', () => {
  const below = (how: 'permitted' | 'excluded', base: string, mailbox: string): readonly Made[] => {
    const limits = how === 'permitted' ? constraints([email(base)], []) : constraints([], [email(base)])
    const ca = makeCa('CA', {
      issuer: root,
      keys,
      extensions: [basic(true), certSign, ...keyIdentifiers(keys, root.keys), limits],
    })
    return [makeLeaf(ca, { names: [dns('host.example'), ip(10, 0, 0, 1), email(mailbox)] }), ca]
  }
  test.each<readonly [string, 'permitted' | 'excluded', string, string]>([
    ['u@[10.0.0.1]', 'excluded', 'a.test', 'ok'],
    ['u@[IPv6:2001:db8::1]', 'excluded', '.a.test', 'ok'],
    ['u@[10.0.0.1]', 'excluded', '', 'name_constraints'],
    ['u@[10.0.0.1]', 'excluded', 'u@[10.0.0.1]', 'name_constraints'],
    ['u@[10.0.0.1]', 'permitted', 'a.test', 'name_constraints'],
    ['u@[x.a.test]', 'excluded', 'a.test', 'name_constraints'],
  ])('%s, %s "%s": %s', async (mailbox, how, base, expected) => {
    expect(await verdict(below(how, base, mailbox))).toBe(expected)
  })
})
