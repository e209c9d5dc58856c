// The stream under a TLS socket: sockets and duplexes of every kind, and what is asked of one that has ended.

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex, duplexPair, PassThrough } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect as connectTls, TLSSocket } from '../../src/node/index.ts'
import { Transport } from '../../src/node/transport.ts'
import type { TransportListener } from '../../src/node/transport.ts'
import { createCa } from '../../src/pki/index.ts'
import { connectedSockets } from '../stream/duplexes.ts'

const authority = await createCa({ name: 'Transport CA' })
const leaf = await authority.issue({ names: ['localhost'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const listener = () => ({
  onData: vi.fn<TransportListener['onData']>(() => true),
  onEnd: vi.fn(),
  onError: vi.fn(),
  onClose: vi.fn(),
})
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Both ends of a connection over TCP. */
const sockets = async (): Promise<readonly [near: Socket, far: Socket]> => {
  const [near, far] = await connectedSockets({ allowHalfOpen: true })
  closing.push(
    () => near.destroy(),
    () => far.destroy(),
  )
  return [near, far]
}

const epipe = expect.objectContaining({ code: 'EPIPE', syscall: 'write', errno: -32 })

describe('a duplex that is no socket', () => {
  it('gives its bytes, its text as bytes, and its end once; its own direction stays open', async () => {
    const [near, far] = duplexPair()
    const heard = listener()
    const transport = new Transport(near, heard)
    expect(transport.socket).toBeUndefined()
    expect(near.allowHalfOpen).toBe(true)
    transport.start()
    far.write('bytes')
    await vi.waitFor(() => expect(heard.onData).toHaveBeenCalled(), 60_000)
    expect(String(heard.onData.mock.calls[0]?.[0])).toBe('bytes')
    near.setEncoding('utf8')
    far.end('ä')
    await vi.waitFor(() => expect(heard.onEnd).toHaveBeenCalledOnce(), 60_000)
    expect(heard.onData.mock.calls[1]?.[0]).toEqual(Buffer.from('ä'))
    near.destroy()
    await once(near, 'close')
    expect([heard.onEnd.mock.calls.length, heard.onClose.mock.calls.length]).toEqual([1, 1])
  })
  it('that has ended before says so at once', async () => {
    const stream = new PassThrough()
    stream.end()
    await once(stream.resume(), 'end')
    const heard = listener()
    new Transport(stream, heard)
    await turn()
    expect(heard.onEnd).toHaveBeenCalledOnce()
  })
  it('that gives something else than bytes is destroyed', async () => {
    const stream = new Duplex({ objectMode: true, read: () => undefined, write: (_chunk, _encoding, done) => done() })
    const heard = listener()
    new Transport(stream, heard).start()
    stream.push({ an: 'object' })
    await once(stream, 'close').catch(() => undefined)
    expect(heard.onData).not.toHaveBeenCalled()
    expect(heard.onError).toHaveBeenCalledWith(expect.objectContaining({ name: 'TypeError' }))
    expect(stream.destroyed).toBe(true)
  })
  it('is paused when its listener has enough, until resume()', async () => {
    const [near, far] = duplexPair()
    const heard = listener()
    heard.onData.mockReturnValue(false)
    const transport = new Transport(near, heard)
    transport.start()
    far.write('one')
    await vi.waitFor(() => expect(near.isPaused()).toBe(true), 60_000)
    far.write('two')
    await turn()
    expect(heard.onData).toHaveBeenCalledOnce()
    transport.resume()
    await vi.waitFor(() => expect(heard.onData).toHaveBeenCalledTimes(2), 60_000)
    transport.resume()
    expect(near.isPaused()).toBe(false)
    transport.pause()
    expect(near.isPaused()).toBe(true)
    near.destroy()
    transport.resume()
    expect(near.isPaused()).toBe(true)
  })
})

describe('a socket', () => {
  it('is read before its own buffer: what came before it was taken, and then what comes', async () => {
    const [near, far] = await sockets()
    far.write('before')
    await once(near, 'readable')
    const onData = vi.fn()
    near.on('data', onData)
    near.pause()
    const heard = listener()
    const transport = new Transport(near, heard)
    expect(transport.socket).toBe(near)
    transport.start()
    expect(heard.onData.mock.calls.map(([bytes]) => String(bytes))).toEqual(['before'])
    onData.mockClear()
    far.end('after')
    await vi.waitFor(() => expect(heard.onEnd).toHaveBeenCalledOnce(), 60_000)
    expect(heard.onData.mock.calls.map(([bytes]) => String(bytes))).toEqual(['before', 'after'])
    expect(onData).not.toHaveBeenCalled()
    transport.pause()
    expect(near.destroyed).toBe(false)
  })
  it('with an encoding gives bytes all the same', async () => {
    const [near, far] = await sockets()
    near.setEncoding('utf8')
    far.write('ä')
    await once(near, 'readable')
    const heard = listener()
    new Transport(near, heard).start()
    expect(heard.onData.mock.calls).toEqual([[Buffer.from('ä'), false]])
  })
  it('that has ended before says so when it is started', async () => {
    const [near, far] = await sockets()
    far.end()
    await once(near.resume(), 'end')
    const heard = listener()
    new Transport(near, heard).start()
    expect(heard.onEnd).toHaveBeenCalledOnce()
  })
})

describe('writing', () => {
  const written = (transport: Transport, ...texts: string[]): Promise<unknown> =>
    new Promise((resolve) =>
      transport.write(
        texts.map((text) => Buffer.from(text)),
        resolve,
      ),
    )

  it('several chunks are one call below, and are told when the last is taken', async () => {
    const writev = vi.fn((_chunks: object[], done: () => void) => done())
    const write = vi.fn((_chunk: unknown, _encoding: string, done: () => void) => done())
    const stream = new Duplex({ read: () => undefined, write, writev })
    const transport = new Transport(stream, listener())
    expect(await written(transport, 'one')).toBeFalsy()
    expect([write.mock.calls.length, writev.mock.calls.length]).toEqual([1, 0])
    expect(await written(transport, 'one', 'two', 'three')).toBeFalsy()
    expect([write.mock.calls.length, writev.mock.calls.map(([chunks]) => chunks.length)]).toEqual([1, [3]])
    expect(stream.writableCorked).toBe(0)
  })
  it('to a stream that has ended or is destroyed is EPIPE, a turn later, and the stream is left alone', async () => {
    for (const end of [(stream: Duplex) => void stream.end(), (stream: Duplex) => void stream.destroy()]) {
      const [stream] = duplexPair()
      const heard = listener()
      const transport = new Transport(stream, heard)
      end(stream)
      const callback = vi.fn()
      transport.write([Buffer.from('late')], callback)
      expect(callback).not.toHaveBeenCalled()
      await turn()
      expect(callback.mock.calls).toEqual([[epipe]])
      expect(heard.onError).not.toHaveBeenCalled()
    }
  })
})

describe('the end', () => {
  const ended = (transport: Transport): Promise<void> => new Promise((resolve) => transport.end(() => resolve()))
  const gone = (transport: Transport): Promise<void> => new Promise((resolve) => transport.destroy(resolve))

  it('is told once, a turn later at the soonest, whether the stream ends, is destroyed or has ended', async () => {
    for (const [before, after] of [
      [() => undefined, () => undefined],
      [() => undefined, (stream: Duplex) => void stream.destroy()],
      [(stream: Duplex) => void stream.end(), () => undefined],
      [(stream: Duplex) => void stream.destroy(), () => undefined],
    ] as const) {
      const [stream, far] = duplexPair()
      far.resume()
      const transport = new Transport(stream, listener())
      before(stream)
      await turn()
      const callback = vi.fn()
      transport.end(callback)
      expect(callback).not.toHaveBeenCalled()
      expect(stream.writableEnded || stream.destroyed).toBe(true)
      after(stream)
      await vi.waitFor(() => expect(callback).toHaveBeenCalled(), 60_000)
      stream.destroy()
      await turn()
      expect(callback).toHaveBeenCalledOnce()
    }
  })
  it('of a stream that emits close itself is known, though its state does not say so', async () => {
    const stream = new Duplex({
      emitClose: false,
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(),
    })
    const transport = new Transport(stream, listener())
    stream.emit('close')
    await Promise.all([ended(transport), gone(transport)])
    expect(stream.destroyed).toBe(false)
  })
  it('of a stream that closes without having finished is told when it closes', async () => {
    const stream = new Duplex({ emitClose: false, read: () => undefined, final: () => undefined })
    const callback = vi.fn()
    new Transport(stream, listener()).end(callback)
    await turn()
    expect(callback).not.toHaveBeenCalled()
    stream.emit('close')
    expect(callback).toHaveBeenCalledOnce()
  })
  it('by destroy() is told when the stream is closed, and at once where it is', async () => {
    const [near] = await sockets()
    const heard = listener()
    const transport = new Transport(near, heard)
    await gone(transport)
    expect([near.closed, heard.onClose.mock.calls.length]).toEqual([true, 1])
    const callback = vi.fn()
    transport.destroy(callback)
    expect(callback).not.toHaveBeenCalled()
    await turn()
    expect(callback).toHaveBeenCalledOnce()
  })
  it('errors of the stream are told', () => {
    const [stream] = duplexPair()
    const heard = listener()
    new Transport(stream, heard)
    const error = new Error('broken')
    stream.emit('error', error)
    expect(heard.onError.mock.calls).toEqual([[error]])
  })
})

describe('a TLS socket over a stream', () => {
  it('gives what came before the stream was closed, and then its end', async () => {
    for (const ends of [true, false]) {
      const [near, far] = duplexPair()
      const server = new TLSSocket(far, { isServer: true, ...identity })
      const client = connectTls({ socket: near, ca, servername: 'localhost' })
      await once(client, 'secureConnect')
      client.pause()
      if (ends) server.end('before the end')
      else server.write('before the end')
      await vi.waitFor(() => expect(client.readableLength).toBe(14))
      near.destroy()
      await turn()
      expect(client.destroyed).toBe(false)
      const heard: string[] = []
      client.on('data', (data) => heard.push(String(data))).on('end', () => heard.push('end'))
      const closed = once(client, 'close')
      client.resume()
      await closed
      expect(heard).toEqual(['before the end', 'end'])
    }
  })
})
