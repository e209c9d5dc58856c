// The search for a path: orders, gaps, several issuers of one name, loops, and anchors of every kind.

import { derNull } from '../../../../src/wire/der.ts'
import { altNames, basic, dns, extension, name, utcTime } from '../../../x509/make.ts'
import type { Made } from '../../../x509/make.ts'
import { ca, drawn, host, keysOf, leaf, middle, question, root } from '../case.ts'
import type { Draw, Plan } from '../case.ts'

const expired: Plan = { notAfter: utcTime('260101000000Z') }
const unknownCritical: Plan = { parts: { extra: extension('1.2.3.4', derNull(), true) } }

/** The search: several issuers of one name, gaps, orders, loops, anchors of every kind. */
const searches: Readonly<Record<string, () => readonly [(Made | Uint8Array)[], Made[]]>> = {
  'right order': () => [[leaf(middle), middle, root], [root]],
  'wrong order': () => {
    const lower = ca('Lower', middle)
    return [[leaf(lower), root, middle, lower], [root]]
  },
  'everything twice': () => [[leaf(middle), middle, middle, root, root], [root]],
  'a gap': () => [[leaf(ca('Lower', middle)), middle], [root]],
  'no root': () => [[leaf(middle), middle], [ca('Other', undefined)]],
  'a root of that name with another key': () => [
    [leaf(middle), middle],
    [ca('Root', undefined, { keys: keysOf('x') })],
  ],
  'two roots of that name, the second right': () => [
    [leaf(middle), middle],
    [ca('Root', undefined, { keys: keysOf('x') }), root],
  ],
  'an issuer of that name with another key first': () => [
    [leaf(middle), ca('Middle', root, { keys: keysOf('x') }), middle],
    [root],
  ],
  'six issuers of that name, the last right': () => [
    [leaf(middle), ...[1, 2, 3, 4, 5].map((n) => ca('Middle', root, { keys: keysOf(`x${n}`) })), middle],
    [root],
  ],
  'six issuers of that name without key identifiers, the last right': () => {
    const bare = (title: string): Made =>
      ca('Middle', root, { keys: keysOf(title), parts: { ski: undefined, aki: undefined } })
    const right = bare('Middle')
    return [[leaf(right, { parts: { aki: undefined } }), ...[1, 2, 3, 4, 5].map((n) => bare(`x${n}`)), right], [root]]
  },
  'the same key, expired first': () => [[leaf(middle), ca('Middle', root, expired), middle], [root]],
  'the same key, expired last': () => [[leaf(middle), middle, ca('Middle', root, expired)], [root]],
  'the same key, no CA first': () => [
    [leaf(middle), ca('Middle', root, { parts: { basic: undefined } }), middle],
    [root],
  ],
  'the same key by an unknown root first': () => [
    [leaf(middle), ca('Middle', ca('Unknown', undefined)), middle],
    [root],
  ],
  'an unknown critical extension first': () => [[leaf(middle), ca('Middle', root, unknownCritical), middle], [root]],
  'a cross-signed root': () => {
    const old = ca('Old', undefined)
    return [[leaf(middle), middle, ca('Root', old)], [old]]
  },
  'a cross-signed root beside the root': () => {
    const old = ca('Old', undefined)
    return [[leaf(middle), middle, ca('Root', old)], [root]]
  },
  'a loop without a way out': () => {
    const a = ca('A', { subject: name('B'), keys: keysOf('B') })
    const b = ca('B', a)
    return [[leaf(b), b, a], [root]]
  },
  'a loop with a way out': () => {
    const a = ca('A', { subject: name('B'), keys: keysOf('B') })
    const b = ca('B', a)
    return [[leaf(b), b, a, ca('B', root)], [root]]
  },
  'junk between': () => [[leaf(middle), ...[1, 2, 3, 4].map((n) => ca(`J${n}`, root)), middle], [root]],
  'bytes that are no certificate between': () => [[leaf(middle), Uint8Array.of(0x30, 0), middle], [root]],
  'the leaf again as its issuer': () => [[leaf(middle), leaf(middle), middle], [root]],
  'the intermediate as anchor': () => [[leaf(middle)], [middle]],
  'the intermediate as anchor, expired root beside': () => [
    [leaf(middle), middle],
    [middle, ca('Root', undefined, expired)],
  ],
  'the leaf as anchor': () => [[leaf(middle)], [leaf(middle)]],
  'a self-signed leaf as anchor': () => {
    const own = leaf({ subject: name('leaf'), keys: keysOf('leaf') })
    return [[own], [own]]
  },
  'a self-signed CA as leaf and anchor': () => {
    const own = ca('leaf', undefined, { parts: { names: altNames(dns(host)) } })
    return [[own], [own]]
  },
  'a self-signed leaf': () => [[leaf({ subject: name('leaf'), keys: keysOf('leaf') })], [root]],
  'a leaf that is a CA': () => [[ca('leaf', root, { parts: { names: altNames(dns(host)) } })], [root]],
  'an anchor whose own signature is wrong': () => {
    const top = ca('Root', undefined, { signature: Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1) })
    return [[leaf(ca('Middle', top)), ca('Middle', top)], [top]]
  },
  'the subject of the leaf is that of its issuer': () => [[leaf(middle, { subject: middle.subject }), middle], [root]],
  'an issuer that may not sign, below one that may': () => {
    const end = leaf(middle)
    return [[leaf(end), end, middle], [root]]
  },
  'an issuer that may not sign, with the CA bit of a root': () => {
    const end = leaf(middle, { parts: { basic: basic(false) } })
    return [[leaf({ subject: end.subject, keys: end.keys }), end, middle], [root]]
  },
}

export const search: Draw = (r) => {
  const [label, build] = drawn(r, searches)
  const [chain, roots] = build()
  return question('searches', label, chain, roots)
}
