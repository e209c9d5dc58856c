// What every stream under TLS has to keep, whatever its shape and whichever engine runs over it.

import { afterEach, describe, expect, it, vi } from 'vitest'

import { establish } from '../../src/connection.ts'
import type { ConnectionOptions, TlsConnection } from '../../src/connection.ts'
import type { TlsEngine } from '../../src/engine/types.ts'
import { TlsError } from '../../src/errors.ts'
import { adapt } from '../../src/stream/adapt.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import { concat, equalBytes } from '../../src/wire/bytes.ts'
import type { Line, LineKind } from './duplexes.ts'

export interface EngineKind {
  readonly name: string
  client(): TlsEngine
  server(): TlsEngine
}

export const compliance = (lineKind: LineKind, engines: EngineKind): void => {
  describe(`${lineKind.name}, ${engines.name}`, () => {
    const lines: Line[] = []
    afterEach(() => {
      vi.useRealTimers()
      for (const line of lines.splice(0)) line.release()
    })

    const open = async (): Promise<Line & { nearStream: ByteStream; farStream: ByteStream }> => {
      const line = await lineKind.make()
      lines.push(line)
      return { ...line, nearStream: adapt(line.near), farStream: adapt(line.far) }
    }

    const connected = async (options: ConnectionOptions = {}) => {
      const line = await open()
      const [client, server] = await Promise.all([
        establish(line.nearStream, engines.client, options),
        establish(line.farStream, engines.server, options),
      ])
      return { ...line, client, server }
    }

    it('carries bytes both ways at once, unchanged and in order', async () => {
      const { client, server } = await connected()
      const sent = bytesOf(300_000)
      const echo = (async () => {
        for await (const chunk of server) await server.write(chunk)
        await server.closeWrite()
      })()
      const writing = (async () => {
        for (let i = 0, size = 1; i < sent.length; i += size, size = (size * 7) % 40_009)
          await client.write(sent.subarray(i, i + size))
        await client.closeWrite()
      })()
      const back = await readAll(client)
      await Promise.all([echo, writing])
      expect(equalBytes(back, sent)).toBe(true)
    })

    it('keeps the order of writes that do not wait for each other, and of a close after them', async () => {
      const { client, server } = await connected()
      const parts = [bytesOf(10), bytesOf(700_001), bytesOf(3), bytesOf(20_000)]
      const writes = parts.map((part) => client.write(part))
      const closed = client.closeWrite()
      const got = await readAll(server)
      await Promise.all([...writes, closed])
      expect(equalBytes(got, concat(...parts))).toBe(true)
    })

    it('half-closes: the other direction goes on', async () => {
      const { client, server, gone } = await connected()
      await client.write(bytesOf(10))
      await client.closeWrite()
      expect((await readAll(server)).length).toBe(10)
      await expect(client.write(bytesOf(1))).rejects.toMatchObject({ code: 'wrong_state' })
      const answer = bytesOf(100_000)
      const writing = server.write(answer).then(() => server.closeWrite())
      expect(equalBytes(await readAll(client), answer)).toBe(true)
      await writing
      expect(await client.read()).toBeNull()
      if (gone) await vi.waitFor(() => expect(gone()).toBe(true), 60_000)
    })

    const bounded = lineKind.buffered < Infinity
    if (bounded)
      it('makes the writer wait when nobody reads, with bounded memory, and loses nothing', async () => {
        const { client, server } = await connected()
        const piece = bytesOf(65_536)
        const total = 640
        let accepted = 0
        const writing = (async () => {
          for (let i = 0; i < total; i++) {
            await client.write(piece)
            accepted++
          }
          await client.closeWrite()
        })()
        await stalled(() => accepted)
        expect(accepted * piece.length).toBeLessThanOrEqual(lineKind.buffered)
        let received = 0
        for await (const chunk of server) received += chunk.length
        await writing
        expect(received).toBe(total * piece.length)
      })

    it('is cancelled in the handshake by its signal, and the stream with it', async () => {
      const { nearStream, farStream } = await open()
      const abort = new AbortController()
      const reason = new Error('no longer wanted')
      const handshake = establish(nearStream, engines.client, { signal: abort.signal })
      expect(await farStream.read()).not.toBeNull()
      abort.abort(reason)
      await expect(handshake).rejects.toMatchObject({ code: 'aborted', cause: reason })
      await ended(farStream)
    })

    it('does not begin under a signal that has fired', async () => {
      const { nearStream, farStream } = await open()
      const handshake = establish(nearStream, engines.client, { signal: AbortSignal.abort(new Error('too late')) })
      await expect(handshake).rejects.toMatchObject({ code: 'aborted' })
      expect(await ended(farStream)).toBe(0)
    })

    it('limits the time of the handshake', async () => {
      const { nearStream, farStream } = await open()
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const handshake = establish(nearStream, engines.client, { handshakeTimeout: 4000 })
      let settled = false
      handshake.catch(() => undefined).finally(() => (settled = true))
      await vi.advanceTimersByTimeAsync(3999)
      expect(settled).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      await expect(handshake).rejects.toMatchObject({ code: 'timeout', fault: 'transport' })
      await ended(farStream)
    })

    it('lifts the time limit when the handshake is done', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { client, server } = await connected({ handshakeTimeout: 4000 })
      expect(vi.getTimerCount()).toBe(0)
      await vi.advanceTimersByTimeAsync(5000)
      await client.write(bytesOf(5))
      expect((await server.read())?.length).toBe(5)
    })

    if (bounded)
      it('aborts a write that waits and a read that waits, and stays failed', async () => {
        const { client } = await connected()
        const reading = client.read()
        const writing = (async () => {
          for (;;) await client.write(bytesOf(65_536))
        })()
        const writingFailed = expect(writing).rejects.toMatchObject({ code: 'aborted' })
        const readingFailed = expect(reading).rejects.toMatchObject({ code: 'aborted' })
        await turns(20)
        const reason = new Error('enough')
        client.abort(reason)
        await Promise.all([writingFailed, readingFailed])
        const again = await client.write(bytesOf(1)).catch((error: unknown) => error)
        expect(again).toMatchObject({ code: 'aborted', cause: reason })
        expect(await client.read().catch((error: unknown) => error)).toBe(again)
        await client.close()
      })

    it('tells the other end of an abort: never a clean end', async () => {
      const { client, server } = await connected()
      client.abort()
      await expect(readAll(server)).rejects.toBeInstanceOf(TlsError)
    })

    it('reports a stream that ends without close_notify as truncated, after the data that came', async () => {
      const { client, server, farStream } = await connected()
      await server.write(bytesOf(1000))
      await farStream.close()
      let got = 0
      const error = await (async () => {
        for await (const chunk of client) got += chunk.length
      })().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'truncated' })
      expect(got).toBe(1000)
      expect(await client.write(bytesOf(1)).catch((thrown: unknown) => thrown)).toBe(error)
      expect(await client.read().catch((thrown: unknown) => thrown)).toBe(error)
      await client.close()
    })

    it('reports a stream that ends in the handshake', async () => {
      const { nearStream, farStream } = await open()
      const handshake = establish(nearStream, engines.client)
      const failed = expect(handshake).rejects.toMatchObject({ code: 'truncated' })
      expect(await farStream.read()).not.toBeNull()
      await farStream.close()
      await failed
    })

    it('reports a stream that breaks, to everybody who waits, with one error', async () => {
      const { client, cut } = await connected()
      const reading = client.read().catch((error: unknown) => error)
      await turns(5)
      cut()
      const error = await reading
      expect(error).toMatchObject({ code: 'transport_failed', fault: 'transport', cause: { message: 'cable cut' } })
      expect(await client.write(bytesOf(1)).catch((thrown: unknown) => thrown)).toBe(error)
    })

    it('closes: the peer reads a clean end, and what waits here is told', async () => {
      const { client, server, gone } = await connected()
      const waiting = client.read().catch((error: unknown) => error)
      await client.write(bytesOf(100))
      await client.close()
      expect(await waiting).toMatchObject({ code: 'closed' })
      expect((await readAll(server)).length).toBe(100)
      await server.close()
      await client.close()
      if (gone) await vi.waitFor(() => expect(gone()).toBe(true), 60_000)
    })

    it('closes though the peer does not close its side', async () => {
      const { client, server, nearStream } = await connected({ closeTimeout: 3000 })
      const abort = vi.spyOn(nearStream, 'abort')
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      await client.close()
      expect(await server.read()).toBeNull()
      await vi.advanceTimersByTimeAsync(2999)
      expect(abort).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1)
      expect(abort).toHaveBeenCalledOnce()
    })

    if (bounded)
      it('gives up closing when the peer takes nothing', async () => {
        const { client } = await connected({ closeTimeout: 3000 })
        let accepted = 0
        const writing = (async () => {
          for (;;) {
            await client.write(bytesOf(65_536))
            accepted++
          }
        })()
        const writingFailed = expect(writing).rejects.toBeInstanceOf(TlsError)
        await stalled(() => accepted)
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
        const closing = expect(client.close()).rejects.toMatchObject({ code: 'timeout' })
        await vi.advanceTimersByTimeAsync(20_000)
        await closing
        await writingFailed
      })

    it('takes bytes that were read before as the head', async () => {
      const { nearStream, farStream } = await open()
      const handshake = establish(nearStream, engines.client)
      const head = await farStream.read()
      expect(head).not.toBeNull()
      const before = head?.slice() ?? new Uint8Array()
      const server = await establish(farStream, engines.server, head ? { head } : {})
      const client = await handshake
      expect(head).toEqual(before)
      await client.write(bytesOf(3))
      expect((await server.read())?.length).toBe(3)
    })

    it('is web streams too: pipes through, and cancelling both ends closes', async () => {
      const { client, server } = await connected()
      const sent = bytesOf(200_000)
      const echo = server.readable.pipeTo(server.writable)
      const writer = client.writable.getWriter()
      const writing = writer.write(sent).then(() => writer.close())
      const parts: Uint8Array[] = []
      for await (const chunk of client.readable) parts.push(chunk)
      await Promise.all([writing, echo])
      expect(equalBytes(concat(...parts), sent)).toBe(true)
    })
  })
}

/** Deterministic bytes of a pattern that shows a swap. */
export const bytesOf = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 17 + (i >> 16)) & 0xff
  return bytes
}

export const readAll = async (connection: TlsConnection): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  for await (const chunk of connection) parts.push(chunk)
  return concat(...parts)
}

/** Some turns of the event loop. */
export const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Waits until a count no longer grows. */
const stalled = async (count: () => number): Promise<void> => {
  for (let seen = -1; seen !== count();) {
    seen = count()
    await new Promise((resolve) => setTimeout(resolve, 50))
    await turns(20)
  }
}

/** Reads a stream to its end, clean or not: the number of bytes that came. */
const ended = async (stream: ByteStream): Promise<number> => {
  let length = 0
  try {
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) length += chunk.length
  } catch {
    // broken counts as ended
  }
  return length
}
