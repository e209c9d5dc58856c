// Revocation never fails open (RFC 6960): an authentic response that says "revoked" refuses, whatever else is odd
// about it; what is only odd does not make a response useless; delegated responders are held to the rules for any
// certificate.

import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { derNull, derOctets, derOid, derSequence } from '../../src/wire/der.ts'
import { ocspCheck, verifyChain } from '../../src/x509/index.ts'
import type { OcspCheckOptions } from '../../src/x509/index.ts'
import { purposeOids } from '../../src/x509/oids.ts'
import {
  basic,
  extension,
  keyIdentifiers,
  make,
  makeCa,
  makeKeys,
  makeLeaf,
  name,
  now,
  purposes,
  usage,
} from './make.ts'
import type { Made, Spec } from './make.ts'
import { certId, good, respond, revoked, single, unknown } from './make-ocsp.ts'
import type { ResponseSpec, SingleSpec } from './make-ocsp.ts'
import { verdict } from './support.ts'

const HOUR = 3_600_000
const root = makeCa('Root')
const leaf = makeLeaf(root)
const id = certId(root)
const ofGood = single(id, good)
const ofRevoked = single(id, revoked())

const judge = (ocspResponse: Uint8Array | undefined, options: OcspCheckOptions = {}): Promise<string> => {
  const more = ocspResponse && { ocspResponse }
  const checks = [ocspCheck({ mode: 'hard', ...options })]
  return verdict(verifyChain([leaf.der], { provider: nodeProvider, trust: root.der, time: now, checks, ...more }))
}
const both = async (response: Uint8Array): Promise<readonly string[]> =>
  Promise.all((['hard', 'soft'] as const).map(async (mode) => (await judge(response, { mode })).replace(/:.*/, '')))

const critical = extension('1.2.3', derNull(), true)
const criticalNonce = extension('1.3.6.1.5.5.7.48.1.2', derOctets(Uint8Array.of(1)), true)
const sha1 = { algorithm: derSequence(derOid('1.2.840.10045.4.1')), hash: 'sha1' }

describe('an authentic response that says "revoked"', () => {
  test.each<[string, Uint8Array[]]>([
    ['after a good one', [ofGood, ofRevoked]],
    ['before a good one', [ofRevoked, ofGood]],
    ['by a SHA-256 CertID, after a good one by SHA-1', [ofGood, single(certId(root, 7, 'sha256'), revoked())]],
    ['before a newer good one', [single(id, revoked(), { thisUpdate: now - 9 * HOUR }), ofGood]],
    ['too old', [single(id, revoked(), { thisUpdate: now - 99 * HOUR })]],
    ['from the future', [single(id, revoked(), { thisUpdate: now + HOUR })]],
    ['with reason 7', [single(id, revoked(7))]],
    ['with reason 11', [single(id, revoked(11))]],
    ['with a critical extension', [single(id, revoked(), { extensions: [critical] })]],
    ['for a hold', [single(id, revoked(6))]],
  ])('%s', async (_, singles) => {
    expect(await both(respond(root, singles))).toEqual(['certificate_revoked', 'certificate_revoked'])
  })

  test.each<[string, ResponseSpec]>([
    ['4.2.1: an unknown version', { version: 3 }],
    ['4.4: a critical extension', { extensions: [critical] }],
    ['4.2.1: produced in the future', { producedAt: now + HOUR }],
    ['signed with SHA-1', sha1],
  ])('section %s', async (_, spec) => {
    expect(await both(respond(root, [ofRevoked], spec))).toEqual(['certificate_revoked', 'certificate_revoked'])
  })

  test('among the responses of the caller, after a good one', async () => {
    const responses = [respond(root, [ofGood]), respond(root, [ofRevoked])]
    expect(await judge(undefined, { responses })).toMatch(/^certificate_revoked/)
    expect(await judge(respond(root, [ofGood]), { responses, mode: 'soft' })).toMatch(/^certificate_revoked/)
  })

  test('an old hold may have been lifted', async () => {
    const old = respond(root, [single(id, revoked(6), { thisUpdate: now - 99 * HOUR })])
    expect(await both(old)).toEqual(['bad_certificate_status', 'bad_certificate_status'])
    expect(await judge(undefined, { responses: [old, respond(root, [ofGood])] })).toBe('ok')
  })

  test('section 3.2 (2): not if anybody could have made it', async () => {
    const stranger = makeCa('Root')
    expect(await judge(undefined, { responses: [respond(stranger, [ofRevoked])], mode: 'soft' })).toBe('ok')
  })
})

describe('a response that says "good"', () => {
  test.each<[string, Uint8Array[], ResponseSpec]>([
    ['4.2.1: version v1 written out', [ofGood], { version: 0 }],
    ['4.2.2.1: two minutes ahead', [single(id, good, { thisUpdate: now + 120_000 })], { producedAt: now + 120_000 }],
    ['4.2.2.1: after a stale one', [single(id, good, { thisUpdate: now - 99 * HOUR }), ofGood], {}],
    ['4.1.1: SHA-256 in CertID', [single(certId(root, 7, 'sha256'), good)], {}],
    ['4.2.1: certificates that nobody can read', [ofGood], { certificates: [derSequence(derNull())] }],
  ])('counts: section %s', async (_, singles, spec) => {
    expect(await judge(respond(root, singles, spec))).toBe('ok')
  })

  test.each<[string, Uint8Array[], ResponseSpec, RegExp]>([
    ['4.2.1: an unknown version', [ofGood], { version: 1 }, /version 2/],
    ['4.2.1: produced in the future', [ofGood], { producedAt: now + HOUR }, /producedAt/],
    ['4.2.1: older than the certificate', [ofGood], { producedAt: Date.UTC(2020, 0) }, /before the certificate/],
    ['4.4: a critical extension of the answer', [single(id, good, { extensions: [critical] })], {}, /1\.2\.3/],
    ['4.4.1: a critical nonce that nobody asked for', [ofGood], { extensions: [criticalNonce] }, /critical nonce/],
    ['4.1.1: MD5 in CertID', [single(certId(root, 7, 'md5'), good)], {}, /not about/],
    ['signed with SHA-1', [ofGood], sha1, /ecdsa_sha1/],
    ['signed with something unknown', [ofGood], { algorithm: derSequence(derOid('1.2.3')) }, /1\.2\.3/],
  ])('does not count: section %s', async (_, singles, spec, sentence) => {
    expect(await judge(respond(root, singles, spec))).toMatch(sentence)
    expect(await judge(respond(root, singles, spec))).toMatch(/^bad_certificate_status/)
  })

  test('beside "unknown" it does not count', async () => {
    expect(await judge(respond(root, [ofGood, single(id, unknown)]))).toMatch(/^revocation_unknown/)
  })

  test('options: maxAge, skew, allowSha1', async () => {
    const aged = (spec: SingleSpec): Uint8Array => respond(root, [single(id, good, spec)])
    expect(await judge(aged({ thisUpdate: now - 9 * HOUR }), { maxAge: HOUR })).toMatch(/too old/)
    expect(await judge(aged({ thisUpdate: now + 60_000 }), { skew: 0 })).toMatch(/from the future/)
    expect(await judge(respond(root, [ofGood], sha1), { allowSha1: true })).toBe('ok')
  })
})

describe('delegated responders (section 4.2.2.2) are certificates like any other', () => {
  const responder = (spec: Spec & { readonly more?: readonly Uint8Array[] } = {}): Made => {
    const keys = spec.keys ?? makeKeys()
    const extensions = [
      basic(false),
      usage(0x80, 7),
      purposes(purposeOids.ocspSigning),
      ...keyIdentifiers(keys, root.keys),
      ...(spec.more ?? []),
    ]
    return make({ subject: name('Responder'), issuer: root, extensions, ...spec, keys })
  }
  const by = (made: Made, ...others: Made[]): Promise<string> =>
    judge(respond(made, [ofGood], { certificates: [...others, made].map(({ der }) => der) }))

  test('one that is in order', async () => {
    expect(await by(responder())).toBe('ok')
    expect(await by(responder({ more: [extension('1.3.6.1.5.5.7.48.1.5', derNull(), true)] }))).toBe('ok')
  })
  test('RFC 5280 section 4.2: a critical extension that is not known, or a malformed one', async () => {
    expect(await by(responder({ more: [critical] }))).toMatch(/^bad_certificate_status: .*critical extension/)
    const malformed = [extension('2.5.29.19', derNull(), true), usage(0x80, 7), purposes(purposeOids.ocspSigning)]
    expect(await by(responder({ extensions: malformed }))).toMatch(/^bad_certificate_status/)
  })
  test('a key that is too short', async () => {
    const rsa = derSequence(derOid('1.2.840.113549.1.1.11'), derNull())
    const answered = (bits: number): Promise<string> => {
      const weak = responder({ keys: makeKeys(bits) })
      return judge(respond(weak, [ofGood], { certificates: [weak.der], algorithm: rsa }))
    }
    expect(await answered(1024)).toMatch(/^bad_certificate_status: .*RSA key of 1024 bits/)
    expect(await answered(2048)).toBe('ok')
  })
  test('RFC 5280 section 6.1.3: dates, signature and purpose', async () => {
    expect(await by(responder({ extensions: [purposes(purposeOids.serverAuth)] }))).toMatch(/no usage ocspSigning/)
    expect(await by(responder({ issuer: makeCa('Root') }))).toMatch(/issuer did not sign/)
  })
  test('another of the same key comes first, and is not the one', async () => {
    const keys = makeKeys()
    const [wrong, right] = [responder({ keys, extensions: [basic(false)] }), responder({ keys })]
    expect(await by(right, wrong)).toBe('ok')
  })
})
