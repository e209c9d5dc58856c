// What write() promises: small writes of one turn share a record, a lone one leaves at once, order and errors hold, and
// two ends that write more than either takes ahead do not stop each other.

import { describe, expect, it } from 'vitest'

import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import type { ByteStream, ConnectOptions, CryptoProvider, TlsConnection } from '../../src/index.node.ts'
import { writePiece } from '../../src/stream/options.ts'
import { joined } from '../../src/wire/bytes.ts'
import { withAeadKeys } from '../fixtures/aead-keys.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { bytesOf, readAll, turns } from './compliance.ts'

interface Options {
  readonly provider?: CryptoProvider
  readonly streams?: readonly [ByteStream, ByteStream]
  readonly client?: Partial<ConnectOptions>
}

const both = async ({ provider = nodeProvider, streams = pair(), client = {} }: Options = {}) => {
  const [near, far] = streams
  const options = { provider, verifier: anyCertificate, serverName: 'localhost', ...client }
  return Promise.all([connect(near, options), createServer({ provider, ...ecdsa }).accept(far)])
}

/** A client, and the lengths of the records of application data that it sent. */
const counting = async (): Promise<{ client: TlsConnection; server: TlsConnection; records: number[] }> => {
  const records: number[] = []
  const trace: ConnectOptions['trace'] = ({ direction, type, content }) => {
    if (direction === 'sent' && type === 23) records.push(content.length)
  }
  const [client, server] = await both({ client: { trace } })
  return { client, server, records }
}

/** A stream whose writes can be held back. */
const holding = () => {
  const [near, far] = pair()
  let held: Promise<void> | undefined
  let release = (): void => {}
  const writes: number[] = []
  const stream: ByteStream = {
    ...near,
    write: async (data) => {
      writes.push(data.length)
      await held
      return near.write(data)
    },
  }
  const hold = (): void => {
    held = new Promise((resolve) => {
      release = () => {
        held = undefined
        resolve()
      }
    })
  }
  return { streams: [stream, far] as const, writes, hold, release: () => release() }
}

it('a lone write is sealed and given to the transport before write() returns', async () => {
  const { streams, writes } = holding()
  const [client] = await both({ streams })
  await turns(2)
  writes.length = 0
  void client.write(bytesOf(1000))
  expect(writes).toEqual([1000 + 22])
})

it.each([false, true])('writes of one turn share records; each awaited: %s', async (awaited) => {
  const { client, server, records } = await counting()
  for (let i = 0; i < 33; i++) {
    const written = client.write(bytesOf(1024))
    if (awaited) await written
  }
  await client.closeWrite()
  expect((await readAll(server)).length).toBe(33 * 1024)
  expect(records).toEqual([1024, 16_384, 16_384])
})

it('what is accepted may be changed by the caller', async () => {
  const [client, server] = await both()
  const data = new Uint8Array(100)
  const expected: Uint8Array[] = []
  for (let i = 0; i < 20; i++) {
    data.fill(i)
    expected.push(data.slice())
    await client.write(data)
    data.fill(0xee)
  }
  await client.closeWrite()
  expect(await readAll(server)).toEqual(joined(expected))
})

it.each([nodeProvider, webcryptoProvider])(
  '$name: order holds between small, large and long writes, and an end',
  async (provider) => {
    const [client, server] = await both({ provider })
    const parts = [10, 700_001, 3, 16_384, 5, 5, 20_000, 1, 300_000, 2].map(bytesOf)
    const got = readAll(server)
    const writes = parts.map((part) => client.write(part))
    await Promise.all([...writes, client.closeWrite()])
    expect(await got).toEqual(joined(parts))
  },
)

it('flush() waits for the transport, write() only for room', async () => {
  const { streams, hold, release } = holding()
  const [client, server] = await both({ streams })
  await client.write(bytesOf(1))
  hold()
  await client.write(bytesOf(2)) // the same turn: accepted
  let flushed = false
  const flush = client.flush().then(() => (flushed = true))
  await turns(3)
  expect(flushed).toBe(false)
  release()
  await flush
  expect(joined([(await server.read()) ?? bytesOf(0), (await server.read()) ?? bytesOf(0)])).toEqual(
    joined([bytesOf(1), bytesOf(2)]),
  )
})

it('flush() after the end of writing is the end of writing, and rejects with what failed', async () => {
  const [client] = await both()
  await client.closeWrite()
  await client.flush()
  client.abort()
  await expect(client.flush()).rejects.toMatchObject({ code: 'aborted' })
})

it('writes that wait for room are told when the connection fails', async () => {
  const { streams, hold } = holding()
  const [client] = await both({ streams })
  hold()
  const writes = Array.from({ length: 10 }, () => client.write(bytesOf(16_384)))
  client.abort(new Error('enough'))
  for (const write of writes.slice(5)) await expect(write).rejects.toMatchObject({ code: 'aborted' })
  await expect(client.write(bytesOf(1))).rejects.toMatchObject({ code: 'aborted' })
})

it(
  'data that was accepted and cannot be sealed ends the connection: the rest is never taken for the ' + 'whole',
  async () => {
    let broken = false
    const failing = withAeadKeys((key) => ({
      seal: (...args) => {
        if (broken) throw new Error('the key is gone')
        return key.seal(...args)
      },
    }))
    const [near, far] = pair()
    const server = createServer({ provider: nodeProvider, ...ecdsa }).accept(far)
    const client = await connect(near, { provider: failing, verifier: anyCertificate, serverName: 'localhost' })
    await client.write(bytesOf(1))
    broken = true
    await client.write(bytesOf(2))
    await turns(2)
    await expect(client.closeWrite()).rejects.toMatchObject({ code: 'internal_error' })
    await expect((async () => readAll(await server))()).rejects.toMatchObject({ name: 'TlsError' })
  },
)

describe('a long write that is cancelled', () => {
  it.each([
    ['after its first piece: the connection ends, for the rest would be missing', 1, 'aborted'],
    ['after its last piece: the peer has the whole of it, and the connection goes on', 2, undefined],
  ] as const)('%s', async (_, pieces, ends) => {
    const { streams, hold, release } = holding()
    const [client, server] = await both({ streams })
    await turns(2)
    const data = bytesOf(2 * writePiece)
    const controller = new AbortController()
    const got: Uint8Array[] = []
    const reading = (async () => {
      for (let read = await server.read(); read; read = await server.read()) got.push(read)
    })()
    hold()
    const written = client.write(data, { signal: controller.signal })
    await turns(2)
    if (pieces === 2) {
      release()
      hold()
      await turns(10)
    }
    controller.abort(new Error('enough'))
    await expect(written).rejects.toMatchObject({ code: 'aborted' })
    release()
    if (ends === undefined) {
      await client.write(bytesOf(3))
      await client.closeWrite()
      await reading
      expect(joined(got)).toEqual(joined([data, bytesOf(3)]))
    } else {
      await expect(client.write(bytesOf(3))).rejects.toMatchObject({ code: ends })
      await expect(reading).rejects.toMatchObject({ name: 'TlsError' })
    }
  })
})

it('two ends that both write more than is taken ahead, and then read, do not stop each other', async () => {
  const [client, server] = await both()
  const parts = Array.from({ length: 10 }, () => bytesOf(60_000))
  const exchange = async (end: TlsConnection): Promise<Uint8Array> => {
    const writes = parts.map((part) => end.write(part))
    await turns(5)
    const got = readAll(end)
    await Promise.all([...writes, end.closeWrite()])
    return got
  }
  expect(await Promise.all([client, server].map(exchange))).toEqual([joined(parts), joined(parts)])
})
