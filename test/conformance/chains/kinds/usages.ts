// Key usages, extended key usages, basicConstraints and lengths of paths.

import { derBoolean, derElement, derInteger, derSequence } from '../../../../src/wire/der.ts'
import { extensionOids, purposeOids } from '../../../../src/x509/oids.ts'
import { basic, extension, name, purposes } from '../../../x509/make.ts'
import type { Made } from '../../../x509/make.ts'
import { ca, chance, drawn, keysOf, leaf, placed, places, question, root } from '../case.ts'
import type { Draw, Place } from '../case.ts'

const usageOf = (critical: boolean, ...bytes: number[]): Uint8Array =>
  extension(extensionOids.keyUsage, derElement(0x03, Uint8Array.from(bytes)), critical)

const keyUsages: Readonly<Record<string, Uint8Array | undefined>> = {
  'left out': undefined,
  keyCertSign: usageOf(true, 2, 4),
  'keyCertSign, not critical': usageOf(false, 2, 4),
  'keyCertSign and cRLSign': usageOf(true, 1, 6),
  cRLSign: usageOf(true, 1, 2),
  digitalSignature: usageOf(true, 7, 0x80),
  'digitalSignature and keyCertSign': usageOf(true, 2, 0x84),
  nonRepudiation: usageOf(true, 6, 0x40),
  keyEncipherment: usageOf(true, 5, 0x20),
  dataEncipherment: usageOf(true, 4, 0x10),
  keyAgreement: usageOf(true, 3, 0x08),
  encipherOnly: usageOf(true, 0, 1),
  decipherOnly: usageOf(true, 7, 0, 0x80),
  'all nine': usageOf(true, 7, 0xff, 0x80),
  none: usageOf(true, 0),
  'none in a byte': usageOf(true, 0, 0),
  'zeros at the end': usageOf(true, 0, 0x84),
  'an unused bit that is set': usageOf(true, 7, 0xc0),
  'eight unused bits': usageOf(true, 8, 0x84),
  'three bytes': usageOf(true, 0, 0x84, 0, 0),
  'no bit string': extension(extensionOids.keyUsage, derElement(0x04, Uint8Array.of(0x84)), true),
  'an empty bit string': extension(extensionOids.keyUsage, derElement(0x03), true),
}

export const keyUsage: Draw = (r) => {
  const [label, usage] = drawn(r, keyUsages)
  return placed('key usages', label, r.pick(places), { parts: { usage } })
}

const eku = (...oids: readonly string[]): Uint8Array => purposes(...oids)
const { serverAuth, clientAuth } = purposeOids
const anyPurpose = '2.5.29.37.0'

const extendedKeyUsages: Readonly<Record<string, Uint8Array | undefined>> = {
  none: undefined,
  serverAuth: eku(serverAuth),
  clientAuth: eku(clientAuth),
  both: eku(serverAuth, clientAuth),
  any: eku(anyPurpose),
  'any and clientAuth': eku(anyPurpose, clientAuth),
  codeSigning: eku('1.3.6.1.5.5.7.3.3'),
  'an unknown one': eku('1.2.3.4'),
  'server gated cryptography': eku('1.3.6.1.4.1.311.10.3.3'),
  'step-up of Netscape': eku('2.16.840.1.113730.4.1'),
}

/** Two authorities and a leaf, each with purposes of its own. */
export const nestedPurposes: Draw = (r) => {
  const [upper, first] = chance(r, 2) ? drawn(r, extendedKeyUsages) : (['none', undefined] as const)
  const [lower, second] = drawn(r, extendedKeyUsages)
  const [own, third] = chance(r, 2) ? drawn(r, extendedKeyUsages) : (['both', eku(serverAuth, clientAuth)] as const)
  const purpose = r.pick(['serverAuth', 'clientAuth'] as const)
  const top = ca('Upper', root, { parts: { purposes: first } })
  const between = ca('Middle', top, { parts: { purposes: second } })
  const end = leaf(between, { parts: { purposes: third } })
  const label = `${upper} / ${lower} / ${own}, asked for ${purpose}`
  return question('extended key usages', label, [end, between, top], [root], { purpose })
}

const ekuForms: Readonly<Record<string, Uint8Array>> = {
  'an empty list': extension(extensionOids.extendedKeyUsage, derSequence()),
  'an empty value': extension(extensionOids.extendedKeyUsage, new Uint8Array()),
  'twice the same': eku(serverAuth, serverAuth),
  critical: extension(extensionOids.extendedKeyUsage, eku(serverAuth).subarray(eku(serverAuth).length - 12), true),
  'any, critical': extension(
    extensionOids.extendedKeyUsage,
    derSequence(derElement(6, Uint8Array.of(0x55, 0x1d, 0x25, 0))),
    true,
  ),
  'no list': extension(extensionOids.extendedKeyUsage, derElement(6, Uint8Array.of(0x55, 0x1d, 0x25, 0))),
  'a broken identifier': extension(extensionOids.extendedKeyUsage, derSequence(derElement(6, Uint8Array.of(0x80, 1)))),
  'at the root': eku(clientAuth),
}

export const purposeForms: Draw = (r) => {
  const [label, purposesOf] = drawn(r, ekuForms)
  const place: Place = label === 'at the root' ? 'root' : r.pick(['leaf', 'middle'])
  return placed('forms of extended key usages', label, place, { parts: { purposes: purposesOf } })
}

const bc = (...parts: Uint8Array[]): Uint8Array =>
  extension(extensionOids.basicConstraints, derSequence(...parts), true)

const basics: Readonly<Record<string, Uint8Array | undefined>> = {
  'left out': undefined,
  'a CA': basic(true),
  'a CA, not critical': extension(extensionOids.basicConstraints, derSequence(derBoolean(true))),
  'no CA': basic(false),
  'no CA, not critical': extension(extensionOids.basicConstraints, derSequence()),
  'no CA, FALSE written out': bc(derBoolean(false)),
  'no CA, with a path length': bc(derInteger(0)),
  'a CA, path length 0': basic(true, 0),
  'a CA, path length 1': basic(true, 1),
  'a CA, path length -1': bc(derBoolean(true), derElement(2, Uint8Array.of(0xff))),
  'a CA, path length of 5 bytes': bc(derBoolean(true), derElement(2, Uint8Array.of(1, 0, 0, 0, 0))),
  'a CA, path length of 12 bytes': bc(derBoolean(true), derElement(2, Uint8Array.of(1, ...Array<number>(11).fill(0)))),
  'a CA, path length padded': bc(derBoolean(true), derElement(2, Uint8Array.of(0, 1))),
  'a CA, path length empty': bc(derBoolean(true), derElement(2)),
  'TRUE as 01': bc(derElement(1, Uint8Array.of(1))),
  'more after it': bc(derBoolean(true), derInteger(0), derInteger(0)),
  'an empty value': extension(extensionOids.basicConstraints, new Uint8Array(), true),
}

export const basicConstraints: Draw = (r) => {
  const [label, parts] = drawn(r, basics)
  return placed('basicConstraints', label, r.pick(places), { parts: { basic: parts } })
}

/** Up to five authorities with path lengths, some of them self-issued. */
export const pathLengths: Draw = (r) => {
  const certificates: Made[] = []
  const limit = (): number | undefined => (chance(r, 3) ? r.below(4) : undefined)
  const first = chance(r, 4) ? r.below(4) : undefined
  const top = ca('Root', undefined, { parts: { basic: basic(true, first) } })
  const words = [`${first ?? '-'}`]
  let issuer = top
  for (let i = 0, count = r.below(6); i < count; i++) {
    const selfIssued = chance(r, 3)
    const pathLength = limit()
    const subject = selfIssued ? issuer.subject : name(`CA ${i}`)
    issuer = ca(`CA ${i}`, issuer, { subject, keys: keysOf(`CA ${i}`), parts: { basic: basic(true, pathLength) } })
    certificates.unshift(issuer)
    words.push(`${pathLength ?? '-'}${selfIssued ? ' self-issued' : ''}`)
  }
  // A CA at the end counts as one more only for those who count the leaf.
  const end = chance(r, 8) ? leaf(issuer, { subject: issuer.subject }) : leaf(issuer)
  const label = `${words.join(' / ')}${end.subject === issuer.subject ? ' / self-issued leaf' : ''}`
  return question('path lengths', label, [end, ...certificates], [top])
}

/** Chains of up to eleven authorities. */
export const depths: Draw = (r) => {
  const count = r.below(12)
  const certificates: Made[] = []
  let issuer = root
  for (let i = 0; i < count; i++) certificates.unshift((issuer = ca(`CA ${i}`, issuer)))
  return question('depths', `${count} authorities`, [leaf(issuer), ...certificates], [root])
}
