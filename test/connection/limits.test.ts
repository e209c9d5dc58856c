// Limits of single calls, transports that break, readers that let go, and bursts of handshakes.

import { once } from 'node:events'
import { connect as open } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { connectWith } from '../../src/connect.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createServer as createNodeServer } from '../../src/node/index.ts'
import { createServerWith } from '../../src/server.ts'
import { Gate } from '../../src/stream/gate.ts'
import { Inbox } from '../../src/stream/inbox.ts'
import { pair } from '../../src/stream/pair.ts'
import type { ByteStream, WebDuplex } from '../../src/stream/types.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { bytesOf, readAll } from '../stream/compliance.ts'

const connect = connectWith({ provider: nodeProvider })
const createServer = createServerWith({ provider: nodeProvider })
const options = { serverName: 'server.test', verifier: anyCertificate }

const both = async (near: ByteStream | WebDuplex, far: ByteStream) => {
  const [client, server] = await Promise.all([connect(near, options), createServer(ecdsa).accept(far)])
  return { client, server }
}

describe('signal and timeoutMs of a call', () => {
  it('a read that is cancelled takes nothing', async () => {
    const { client, server } = await both(...pair())
    const controller = new AbortController()
    const cancelled = client.read({ signal: controller.signal })
    controller.abort(new Error('not now'))
    await expect(cancelled).rejects.toMatchObject({ code: 'aborted', message: expect.stringContaining('not now') })
    await expect(client.read({ timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' })
    await server.write(bytesOf(10))
    expect(await client.read({ timeoutMs: 60_000 })).toEqual(bytesOf(10))
  })

  it('a signal that has fired already, and an invalid limit', async () => {
    const { client } = await both(...pair())
    await expect(client.read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
    await expect(client.read({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'bad_option' })
  })

  it('a short write that is cancelled goes out all the same', async () => {
    const [near, far] = pair()
    let released = Promise.resolve()
    let release: () => void = () => undefined
    const slow: ByteStream = {
      ...near,
      write: async (data) => {
        await released
        await near.write(data)
      },
    }
    const { client, server } = await both(slow, far)
    released = new Promise((resolve) => {
      release = resolve
    })
    await expect(client.write(bytesOf(100_000), { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' })
    release()
    void client.closeWrite()
    expect(await readAll(server)).toEqual(bytesOf(100_000))
  })

  it('a long write that is cancelled half-way aborts the connection', async () => {
    const [near, far] = pair({ highWaterMark: 1 })
    let stuck = false
    const slow: ByteStream = { ...near, write: (data) => (stuck ? new Promise(() => undefined) : near.write(data)) }
    const { client } = await both(slow, far)
    stuck = true
    await expect(client.write(bytesOf(1_000_000), { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' })
    await expect(client.write(bytesOf(1))).rejects.toMatchObject({ code: 'timeout' })
  })

  it('close() that is cancelled aborts the connection', async () => {
    const [near, far] = pair()
    let stuck = false
    const { client } = await both(
      { ...near, write: (data) => (stuck ? new Promise(() => undefined) : near.write(data)) },
      far,
    )
    stuck = true
    await expect(client.close({ timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' })
    await expect(client.read()).rejects.toMatchObject({ code: expect.stringMatching(/closed|timeout/) })
  })
})

describe('what breaks or lets go', () => {
  it('queued writes reject when the transport breaks', async () => {
    const [near, far] = pair()
    let fail: ((reason: Error) => void) | undefined
    const broken: ByteStream = {
      ...near,
      write: (data) =>
        fail
          ? new Promise((_, reject) => {
              fail = reject
            })
          : near.write(data),
    }
    const { client } = await both(broken, far)
    fail = () => undefined
    const writes = [
      client.write(bytesOf(1)),
      client.write(bytesOf(2)),
      client.write(bytesOf(600_000)),
      client.write(bytesOf(3)),
    ]
    fail(new Error('the cable was cut'))
    for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'transport_failed' })
  })

  it('a failed write of a web stream that had resolved is seen by read()', async () => {
    const [near, far] = pair()
    let fail = false
    const duplex: WebDuplex = {
      readable: new ReadableStream({
        pull: async (controller) => {
          const data = await near.read()
          if (data) controller.enqueue(data)
          else controller.close()
        },
      }),
      writable: new WritableStream(
        {
          write: async (data) => {
            if (fail) throw new Error('the relay dropped it')
            await near.write(data)
          },
        },
        { highWaterMark: 10 },
      ),
    }
    const { client } = await both(duplex, far)
    fail = true
    await client.write(bytesOf(1))
    await expect(client.read()).rejects.toMatchObject({
      code: 'transport_failed',
      message: expect.stringContaining('dropped'),
    })
  })

  it('cancelling `readable` with a full inbox lets the peer go on', async () => {
    const { client, server } = await both(...pair())
    const sent = server.write(bytesOf(1_000_000))
    const reader = client.readable.getReader()
    await reader.read()
    await reader.cancel()
    await sent
    await server.closeWrite()
    await client.close()
  })

  it('a node server whose sockets have no error listener survives a reset', async () => {
    const server = createNodeServer({ cert: ecdsa.cert, key: ecdsa.key })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const accepted = once(server, 'secureConnection')
    const socket: Socket = open(port, '127.0.0.1')
    await connect(socket, options)
    const [secure] = await accepted
    const closed = new Promise((resolve) => secure.on('close', resolve)) // once() would listen for errors
    secure.resume()
    socket.resetAndDestroy()
    await closed
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('bounds', () => {
  it('small chunks are packed, so that they cost what they hold', async () => {
    const inbox = new Inbox(() => undefined, { packed: true })
    for (let i = 0; i < 10_000; i++) inbox.push(Uint8Array.of(i & 0xff))
    let chunks = 0
    let at = 0
    for (; inbox.bytes > 0; chunks++) {
      for (const byte of (await inbox.read()) ?? []) expect(byte).toBe(at++ & 0xff)
    }
    expect(at).toBe(10_000)
    expect(chunks).toBeLessThan(30)
  })

  it('a gate lets so many through in one turn of the event loop', async () => {
    const gate = new Gate(3)
    const passed: number[] = []
    for (let i = 0; i < 8; i++) {
      const turn = gate.pass()
      if (turn) void turn.then(() => passed.push(i))
      else passed.push(i)
    }
    expect(passed).toEqual([0, 1, 2])
    const next = () => new Promise((resolve) => setImmediate(resolve))
    await next()
    expect(passed).toEqual([0, 1, 2, 3, 4, 5])
    await next()
    expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(() => createServer({ ...ecdsa, handshakesPerTurn: 0 })).toThrow(
      expect.objectContaining({ code: 'bad_option' }),
    )
  })
})
