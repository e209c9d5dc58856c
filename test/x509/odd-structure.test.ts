// Signed statements whose fields are not where they should be: what an authentic CRL or OCSP response lists as revoked
// refuses (RFC 5280 section 6.3, RFC 6960 section 3.2), and that something is not on it counts for nothing. And a
// certificate that came with the leaf and can't be read is named.

import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import {
  DerReader,
  constructedTag,
  derBits,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  tags,
} from '../../src/wire/der.ts'
import { crlCheck, ocspCheck, parseCrl, parseOcspResponse, trustStore, verifyChain } from '../../src/x509/index.ts'
import type { PathCheck } from '../../src/x509/index.ts'
import { ecdsaSha256, makeCa, makeLeaf, now } from './make.ts'
import { entry, makeCrl } from './make-crl.ts'
import { certId, good, respond, revoked, single } from './make-ocsp.ts'
import { verdict } from './support.ts'

const root = makeCa('Root')
const leaf = makeLeaf(root)

const judge = (check: PathCheck): Promise<string> =>
  verdict(verifyChain([leaf.der], { provider: nodeProvider, trust: root.der, time: now, checks: [check] }))

type Edit = (fields: readonly Uint8Array[]) => readonly Uint8Array[]

/** A SEQUENCE with its elements edited. */
const edited = (sequence: Uint8Array, edit: Edit): Uint8Array => {
  const fields = new DerReader(sequence, 'bad_option', 'test').sequence('all')
  const list: Uint8Array[] = []
  while (!fields.done) list.push(fields.element('field'))
  return derSequence(...edit(list))
}
const signed = (tbs: Uint8Array): readonly Uint8Array[] => [
  tbs,
  ecdsaSha256,
  derBits(new Uint8Array(sign('sha256', tbs, root.keys.privateKey))),
]
const before =
  (place: number, ...more: readonly Uint8Array[]): Edit =>
  (fields) =>
    fields.toSpliced(place, 0, ...more)
const swapped =
  (place: number): Edit =>
  (fields) => [
    ...fields.slice(0, place),
    fields[place + 1] ?? derNull(),
    fields[place] ?? derNull(),
    ...fields.slice(place + 2),
  ]

const empty = derSequence()
const explicit = derElement(constructedTag(0), derInteger(1))

// version, signature, issuer, thisUpdate, nextUpdate, list, extensions
describe('tbsCertList (RFC 5280 section 5.1.2)', () => {
  const crl = (edit: Edit, entries = [entry(7)]): Uint8Array =>
    derSequence(...signed(edited(parseCrl(makeCrl(root, { entries })).tbs, edit)))

  test.each<[string, Edit]>([
    ['an empty list before nextUpdate', before(4, empty)],
    ['an empty list before the list', before(5, empty)],
    ['an element [0] before the list', before(5, explicit)],
    ['NULL before the list', before(5, derNull())],
    ['extensions before the list', swapped(5)],
    ['the list before nextUpdate', swapped(4)],
    ['a second list', (fields) => [...fields.slice(0, 5), derSequence(entry(9)), ...fields.slice(5)]],
  ])('%s', async (_, edit) => {
    for (const mode of ['hard', 'soft'] as const)
      expect(await judge(crlCheck({ crls: crl(edit), mode }))).toMatch(/^certificate_revoked/)
    expect(await judge(crlCheck({ crls: crl(edit, [entry(8)]) }))).toMatch(/^revocation_unknown/)
  })

  test('in its order it counts', async () => {
    expect(await judge(crlCheck({ crls: crl((fields) => fields, [entry(8)]) }))).toBe('ok')
  })
})

describe('ResponseData (RFC 6960 section 4.2.1): responderID, producedAt, responses', () => {
  const response = (edit: Edit, status = revoked()): Uint8Array => {
    const parsed = parseOcspResponse(respond(root, [single(certId(root), status)]))
    if (parsed.status !== 'successful') throw new Error('no answer')
    const basic = derSequence(...signed(edited(parsed.basic.tbs, edit)))
    const bytes = derSequence(derOid('1.3.6.1.5.5.7.48.1.1'), derOctets(basic))
    return derSequence(derElement(tags.enumerated, Uint8Array.of(0)), derElement(constructedTag(0), bytes))
  }

  test.each<[string, Edit]>([
    ['NULL before responderID', before(0, derNull())],
    ['responderID twice', (fields) => [fields[0] ?? empty, ...fields]],
    ['an element [0] after responderID', before(1, explicit)],
    ['an empty list before producedAt', before(1, empty)],
    ['NULL before the responses', before(2, derNull())],
    ['an empty list before the responses', before(2, empty)],
    ['the responses before producedAt', swapped(1)],
    ['no responderID', (fields) => fields.slice(1)],
  ])('%s', async (_, edit) => {
    const check = (status: Uint8Array, mode: 'hard' | 'soft'): Promise<string> =>
      judge(ocspCheck({ responses: [response(edit, status)], mode }))
    expect(await check(revoked(), 'hard')).toMatch(/^certificate_revoked/)
    expect(await check(revoked(), 'soft')).toMatch(/^certificate_revoked/)
    expect(await check(good, 'hard')).toMatch(/^revocation_unknown/)
  })

  test('a CertID with something after it', async () => {
    const id = edited(certId(root), (fields) => [...fields, derNull()])
    const judged = (status: Uint8Array): Promise<string> =>
      judge(ocspCheck({ responses: [respond(root, [single(id, status)])], mode: 'hard' }))
    expect(await judged(revoked())).toMatch(/^certificate_revoked/)
    expect(await judged(good)).toMatch(/^revocation_unknown/)
  })

  test('in its order it counts', async () => {
    const responses = [response((fields) => fields, good)]
    expect(await judge(ocspCheck({ responses, mode: 'hard' }))).toBe('ok')
  })
})

describe('reasons name the truth', () => {
  test('an intermediate that was sent and cannot be read was not left out', async () => {
    const middle = makeCa('Middle', { issuer: root })
    const broken = middle.der.slice()
    broken[8] = 0x7f // the version's tag
    const judged = (chain: Uint8Array[]): Promise<string> =>
      verdict(verifyChain(chain, { provider: nodeProvider, trust: root.der, time: now }))
    const { der } = makeLeaf(middle)
    expect(await judged([der, middle.der])).toBe('ok')
    expect(await judged([der, broken])).toMatch(/^unknown_ca: .*CN=Middle; a certificate .* can't be read: malformed/)
    expect(await judged([der])).toMatch(/^unknown_ca: .*may have left out an intermediate/)
  })

  test.each([null, 5, undefined, true])('%s as a trust anchor', (input) => {
    expect(() => trustStore(input as never).anchors).toThrow(/expected|has to be an object/)
  })
})
