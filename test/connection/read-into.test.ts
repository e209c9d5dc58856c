// read({ into }): data goes into memory of the reader, in order, and the library's own is given back.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { CryptoProvider } from '../../src/index.node.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { AeadKey } from '../../src/crypto/provider.ts'
import { Inbox } from '../../src/stream/inbox.ts'
import { joined } from './joined.ts'

describe('read({ into })', () => {
  it('fills the memory, and leaves the rest for the next read', async () => {
    const [client, server] = await joined()
    await server.write(Uint8Array.of(1, 2, 3, 4, 5))
    const into = new Uint8Array(3)
    const first = await client.read({ into })
    expect(first).toEqual(Uint8Array.of(1, 2, 3))
    expect(first?.buffer).toBe(into.buffer)
    expect(await client.read()).toEqual(Uint8Array.of(4, 5))
    const waiting = client.read({ into, timeoutMs: 60_000 })
    await server.write(Uint8Array.of(6, 7, 8, 9))
    expect([...((await waiting) ?? [])]).toEqual([6, 7, 8])
    expect(await client.read({ into })).toEqual(Uint8Array.of(9))
    await server.close()
    expect(await client.read({ into })).toBeNull()
  })

  it('refuses what is no memory, or none', async () => {
    const [client] = await joined()
    for (const into of [new Uint8Array(0), new Uint16Array(4), [1], 'x', null, 5])
      await expect(client.read({ into: into as never })).rejects.toMatchObject({ code: 'bad_option' })
    client.abort()
  })

  it('a call that its limits end leaves the data to the next one', async () => {
    const [client, server] = await joined()
    const into = new Uint8Array(8)
    const cancelled = new AbortController()
    const reading = client.read({ into, signal: cancelled.signal })
    cancelled.abort()
    await expect(reading).rejects.toMatchObject({ code: 'aborted' })
    await server.write(Uint8Array.of(7))
    expect(await client.read({ into })).toEqual(Uint8Array.of(7))
    expect([...into]).toEqual([7, 0, 0, 0, 0, 0, 0, 0])
  })
})

/** nodeProvider, and all plaintexts that it made; `immediate` as it says of its keys. */
const watched = (immediate: boolean): { readonly provider: CryptoProvider; readonly plaintexts: Uint8Array[] } => {
  const plaintexts: Uint8Array[] = []
  const watch = (inner: AeadKey): AeadKey => ({
    immediate,
    seal: (...all) => inner.seal(...all),
    open: (...all) => {
      const plaintext = inner.open(...all) as Uint8Array | undefined
      if (plaintext) plaintexts.push(plaintext)
      return plaintext
    },
  })
  const suites = nodeProvider.suites.map(({ id, cipher }) => {
    if (cipher.kind !== 'aead') return { id, cipher }
    return { id, cipher: { ...cipher, importKey: (raw: Uint8Array) => watch(cipher.importKey(raw) as AeadKey) } }
  })
  return { provider: { ...nodeProvider, suites }, plaintexts }
}

/** Bytes of memory that the plaintext of a record of 16 KiB still has when it was read. */
const leftAfter = async (immediate: boolean, into: Uint8Array | undefined): Promise<number | undefined> => {
  const { provider, plaintexts } = watched(immediate)
  const [client, server] = await joined(provider)
  await server.write(new Uint8Array(1))
  await client.read(into && { into }) // from here on it is known how this one reads
  await server.write(new Uint8Array(16_384).fill(7))
  let read = 0
  while (read < 16_384) read += (await client.read(into && { into }))?.length ?? 0
  client.abort()
  server.abort()
  return plaintexts.at(-1)?.buffer.byteLength
}

describe('the memory of what was read', () => {
  it('is given back when it was copied', async () => {
    expect(await leftAfter(true, new Uint8Array(16_384))).toBe(0)
  })
  it("is the reader's without `into`", async () => {
    expect(await leftAfter(true, undefined)).toBe(16_385)
  })
  it('stays where a provider may keep it', async () => {
    expect(await leftAfter(false, new Uint8Array(16_384))).toBe(16_385)
  })
  it('stays where only a part of it was copied at a time', async () => {
    expect(await leftAfter(true, new Uint8Array(10_000))).toBe(16_385)
  })
})

it('whatever the chunks, the readers and their memory, bytes come once and in order', async () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ read: fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, packed) => {
      const inbox = new Inbox(() => {}, { packed })
      let sent = 0
      const reads: Promise<Uint8Array | null>[] = []
      for (const { push, read } of steps as { push?: number; read?: number }[]) {
        if (push === undefined) reads.push(inbox.read(read === undefined ? undefined : { into: new Uint8Array(read) }))
        else
          inbox.push(
            Uint8Array.from({ length: push }, () => sent++ & 255),
            true,
          )
      }
      inbox.end()
      let got = 0
      for (const part of await Promise.all(reads)) {
        expect((part ?? []).every((byte) => byte === (got++ & 255))).toBe(true)
      }
      for (let part = await inbox.read(); part; part = await inbox.read()) {
        expect(part.every((byte) => byte === (got++ & 255))).toBe(true)
      }
      expect(got).toBe(sent)
    }),
  )
})
