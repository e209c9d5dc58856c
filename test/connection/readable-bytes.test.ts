// `readable` is a stream of bytes: it gives chunks, or fills memory of the reader (Streams Standard, section 4.7).

import { afterEach, describe, expect, it, vi } from 'vitest'

import { nodeProvider } from '../../src/crypto/node.ts'
import { joined } from './joined.ts'

afterEach(() => void vi.unstubAllGlobals())

describe('a reader with memory of its own', () => {
  it('gets data there, and what does not fit with the next read', async () => {
    const [client, server] = await joined()
    await server.write(Uint8Array.of(1, 2, 3, 4, 5))
    const reader = client.readable.getReader({ mode: 'byob' })
    const memory = new Uint8Array(8).fill(9)
    const first = await reader.read(memory.subarray(2, 5))
    expect([...(first.value ?? [])]).toEqual([1, 2, 3])
    expect(memory.length, 'it belongs to the stream meanwhile').toBe(0)
    expect([...new Uint8Array(first.value?.buffer ?? new ArrayBuffer(0))]).toEqual([9, 9, 1, 2, 3, 9, 9, 9])
    const second = await reader.read(new Uint8Array(8))
    expect([...(second.value ?? [])]).toEqual([4, 5])
    server.abort()
    client.abort()
  })

  it('is answered when data comes, and told of the end', async () => {
    const [client, server] = await joined()
    const reader = client.readable.getReader({ mode: 'byob' })
    const waiting = reader.read(new Uint8Array(4))
    await server.write(Uint8Array.of(7))
    expect([...((await waiting).value ?? [])]).toEqual([7])
    const last = reader.read(new Uint8Array(4))
    await server.closeWrite()
    const { done, value } = await last
    expect(done).toBe(true)
    expect(value?.length).toBe(0)
    await Promise.all([client.close(), server.close()])
  })

  it('hears of what ended the connection', async () => {
    const [client] = await joined()
    const waiting = client.readable.getReader({ mode: 'byob' }).read(new Uint8Array(4))
    client.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  })

  it.each([
    ['comes later', false],
    ['waits already when data comes', true],
  ])('that goes away while it waits leaves the data to the next one, which %s', async (_, waits) => {
    const [client, server] = await joined()
    const reader = client.readable.getReader({ mode: 'byob' })
    const waiting = reader.read(new Uint8Array(4))
    await new Promise(setImmediate) // it is asked for
    reader.releaseLock()
    await expect(waiting).rejects.toThrow(TypeError)
    const early = waits ? client.readable.getReader().read() : undefined
    await server.write(Uint8Array.of(1, 2))
    const { value } = await (early ?? client.readable.getReader().read())
    expect([...(value ?? [])]).toEqual([1, 2])
    await Promise.all([client.close(), server.close()])
  })

  it('that cancels while it waits is done', async () => {
    const [client, server] = await joined()
    const reader = client.readable.getReader({ mode: 'byob' })
    const waiting = reader.read(new Uint8Array(4))
    await reader.cancel()
    expect((await waiting).done).toBe(true)
    await server.write(new Uint8Array(200_000)) // nobody reads it, and it is taken all the same
    await Promise.all([client.close(), server.close()])
  })

  it('gets 2 MiB in order, whatever the memory', async () => {
    const [client, server] = await joined()
    const sent = Uint8Array.from({ length: 2 << 20 }, (_, i) => (i * 31) % 251)
    const writing = server.write(sent).then(() => server.closeWrite())
    const reader = client.readable.getReader({ mode: 'byob' })
    const got: Uint8Array[] = []
    for (let size = 1; ; size = (size * 7) % 70_001) {
      const { done, value } = await reader.read(new Uint8Array(size))
      if (done) break
      got.push(value)
    }
    await writing
    expect(Buffer.concat(got).equals(sent)).toBe(true)
    await Promise.all([client.close(), server.close()])
  })
})

describe('a reader of chunks', () => {
  it('takes no memory that a provider still has: plaintext that is a part of more is copied', async () => {
    const memory = new Uint8Array(1 << 16)
    const suites = nodeProvider.suites.map(({ id, cipher }) => {
      if (cipher.kind !== 'aead') return { id, cipher }
      const importKey: typeof cipher.importKey = (raw) => {
        const inner = cipher.importKey(raw)
        if (inner instanceof Promise) throw new Error('not of this provider')
        return {
          seal: (...all) => inner.seal(...all),
          open: (...all) => {
            const plaintext = inner.open(...all)
            if (!(plaintext instanceof Uint8Array)) return plaintext
            memory.set(plaintext, 100)
            return memory.subarray(100, 100 + plaintext.length)
          },
        }
      }
      return { id, cipher: { ...cipher, importKey } }
    })
    const [client, server] = await joined({ ...nodeProvider, suites })
    await server.write(new Uint8Array(5000).fill(3))
    const { value } = await client.readable.getReader().read()
    expect(value).toEqual(new Uint8Array(5000).fill(3))
    expect(memory.length).toBe(1 << 16)
    await Promise.all([client.close(), server.close()])
  })

  it('has them in a runtime without streams of bytes as well', async () => {
    const Streams = ReadableStream
    const chunksOnly = function (source: UnderlyingSource, strategy?: QueuingStrategy): ReadableStream {
      if (source.type !== undefined) throw new TypeError('no such type')
      return new Streams(source, strategy)
    }
    vi.stubGlobal('ReadableStream', chunksOnly)
    const [client, server] = await joined()
    expect(client.readable.locked).toBe(false)
    await server.write(Uint8Array.of(1, 2))
    const reader = client.readable.getReader()
    expect((await reader.read()).value).toEqual(Uint8Array.of(1, 2))
    await server.closeWrite()
    expect((await reader.read()).done).toBe(true)
    await Promise.all([client.close(), server.close()])
  })
})
