// Policies, mappings, policyConstraints and inhibitAnyPolicy on paths of two or three authorities, with the inputs of
// RFC 5280 section 6.1.1.

import { derElement, derInteger, derOid, derSequence } from '../../../../src/wire/der.ts'
import { extensionOids } from '../../../../src/x509/oids.ts'
import type { Random } from '../../../fuzz/x509.ts'
import { extension } from '../../../x509/make.ts'
import type { Made } from '../../../x509/make.ts'
import { ca, chance, leaf, policyExtension, question, root } from '../case.ts'
import type { Draw, Parts, PolicyQuestion } from '../case.ts'

const any = '2.5.29.32.0'
const oids = ['1.2.1', '1.2.2', '1.2.3'] as const

interface Plan {
  readonly label: string
  readonly parts: Parts
}

const plan = (r: Random, isLeaf: boolean): Plan => {
  const words: string[] = []
  const parts: Record<string, Uint8Array> = {}
  const list: string[] = oids.filter(() => chance(r, 2))
  if (chance(r, 4)) list.push(any)
  if (list.length > 0) {
    words.push(list.map(short).join(' '))
    parts['policies'] = policyExtension(list)
  }
  if (!isLeaf && chance(r, 2)) {
    // Mappings from or to anyPolicy are errors (section 6.1.4 (a)).
    const ends = chance(r, 12) ? [...oids, any] : oids
    const pairs = Array.from({ length: 1 + r.below(3) }, () => [r.pick(ends), r.pick(ends)] as const)
    const distinct = [...new Map(pairs.map((pair) => [pair.join(), pair])).values()]
    words.push(distinct.map(([a, b]) => `${short(a)}>${short(b)}`).join(' '))
    const mapped = distinct.map(([a, b]) => derSequence(derOid(a), derOid(b)))
    parts['mappings'] = extension(extensionOids.policyMappings, derSequence(...mapped), true)
  }
  const limit = (tag: number, word: string): Uint8Array[] => {
    if (!chance(r, 3)) return []
    const skip = r.below(4)
    words.push(`${word}=${skip}`)
    return [derElement(tag, Uint8Array.of(skip))]
  }
  const limits = [...limit(0x80, 'explicit'), ...limit(0x81, 'nomap')]
  if (limits.length > 0) parts['limits'] = extension(extensionOids.policyConstraints, derSequence(...limits), true)
  if (!isLeaf && chance(r, 4)) {
    const skip = r.below(3)
    words.push(`noany=${skip}`)
    parts['inhibit'] = extension(extensionOids.inhibitAnyPolicy, derInteger(skip), true)
  }
  return { label: words.join(', ') || '-', parts }
}

const short = (oid: string): string => (oid === any ? 'any' : oid.slice(-1))

export const policies: Draw = (r) => {
  const words: string[] = []
  const chain: Made[] = []
  let issuer = root
  for (let i = 0, count = 1 + r.below(3); i < count; i++) {
    const { label, parts } = plan(r, false)
    const subject = i > 0 && chance(r, 5) ? { subject: issuer.subject } : {}
    issuer = ca(`CA ${i}`, issuer, { ...subject, parts })
    chain.unshift(issuer)
    words.push(`${'subject' in subject ? 'self-issued ' : ''}${label}`)
  }
  const own = plan(r, true)
  chain.unshift(leaf(issuer, { parts: own.parts }))
  const inputs: PolicyQuestion = {
    acceptable: chance(r, 2) ? oids.filter(() => chance(r, 2)) : [],
    requireExplicit: chance(r, 4),
    inhibitMapping: chance(r, 8),
    inhibitAny: chance(r, 8),
  }
  const asked = Object.entries(inputs).flatMap(([key, value]) =>
    typeof value === 'boolean' ? (value ? [key] : []) : value.length > 0 ? [`of ${value.map(short).join(' ')}`] : [],
  )
  const label = `${[...words, own.label].join(' / ')}; ${asked.join(', ') || 'any'}`
  const isAsked = asked.length > 0 || chance(r, 2)
  const what = isAsked ? label : `${label}, unasked`
  return question('policies', what, chain, [root], { policies: isAsked ? inputs : undefined })
}
