// Who may sign a CRL (RFC 5280 section 6.3.3 (b), (f) and (g)): other keys of the CA, signers of CRLs, issuers of
// indirect CRLs.

import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { derElement, derOid, derSequence } from '../../src/wire/der.ts'
import { crlCheck, verifyChain } from '../../src/x509/index.ts'
import type { CrlCheckOptions, PathPair } from '../../src/x509/index.ts'
import {
  basic,
  directory,
  extension,
  keyIdentifiers,
  make,
  makeCa,
  makeKeys,
  makeLeaf,
  name,
  now,
  text,
  uri,
  usage,
  utcTime,
} from './make.ts'
import type { Made, Spec } from './make.ts'
import {
  certificateIssuer,
  crlIssuer,
  entry,
  flag,
  fullName,
  keyIdentifier,
  makeCrl,
  points,
  relativeName,
  scope,
} from './make-crl.ts'
import { verdict } from './support.ts'

const SERIAL = 7
const root = makeCa('Root')

interface Input {
  readonly leaf: Made
  /** What the peer sends beside it. */
  readonly others?: readonly Made[]
  readonly crls: readonly Uint8Array[]
  readonly signers?: readonly Made[]
  readonly options?: Partial<CrlCheckOptions>
}

const judge = async ({ leaf, others = [], crls, signers = [], options }: Input): Promise<string> => {
  const check = crlCheck({ crls, signers: signers.map(({ der }) => der), ...options })
  const chain = [leaf, ...others].map(({ der }) => der)
  return verdict(verifyChain(chain, { provider: nodeProvider, trust: root.der, time: now, checks: [check] }))
}

const cRLSign = usage(0x02, 1)
/** Signs CRLs and nothing else. */
const signer = (commonName: string, issuer: Made, spec: Spec = {}): Made => {
  const keys = makeKeys()
  const extensions = [basic(false), cRLSign, ...keyIdentifiers(keys, issuer.keys)]
  const serial = derElement(2, Uint8Array.of(99))
  return make({ subject: name(commonName), issuer, keys, extensions, serial, ...spec })
}

describe('another key of the same CA', () => {
  const leaf = makeLeaf(root)
  const separate = signer('Root', root)
  const own = makeCrl(root)
  const theirs = makeCrl(root, { signer: separate, extensions: [keyIdentifier(separate)] })

  test('certified under the same anchor, given by the caller or sent by the peer', async () => {
    expect(await judge({ leaf, crls: [own, theirs], signers: [separate] })).toBe('ok')
    expect(await judge({ leaf, crls: [own, theirs], others: [separate] })).toBe('ok')
    const revoking = makeCrl(root, { signer: separate, entries: [entry(SERIAL)] })
    expect(await judge({ leaf, crls: [own, revoking], signers: [separate], options: { mode: 'soft' } })).toMatch(
      /^certificate_revoked/,
    )
  })
  test('a signer that is not known, not certified, or not for CRLs', async () => {
    const impostor = signer('Root', makeCa('Root'))
    const forged = makeCrl(root, { signer: impostor })
    const depth = { options: { depth: 'leaf' } as const }
    expect(await judge({ leaf, crls: [theirs], ...depth })).toMatch(/^revocation_unknown: .*signature of the CRL/)
    expect(await judge({ leaf, crls: [forged], signers: [impostor], ...depth })).toMatch(
      /^revocation_unknown: .*not to be relied on/,
    )
    const noUsage = signer('Root', root, { extensions: [basic(false)] })
    expect(await judge({ leaf, crls: [makeCrl(root, { signer: noUsage })], signers: [noUsage], ...depth })).toMatch(
      /cRLSign/,
    )
    const otherUsage = signer('Root', root, { extensions: [basic(false), usage(0x80, 7)] })
    expect(
      await judge({ leaf, crls: [makeCrl(root, { signer: otherUsage })], signers: [otherUsage], ...depth }),
    ).toMatch(/cRLSign/)
    const expired = signer('Root', root, { notAfter: utcTime('260101000000Z') })
    expect(await judge({ leaf, crls: [makeCrl(root, { signer: expired })], signers: [expired], ...depth })).toMatch(
      /expired/,
    )
    const unknown = extension('1.2.3', Uint8Array.of(5, 0), true)
    const critical = signer('Root', root, { extensions: [basic(false), cRLSign, unknown] })
    expect(await judge({ leaf, crls: [makeCrl(root, { signer: critical })], signers: [critical], ...depth })).toMatch(
      /critical extension/,
    )
  })
  test('a leaf does not sign the CRL that it is judged by', async () => {
    const odd = makeLeaf(root, { subject: root.subject, extensions: [basic(false), cRLSign] })
    expect(await judge({ leaf: odd, crls: [makeCrl(root, { signer: odd })] })).toMatch(/^revocation_unknown/)
  })
  test('the signer is revoked, or its own status is unknown', async () => {
    const revoking = makeCrl(root, { entries: [entry(99)], extensions: [scope(flag(2))] })
    const userCrl = makeCrl(root, { entries: [entry(99)] })
    const signed = makeCrl(root, { signer: separate })
    expect(await judge({ leaf, crls: [signed, userCrl], signers: [separate] })).toBe('ok')
    const intermediate = makeCa('Sub', { issuer: root })
    const subLeaf = makeLeaf(intermediate)
    const subSigner = signer('Sub', root)
    const subCrl = makeCrl(intermediate, { signer: subSigner })
    const input = { leaf: subLeaf, others: [intermediate], signers: [subSigner] }
    expect(await judge({ ...input, crls: [subCrl, makeCrl(root)] })).toBe('ok')
    expect(await judge({ ...input, crls: [subCrl, userCrl] })).toMatch(
      /^revocation_unknown: .*signer of the CRL .*was revoked/,
    )
    expect(await judge({ ...input, crls: [subCrl, makeCrl(root, { extensions: [scope(flag(2))] })] })).toMatch(
      /^revocation_unknown: .*signer/,
    )
    expect(await judge({ ...input, crls: [subCrl, revoking], options: { depth: 'leaf' } })).toBe('ok')
  })
  test('section 6.3.3: a new key whose certificate is on its own list', async () => {
    const next = makeKeys()
    const newWithOld = makeCa('Root', { issuer: root, keys: next })
    const chained = makeLeaf(newWithOld)
    const crl = makeCrl(newWithOld)
    expect(await judge({ leaf: chained, others: [newWithOld], crls: [crl] })).toBe('ok')
    expect(await judge({ leaf, signers: [newWithOld], crls: [crl] })).toBe('ok')
  })
  test("a finder is asked for the signer's own CRLs too", async () => {
    const intermediate = makeCa('Sub', { issuer: root })
    const subSigner = signer('Sub', root)
    const asked: string[] = []
    const crls = ({ certificate }: PathPair): readonly Uint8Array[] => {
      asked.push(certificate.subject.toString())
      return [makeCrl(root), makeCrl(intermediate, { signer: subSigner })]
    }
    const check = crlCheck({ crls, signers: subSigner.der })
    const chain = [makeLeaf(intermediate).der, intermediate.der]
    expect(
      await verdict(verifyChain(chain, { provider: nodeProvider, trust: root.der, time: now, checks: [check] })),
    ).toBe('ok')
    expect(asked).toEqual(['CN=host.example', 'CN=Sub', 'CN=Sub'])
  })
  test('decoys of the peer do not hide a list that revokes', async () => {
    const decoys = Array.from({ length: 12 }, () => makeCa('Root', { issuer: makeCa('Nobody') }))
    const revoking = makeCrl(root, { signer: separate, entries: [entry(SERIAL)] })
    expect(
      await judge({ leaf, others: decoys, signers: [separate], crls: [revoking], options: { mode: 'soft' } }),
    ).toMatch(/^certificate_revoked/)
  })
})

describe('indirect CRLs (sections 4.2.1.13, 5.2.5 and 5.3.3)', () => {
  const authority = signer('CRL Authority', root)
  const place = fullName(uri('http://crl.example/all'))
  const leaf = makeLeaf(root, { extra: [points([place, crlIssuer(authority.subject)])] })
  const cas = makeCrl(root, { extensions: [scope(flag(2))] })
  const indirect = (...entries: Uint8Array[]): Uint8Array =>
    makeCrl(authority, { extensions: [scope(place, flag(4))], ...(entries.length > 0 && { entries }) })
  const options = { depth: 'leaf' } as const

  test('entries are of the issuer that was named last', async () => {
    const input = { leaf, signers: [authority], options }
    expect(await judge({ ...input, crls: [indirect()] })).toBe('ok')
    expect(await judge({ ...input, crls: [indirect(entry(SERIAL, certificateIssuer(root.subject)))] })).toMatch(
      /^certificate_revoked/,
    )
    expect(
      await judge({ ...input, crls: [indirect(entry(1, certificateIssuer(root.subject)), entry(SERIAL))] }),
    ).toMatch(/^certificate_revoked/)
    expect(await judge({ ...input, crls: [indirect(entry(SERIAL))] })).toBe('ok')
    expect(
      await judge({ ...input, crls: [indirect(entry(SERIAL, certificateIssuer(name('Other'))), entry(SERIAL))] }),
    ).toBe('ok')
    const again = [entry(1, certificateIssuer(name('Other'))), entry(SERIAL, certificateIssuer(root.subject))]
    expect(await judge({ ...input, crls: [indirect(...again)] })).toMatch(/^certificate_revoked/)
  })
  test('only where the certificate names that issuer, and the list says that it is indirect', async () => {
    const entries = [entry(SERIAL, certificateIssuer(root.subject))]
    const plain = makeCrl(authority, { extensions: [scope(place)] })
    expect(await judge({ leaf, signers: [authority], crls: [plain], options })).toMatch(
      /does not say that it is indirect/,
    )
    const other = { leaf: makeLeaf(root), signers: [authority], options }
    expect(await judge({ ...other, crls: [cas, indirect(...entries)] })).toMatch(/^revocation_unknown/)
    expect(await judge({ leaf, crls: [indirect()], options })).toMatch(/^revocation_unknown/)
    const elsewhere = makeCrl(authority, { extensions: [scope(fullName(uri('http://crl.example/other')), flag(4))] })
    expect(await judge({ leaf, signers: [authority], crls: [elsewhere], options })).toMatch(
      /another distribution point/,
    )
  })
  test("the authority's certificate is looked up in the CRLs too", async () => {
    const sub = makeCa('Sub', { issuer: root })
    const subLeaf = makeLeaf(sub, { extra: [points([place, crlIssuer(authority.subject)])] })
    const input = { leaf: subLeaf, others: [sub], signers: [authority] }
    const revoking = makeCrl(root, { entries: [entry(99)] })
    expect(await judge({ ...input, crls: [indirect(), makeCrl(root)] })).toBe('ok')
    expect(await judge({ ...input, crls: [indirect(), revoking] })).toMatch(
      /^revocation_unknown: .*signer .*was revoked/,
    )
    expect(await judge({ ...input, crls: [indirect(), revoking], options: { mode: 'soft' } })).toBe('ok')
  })
})

describe('names relative to the issuer of the CRL (section 4.2.1.13)', () => {
  const attribute = derSequence(derOid('2.5.4.3'), derElement(0x0c, text('Part 1')))
  const [set] = [derElement(0x31, attribute)]
  const whole = derSequence(concat(root.subject.subarray(2), set))
  const leaf = makeLeaf(root, { extra: [points([relativeName(attribute)])] })

  test('on both sides, or against a full name', async () => {
    expect(await judge({ leaf, crls: [makeCrl(root, { extensions: [scope(relativeName(attribute))] })] })).toBe('ok')
    expect(await judge({ leaf, crls: [makeCrl(root, { extensions: [scope(fullName(directory(whole)))] })] })).toBe('ok')
    const other = derSequence(derOid('2.5.4.3'), derElement(0x0c, text('Part 2')))
    const apart = makeCrl(root, { extensions: [scope(relativeName(other))] })
    expect(await judge({ leaf, crls: [apart] })).toMatch(/^revocation_unknown: .*another distribution point/)
  })
  test('relative to cRLIssuer, where it is given', async () => {
    const authority = signer('CRL Authority', root)
    const indirect = makeLeaf(root, { extra: [points([relativeName(attribute), crlIssuer(authority.subject)])] })
    const crl = makeCrl(authority, { extensions: [scope(relativeName(attribute), flag(4))] })
    expect(await judge({ leaf: indirect, signers: [authority], crls: [crl], options: { depth: 'leaf' } })).toBe('ok')
  })
})
