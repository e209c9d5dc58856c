// Clients against one server, that of node:tls, over TCP: for the peers that are clients only. The server's time counts
// for all of them.

import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import nodeTls from 'node:tls'
import type { TLSSocket } from 'node:tls'

import { nodeProvider } from '../../../src/crypto/node.ts'
import { connect } from '../../../src/index.node.ts'
import { chainVerifier, trustStore } from '../../../src/x509/index.ts'
import { messageOf } from './messages.ts'
import { nodeOptions } from './node-like.ts'
import type { Contender, Setup } from './types.ts'

/** The client's end when its handshake is done. */
interface Client {
  /** Resolves when so many bytes have come since the last call. */
  arrival(bytes: number): Promise<void>
  close(): unknown
}

type Dial = (port: number) => Promise<Client>

/** `make` prepares what all connections share; undefined: it cannot do this. */
const client = (name: string, make: (setup: Setup) => Promise<Dial | undefined>): Contender => ({
  name,
  prepare: async (setup, transport) => {
    const options = nodeOptions(setup)
    const dial = transport === 'tcp' ? await make(setup) : undefined
    if (!options || !dial) return undefined
    const accepted: ((socket: TLSSocket) => void)[] = []
    const server = nodeTls.createServer(options.server, (socket) => {
      socket.on('error', () => {})
      socket.resume()
      accepted.shift()?.(socket)
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return {
      open: async () => {
        const far = new Promise<TLSSocket>((resolve) => accepted.push(resolve))
        const [near, peer] = await Promise.all([dial(port), far])
        return {
          transfer: async (bytes, size) => {
            const chunk = messageOf(size)
            const received = near.arrival(bytes)
            for (let sent = 0; sent < bytes; sent += size) {
              if (!peer.write(chunk)) await once(peer, 'drain')
            }
            await received
          },
          echo: () => Promise.reject(new Error('not for clients alone')),
          close: () => {
            near.close()
            peer.destroy()
          },
        }
      },
      end: () => void server.close(),
    }
  },
})

/** Counts what is pushed. */
const counter = () => {
  let left = 0
  let done = (): void => {}
  return {
    push: (bytes: number): void => {
      left -= bytes
      if (left <= 0) done()
    },
    arrival: (bytes: number): Promise<void> =>
      new Promise((resolve) => {
        left = bytes
        done = resolve
      }),
  }
}

export const nodeClient: Contender = client('node:tls', async (setup) => {
  const options = nodeOptions(setup)?.client ?? {}
  const secureContext = nodeTls.createSecureContext(options)
  return async (port) => {
    const socket = nodeTls.connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext })
    await once(socket, 'secureConnect')
    const { push, arrival } = counter()
    socket.on('data', (data) => push(data.length))
    return { arrival, close: () => socket.destroy() }
  }
})

export const ownClient: Contender = client('puretls', async ({ version, suite, group, identity }) => {
  const verifier = chainVerifier({ provider: nodeProvider, trust: trustStore([identity.ca]) })
  const options = { verifier, versions: { min: version, max: version }, cipherSuites: [suite], groups: [group] }
  return async (port) => {
    const connection = await connect(`127.0.0.1:${port}`, { ...options, serverName: 'localhost' })
    return {
      arrival: async (bytes) => {
        for (let left = bytes; left > 0;) left -= (await connection.read())?.length ?? left
      },
      close: () => connection.abort(),
    }
  }
})

const loaded = async <T>(name: string): Promise<T | undefined> => {
  try {
    return (await import(name)) as T
  } catch {
    return undefined
  }
}

const dialled = async (port: number): Promise<Socket> => {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

interface Subtls {
  startTls(
    host: string,
    roots: object,
    read: (bytes: number) => Promise<Uint8Array | undefined>,
    write: (data: Uint8Array) => void,
  ): Promise<{ read(): Promise<Uint8Array | undefined>; write(data: Uint8Array): Promise<void> }>
  readonly TrustedCert: { databaseFromPEM(pem: string): Promise<object> }
  readonly SocketReadQueue: new (socket: Socket) => { read(bytes: number): Promise<Uint8Array | undefined> }
}

/** TLS 1.3 with P-256 and AES-128-GCM, and no more. */
export const subtls = async (): Promise<Contender | undefined> => {
  const module = await loaded<Subtls>('subtls')
  if (!module) return undefined
  const { startTls, TrustedCert, SocketReadQueue } = module
  return client('subtls', async ({ version, group, identity }) => {
    if (version !== 'TLS 1.3' || group !== 'P-256') return undefined
    const roots = await TrustedCert.databaseFromPEM(identity.ca)
    return async (port) => {
      const socket = await dialled(port)
      const queue = new SocketReadQueue(socket)
      const { read, write } = await startTls(
        'localhost',
        roots,
        queue.read.bind(queue),
        (data) => void socket.write(data),
      )
      await write(Uint8Array.of(0)) // its Finished goes out with the first data
      return {
        arrival: async (bytes) => {
          for (let left = bytes; left > 0;) left -= (await read())?.length ?? left
        },
        close: () => socket.destroy(),
      }
    }
  })
}

interface Reclaim {
  setCryptoImplementation(implementation: object): void
  loadX509FromPem(pem: string): object
  makeTLSClient(options: object): {
    startHandshake(): Promise<void>
    handleReceivedBytes(data: Uint8Array): Promise<void>
  }
}

export const reclaim = async (): Promise<Contender | undefined> => {
  const module = await loaded<Reclaim>('@reclaimprotocol/tls')
  const web = await loaded<{ readonly webcryptoCrypto: object }>('@reclaimprotocol/tls/webcrypto')
  if (!module || !web) return undefined
  module.setCryptoImplementation(web.webcryptoCrypto)
  return client('@reclaimprotocol/tls', async ({ version, suite, group, identity }) => {
    const namedCurve = { X25519: 'X25519', 'P-256': 'SECP256R1', X25519MLKEM768: undefined }[group]
    if (namedCurve === undefined) return undefined
    const rootCAs = [module.loadX509FromPem(identity.ca)]
    return async (port) => {
      const socket = await dialled(port)
      const { push, arrival } = counter()
      await new Promise<void>((resolve, reject) => {
        const tls = module.makeTLSClient({
          host: 'localhost',
          rootCAs,
          cipherSuites: [suite],
          namedCurves: [namedCurve],
          supportedProtocolVersions: [version === 'TLS 1.3' ? 'TLS1_3' : 'TLS1_2'],
          logger: silent,
          write: ({ header, content }: { readonly header: Uint8Array; readonly content: Uint8Array }) => {
            socket.cork()
            socket.write(header)
            socket.write(content)
            socket.uncork()
          },
          onHandshake: resolve,
          onApplicationData: (data: Uint8Array) => push(data.length),
          onTlsEnd: reject,
        })
        socket.on('data', (data) => void tls.handleReceivedBytes(data).catch(reject))
        tls.startHandshake().catch(reject)
      })
      return { arrival, close: () => socket.destroy() }
    }
  })
}

const ignore = (): void => {}
const silent = { info: ignore, debug: ignore, trace: ignore, warn: ignore, error: ignore, child: () => silent }
