// Golden flows of TLS 1.2 byte for byte: from each side, with both synchronous providers, answering at once and later,
// however the bytes arrive.

import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nobleParts } from '../../src/crypto/noble-groups.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { nodeParts } from '../../src/crypto/node-groups.ts'
import { delayedProvider } from '../fixtures/delayed-provider.ts'
import { fragmentations } from './fragments.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { utf8Bytes } from '../../src/wire/texts.ts'
import { clientEngine, fixedProvider, flows, goldenFile, Memory, replayGolden, serverEngine } from './golden12.ts'
import type { GoldenFlow, Side } from './golden12.ts'

const providers = [
  { name: 'node', base: nodeProvider, parts: nodeParts, answers: 'at once' },
  { name: 'node', base: delayedProvider(nodeProvider), parts: nodeParts, answers: 'later' },
  { name: 'noble', base: nobleProvider, parts: nobleParts, answers: 'at once' },
  { name: 'noble', base: delayedProvider(nobleProvider), parts: nobleParts, answers: 'later' },
]
const sides: readonly Side[] = ['client', 'server']

describe.each(flows)('$name: $about', (flow) => {
  const able = providers.filter(({ base }) => !flow.name.includes('static-rsa') || base.rsaEncryptRaw)
  const sent = (side: Side): number =>
    goldenFile(flow.name)
      .connections.flat()
      .reduce((sum, { from, bytes }) => sum + (from === side ? bytes.length / 2 : 0), 0)
  for (const side of sides) {
    for (const { name, base, parts, answers } of able) {
      it.each(fragmentations)(`${side}, ${name} ${answers}, $name`, async ({ make }) => {
        const fixed = fixedProvider(base, parts.x25519, `${flow.name} ${side}`)
        const provider = answers === 'later' ? { ...fixed, groups: delayedProvider(fixed).groups } : fixed
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
      await expect(replayGolden({ flow, side, provider, fragment: (left) => left })).rejects.toThrow(
        /where the golden flow has/,
      )
    }
  })
})

describe('one bit of what the peer sent is flipped', () => {
  /** What came of a connection of which byte `at` of the peer's bytes differs in one bit. */
  const outcome = (flow: GoldenFlow, side: Side, at: number): string => {
    const engineOf = side === 'client' ? clientEngine : serverEngine
    const engine = engineOf(flow, fixedProvider(nodeProvider, nodeParts.x25519, `${flow.name} ${side}`), new Memory())
    let seen = 0
    for (const { from, bytes } of goldenFile(flow.name).connections[0] ?? []) {
      if (from !== side) {
        const changed = fromHex(bytes)
        const inside = at - seen
        if (inside >= 0 && inside < changed.length) changed[inside] = (changed[inside] ?? 0) ^ (1 << (at % 8))
        seen += changed.length
        engine.receive(changed)
      }
      for (const event of engine.takeEvents()) {
        if (event.type === 'error') return event.error.code
        if (event.type === 'handshake' && side === 'client') void engine.send(utf8Bytes('a request'))
        if (event.type === 'data' && side === 'server') void engine.send(utf8Bytes('an answer'))
        if (event.type === 'end') return 'ended'
      }
      engine.takeOutput()
    }
    engine.receiveEnd()
    const [last] = engine.takeEvents().slice(-1)
    return last?.type === 'error' ? last.error.code : 'open'
  }

  const peerBytes = (flow: GoldenFlow, side: Side): number =>
    (goldenFile(flow.name).connections[0] ?? []).reduce(
      (sum, { from, bytes }) => sum + (from === side ? 0 : bytes.length / 2),
      0,
    )

  describe.each(flows)('$name', (flow) => {
    it.each(sides)("%s: ends in an error of the peer's making, every time", (side) => {
      const total = peerBytes(flow, side)
      const codes = new Map<string, number>()
      for (let at = 0; at < total; at += 3) {
        const code = outcome(flow, side, at)
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
      expect([...codes.keys()]).not.toContain('internal_error')
      expect([...codes.keys()]).not.toContain('open')
      // the version bytes of plaintext records are looked at by nobody (RFC 5246 appendix E.1)
      expect(codes.get('ended') ?? 0).toBeLessThanOrEqual(4)
      expect(codes.size).toBeGreaterThan(4)
    })
  })

  it('and an untouched one ends well', () => {
    for (const flow of flows) for (const side of sides) expect(outcome(flow, side, -1)).toBe('ended')
  })
})
