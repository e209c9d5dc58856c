// What receive() answers: true only where nothing refers to the bytes any more. Whoever uses their memory again must
// not change what was received.

import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import type { EngineEvent, TlsEngine } from '../../src/engine/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { withAeadKeys } from '../fixtures/aead-keys.ts'
import { clientOf, eventsOf, meet, serverOf } from '../fixtures/engines.ts'

const payload = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) & 0xff)

/** Gives the bytes in pieces of so many, each overwritten if the engine says that it is free; how many were. */
const give = (
  to: TlsEngine,
  bytes: Uint8Array,
  size: number,
): { readonly free: number; readonly events: EngineEvent[] } => {
  let free = 0
  const events: EngineEvent[] = []
  for (let start = 0; start < bytes.length; start += size) {
    const piece = bytes.slice(start, start + size)
    if (to.receive(piece)) {
      free++
      piece.fill(0xee)
    }
    events.push(...to.takeEvents())
  }
  return { free, events }
}

const received = (events: readonly EngineEvent[]): Uint8Array =>
  concat(...eventsOf(events, 'data').map(({ data }) => data))

describe('the memory of what was received', () => {
  it.each([
    ['node', 'TLS 1.3', nodeProvider],
    ['noble', 'TLS 1.3', nobleProvider],
    ['node', 'TLS 1.2', nodeProvider],
  ] as const)(
    '%s, %s: is free when the records in it were opened, however they are cut',
    async (_, version, provider) => {
      const options = { provider, versions: { min: version, max: version } } as const
      const { client, server } = await meet(options, options)
      for (const size of [1, 7, 1000, 16_406, 40_000, 1_000_000]) {
        void client.send(payload)
        const bytes = concat(...client.takeOutput())
        const { free, events } = give(server, bytes, size)
        expect(free).toBe(Math.ceil(bytes.length / size))
        expect(received(events)).toEqual(payload)
      }
    },
  )

  it('is not free in a handshake, whose messages may lie in it', () => {
    const [client, server] = [clientOf(), serverOf()]
    expect(server.receive(concat(...client.takeOutput()))).toBe(false)
  })

  it('is not free while a provider opens it that answers later', async () => {
    const options = { provider: webcryptoProvider, versions: { min: 'TLS 1.3' } } as const
    const { client, server } = await meet(options, options)
    await client.send(payload)
    expect(server.receive(concat(...client.takeOutput()))).toBe(false)
  })

  it('is not free where a key that wraps ours may keep it', async () => {
    const kept: Uint8Array[] = []
    const watched = withAeadKeys((key) => ({
      open: (nonce, additionalData, sealed) => {
        kept.push(sealed)
        return key.open(nonce, additionalData, sealed)
      },
    }))
    const { client, server } = await meet({ versions: { min: 'TLS 1.3' } }, { provider: watched })
    void client.send(payload)
    expect(give(server, concat(...client.takeOutput()), 1_000_000).free).toBe(0)
    kept.length = 0
    void client.send(payload)
    give(server, concat(...client.takeOutput()), 1000)
    // nor was the memory given back in which the framer put them together
    expect(kept.map(({ length }) => length)).toEqual([...Array.from({ length: 6 }, () => 16_401), 1713])
  })
})
