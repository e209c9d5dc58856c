// Path building over what peers send: unordered, incomplete, crossed, looping, hostile; trust anchors of every kind;
// what callers can add. The work is counted.

import { describe, expect, test } from 'vitest'

import { nodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import { derOid, derSequence } from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import {
  CertificateError,
  chainVerifier,
  extensionOids,
  parseCertificate,
  trustStore,
  verifyChain,
} from '../../src/x509/index.ts'
import type { VerifyOptions } from '../../src/x509/index.ts'
import {
  altNames,
  basic,
  certSign,
  dns,
  extension,
  fixedKeys,
  make,
  makeCa,
  makeKeys,
  makeLeaf,
  name,
  now,
  uri,
} from './make.ts'
import type { Made } from './make.ts'

const root = makeCa('root')
const ca = makeCa('middle', { issuer: root })
const leaf = makeLeaf(ca)

type Options = Partial<Omit<VerifyOptions, 'provider'>>

const verify = async (
  chain: readonly Made[],
  options: Options = {},
  provider: CryptoProvider = nodeProvider,
): Promise<string> => {
  const given = { provider, trust: root.der, time: now, serverName: 'host.example', ...options }
  const result = await verifyChain(
    chain.map(({ der }) => der),
    given,
  )
  return result.ok
    ? result.chain.map(({ subject }) => subject.toString()).join(' < ')
    : `${result.reason.code}: ${result.reason.message}`
}

/** The provider, and how many signatures it was asked to check. */
const counting = (): { provider: CryptoProvider; count: () => number } => {
  let calls = 0
  const verifiers = nodeProvider.verifiers.map((verifier) => ({
    ...verifier,
    verify: (...args: Parameters<typeof verifier.verify>) => {
      calls++
      return verifier.verify(...args)
    },
  }))
  return { provider: { ...nodeProvider, verifiers }, count: () => calls }
}

const good = 'CN=host.example < CN=middle < CN=root'

describe('building', () => {
  test('any order, with strangers, duplicates and junk between', async () => {
    const lower = makeCa('lower', { issuer: ca })
    const end = makeLeaf(lower)
    const junk = { ...root, der: Uint8Array.of(1, 2, 3) }
    expect(await verify([end, makeCa('stranger'), ca, junk, ca, lower])).toBe(
      'CN=host.example < CN=lower < CN=middle < CN=root',
    )
  })
  test('the root among the intermediates does no harm', async () => {
    expect(await verify([leaf, root, ca])).toBe(good)
  })
  test('an intermediate that is missing is named', async () => {
    expect(await verify([leaf])).toMatch(
      /^unknown_ca: "CN=host\.example" is signed by an authority that is not trusted: CN=middle; the peer may have/,
    )
  })
  test('an unknown root is named', async () => {
    const foreign = makeCa('foreign')
    expect(await verify([makeLeaf(foreign), foreign])).toMatch(
      /^unknown_ca: the chain ends in "CN=foreign", which is self-signed and is not among the trust anchors/,
    )
  })
  test('a self-signed certificate with the name of an anchor is not trusted, whatever it was used as', async () => {
    const impostor = makeCa('root')
    const reason = /^unknown_ca: "CN=root" is self-signed and is not .* \(an anchor of that name has another key\)/
    expect(await verify([impostor])).toMatch(reason)
    const below =
      /^unknown_ca: the chain ends in "CN=root", which is self-signed .* \(an anchor of that name has another key\)/
    expect(await verify([makeLeaf(impostor), impostor])).toMatch(below)
  })
  test("a CA of an anchor's name that did not sign itself stays what it is", async () => {
    const crossed = makeCa('root', { issuer: { subject: root.subject, keys: makeKeys() } })
    expect(await verify([makeLeaf(crossed), crossed])).toMatch(/^bad_signature: /)
  })
  test('a crossed CA: the certificate with a way to an anchor is taken', async () => {
    const elsewhere = makeCa('elsewhere')
    const crossed = makeCa('middle', { issuer: elsewhere, keys: ca.keys })
    expect(await verify([leaf, crossed, ca, elsewhere])).toBe(good)
    expect(await verify([leaf, crossed, ca, elsewhere], { trust: [elsewhere.der] })).toBe(
      'CN=host.example < CN=middle < CN=elsewhere',
    )
  })
  test('an expired certificate of a CA is passed by for one that is valid', async () => {
    const old = makeCa('middle', {
      issuer: root,
      keys: ca.keys,
      notAfter: Uint8Array.from([0x17, 13, ...new TextEncoder().encode('250201000000Z')]),
    })
    expect(await verify([leaf, old, ca])).toBe(good)
    expect(await verify([leaf, old])).toMatch(/^certificate_expired: "CN=middle"/)
  })
  test('the same name with another key: key identifiers lead, signatures decide', async () => {
    const { provider, count } = counting()
    const others = Array.from({ length: 5 }, () => makeCa('middle', { issuer: root }))
    expect(await verify([leaf, ...others, ca], {}, provider)).toBe(good)
    expect(count()).toBe(2)
  })
  test('two CAs that sign for each other end in nothing', async () => {
    const [a, b] = [makeKeys(), makeKeys()]
    const one = makeCa('one', { keys: a, issuer: { subject: name('two'), keys: b } })
    const two = makeCa('two', { keys: b, issuer: { subject: name('one'), keys: a } })
    expect(await verify([makeLeaf(one), one, two])).toMatch(/^unknown_ca/)
  })
  test('a loop with a way out is left (CVE-2024-0567)', async () => {
    const b = makeKeys()
    const bByRoot = makeCa('b', { keys: b, issuer: root })
    const rootByB = makeCa('root', { keys: root.keys, issuer: { subject: name('b'), keys: b } })
    expect(await verify([makeLeaf(bByRoot), rootByB, bByRoot])).toBe('CN=host.example < CN=b < CN=root')
  })
  test('of several failures the one that says most is told', async () => {
    const bogus = makeCa('middle', { issuer: { subject: root.subject, keys: makeKeys() }, keys: ca.keys })
    expect(await verify([leaf, bogus, ca], { serverName: 'other.example' })).toMatch(/^certificate_name_mismatch/)
    expect(await verify([leaf, ca, bogus], { serverName: 'other.example' })).toMatch(/^certificate_name_mismatch/)
    expect(await verify([leaf, bogus])).toMatch(/^bad_signature: .*"CN=middle"/)
  })
  test('no CA is on a path twice: three that sign for each other are soon through', async () => {
    const names = ['x', 'y', 'z']
    const keys = names.map(() => makeKeys())
    const crossed = names.flatMap((own, i) =>
      names.flatMap((other, j) => {
        const [ownKeys, otherKeys] = [keys[i], keys[j]]
        return i === j || !ownKeys || !otherKeys
          ? []
          : [makeCa(own, { keys: ownKeys, issuer: { subject: name(other), keys: otherKeys } })]
      }),
    )
    const [xKeys = makeKeys()] = keys
    const forged = makeCa('x', { keys: xKeys, issuer: { subject: root.subject, keys: makeKeys() } })
    expect(await verify([makeLeaf(forged), ...crossed, forged], { maxDepth: 100 })).toMatch(/^bad_signature: .*"CN=x"/)
  })
  test('the certificate that is verified is on the path too: the same CA above itself is a loop', async () => {
    const keys = makeKeys()
    const names = altNames(dns('host.example'))
    const above = makeCa('x', { keys, issuer: root, extensions: [basic(true), certSign, names] })
    expect(await verify([makeLeaf(above), above])).toBe('CN=host.example < CN=x < CN=root')
    const same = makeLeaf(above, { subject: above.subject, keys })
    expect(await verify([same, above])).toMatch(/^(unknown_ca|self_signed): /)
  })
  test('names match by section 7.1 where they do not byte for byte', async () => {
    const shouting = makeLeaf({ ...ca, subject: name('MIDDLE', 0x13) })
    expect(await verify([shouting, ca])).toBe(good)
  })
  test('an empty chain is a misuse, a leaf that is no DER a failure', async () => {
    await expect(verify([])).rejects.toMatchObject({ code: 'bad_option' })
    expect(await verify([{ ...leaf, der: leaf.der.slice(0, -1) }, ca])).toMatch(/^malformed: /)
  })
})

describe('hostile chains', () => {
  /** 60 CAs below each other by name, some or all alike. */
  const tower = (sameName: boolean, sameKey: boolean, top: Made | undefined): Made[] => {
    const keys = fixedKeys(0)
    const made: Made[] = []
    for (let i = 0; i < 60; i++) {
      const own = sameKey ? keys : fixedKeys(i)
      const below = made[i - 1] ?? top
      made.push(
        make({
          subject: name(sameName ? 'same' : `ca ${i}`),
          keys: own,
          extensions: [basic(true), certSign],
          ...(below && { issuer: below }),
        }),
      )
    }
    return made
  }
  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('no way to an anchor: same name %s, same key %s: no signature is checked', async (sameName, sameKey) => {
    const { provider, count } = counting()
    const cas = tower(sameName, sameKey, undefined)
    expect(await verify([makeLeaf(cas[59] ?? root), ...cas], { maxDepth: 100 }, provider)).toMatch(/^unknown_ca/)
    expect(count()).toBe(0)
  })
  test.each([
    [true, true],
    [true, false],
  ])(
    'a way to an anchor by name only: same name %s, same key %s: under 100 signature checks',
    async (sameName, sameKey) => {
      const { provider, count } = counting()
      const cas = tower(sameName, sameKey, { ...root, keys: makeKeys() })
      const started = cas.map((made) => made.der)
      expect(started.length).toBe(60)
      expect(await verify([makeLeaf(cas[59] ?? root), ...cas], { maxDepth: 100 }, provider)).toMatch(
        /^(too_complex|bad_signature|unknown_ca|path_too_long)/,
      )
      expect(count()).toBeLessThanOrEqual(100)
    },
  )
  test('a CA that is trusted and signs everything twice: the budget ends it', async () => {
    const { provider, count } = counting()
    const cas = tower(true, true, root)
    const end = makeLeaf(cas[59] ?? root, { names: [], extensions: [] })
    expect(await verify([end, ...cas], { maxDepth: 100, profile: 'path' }, provider)).toMatch(
      /^(too_complex|certificate_name_mismatch)/,
    )
    expect(count()).toBeLessThanOrEqual(100)
  })
  test("budgets are the caller's to set", async () => {
    expect(await verify([leaf, ca], { budgets: { signatures: 1 } })).toMatch(/^too_complex/)
    expect(await verify([leaf, ca], { budgets: { paths: 0 } })).toMatch(/^too_complex/)
    expect(await verify([leaf, ca], { budgets: { bytes: 100 } })).toMatch(/^too_complex/)
  })
})

describe('trust', () => {
  test('PEM, DER, parsed and several at once', async () => {
    const pem = `${encodePem('CERTIFICATE', makeCa('else').der)}${encodePem('CERTIFICATE', root.der)}`
    for (const trust of [pem, root.der, parseCertificate(root.der), [root.der], trustStore(pem)])
      expect(await verify([leaf, ca], { trust })).toBe(good)
  })
  test('what is no certificate is a misuse, unless it may be skipped', async () => {
    await expect(verify([leaf, ca], { trust: 'nothing' })).rejects.toMatchObject({ code: 'bad_option' })
    await expect(verify([leaf, ca], { trust: Uint8Array.of(1) })).rejects.toMatchObject({ code: 'bad_option' })
    expect(
      await verify([leaf, ca], { trust: trustStore([Uint8Array.of(1), root.der], { skipUnreadable: true }) }),
    ).toBe(good)
  })
  test('an intermediate can be the anchor, unless partial chains are off', async () => {
    expect(await verify([leaf, root], { trust: ca.der })).toBe('CN=host.example < CN=middle')
    expect(await verify([leaf], { trust: ca.der, partialChain: false })).toMatch(/^unknown_ca/)
    expect(await verify([leaf, ca], { partialChain: false })).toBe(good)
  })
  test('a leaf can be trusted itself; its dates and names still count', async () => {
    const own = makeCa('host.example', {
      extra: [
        extension(
          extensionOids.subjectAltName,
          derSequence(Uint8Array.from([0x82, 12, ...new TextEncoder().encode('host.example')])),
        ),
      ],
    })
    expect(await verify([own], { trust: own.der })).toBe('CN=host.example')
    expect(await verify([own], { trust: own.der, serverName: 'other.example' })).toMatch(/^certificate_name_mismatch/)
    expect(await verify([own], { trust: own.der, time: Date.UTC(2040, 0, 1) })).toMatch(/^certificate_expired/)
    expect(await verify([own])).toMatch(/^unknown_ca: .*is self-signed/)
  })
  test('acceptAnchor is asked per root, and another path is tried', async () => {
    const second = makeCa('second')
    const crossed = makeCa('middle', { issuer: second, keys: ca.keys })
    const trust = [root.der, second.der]
    const acceptAnchor: VerifyOptions['acceptAnchor'] = (anchor) => anchor.name.toString() !== 'CN=root' || 'it is old'
    expect(await verify([leaf, ca, crossed], { trust, acceptAnchor })).toBe('CN=host.example < CN=middle < CN=second')
    expect(await verify([leaf, ca], { trust, acceptAnchor })).toMatch(/^anchor_refused: .*it is old/)
  })
  test('authorities are named to clients on demand', () => {
    expect(chainVerifier({ provider: nodeProvider, trust: root.der, sendAuthorities: true }).authorities).toEqual([
      root.subject,
    ])
    expect(chainVerifier({ provider: nodeProvider, trust: root.der }).authorities).toBeUndefined()
  })
})

describe('what callers add', () => {
  const withAia = makeLeaf(ca, {
    extra: [
      extension(
        extensionOids.authorityInfoAccess,
        derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.2'), uri('http://ca.example/middle'))),
      ),
    ],
  })
  test('AIA is fetched by the callback only, and up to the limit', async () => {
    const urls: string[] = []
    const aia = async (url: string): Promise<readonly Uint8Array[]> => {
      urls.push(url)
      return [ca.der]
    }
    expect(await verify([withAia])).toMatch(/^unknown_ca/)
    expect(await verify([withAia], { aia })).toBe(good)
    expect(urls).toEqual(['http://ca.example/middle'])
    expect(await verify([withAia], { aia, budgets: { fetches: 0 } })).toMatch(/^unknown_ca/)
    expect(await verify([withAia], { aia: () => Promise.reject(new Error('no network')) })).toMatch(/^unknown_ca/)
    expect(await verify([withAia], { aia: () => [new Uint8Array(2 << 20)] })).toMatch(/^unknown_ca/)
  })
  test('checks see the path, and refuse with their own code', async () => {
    const seen: string[] = []
    const check: NonNullable<VerifyOptions['checks']>[number] = function* ({ path, serverName }) {
      seen.push(`${serverName}: ${path.map(({ subject }) => subject.toString()).join(' < ')}`)
      yield* []
      throw new TlsError('certificate_revoked', 'revoked')
    }
    expect(await verify([leaf, ca], { checks: [check] })).toMatch(/^certificate_revoked: revoked/)
    expect(seen).toEqual([`host.example: ${good}`])
  })
  test('a check that throws anything else refuses', async () => {
    const check: NonNullable<VerifyOptions['checks']>[number] = () => {
      throw new Error('broken')
    }
    expect(await verify([leaf, ca], { checks: [check] })).toBe('refused: broken')
  })
})

describe('chainVerifier', () => {
  const request = { chain: [leaf.der, ca.der], peer: 'server', serverName: 'host.example', time: now } as const
  test('is synchronous with a synchronous provider', () => {
    const result = chainVerifier({ provider: nodeProvider, trust: root.der }).verify(request)
    expect(result).toHaveProperty('leaf.subject.der', leaf.subject)
  })
  test('waits for an asynchronous one, with the same result', async () => {
    const verifiers = nodeProvider.verifiers.map((verifier) => ({
      ...verifier,
      verify: async (...args: Parameters<typeof verifier.verify>) => verifier.verify(...args),
    }))
    const pending = chainVerifier({ provider: { ...nodeProvider, verifiers }, trust: root.der }).verify(request)
    expect(pending).toBeInstanceOf(Promise)
    expect((await pending).chain.length).toBe(3)
  })
  test('throws a CertificateError with the code of the table', () => {
    const verifier = chainVerifier({ provider: nodeProvider, trust: root.der })
    const thrown = (more: object): unknown => {
      try {
        return verifier.verify({ ...request, ...more })
      } catch (error) {
        return error
      }
    }
    expect(thrown({ serverName: 'other.example' })).toBeInstanceOf(CertificateError)
    expect(thrown({ serverName: 'other.example' })).toMatchObject({
      code: 'certificate_name_mismatch',
      reason: 'certificate_name_mismatch',
      alert: 'bad_certificate',
    })
    expect(thrown({ time: 0 })).toMatchObject({ code: 'certificate_not_yet_valid', alert: 'certificate_expired' })
    expect(thrown({ chain: [leaf.der] })).toMatchObject({ code: 'unknown_ca', alert: 'unknown_ca' })
    expect(thrown({ peer: 'client' })).toMatchObject({ code: 'certificate_usage', alert: 'unsupported_certificate' })
  })
  test('remembers intermediates that it accepted: their signatures are not checked again, all else is', () => {
    const { provider, count } = counting()
    const verifier = chainVerifier({ provider, trust: root.der })
    void verifier.verify(request)
    expect(count()).toBe(2)
    void verifier.verify({ ...request, chain: request.chain.map((der) => der.slice()) })
    expect(count()).toBe(3)
    expect(() => verifier.verify({ ...request, time: Date.UTC(2036, 0, 1) })).toThrow(/expired/)
  })
  test('what it remembers is its own copy', () => {
    const verifier = chainVerifier({ provider: nodeProvider, trust: root.der })
    const buffer = ca.der.slice()
    void verifier.verify({ ...request, chain: [leaf.der, buffer] })
    buffer.fill(0)
    expect(verifier.verify(request)).toHaveProperty('chain.length', 3)
  })
})
