// Memory of puretls/node that nobody else has seen goes back at once: what a socket gave, when its records were opened,
// what it was given, when the system has taken it, and writes that were joined, when they are sealed. Everything else
// stays.

import { once } from 'node:events'
import { connect as connectTcp, createServer as createTcpServer, Socket } from 'node:net'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect, createServer, TLSSocket } from '../../src/node/index.ts'
import { TlsHandle } from '../../src/node/handle.ts'
import { Transport } from '../../src/node/transport.ts'
import type { TransportListener } from '../../src/node/transport.ts'
import { createCa } from '../../src/pki/index.ts'
import { bytesOf } from '../stream/compliance.ts'
import { connectedSockets } from '../stream/duplexes.ts'
import { FakeEngine } from '../stream/fake-engine.ts'

const authority = await createCa({ name: 'Memory CA' })
const leaf = await authority.issue({ names: ['localhost'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem

const closing: (() => unknown)[] = []
afterEach(() => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) close()
})

const isGone = (bytes: Uint8Array): boolean => bytes.buffer.byteLength === 0
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port

const transportOf = (socket: Socket) => {
  const heard = { onData: vi.fn<TransportListener['onData']>(() => true), onEnd: vi.fn(), onError: vi.fn() }
  return { heard, transport: new Transport(socket, { ...heard, onClose: vi.fn() }) }
}

/** Both ends of a connection over TCP. */
const line = async (): Promise<readonly [near: Socket, far: Socket]> => {
  const [near, far] = await connectedSockets()
  closing.push(
    () => near.destroy(),
    () => far.destroy(),
  )
  return [near, far]
}

describe('what a socket gives', () => {
  /** Whether what comes is ours alone. */
  const receive = async (socket: Socket, far: Socket): Promise<readonly boolean[]> => {
    const { heard, transport } = transportOf(socket)
    transport.start()
    far.write(bytesOf(5000))
    await vi.waitFor(() => expect(heard.onData).toHaveBeenCalled(), 60_000)
    return heard.onData.mock.calls.map(([, isOurs]) => isOurs)
  }

  it('is ours alone', async () => {
    const [near, far] = await line()
    expect(await receive(near, far)).toEqual([true])
  })

  it('is not where somebody put a function before ours', async () => {
    const [near, far] = await line()
    const { heard, transport } = transportOf(near)
    const push = near.push.bind(near)
    near.push = (chunk) => push(chunk)
    transport.start()
    far.write(bytesOf(5000))
    await vi.waitFor(() => expect(heard.onData).toHaveBeenCalled(), 60_000)
    expect(heard.onData.mock.calls.map(([, isOurs]) => isOurs)).toEqual([false])
  })

  it('is not where the socket is of a class made of it', async () => {
    const [near, far] = await line()
    Object.setPrototypeOf(near, class extends Socket {}.prototype as object)
    expect(await receive(near, far)).toEqual([false])
  })

  it('is not what lay in it before', () => {
    const socket = new Socket()
    socket.unshift(bytesOf(5000))
    const { heard, transport } = transportOf(socket)
    vi.spyOn(socket, '_read').mockReturnValue()
    transport.start()
    expect(heard.onData.mock.calls).toEqual([[Buffer.from(bytesOf(5000)), false]])
  })
})

describe('what a socket is given', () => {
  const write = async (isHooked: boolean): Promise<readonly boolean[]> => {
    const [near, far] = await line()
    if (isHooked) near.write = near.write.bind(near)
    const { transport } = transportOf(near)
    const chunks = [bytesOf(20_000), bytesOf(100)]
    const expected = Buffer.concat(chunks)
    await new Promise<void>((resolve) => transport.write(chunks, () => resolve()))
    let got = Buffer.alloc(0)
    while (got.length < expected.length) got = Buffer.concat([got, ...((await once(far, 'data')) as Buffer[])])
    expect(got).toEqual(expected)
    return chunks.map(isGone)
  }

  it('goes back when the system has taken it, but for what is too small to be worth it', async () =>
    expect(await write(false)).toEqual([true, false]))
  it('stays where somebody hooked write()', async () => expect(await write(true)).toEqual([false, false]))
})

describe('a handle', () => {
  const established = async (engine = new FakeEngine('server')) => {
    const [socket, far] = await line()
    far.resume()
    vi.spyOn(socket, '_read').mockReturnValue()
    const got: Uint8Array[] = []
    const ignore = (): void => undefined
    const owner = {
      makeEngine: () => engine,
      onHandshake: ignore,
      onRenegotiated: ignore,
      onData: (data: Uint8Array) => got.push(data) > 0,
      onEnd: ignore,
      onSession: ignore,
      onTlsError: ignore,
      onTransportError: ignore,
      onTransportClose: ignore,
      verifyError: () => null,
    }
    const handle = new TlsHandle(owner, socket)
    handle.start()
    socket.push(Uint8Array.of(1, 0, 0, 0, 0))
    return { handle, socket, engine, got }
  }
  const frame = (): Uint8Array => Uint8Array.of(2, 0, 0, 0x20, 0, ...bytesOf(0x2000))

  it('gives back what it received when nothing refers to it any more', async () => {
    const { socket, got } = await established()
    const bytes = frame()
    socket.push(bytes)
    expect([isGone(bytes), got]).toEqual([true, [Buffer.from(bytesOf(0x2000))]])
  })

  it('keeps what the engine still needs', async () => {
    const { socket, engine } = await established()
    vi.spyOn(engine, 'receive').mockReturnValue(false)
    const bytes = frame()
    socket.push(bytes)
    expect(isGone(bytes)).toBe(false)
  })

  it('gives back writes that were joined when they are sealed, and never those of a program', async () => {
    const { handle, engine } = await established()
    const sent = vi.spyOn(engine, 'send')
    const [joined, given] = [bytesOf(5000), bytesOf(5000)]
    handle.write(joined, () => undefined, true)
    handle.write(given, () => undefined)
    expect(sent).toHaveBeenCalledTimes(2)
    expect([joined, given].map(isGone)).toEqual([true, false])
  })

  it('keeps writes that are sealed later, or wait for something that is', async () => {
    const { handle, engine } = await established()
    const later = bytesOf(5000)
    engine.sealing = Promise.resolve()
    handle.write(later, () => undefined, true)
    const still = bytesOf(5000)
    vi.spyOn(engine, 'send').mockReturnValue(new Promise(() => undefined))
    engine.sealing = undefined
    handle.write(still, () => undefined, true)
    expect([later, still].map(isGone)).toEqual([false, false])
  })
})

describe('a connection', () => {
  /** Ciphertext that the sockets of both ends were given, and whether the memory of all of it is gone. */
  const exchange = async (dial: (port: number) => TLSSocket, give: (server: NetServer) => NetServer) => {
    const written: Uint8Array[] = []
    const { write } = Socket.prototype
    vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args: unknown[]): boolean {
      const [chunk] = args
      if (chunk instanceof Uint8Array && chunk.length >= 4096 && !(this instanceof TLSSocket)) written.push(chunk)
      return Reflect.apply(write, this, args) as boolean
    })
    const server = createServer(identity)
    const listening = give(server).listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const client = dial(portOf(listening))
    closing.push(
      () => client.destroy(),
      () => listening.close(),
    )
    const [peer] = (await once(server, 'secureConnection')) as [TLSSocket]
    closing.push(() => peer.destroy())
    const parts = Array.from({ length: 64 }, (_, i) => Buffer.alloc(1024, i))
    const kept = Buffer.concat(parts)
    const arrived = (socket: TLSSocket): Promise<Buffer> =>
      new Promise((resolve) => {
        const got: Buffer[] = []
        socket.on('data', (data: Buffer) => {
          got.push(data)
          const all = Buffer.concat(got)
          if (all.length >= kept.length) resolve(all)
        })
      })
    for (const [from, to] of [
      [client, peer],
      [peer, client],
    ] as const) {
      const got = arrived(to)
      from.cork()
      for (const part of parts) from.write(part)
      const done = new Promise((resolve) => from.write('', resolve))
      from.uncork()
      await done
      expect(await got).toEqual(kept)
    }
    expect(Buffer.concat(parts)).toEqual(kept) // a program's own memory is its own
    expect(written.length).toBeGreaterThanOrEqual(2)
    return written.map(isGone)
  }
  const options = { host: '127.0.0.1', servername: 'localhost', ca }

  it('gives back what both ends sent over sockets of their own', async () => {
    const gone = await exchange(
      (port) => connect({ ...options, port }),
      (server) => server,
    )
    expect(new Set(gone)).toEqual(new Set([true]))
  })

  it('gives back what was sent over sockets that were handed in', async () => {
    const gone = await exchange(
      (port) => connect({ ...options, socket: connectTcp(port, '127.0.0.1') }),
      (server) => createTcpServer((socket) => server.emit('connection', socket)),
    )
    expect(new Set(gone)).toEqual(new Set([true]))
  })

  it('keeps what was sent over sockets of a class of somebody else', async () => {
    class Seen extends Socket {}
    const gone = await exchange(
      (port) => connect({ ...options, socket: new Seen().connect(port, '127.0.0.1') }),
      (server) =>
        createTcpServer((socket) => {
          Object.setPrototypeOf(socket, Seen.prototype as object)
          server.emit('connection', socket)
        }),
    )
    expect(new Set(gone)).toEqual(new Set([false]))
  })
})
