// Key identifiers, serial numbers, versions, dates, unknown and odd extensions, and faults of encoding.

import {
  derBoolean,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
} from '../../../../src/wire/der.ts'
import { extensionOids } from '../../../../src/x509/oids.ts'
import { concat } from '../../../../src/wire/bytes.ts'
import { directory, dns, extension, name, text, uri, utcTime } from '../../../x509/make.ts'
import { drawn, placed, places, policyExtension, question, threeWith } from '../case.ts'
import type { Draw, Parts, Plan } from '../case.ts'

const aki = (...parts: Uint8Array[]): Uint8Array =>
  extension(extensionOids.authorityKeyIdentifier, derSequence(...parts))
const keyId = (...bytes: number[]): Uint8Array => derElement(0x80, Uint8Array.from(bytes))
const issuedBy = (title: string): Uint8Array => derElement(0xa1, directory(name(title)))
const serial = (n: number): Uint8Array => derElement(0x82, Uint8Array.of(n))
const ski = (value: Uint8Array, critical = false): Uint8Array =>
  extension(extensionOids.subjectKeyIdentifier, value, critical)

const identifiers: Readonly<Record<string, Parts>> = {
  'AKI left out': { aki: undefined },
  'AKI of another key': { aki: aki(keyId(1, 2, 3)) },
  'AKI of no bytes': { aki: aki(keyId()) },
  'AKI empty': { aki: aki() },
  'AKI of the right issuer and serial number alone': { aki: aki(issuedBy('Root'), serial(7)) },
  'AKI of another issuer': { aki: aki(issuedBy('x'), serial(7)) },
  'AKI of another serial number': { aki: aki(issuedBy('Root'), serial(8)) },
  'AKI of a serial number alone': { aki: aki(serial(7)) },
  'AKI of an issuer alone': { aki: aki(issuedBy('Root')) },
  'AKI unreadable': { aki: extension(extensionOids.authorityKeyIdentifier, derInteger(1)) },
  'AKI critical': { aki: extension(extensionOids.authorityKeyIdentifier, derSequence(), true) },
  'SKI left out': { ski: undefined },
  'SKI of another key': { ski: ski(derOctets(Uint8Array.of(1, 2, 3))) },
  'SKI of no bytes': { ski: ski(derOctets(new Uint8Array())) },
  'SKI critical': { ski: ski(derOctets(Uint8Array.of(1, 2, 3)), true) },
  'SKI unreadable': { ski: ski(derInteger(1)) },
}

export const keyIdentifiersOf: Draw = (r) => {
  const [label, parts] = drawn(r, identifiers)
  return placed('key identifiers', label, r.pick(places), { parts })
}

const serials: Readonly<Record<string, Uint8Array>> = {
  zero: derInteger(0),
  negative: derElement(2, Uint8Array.of(0xff)),
  'of 20 bytes': derElement(
    2,
    Uint8Array.from({ length: 20 }, () => 0x7f),
  ),
  'of 21 bytes': derElement(
    2,
    Uint8Array.from({ length: 21 }, () => 0x7f),
  ),
  'of 20 bytes and a sign': derElement(2, Uint8Array.of(0, ...Array<number>(20).fill(0xff))),
  'of 200 bytes': derElement(
    2,
    Uint8Array.from({ length: 200 }, () => 0x7f),
  ),
  padded: derElement(2, Uint8Array.of(0, 7)),
  'padded, negative': derElement(2, Uint8Array.of(0xff, 0x80)),
  empty: derElement(2),
}

export const serialNumbers: Draw = (r) => {
  const [label, value] = drawn(r, serials)
  return placed('serial numbers', label, r.pick(places), { serial: value })
}

const plain: Parts = {
  basic: undefined,
  usage: undefined,
  names: undefined,
  purposes: undefined,
  ski: undefined,
  aki: undefined,
}
const versions: Readonly<Record<string, Plan>> = {
  'version 1': { version: undefined, parts: plain },
  'version 1 written out': { version: 0, parts: plain },
  'version 1 with extensions': { version: undefined },
  'version 2': { version: 1, parts: plain },
  'version 2 with extensions': { version: 1 },
  'version 2 with a unique identifier': { version: 1, parts: plain, unique: derElement(0x81, Uint8Array.of(0, 1)) },
  'version 3 without extensions': { parts: plain },
  'version 4': { version: 3 },
  'version -1': { version: 255 },
  'unique identifiers': {
    unique: concat(derElement(0x81, Uint8Array.of(0, 1)), derElement(0x82, Uint8Array.of(0, 1))),
  },
  'a unique identifier that is no bit string': { unique: derElement(0x81) },
}

export const versionsOf: Draw = (r) => {
  const [label, plan] = drawn(r, versions)
  return placed('versions', label, r.pick(places), plan, { name: undefined })
}

const general = (value: string): Uint8Array => derElement(0x18, text(value))
const from = (notBefore: Uint8Array): Plan => ({ notBefore })
const until = (notAfter: Uint8Array): Plan => ({ notAfter })
const dates: Readonly<Record<string, Plan>> = {
  over: until(utcTime('260101000000Z')),
  'over by a second': until(utcTime('260531235959Z')),
  'over in this very second': until(utcTime('260601000000Z')),
  'from this very second': from(utcTime('260601000000Z')),
  'from the next second': from(utcTime('260601000001Z')),
  'not yet': from(utcTime('270101000000Z')),
  'ends before it begins': { notBefore: utcTime('250201000000Z'), notAfter: utcTime('250101000000Z') },
  'GeneralizedTime before 2050': until(general('20350101000000Z')),
  'GeneralizedTime from 2050': until(general('20500101000000Z')),
  'UTCTime of 1950': from(utcTime('500101000000Z')),
  'UTCTime of 2049': until(utcTime('491231235959Z')),
  'without seconds': until(utcTime('3501010000Z')),
  'with an offset': until(utcTime('350101000000+0100')),
  'with a lower-case z': until(utcTime('350101000000z')),
  'GeneralizedTime with a fraction': until(general('20350101000000.5Z')),
  'GeneralizedTime without seconds': until(general('203501010000Z')),
  'GeneralizedTime with an offset': until(general('20350101000000+0000')),
  'GeneralizedTime without Z': until(general('20350101000000')),
  'the year 9999': until(general('99991231235959Z')),
  'the year 0': from(general('00000101000000Z')),
  'the year 1949': from(general('19490101000000Z')),
  'the 29th of February 2023': from(utcTime('230229000000Z')),
  'the 29th of February 2024': from(utcTime('240229000000Z')),
  'the 31st of June': from(utcTime('240631000000Z')),
  'month 13': from(utcTime('241301000000Z')),
  'day 0': from(utcTime('240100000000Z')),
  'hour 24': from(utcTime('240101240000Z')),
  'second 60': from(utcTime('240101000060Z')),
  'no digits': from(utcTime('24010100000aZ')),
  empty: from(utcTime('')),
  'another type': from(derElement(0x16, text('240101000000Z'))),
}

export const validity: Draw = (r) => {
  const [label, plan] = drawn(r, dates)
  return placed('dates', label, r.pick(places), plan)
}

const oid = (value: string, content: Uint8Array, critical: boolean): Plan => ({
  parts: { extra: extension(value, content, critical) },
})
const netscapeType = (bits: number, critical: boolean): Plan =>
  oid('2.16.840.1.113730.1.1', derElement(3, Uint8Array.of(0, bits)), critical)
const point = derSequence(derSequence(derElement(0xa0, derElement(0xa0, uri('http://a.test/crl')))))
const access = derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.1'), uri('http://a.test/ocsp')))

const extensionForms: Readonly<Record<string, Plan>> = {
  'unknown, critical': oid('1.2.3.4', derNull(), true),
  unknown: oid('1.2.3.4', derNull(), false),
  'unknown, not DER': oid('1.2.3.4', Uint8Array.of(0xff, 1), false),
  'unknown, empty': oid('1.2.3.4', new Uint8Array(), false),
  'unknown, twice': { parts: { one: extension('1.2.3.4', derNull()), two: extension('1.2.3.4', derNull()) } },
  'known, twice': {
    parts: {
      one: extension(extensionOids.subjectKeyIdentifier, derOctets(Uint8Array.of(1))),
      two: extension(extensionOids.subjectKeyIdentifier, derOctets(Uint8Array.of(2))),
    },
  },
  'CRL distribution points': oid('2.5.29.31', point, false),
  'CRL distribution points, critical': oid('2.5.29.31', point, true),
  'CRL distribution points, unreadable': oid('2.5.29.31', derInteger(1), false),
  'CRL distribution points, unreadable and critical': oid('2.5.29.31', derInteger(1), true),
  'CRL distribution points, empty': oid('2.5.29.31', derSequence(), false),
  'freshest CRL, critical': oid('2.5.29.46', point, true),
  'authority information': oid('1.3.6.1.5.5.7.1.1', access, false),
  'authority information, critical': oid('1.3.6.1.5.5.7.1.1', access, true),
  'authority information, unreadable': oid('1.3.6.1.5.5.7.1.1', derInteger(1), false),
  'subject information, critical': oid('1.3.6.1.5.5.7.1.11', access, true),
  issuerAltName: oid('2.5.29.18', derSequence(dns('a.test')), false),
  'issuerAltName, critical': oid('2.5.29.18', derSequence(dns('a.test')), true),
  'issuerAltName, unreadable': oid('2.5.29.18', derInteger(1), false),
  'subject directory attributes, critical': oid('2.5.29.9', derSequence(), true),
  'private key usage period, critical': oid('2.5.29.16', derSequence(derElement(0x80, text('20250101000000Z'))), true),
  'TLS feature': oid('1.3.6.1.5.5.7.1.24', derSequence(derInteger(5)), false),
  'TLS feature, critical': oid('1.3.6.1.5.5.7.1.24', derSequence(derInteger(5)), true),
  'CT poison': oid('1.3.6.1.4.1.11129.2.4.3', derNull(), true),
  'CT poison, not critical': oid('1.3.6.1.4.1.11129.2.4.3', derNull(), false),
  'SCTs, unreadable': oid('1.3.6.1.4.1.11129.2.4.2', derOctets(Uint8Array.of(1)), false),
  'SCTs, critical': oid('1.3.6.1.4.1.11129.2.4.2', derOctets(derOctets(Uint8Array.of(0, 0))), true),
  'proxy certificate, critical': oid(
    '1.3.6.1.5.5.7.1.14',
    derSequence(derSequence(derOid('1.3.6.1.5.5.7.21.1'))),
    true,
  ),
  'OCSP no check, critical': oid('1.3.6.1.5.5.7.48.1.5', derNull(), true),
  'Netscape type, a server': netscapeType(0x40, false),
  'Netscape type, a client': netscapeType(0x80, false),
  'Netscape type, a CA of servers': netscapeType(0x04, false),
  'Netscape type, a server, critical': netscapeType(0x40, true),
  'Netscape comment': oid('2.16.840.1.113730.1.13', derElement(0x16, text('x')), false),
  'Netscape comment, critical': oid('2.16.840.1.113730.1.13', derElement(0x16, text('x')), true),
  'addresses of RFC 3779, critical': oid('1.3.6.1.5.5.7.1.7', derSequence(), true),
  'criticality FALSE written out': {
    parts: { extra: derSequence(derOid('1.2.3.4'), derBoolean(false), derOctets(derNull())) },
  },
  'criticality TRUE as 01': {
    parts: { extra: derSequence(derOid('1.2.3.4'), derElement(1, Uint8Array.of(1)), derOctets(derNull())) },
  },
  'no value': { parts: { extra: derSequence(derOid('1.2.3.4')) } },
  'more after the value': { parts: { extra: derSequence(derOid('1.2.3.4'), derOctets(derNull()), derNull()) } },
  'an empty extension': { parts: { extra: derSequence() } },
  'a broken identifier': {
    parts: { extra: derSequence(derElement(6, Uint8Array.of(0x2a, 0x80, 1)), derOctets(derNull())) },
  },
  'a policy whose qualifier is unknown': oid(
    '2.5.29.32',
    derSequence(derSequence(derOid('1.2.1'), derSequence(derSequence(derOid('1.2.3'), derNull())))),
    false,
  ),
  'a policy whose qualifier is unknown, critical': oid(
    '2.5.29.32',
    derSequence(derSequence(derOid('1.2.1'), derSequence(derSequence(derOid('1.2.3'), derNull())))),
    true,
  ),
  policies: { parts: { extra: policyExtension(['1.2.1']) } },
  'policies, critical': { parts: { extra: policyExtension(['1.2.1'], true) } },
  'no policies in the list': { parts: { extra: policyExtension([]) } },
  'a policy twice': { parts: { extra: policyExtension(['1.2.1', '1.2.1']) } },
  'policies, unreadable': oid('2.5.29.32', derInteger(1), false),
  'policy mappings, unreadable': oid('2.5.29.33', derInteger(1), false),
  'policy constraints, empty': oid('2.5.29.36', derSequence(), true),
  'policy constraints, negative': oid('2.5.29.36', derSequence(derElement(0x80, Uint8Array.of(0xff))), true),
  'inhibitAnyPolicy, negative': oid('2.5.29.54', derInteger(Uint8Array.of(0xff)), true),
  'inhibitAnyPolicy, not critical': oid('2.5.29.54', derInteger(0), false),
}

export const extensions: Draw = (r) => {
  const [label, plan] = drawn(r, extensionForms)
  return placed('extensions', label, r.pick(places), plan)
}

/** Changes of the encoding of a whole certificate, after it was signed. */
const encodings: Readonly<Record<string, (der: Uint8Array) => Uint8Array>> = {
  'a byte after it': (der) => concat(der, Uint8Array.of(0)),
  'a byte less': (der) => der.subarray(0, -1),
  'a length in 3 bytes': (der) => concat(Uint8Array.of(0x30, 0x83, 0), der.subarray(2)),
  'an indefinite length': (der) => concat(Uint8Array.of(0x30, 0x80), der.subarray(4), Uint8Array.of(0, 0)),
  'a set': (der) => concat(Uint8Array.of(0x31), der.subarray(1)),
  nothing: () => new Uint8Array([0x30, 0]),
  'a changed bit in the signature': (der) => der.map((byte, i) => (i === der.length - 1 ? byte ^ 1 : byte)),
  'a changed bit in the first half': (der) => der.map((byte, i) => (i === 14 ? byte ^ 1 : byte)),
}

export const encoding: Draw = (r) => {
  const [label, change] = drawn(r, encodings)
  const place = r.pick(places)
  const { chain, roots } = threeWith('leaf', {})
  const list = [...chain, ...roots].map(({ der }) => der)
  const at = places.indexOf(place)
  const changed = list.map((der, i) => (i === at ? change(der) : der))
  return question('encodings', `${place}: ${label}`, changed.slice(0, 2), changed.slice(2))
}

const all: Readonly<Record<string, readonly [kind: string, plan: Plan]>> = Object.fromEntries([
  ...Object.entries(dates).map(([label, plan]) => [`${label}`, ['dates', plan]]),
  ...Object.entries(serials).map(([label, serial]) => [`${label}`, ['serial numbers', { serial }]]),
  ...Object.entries(identifiers).map(([label, parts]) => [label, ['key identifiers', { parts }]]),
  ...Object.entries(extensionForms).map(([label, plan]) => [label, ['extensions', plan]]),
])

/** Two odd things at once: who refuses either refuses both, who takes each takes both. */
export const oddPairs: Draw = (r) => {
  const place = r.pick(places)
  const [first, [kind, one]] = drawn(r, all)
  const [second, [otherKind, two]] = drawn(r, all)
  if (kind === otherKind) return placed(kind, first, place, one)
  const plan = { ...one, ...two, parts: { ...one.parts, ...two.parts } }
  const parts = [placed(kind, first, place, one), placed(otherKind, second, place, two)]
  return placed('pairs', `${first} + ${second}`, place, plan, { parts })
}
