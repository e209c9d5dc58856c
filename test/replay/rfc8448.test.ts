// RFC 8448 byte for byte: each section from each side, with both synchronous providers, answering at once and later,
// however the bytes arrive. What is compared with the trace, and how, is in rfc8448.ts.

import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nobleParts } from '../../src/crypto/noble-groups.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { nodeParts } from '../../src/crypto/node-groups.ts'
import { fragmentations } from './fragments.ts'
import { replay } from './rfc8448.ts'
import type { ReplayOptions } from './rfc8448.ts'
import { recordsOf, traceSection } from './trace.ts'

const sections = [3, 4, 5, 6, 7] as const
const sides = ['client', 'server'] as const
const providers = [
  { provider: nodeProvider, parts: nodeParts },
  { provider: nobleProvider, parts: nobleParts },
]

describe.each(sections)('RFC 8448 section %i', (section) => {
  const trace = traceSection(section)
  describe.each(sides)('%s', (side) => {
    const expected = recordsOf(trace).filter(({ actor }) => actor === side)
    for (const { provider, parts } of providers) {
      for (const delayed of [false, true]) {
        it.each(fragmentations)(`${provider.name}, ${delayed ? 'delayed' : 'at once'}, $name`, async ({ make }) => {
          const { records, bytes, secrets } = await replay({
            section,
            side,
            provider,
            parts,
            delayed,
            fragment: make(),
          })
          expect(records).toBe(expected.length)
          expect(bytes).toBe(expected.reduce((sum, { record }) => sum + record.length, 0))
          expect(secrets).toBeGreaterThan(45)
        })
      }
    }
  })
})

describe('the replay itself', () => {
  const options: ReplayOptions = {
    section: 3,
    side: 'server',
    provider: nodeProvider,
    parts: nodeParts,
    delayed: false,
    fragment: (left) => left,
  }

  it('fails if a record differs', async () => {
    const parts = { ...nodeParts, x25519: { ...nodeParts.x25519, fromPrivate: () => nodeParts.x25519.generate() } }
    await expect(replay({ ...options, parts })).rejects.toThrow(
      /record 1 \(handshake\) of the server|not what the trace signed/,
    )
  })

  it('fails if something else is to be signed than in the trace', async () => {
    const { sha256 } = nodeProvider.hashes
    if (!sha256) throw new Error('no SHA-256')
    const hashes = {
      ...nodeProvider.hashes,
      sha256: {
        ...sha256,
        create: () => ({ ...sha256.create(), digest: () => new Uint8Array(32), clone: () => sha256.create() }),
      },
    }
    await expect(replay({ ...options, provider: { ...nodeProvider, hashes } })).rejects.toThrow(
      'is not what the trace signed',
    )
  })
})
