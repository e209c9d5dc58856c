// Random policies, mappings and constraints on paths of three certificates, and the verdicts of `openssl verify
// -policy_check` on the same (RFC 5280 section 6.1). A seed gives the same paths in every run.

import { afterAll, expect } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { derElement, derInteger, derOid, derSequence } from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { extensionOids, verifyChain } from '../../src/x509/index.ts'
import type { PolicyOptions } from '../../src/x509/index.ts'
import { random } from '../fuzz/x509.ts'
import type { Random } from '../fuzz/x509.ts'
import { OpensslDirectory, withOpenssl } from '../pki/openssl.ts'
import { extension, fixedKeys, makeCa, makeLeaf, name, now } from './make.ts'
import type { Made } from './make.ts'

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())

const any = '2.5.29.32.0'
const oids = ['1.2.1', '1.2.2', '1.2.3', any] as const
const root = makeCa('root', { keys: fixedKeys(0) })
openssl.write('root.pem', encodePem('CERTIFICATE', root.der))

const chance = (r: Random, n: number): boolean => r.below(n) === 0

const policyList = (r: Random): readonly string[] => oids.filter((oid) => chance(r, oid === any ? 4 : 2))
const policies = (list: readonly string[]): Uint8Array[] =>
  list.length === 0
    ? []
    : [extension(extensionOids.certificatePolicies, derSequence(...list.map((oid) => derSequence(derOid(oid)))))]

/** Pairs that are distinct, none of anyPolicy: that is an error, and has a test of its own. */
const mappings = (r: Random): Uint8Array[] => {
  if (!chance(r, 2)) return []
  const end = (): string => r.pick(oids.slice(0, 3))
  const pairs = Array.from({ length: 1 + r.below(3) }, () => [end(), end()] as const)
  const distinct = [...new Map(pairs.map((pair) => [pair.join(), pair])).values()]
  const list = distinct.map(([from, to]) => derSequence(derOid(from), derOid(to)))
  return [extension(extensionOids.policyMappings, derSequence(...list), true)]
}

const limits = (r: Random, inhibitsAny: boolean): Uint8Array[] => {
  const fields = [0x80, 0x81].flatMap((tag) => (chance(r, 3) ? [derElement(tag, Uint8Array.of(r.below(4)))] : []))
  const constraints =
    fields.length === 0 ? [] : [extension(extensionOids.policyConstraints, derSequence(...fields), true)]
  const skip = derInteger(r.below(3))
  return [
    ...constraints,
    ...(inhibitsAny && chance(r, 3) ? [extension(extensionOids.inhibitAnyPolicy, skip, true)] : []),
  ]
}

/** OpenSSL maps from anyPolicy where it is inhibited, against section 6.1.3 (d) (2): no CA here has all three. */
const authority = (n: number, issuer: Made, r: Random, inhibitsAny: boolean): Made => {
  const subject = chance(r, 5) ? issuer.subject : name(`CA ${n}`)
  const list = policyList(r)
  const maps = inhibitsAny && list.includes(any) ? [] : mappings(r)
  const extra = [...policies(list), ...maps, ...limits(r, inhibitsAny)]
  return makeCa(`CA ${n}`, { subject, issuer, keys: fixedKeys(n), extra })
}

/** The verdicts of this verifier and of OpenSSL. */
const compare = async (seed: number): Promise<readonly [boolean, boolean]> => {
  const r = random(seed)
  const inhibitsAny = chance(r, 2)
  const first = authority(1, root, r, inhibitsAny)
  const second = authority(2, first, r, inhibitsAny)
  const leaf = makeLeaf(second, {
    keys: fixedKeys(3),
    extra: [...policies(policyList(r)), ...(chance(r, 4) ? limits(r, false) : [])],
  })
  const acceptable = chance(r, 2) ? oids.slice(0, 3).filter(() => chance(r, 2)) : []
  const options: PolicyOptions = {
    ...(acceptable.length === 0 ? {} : { acceptable }),
    requireExplicit: chance(r, 2),
    inhibitMapping: chance(r, 6),
    inhibitAny: inhibitsAny && chance(r, 3),
  }
  const result = await verifyChain([leaf.der, second.der, first.der], {
    provider: nodeProvider,
    trust: root.der,
    time: now,
    policies: options,
    profile: 'rfc5280',
  })
  openssl.write('leaf.pem', encodePem('CERTIFICATE', leaf.der))
  openssl.write('middle.pem', [second, first].map(({ der }) => encodePem('CERTIFICATE', der)).join(''))
  const { status } = openssl.run(
    'verify',
    ...['-attime', String(now / 1000), '-CAfile', 'root.pem', '-untrusted', 'middle.pem', '-policy_check'],
    // Without any, OpenSSL takes none.
    ...(acceptable.length === 0 ? [any] : acceptable).flatMap((oid) => ['-policy', oid]),
    ...(options.requireExplicit === true ? ['-explicit_policy'] : []),
    ...(options.inhibitMapping === true ? ['-inhibit_map'] : []),
    ...(options.inhibitAny === true ? ['-inhibit_any'] : []),
    'leaf.pem',
  )
  return [result.ok, status === 0]
}

/** SEEDS=2500 for a longer run. */
const seeds = Number(process.env['SEEDS'] ?? 100)

withOpenssl(
  'policies, mappings and constraints have the verdicts of OpenSSL',
  async () => {
    const differing: number[] = []
    let taken = 0
    for (let seed = 0; seed < seeds; seed++) {
      const [ours, theirs] = await compare(seed)
      if (ours) taken++
      if (ours !== theirs) differing.push(seed)
    }
    expect(differing).toEqual([])
    expect(taken).toBeGreaterThan(seeds / 10)
    expect(taken).toBeLessThan(seeds * 0.9)
  },
  600_000,
)
