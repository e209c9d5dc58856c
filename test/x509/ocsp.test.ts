import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { run } from '../../src/crypto/maybe.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { TlsError } from '../../src/errors.ts'
import { createCa, loadCa } from '../../src/pki/index.ts'
import type { OcspAnswer, OcspOptions } from '../../src/pki/index.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { crlCheck } from '../../src/x509/crl-check.ts'
import { ocspCheck, readOcspAnswer } from '../../src/x509/ocsp-check.ts'
import type { OcspCheckOptions } from '../../src/x509/ocsp-check.ts'
import { createOcspRequest, parseOcspResponse } from '../../src/x509/ocsp.ts'
import { issuerOf } from '../../src/x509/path-pairs.ts'
import { pinCheck, spkiPin } from '../../src/x509/pinning.ts'
import { derOid, derSequence } from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { chainVerifier, verifyChain } from '../../src/x509/index.ts'
import type { ChainOptions, PathCheck } from '../../src/x509/index.ts'
import { purposeOids } from '../../src/x509/oids.ts'
import { OpensslDirectory, withOpenssl } from '../pki/openssl.ts'
import { dns, make, makeCa, makeLeaf, name, purposes } from './make.ts'
import type { Made, Spec } from './make.ts'
import { certId, good, respond as makeResponse, single } from './make-ocsp.ts'
import { clock, now, smallPki, verdict, verifyWith } from './support.ts'
import type { SmallPki } from './support.ts'

const hour = 3_600_000
let pki: SmallPki
beforeAll(async () => {
  pki = await smallPki({ ocspUrls: ['http://ocsp.example/'] })
})

const respond = (answer: Partial<OcspAnswer> = {}, options: Partial<OcspOptions> = {}): Promise<Uint8Array> =>
  pki.middle.createOcspResponse({ answers: [{ certificate: pki.leaf.certificate, ...answer }], ...options })
const check = (
  ocspResponse: Uint8Array | undefined,
  options: OcspCheckOptions = {},
  from: SmallPki = pki,
): Promise<string> => verdict(verifyWith(from, [ocspCheck(options)], ocspResponse && { ocspResponse }))

const unknownCritical = { oid: '1.2.3', critical: true, value: Uint8Array.of(5, 0) }

describe('stapled OCSP responses (RFC 6960)', () => {
  test('good, by the issuer, SHA-1 or SHA-256 in CertID', async () => {
    expect(await check(await respond(), { mode: 'hard' })).toBe('ok')
    expect(await check(await respond({}, { hash: 'SHA-256' }), { mode: 'hard' })).toBe('ok')
  })

  test('revoked is refused in soft mode too', async () => {
    const staple = await respond({ status: 'revoked', reason: 'keyCompromise', revokedAt: now - hour })
    expect(await check(staple)).toBe(
      'certificate_revoked: "CN=a.example" was revoked on 2026-06-01T11:00:00Z: keyCompromise (OCSP)',
    )
  })

  test('unknown, or no response: refused hard, accepted soft', async () => {
    const unknown = await respond({ status: 'unknown' })
    expect([await check(unknown), await check(undefined)]).toEqual(['ok', 'ok'])
    expect(await check(unknown, { mode: 'hard' })).toMatch(/^revocation_unknown: .*does not know it/)
    expect(await check(undefined, { mode: 'hard' })).toMatch(/^revocation_unknown: .*no OCSP response/)
  })

  test('"try later" is no answer: refused hard, accepted soft', async () => {
    const later = Uint8Array.of(0x30, 3, 0x0a, 1, 3)
    expect(await check(later)).toBe('ok')
    expect(await check(later, { mode: 'hard' })).toMatch(/^bad_certificate_status: .*tryLater/)
  })

  test('the answer is found among several', async () => {
    const answers = [{ serialNumber: '0102', status: 'revoked' }, { certificate: pki.leaf.certificate }] as const
    expect(await check(await pki.middle.createOcspResponse({ answers }), { mode: 'hard' })).toBe('ok')
  })

  test.each([
    ['section 3.2 (1): about another certificate', {}, { answers: [{ serialNumber: '0102' }] }, /not about/],
    ['section 4.2.2.1: too old', {}, { thisUpdate: now - 48 * hour }, /1 day too old/],
    ['section 4.2.2.1: from the future', {}, { thisUpdate: now + hour }, /from the future/],
    ['section 4.2.2.1: old and without nextUpdate', {}, { thisUpdate: now - 25 * hour, nextUpdate: null }, /too old/],
    ['section 4.4: an unknown critical extension', {}, { extensions: [unknownCritical] }, /1\.2\.3/],
  ] as const)('%s is refused', async (_, answer, options, sentence) => {
    expect(await check(await respond(answer, options))).toMatch(/^bad_certificate_status/)
    expect(await check(await respond(answer, options))).toMatch(sentence)
  })

  test('section 4.2.2.1: ends before it begins is refused', async () => {
    const [root, hours] = [makeCa('root'), 3_600_000]
    const answer = single(certId(root), good, { thisUpdate: now - hours, nextUpdate: now - 2 * hours })
    const chain = [makeLeaf(root).der]
    const options = { provider: nodeProvider, trust: root.der, time: now, ocspResponse: makeResponse(root, [answer]) }
    const result = verifyChain(chain, { ...options, checks: [ocspCheck()] })
    expect(await verdict(result)).toMatch(/^bad_certificate_status.*ends before it begins/)
  })

  test('without nextUpdate it is good for maxAge', async () => {
    const staple = await respond({}, { thisUpdate: now - 25 * hour, nextUpdate: null })
    expect(await check(staple, { maxAge: 26 * hour, mode: 'hard' })).toBe('ok')
  })

  test('section 3.2 (2): every changed byte is refused or no answer', async () => {
    const staple = await respond()
    for (let at = 0; at < staple.length; at += 3) {
      const changed = staple.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x55
      expect(await check(changed, { mode: 'hard' })).toMatch(/^(bad_certificate_status|revocation_unknown)/)
    }
  })

  test('section 3.2 (2): signed by another CA of the same name', async () => {
    const impostor = await createCa({ name: 'Middle', clock })
    const staple = await impostor.createOcspResponse({ answers: [{ certificate: pki.leaf.certificate }] })
    expect(await check(staple)).toMatch(
      /^bad_certificate_status: the OCSP response is signed by someone other than the issuer/,
    )
  })
})

const providers = [
  ['noble', nobleProvider],
  ['webcrypto', webcryptoProvider],
] as const

test.each(providers)('CRLs, OCSP and pins with the provider %s', async (_, provider) => {
  const crls = [(await pki.root.createCrl()).crl, (await pki.middle.createCrl()).crl]
  const pins = [spkiPin(parseCertificate(pki.root.certificate), provider)]
  const checks = [crlCheck({ crls }), ocspCheck({ mode: 'hard' }), pinCheck({ pins })]
  expect(await verdict(verifyWith(pki, checks, { provider, ocspResponse: await respond() }))).toBe('ok')
  const revoked = await respond({ status: 'revoked' })
  expect(await verdict(verifyWith(pki, checks, { provider, ocspResponse: revoked }))).toMatch(/^certificate_revoked/)
})

describe('delegated responders (section 4.2.2.2)', () => {
  const delegated = async (
    issuer: SmallPki['root'],
    options: Parameters<SmallPki['root']['issue']>[0],
  ): Promise<string> => {
    const responder = await issuer.issue({ name: 'Responder', ...options })
    return check(await respond({}, { responder }), { mode: 'hard' })
  }

  test('certified by the issuer for ocspSigning', async () => {
    expect(await delegated(pki.middle, { purposes: ['ocspSigning'] })).toBe('ok')
  })

  test('without the usage, certified by another CA, or expired', async () => {
    expect(await delegated(pki.middle, {})).toMatch(/no usage ocspSigning/)
    expect(await delegated(pki.middle, { purposes: ['anyExtendedKeyUsage'] })).toMatch(/no usage ocspSigning/)
    expect(await delegated(pki.root, { purposes: ['ocspSigning'] })).toMatch(/another authority certified/)
    expect(await delegated(pki.middle, { purposes: ['ocspSigning'], notAfter: now - 1000 })).toMatch(/not valid now/)
    const impostor = await createCa({ name: 'Middle', clock })
    expect(await delegated(impostor, { purposes: ['ocspSigning'] })).toMatch(/issuer did not sign/)
  })

  test('section 4.2.2.2.1: its own revocation is not asked for, unless id-pkix-ocsp-nocheck is required', async () => {
    const nocheck = { oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: Uint8Array.of(5, 0) }
    const plain = await pki.middle.issue({ name: 'R', purposes: ['ocspSigning'] })
    const marked = await pki.middle.issue({ name: 'R', purposes: ['ocspSigning'], extensions: [nocheck] })
    expect(await check(await respond({}, { responder: plain }), { mode: 'hard' })).toBe('ok')
    expect(await check(await respond({}, { responder: plain }), { requireNoCheck: true })).toMatch(
      /^bad_certificate_status: .*no id-pkix-ocsp-nocheck/,
    )
    expect(await check(await respond({}, { responder: marked }), { mode: 'hard', requireNoCheck: true })).toBe('ok')
    expect(await check(await respond(), { mode: 'hard', requireNoCheck: true })).toBe('ok')
  })

  test('a certificate signed with SHA-1, or with another algorithm than it says', async () => {
    const pem = ({ keys }: Made): string => keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const issuer = makeCa('issuer')
    const end = makeLeaf(issuer, { names: [dns('a.example')] })
    const ca = await loadCa({ certificatePem: encodePem('CERTIFICATE', issuer.der), privateKeyPem: pem(issuer) })
    const answered = async (spec: Spec): Promise<string> => {
      const extensions = [purposes(purposeOids.ocspSigning)]
      const made = make({ subject: name('responder'), issuer, extensions, ...spec })
      const responder = { certificatePem: encodePem('CERTIFICATE', made.der), privateKeyPem: pem(made) }
      const ocspResponse = await ca.createOcspResponse({ answers: [{ certificate: end.der }], responder, clock })
      const checks = [ocspCheck({ mode: 'hard' })]
      const trust = issuer.der
      const options = { provider: nodeProvider, trust, time: now, serverName: 'a.example', checks, ocspResponse }
      return verdict(verifyChain([end.der], options))
    }
    const ecdsa = (n: string): Uint8Array => derSequence(derOid(`1.2.840.10045.4.${n}`))
    expect(await answered({})).toBe('ok')
    expect(await answered({ algorithm: ecdsa('3.3'), hash: 'sha384' })).toBe('ok')
    expect(await answered({ algorithm: ecdsa('1'), hash: 'sha1' })).toMatch(
      /^bad_certificate_status: .*algorithm that is not accepted/,
    )
    expect(await answered({ outerAlgorithm: ecdsa('3.3'), hash: 'sha384' })).toMatch(
      /^bad_certificate_status: .*algorithm that is not accepted/,
    )
    expect(await answered({ algorithm: derSequence(derOid('1.2.3')) })).toMatch(
      /^bad_certificate_status: .*algorithm that is not accepted/,
    )
  })

  test('RFC 5280 section 4.2.1.3: a key usage without digitalSignature', async () => {
    const usage = (bits: number): { oid: string; critical: boolean; value: Uint8Array } => ({
      oid: '2.5.29.15',
      critical: true,
      value: Uint8Array.of(3, 2, 5, bits),
    })
    expect(await delegated(pki.middle, { purposes: ['ocspSigning'], extensions: [usage(0x20)] })).toMatch(
      /no digitalSignature/,
    )
    expect(await delegated(pki.middle, { purposes: ['ocspSigning'], extensions: [usage(0xa0)] })).toBe('ok')
  })
})

describe('must-staple (RFC 7633 section 4.2.3.1)', () => {
  test('a certificate that asks for it is refused without a good staple', async () => {
    const strict = await smallPki({ mustStaple: true })
    const staple = (status: 'good' | 'unknown'): Promise<Uint8Array> =>
      strict.middle.createOcspResponse({ answers: [{ certificate: strict.leaf.certificate, status }] })
    expect(await check(undefined, {}, strict)).toMatch(/^bad_certificate_status: .*must come with an OCSP response/)
    expect(await check(Uint8Array.of(0x30, 3, 0x0a, 1, 3), {}, strict)).toMatch(/^bad_certificate_status/)
    expect(await check(await staple('unknown'), {}, strict)).toMatch(/^bad_certificate_status/)
    expect(await check(await staple('good'), {}, strict)).toBe('ok')
    expect(await check(undefined, { mustStaple: false }, strict)).toBe('ok')
    const client = await smallPki({ mustStaple: true, client: true })
    expect(await verdict(verifyWith(client, [ocspCheck()], { purpose: 'clientAuth' }))).toBe('ok')
  })
})

describe('the default check of verifiers', () => {
  const outcome = async (
    from: SmallPki,
    options: Partial<ChainOptions>,
    ocspResponse?: Uint8Array,
  ): Promise<string> => {
    const verifier = chainVerifier({ provider: nodeProvider, trust: from.root.certificate, ...options })
    const request = { chain: from.chain, peer: 'server', serverName: 'a.example', time: now } as const
    try {
      await verifier.verify({ ...request, ...(ocspResponse && { ocspResponse }) })
      return 'ok'
    } catch (error) {
      return error instanceof TlsError ? error.code : 'not a TlsError'
    }
  }
  const none: PathCheck = function* () {}

  test('RFC 7633: checks come on top of it, and leave it out by name only', async () => {
    const strict = await smallPki({ mustStaple: true })
    expect(await outcome(strict, {})).toBe('bad_certificate_status')
    expect(await outcome(strict, { checks: [none] })).toBe('bad_certificate_status')
    expect(await outcome(strict, { checks: [none], defaultChecks: false })).toBe('ok')
    expect(await outcome(strict, { checks: [ocspCheck({ mustStaple: false })] })).toBe('ok')
    expect(await outcome(strict, { checks: [ocspCheck({ mode: 'hard' })] })).toBe('bad_certificate_status')
  })

  test('RFC 6066 section 8: a stapled response is judged beside other checks, by verifyChain too', async () => {
    const revoked = await respond({ status: 'revoked' })
    expect(await outcome(pki, { checks: [none] }, revoked)).toBe('certificate_revoked')
    expect(await verdict(verifyWith(pki, [], { ocspResponse: revoked }))).toMatch(/^certificate_revoked/)
    expect(await verdict(verifyWith(pki, [], { ocspResponse: revoked, defaultChecks: false }))).toBe('ok')
    expect(await verdict(verifyWith(await smallPki({ mustStaple: true }), []))).toBe('ok')
  })
})

describe('responses from elsewhere', () => {
  test('given by the caller, bad ones ignored', async () => {
    const responses = [Uint8Array.of(1), await respond({}, { thisUpdate: now - 48 * hour }), await respond()]
    expect(await check(undefined, { mode: 'hard', responses })).toBe('ok')
  })

  test('fetched with a nonce, for the whole chain', async () => {
    const chain = await smallPki({ ocspUrls: ['http://leaf.example/'] })
    const asked: string[] = []
    const answers = [{ certificate: chain.leaf.certificate }]
    const fetch = (url: string, request: Uint8Array): Promise<Uint8Array> => {
      asked.push(url)
      return chain.middle.createOcspResponse({ answers, nonce: request.subarray(-32) })
    }
    expect(await check(undefined, { mode: 'hard', nonce: true, fetch }, chain)).toBe('ok')
    expect(asked).toEqual(['http://leaf.example/'])
    const replays = (): Promise<Uint8Array> => chain.middle.createOcspResponse({ answers, nonce: new Uint8Array(32) })
    expect(await check(undefined, { mode: 'hard', nonce: true, fetch: replays }, chain)).toMatch(/^revocation_unknown/)
    const fails = (): never => {
      throw new Error('no network')
    }
    expect(await check(undefined, { mode: 'hard', fetch: fails }, chain)).toMatch(/^revocation_unknown/)
    expect(await check(undefined, { mode: 'soft', fetch: fails }, chain)).toBe('ok')
    expect(await check(undefined, { mode: 'hard', nonce: true, fetch, depth: 'chain' }, chain)).toMatch(
      /^revocation_unknown: .*"CN=Middle"/,
    )
  })
})

test('no bytes make the parser throw anything but TlsError', async () => {
  const responder = await pki.middle.issue({ name: 'R', purposes: ['ocspSigning'] })
  const staple = await respond({}, { responder, nonce: new Uint8Array(8) })
  fc.assert(
    fc.property(fc.nat(staple.length - 1), fc.nat(255), (at, value) => {
      const changed = staple.slice()
      changed[at] = value
      try {
        parseOcspResponse(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(TlsError)
      }
    }),
    { numRuns: 500 },
  )
})

describe('openssl ocsp', () => {
  const openssl = new OpensslDirectory()
  afterAll(() => openssl.remove())

  withOpenssl('answers our request, and reads our response', async () => {
    const [leaf, issuer] = [parseCertificate(pki.leaf.certificate), parseCertificate(pki.middle.certificate)]
    const pair = { certificate: leaf, issuer: issuerOf(issuer) }
    const nonce = Uint8Array.from({ length: 16 }, (_, i) => i + 1)
    openssl.write('ca.pem', pki.middle.certificatePem)
    openssl.write('ca.key', pki.middle.privateKeyPem)
    openssl.write('root.pem', pki.root.certificatePem)
    openssl.write('leaf.pem', pki.leaf.certificatePem)
    openssl.write('request.der', createOcspRequest(pair, nodeProvider, nonce))
    const serial = leaf.serialNumberHex.toUpperCase()
    openssl.write('index.txt', `R\t300101000000Z\t260102030405Z,superseded\t${serial}\tunknown\t/CN=a.example\n`)
    const files = ['-reqin', 'request.der', '-respout', 'response.der']
    const keys = ['-CA', 'ca.pem', '-rsigner', 'ca.pem', '-rkey', 'ca.key']
    const made = openssl.run('ocsp', '-index', 'index.txt', ...keys, ...files, '-ndays', '1')
    expect(made.status, made.output).toBe(0)
    const theirs = openssl.bytes('enc', '-in', 'response.der')
    const validate = (): never => {
      throw new Error('the issuer signs itself')
    }
    const request = { provider: nodeProvider, time: Date.now(), validate }
    const answer = await run(readOcspAnswer(theirs, pair, request, {}, nonce))
    expect(answer).toMatchObject({ status: 'revoked', reason: 'superseded', revokedAt: Date.UTC(2026, 0, 2, 3, 4, 5) })

    const answers = [{ certificate: pki.leaf.certificate }]
    openssl.write('ours.der', await pki.middle.createOcspResponse({ answers, clock: Date.now }))
    const about = ['-issuer', 'ca.pem', '-cert', 'leaf.pem', '-CAfile', 'root.pem', '-verify_other', 'ca.pem']
    const read = openssl.run('ocsp', '-respin', 'ours.der', ...about, '-no_nonce')
    expect(read.output).toMatch(/Response verify OK/)
    expect(read.output).toMatch(/leaf\.pem: good/)
  })
})
