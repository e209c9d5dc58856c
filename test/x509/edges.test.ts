// Where a rule begins and ends: budgets that are just enough, names one octet too long, values one bit off, and callers
// that throw what they should not.

import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { derBits, derElement, derInteger, derNull, derOid, derSequence } from '../../src/wire/der.ts'
import {
  chainVerifier,
  crlCheck,
  extensionOids,
  ocspCheck,
  parseCertificate,
  verifyChain,
} from '../../src/x509/index.ts'
import type { VerifyOptions } from '../../src/x509/index.ts'
import { verifierMemory } from '../../src/x509/memory.ts'
import { isDnsName, parseIp } from '../../src/x509/names.ts'
import { algorithmName, signatureAlgorithmOf } from '../../src/x509/signature.ts'
import { trustStore } from '../../src/x509/trust.ts'
import {
  deviationsOf,
  basic,
  constraints,
  directory,
  dns,
  ecdsaSha256,
  extension,
  generalized,
  ip,
  keyIdentifiers,
  make,
  makeCa,
  makeKeys,
  makeLeaf,
  name,
  now,
  text,
  uri,
  utcTime,
} from './make.ts'
import type { Made } from './make.ts'

const root = makeCa('root')
const ca = makeCa('middle', { issuer: root })
const leaf = makeLeaf(ca)

const verify = async (chain: readonly Made[], options: Partial<VerifyOptions> = {}): Promise<string> => {
  const given: VerifyOptions = {
    provider: nodeProvider,
    trust: root.der,
    time: now,
    serverName: 'host.example',
    ...options,
  }
  const result = await verifyChain(
    chain.map(({ der }) => der),
    given,
  )
  return result.ok ? 'ok' : `${result.reason.code}: ${result.reason.message}`
}

describe('budgets that are just enough', () => {
  test('signatures: as many as the path has', async () => {
    expect(await verify([leaf, ca], { budgets: { signatures: 2 } })).toBe('ok')
    expect(await verify([leaf, ca], { budgets: { signatures: 1 } })).toMatch(/^too_complex/)
  })
  test('signatures that hold from the anchor down count for one each, whatever they take', async () => {
    const noble = { provider: nobleProvider }
    expect(await verify([leaf, ca], { ...noble, budgets: { signatures: 2 } })).toBe('ok')
    expect(await verify([leaf, ca], { ...noble, budgets: { signatures: 1 } })).toMatch(/^too_complex/)
  })
  test('candidate paths: one is enough for one', async () => {
    expect(await verify([leaf, ca], { budgets: { paths: 1 } })).toBe('ok')
    expect(await verify([leaf, ca], { budgets: { paths: 0 } })).toMatch(/^too_complex/)
  })
  test('comparisons of names: as many as there are names under one subtree', async () => {
    const limited = makeCa('limited', { issuer: root, extra: [constraints([dns('example')], [])] })
    const end = makeLeaf(limited, { names: [dns('host.example'), dns('b.example')] })
    expect(await verify([end, limited], { budgets: { comparisons: 2 } })).toBe('ok')
    expect(await verify([end, limited], { budgets: { comparisons: 1 } })).toMatch(/^too_complex/)
  })
  test('a budget is not for one candidate but for all', async () => {
    const duplicates = Array.from({ length: 3 }, () => makeCa('middle', { issuer: root }))
    expect(await verify([leaf, ...duplicates, ca], { budgets: { signatures: 2 } })).toBe('ok')
  })
})

describe('fetching issuers (AIA)', () => {
  const pointer = (url: string): Uint8Array =>
    extension(extensionOids.authorityInfoAccess, derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.2'), uri(url))))
  const upper = makeCa('upper', { issuer: root })
  const lower = makeCa('lower', { issuer: upper, extra: [pointer('http://ca.example/upper')] })
  const end = makeLeaf(lower, { extra: [pointer('http://ca.example/lower')] })
  const issuers = new Map([
    ['http://ca.example/upper', upper.der],
    ['http://ca.example/lower', lower.der],
  ])

  test('what was fetched says where the next one is', async () => {
    const asked: string[] = []
    const aia = (url: string): readonly Uint8Array[] => {
      asked.push(url)
      const found = issuers.get(url)
      return found === undefined ? [] : [found]
    }
    expect(await verify([end], { aia })).toBe('ok')
    expect(asked).toEqual(['http://ca.example/lower', 'http://ca.example/upper'])
  })
  test('a place is asked once', async () => {
    let asked = 0
    const stranger = makeCa('stranger', { issuer: makeCa('nobody'), extra: [pointer('http://ca.example/lower')] })
    expect(
      await verify([end, stranger], {
        aia: () => {
          asked++
          return []
        },
      }),
    ).toMatch(/^unknown_ca/)
    expect(asked).toBe(1)
  })
  test('all that is fetched and given is under one limit of bytes, which may be filled', async () => {
    const aia = (url: string): readonly Uint8Array[] => [issuers.get(url) ?? new Uint8Array()]
    const bytes = end.der.length + lower.der.length + upper.der.length
    expect(await verify([end], { aia, budgets: { bytes } })).toBe('ok')
    expect(await verify([end], { aia, budgets: { bytes: bytes - 1 } })).toMatch(
      /^too_complex: the certificates fetched/,
    )
  })
})

describe('what a verifier remembers', () => {
  const anchor = trustStore(root.der).anchors[0]
  const path = (...made: readonly Made[]) => {
    if (anchor === undefined) throw new Error('no anchor')
    return { certificates: made.map(({ der }) => parseCertificate(der)), anchor, isDirect: false }
  }

  test('intermediates of accepted paths, and leaves apart', () => {
    const memory = verifierMemory()
    memory.keep(path(leaf, ca))
    expect(memory.recall(leaf.der)).toBeUndefined()
    expect(memory.recallLeaf(ca.der)).toBeUndefined()
    const met = memory.recallLeaf(leaf.der)
    expect(met).toBe(memory.recallLeaf(leaf.der))
    if (met === undefined) throw new Error('not kept')
    expect(memory.isSignedBy(met, ca.keys.spki)).toBe(true)
    expect(memory.isSignedBy(met, root.keys.spki)).toBe(false)
    const again = memory.recall(ca.der)
    expect(again).toBe(memory.recall(ca.der))
    if (again === undefined) throw new Error('not kept')
    expect(memory.isSignedBy(again, root.keys.spki)).toBe(true)
    expect(memory.isSignedBy(again, ca.keys.spki)).toBe(false)
    expect(memory.isSignedBy(parseCertificate(ca.der), root.keys.spki)).toBe(false)
  })
  test('no leaf that is itself the anchor: nobody looked at its signature', () => {
    const memory = verifierMemory()
    memory.keep({ ...path(leaf), isDirect: true })
    expect(memory.recallLeaf(leaf.der)).toBeUndefined()
  })
  test('no certificate of excessive length', () => {
    const memory = verifierMemory()
    const { certificates, ...rest } = path(leaf)
    const [first] = certificates
    if (first === undefined) throw new Error('no leaf')
    const long = Object.defineProperty(Object.create(first), 'der', { value: new Uint8Array(20_000) })
    memory.keep({ ...rest, certificates: [long] })
    expect(memory.recallLeaf(new Uint8Array(20_000))).toBeUndefined()
  })
  test('bytes of its own', () => {
    const memory = verifierMemory()
    const received = { ...ca, der: ca.der.slice() }
    memory.keep(path(leaf, received))
    received.der.fill(0)
    expect(memory.recall(ca.der)?.subject.toString()).toBe('CN=middle')
  })
  test('as many as its limit; the oldest are forgotten, and what is kept twice counts once', () => {
    const memory = verifierMemory(2)
    const [one, two, three] = [makeCa('one'), makeCa('two'), makeCa('three')] as const
    for (const each of [one, two, two]) memory.keep(path(leaf, each))
    expect(memory.recall(one.der)).toBeDefined()
    const old = memory.recall(one.der)
    memory.keep(path(leaf, three))
    expect([one, two, three].map(({ der }) => memory.recall(der) !== undefined)).toEqual([false, true, true])
    if (old !== undefined) expect(memory.isSignedBy(old, root.keys.spki)).toBe(false)
  })
  test('a chain is verified again from memory, with another leaf', async () => {
    const verifier = chainVerifier({ provider: nodeProvider, trust: root.der })
    const request = { peer: 'server', serverName: 'host.example', time: now } as const
    for (const end of [leaf, makeLeaf(ca), leaf]) {
      const { chain } = await verifier.verify({ ...request, chain: [end.der, ca.der] })
      expect(chain).toHaveLength(3)
    }
    expect(() => verifier.verify({ ...request, chain: [leaf.der, ca.der], time: Date.UTC(2036, 0) })).toThrow(/expired/)
  })
})

describe('names', () => {
  test('RFC 1035 section 2.3.4: 253 octets, the wildcard label aside', () => {
    const long = [...Array.from({ length: 3 }, () => 'a'.repeat(63)), 'b'.repeat(61)].join('.')
    expect([long.length, isDnsName(long), isDnsName(`*.${long}`), isDnsName(`${long}b`)]).toEqual([
      253,
      true,
      true,
      false,
    ])
  })
  test('RFC 4291 section 2.2: "::" stands for one group at least', () => {
    expect(parseIp('1:2:3:4:5:6:7::')).toHaveLength(16)
    expect(parseIp('::2:3:4:5:6:7:8')).toHaveLength(16)
    for (const wrong of ['1:2:3:4:5:6:7::8', '1::2:3:4:5:6:7:8', '1:2:3:4:5:6:7'])
      expect(parseIp(wrong), wrong).toBeUndefined()
  })
  test('RFC 3986 section 3.2.2: brackets come in pairs; RFC 4291 section 2.2: dotted octets come last', () => {
    expect(parseIp('[::1]')).toHaveLength(16)
    for (const wrong of ['[::1', '::1]', '[1.2.3.4]', '1.2.3.4::', '::1.2.3.4:1', '1.2.3.4::5'])
      expect(parseIp(wrong), wrong).toBeUndefined()
    expect(parseIp('::1.2.3.4')).toHaveLength(16)
  })
  test('RFC 5280 section 4.2.1.10: an address one bit outside of the range', async () => {
    const limited = makeCa('limited', { issuer: root, extra: [constraints([ip(10, 0, 0, 2, 255, 255, 255, 255)], [])] })
    const verdicts = [2, 3, 0].map((last) =>
      verify([makeLeaf(limited, { names: [ip(10, 0, 0, last)] }), limited], { serverName: `10.0.0.${last}` }),
    )
    expect((await Promise.all(verdicts)).map((text) => text.split(':')[0])).toEqual([
      'ok',
      'name_constraints',
      'name_constraints',
    ])
  })
  test('a name is compared with subtrees of its own kind only', async () => {
    const limited = makeCa('limited', {
      issuer: root,
      extra: [constraints([], [uri('.example'), directory(name('other'))])],
    })
    expect(await verify([makeLeaf(limited), limited])).toBe('ok')
  })
})

describe('certificates', () => {
  const parsed = (spec: Parameters<typeof make>[0]): ReturnType<typeof parseCertificate> =>
    parseCertificate(make(spec).der)

  test('RFC 5280 section 4.1.2.8: unique identifiers are of version 2 and 3', () => {
    const unique = derElement(0x81, Uint8Array.of(0, 1))
    expect(() => parsed({ version: undefined, unique })).toThrow(/version 1 certificate has unique identifiers/)
    expect(parsed({ version: 1, unique }).hasUniqueIdentifiers).toBe(true)
  })
  test('RFC 5280 section 4.1.2.5: from 2050 on a date is a GeneralizedTime, not before', () => {
    const first = Date.UTC(2050, 0, 1)
    expect(parsed({ notAfter: generalized(first) }).hasUntimelyTimes).toBe(false)
    expect(parsed({ notAfter: generalized(first - 1000) }).hasUntimelyTimes).toBe(true)
    expect(parsed({ notBefore: generalized(first), notAfter: generalized(first + 1000) }).hasUntimelyTimes).toBe(false)
    expect(parsed({ notBefore: generalized(first - 1000), notAfter: generalized(first) }).hasUntimelyTimes).toBe(true)
  })
  test('RFC 5280 section 4.1: nothing comes after the extensions', () => {
    const { spki } = makeKeys()
    const parse = (...more: Uint8Array[]): unknown => {
      const validity = derSequence(utcTime('250101000000Z'), utcTime('350101000000Z'))
      const extensions = derElement(0xa3, derSequence(basic(false)))
      const tbs = derSequence(
        derElement(0xa0, derInteger(2)),
        derInteger(1),
        ecdsaSha256,
        name('x'),
        validity,
        name('x'),
        spki,
        extensions,
        ...more,
      )
      return parseCertificate(derSequence(tbs, ecdsaSha256, derBits(Uint8Array.of(0))))
    }
    expect(() => parse()).not.toThrow()
    expect(() => parse(derNull())).toThrow(/bytes after its last field/)
  })
  test(
    'RFC 5280 section 4.2.1.9: a version 3 anchor without basic constraints is no CA, one of version 1 is by ' +
      'trust',
    async () => {
      const keys = makeKeys()
      const anchors = [
        { version: 2, extensions: keyIdentifiers(keys, undefined) },
        { version: 1 },
        { version: undefined },
      ]
      const verdicts = anchors.map((spec) => {
        const anchor = make({ ...spec, subject: name('old'), keys })
        return verify([makeLeaf(anchor)], { trust: anchor.der })
      })
      expect((await Promise.all(verdicts)).map((text) => text.split(':')[0])).toEqual(['not_a_ca', 'ok', 'ok'])
    },
  )
  test('RFC 5280 sections 4.2.1.10 and 4.2.1.13: no defaults encoded, nothing after the last field', () => {
    const subtree = (...more: Uint8Array[]): ReturnType<typeof parseCertificate> =>
      parsed({
        extensions: [
          extension(extensionOids.nameConstraints, derSequence(derElement(0xa0, derSequence(dns('a'), ...more)))),
        ],
      })
    expect(deviationsOf(subtree(derElement(0x80, Uint8Array.of(0))), (it) => it.nameConstraints)).toMatch(
      /default value/,
    )
    expect(subtree(derElement(0x80, Uint8Array.of(1))).nameConstraints?.permitted?.[0]?.minimum).toBe(1)

    const points = (...fields: Uint8Array[]): ReturnType<typeof parseCertificate> =>
      parsed({ extensions: [extension(extensionOids.crlDistributionPoints, derSequence(derSequence(...fields)))] })
    const full = derElement(0xa0, uri('http://a/'))
    const relative = derElement(0xa1, derSequence(derOid('2.5.4.3'), derElement(0x0c, text('part'))))
    expect(points(derElement(0xa0, full)).crlDistributionPoints?.[0]?.fullName).toHaveLength(1)
    expect(points(derElement(0xa0, relative)).crlDistributionPoints?.[0]?.relativeName).toBeDefined()
    expect(() => points(derElement(0xa0, full, relative)).crlDistributionPoints).toThrow(/bytes after its last field/)
    expect(() => points(derElement(0xa0, full), derNull()).crlDistributionPoints).toThrow(/bytes after its last field/)
    expect(() => points(derElement(0xa0, derElement(0xa2))).crlDistributionPoints).toThrow(/nameRelativeToCRLIssuer/)
  })
})

describe('signature algorithms by their identifiers', () => {
  const digests = {
    sha256: '2.16.840.1.101.3.4.2.1',
    sha384: '2.16.840.1.101.3.4.2.2',
    sha512: '2.16.840.1.101.3.4.2.3',
  }
  const pss = (hash: keyof typeof digests, salt: number, withNull: boolean, maskHash = hash): Uint8Array => {
    const digest = (oid: string): Uint8Array => derSequence(derOid(oid), ...(withNull ? [derNull()] : []))
    const mask = derSequence(derOid('1.2.840.113549.1.1.8'), digest(digests[maskHash]))
    const parameters = [
      derElement(0xa0, digest(digests[hash])),
      derElement(0xa1, mask),
      derElement(0xa2, derInteger(salt)),
    ]
    return derSequence(derOid('1.2.840.113549.1.1.10'), derSequence(...parameters))
  }
  test.each([
    ['sha256', 32],
    ['sha384', 48],
    ['sha512', 64],
  ] as const)('RFC 4055 section 3.1: PSS with %s has a salt of %i', (hash, salt) => {
    for (const withNull of [true, false]) {
      expect(signatureAlgorithmOf(pss(hash, salt, withNull))).toBe(`rsa_pss_${hash}`)
      for (const other of [salt - 1, salt + 1, 20])
        expect(signatureAlgorithmOf(pss(hash, other, withNull))).toBeUndefined()
      const maskHash = hash === 'sha256' ? 'sha384' : 'sha256'
      expect(signatureAlgorithmOf(pss(hash, salt, withNull, maskHash))).toBeUndefined()
    }
  })
  test(
    'RFC 4055 section 3.1: what is a default can be written out or not, and one hash can have NULL where the ' +
      'other has nothing',
    () => {
      const oid = derOid(digests.sha256)
      const [nothing, nul] = [derSequence(oid), derSequence(oid, derNull())]
      const of = (...fields: Uint8Array[]): Uint8Array =>
        derSequence(derOid('1.2.840.113549.1.1.10'), derSequence(...fields))
      const mgf = (hash: Uint8Array, mask = '1.2.840.113549.1.1.8'): Uint8Array =>
        derElement(0xa1, derSequence(derOid(mask), hash))
      const salt = derElement(0xa2, derInteger(32))
      const trailer = (n: number): Uint8Array => derElement(0xa3, derInteger(n))
      expect(signatureAlgorithmOf(of(derElement(0xa0, nothing), mgf(nul), salt, trailer(1)))).toBe('rsa_pss_sha256')
      expect(signatureAlgorithmOf(of(derElement(0xa0, nul), mgf(nothing), salt))).toBe('rsa_pss_sha256')
      expect(signatureAlgorithmOf(of(derElement(0xa0, nul), mgf(nul), salt, trailer(2)))).toBeUndefined()
      expect(signatureAlgorithmOf(of(derElement(0xa0, nul), mgf(nul, '1.2.3'), salt))).toBeUndefined()
      expect(signatureAlgorithmOf(of(derElement(0xa0, nul), salt))).toBeUndefined()
      expect(signatureAlgorithmOf(of(derElement(0xa0, nul), mgf(nul)))).toBeUndefined()
      expect(signatureAlgorithmOf(of())).toBeUndefined()
      expect(signatureAlgorithmOf(derSequence(derOid('1.2.840.113549.1.1.10')))).toBeUndefined()
    },
  )
  test('RFC 9846 section 4.3.3: the parameters of PSS are DER, with lengths as short as they can be', () => {
    const usual = pss('sha256', 32, true)
    const oid = derOid('1.2.840.113549.1.1.10')
    const parameters = usual.subarray(2 + oid.length)
    const [tag = 0, length = 0] = parameters
    const longer = concat(Uint8Array.of(tag, 0x81, length), parameters.subarray(2))
    expect(signatureAlgorithmOf(derSequence(oid, parameters))).toBe('rsa_pss_sha256')
    expect(signatureAlgorithmOf(derSequence(oid, longer))).toBeUndefined()
  })
  test('RFC 4055 section 5: the parameters of RSA with a hash are NULL or absent; of ECDSA too, and no others', () => {
    const rsa = derOid('1.2.840.113549.1.1.11')
    expect(signatureAlgorithmOf(derSequence(rsa, derNull()))).toBe('rsa_pkcs1_sha256')
    expect(signatureAlgorithmOf(derSequence(rsa))).toBe('rsa_pkcs1_sha256')
    expect(signatureAlgorithmOf(derSequence(rsa, derSequence()))).toBeUndefined()
    expect(signatureAlgorithmOf(derSequence(rsa, derNull(), derNull()))).toBeUndefined()
    const ecdsa = derOid('1.2.840.10045.4.3.2')
    expect(signatureAlgorithmOf(derSequence(ecdsa, derNull()))).toBe('ecdsa_sha256')
    expect(signatureAlgorithmOf(derSequence(ecdsa, derOid('1.2.840.10045.3.1.7')))).toBeUndefined()
    expect(signatureAlgorithmOf(derSequence(derOid('1.3.101.112'), derNull()))).toBeUndefined()
  })
  test('what they are called in messages', () => {
    expect(algorithmName(ecdsaSha256)).toBe('ecdsa_sha256')
    expect(algorithmName(derSequence(derOid('1.2.3.4')))).toBe('1.2.3.4')
  })
})

test('section 4.2.1.1 of RFC 5280 asks nothing of an anchor that is no certificate', async () => {
  const bare = { name: root.subject, spki: root.keys.spki }
  for (const profile of ['rfc5280', 'web-pki'] as const)
    expect(await verify([leaf, ca], { trust: bare, profile })).toBe('ok')
})

describe('callers', () => {
  test('an invalid time is their mistake', async () => {
    await expect(verify([leaf, ca], { time: Number.NaN })).rejects.toMatchObject({ code: 'bad_option' })
    await expect(verify([leaf, ca], { time: new Date('nonsense') })).rejects.toMatchObject({ code: 'bad_option' })
  })
  test('acceptAnchor: why it says no is in the message, if it says', async () => {
    expect(await verify([leaf, ca], { acceptAnchor: () => false })).toBe(
      'anchor_refused: the trust anchor CN=root is refused',
    )
    expect(await verify([leaf, ca], { acceptAnchor: () => 'too old' })).toBe(
      'anchor_refused: the trust anchor CN=root is refused: too old',
    )
  })
})

describe('scope of CRLs (RFC 5280 section 6.3.3 (b))', () => {
  /** What a CRL of the root with this issuingDistributionPoint says of a leaf at the point "Point One". */
  const crl = (...fields: Uint8Array[]): Promise<string> => {
    const point = extension('2.5.29.28', derSequence(derElement(0xa0, ...fields)), true)
    const number = extension('2.5.29.20', derInteger(1))
    const tbs = derSequence(
      derInteger(1),
      ecdsaSha256,
      root.subject,
      utcTime('260501000000Z'),
      utcTime('260701000000Z'),
      derElement(0xa0, derSequence(number, point)),
    )
    const der = derSequence(tbs, ecdsaSha256, derBits(new Uint8Array(sign('sha256', tbs, root.keys.privateKey))))
    const at = (point: Uint8Array): Uint8Array =>
      extension(
        extensionOids.crlDistributionPoints,
        derSequence(derSequence(derElement(0xa0, derElement(0xa0, point)))),
      )
    const end = makeLeaf(root, { extra: [at(directory(name('Point One')))] })
    return verify([end], { checks: [crlCheck({ crls: [der] })] })
  }
  const full = (...names: Uint8Array[]): Uint8Array => derElement(0xa0, ...names)

  test('directory names match as names do (section 7.1), and nothing else', async () => {
    expect(await crl(full(directory(name('Point One'))))).toBe('ok')
    expect(await crl(full(directory(name('point  ONE', 0x13))))).toBe('ok')
    expect(await crl(full(directory(name('Point Two'))))).toMatch(/another distribution point/)
    expect(await crl(full(uri('http://crl.example/')))).toMatch(/another distribution point/)
    expect(await crl(full(uri('http://crl.example/'), directory(name('Point One'))))).toBe('ok')
  })
  test('section 5.2.5: a name relative to the issuer', async () => {
    const relative = derElement(0xa1, derSequence(derOid('2.5.4.3'), derElement(0x0c, text('part'))))
    expect(await crl(relative)).toMatch(/^revocation_unknown: .*another distribution point/)
  })
})

test('RFC 6960 section 4.2.2.2: a response that is no DER is refused, whatever the mode', async () => {
  for (const mode of ['soft', 'hard'] as const) {
    expect(await verify([leaf, ca], { checks: [ocspCheck({ mode })], ocspResponse: Uint8Array.of(1) })).toMatch(
      /^bad_certificate_status/,
    )
  }
})
