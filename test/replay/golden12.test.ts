// Golden flows of TLS 1.2 byte for byte: from each side, with both synchronous providers, answering at once and later, however
// the bytes arrive.

import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nobleParts } from '../../src/crypto/noble-groups.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { nodeParts } from '../../src/crypto/node-groups.ts'
import { delayed } from '../handshake12/delayed.ts'
import { fragmentations } from './fragments.ts'
import { fixedProvider, flows, goldenFile, replayGolden } from './golden12.ts'
import type { Side } from './golden12.ts'

const providers = [
  { name: 'node', base: nodeProvider, parts: nodeParts, answers: 'at once' },
  { name: 'node', base: delayed(nodeProvider), parts: nodeParts, answers: 'later' },
  { name: 'noble', base: nobleProvider, parts: nobleParts, answers: 'at once' },
  { name: 'noble', base: delayed(nobleProvider), parts: nobleParts, answers: 'later' },
]
const sides: readonly Side[] = ['client', 'server']

describe.each(flows)('$name: $about', (flow) => {
  const able = providers.filter(({ base }) => !flow.name.includes('static-rsa') || base.rsaEncryptRaw)
  const sent = (side: Side): number =>
    goldenFile(flow.name).connections.flat().reduce((sum, { from, bytes }) => sum + (from === side ? bytes.length / 2 : 0), 0)
  for (const side of sides) {
    for (const { name, base, parts, answers } of able) {
      it.each(fragmentations)(`${side}, ${name} ${answers}, $name`, async ({ make }) => {
        const fixed = fixedProvider(base, parts.x25519, `${flow.name} ${side}`)
        const provider = answers === 'later' ? { ...fixed, groups: delayed(fixed).groups } : fixed
        expect(await replayGolden({ flow, side, provider, fragment: make() })).toBe(sent(side))
      })
    }
  }
})

describe('the replay itself', () => {
  it('fails if one byte differs', async () => {
    const [flow] = flows
    if (!flow) throw new Error('no flows')
    for (const side of sides) {
      const provider = fixedProvider(nodeProvider, nodeParts.x25519, 'another seed')
      await expect(replayGolden({ flow, side, provider, fragment: (left) => left })).rejects.toThrow(/where the golden flow has/)
    }
  })
})
