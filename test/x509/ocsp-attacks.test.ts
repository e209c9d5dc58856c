// OCSP responses that try to hide a revocation in what is odd about them (RFC 6960 section 4.2.1), and responses that
// are odd and harmless.

import { createHash, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import {
  constructedTag,
  contextTag,
  derBits,
  derElement,
  derGeneralizedTime,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  tags,
} from '../../src/wire/der.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { ocspCheck, verifyChain } from '../../src/x509/index.ts'
import { purposeOids } from '../../src/x509/oids.ts'
import {
  basic,
  ecdsaSha256,
  extension,
  keyIdentifiers,
  make,
  makeCa,
  makeKeys,
  makeLeaf,
  name,
  now,
  purposes,
  text,
  usage,
} from './make.ts'
import type { Made } from './make.ts'
import { certId, good, respond, revoked, single, unknown } from './make-ocsp.ts'
import type { ResponseSpec, SingleSpec } from './make-ocsp.ts'
import { verdict } from './support.ts'

const HOUR = 3_600_000
const root = makeCa('Root')
const leaf = makeLeaf(root)
const id = certId(root)
const ofRevoked = single(id, revoked())
const ofGood = single(id, good)

/** Verdicts in hard and soft mode on a response that was fetched or given: one that can't be used is then none. */
const both = async (...responses: Uint8Array[]): Promise<readonly string[]> =>
  Promise.all(
    (['hard', 'soft'] as const).map(async (mode) => {
      const checks = [ocspCheck({ mode, responses })]
      const options = { provider: nodeProvider, trust: root.der, time: now, checks }
      return (await verdict(verifyChain([leaf.der], options))).replace(/:.*/, '')
    }),
  )
const stapled = async (ocspResponse: Uint8Array): Promise<string> => {
  const options = { provider: nodeProvider, trust: root.der, time: now, checks: [ocspCheck()], ocspResponse }
  return (await verdict(verifyChain([leaf.der], options))).replace(/:.*/, '')
}
const refused = ['certificate_revoked', 'certificate_revoked']
const none = ['revocation_unknown', 'ok']
const ok = ['ok', 'ok']

const time = (value: string): Uint8Array => derElement(0x18, text(value))
const [before, after] = [derGeneralizedTime(now - HOUR), derGeneralizedTime(now + 48 * HOUR)]
const explicit = (n: number, ...content: Uint8Array[]): Uint8Array => derElement(constructedTag(n), ...content)
const hashOf = (hash: string, bytes: Uint8Array): Uint8Array => new Uint8Array(createHash(hash).update(bytes).digest())
const keyOf = ({ der }: Made): Uint8Array => parseCertificate(der).publicKey.raw
const byKey = (made: Made, hash = 'sha1'): Uint8Array => explicit(2, derOctets(hashOf(hash, keyOf(made))))

/** A response from the fields of ResponseData, for what `respond` has no place for. */
const fields = (signer: Made, data: readonly Uint8Array[], certificates: readonly Uint8Array[] = []): Uint8Array => {
  const tbs = derSequence(...data)
  const response = derSequence(
    tbs,
    ecdsaSha256,
    derBits(new Uint8Array(sign('sha256', tbs, signer.keys.privateKey))),
    ...(certificates.length === 0 ? [] : [explicit(0, derSequence(...certificates))]),
  )
  const bytes = derSequence(derOid('1.3.6.1.5.5.7.48.1.1'), derOctets(response))
  return derSequence(derElement(tags.enumerated, Uint8Array.of(0)), explicit(0, bytes))
}
const answers = (...singles: Uint8Array[]): Uint8Array => fields(root, [byKey(root), before, derSequence(...singles)])

const someId = (algorithm: Uint8Array, serial: Uint8Array, hash = 'sha1'): Uint8Array =>
  derSequence(algorithm, derOctets(hashOf(hash, root.subject)), derOctets(hashOf(hash, keyOf(root))), serial)
const sha1 = derOid('1.3.14.3.2.26')
const seven = derInteger(7)
const padded = derElement(0x02, Uint8Array.of(0, 0, 7))
const info = (...content: Uint8Array[]): Uint8Array => explicit(1, ...content)
const critical = (oid: string): Uint8Array => extension(oid, derOctets(Uint8Array.of(1)), true)
const twice = [extension('1.2.3', derNull()), extension('1.2.3', derNull())]

describe('an authentic response that says "revoked" refuses', () => {
  test.each<[string, Uint8Array[]]>([
    ['4.1.1: a serial number with bytes too many', [single(someId(derSequence(sha1), padded), revoked())]],
    ['4.1.1: no parameters of the hash', [single(someId(derSequence(sha1), seven), revoked())]],
    ['4.1.1: other parameters of the hash', [single(someId(derSequence(sha1, seven), seven), revoked())]],
    ['4.1.1: SHA-512', [single(someId(derSequence(derOid('2.16.840.1.101.3.4.2.3')), seven, 'sha512'), revoked())]],
    [
      '4.2.1: among twenty of others',
      [...Array.from({ length: 20 }, (_, i) => single(certId(root, 8 + i), good)), ofRevoked],
    ],
    [
      '4.2.1: after a hundred of others',
      [...Array.from({ length: 100 }, (_, i) => single(certId(root, 8 + i), good)), ofRevoked],
    ],
    ['4.2.1: before a hundred of others', [ofRevoked, ...Array<Uint8Array>(100).fill(single(certId(root, 8), good))]],
    ['4.2.1: after one that is no SEQUENCE', [derNull(), derOctets(new Uint8Array(40)), ofRevoked]],
    ['4.2.1: before one whose length is wrong', [ofRevoked, Uint8Array.of(0x30, 0x7f, 0)]],
    ['4.2.1: after a thousand that cannot be read', [...Array<Uint8Array>(1000).fill(derSequence()), ofRevoked]],
    ['4.2.1: three times, good in between', [ofGood, ofRevoked, ofGood]],
    ['4.2.1: after "unknown"', [single(id, unknown), ofRevoked]],
    ['4.2.1: before an answer that cannot be read', [ofRevoked, derSequence(derNull())]],
    ['4.2.1: after one', [derSequence(derNull()), ofRevoked]],
    ['4.2.1: after an answer with an unknown status', [derSequence(id, derElement(contextTag(5)), before), ofRevoked]],
    ['4.2.1: without a date of revocation', [derSequence(id, info(), before)]],
    ['4.2.1: not constructed', [derSequence(id, derElement(contextTag(1)), before)]],
    ['4.2.1: its date is a UTCTime', [derSequence(id, info(derElement(0x17, text('260531000000Z'))), before)]],
    ['4.2.1: its date has a fraction', [derSequence(id, info(time('20260531000000.123Z')), before)]],
    ['4.2.1: it is still to come', [derSequence(id, info(after), before)]],
    ['4.2.1: a reason that is an INTEGER', [derSequence(id, info(before, explicit(0, derInteger(1))), before)]],
    ['4.2.1: a negative reason', [single(id, revoked(0xff))]],
    ['4.2.1: removeFromCRL', [single(id, revoked(8))]],
    ['4.2.1: more after the reason', [derSequence(id, info(before, derNull()), before)]],
    ['4.2.1: thisUpdate with a fraction', [derSequence(id, revoked(), time('20260531000000.5Z'))]],
    ['4.2.1: no thisUpdate', [derSequence(id, revoked())]],
    ['4.2.1: an invalid nextUpdate', [derSequence(id, revoked(), before, explicit(0, derNull()))]],
    ['4.2.1: nextUpdate before thisUpdate', [single(id, revoked(), { nextUpdate: now - 9 * HOUR })]],
    ['4.2.1: an extension twice', [single(id, revoked(), { extensions: twice })]],
    ['4.2.1: a field after the last', [derSequence(id, revoked(), before, derNull())]],
    ['4.4.4: an archive cutoff', [single(id, revoked(), { extensions: [critical('1.3.6.1.5.5.7.48.1.6')] })]],
  ])('section %s', async (_, singles) => {
    expect(await both(answers(...singles))).toEqual(refused)
    expect(await both(respond(root, [ofGood]), answers(...singles))).toEqual(refused)
    expect(await stapled(answers(...singles))).toBe('certificate_revoked')
  })

  test.each<[string, Uint8Array[]]>([
    ['4.2.1: a negative version', [explicit(0, derElement(0x02, Uint8Array.of(0x80))), byKey(root), before]],
    ['4.2.1: an invalid version', [explicit(0, derNull()), byKey(root), before]],
    ['4.2.1: producedAt is a UTCTime', [byKey(root), derElement(0x17, text('260531000000Z'))]],
    ['4.2.1: producedAt with a fraction', [byKey(root), time('20260531000000.5Z')]],
    ['4.2.1: no producedAt', [byKey(root)]],
    ['4.2.1: an invalid responderID', [derNull(), before]],
    ['4.2.1: a responderID by an invalid name', [explicit(1, derNull()), before]],
    ['4.2.1: a responderID by an invalid key', [explicit(2, derNull()), before]],
    ['4.2.1: a responderID with more after it', [explicit(2, derOctets(new Uint8Array(20)), derNull()), before]],
  ])('section %s; of such a response nothing else counts', async (_, start) => {
    expect(await both(fields(root, [...start, derSequence(ofRevoked)]))).toEqual(refused)
    expect(await both(fields(root, [...start, derSequence(ofGood)]))).toEqual(none)
  })

  test('section 4.2.1: extensions twice, or a field after them', async () => {
    const start = [byKey(root), before, derSequence(ofRevoked)]
    for (const end of [[explicit(1, derSequence(...twice))], [explicit(1, derNull())], [derNull()]]) {
      expect(await both(fields(root, [...start, ...end]))).toEqual(refused)
    }
  })
})

describe('who signed (sections 4.2.1 and 4.2.2.2)', () => {
  const keys = makeKeys()
  const responder = make({
    subject: name('Responder'),
    issuer: root,
    keys,
    extensions: [basic(false), usage(0x80, 7), purposes(purposeOids.ocspSigning), ...keyIdentifiers(keys, root.keys)],
  })
  const byName = (subject: Uint8Array): Uint8Array => explicit(1, subject)
  const by = (signer: Made, id: Uint8Array, answer: Uint8Array, certificates: readonly Uint8Array[]): Uint8Array =>
    fields(signer, [id, before, derSequence(answer)], certificates)

  test.each<[string, Made, Uint8Array, readonly Uint8Array[]]>([
    ['the issuer, by name', root, byName(root.subject), []],
    ['the issuer, by the SHA-256 hash of its key', root, byKey(root, 'sha256'), []],
    ['the issuer, by the name of another', root, byName(name('Other')), []],
    ['the issuer, by the key of another, whose certificate is there', root, byKey(responder), [responder.der]],
    ['a delegate, by name', responder, byName(responder.subject), [responder.der]],
    ['a delegate, by key', responder, byKey(responder), [responder.der]],
    ['a delegate, by the SHA-256 hash of its key', responder, byKey(responder, 'sha256'), [responder.der]],
    ['a delegate, by the name of another', responder, byName(name('Other')), [root.der, responder.der]],
    [
      'a delegate after ten others',
      responder,
      byKey(responder),
      [...Array<Uint8Array>(10).fill(root.der), responder.der],
    ],
    [
      'a delegate among ten certificates',
      responder,
      byKey(responder),
      [responder.der, ...Array<Uint8Array>(9).fill(root.der)],
    ],
  ])('%s', async (_, signer, who, certificates) => {
    expect(await both(by(signer, who, ofRevoked, certificates))).toEqual(refused)
    expect(await both(by(signer, who, ofGood, certificates))).toEqual(ok)
  })

  test('a delegate, where it cannot be read who it is: "revoked" counts', async () => {
    expect(await both(by(responder, derNull(), ofRevoked, [leaf.der, responder.der]))).toEqual(refused)
    expect(await both(by(responder, derNull(), ofGood, [leaf.der, responder.der]))).toEqual(none)
  })

  const stranger = makeCa('Root')
  const server = makeLeaf(root, { keys: makeKeys() })
  test.each<[string, Made, Uint8Array, readonly Uint8Array[]]>([
    ['another CA of the same name', stranger, byName(root.subject), []],
    ['another CA of the same name, with its certificate', stranger, byKey(stranger), [stranger.der]],
    ['another CA that claims the key of the issuer', stranger, byKey(root), [root.der]],
    ['a delegate whose certificate is not there', responder, byKey(responder), []],
    ['a server certified by the same issuer', server, byKey(server), [server.der]],
    ['the certificate itself', leaf, byKey(leaf), [leaf.der]],
  ])('does not count: %s', async (_, signer, who, certificates) => {
    for (const answer of [ofRevoked, ofGood]) {
      const response = by(signer, who, answer, certificates)
      expect(await both(response)).toEqual(none)
      expect(await both(response, respond(root, [ofGood]))).toEqual(ok)
      expect(await both(response, respond(root, [ofRevoked]))).toEqual(refused)
    }
  })
})

describe('a response that is odd and says "good"', () => {
  const nonce = (value: Uint8Array, isCritical = false): Uint8Array =>
    extension('1.3.6.1.5.5.7.48.1.2', value, isCritical)

  test.each<[string, SingleSpec, ResponseSpec]>([
    ['4.4.1: a nonce that nobody asked for', {}, { extensions: [nonce(derOctets(Uint8Array.of(1)))] }],
    ['4.4.1: one that is not wrapped', {}, { extensions: [nonce(Uint8Array.of(1, 2, 3))] }],
    [
      '4.4: an unknown extension',
      { extensions: [extension('1.2.3', derNull())] },
      { extensions: [extension('1.2.4', derNull())] },
    ],
    ['4.4.2: where the CRL is', { extensions: [critical('1.3.6.1.5.5.7.48.1.3')] }, {}],
    ['4.4.4: an archive cutoff', { extensions: [critical('1.3.6.1.5.5.7.48.1.6')] }, {}],
    ['4.4.5: an invalidity date', { extensions: [extension('2.5.29.24', before, true)] }, {}],
    ['4.4.8: extended revoked definition', {}, { extensions: [extension('1.3.6.1.5.5.7.48.1.9', derNull(), true)] }],
    ['4.2.1: produced before it was true', {}, { producedAt: now - 9 * HOUR }],
    ['4.2.1: ECDSA with NULL as parameters', {}, { algorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()) }],
  ])('counts: section %s', async (_, answer, spec) => {
    expect(await both(respond(root, [single(id, good, answer)], spec))).toEqual(ok)
  })

  test.each<[string, Uint8Array]>([
    ['another serial number', answers(single(certId(root, 8), good))],
    ['the same of another issuer', answers(single(certId(makeCa('Root')), good))],
    ['an answer that cannot be read beside it', answers(ofGood, derSequence(derNull()))],
    ['no answer', answers()],
    ['one of last week', answers(single(id, good, { thisUpdate: now - 99 * HOUR }))],
  ])('does not count: %s', async (_, response) => {
    expect(await both(response)).toEqual(none)
  })
})
