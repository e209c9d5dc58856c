// TlsConnection over an in-memory pair: what is its own, beyond what the stream suite shows.

import { describe, expect, it, vi } from 'vitest'

import type { TlsConnection } from '../../src/connection.ts'
import { connectWith } from '../../src/connect.ts'
import type { ConnectOptions } from '../../src/connect.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { createServerWith } from '../../src/server.ts'
import type { CreateServerOptions } from '../../src/server.ts'
import { pair } from '../../src/stream/pair.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import { concat, equalBytes } from '../../src/wire/bytes.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'
import { bytesOf, readAll, turns } from '../stream/compliance.ts'

const connect = connectWith({ provider: nodeProvider })
const createServer = createServerWith({ provider: nodeProvider })

interface Both {
  readonly client: TlsConnection
  readonly server: TlsConnection
}

const both = async (
  clientOptions: Partial<ConnectOptions> = {},
  serverOptions: CreateServerOptions = {},
  [near, far]: readonly [ByteStream, ByteStream] = pair(),
): Promise<Both> => {
  const [client, server] = await Promise.all([
    connect(near, { serverName: 'server.test', verifier: anyCertificate, ...clientOptions }),
    createServer({ ...ecdsa, ...serverOptions }).accept(far),
  ])
  return { client, server }
}

describe('TlsConnection', () => {
  it('says what was agreed on, the same at both ends', async () => {
    const { client, server } = await both({ alpn: ['h2', 'x'] }, { alpn: ['x'] })
    for (const { info } of [client, server]) {
      expect(info).toMatchObject({
        version: 'TLS 1.3',
        alpn: 'x',
        serverName: 'server.test',
        resumed: false,
        earlyData: 'none',
      })
    }
    expect(client.info.peerCertificates).toHaveLength(1)
    expect(client.info.cipherSuite).toBe(server.info.cipherSuite)
    const label = 'EXPORTER-test'
    expect(client.exportKeyingMaterial(20, label)).toEqual(server.exportKeyingMaterial(20, label))
    expect(client.channelBinding('tls-exporter')).toEqual(server.channelBinding('tls-exporter'))
  })

  it('is read by read() or by its readable stream, not by both', async () => {
    const { client, server } = await both()
    await server.write(bytesOf(3))
    await server.write(bytesOf(4))
    expect(client.readable).toBe(client.readable)
    expect((await client.read())?.length).toBe(3)
    const reader = client.readable.getReader()
    await expect(reader.read()).rejects.toMatchObject({ code: 'wrong_state' })
    expect((await client.read())?.length).toBe(4)

    await client.write(bytesOf(5))
    const first = await server.readable.getReader().read()
    expect(first.value?.length).toBe(5)
    await expect(server.read()).rejects.toMatchObject({
      code: 'wrong_state',
      message: expect.stringContaining('readable'),
    })
  })

  it('is not read by looking at its readable stream', async () => {
    const { client, server } = await both()
    expect(client.readable.locked).toBe(false)
    await server.write(bytesOf(3))
    await new Promise((resolve) => setTimeout(resolve))
    expect((await client.read())?.length).toBe(3)
  })

  it('answers reads that wait together in order', async () => {
    const { client, server } = await both()
    const reads = [client.read(), client.read(), client.read()]
    await server.write(bytesOf(1))
    await server.write(bytesOf(2))
    await server.closeWrite()
    expect((await Promise.all(reads)).map((data) => data?.length)).toEqual([1, 2, undefined])
  })

  it('gives sessions to onSession and keeps the last', async () => {
    const onSession = vi.fn<(session: Uint8Array) => void>()
    const protector = { seal: (plain: Uint8Array) => plain.slice(), open: (sealed: Uint8Array) => sealed.slice() }
    const { client, server } = await both({ onSession }, { tickets: { count: 2, protector } })
    await server.write(bytesOf(1))
    await client.read()
    expect(onSession).toHaveBeenCalledTimes(2)
    expect(client.session).toBe(onSession.mock.calls[1]?.[0])
    const { session } = client
    expect(session).toBeInstanceOf(Uint8Array)
    const again = await both(session ? { session } : {}, { tickets: { count: 2, protector } })
    expect(again.client.info.resumed).toBe(true)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('fails with the reason when onSession %s', async (_, onSession) => {
    const protector = { seal: (plain: Uint8Array) => plain.slice(), open: (sealed: Uint8Array) => sealed.slice() }
    const { client } = await both({ onSession }, { tickets: { count: 1, protector } })
    await expect(client.read()).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.stringContaining('disk full'),
    })
  })

  it('changes its keys, also those of the peer, in the middle of the data', async () => {
    const { client, server } = await both()
    const parts = [bytesOf(40_000), bytesOf(9), bytesOf(300_000)]
    const sending = (async () => {
      for (const part of parts) {
        const writing = client.write(part)
        await client.updateKeys({ requestPeer: true })
        await writing
      }
      await client.closeWrite()
    })()
    expect(equalBytes(await readAll(server), concat(...parts))).toBe(true)
    await sending
    await server.write(bytesOf(5))
    expect((await client.read())?.length).toBe(5)
    await expect(client.updateKeys()).rejects.toMatchObject({ code: 'wrong_state' })
  })

  it('refuses text with a hint, and keeps working', async () => {
    const { client, server } = await both()
    await expect(client.write('text' as unknown as Uint8Array)).rejects.toMatchObject({ code: 'bad_option' })
    await client.write(bytesOf(1))
    expect((await server.read())?.length).toBe(1)
  })

  it('takes nothing from an empty write', async () => {
    const { client, server } = await both()
    await client.write(new Uint8Array())
    await client.write(bytesOf(2))
    expect((await server.read())?.length).toBe(2)
  })

  it('does not change what it is given to write', async () => {
    const { client, server } = await both()
    const data = bytesOf(50_000)
    await client.write(data)
    expect(equalBytes(data, bytesOf(50_000))).toBe(true)
    await client.close()
    expect(equalBytes(await readAll(server), data)).toBe(true)
  })

  it('fails the writable stream when the connection fails, without a write', async () => {
    const { client } = await both()
    const writer = client.writable.getWriter()
    const closed = expect(writer.closed).rejects.toMatchObject({ code: 'aborted' })
    client.abort()
    await closed
  })

  it('asks nothing of a transport that it has aborted: close() with a broken pipe ends with that', async () => {
    const [near, far] = pair()
    const calls: string[] = []
    let broken = false
    const stream: ByteStream = {
      ...near,
      write: (data) => (broken ? Promise.reject(new Error('EPIPE')) : near.write(data)),
      close: () => {
        calls.push('close')
        return near.close()
      },
      abort: (reason) => {
        calls.push('abort')
        near.abort(reason)
      },
    }
    const { client } = await both({}, {}, [{ ...stream, writev: undefined } as unknown as ByteStream, far])
    broken = true
    await expect(client.close()).rejects.toMatchObject({ name: 'TlsError' })
    expect(calls).toEqual(['abort'])
  })

  it('seals no alert for a peer whose transport has failed', async () => {
    const [near, far] = pair()
    const sent: number[] = []
    const { client } = await both(
      { trace: ({ direction, type }) => void (direction === 'sent' && sent.push(type)) },
      {},
      [near, far],
    )
    far.abort(new Error('line lost'))
    await expect(client.read()).rejects.toMatchObject({ name: 'TlsError' })
    expect(sent).not.toContain(21)
  })

  it('ends with the reason that its writable stream is aborted with', async () => {
    const { client, server } = await both()
    const reason = new Error('enough')
    await client.writable.abort(reason)
    await expect(client.read()).rejects.toMatchObject({ code: 'aborted', cause: reason })
    await expect(readAll(server)).rejects.toMatchObject({ name: 'TlsError' })
  })

  it('has early keying material only if there was early data', async () => {
    const { client, server } = await both()
    for (const end of [client, server])
      expect(() => end.exportEarlyKeyingMaterial(32, 'EXPORTER-test')).toThrow(/early data/)
  })

  it('closes the transport when both web streams are let go', async () => {
    const [near, far] = pair()
    const close = vi.spyOn(near, 'close')
    const { client, server } = await both({}, {}, [near, far])
    await server.write(bytesOf(10))
    await client.readable.cancel()
    await server.write(bytesOf(100_000))
    expect(close).not.toHaveBeenCalled()
    await client.writable.close()
    expect(close).toHaveBeenCalledOnce()
    expect(await server.read()).toBeNull()
  })

  it('carries TLS in TLS: a connection is a stream', async () => {
    const outer = await both()
    const [client, server] = await Promise.all([
      connect(outer.client, { serverName: 'server.test', verifier: anyCertificate }),
      createServer(rsa).accept(outer.server),
    ])
    const writing = client.write(bytesOf(500_000)).then(() => client.close())
    expect(equalBytes(await readAll(server), bytesOf(500_000))).toBe(true)
    await writing
    await server.close()
    await expect(outer.server.write(bytesOf(1))).rejects.toMatchObject({ code: 'wrong_state' })
  })

  it('leaves a loop early without closing', async () => {
    const { client, server } = await both()
    await server.write(bytesOf(1))
    for await (const chunk of client) {
      expect(chunk.length).toBe(1)
      break
    }
    await server.write(bytesOf(2))
    expect((await client.read())?.length).toBe(2)
  })
})

describe('memory', () => {
  it('seals a long write in pieces, each when the transport has taken the one before', async () => {
    const [near, far] = pair()
    const write = vi.spyOn(near, 'write')
    const { client, server } = await both({}, {}, [near, far])
    write.mockClear()
    const writing = client.write(bytesOf(5_000_000))
    await turns(20)
    expect(write.mock.calls.length).toBeLessThan(4) // what the other end reads ahead, and one more
    const got = readAll(server)
    await writing
    await client.close()
    expect(equalBytes(await got, bytesOf(5_000_000))).toBe(true)
    expect(write.mock.calls.length).toBeGreaterThanOrEqual(20)
    for (const [data] of write.mock.calls) expect(data.length).toBeLessThan(270_000)
  })
})

describe('a connection that is not made', () => {
  const refused = async (clientOptions: Partial<ConnectOptions>, serverOptions: CreateServerOptions) => {
    const [near, far] = pair()
    const outcome = async (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)
    return Promise.all([
      outcome(connect(near, { serverName: 'server.test', verifier: anyCertificate, ...clientOptions })),
      outcome(createServer({ ...ecdsa, ...serverOptions }).accept(far)),
    ])
  }

  it('tells both ends why, each from its side', async () => {
    const [client, server] = await refused({ alpn: ['a'] }, { alpn: ['b'] })
    expect(client).toMatchObject({ code: 'alert_received', received: 'no_application_protocol' })
    expect(server).toMatchObject({ code: 'no_common_protocol', alert: 'no_application_protocol' })
  })

  it('is told to the server by an alert when the verifier says no', async () => {
    const verifier = { verify: () => Promise.reject(new TlsError('unknown_ca', 'not ours')) }
    const [client, server] = await refused({ verifier }, {})
    expect(client).toMatchObject({ code: 'unknown_ca' })
    expect(server).toMatchObject({ code: 'alert_received', received: 'unknown_ca' })
  })

  it('gives up a stream that it can not use: options are checked first', async () => {
    const [near, far] = pair()
    await expect(
      connect(near, { serverName: 'localhost', alpn: [''], verifier: anyCertificate }),
    ).rejects.toMatchObject({ code: 'bad_option' })
    await expect(far.read()).rejects.toThrow('aborted')
    const [other] = pair()
    await expect(
      connect(other, { verifier: anyCertificate, serverName: 'a.test', handshakeTimeout: Number.NaN }),
    ).rejects.toMatchObject({
      code: 'bad_option',
      message: expect.stringContaining('handshakeTimeout'),
    })
  })

  it('refuses at createServer() a key that is not that of the certificate', async () => {
    const [, far] = pair()
    const attempt = async (): Promise<unknown> => createServer({ cert: ecdsa.cert, key: rsa.key }).accept(far)
    await expect(attempt()).rejects.toMatchObject({ code: 'key_mismatch' })
    expect(() => createServer({ cert: ecdsa.cert, key: rsa.key })).toThrow(
      expect.objectContaining({ code: 'key_mismatch' }),
    )
  })

  it('leaves no promise waiting when the stream never answers anything at all', async () => {
    const never = (): Promise<never> => new Promise(() => undefined)
    const dead: ByteStream = { read: never, write: never, close: never, abort: () => undefined }
    const abort = new AbortController()
    const connecting = connect(dead, { verifier: anyCertificate, serverName: 'server.test', signal: abort.signal })
    const failed = expect(connecting).rejects.toMatchObject({ code: 'aborted' })
    await turns(2)
    abort.abort()
    await failed
  })
})

describe('a write that fails because the peer has gone', () => {
  const flakyLine = () => {
    const [near, far] = pair()
    const state = { broken: false }
    const flaky: ByteStream = {
      ...near,
      write: (data) => (state.broken ? Promise.reject(new Error('broken pipe')) : near.write(data)),
    }
    return { near, far, flaky, state }
  }

  it("rejects with the peer's alert where there is one, not with the broken pipe", async () => {
    const { near, far, flaky, state } = flakyLine()
    const { client, server } = await both({}, {}, [flaky, far])
    await near.write(Uint8Array.of(23, 3, 3, 0, 1, 0))
    const [, writing] = await Promise.all([
      expect(server.read()).rejects.toBeInstanceOf(TlsError),
      (async () => {
        state.broken = true
        return client.write(bytesOf(10)).catch((error: unknown) => error)
      })(),
    ])
    expect(writing).toMatchObject({ code: 'alert_received', fault: 'peer-incompatible' })
  })

  it('rejects with the broken pipe when the peer is gone without a word', async () => {
    const { far, flaky, state } = flakyLine()
    const { client } = await both({}, {}, [flaky, far])
    state.broken = true
    const writing = client.write(bytesOf(10)).catch((error: unknown) => error)
    await far.close()
    expect(await writing).toMatchObject({ code: 'transport_failed', cause: { message: 'broken pipe' } })
  })

  it('rejects with the broken pipe when the read side stays silent', async () => {
    const { far, flaky, state } = flakyLine()
    const { client } = await both({}, {}, [flaky, far])
    state.broken = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const writing = client.write(bytesOf(10)).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1000)
    vi.useRealTimers()
    const error = await writing
    expect(error).toMatchObject({ code: 'transport_failed' })
    expect(await client.read().catch((thrown: unknown) => thrown)).toBe(error)
  })
})
