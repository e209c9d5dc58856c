// Two of our own encrypters over the message streams of libp2p: identities, muxers, data, ends and failures. With other
// implementations: test/programs/libp2p.test.ts.

import { generateKeyPair } from '@libp2p/crypto/keys'
import { StreamCloseEvent } from '@libp2p/interface'
import type { MessageStream, PrivateKey, StreamMuxerFactory } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { setImmediate as turn } from 'node:timers/promises'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { tls as tlsOnNode } from '../../src/libp2p/index.node.ts'
import { tls as tlsOnWeb } from '../../src/libp2p/index.ts'
import type { TlsConnection } from '../../src/index.ts'
import type { TlsEncrypter } from '../../src/libp2p/index.ts'
import { TlsMessageStream } from '../../src/libp2p/message-stream.ts'

let keys: { readonly alice: PrivateKey; readonly bob: PrivateKey; readonly carol: PrivateKey }
beforeAll(async () => {
  keys = {
    alice: await generateKeyPair('Ed25519'),
    bob: await generateKeyPair('secp256k1'),
    carol: await generateKeyPair('Ed25519'),
  }
})

const muxer = (protocol: string) => ({ protocol }) as unknown as StreamMuxerFactory
const encrypter = (privateKey: PrivateKey, muxers: readonly string[] = [], make = tlsOnNode): TlsEncrypter =>
  make()({ privateKey, upgrader: { getStreamMuxers: () => new Map(muxers.map((name) => [name, muxer(name)])) } })

const read = async (stream: MessageStream, length: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let have = 0
  for await (const chunk of stream) {
    const bytes = chunk instanceof Uint8Array ? chunk : chunk.subarray()
    chunks.push(bytes)
    have += bytes.length
    if (have >= length) break
  }
  return new Uint8Array(Buffer.concat(chunks))
}

describe.each([
  ['node', tlsOnNode],
  ['webcrypto', tlsOnWeb],
] as const)('on %s', (_, make) => {
  it('each end learns who the other is, and data goes both ways', async () => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const [client, server] = await Promise.all([
      encrypter(keys.alice, [], make).secureOutbound(outbound, { remotePeer: peerIdFromPrivateKey(keys.bob) }),
      encrypter(keys.bob, [], make).secureInbound(inbound),
    ])
    expect(client.remotePeer.equals(peerIdFromPrivateKey(keys.bob))).toBe(true)
    expect(server.remotePeer.equals(peerIdFromPrivateKey(keys.alice))).toBe(true)
    expect([client.streamMuxer, server.streamMuxer]).toEqual([undefined, undefined])
    const data = Uint8Array.from({ length: 300_000 }, (__, i) => i % 251)
    for (let at = 0; at < data.length; at += 10_000) {
      if (!client.connection.send(data.subarray(at, at + 10_000))) await client.connection.onDrain()
    }
    expect(await read(server.connection, data.length)).toEqual(data)
    server.connection.send(Uint8Array.of(1, 2, 3))
    expect(await read(client.connection, 3)).toEqual(Uint8Array.of(1, 2, 3))
    await Promise.all([client.connection.close(), server.connection.close()])
    expect([outbound.status, inbound.status]).toEqual(['closed', 'closed'])
  })
})

describe('the muxer', () => {
  it.each([
    [['/yamux/1.0.0', '/mplex/6.7.0'], ['/yamux/1.0.0'], '/yamux/1.0.0'],
    [['/yamux/1.0.0'], ['/mplex/6.7.0'], undefined],
    [[], ['/yamux/1.0.0'], undefined],
  ])('%j with %j: %s', async (ours, theirs, chosen) => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const [client, server] = await Promise.all([
      encrypter(keys.alice, ours).secureOutbound(outbound),
      encrypter(keys.bob, theirs).secureInbound(inbound),
    ])
    expect(client.streamMuxer?.protocol).toBe(chosen)
    expect(server.streamMuxer?.protocol).toBe(chosen)
    client.connection.abort(new Error('done'))
    server.connection.abort(new Error('done'))
  })

  it('is not agreed on where the caller says so', async () => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const [client, server] = await Promise.all([
      encrypter(keys.alice, ['/yamux/1.0.0']).secureOutbound(outbound, { skipStreamMuxerNegotiation: true }),
      encrypter(keys.bob, ['/yamux/1.0.0']).secureInbound(inbound),
    ])
    expect([client.streamMuxer, server.streamMuxer]).toEqual([undefined, undefined])
    client.connection.abort(new Error('done'))
    server.connection.abort(new Error('done'))
  })
})

describe('failures', () => {
  it('another peer than the one that was dialed', async () => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const [client, server] = await Promise.allSettled([
      encrypter(keys.alice).secureOutbound(outbound, { remotePeer: peerIdFromPrivateKey(keys.carol) }),
      encrypter(keys.bob).secureInbound(inbound),
    ])
    expect(client).toMatchObject({ status: 'rejected', reason: { name: 'UnexpectedPeerError' } })
    expect(server).toMatchObject({ status: 'rejected', reason: { name: 'TlsError' } })
    expect(outbound.status).toBe('aborted')
  })

  it('an aborted signal', async () => {
    const [outbound] = multiaddrConnectionPair()
    const controller = new AbortController()
    const client = encrypter(keys.alice).secureOutbound(outbound, { signal: controller.signal })
    controller.abort()
    await expect(client).rejects.toMatchObject({ name: 'TlsError', code: 'aborted' })
    expect(outbound.status).toBe('aborted')
  })

  it('a peer that is gone, before and after', async () => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const client = encrypter(keys.alice).secureOutbound(outbound)
    inbound.abort(new Error('gone'))
    await expect(client).rejects.toMatchObject({ name: 'TlsError' })

    const [out, into] = multiaddrConnectionPair()
    const [one, other] = await Promise.all([
      encrypter(keys.alice).secureOutbound(out),
      encrypter(keys.bob).secureInbound(into),
    ])
    const closed = new Promise<Error | undefined>((resolve) =>
      one.connection.addEventListener('close', ({ error }) => resolve(error)),
    )
    other.connection.abort(new Error('gone'))
    expect(await closed).toBeInstanceOf(Error)
  })
})

describe('a connection', () => {
  const both = async () => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const [one, other] = await Promise.all([
      encrypter(keys.alice).secureOutbound(outbound),
      encrypter(keys.bob).secureInbound(inbound),
    ])
    return { outbound, inbound, one: one.connection, other: other.connection }
  }

  it('that is paused is read no further, and goes on when it is resumed, each time', async () => {
    const [transport] = multiaddrConnectionPair()
    let reads = 0
    const connection = {
      read: async () => (++reads > 20 ? new Promise<null>(() => undefined) : turn().then(() => Uint8Array.of(reads))),
    }
    const stream = new TlsMessageStream(connection as unknown as TlsConnection, transport)
    const got: number[] = []
    stream.addEventListener('message', ({ data }) => got.push(data.byteLength))
    for (let round = 0; round < 2; round++) {
      stream.pause()
      const before = reads
      for (let i = 0; i < 10; i++) await turn()
      expect(reads - before).toBeLessThan(2)
      stream.resume()
      for (let i = 0; i < 4; i++) await turn()
      expect(reads - before).toBeGreaterThan(2)
    }
    await vi.waitFor(() => expect(got.length).toBe(20), 60_000)
    transport.abort(new Error('done'))
  })

  it('whose transport is closed, and not reset, is closed as well', async () => {
    const [transport] = multiaddrConnectionPair()
    const connection = { read: () => new Promise<null>(() => undefined) }
    const stream = new TlsMessageStream(connection as unknown as TlsConnection, transport)
    const reset = vi.fn()
    stream.addEventListener('close', ({ error }) => void reset(error))
    transport.dispatchEvent(new StreamCloseEvent())
    expect(stream.status).toBe('closed')
    expect(reset.mock.calls).toEqual([[undefined]])
    transport.abort(new Error('done'))
  })

  it('that is sent what is no TLS record ends with the reason, and its transport with it', async () => {
    const { outbound, inbound, one } = await both()
    const closed = new Promise<Error | undefined>((resolve) =>
      one.addEventListener('close', ({ error }) => resolve(error)),
    )
    inbound.send(new Uint8Array(100))
    expect(await closed).toMatchObject({ name: 'TlsError', code: 'unexpected_message' })
    expect([one.status, outbound.status]).toEqual(['aborted', 'aborted'])
  })
})
