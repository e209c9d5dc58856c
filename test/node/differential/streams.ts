// Scenarios of the differential test about the stream under a TLS socket: its errors and its end at each moment, what
// is unread and unwritten then, and what callbacks of the application find on the socket.

import { once } from 'node:events'
import { Duplex, duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type * as tls from 'node:tls'

import type { Scenario } from './scenarios.ts'
import { keys } from './stage.ts'
import type { Stage } from './stage.ts'

const { ca, cert, key } = keys
const identity = { cert, key }
const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await turn()
}

const watched = ['secureConnect', 'secure', '_tlsError', 'data', 'end', 'error', 'close']

interface Pair {
  readonly client: tls.TLSSocket
  readonly server: tls.TLSSocket
  readonly near: Duplex
  readonly far: Duplex
}

/** Both ends over a pair of streams, before the handshake. */
const pairOf = (stage: Stage, options: tls.TLSSocketOptions & tls.ConnectionOptions = {}): Pair => {
  const [near, far] = duplexPair()
  const server = stage.keep(new stage.tls.TLSSocket(far, { isServer: true, ...identity }))
  const client = stage.keep(stage.tls.connect({ socket: near, ca, servername: 'localhost', ...options }))
  server.on('error', () => undefined)
  return { client, server, near, far }
}

/** An error of the stream, at a client, at a bare socket, and after the handshake. */
const failing: Scenario = async (stage) => {
  const broken = (): Duplex => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const bare = broken()
  const socket = stage.keep(new stage.tls.TLSSocket(bare, {}))
  stage.watch('bare', socket, watched)
  bare.destroy(new Error('broken'))
  await turns()
  stage.say(`bare destroyed ${socket.destroyed}`)
  const below = broken()
  const client = stage.keep(stage.tls.connect({ socket: below, ca }))
  stage.watch('client', client, watched)
  below.destroy(new Error('broken'))
  await turns()
  stage.say(`client destroyed ${client.destroyed}`)
  const { client: done, near } = pairOf(stage)
  await once(done, 'secureConnect')
  stage.watch('later', done, watched)
  near.destroy(new Error('broken'))
  await turns()
  stage.say(`later destroyed ${done.destroyed}`)
}

/** The servername that callbacks of a server find on the socket. */
const namesInCallbacks: Scenario = async (stage) => {
  const say = (what: string, socket: unknown): void =>
    stage.say(`${what} ${String(Reflect.get(Object(socket), 'servername'))}`)
  const { port } = await stage.listen(
    {
      ...identity,
      SNICallback(this: unknown, name: string, done: (error: null) => void) {
        say(`SNICallback ${name}`, this)
        done(null)
      },
      ALPNCallback(this: unknown, { servername, protocols }: { servername: string; protocols: string[] }) {
        say(`ALPNCallback ${String(servername)}`, this)
        return protocols[0]
      },
    } as tls.TlsOptions,
    (socket) => {
      say('accepted', socket)
      socket.on('error', () => undefined).end()
    },
    [],
  )
  for (const servername of ['localhost', 'a.test', '']) {
    const client = stage.connect({ port, servername, ALPNProtocols: ['x'], checkServerIdentity: () => undefined }, [])
    await stage.closed(client.resume())
  }
  stage.log.sort()
}

/** A response of OCSP is asked for, at a first connection and at a resumed one, and where nobody asks. */
const stapled =
  (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Scenario =>
  async (stage) => {
    const { server, port } = await stage.listen(
      { ...identity, maxVersion },
      (socket) => void socket.on('error', () => undefined).end('x'),
      [],
    )
    let response: Buffer | null = Buffer.from('stapled')
    server.on('OCSPRequest', (_cert: Buffer, _issuer: Buffer, done: (error: null, response: Buffer | null) => void) =>
      done(null, response),
    )
    const visit = async (options: tls.ConnectionOptions): Promise<Buffer | undefined> => {
      const client = stage.connect({ port, ...options }, ['secureConnect'])
      let last: Buffer | undefined
      client.on('session', (session: Buffer) => (last = session))
      client.on('OCSPResponse', (given: Buffer | null) => stage.say(`response ${String(given)}`))
      await stage.closed(client.resume())
      return last
    }
    const session = await visit({ requestOCSP: true })
    stage.say('resumed')
    await visit({ requestOCSP: true, session })
    response = null
    stage.say('none')
    await visit({ requestOCSP: true })
    await visit({})
    stage.say('destroyed by the listener')
    const client = stage.connect({ port, requestOCSP: true }, ['secureConnect', 'error', 'close'])
    client.on('OCSPResponse', () => client.destroy(new Error('not good')))
    await stage.closed(client)
  }

/** Callbacks of writes that come to nothing. */
const unwritten: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void socket.on('error', () => undefined).resume(), [])
  const says = (what: string) => (error?: Error | null) =>
    stage.say(`${what} ${String(error && Reflect.get(error, 'code'))}`)
  const early = stage.connect({ port }, ['close'])
  early.write('x', says('before the connection'))
  early.destroy()
  await stage.closed(early)
  await turns()
  const middle = stage.connect({ port }, ['close'])
  await once(middle, 'connect')
  middle.write('x', says('in the handshake'))
  middle.destroy()
  await stage.closed(middle)
  await turns()
  middle.write('x', says('after the end'))
  await turns()
}

/** The time limit of a handshake, on a socket by itself. */
const limited: Scenario = async (stage) => {
  for (const isServer of [true, false]) {
    const [near] = duplexPair()
    const options = { isServer, ...identity, handshakeTimeout: 20 }
    const socket = stage.keep(new stage.tls.TLSSocket(near, options as tls.TLSSocketOptions))
    stage.watch(isServer ? 'server' : 'client', socket, ['error', 'close'])
    const [error] = (await once(socket, '_tlsError')) as [Error]
    stage.say(`${error.message} destroyed ${socket.destroyed}`)
    socket.destroy()
  }
}

/** A client that nobody starts, and that writes. */
const bareWrites: Scenario = async (stage) => {
  const [near, far] = duplexPair()
  const server = stage.keep(new stage.tls.TLSSocket(far, { isServer: true, ...identity }))
  const heard = once(
    server.on('error', () => undefined),
    'data',
  )
  const client = stage.keep(new stage.tls.TLSSocket(near, { isServer: false }))
  client.on('error', () => undefined)
  client.write('hello', (error) => stage.say(`written ${String(error)}`))
  stage.say(`heard ${String(((await heard) as [Buffer])[0])}`)
  await turns()
  stage.log.sort()
}

export const streams: Readonly<Record<string, Scenario>> = {
  'an error of the stream below': failing,
  'the name that callbacks find': namesInCallbacks,
  'a response of OCSP, TLS 1.2': stapled('TLSv1.2'),
  'a response of OCSP, TLS 1.3': stapled('TLSv1.3'),
  'writes that come to nothing': unwritten,
  'the time limit of a handshake': limited,
  'a client that nobody starts': bareWrites,
}
