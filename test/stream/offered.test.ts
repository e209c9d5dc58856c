// Chunks of a socket of our own go to the engine in the event that brings them, as long as nothing stands in the way:
// order, backpressure and the end are those of a stream that is read chunk by chunk.

import { Socket } from 'node:net'
import { expect, it, vi } from 'vitest'

import { establish } from '../../src/connection.ts'
import type { TlsConnection } from '../../src/connection.ts'
import { Inbox } from '../../src/stream/inbox.ts'
import type { OfferingStream } from '../../src/stream/intake.ts'
import { fromNode, fromOwnSocket } from '../../src/stream/node.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import { bytesOf } from './compliance.ts'
import { sockets } from './duplexes.ts'
import { FakeEngine } from './fake-engine.ts'

const ignore = (): void => {}
const nothing = new Uint8Array(0)

const turnsOfTheLoop = async (times: number): Promise<void> => {
  for (let i = 0; i < times; i++) await new Promise(setImmediate)
}

/** Both ends over sockets of our own; `reads` counts what the client's stream was asked for. */
const withConnections = async (
  run: (ends: {
    readonly client: TlsConnection
    readonly server: TlsConnection
    readonly socket: Socket
    readonly engine: FakeEngine
  }) => Promise<void>,
  options: { readonly delayed?: boolean } = {},
): Promise<void> => {
  const { near, far, release } = await sockets.make()
  try {
    if (!(near instanceof Socket) || !(far instanceof Socket)) throw new Error('these are no sockets')
    const engine = new FakeEngine('client', options)
    const [client, server] = await Promise.all([
      establish(fromOwnSocket(near), () => engine),
      establish(fromOwnSocket(far), () => new FakeEngine('server')),
    ])
    await run({ client, server, socket: near, engine })
  } finally {
    release()
  }
}

it('a chunk that is taken leaves the read waiting, and one that is given back answers it', async () => {
  const inbox = new Inbox(ignore)
  const answers: (Uint8Array | undefined)[] = [undefined, undefined, nothing]
  const offered = vi.fn((chunk: Uint8Array) => (answers.length > 0 ? answers.shift() : chunk))
  inbox.offer = offered
  const reading = inbox.read()
  inbox.push(bytesOf(1))
  inbox.push(bytesOf(2))
  inbox.push(bytesOf(3)) // taken, and the read is over
  inbox.push(bytesOf(4))
  expect(await reading).toEqual(nothing)
  expect([offered.mock.calls.length, inbox.bytes]).toEqual([3, 4])
  expect(await inbox.read()).toEqual(bytesOf(4)) // it was there already
  const refused = inbox.read()
  inbox.push(bytesOf(5))
  expect(await refused).toEqual(bytesOf(5))
})

it('a queue that ends while a chunk is offered tells the end to the one who waits', async () => {
  const inbox = new Inbox(ignore)
  const broken = new Error('no')
  inbox.offer = () => {
    inbox.drop(broken)
    return nothing
  }
  const reading = inbox.read()
  inbox.push(bytesOf(1))
  await expect(reading).rejects.toBe(broken)
})

it('a socket that is somebody else’s offers nothing: its events may come inside of our own writes', async () => {
  const { near, far, release } = await sockets.make()
  if (!(near instanceof Socket) || !(far instanceof Socket)) throw new Error('these are no sockets')
  const stream: ByteStream & OfferingStream = fromNode(near)
  stream.offerTo?.(() => undefined)
  const reading = stream.read()
  far.write(bytesOf(10))
  expect(await reading).toEqual(bytesOf(10))
  release()
})

it('the engine is given a chunk before the callbacks of promises that its event leads to', () =>
  withConnections(async ({ client, server, socket, engine }) => {
    const order: string[] = []
    const receive = engine.receive.bind(engine)
    engine.receive = (bytes) => {
      order.push('engine')
      return receive(bytes)
    }
    socket.prependListener('data', () => queueMicrotask(() => order.push('callback')))
    const reading = client.read()
    await server.write(bytesOf(100))
    expect(await reading).toEqual(bytesOf(100))
    expect(order).toEqual(['engine', 'callback'])
  }))

it.each([false, true])('all of 4 MiB comes in order, whoever stops reading in between (delayed: %s)', (delayed) =>
  withConnections(
    async ({ client, server }) => {
      const sent = bytesOf(1 << 20)
      const writing = (async () => {
        for (let i = 0; i < 4; i++) await server.write(sent.slice())
        await server.closeWrite()
      })()
      let got = 0
      for (let data = await client.read(); data; data = await client.read()) {
        for (let i = 0; i < data.length; i++) {
          if (data[i] !== sent[(got + i) % sent.length]) throw new Error(`wrong at ${got + i}`)
        }
        got += data.length
        if (got % 5 === 0) await turnsOfTheLoop(3)
      }
      await writing
      expect(got).toBe(4 << 20)
    },
    { delayed },
  ),
)

it('nobody reads: what is taken from the socket stays bounded', () =>
  withConnections(async ({ client, server, socket, engine }) => {
    let received = 0
    const receive = engine.receive.bind(engine)
    engine.receive = (bytes) => {
      received += bytes.length
      return receive(bytes)
    }
    const writing = Promise.allSettled(Array.from({ length: 512 }, () => server.write(bytesOf(16_384))))
    for (let before = -1; before !== socket.bytesRead || received === 0;) {
      before = socket.bytesRead
      await turnsOfTheLoop(20)
    }
    // 64 KiB ahead of the reader and the chunk that filled them; as much at the adapter, and in the socket itself
    expect(received).toBeLessThanOrEqual(2 * 65_536)
    expect(socket.bytesRead).toBeLessThanOrEqual(6 * 65_536)
    client.abort()
    server.abort()
    await writing
  }))

it('a connection that ends in the event that brought the reason takes nothing more', () =>
  withConnections(async ({ client, server, engine }) => {
    const receive = vi.spyOn(engine, 'receive').mockImplementationOnce(() => {
      throw new Error('a mistake of an engine')
    })
    const reading = client.read()
    await server.write(bytesOf(10))
    await expect(reading).rejects.toMatchObject({ code: 'internal_error' })
    await server.write(bytesOf(10)).catch(() => undefined)
    await turnsOfTheLoop(5)
    expect(receive).toHaveBeenCalledOnce()
  }))
