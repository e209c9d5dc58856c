// puretls/libp2p with the TLS of js-libp2p, in whole nodes over TCP, and with that of go-libp2p.

import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { tls as nodeTls } from '@libp2p/tls'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TlsEncrypter } from '../../src/libp2p/index.ts'
import { tls } from '../../src/libp2p/index.node.ts'
import { Child, run, stopChildren } from '../interop/process.ts'
import { fromSocket } from './libp2p-socket.ts'

const nodes: Libp2p[] = []
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
})

const start = async (encrypter: unknown): Promise<Libp2p> => {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    streamMuxers: [yamux()],
    connectionEncrypters: [encrypter as ReturnType<typeof nodeTls>],
  })
  nodes.push(node)
  return node
}

const PROTOCOL = '/puretls-echo/1.0.0'

describe.each([
  ['ours', 'ours', tls(), tls()],
  ['ours', "js-libp2p's", tls(), nodeTls()],
  ["js-libp2p's", 'ours', nodeTls(), tls()],
])('%s dials %s', (_, __, dialer, listener) => {
  it('who is who, the muxer, and 1 MiB there and back', async () => {
    const [from, to] = await Promise.all([start(dialer), start(listener)])
    await to.handle(PROTOCOL, async (stream) => {
      for await (const chunk of stream) if (!stream.send(chunk)) await stream.onDrain()
      await stream.close()
    })
    const connection = await from.dial(to.getMultiaddrs())
    expect(connection.encryption).toBe('/tls/1.0.0')
    expect(connection.multiplexer).toBe('/yamux/1.0.0')
    expect(connection.remotePeer.equals(to.peerId)).toBe(true)
    const stream = await connection.newStream(PROTOCOL)
    const sent = Uint8Array.from({ length: 1 << 20 }, (___, i) => i % 251)
    const got: Uint8Array[] = []
    const received = (async () => {
      for await (const chunk of stream) got.push(chunk instanceof Uint8Array ? chunk : chunk.subarray())
    })()
    for (let at = 0; at < sent.length; at += 65_536)
      if (!stream.send(sent.subarray(at, at + 65_536))) await stream.onDrain()
    await stream.close()
    await received
    expect(Buffer.concat(got).equals(sent)).toBe(true)
  })

  it('refuses another peer than the one that was dialed', async () => {
    const [from, to] = await Promise.all([start(dialer), start(listener)])
    const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    const [address] = to.getMultiaddrs()
    if (address === undefined) throw new Error('it does not listen')
    await expect(from.dial(address.decapsulateCode(421).encapsulate(`/p2p/${other.toString()}`))).rejects.toThrow()
    expect(from.getConnections()).toHaveLength(0)
  })
})

describe('go-libp2p', () => {
  let folder: string
  let program: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'puretls-libp2p-'))
    program = join(folder, 'peer')
    const cwd = new URL('go-libp2p/', import.meta.url).pathname
    const built = await run('go', ['build', '-o', program, '.'], {
      cwd,
      env: { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
    })
    expect(built.code, built.output).toBe(0)
  }, 600_000)
  afterAll(async () => {
    await stopChildren()
    rmSync(folder, { recursive: true })
  })

  const encrypter = async (): Promise<{ readonly own: string; readonly make: TlsEncrypter }> => {
    const privateKey = await generateKeyPair('Ed25519')
    const components = { privateKey, upgrader: { getStreamMuxers: () => new Map() } }
    return { own: peerIdFromPrivateKey(privateKey).toString(), make: tls()(components) }
  }

  it.each(['Ed25519', 'Secp256k1', 'ECDSA', 'RSA'])('listens with a key of type %s', async (type) => {
    const peer = new Child(program, ['listen', type])
    const [, id, port] = await peer.waitFor(/id (\w+) port (\d+)/)
    const { own, make } = await encrypter()
    const { connection, remotePeer } = await make.secureOutbound(
      fromSocket(connect(Number(port), '127.0.0.1'), 'outbound'),
    )
    expect(remotePeer.toString()).toBe(id)
    expect(await echoed(connection)).toBe('hello')
    await peer.waitFor(new RegExp(`remote ${own}`))
    await connection.close()
    await peer.stop()
  })

  it.each(['Ed25519', 'Secp256k1', 'ECDSA', 'RSA'])('dials with a key of type %s', async (type) => {
    const { own, make } = await encrypter()
    const server = createServer().listen(0, '127.0.0.1')
    const socket = new Promise<Socket>((resolve) => server.once('connection', resolve))
    await new Promise((resolve) => server.once('listening', resolve))
    const peer = new Child(program, ['dial', type, String((server.address() as AddressInfo).port), own])
    const { connection, remotePeer } = await make.secureInbound(fromSocket(await socket, 'inbound'))
    const [, id] = await peer.waitFor(/id (\w+)/)
    expect(remotePeer.toString()).toBe(id)
    for await (const chunk of connection) connection.send(chunk)
    await connection.close()
    expect(await peer.exited(), peer.output).toBe(0)
    server.close()
  })
})

const echoed = async (
  connection: Awaited<ReturnType<TlsEncrypter['secureOutbound']>>['connection'],
): Promise<string> => {
  connection.send(new TextEncoder().encode('hello'))
  let text = ''
  for await (const chunk of connection) {
    text += new TextDecoder().decode(chunk instanceof Uint8Array ? chunk : chunk.subarray())
    if (text.length >= 5) break
  }
  return text
}
