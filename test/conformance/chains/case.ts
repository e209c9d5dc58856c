// One chain with what is asked of it, the pieces that the kinds in kinds/ make it of, and how one is drawn.

import { derOid, derSequence } from '../../../src/wire/der.ts'
import { extensionOids, purposeOids } from '../../../src/x509/oids.ts'
import type { Random } from '../../fuzz/x509.ts'
import {
  altNames,
  basic,
  certSign,
  dns,
  extension,
  fixedKeys,
  keyIdentifiers,
  make,
  name,
  now,
  purposes,
  usage,
} from '../../x509/make.ts'
import type { Keys, Made, Spec } from '../../x509/make.ts'

export interface ChainCase {
  readonly kind: string
  /** What is odd about it; cases of one kind and label get the same verdicts. */
  readonly label: string
  /** Leaf first, DER. */
  readonly chain: readonly Uint8Array[]
  readonly roots: readonly Uint8Array[]
  /** Milliseconds. */
  readonly time: number
  /** DNS name or address that the leaf has to be for; undefined: not asked. */
  readonly name: string | undefined
  readonly purpose: 'serverAuth' | 'clientAuth'
  readonly policies: PolicyQuestion | undefined
  /** The same chain with one of its odd things alone, each. */
  readonly parts?: readonly ChainCase[]
}

/** The inputs of RFC 5280 section 6.1.1 (c) to (f). */
export interface PolicyQuestion {
  readonly acceptable: readonly string[]
  readonly requireExplicit: boolean
  readonly inhibitMapping: boolean
  readonly inhibitAny: boolean
}

/** Draws a case of a kind. */
export type Draw = (r: Random) => ChainCase

export const host = 'www.a.test'

export const question = (
  kind: string,
  label: string,
  certificates: readonly (Made | Uint8Array)[],
  roots: readonly (Made | Uint8Array)[],
  more: Partial<ChainCase> = {},
): ChainCase => ({
  kind,
  label,
  chain: certificates.map(derOf),
  roots: roots.map(derOf),
  time: now,
  name: host,
  purpose: 'serverAuth',
  policies: undefined,
  ...more,
})

const derOf = (made: Made | Uint8Array): Uint8Array => ('der' in made ? made.der : made)

/** The extensions of a certificate by name, so that one can be replaced, left out (undefined) or added. */
export type Parts = Readonly<Record<string, Uint8Array | undefined>>

export interface Plan extends Spec {
  /** Replaces extensions by their names: `basic`, `usage`, `names`, `purposes`, `ski`, `aki`; others are added. */
  readonly parts?: Parts
}

const assembled = (parts: Parts, own: Parts = {}): Uint8Array[] =>
  Object.values({ ...parts, ...own }).filter((part) => part !== undefined)

/** A CA certificate that has all that RFC 5280 section 4 asks for, but for what `plan` changes. */
export const ca = (title: string, issuer: Pick<Made, 'subject' | 'keys'> | undefined, plan: Plan = {}): Made => {
  const keys = plan.keys ?? keysOf(title)
  const [ski] = keyIdentifiers(keys, undefined)
  const [aki] = issuer === undefined ? [] : keyIdentifiers(undefined, issuer.keys)
  const { parts, ...spec } = plan
  return make({
    subject: name(title),
    ...(issuer === undefined ? {} : { issuer }),
    extensions: assembled({ basic: basic(true), usage: certSign, ski, aki }, parts),
    ...spec,
    keys,
  })
}

/** A server's certificate for `host`, likewise. */
export const leaf = (issuer: Pick<Made, 'subject' | 'keys'>, plan: Plan = {}): Made => {
  const keys = plan.keys ?? keysOf('leaf')
  const [aki] = keyIdentifiers(undefined, issuer.keys)
  const { parts, ...spec } = plan
  const standard = {
    names: altNames(dns(host)),
    purposes: purposes(purposeOids.serverAuth),
    usage: usage(0x80, 7),
    aki,
  }
  return make({ subject: name('leaf'), issuer, extensions: assembled(standard, parts), ...spec, keys })
}

/** A key pair by title, the same in every run. */
export const keysOf = (title: string): Keys => {
  let found = known.get(title)
  if (found === undefined) known.set(title, (found = fixedKeys(known.size + 1)))
  return found
}
const known = new Map<string, Keys>()

export const root: Made = ca('Root', undefined)
export const middle: Made = ca('Middle', root)

export const chance = (r: Random, n: number): boolean => r.below(n) === 0

/** One of a table's rows, with its label. */
export const drawn = <T>(r: Random, rows: Readonly<Record<string, T>>): readonly [label: string, row: T] =>
  r.pick(Object.entries(rows))

/** Where something odd is put: its certificate, and all below it made to fit. */
export type Place = 'leaf' | 'middle' | 'root'
export const places: readonly Place[] = ['leaf', 'middle', 'root']

/** Root, middle and leaf, one of them by another plan. */
export const threeWith = (place: Place, plan: Plan): { chain: Made[]; roots: Made[] } => {
  const top = place === 'root' ? ca('Root', undefined, plan) : root
  const between = place === 'middle' ? ca('Middle', top, plan) : ca('Middle', top)
  const end = leaf(between, place === 'leaf' ? plan : {})
  return { chain: [end, between], roots: [top] }
}

/** Such a chain as a case. */
export const placed = (
  kind: string,
  label: string,
  place: Place,
  plan: Plan,
  more: Partial<ChainCase> = {},
): ChainCase => {
  const { chain, roots } = threeWith(place, plan)
  return question(kind, `${place}: ${label}`, chain, roots, more)
}

export const policyExtension = (oids: readonly string[], critical = false): Uint8Array =>
  extension(extensionOids.certificatePolicies, derSequence(...oids.map((oid) => derSequence(derOid(oid)))), critical)
