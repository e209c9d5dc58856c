// Scenarios of the differential test about what is left where options rule out all that could be agreed on, and about
// the stream that connect() is given.

import { once } from 'node:events'
import * as net from 'node:net'
import { duplexPair } from 'node:stream'
import * as nodeTls from 'node:tls'

import type { Scenario } from './scenarios.ts'
import { describe, keys } from './stage.ts'

const { ca, cert, key } = keys
const identity = { cert, key }

/** What a client, or a server when a client comes, says at once of options that leave nothing. */
const nothing =
  (isServer: boolean, ...list: readonly object[]): Scenario =>
  async (stage) => {
    for (const options of list) {
      const [near, far] = duplexPair()
      const { TLSSocket } = stage.tls
      const socket = isServer
        ? new TLSSocket(near, { isServer, ...identity, ...options })
        : stage.tls.connect({ socket: near, ca, ...options })
      // The other end is no subject here.
      const other = isServer ? nodeTls.connect({ socket: far, ca, ...versionOf(options) }) : far.resume()
      stage.keep(other.on('error', () => undefined))
      const [error] = (await once(stage.keep(socket), 'error')) as [Error]
      stage.say(`${JSON.stringify(options)}: ${describe(error).replace(/:No ciphers enabled.*/, '')}`)
    }
  }

const versionOf = ({ maxVersion }: { maxVersion?: string }): object => (maxVersion === 'TLSv1.2' ? { maxVersion } : {})

const noSuites = [
  { ciphers: 'AES128-SHA:@SECLEVEL=5', maxVersion: 'TLSv1.2' },
  { ciphers: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' },
  { ciphers: 'TLS_AES_128_GCM_SHA256', maxVersion: 'TLSv1.2' },
]
const noVersions = [{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }, { secureProtocol: 'TLSv1_method' }]

/** Whom the certificate has to be for, where a connected socket is given. */
const namesOfGiven: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void socket.on('error', () => undefined).resume())
  const lookup = (_host: string, _options: object, done: (error: null, list: object[]) => void): void =>
    done(null, [{ address: '127.0.0.1', family: 4 }])
  for (const [host, options] of [
    ['localhost', {}],
    ['a.test', {}],
    ['a.test', { host: 'b.test' }],
    ['a.test', { host: 'b.test', servername: 'c.test' }],
    ['a.test', { servername: '' }],
  ] as const) {
    const raw = stage.keep(net.connect({ host, port, lookup: lookup as never }))
    await once(raw, 'connect')
    const socket = stage.keep(
      stage.tls.connect({
        socket: raw,
        ca,
        ...options,
        checkServerIdentity: (name) => {
          stage.say(`asked for ${name}`)
          return undefined
        },
      }),
    )
    stage.say(`connecting ${socket.connecting}, over it ${Reflect.get(socket, '_parent') === raw}`)
    await once(socket, 'secureConnect')
    stage.say(`${host} ${JSON.stringify(options)}: ${String(socket.servername)} ${socket.authorized}`)
    socket.destroy()
    await once(raw, 'close')
  }
  await stage.closed()
  stage.withoutServer()
}

/** Who listens for errors, and what happens to those that nobody listens for. */
const errorListeners: Scenario = async (stage) => {
  const { port, server } = await stage.listen(identity)
  const coming = once(server, 'secureConnection') as Promise<[nodeTls.TLSSocket]>
  const client = stage.keep(stage.tls.connect({ port, ca, host: 'localhost' }))
  stage.say(`a client at once: ${client.listenerCount('error')}, control released again`)
  stage.attempt('released', () => Reflect.apply(Reflect.get(client, '_releaseControl'), client, []))
  const [accepted] = await coming
  stage.say(`accepted: ${accepted.listenerCount('error')}`)
  accepted.on('error', (error) => stage.say(`accepted ${error.message}`))
  stage.attempt('released', () => Reflect.apply(Reflect.get(accepted, '_releaseControl'), accepted, []))
  stage.attempt('nobody listens', () => client.emit('error', new Error('heard by nobody')))
  const held = stage.keep(new stage.tls.TLSSocket(duplexPair()[0]))
  stage.say(`a socket by itself: ${held.listenerCount('error')}`)
  held.on('_tlsError', (error: Error) => stage.say(`_tlsError ${error.message}`))
  stage.attempt('nobody listens', () => held.emit('error', new Error('kept')))
  stage.attempt('released', () => Reflect.apply(Reflect.get(held, '_releaseControl'), held, []))
  stage.say(`a socket by itself: ${held.listenerCount('error')}`)
  stage.attempt('nobody listens', () => held.emit('error', new Error('let go')))
}

/** Traffic of a TLS socket keeps the one underneath from being idle. */
const idleTimers: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void socket.on('error', () => undefined).pipe(socket))
  const raw = stage.keep(net.connect(port, '127.0.0.1'))
  await once(raw, 'connect')
  const client = stage.keep(stage.tls.connect({ socket: raw, ca, servername: 'localhost' }))
  await once(client, 'secureConnect')
  const refreshed = new Set<string>()
  const watch = (name: string, socket: net.Socket): void => {
    socket.setTimeout(60_000)
    const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'timeout')
    const timer = Object(symbol && Reflect.get(socket, symbol)) as NodeJS.Timeout
    Object.defineProperty(timer, 'refresh', { value: () => void refreshed.add(name) })
  }
  watch('the socket', client)
  watch('the one underneath', raw)
  client.write('x')
  stage.say(`written: ${[...refreshed].toSorted().join()}`)
  refreshed.clear()
  await once(client, 'data')
  stage.withoutServer()
  stage.say(`read: ${[...refreshed].toSorted().join()}`)
  client.destroy()
}

export const leftovers: Readonly<Record<string, Scenario>> = {
  'a client with no suite left': nothing(false, ...noSuites),
  'a server with no suite left': nothing(true, ...noSuites.slice(1)),
  'a client with no version left': nothing(false, ...noVersions),
  'a server with no version left': nothing(true, ...noVersions),
  'a socket that is given: its name': namesOfGiven,
  'who listens for errors': errorListeners,
  'a socket that is given: its idle timer': idleTimers,
}
