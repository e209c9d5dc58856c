// webVerifier(): the verdicts of pathVerifier() with its default profile, and what it does not have is refused by name.

import { describe, expect, test } from 'vitest'
import { nodeProvider as provider } from '../../src/crypto/node.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { parseCertificate, pathVerifier, trustStore } from '../../src/x509/index.ts'
import type { VerifierOptions } from '../../src/x509/index.ts'
import {
  certificatePolicies,
  failureReasons,
  nameConstraints,
  stableFingerprint,
  webVerifier,
  webVerifierWith,
} from '../../src/x509/web.ts'
import type { WebVerifierOptions } from '../../src/x509/web.ts'
import { basic, constraints, dns, makeCa, makeKeys, makeLeaf, now, policyConstraints } from './make.ts'
import type { Made } from './make.ts'

const root = makeCa('root')
const ca = makeCa('middle', { issuer: root })
const leaf = makeLeaf(ca)
const other = makeCa('other')
const narrow = makeCa('narrow', {
  issuer: root,
  extensions: [basic(true), constraints([dns('elsewhere.example')], [])],
})

interface Asked {
  readonly chain: readonly Made[]
  readonly options?: Partial<Omit<WebVerifierOptions, 'trust'>>
  readonly trust?: WebVerifierOptions['trust'] & VerifierOptions['trust']
  readonly serverName?: string
  readonly time?: number
}
const verdicts = async ({ chain, options, trust = root.der, ...asked }: Asked): Promise<readonly string[]> => {
  const request = { peer: 'server', serverName: 'host.example', time: now, ...asked } as const
  const given = { provider, trust, ...options }
  const both = [pathVerifier(given), webVerifier(given)].map(async ({ verify }) => {
    try {
      const verified = await verify({ ...request, chain: chain.map(({ der }) => der) })
      return verified.chain.map(({ subject }) => subject.toString()).join(' < ')
    } catch (error) {
      return String(error)
    }
  })
  return Promise.all(both)
}

const untyped = (options: object): WebVerifierOptions => options as WebVerifierOptions

describe('webVerifier', () => {
  const cases: readonly (readonly [string, Asked, RegExp])[] = [
    ['a good chain', { chain: [leaf, ca] }, /^CN=host.example < CN=middle < CN=root$/],
    ['an anchor in a store', { chain: [leaf, ca], trust: trustStore(root.der) }, /< CN=root$/],
    ['an anchor that is parsed', { chain: [leaf, ca], trust: [parseCertificate(root.der)] }, /< CN=root$/],
    ['another name', { chain: [leaf, ca], serverName: 'evil.example' }, /certificate_name_mismatch/],
    ['another authority', { chain: [leaf, ca], trust: other.der }, /unknown_ca/],
    ['nobody to trust', { chain: [leaf, ca], trust: [] }, /unknown_ca/],
    ['an expired leaf', { chain: [leaf, ca], time: Date.UTC(2100, 1, 1) }, /certificate_expired/],
    ['a CA that is left out', { chain: [leaf] }, /unknown_ca/],
    ['a short RSA key', { chain: [makeLeaf(ca, { keys: makeKeys(1024) }), ca] }, /RSA key of 1024 bits/],
    [
      'names that are constrained',
      { chain: [makeLeaf(narrow, { names: [dns('host.example')] }), narrow] },
      /4\.2\.1\.10/,
    ],
    ['a chain that is too deep', { chain: [leaf, ca], options: { maxDepth: 0 } }, /TlsError/],
    [
      'an anchor that is refused',
      { chain: [leaf, ca], options: { acceptAnchor: () => 'not today' } },
      /refused: not today/,
    ],
    [
      'a check of the caller',
      {
        chain: [leaf, ca],
        options: {
          checks: [
            function* () {
              throw new Error('no')
            },
          ],
        },
      },
      /no/,
    ],
    ['policies that are required', { chain: [leaf, ca], options: { policies: { requireExplicit: true } } }, /RFC 9618/],
  ]
  test.each(cases)('judges %s as pathVerifier does', async (_, asked, expected) => {
    const [ofPath, ofWeb] = await verdicts(asked)
    expect(ofPath).toMatch(expected)
    expect(ofWeb).toBe(ofPath)
  })

  test('has the fingerprint of pathVerifier, so that sessions of one resume under the other', () => {
    const trust = [root.der, other.der]
    const options = { provider, trust, maxDepth: 3 }
    expect(webVerifier(options).fingerprint).toBe(pathVerifier(options).fingerprint)
    expect(webVerifier(options).fingerprint).not.toBe(webVerifier({ provider, trust }).fingerprint)
    expect(webVerifier(options).readsOcsp).toBe(false)
  })

  test.each(['profile', 'aia'])('refuses the option %s, and names who has it', (option) => {
    const given = { provider, trust: root.der, [option]: option === 'aia' ? () => [] : 'baseline' }
    expect(() => webVerifier(untyped(given))).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringMatching(`^${option}: .*pathVerifier`) }),
    )
  })

  test.each([
    ['text', [encodePem('CERTIFICATE', root.der)], /^trust anchor 1: .*trustStore\(pem\)/],
    ['bytes', [root.der, new TextEncoder().encode(encodePem('CERTIFICATE', root.der))], /^trust anchor 2: /],
    ['a certificate that is cut off', root.der.subarray(0, 40), /^trust anchor 1: /],
  ])('refuses PEM in %s, never ignoring it', (_, trust, message) => {
    expect(() => webVerifier(untyped({ provider, trust, sendAuthorities: true }))).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringMatching(message) }),
    )
  })

  test('refuses unknown options, and asks for provider and trust', () => {
    const refused = (options: object): unknown => {
      try {
        return webVerifier(untyped(options))
      } catch (error) {
        return String(error)
      }
    }
    expect(refused({ provider, trust: root.der, maxdepth: 1 })).toMatch(/maxdepth: unknown option/)
    expect(refused({ provider })).toMatch(/trust: it is needed/)
    expect(refused({ trust: root.der })).toMatch(/provider: it is needed/)
  })
})

describe('webVerifierWith', () => {
  const bare = webVerifierWith()
  const judge = async (
    make: typeof webVerifier,
    chain: readonly Made[],
    options: Partial<WebVerifierOptions> = {},
  ): Promise<string> => {
    const request = { peer: 'server', serverName: 'host.example', time: now } as const
    try {
      const { verify } = make({ provider, trust: root.der, ...options })
      const verified = await verify({ ...request, chain: chain.map(({ der }) => der) })
      return verified.chain.map(({ subject }) => subject.toString()).join(' < ')
    } catch (error) {
      return String(error)
    }
  }
  const wide = makeCa('wide', { issuer: root, extensions: [basic(true), constraints([dns('host.example')], [])] })
  const belowWide = makeLeaf(wide, { names: [dns('host.example')] })
  const strict = makeCa('strict', { issuer: root, extensions: [basic(true), policyConstraints(0)] })
  const belowStrict = makeLeaf(strict)

  test('without features a chain that needs none holds, and another name, time or authority does not', async () => {
    expect(await judge(bare, [leaf, ca])).toBe('CN=host.example < CN=middle < CN=root')
    expect(await judge(bare, [makeLeaf(ca, { names: [dns('evil.example')] }), ca])).toMatch(/certificate_name_mismatch/)
    expect(await judge(bare, [leaf, ca], { trust: other.der })).toMatch(/\[unknown_ca\].*leads to no trust anchor/)
    expect(await judge(bare, [makeLeaf(ca, { keys: makeKeys(1024) }), ca])).toMatch(/RSA key of 1024 bits/)
  })

  test('RFC 5280 section 4.2.1.10: name constraints are checked or the certificate is refused', async () => {
    expect(await judge(bare, [belowWide, wide])).toMatch(/\[unsupported_certificate\].*`nameConstraints`/)
    const constrained = webVerifierWith(nameConstraints)
    expect(await judge(constrained, [belowWide, wide])).toBe('CN=host.example < CN=wide < CN=root')
    const beyond = makeLeaf(narrow, { names: [dns('host.example')] })
    expect(await judge(bare, [beyond, narrow])).toMatch(/`nameConstraints`/)
    expect(await judge(constrained, [beyond, narrow])).toMatch(/\[bad_certificate\].*4\.2\.1\.10/)
  })

  test('RFC 5280 section 4.2.1.11: policy constraints are evaluated or the chain is refused', async () => {
    expect(await judge(bare, [belowStrict, strict])).toMatch(/\[unsupported_certificate\].*`certificatePolicies`/)
    expect(await judge(webVerifierWith(certificatePolicies), [belowStrict, strict])).toMatch(/RFC 9618/)
  })

  test('options of a feature that is not there are refused', () => {
    const given = { provider, trust: root.der }
    const refused = (feature: string) =>
      expect.objectContaining({ code: 'bad_option', message: expect.stringContaining(`\`${feature}\``) })
    expect(() => bare({ ...given, policies: {} })).toThrow(refused('certificatePolicies'))
    expect(() => bare({ ...given, fingerprint: 'mine' })).toThrow(refused('stableFingerprint'))
  })

  test('there is a fingerprint where the feature is, that of webVerifier', () => {
    const given = { provider, trust: root.der }
    expect(bare(given).fingerprint).toBeUndefined()
    expect(webVerifierWith(stableFingerprint)(given).fingerprint).toBe(webVerifier(given).fingerprint)
  })

  test('with all features it says what webVerifier says', async () => {
    const all = webVerifierWith(nameConstraints, certificatePolicies, stableFingerprint, failureReasons)
    for (const chain of [[leaf, ca], [leaf], [belowStrict, strict], [belowWide, wide]]) {
      expect(await judge(all, chain)).toBe(await judge(webVerifier, chain))
    }
  })
})
