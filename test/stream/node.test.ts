// Node sockets in every state in which somebody may hand them over.

import { once } from 'node:events'
import { Duplex, PassThrough, duplexPair } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { adapt } from '../../src/stream/adapt.ts'
import type { NodeDuplexLike } from '../../src/stream/types.ts'
import { sockets } from './duplexes.ts'
import { bytesOf, turns } from './compliance.ts'

const text = (bytes: Uint8Array | null): string | null => (bytes ? new TextDecoder().decode(bytes) : null)

describe('a Node duplex that is taken over', () => {
  it('paused, with data in its buffer: the data comes first', async () => {
    const [near, far] = duplexPair()
    near.pause()
    far.write('one')
    await turns(3)
    const stream = adapt(near)
    far.write('two')
    expect(text(await stream.read())).toBe('one')
    expect(text(await stream.read())).toBe('two')
  })

  it('flowing into a listener of somebody else, which stays', async () => {
    const [near, far] = duplexPair()
    const others: string[] = []
    near.on('data', (chunk: Uint8Array) => others.push(String(chunk)))
    const onError = (): void => undefined
    near.on('error', onError)
    far.write('greeting')
    await turns(3)
    const stream = adapt(near)
    far.write('hello')
    expect(text(await stream.read())).toBe('hello')
    expect(others).toEqual(['greeting', 'hello'])
    expect(near.listeners('error')).toContain(onError)
  })

  it('read by `readable` events so far, with a listener that was left behind', async () => {
    const [near, far] = duplexPair()
    near.on('readable', () => undefined)
    far.write('one')
    await turns(3)
    const stream = adapt(near)
    expect(text(await stream.read())).toBe('one')
    far.write('two')
    expect(text(await stream.read())).toBe('two')
    far.end()
    expect(await stream.read()).toBeNull()
  })

  it('paused by this adapter while nobody reads', async () => {
    const [near, far] = duplexPair()
    const stream = adapt(near)
    for (let i = 0; i < 64; i++) far.write(bytesOf(16_384))
    await turns(50)
    expect(near.isPaused()).toBe(true)
    expect(far.writableLength).toBeGreaterThan(800_000)
    far.end()
    let total = 0
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) total += chunk.length
    expect(total).toBe(64 * 16_384)
  })

  it('ended: reads its end, and can still be written to', async () => {
    const [near, far] = duplexPair()
    far.end()
    near.resume()
    await once(near, 'end')
    const stream = adapt(near)
    expect(await stream.read()).toBeNull()
    await stream.write(bytesOf(7))
    expect(far.read()).toHaveLength(7)
  })

  it('destroyed: rejects with the error that destroyed it, and never throws at anybody', async () => {
    const broken = new PassThrough()
    broken.on('error', () => undefined)
    broken.destroy(new Error('line lost'))
    await turns(2)
    const stream = adapt(broken)
    await expect(stream.read()).rejects.toThrow('line lost')
    await expect(stream.write(bytesOf(1))).rejects.toThrow('line lost')
    await expect(stream.close()).rejects.toThrow('line lost')
    stream.abort()
  })

  it('whose error nobody else listens for: it is told to the reader only', async () => {
    const [near] = duplexPair()
    const stream = adapt(near)
    const reading = stream.read()
    near.destroy(new Error('line lost'))
    await expect(reading).rejects.toThrow('line lost')
  })

  it('destroyed by its owner without an error: an end, never bytes out of nowhere', async () => {
    const [near] = duplexPair()
    const stream = adapt(near)
    const reading = stream.read()
    near.destroy()
    expect(await reading).toBeNull()
    await expect(stream.write(bytesOf(1))).rejects.toThrow('closed')
  })

  it('with an encoding: refused with the reason', () => {
    const [near] = duplexPair()
    near.setEncoding('utf8')
    expect(() => adapt(near)).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringContaining('setEncoding') }),
    )
  })

  it('given an encoding later: the read rejects with the reason', async () => {
    const [near, far] = duplexPair()
    const stream = adapt(near)
    near.setEncoding('utf8')
    far.write('text')
    await expect(stream.read()).rejects.toMatchObject({ code: 'bad_option' })
  })

  it('gives plain byte arrays, not Buffers', async () => {
    const [near, far] = duplexPair()
    const stream = adapt(near)
    far.write(Buffer.from('x'))
    expect(Object.getPrototypeOf(await stream.read())).toBe(Uint8Array.prototype)
  })

  it('waits for drain, and is told if the socket dies instead', async () => {
    const never = new Duplex({ read: () => undefined, write: () => undefined, highWaterMark: 10 })
    const stream = adapt(never)
    const writing = stream.write(bytesOf(100))
    const settled = expect(writing).rejects.toThrow('line lost')
    never.destroy(new Error('line lost'))
    await settled
  })

  it('that fails at the first of several chunks is given no further one', async () => {
    const written: number[] = []
    const socket = new Duplex({ read: () => undefined, writev: (_, done) => done() })
    const stream = adapt(socket)
    socket.write = (chunk: Uint8Array) => {
      written.push(chunk.length)
      return socket.emit('error', new Error('line lost'))
    }
    const chunks = [20_000, 30_000, 40_000].map(bytesOf)
    await expect(stream.writev?.(chunks)).rejects.toThrow('line lost')
    expect(written).toEqual([20_000])
    expect(socket.writableCorked).toBe(0)
  })

  it("keeps writing after the peer's FIN, though the socket was made without half-open", async () => {
    const { near, far, release } = await sockets.make()
    const stream = adapt(near)
    const other = adapt(far)
    await other.close()
    expect(await stream.read()).toBeNull()
    await turns(5)
    await stream.write(bytesOf(100))
    await stream.close()
    let total = 0
    for (let chunk = await other.read(); chunk; chunk = await other.read()) total += chunk.length
    expect(total).toBe(100)
    release()
  })

  it('that has a `readable` listener and no read() is not pulled', async () => {
    let emit: (chunk: Uint8Array) => void = () => undefined
    const socket = {
      on: (event: string, listener: (chunk: Uint8Array) => void) => {
        if (event === 'data') emit = listener
        if (event === 'readable') listener(bytesOf(0))
      },
      listenerCount: (event: string) => (event === 'readable' ? 1 : 0),
      write: () => true,
      end: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      destroy: () => undefined,
    }
    const stream = adapt(socket)
    emit(bytesOf(70_000))
    expect(await stream.read()).toEqual(bytesOf(70_000))
    emit(bytesOf(3))
    expect(await stream.read()).toEqual(bytesOf(3))
  })

  it('of a library with only the barest shape (react-native-tcp-socket)', async () => {
    const listeners = new Map<string, ((...args: unknown[]) => void)[]>()
    const calls: string[] = []
    const socket: NodeDuplexLike = {
      on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
      write: (chunk) => calls.push(`write ${chunk.length}`) > 0,
      end: () => emit('finish'),
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      destroy: () => calls.push('destroy'),
    }
    const emit = (event: string, ...args: unknown[]): void =>
      listeners.get(event)?.forEach((listener) => listener(...args))
    const stream = adapt(socket)
    emit('data', bytesOf(70_000))
    expect(calls).toEqual(['pause'])
    expect((await stream.read())?.length).toBe(70_000)
    expect(calls).toEqual(['pause', 'resume'])
    await stream.write(bytesOf(5))
    await stream.close()
    emit('end')
    expect(await stream.read()).toBeNull()
    expect(calls).toEqual(['pause', 'resume', 'write 5', 'destroy'])
  })
})
