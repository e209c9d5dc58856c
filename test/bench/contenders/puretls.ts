// puretls by its own API, and its engine without streams.

import { connect as connectTcp, createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { clientConfig, createClientEngine, createServerEngine, serverConfig } from '../../../src/engine/every.ts'
import { rotatingTicketKeys } from '../../../src/session/index.ts'
import { chainVerifier, trustStore } from '../../../src/x509/index.ts'
import { connect, createServer, loadIdentity, pair } from '../../../src/index.node.ts'
import type {
  ClientOptions,
  CreateServerOptions,
  CryptoProvider,
  TlsConnection,
  TlsServer,
} from '../../../src/index.node.ts'
import { delayedPair } from '../pairs.ts'
import { messageOf } from './messages.ts'
import type { Contender, Link, Setup, Transport } from './types.ts'

const optionsOf = async (
  provider: CryptoProvider,
  setup: Setup,
): Promise<{ client: ClientOptions; server: CreateServerOptions }> => {
  const {
    version,
    suite,
    group,
    identity: { ca, cert, key },
    clientIdentity,
  } = setup
  const common = { provider, versions: { min: version, max: version }, cipherSuites: [suite] }
  return {
    // made once, as node:tls has its SecureContext
    client: {
      ...common,
      verifier: chainVerifier({ provider, trust: trustStore([ca]) }),
      serverName: 'localhost',
      groups: version === 'TLS 1.2' && group !== 'P-256' ? [group, 'P-256'] : [group],
      ...(clientIdentity && {
        identity: await loadIdentity({ cert: clientIdentity.cert, key: clientIdentity.key }, provider),
      }),
    },
    server: { ...common, cert, key, ...(clientIdentity && { clientAuth: { mode: 'require', ca: clientIdentity.ca } }) },
  }
}

export interface Uses {
  /** The receiver of a transfer reads into one buffer of its own. */
  readonly readsInto?: boolean
  /** Over TCP both ends are given sockets, where they would dial and listen. */
  readonly handsIn?: boolean
}

interface Line {
  meet(client: ClientOptions): Promise<readonly [TlsConnection, TlsConnection]>
  end(): unknown
}

const lineOf = async (server: TlsServer, transport: Transport, handsIn: boolean): Promise<Line> => {
  if (transport !== 'tcp') {
    const meet = (client: ClientOptions): Promise<readonly [TlsConnection, TlsConnection]> => {
      const [near, far] = transport === 'delayed' ? delayedPair() : pair()
      return Promise.all([connect(near, client), server.accept(far)])
    }
    return { meet, end: () => {} }
  }
  const accepted: ((connection: Promise<TlsConnection> | TlsConnection) => void)[] = []
  const next = (): Promise<TlsConnection> => new Promise((resolve) => accepted.push(resolve))
  if (handsIn) {
    const listener = createTcpServer((socket) => accepted.shift()?.(server.accept(socket)))
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    return {
      meet: (client) => Promise.all([connect(connectTcp(port, '127.0.0.1'), client), next()]),
      end: () => listener.close(),
    }
  }
  const listener = await server.listen(0, '127.0.0.1', (connection) => accepted.shift()?.(connection))
  const address = `127.0.0.1:${listener.address.port}`
  return { meet: (client) => Promise.all([connect(address, client), next()]), end: () => listener.close() }
}

export const puretls = (name: string, provider: CryptoProvider, uses: Uses = {}): Contender => ({
  name,
  prepare: async (setup, transport) => {
    const options = await optionsOf(provider, setup)
    const { meet, end } = await lineOf(createServer(options.server), transport, uses.handsIn ?? false)
    let { client } = options
    if (setup.resumed) client = { ...client, session: await firstSession(() => meet(options.client)) }
    return {
      open: async () => {
        const [near, far] = await meet(client)
        if (near.info.cipherSuite !== setup.suite) throw new Error(`puretls agreed on ${near.info.cipherSuite}`)
        if (near.info.resumed !== (setup.resumed ?? false)) throw new Error('puretls did not resume')
        return linkOf(near, far, uses.readsInto ? new Uint8Array(1 << 16) : undefined)
      },
      end,
    }
  },
})

const firstSession = async (meet: () => Promise<readonly [TlsConnection, TlsConnection]>): Promise<Uint8Array> => {
  const [client, server] = await meet()
  await server.write(Uint8Array.of(1))
  await client.read()
  const { session } = client
  if (!session) throw new Error('no session came')
  await Promise.all([client.close(), server.close()])
  return session
}

const take = async (connection: TlsConnection, bytes: number, into?: Uint8Array): Promise<void> => {
  const options = into && { into }
  for (let left = bytes; left > 0;) left -= (await connection.read(options))?.length ?? left
}

const linkOf = (client: TlsConnection, server: TlsConnection, into?: Uint8Array): Link => ({
  transfer: async (bytes, size) => {
    const chunk = messageOf(size)
    const received = take(client, bytes, into)
    for (let sent = 0; sent < bytes; sent += size) await server.write(chunk)
    await received
  },
  echo: async (rounds, size) => {
    const message = messageOf(size)
    const answering = (async () => {
      for (let left = rounds * size; left > 0;) {
        const data = await server.read()
        if (!data) return
        left -= data.length
        await server.write(data)
      }
    })()
    for (let round = 0; round < rounds; round++) {
      await client.write(message)
      await take(client, size)
    }
    await answering
  },
  close: () => {
    client.abort()
    server.abort()
  },
})

/** The sans-IO engine without streams: what an integration that brings its own pays. */
export const engine = (name: string, provider: CryptoProvider): Contender => ({
  name,
  prepare: async (setup, transport) => {
    if (transport !== 'pair' || setup.resumed) return undefined
    const options = await optionsOf(provider, setup)
    const client = clientConfig(options.client)
    const server = serverConfig({ ...options.server, tickets: { protector: rotatingTicketKeys({ provider }) } })
    return {
      open: async () => {
        const [near, far] = [createClientEngine(client), createServerEngine(server)]
        while (!near.handshakeDone || !far.handshakeDone) {
          for (const bytes of near.takeOutput()) far.receive(bytes)
          for (const bytes of far.takeOutput()) near.receive(bytes)
        }
        near.takeEvents()
        far.takeEvents()
        const carry = (from: typeof near, to: typeof near, data: Uint8Array): number => {
          void from.send(data)
          for (const record of from.takeOutput()) to.receive(record)
          let got = 0
          for (const event of to.takeEvents()) got += event.type === 'data' ? event.data.length : 0
          return got
        }
        return {
          transfer: async (bytes, size) => {
            const chunk = messageOf(size)
            for (let left = bytes; left > 0;) left -= carry(far, near, chunk)
          },
          echo: async (rounds, size) => {
            const message = messageOf(size)
            for (let round = 0; round < rounds; round++) {
              carry(near, far, message)
              carry(far, near, message)
            }
          },
          close: () => {
            near.abort()
            far.abort()
          },
        }
      },
      end: () => {},
    }
  },
})
