// The rules of RFC 5280, RFC 9525 and the profiles, each broken once: verifyChain() names the rule.

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { derBits, derElement, derInteger, derNull, derOid, derSequence } from '../../src/wire/der.ts'
import { extensionOids, purposeOids, verifyChain } from '../../src/x509/index.ts'
import type { VerifyOptions } from '../../src/x509/index.ts'
import {
  altNames,
  basic,
  certSign,
  directory,
  dns,
  ecdsaSha256,
  email,
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
  constraints,
  purposes,
  text,
  uri,
  usage,
  utcTime,
} from './make.ts'
import type { Made, Spec } from './make.ts'

const root = makeCa('root')
const ca = makeCa('middle', { issuer: root })

type Options = Partial<Omit<VerifyOptions, 'provider'>>

const verify = async (chain: readonly Made[], options: Options = {}): Promise<string> => {
  const result = await verifyChain(
    chain.map(({ der }) => der),
    {
      provider: nodeProvider,
      trust: root.der,
      time: now,
      serverName: 'host.example',
      ...options,
    },
  )
  return result.ok ? 'ok' : `${result.reason.code}: ${result.reason.message}`
}

/** A leaf below `ca` that differs by `spec`. */
const leafWith = (spec: Spec & { names?: Uint8Array[] }, options: Options = {}): Promise<string> =>
  verify([makeLeaf(ca, spec), ca], options)
/** A chain whose intermediate differs by `spec`. */
const caWith = (spec: Spec & { pathLength?: number }, options: Options = {}): Promise<string> => {
  const issuer = makeCa('other', { issuer: root, ...spec })
  return verify([makeLeaf(issuer), issuer], options)
}

test('a chain that conforms is good under every profile', async () => {
  for (const profile of ['web-pki', 'baseline', 'rfc5280', 'path'] as const)
    expect(await leafWith({}, { profile })).toBe('ok')
})

test('the verified chain ends with the anchor, and the policies are worked out', async () => {
  const leaf = makeLeaf(ca)
  const result = await verifyChain([leaf.der, ca.der], { provider: nodeProvider, trust: root.der, time: now })
  expect(result.ok && result.chain.map((certificate) => certificate.der)).toEqual([leaf.der, ca.der, root.der])
  expect(result.ok && result.policies.size).toBe(0)
})

describe('RFC 5280 section 4.1', () => {
  test('4.1.1.2: the two signature algorithms agree', async () => {
    const outerAlgorithm = derSequence(derOid('1.2.840.10045.4.3.3'))
    expect(await leafWith({ outerAlgorithm }, { profile: 'path' })).toMatch(/^nonconforming: .*4\.1\.1\.2/)
  })
  test('4.1.1.3: the signature is by the issuer', async () => {
    expect(await leafWith({ issuer: { subject: ca.subject, keys: makeKeys() } })).toMatch(/^bad_signature: /)
  })
  test('4.1.2.1: a version 1 certificate is no intermediate and, in the web PKI, no leaf', async () => {
    expect(await caWith({ version: undefined, extensions: undefined }, { profile: 'path' })).toMatch(/^not_a_ca: /)
    expect(await leafWith({ version: undefined, extensions: undefined }, {})).toMatch(/^nonconforming: .*version 1/)
  })
  test('4.1.2.1: extensions are for version 3', async () => {
    expect(await leafWith({ version: 1 }, { profile: 'path' })).toMatch(
      /^malformed: .*version 2 certificate has extensions/,
    )
  })
  test('4.1.2.2: serial numbers are positive and have up to 20 octets', async () => {
    expect(await leafWith({ serial: derInteger(0) }, { profile: 'rfc5280' })).toMatch(/^nonconforming: .*4\.1\.2\.2/)
    expect(await leafWith({ serial: derInteger(0) })).toBe('ok')
    expect(await leafWith({ serial: derElement(2, Uint8Array.of(0x80)) }, { profile: 'rfc5280' })).toMatch(
      /^nonconforming: .*negative/,
    )
    expect(await leafWith({ serial: derElement(2, Uint8Array.of(0x80)) })).toBe('ok')
    expect(await leafWith({ serial: derInteger(new Uint8Array(21).fill(1)) }, { profile: 'rfc5280' })).toMatch(
      /^nonconforming: .*20 octets/,
    )
    expect(await leafWith({ serial: derInteger(new Uint8Array(21).fill(1)) })).toBe('ok')
    expect(await leafWith({ serial: derInteger(new Uint8Array(20).fill(1)) })).toBe('ok')
  })
  test('4.1.2.4: an issuer has a name', async () => {
    const nameless = makeCa('', { subject: name(''), keys: root.keys })
    const leaf = makeLeaf({ ...nameless, subject: name('') })
    expect(await verify([leaf], { trust: nameless.der, profile: 'rfc5280' })).toMatch(
      /^nonconforming: .*empty issuer name .*4\.1\.2\.4/,
    )
  })
  test('4.1.2.5: both ends of the validity period belong to it, in whole seconds', async () => {
    const spec = { notBefore: utcTime('260101000000Z'), notAfter: utcTime('260201000000Z') }
    expect(await leafWith(spec, { time: Date.UTC(2026, 0, 1) })).toBe('ok')
    expect(await leafWith(spec, { time: Date.UTC(2026, 1, 1) + 999 })).toBe('ok')
    expect(await leafWith(spec, { time: Date.UTC(2026, 1, 1) + 1000 })).toMatch(
      /^certificate_expired: .* 1 second ago: notAfter 2026-02-01T00:00:00Z/,
    )
    expect(await leafWith(spec, { time: Date.UTC(2026, 0, 1) - 1 })).toMatch(
      /^certificate_not_yet_valid: .*2026-01-01T00:00:00Z/,
    )
    expect(await leafWith(spec, { time: Date.UTC(2026, 1, 4) })).toMatch(/expired 3 days ago/)
  })
  test('4.1.2.5: dates before 2050 are UTCTime, later ones GeneralizedTime', async () => {
    expect(await leafWith({ notAfter: generalized(Date.UTC(2049, 0, 1)) }, { profile: 'rfc5280' })).toMatch(
      /^nonconforming: .*4\.1\.2\.5/,
    )
    expect(await leafWith({ notAfter: generalized(Date.UTC(2049, 0, 1)) })).toBe('ok')
    expect(await leafWith({ notAfter: generalized(Date.UTC(2050, 0, 1)) })).toBe('ok')
  })
  test('4.1.2.6: a CA has a subject', async () => {
    const nameless = makeCa('', { issuer: root })
    expect(await verify([makeLeaf(nameless), nameless], { profile: 'rfc5280' })).toMatch(
      /^nonconforming: .*4\.1\.2\.(4|6)/,
    )
    const anchor = makeCa('', {})
    const leaf = makeLeaf(root, { issuer: { subject: name(''), keys: anchor.keys } })
    expect(await verify([leaf], { trust: anchor.der, profile: 'rfc5280' })).toMatch(/^nonconforming: .*4\.1\.2\.4/)
    expect(await leafWith({ subject: name(''), extensions: [] }, { profile: 'rfc5280' })).toMatch(
      /^nonconforming: .*no subject name .*4\.1\.2\.6/,
    )
  })
  test('4.1.2.8: no unique identifiers', async () => {
    expect(await leafWith({ unique: derElement(0x81, Uint8Array.of(0, 1)) }, { profile: 'rfc5280' })).toMatch(
      /^nonconforming: .*4\.1\.2\.8/,
    )
    expect(await leafWith({ unique: derElement(0x81, Uint8Array.of(0, 1)) })).toBe('ok')
  })
  test('4.2: no extension twice', async () => {
    expect(await leafWith({ extra: [altNames(dns('host.example'))] }, { profile: 'path' })).toMatch(
      /^malformed: .*twice/,
    )
  })
  test('4.2: a critical extension that is not understood refuses, another does not', async () => {
    expect(await leafWith({ extra: [extension('1.2.3.4', derNull(), true)] }, { profile: 'path' })).toMatch(
      /^unknown_critical_extension: .*1\.2\.3\.4/,
    )
    expect(await leafWith({ extra: [extension('1.2.3.4', derNull())] })).toBe('ok')
    expect(await caWith({ extra: [extension('1.2.3.4', derNull(), true)] })).toMatch(/^unknown_critical_extension/)
  })
  test(
    '4.2: a known extension has to be well-formed where it is critical or decides something; under the strict ' +
      'profiles, always',
    async () => {
      const spec = { extra: [extension(extensionOids.authorityInfoAccess, text('no DER'))] }
      expect(await leafWith(spec, { profile: 'rfc5280' })).toMatch(/^malformed: .*authorityInfoAccess/)
      expect(await leafWith(spec)).toBe('ok')
      const critical = { extra: [extension(extensionOids.authorityInfoAccess, text('no DER'), true)] }
      expect(await leafWith(critical)).toMatch(/^malformed: .*authorityInfoAccess/)
      expect(await leafWith({ extra: [extension(extensionOids.nameConstraints, text('no DER'))] })).toMatch(
        /^malformed: .*nameConstraints/,
      )
    },
  )
})

describe('RFC 5280 section 4.2, what issuers owe (profile rfc5280)', () => {
  const profile = 'rfc5280'
  const strict = (spec: Spec & { names?: Uint8Array[] }): Promise<string> => leafWith(spec, { profile })
  test('4.2.1.1: authority key identifier, present and not critical', async () => {
    const own = [altNames(dns('host.example'))]
    expect(await strict({ extensions: own })).toMatch(/^nonconforming: .*4\.2\.1\.1/)
    expect(await leafWith({ extensions: own })).toBe('ok')
    const critical = extension(extensionOids.authorityKeyIdentifier, derSequence(derElement(0x80, ca.keys.id)), true)
    expect(await strict({ extensions: [...own, critical] })).toMatch(
      /^nonconforming: .*critical authorityKeyIdentifier/,
    )
  })
  test('4.2.1.1: an anchor that another CA signed needs one, a self-signed one does not', async () => {
    const crossed = make({
      subject: name('crossed'),
      issuer: root,
      extensions: [basic(true), certSign, ...keyIdentifiers(root.keys, undefined)],
    })
    expect(await verify([makeLeaf(crossed)], { profile, trust: crossed.der })).toMatch(/^nonconforming: .*4\.2\.1\.1/)
    expect(await verify([makeLeaf(ca)], { profile, trust: ca.der })).toBe('ok')
    const keys = makeKeys()
    const renamed = make({
      subject: name('renamed'),
      keys,
      issuer: { subject: name('before'), keys },
      extensions: [basic(true), certSign, ...keyIdentifiers(keys, undefined)],
    })
    expect(await verify([makeLeaf(renamed)], { profile, trust: renamed.der })).toBe('ok')
    expect(await verify([makeLeaf(root)], { profile })).toBe('ok')
  })
  test('4.2.1.2: subject key identifier in each CA', async () => {
    const spec = { extensions: [basic(true), certSign, ...keyIdentifiers(undefined, root.keys)] }
    expect(await caWith(spec, { profile })).toMatch(/^nonconforming: .*4\.2\.1\.2/)
    expect(await caWith(spec)).toBe('ok')
  })
  test('4.2.1.6: alternative names without a subject are critical', async () => {
    expect(await strict({ subject: name('') })).toMatch(/^nonconforming: .*4\.2\.1\.6/)
    const critical = extension(extensionOids.subjectAltName, derSequence(dns('host.example')), true)
    expect(await strict({ subject: name(''), extensions: [critical, ...keyIdentifiers(undefined, ca.keys)] })).toBe(
      'ok',
    )
  })
  test('4.2.1.9: basic constraints of a CA are critical; keyCertSign and path length are for CAs', async () => {
    const flat = extension(extensionOids.basicConstraints, derSequence(derElement(1, Uint8Array.of(0xff))))
    const rest = [certSign, ...keyIdentifiers(makeKeys(), root.keys)]
    expect(await caWith({ extensions: [flat, ...rest] }, { profile })).toMatch(
      /^nonconforming: .*not critical.*4\.2\.1\.9/,
    )
    const ids = keyIdentifiers(undefined, ca.keys)
    expect(await strict({ extensions: [altNames(dns('host.example')), certSign, ...ids] })).toMatch(
      /^nonconforming: .*but is no CA.*4\.2\.1\.9/,
    )
    expect(await strict({ extensions: [altNames(dns('host.example')), basic(false, 0), ...ids] })).toMatch(
      /^nonconforming: .*path length/,
    )
  })
  test('4.2.1.10: name constraints are critical, well-formed, and only for CAs', async () => {
    const named = (...args: Parameters<typeof constraints>): Spec => ({ extra: [constraints(...args)] })
    expect(await caWith(named([dns('example')], [], false), { profile })).toMatch(/^nonconforming: .*not critical/)
    expect(await caWith(named([dns('example')], [], false), { profile: 'baseline' })).toBe('ok')
    expect(await caWith(named([dns('*.example')], []), { profile })).toMatch(
      /^nonconforming: .*malformed name constraints/,
    )
    expect(await caWith(named([dns('.example')], []), { profile })).toMatch(
      /^nonconforming: .*malformed name constraints/,
    )
    expect(await strict(named([dns('example')], []))).toMatch(/^nonconforming: .*is no CA/)
  })
  test('4.2.1.11: policy constraints are critical', async () => {
    const value = derSequence(derElement(0x80, Uint8Array.of(3)))
    expect(await caWith({ extra: [extension(extensionOids.policyConstraints, value)] }, { profile })).toMatch(
      /^nonconforming: .*policyConstraints/,
    )
  })
  test('4.2.2.1: authority information access is not critical', async () => {
    const value = derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.2'), uri('http://ca.example/')))
    expect(await strict({ extra: [extension(extensionOids.authorityInfoAccess, value, true)] })).toMatch(
      /^nonconforming: .*4\.2\.2\.1/,
    )
  })
})

describe('RFC 5280 section 6.1.4, CAs', () => {
  test('4.2.1.9 (k): a certificate that signs is a CA', async () => {
    const ids = keyIdentifiers(makeKeys(), root.keys)
    expect(await caWith({ extensions: [certSign, ...ids] }, { profile: 'path' })).toMatch(/^not_a_ca: .*4\.2\.1\.9/)
    expect(await caWith({ extensions: [basic(false), ...ids] }, { profile: 'path' })).toMatch(/^not_a_ca: /)
  })
  test('4.2.1.3 (n): its key usage has keyCertSign', async () => {
    expect(await caWith({ extensions: [basic(true), usage(0x80, 7)] }, { profile: 'path' })).toMatch(
      /^not_a_ca: .*4\.2\.1\.3/,
    )
    expect(await caWith({ extensions: [basic(true)] }, { profile: 'path' })).toBe('ok')
  })
  test('4.2.1.9 (l, m): path length counts CAs that are not self-issued', async () => {
    const short = makeCa('short', { issuer: root, pathLength: 0 })
    const below = makeCa('below', { issuer: short })
    const renewed = makeCa('short', { issuer: short, subject: short.subject })
    expect(await verify([makeLeaf(short), short])).toBe('ok')
    expect(await verify([makeLeaf(below), below, short])).toMatch(/^path_too_long: .*4\.2\.1\.9/)
    expect(await verify([makeLeaf(renewed), renewed, short])).toBe('ok')
  })
  test('maxDepth counts intermediates', async () => {
    expect(await leafWith({}, { maxDepth: 1 })).toBe('ok')
    expect(await leafWith({}, { maxDepth: 0 })).toMatch(/^path_too_long: /)
  })
  test('4.2.1.12: key purposes are nested', async () => {
    expect(await leafWith({}, { purpose: 'clientAuth' })).toMatch(/^certificate_usage: .*clientAuth.*serverAuth/)
    expect(await caWith({ extra: [purposes(purposeOids.clientAuth)] })).toMatch(/^certificate_usage: /)
    expect(await caWith({ extra: [purposes(purposeOids.anyExtendedKeyUsage)] })).toBe('ok')
    expect(await caWith({ extra: [purposes(purposeOids.serverAuth)] })).toBe('ok')
  })
  test('4.2.1.3: key usages that the caller needs', async () => {
    expect(await leafWith({}, { keyUsage: ['digitalSignature'] })).toBe('ok')
    expect(await leafWith({}, { keyUsage: ['keyEncipherment'] })).toMatch(/^certificate_usage: .*keyEncipherment/)
  })
})

describe('web PKI profile', () => {
  test('RSA keys have 2048 bits or more', async () => {
    const keys = makeKeys(1024)
    expect(await leafWith({ keys })).toMatch(/^weak: .*1024/)
    expect(await leafWith({ keys }, { profile: 'rfc5280' })).toBe('ok')
  })
  test('no SHA-1 signatures', async () => {
    const spec = { algorithm: derSequence(derOid('1.2.840.10045.4.1')), hash: 'sha1' }
    expect(await leafWith(spec)).toMatch(/^broken_hash: .*ecdsa_sha1/)
  })
  test('explicit curves and unknown keys are refused', async () => {
    const curve = derSequence(
      derSequence(derOid('1.2.840.10045.2.1'), derOid('1.2.3.4')),
      derBits(new Uint8Array(65).fill(4)),
    )
    expect(await leafWith({ spki: curve })).toMatch(/^unsupported_algorithm: /)
  })
  test('a CA certificate is no leaf', async () => {
    const extra = [altNames(dns('host.example'))]
    const leaf = makeCa('host.example', { issuer: ca, extra })
    expect(await verify([leaf, ca])).toMatch(/^certificate_usage: .*CA certificate/)
    expect(await verify([leaf, ca], { profile: 'rfc5280' })).toBe('ok')
  })
  test('anyExtendedKeyUsage does not make a server', async () => {
    expect(
      await leafWith({ extensions: [altNames(dns('host.example')), purposes(purposeOids.anyExtendedKeyUsage)] }),
    ).toMatch(/^certificate_usage/)
  })
  test('keys of kinds that the web PKI has not are refused', async () => {
    const { publicKey } = generateKeyPairSync('ed448')
    const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
    expect(await leafWith({ spki })).toMatch(/^unsupported_algorithm: .*ed448/)
    expect(await leafWith({ spki }, { profile: 'rfc5280' })).toBe('ok')
  })
  test('the signature of an anchor on itself is not looked at', async () => {
    const old = makeCa('old', { algorithm: derSequence(derOid('1.2.840.10045.4.1')), hash: 'sha1' })
    expect(await verify([makeLeaf(old)], { trust: old.der })).toBe('ok')
  })
  test('what only obliges issuers is not asked for by default', async () => {
    const value = derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.2'), uri('http://ca.example/')))
    expect(await leafWith({ extra: [extension(extensionOids.authorityInfoAccess, value, true)] })).toBe('ok')
    expect(await leafWith({ subject: name('other.example') })).toBe('ok')
  })
  test('addresses of mail and URIs have their forms', async () => {
    for (const bad of [email('me'), email('a@b@c.example'), email('a b@c.example'), uri('no scheme'), uri('//host/')]) {
      const spec = { names: [dns('host.example'), bad] }
      expect(await leafWith(spec, { profile: 'rfc5280' })).toMatch(/^nonconforming: .*4\.2\.1\.6/)
      expect(await leafWith(spec, { serverName: 'host.example' })).toBe('ok')
    }
    expect(await leafWith({ names: [dns('host.example'), email('me@a.example'), uri('urn:a:b')] })).toBe('ok')
  })
  test('names that are no DNS names match nothing, and the strict profiles refuse them', async () => {
    for (const bad of [
      '.example',
      'a..example',
      'under_score.example',
      '8.8.8.8',
      '-a.example',
      'a*.example',
      '*',
      'a b.example',
    ]) {
      const spec = { names: [dns('host.example'), dns(bad)] }
      expect(await leafWith(spec, { profile: 'rfc5280' }), bad).toMatch(/^nonconforming: .*4\.2\.1\.6/)
      expect(await leafWith(spec, { serverName: 'host.example' }), bad).toBe('ok')
    }
  })
})

describe('Baseline Requirements (profile baseline)', () => {
  const strict = (spec: Spec & { names?: Uint8Array[] }, options: Options = {}): Promise<string> =>
    leafWith(spec, { profile: 'baseline', ...options })
  test('7.1.4.3: a common name is one of the alternative names', async () => {
    expect(await strict({ subject: name('other.example') })).toMatch(/^nonconforming: .*7\.1\.4\.3/)
    expect(await strict({ subject: name('Host.example') })).toMatch(/^nonconforming: /)
    expect(await strict({ subject: name('host.example') })).toBe('ok')
  })
  test('7.1.4.3: an address as common name is written as RFC 5952 says', async () => {
    const names = [ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)]
    expect(await strict({ subject: name('2001:db8::1'), names }, { serverName: '2001:db8::1' })).toBe('ok')
    expect(await strict({ subject: name('2001:DB8::1'), names }, { serverName: '2001:db8::1' })).toMatch(
      /^nonconforming/,
    )
    expect(
      await strict({ subject: name('host.example'), names: [ip(192, 168, 1, 1)] }, { serverName: '192.168.1.1' }),
    ).toBe('ok')
    expect(
      await strict({ subject: name('0xC0A80101'), names: [ip(192, 168, 1, 1)] }, { serverName: '192.168.1.1' }),
    ).toMatch(/^nonconforming/)
  })
  test('7.1.2.7: extended key usage is there, says what for, and is not critical', async () => {
    const own = [altNames(dns('host.example')), ...keyIdentifiers(undefined, ca.keys)]
    const critical = extension(extensionOids.extendedKeyUsage, derSequence(derOid(purposeOids.serverAuth)), true)
    expect(await strict({ extensions: own })).toMatch(/^nonconforming: .*7\.1\.2\.7\.6/)
    expect(await strict({ extensions: [...own, critical] })).toMatch(/^nonconforming: .*critical extended key usage/)
    const any = purposes(purposeOids.serverAuth, purposeOids.anyExtendedKeyUsage)
    expect(await strict({ extensions: [...own, any] })).toMatch(/^nonconforming: .*7\.1\.2\.7\.10/)
  })
  test('7.1.2.7.12: alternative names beside a subject are not critical', async () => {
    const critical = extension(extensionOids.subjectAltName, derSequence(dns('host.example')), true)
    const spec = { extensions: [critical, purposes(purposeOids.serverAuth), ...keyIdentifiers(undefined, ca.keys)] }
    expect(await strict(spec)).toMatch(/^nonconforming: .*7\.1\.2\.7\.12/)
    expect(await leafWith(spec)).toBe('ok')
  })
  test('7.1.2.1: a root has no key purposes, and an authority key identifier that is its own', async () => {
    const keys = makeKeys()
    const unfit = (...extra: Uint8Array[]): Made => makeCa('unfit', { keys, extra })
    const check = (anchor: Made): Promise<string> =>
      verify([makeLeaf(anchor)], { trust: anchor.der, profile: 'baseline' })
    expect(await check(unfit())).toBe('ok')
    expect(await check(unfit(purposes(purposeOids.serverAuth)))).toMatch(/^nonconforming: .*7\.1\.2\.1\.2/)
    const aki = (...fields: Uint8Array[]): Uint8Array =>
      extension(extensionOids.authorityKeyIdentifier, derSequence(...fields))
    expect(await check(unfit(aki(derElement(0x80, root.keys.id))))).toMatch(/^nonconforming: .*7\.1\.2\.1\.3/)
    expect(await check(unfit(aki(derElement(0x80, keys.id))))).toBe('ok')
    expect(await check(unfit(aki()))).toMatch(/^nonconforming/)
  })
  test('6.1.5: the bits of an RSA modulus are divisible by 8', async () => {
    expect(await strict({ keys: makeKeys(2052) })).toMatch(/^weak: .*2052/)
  })
})

describe('RFC 9525 section 6, names', () => {
  const covers = (names: Uint8Array[], serverName: string): Promise<string> =>
    leafWith({ names, subject: name('x') }, { serverName })
  test('6.3: host names without regard to case, and absolute ones', async () => {
    expect(await covers([dns('Host.Example')], 'hOST.example')).toBe('ok')
    expect(await covers([dns('host.example')], 'host.example.')).toBe('ok')
    expect(await covers([dns('host.example')], 'a.host.example')).toMatch(
      /^certificate_name_mismatch: .*it is for host\.example/,
    )
    expect(await covers([dns('host.example')], 'example')).toMatch(/^certificate_name_mismatch/)
  })
  test('6.3: a wildcard is one whole label, the left-most, above two more', async () => {
    expect(await covers([dns('*.host.example')], 'a.host.example')).toBe('ok')
    expect(await covers([dns('*.host.example')], 'host.example')).toMatch(/^certificate_name_mismatch/)
    expect(await covers([dns('*.host.example')], 'a.b.host.example')).toMatch(/^certificate_name_mismatch/)
    expect(await covers([dns('*.example')], 'host.example')).toMatch(/^certificate_name_mismatch/)
  })
  test('a wildcard below a public suffix covers nothing, if the caller knows suffixes', async () => {
    const names = [dns('*.co.example')]
    expect(await leafWith({ names }, { serverName: 'a.co.example' })).toBe('ok')
    expect(
      await leafWith({ names }, { serverName: 'a.co.example', isPublicSuffix: (suffix) => suffix === 'co.example' }),
    ).toMatch(/^certificate_name_mismatch/)
  })
  test('6.4: addresses are compared as bytes, with address names only', async () => {
    expect(await covers([ip(192, 0, 2, 1)], '192.0.2.1')).toBe('ok')
    expect(await covers([ip(192, 0, 2, 1)], '192.0.2.2')).toMatch(/^certificate_name_mismatch/)
    expect(await covers([ip(...new Array<number>(15).fill(0), 1)], '[::1]')).toBe('ok')
  })
  test('the common name is never looked at', async () => {
    expect(await leafWith({ extensions: [] })).toMatch(/^certificate_name_mismatch: .*no subjectAltName/)
    expect(await leafWith({ names: [dns('else.example')] })).toMatch(/^certificate_name_mismatch/)
  })
  test('U-labels are compared as A-labels', async () => {
    expect(await covers([dns('xn--bcher-kva.example')], 'bücher.example')).toBe('ok')
  })
  test('an invalid name is a misuse', async () => {
    await expect(covers([dns('host.example')], 'a b')).rejects.toMatchObject({ code: 'bad_option' })
    await expect(covers([dns('host.example')], '1.2.3')).rejects.toMatchObject({ code: 'bad_option' })
  })
})

describe('RFC 5280 section 4.2.1.10, name constraints', () => {
  const under = (
    permitted: Uint8Array[],
    excluded: Uint8Array[],
    names: Uint8Array[],
    serverName = 'host.example',
  ): Promise<string> => {
    const limited = makeCa('limited', { issuer: root, extra: [constraints(permitted, excluded)] })
    return verify([makeLeaf(limited, { names, subject: name('') }), limited], { profile: 'path', serverName })
  }
  const named = [dns('host.example')]
  test('DNS: the base and what is below it', async () => {
    expect(await under([dns('example')], [], named)).toBe('ok')
    expect(await under([dns('host.example')], [], named)).toBe('ok')
    expect(await under([dns('ost.example')], [], named)).toMatch(/^name_constraints: .*outside/)
    expect(await under([], [dns('example')], named)).toMatch(/^name_constraints: .*excluded/)
    expect(await under([dns('example')], [dns('other.example')], named)).toBe('ok')
    expect(await under([dns('')], [], named)).toBe('ok')
    expect(await under([], [dns('')], named)).toMatch(/^name_constraints/)
  })
  test('DNS: a wildcard is within if all it stands for is (CVE-2025-61727)', async () => {
    const wild = [dns('*.host.example')]
    expect(await under([dns('host.example')], [], wild, 'a.host.example')).toBe('ok')
    expect(await under([dns('a.host.example')], [], wild, 'a.host.example')).toMatch(/^name_constraints: .*outside/)
    expect(await under([], [dns('a.host.example')], wild, 'b.host.example')).toMatch(/^name_constraints: .*excluded/)
    expect(await under([], [dns('a.b.host.example')], wild, 'b.host.example')).toBe('ok')
  })
  test('a malformed base is no constraint that holds', async () => {
    expect(await under([dns('..example')], [], named)).toMatch(/^name_constraints: .*malformed/)
    expect(await under([], [dns('*.example')], named)).toMatch(/^name_constraints: .*malformed/)
  })
  test('DNS: a base with a leading period is one label more, as OpenSSL, NSS and Go read it', async () => {
    expect(await under([dns('.example')], [], named)).toBe('ok')
    expect(await under([dns('.host.example')], [], named)).toMatch(/^name_constraints: .*outside/)
    expect(await under([], [dns('.host.example')], named)).toBe('ok')
    expect(await under([], [dns('.example')], named)).toMatch(/^name_constraints: .*excluded/)
  })
  test('DNS: an underscore is compared like any letter', async () => {
    expect(await under([dns('example')], [], [...named, dns('order_db.example')])).toBe('ok')
    expect(await under([dns('host.example')], [], [...named, dns('order_db.example')])).toMatch(
      /^name_constraints: .*outside/,
    )
    expect(await under([], [dns('order_db.example')], [...named, dns('order_db.example')])).toMatch(
      /^name_constraints: .*excluded/,
    )
  })
  test('an empty base of mail or URI is every name, and an empty DNS name is none', async () => {
    const names = [...named, email('me@mail.example'), uri('https://host.example/')]
    expect(await under([email(''), uri('')], [], names)).toBe('ok')
    expect(await under([], [email('')], names)).toMatch(/^name_constraints: .*excluded/)
    expect(await under([], [uri('')], names)).toMatch(/^name_constraints: .*excluded/)
    expect(await under([], [dns('other.example')], [...named, dns('')])).toBe('ok')
    expect(await under([dns('host.example')], [], [...named, dns('')])).toMatch(/^name_constraints: .*outside/)
  })
  test('a malformed base of mail or URI is none either', async () => {
    const names = [...named, email('me@mail.example'), uri('https://host.example/')]
    for (const bad of [email('a@b@mail.example'), email('..mail.example'), uri('https://host.example/'), uri('.')]) {
      expect(await under([], [bad], names)).toMatch(/^name_constraints: .*malformed/)
    }
  })
  test('RFC 3986 section 3.2.1: a URI whose host two readers understand differently is in no subtree', async () => {
    const constrained = (text: string): Promise<string> => under([uri('host.example')], [], [...named, uri(text)])
    for (const good of [
      'https://host.example/',
      'https://user:pw%40x@host.example:8443/a@b',
      'HTTPS://HOST.example?x@y',
      'spiffe://host.example',
    ]) {
      expect(await constrained(good), good).toBe('ok')
    }
    const tricks = [
      'https://evil.example\\@host.example/',
      'https://host.example@evil.example/',
      'https://host.example:80@evil.example/',
      'https://a@b@host.example/',
      'https://evil.example\t@host.example/',
      'https://host.example%2eevil.example/',
      'https://[::1]@host.example/',
      'https://evil.example#@host.example/',
      'https://evil.example?@host.example/',
      'https:host.example',
      '//host.example/',
      'https://host.example\\.evil.example/',
      'https://0x7f.1/',
      'https://127.0.0.1/',
    ]
    for (const trick of tricks) expect(await constrained(trick), trick).toMatch(/^name_constraints/)
  })
  test('RFC 9598 section 6: constraints on mail hold for SmtpUTF8Mailbox too', async () => {
    const mailbox = (value: string, tag = 0x0c): Uint8Array =>
      derElement(0xa0, derOid('1.3.6.1.5.5.7.8.9'), derElement(0xa0, derElement(tag, text(value))))
    const box = [...named, mailbox('m\u00fcller@xn--bcher-kva.example')]
    expect(await under([email('xn--bcher-kva.example')], [], box)).toBe('ok')
    expect(await under([email('.example')], [], box)).toBe('ok')
    expect(await under([email('other.example')], [], box)).toMatch(/^name_constraints: .*outside/)
    expect(await under([], [email('xn--bcher-kva.example')], box)).toMatch(/^name_constraints: .*excluded/)
    expect(await under([], [email('other.example')], [...named, mailbox('no mailbox')])).toMatch(
      /^name_constraints: .*can't be compared/,
    )
    expect(await under([], [email('other.example')], [...named, mailbox('a@b.example', 0x04)])).toMatch(
      /^name_constraints: .*can't be compared/,
    )
    expect(await under([dns('example')], [], box)).toBe('ok')
  })
  test('a malformed name is in no subtree, and may be in any', async () => {
    expect(await under([dns('example')], [], [...named, dns('.host.example')])).toMatch(
      /^name_constraints: .*can't be compared/,
    )
    expect(await under([], [dns('other.example')], [...named, dns('a..example')])).toMatch(
      /^name_constraints: .*can't be compared/,
    )
    expect(await under([email('mail.example')], [], [...named, email('a@b@mail.example')])).toMatch(
      /^name_constraints: .*can't be compared/,
    )
  })
  test('addresses: by prefix, of the same family', async () => {
    const names = [...named, ip(192, 0, 2, 1)]
    expect(await under([ip(192, 0, 2, 0, 255, 255, 255, 0)], [], names)).toBe('ok')
    expect(await under([ip(192, 0, 3, 0, 255, 255, 255, 0)], [], names)).toMatch(/^name_constraints/)
    expect(await under([], [ip(192, 0, 0, 0, 255, 255, 0, 0)], names)).toMatch(/^name_constraints/)
    const six = [...named, ip(...new Array<number>(15).fill(0), 1)]
    expect(await under([ip(0, 0, 0, 0, 0, 0, 0, 0)], [], six)).toMatch(/^name_constraints: .*outside/)
    expect(await under([ip(...new Array<number>(32).fill(0))], [], six)).toBe('ok')
    expect(await under([ip(192, 0, 2, 0, 255, 0, 255, 0)], [], names)).toMatch(/^name_constraints: .*malformed/)
  })
  test('mail: a mailbox, a host, or the hosts below a domain', async () => {
    const names = [...named, email('me@mail.example')]
    expect(await under([email('me@mail.example')], [], names)).toBe('ok')
    expect(await under([email('you@mail.example')], [], names)).toMatch(/^name_constraints/)
    expect(await under([email('ME@mail.example')], [], names)).toMatch(/^name_constraints/)
    expect(await under([email('MAIL.example')], [], names)).toBe('ok')
    expect(await under([email('example')], [], names)).toMatch(/^name_constraints/)
    expect(await under([email('.example')], [], names)).toBe('ok')
    expect(await under([], [email('.mail.example')], names)).toBe('ok')
  })
  test('mail addresses of the subject, where there is no subjectAltName', async () => {
    const subject = derSequence(
      derElement(0x31, derSequence(derOid('1.2.840.113549.1.9.1'), derElement(0x16, text('me@mail.example')))),
    )
    const limited = makeCa('limited', { issuer: root, extra: [constraints([email('other.example')], [])] })
    const leaf = makeLeaf(limited, { subject, extensions: [] })
    const result = await verifyChain([leaf.der, limited.der], {
      provider: nodeProvider,
      trust: root.der,
      time: now,
      profile: 'path',
    })
    expect(!result.ok && result.reason.code).toBe('name_constraints')
    expect(await verify([makeLeaf(limited, { subject }), limited], { profile: 'path' })).toBe('ok')
  })
  test('URIs: by host; one without a host name is refused', async () => {
    const names = (value: string): Uint8Array[] => [...named, uri(value)]
    expect(await under([uri('host.example')], [], names('https://me@host.example:8443/path'))).toBe('ok')
    expect(await under([uri('.example')], [], names('https://host.example/'))).toBe('ok')
    expect(await under([uri('example')], [], names('https://host.example/'))).toMatch(/^name_constraints/)
    expect(await under([], [uri('other.example')], names('urn:a:b'))).toMatch(/^name_constraints/)
    expect(await under([], [uri('other.example')], names('https://192.0.2.1/'))).toMatch(/^name_constraints/)
  })
  test('directory names: subject and alternative names begin with the base', async () => {
    const limited = makeCa('limited', { issuer: root, extra: [constraints([directory(name('host.example'))], [])] })
    expect(await verify([makeLeaf(limited), limited])).toBe('ok')
    expect(await verify([makeLeaf(limited, { subject: name('HOST.example', 0x13) }), limited])).toBe('ok')
    expect(await verify([makeLeaf(limited, { subject: name('other') }), limited])).toMatch(/^name_constraints/)
    expect(await verify([makeLeaf(limited, { names: [dns('host.example'), directory(name('x'))] }), limited])).toMatch(
      /^name_constraints/,
    )
  })
  test('a form that is not supported refuses names of that form only', async () => {
    const other = derElement(0xa0, derOid('1.2.3.4'), derElement(0xa0, derNull()))
    expect(await under([dns('example')], [other], named)).toBe('ok')
    expect(await under([dns('example')], [other], [...named, other])).toMatch(/^name_constraints: .*not supported/)
  })
  test('every CA above counts, self-issued intermediates are free of it', async () => {
    const wide = makeCa('wide', { issuer: root, extra: [constraints([dns('a.example'), dns('host.example')], [])] })
    const narrow = makeCa('narrow', { issuer: wide, extra: [constraints([dns('a.example')], [])] })
    expect(await verify([makeLeaf(narrow), narrow, wide])).toMatch(/^name_constraints/)
    const renewed = makeCa('wide', { issuer: wide, subject: wide.subject, extra: [altNames(dns('else.example'))] })
    expect(await verify([makeLeaf(renewed), renewed, wide])).toBe('ok')
    const stranger = makeCa('stranger', { issuer: wide, extra: [altNames(dns('else.example'))] })
    expect(await verify([makeLeaf(stranger), stranger, wide])).toMatch(/^name_constraints/)
  })
  test('the anchor constrains too, as certificate or bare', async () => {
    const limited = makeCa('limited', { extra: [constraints([dns('else.example')], [])] })
    expect(await verify([makeLeaf(limited)], { trust: limited.der })).toMatch(/^name_constraints/)
    const bare = { name: root.subject, spki: root.keys.spki }
    expect(await verify([makeLeaf(root)], { trust: bare })).toBe('ok')
    const base = { kind: 'dns', value: 'else.example' } as const
    const nameConstraints = { permitted: [{ base, minimum: 0, maximum: undefined }], excluded: undefined }
    expect(await verify([makeLeaf(root)], { trust: { ...bare, nameConstraints } })).toMatch(/^name_constraints/)
  })
  test('comparisons are counted', async () => {
    const many = Array.from({ length: 600 }, (_, i) => dns(`h${i}.example`))
    const limited = makeCa('limited', { issuer: root, extra: [constraints([], many)] })
    const leaf = makeLeaf(limited, {
      names: [...named, ...Array.from({ length: 600 }, (_, i) => dns(`n${i}.example`))],
    })
    expect(await verify([leaf, limited])).toMatch(/^too_complex/)
    expect(await verify([leaf, limited], { budgets: { comparisons: 1_000_000 } })).toBe('ok')
  })
})

test('an ECDSA identifier has no parameters (RFC 5758 section 3.2), for which NULL is taken too', async () => {
  const oid = derOid('1.2.840.10045.4.3.2')
  expect(await leafWith({ algorithm: ecdsaSha256 })).toBe('ok')
  expect(await leafWith({ algorithm: derSequence(oid, derNull()) })).toBe('ok')
  expect(await leafWith({ algorithm: derSequence(oid, derSequence()) })).toMatch(/^unsupported_algorithm/)
})
