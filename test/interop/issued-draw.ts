// Options of createCa, createIntermediate and issue drawn by seed: all that can be asked for, most of it right. What is
// refused has to be refused by name; what is issued has to be taken by every verifier.

import type { CaOptions, KeyKind, LeafOptions } from '../../src/pki/index.ts'
import { derNull, derOctets } from '../../src/wire/der.ts'
import type { Random } from '../fuzz/x509.ts'

type NameList = NonNullable<LeafOptions['names']>
type SubjectName = NonNullable<LeafOptions['name']>

export interface Wish {
  readonly root: CaOptions
  readonly middles: readonly CaOptions[]
  readonly leaf: LeafOptions
  /** For which the leaf is asked. */
  readonly serverName: string
}

const keys: readonly KeyKind[] = ['ecdsa-p256', 'ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'ed25519']
const host = 'www.example.com'
const day = 86_400_000

const subjects: readonly SubjectName[] = [
  'A CA',
  'Wurzel ü',
  '中間 認証局',
  ' spaces  inside ',
  'a+b=c;<d>#\\"',
  '*',
  'x'.repeat(64),
  { commonName: 'A CA', organization: 'Ö & Co', country: 'DE' },
  { organization: 'No common name', organizationalUnit: ['one', 'two'], locality: 'L', state: 'S', country: 'US' },
  { commonName: 'Mail', emailAddress: 'ca@example.com', serialNumber: '12 34' },
  { commonName: 'DC', domainComponents: ['com', 'example'] },
]

const alternatives: NameList = [
  host,
  '*.example.com',
  'a.b.c.example.com',
  'bücher.example.com',
  'localhost',
  '192.0.2.1',
  '2001:db8::1',
  '::ffff:192.0.2.1',
  'alice@example.com',
  'https://www.example.com/a?b=c',
  'spiffe://example.com/web',
  'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  { kind: 'registeredId', value: '1.2.3.4' },
  { kind: 'directory', name: { commonName: 'Alice', country: 'DE' } },
  { kind: 'otherName', oid: '1.2.3.4.5', bytes: derNull() },
  'my_service.example.com',
  `${'a'.repeat(63)}.example.com`,
]

const policies = ['2.23.140.1.2.1', '1.2.3.4', '2.5.29.32.0', '1.3.6.1.4.1.99999.1'] as const
const usages = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement'] as const
const purposes = ['serverAuth', 'clientAuth', 'emailProtection', 'codeSigning', '1.2.3.4.5'] as const
const domains = ['example.com', '@example.com', '192.0.2.0/24', '2001:db8::/32', 'localhost'] as const

const chance = (r: Random, n: number): boolean => r.below(n) === 0
const some = <T>(r: Random, list: readonly T[], n: number): T[] => list.filter(() => chance(r, n))
/** The value, one time of `n`. */
const maybe = <K extends string, T>(r: Random, n: number, key: K, value: () => T): Partial<Record<K, T>> =>
  chance(r, n) ? ({ [key]: value() } as Record<K, T>) : {}

const serial = (r: Random): Uint8Array => {
  const bytes = Uint8Array.from({ length: 1 + r.below(20) }, () => r.below(256))
  bytes[0] = 1 + r.below(0x7f)
  return bytes
}

const places = (r: Random): Partial<CaOptions> => ({
  ...maybe(r, 3, 'crlUrls', () => ['http://crl.example.com/a.crl', 'http://crl.example.com/b.crl'].slice(r.below(2))),
  ...maybe(r, 3, 'ocspUrls', () => ['http://ocsp.example.com']),
  ...maybe(r, 4, 'issuerUrls', () => ['http://ca.example.com/a.cer']),
})

const common = (r: Random): Partial<CaOptions> => ({
  ...maybe(r, 4, 'serialNumber', () => serial(r)),
  ...maybe(r, 6, 'extensions', () => [{ oid: '1.3.6.1.4.1.99999.2', value: derOctets(Uint8Array.of(1)) }]),
  ...places(r),
})

const authority = (r: Random, name: SubjectName, pathLength: number): CaOptions => ({
  name,
  key: r.pick(keys),
  ...common(r),
  ...maybe(r, 3, 'days', () => 30 + r.below(36_500)),
  ...maybe(r, 4, 'notBefore', () => Date.UTC(1950 + r.below(75), r.below(12), 1 + r.below(28))),
  ...maybe(r, 3, 'pathLength', () => pathLength + r.below(2)),
  ...maybe(r, 8, 'keyUsage', () => ['keyCertSign', 'cRLSign', 'digitalSignature'] as const),
})

/** The names that a constraint on all of these kinds permits. */
const constrained = (r: Random): Pick<CaOptions, 'nameConstraints'> => ({
  nameConstraints: {
    permitted: [...domains],
    ...maybe(r, 2, 'excluded', () => ['bad.example.com', '@bad.example.com', '192.0.2.128/25']),
  },
})

export const drawWish = (r: Random): Wish => {
  const count = r.below(3)
  const root = authority(r, { commonName: 'Root', organization: `Root ${r.below(1000)}` }, count)
  const middles = Array.from({ length: count }, (_, i) => ({
    ...authority(r, r.pick(subjects), count - 1 - i),
    ...maybe(r, 3, 'policies', () => [...policies]),
    ...(chance(r, 4) ? constrained(r) : {}),
  }))
  const names = [...new Set([host, ...some(r, alternatives, 4)])]
  const notBefore = Date.UTC(2024 + r.below(3), r.below(6), 1)
  const leaf: LeafOptions = {
    names,
    key: r.pick(keys),
    ...common(r),
    ...maybe(r, 3, 'name', () => r.pick<SubjectName>([...subjects, {}])),
    ...maybe(r, 3, 'policies', () => [r.pick(policies)]),
    ...(chance(r, 3)
      ? { notBefore, notAfter: notBefore + (900 + r.below(20_000)) * day }
      : { days: 1 + r.below(2000) }),
    ...maybe(r, 8, 'keyUsage', () => ['digitalSignature' as const, ...some(r, usages.slice(1), 3)]),
    ...(chance(r, 4) ? { client: true, server: true } : {}),
    ...maybe(r, 6, 'purposes', () => ['serverAuth', ...some(r, purposes.slice(1), 3)]),
    ...maybe(r, 6, 'mustStaple', () => true),
    ...maybe(r, 8, 'delegation', () => true),
  }
  return { root, middles, leaf, serverName: host }
}
