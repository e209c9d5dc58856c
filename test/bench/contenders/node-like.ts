// node:tls, and what has its API: puretls/node and lemon-tls. Over TCP each listens and connects by its own means; over
// a pair the server is handed one end, as proxies do it.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { delayedPair, duplexPair } from '../pairs.ts'
import { messageOf } from './messages.ts'
import type { Contender, Link, Opener, Setup, Transport } from './types.ts'

interface SecureSocket extends Duplex {
  getCipher(): { readonly standardName?: string; readonly name: string } | undefined
  isSessionReused(): boolean
}

interface SecureServer {
  listen(port: number, host: string, listening: () => void): unknown
  close(): unknown
  address(): unknown
  emit(event: 'connection', socket: Duplex): unknown
  on(event: string, listener: (...args: never[]) => void): unknown
}

export interface TlsModule {
  connect(options: object): SecureSocket
  createServer(options: object, listener: (socket: SecureSocket) => void): SecureServer
}

/** The options of a kind of connection, as this module takes them; undefined if it cannot do it. */
export type NodeOptions = (setup: Setup) => { readonly client: object; readonly server: object } | undefined

/** Options of node:tls itself. */
export const nodeOptions: NodeOptions = ({ version, suite, group, identity, clientIdentity }) => {
  const protocol = version === 'TLS 1.3' ? 'TLSv1.3' : 'TLSv1.2'
  const ciphers = suite === 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' ? 'ECDHE-RSA-AES128-GCM-SHA256' : suite
  const common = { minVersion: protocol, maxVersion: protocol, ciphers, ecdhCurve: group }
  const { ca, cert, key } = identity
  return {
    client: { ...common, ca, ...(clientIdentity && { cert: clientIdentity.cert, key: clientIdentity.key }) },
    server: {
      ...common,
      cert,
      key,
      ...(clientIdentity && { ca: clientIdentity.ca, requestCert: true, rejectUnauthorized: true }),
    },
  }
}

export interface NodeLike {
  readonly name: string
  readonly tls: TlsModule
  readonly options: NodeOptions
  /** What node:tls makes once for all connections. */
  readonly context?: (options: object) => object
  readonly transports?: readonly Transport[]
}

export const nodeLike = ({
  name,
  tls,
  options,
  context,
  transports = ['pair', 'tcp', 'delayed'],
}: NodeLike): Contender => ({
  name,
  prepare: async (setup, transport) => {
    const given = options(setup)
    if (!given || !transports.includes(transport)) return undefined
    const accepted: ((socket: SecureSocket) => void)[] = []
    const server = tls.createServer(given.server, (socket) => {
      socket.on('error', () => {})
      accepted.shift()?.(socket)
    })
    server.on('tlsClientError', () => {})
    const connectOptions = context ? { secureContext: context(given.client) } : given.client
    let port = 0
    if (transport === 'tcp') {
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
      port = (server.address() as AddressInfo).port
    }
    let session: Buffer | undefined
    const connect = (): SecureSocket => {
      const where = transport === 'tcp' ? { port, host: '127.0.0.1' } : { socket: pairTo(server, transport) }
      return tls.connect({ ...where, servername: 'localhost', ...connectOptions, ...(session && { session }) })
    }
    const open = async (): Promise<Link> => {
      const far = new Promise<SecureSocket>((resolve) => accepted.push(resolve))
      const client = connect()
      await once(client, 'secureConnect')
      const peer = await far
      const suite = client.getCipher()?.standardName ?? client.getCipher()?.name
      if (suite !== setup.suite) throw new Error(`${name} agreed on ${suite}, not ${setup.suite}`)
      if (session && !client.isSessionReused()) throw new Error(`${name} did not resume`)
      return linkOf(client, peer)
    }
    const opener: Opener = { open, end: () => void server.close() }
    if (setup.resumed) session = await firstSession(connect, accepted)
    return opener
  },
})

const pairTo = (server: SecureServer, transport: Transport): Duplex => {
  const [near, far] = transport === 'delayed' ? delayedPair() : duplexPair()
  server.emit('connection', far)
  return near
}

/** Of a connection that is closed when the session has come. */
const firstSession = async (
  connect: () => SecureSocket,
  accepted: ((socket: SecureSocket) => void)[],
): Promise<Buffer> => {
  const far = new Promise<SecureSocket>((resolve) => accepted.push(resolve))
  const client = connect()
  const session = new Promise<Buffer>((resolve) => client.on('session', resolve))
  const peer = await far
  peer.write('x')
  client.resume()
  const got = await session
  client.destroy()
  peer.destroy()
  return got
}

const linkOf = (client: SecureSocket, server: SecureSocket): Link => ({
  transfer: async (bytes, size) => {
    const chunk = messageOf(size)
    const received = arrival(client, bytes)
    for (let sent = 0; sent < bytes; sent += size) {
      if (!server.write(chunk)) await new Promise((resolve) => server.once('drain', resolve))
    }
    await received
  },
  echo: async (rounds, size) => {
    const message = messageOf(size)
    const answer = (data: Buffer): void => void server.write(data)
    server.on('data', answer)
    for (let round = 0; round < rounds; round++) {
      const back = arrival(client, size)
      client.write(message)
      await back
    }
    server.off('data', answer)
  },
  close: () => {
    client.destroy()
    server.destroy()
  },
})

/** Resolves when so many bytes have come. */
const arrival = (socket: Duplex, bytes: number): Promise<void> => {
  let left = bytes
  return new Promise((resolve) => {
    const take = (data: Buffer): void => {
      left -= data.length
      if (left > 0) return
      socket.off('data', take)
      resolve()
    }
    socket.on('data', take)
  })
}
