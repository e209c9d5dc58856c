// What is measured: node:tls over a pair of node streams, puretls with each provider over its own pair(), and the
// engine alone, all doing the same two things.

import * as tls from 'node:tls'
import { chainVerifier, trustStore } from '../../src/x509/index.ts'
import { clientConfig, createClientEngine, createServerEngine, serverConfig } from '../../src/engine/index.ts'
import type { TlsEngine } from '../../src/engine/index.ts'
import { rotatingTicketKeys } from '../../src/session/index.ts'
import { createServer, connect, pair } from '../../src/index.node.ts'
import type { CryptoProvider, TlsConnection } from '../../src/index.node.ts'
import { duplexPair } from './pairs.ts'

export interface Identity {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface Contender {
  readonly name: string
  /** One full handshake, both ends, until both know; the chain is verified. What it answers ends the connection. */
  handshake(): Promise<() => void>
  /** `bytes` from server to client in writes of 16 KiB. */
  bulk(bytes: number): Promise<void>
}

const CHUNK = new Uint8Array(16384).fill(0x5a)

export const nodeContender = ({ ca, cert, key }: Identity, suite: string): Contender => {
  // in the contexts: beside a ready-made context node:tls ignores them
  const fixed = { ciphers: suite, ecdhCurve: 'X25519', minVersion: 'TLSv1.3' } as const
  const secureContext = tls.createSecureContext({ cert, key, ...fixed })
  const clientContext = tls.createSecureContext({ ca, ...fixed })
  const open = async (): Promise<readonly [tls.TLSSocket, tls.TLSSocket]> => {
    const [near, far] = duplexPair()
    const server = new tls.TLSSocket(far, { isServer: true, secureContext })
    const client = tls.connect({ socket: near, servername: 'localhost', secureContext: clientContext })
    await Promise.all([
      new Promise((resolve, reject) => client.once('secureConnect', resolve).once('error', reject)),
      new Promise((resolve, reject) => server.once('secure', resolve).once('error', reject)),
    ])
    const agreed = [client.getCipher().standardName, Reflect.get(client.getEphemeralKeyInfo() ?? {}, 'name')]
    if (agreed.join() !== [suite, 'X25519'].join())
      throw new Error(`node:tls agreed on ${agreed.join(', ')}: nothing to compare with`)
    return [client, server]
  }
  return {
    name: 'node:tls',
    handshake: async () => {
      const [client, server] = await open()
      return () => {
        client.destroy()
        server.destroy()
      }
    },
    bulk: async (bytes) => {
      const [client, server] = await open()
      let left = bytes
      const done = new Promise<void>((resolve) => {
        client.on('data', (data: Buffer) => {
          left -= data.length
          if (left <= 0) resolve()
        })
      })
      for (let sent = 0; sent < bytes; sent += CHUNK.length) {
        if (!server.write(CHUNK)) await new Promise((resolve) => server.once('drain', resolve))
      }
      await done
      client.destroy()
      server.destroy()
    },
  }
}

export const puretlsContender = (
  name: string,
  provider: CryptoProvider,
  { ca, cert, key }: Identity,
  suite: string,
): Contender => {
  const cipherSuites = [suite]
  // as node:tls has its SecureContext: made once
  const verifier = chainVerifier({ provider, trust: trustStore([ca]) })
  const server = createServer({ provider, cert, key, cipherSuites, versions: { min: 'TLS 1.3' } })
  const open = async (): Promise<readonly [TlsConnection, TlsConnection]> => {
    const [near, far] = pair()
    return Promise.all([
      connect(near, {
        provider,
        verifier,
        serverName: 'localhost',
        cipherSuites,
        groups: ['X25519'],
        versions: { min: 'TLS 1.3' },
      }),
      server.accept(far),
    ])
  }
  return {
    name,
    handshake: async () => {
      const [client, accepted] = await open()
      return () => {
        client.abort()
        accepted.abort()
      }
    },
    bulk: async (bytes) => {
      const [client, accepted] = await open()
      const reading = (async () => {
        for (let left = bytes; left > 0;) left -= (await client.read())?.length ?? left
      })()
      for (let sent = 0; sent < bytes; sent += CHUNK.length) await accepted.write(CHUNK)
      await reading
      client.abort()
      accepted.abort()
    },
  }
}

/** The sans-IO engine without streams: what an integration that brings its own pays. */
export const engineContender = (
  name: string,
  provider: CryptoProvider,
  { ca, cert, key }: Identity,
  suite: string,
): Contender => {
  const common = { provider, cipherSuites: [suite], versions: { min: 'TLS 1.3' } } as const
  const verifier = chainVerifier({ provider, trust: trustStore([ca]) })
  const client = clientConfig({ ...common, verifier, serverName: 'localhost', groups: ['X25519'] })
  const server = serverConfig({ ...common, cert, key, tickets: { protector: rotatingTicketKeys({ provider }) } })
  const open = (): readonly [TlsEngine, TlsEngine] => {
    const [near, far] = [createClientEngine(client), createServerEngine(server)]
    while (!near.handshakeDone || !far.handshakeDone) {
      for (const bytes of near.takeOutput()) far.receive(bytes)
      for (const bytes of far.takeOutput()) near.receive(bytes)
    }
    return [near, far]
  }
  return {
    name,
    handshake: async () => {
      open()
      return () => {}
    },
    bulk: async (bytes) => {
      const [near, far] = open()
      near.takeEvents()
      for (let left = bytes; left > 0;) {
        void far.send(CHUNK)
        for (const record of far.takeOutput()) near.receive(record)
        for (const event of near.takeEvents()) left -= event.type === 'data' ? event.data.length : 0
      }
    },
  }
}
