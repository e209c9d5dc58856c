// verifyAllChains(), several purposes, verifyHostname() and checkSignatureFrom(): what Go's x509 package offers as
// Verify, KeyUsages, VerifyHostname and CheckSignatureFrom.

import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import {
  checkSignatureFrom,
  parseCertificate,
  purposeOids,
  verifyAllChains,
  verifyChain,
  verifyHostname,
} from '../../src/x509/index.ts'
import type { VerifyOptions } from '../../src/x509/index.ts'
import { altNames, basic, certSign, dns, ip, make, makeCa, makeKeys, makeLeaf, name, now, purposes } from './make.ts'
import type { Made } from './make.ts'

const root = makeCa('root')
const ca = makeCa('middle', { issuer: root })
const leaf = makeLeaf(ca)
const options = { provider: nodeProvider, trust: root.der, time: now, serverName: 'host.example' }
const verify = async (chain: readonly Made[], more: Partial<VerifyOptions> = {}): Promise<string> => {
  const result = await verifyChain(
    chain.map(({ der }) => der),
    { ...options, ...more },
  )
  return result.ok ? 'ok' : result.reason.code
}

describe('all chains', () => {
  const other = makeCa('other root')
  const crossed = makeCa('middle', { issuer: other, keys: ca.keys })
  const both = { ...options, trust: [root.der, other.der] }
  const subjects = async (chain: readonly Made[], given: VerifyOptions): Promise<string[]> => {
    const result = await verifyAllChains(
      chain.map(({ der }) => der),
      given,
    )
    return result.ok
      ? result.chains.map(({ chain: all }) => all.map(({ subject }) => subject.get('2.5.4.3')).join(' < '))
      : [result.reason.code]
  }
  test('a crossed CA has one for each root', async () => {
    const found = await subjects([leaf, ca, crossed], both)
    expect(found.toSorted()).toEqual(['host.example < middle < other root', 'host.example < middle < root'])
  })
  test('a root that came with the chain makes no second one', async () => {
    expect(await subjects([leaf, ca, root], options)).toEqual(['host.example < middle < root'])
  })
  test('none that holds: the reason', async () => {
    expect(await subjects([leaf, ca], { ...options, serverName: 'b.example' })).toEqual(['certificate_name_mismatch'])
    expect(await subjects([leaf], options)).toEqual(['unknown_ca'])
  })
  test('those that acceptAnchor refuses are left out', async () => {
    const given: VerifyOptions = { ...both, acceptAnchor: (anchor) => anchor.name.get('2.5.4.3') === 'root' }
    expect(await subjects([leaf, crossed, ca], given)).toEqual(['host.example < middle < root'])
  })
})

describe('purposes (RFC 5280 section 4.2.1.12)', () => {
  const named = altNames(dns('host.example'))
  const client = makeLeaf(ca, { extensions: [named, purposes(purposeOids.clientAuth)] })
  test('anyExtendedKeyUsage asks for none', async () => {
    expect(await verify([client, ca])).toBe('certificate_usage')
    expect(await verify([client, ca], { purpose: 'anyExtendedKeyUsage' })).toBe('ok')
    expect(await verify([client, ca], { purpose: purposeOids.anyExtendedKeyUsage })).toBe('ok')
  })
  test('of several, one is enough', async () => {
    expect(await verify([client, ca], { purpose: ['serverAuth', 'clientAuth'] })).toBe('ok')
    expect(await verify([client, ca], { purpose: ['serverAuth', 'codeSigning'] })).toBe('certificate_usage')
  })
  test('it is one that all of the path allows', async () => {
    const servers = makeCa('servers', { issuer: root, extra: [purposes(purposeOids.serverAuth)] })
    const below = makeLeaf(servers, { extensions: [named, purposes(purposeOids.clientAuth)] })
    expect(await verify([below, servers], { purpose: ['serverAuth', 'clientAuth'] })).toBe('certificate_usage')
    const both = makeLeaf(servers, { extensions: [named, purposes(purposeOids.clientAuth, purposeOids.serverAuth)] })
    expect(await verify([both, servers], { purpose: ['clientAuth', 'serverAuth'] })).toBe('ok')
  })
})

describe('one certificate', () => {
  test('verifyHostname: silent, or why not (RFC 9525 section 6)', () => {
    const certificate = parseCertificate(makeLeaf(ca, { names: [dns('*.host.example'), ip(192, 0, 2, 1)] }).der)
    expect(() => verifyHostname(certificate, 'a.host.example')).not.toThrow()
    expect(() => verifyHostname(certificate, '192.0.2.1')).not.toThrow()
    expect(() => verifyHostname(certificate, 'host.example')).toThrow(
      /is not for host\.example; it is for \*\.host\.example, 192\.0\.2\.1/,
    )
    expect(() => verifyHostname(certificate, 'a b')).toThrow(/neither a DNS name nor an IP address/)
    const nameless = parseCertificate(make({ subject: name('host.example'), extensions: [basic(false)] }).der)
    expect(() => verifyHostname(nameless, 'host.example')).toThrow(/no subjectAltName/)
  })
  test('checkSignatureFrom: the key, and that it may', async () => {
    const [child, parent] = [parseCertificate(leaf.der), parseCertificate(ca.der)]
    await expect(checkSignatureFrom(child, parent, nodeProvider)).resolves.toBeUndefined()
    await expect(checkSignatureFrom(child, parseCertificate(root.der), nodeProvider)).rejects.toMatchObject({
      reason: 'bad_signature',
    })
    const keys = makeKeys()
    const noCa = make({ subject: name('no CA'), keys, extensions: [basic(false), certSign] })
    await expect(
      checkSignatureFrom(parseCertificate(makeLeaf(noCa).der), parseCertificate(noCa.der), nodeProvider),
    ).rejects.toMatchObject({ reason: 'not_a_ca' })
    const bare = { ...nodeProvider, verifiers: [] }
    const refusal: unknown = await checkSignatureFrom(child, parent, bare).catch((error: unknown) => error)
    expect(refusal instanceof TlsError && refusal.code).toBe('unsupported_certificate')
  })
})
