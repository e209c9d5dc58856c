// Scenarios of the differential test, each of one rule: what a renegotiation changes, whom a server asks, versions and
// defaults of the module, listeners that reject, and what a socket does when it is asked at an odd moment.

import { EventEmitter, once } from 'node:events'
import * as net from 'node:net'
import { duplexPair, PassThrough } from 'node:stream'
import type * as tls from 'node:tls'

import type { Scenario } from './scenarios.ts'
import { keys } from './stage.ts'
import type { Stage } from './stage.ts'

const { ca, cert, key } = keys
const identity = { cert, key }
const quiet = <T extends net.Socket>(socket: T): T => socket.on('error', () => undefined)

/** A check of the name that finds the server good, then not, then good. */
const judgedAgain: Scenario = async (stage) => {
  const { port } = await stage.listen({ ...identity, maxVersion: 'TLSv1.2' }, (socket) => void quiet(socket).resume())
  const answers = [undefined, new Error('not any more'), undefined]
  const client = stage.connect(
    { port, rejectUnauthorized: false, secureOptions: 1 << 16, checkServerIdentity: () => answers.shift() },
    [],
  )
  for (let i = 0; i < 3; i++) {
    if (i > 0) client.renegotiate({}, () => undefined)
    await once(client, 'secureConnect')
    stage.say(`authorized ${client.authorized} ${String(client.authorizationError)} connecting ${client.connecting}`)
  }
  client.destroy()
  await stage.closed()
  stage.withoutServer()
}

/** A key that both ends have, at a server that asks clients for certificates. */
const pskAndCertificates =
  (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Scenario =>
  async (stage) => {
    const psk = Buffer.alloc(16, 3)
    const options = {
      ...identity,
      ...{ ca, requestCert: true, rejectUnauthorized: true, maxVersion, ciphers: 'PSK+AES128:ECDHE' },
      pskCallback: (_socket: tls.TLSSocket, name: string) => (name === 'me' ? psk : null),
    }
    const { port } = await stage.listen(options, (socket) => {
      stage.say(`accepted ${socket.authorized} ${String(socket.authorizationError)}`)
      quiet(socket).end('hello')
    })
    const visit = async (more: tls.ConnectionOptions): Promise<void> => {
      stage.say('----')
      const client = stage.connect({ port, ciphers: 'PSK+AES128:ECDHE', maxVersion, ...more }, ['data', 'error'])
      await stage.closed(client)
      stage.withoutServer()
    }
    await visit({ pskCallback: () => ({ psk, identity: 'me' }), checkServerIdentity: () => undefined, ciphers: 'PSK' })
    await visit(keys.client)
  }

/** Versions of contexts, as methods and the defaults of the module give them. */
const versions: Scenario = async (stage) => {
  const module: { DEFAULT_MIN_VERSION: string; DEFAULT_MAX_VERSION: string; connect: typeof tls.connect } =
    Reflect.get(stage.tls, 'default') ?? stage.tls
  const before = [module.DEFAULT_MIN_VERSION, module.DEFAULT_MAX_VERSION] as const
  const methods = [undefined, ...['TLS', 'SSLv23', 'TLSv1', 'TLSv1_1', 'TLSv1_2'].map((name) => `${name}_method`)]
  try {
    for (const defaults of [before, ['TLSv1.3', 'TLSv1.3'], ['TLSv1.2', 'TLSv1.2']] as const) {
      ;[module.DEFAULT_MIN_VERSION, module.DEFAULT_MAX_VERSION] = defaults
      for (const secureProtocol of methods) {
        const { context } = stage.tls.createSecureContext({ secureProtocol }) as {
          context: Record<'getMinProto' | 'getMaxProto', () => number>
        }
        // 0 is any version, which begins with TLS 1.2 here.
        const [min, max] = [context.getMinProto() || 0x303, context.getMaxProto()]
        stage.say(`${defaults.join(' ')} ${secureProtocol}: ${min.toString(16)} ${max.toString(16)}`)
      }
    }
  } finally {
    ;[module.DEFAULT_MIN_VERSION, module.DEFAULT_MAX_VERSION] = before
  }
}

/** SSL_OP_NO_TLSv1_x, at either end of the range. */
const versionsTakenOut: Scenario = async (stage) => {
  const [no12, no13] = [1 << 27, 1 << 29]
  const { port } = await stage.listen(identity, (socket) => void quiet(socket).end(), [])
  for (const options of [
    { secureOptions: no12 },
    { secureOptions: no13 },
    { secureOptions: no12, maxVersion: 'TLSv1.2' },
    { secureOptions: no13, minVersion: 'TLSv1.3' },
    { secureOptions: no12 | no13 },
    { secureProtocol: 'TLSv1_2_client_method', secureOptions: no13 },
    { secureProtocol: 'TLSv1_2_client_method', secureOptions: no12 },
  ] as const) {
    const client = stage.connect({ port, ...options }, [])
    const said = new Promise<string>((resolve) => {
      client.once('secureConnect', () => resolve(String(client.getProtocol())))
      client.once('error', (error) => resolve(String(Reflect.get(error, 'code'))))
    })
    stage.say(`${JSON.stringify(options)}: ${await said}`)
    client.destroy()
  }
}

/** What listeners reject with, where EventEmitter.captureRejections is on. */
const rejections: Scenario = async (stage) => {
  EventEmitter.captureRejections = true
  try {
    const made = stage.tls.createServer(identity)
    const rejected = Symbol.for('nodejs.rejection')
    const call = (event: string, ...args: unknown[]): void =>
      void Reflect.apply(Reflect.get(made, rejected), made, [new Error(`rejected ${event}`), event, ...args])
    made.on('error', (error) => stage.say(`server ${error.message}`))
    const sockets = [new net.Socket(), new stage.tls.TLSSocket(duplexPair()[0])]
    for (const [index, event] of ['connection', 'secureConnection'].entries()) {
      const socket = stage.keep(sockets[index] ?? new net.Socket())
      socket.on('error', (error) => stage.say(`socket ${error.message}`))
      const closed = new Promise((resolve) => socket.once('close', resolve))
      call(event, socket)
      await closed
    }
    const other = stage.keep(new stage.tls.TLSSocket(duplexPair()[0]))
    quiet(other)
    call('other', other)
    stage.say(`destroyed ${other.destroyed}`)
  } finally {
    EventEmitter.captureRejections = false
  }
}

/** Asked while it connects, before it connects, and after its end. */
const oddMoments: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void quiet(socket).end('x'), [])
  const client = stage.connect({ port }, ['connect', 'secureConnect', 'data', 'end', 'close'])
  stage.attempt('_read', () => client._read(0))
  const handle = (): { reading?: unknown } => Object(Reflect.get(client, '_handle')) as object
  stage.say(`reading ${String(handle().reading)}`)
  await stage.closed(client)
  stage.attempt('_read after the end', () => client._read(0))
  stage.attempt('setKeyCert after the end', () => Reflect.apply(Reflect.get(client, 'setKeyCert'), client, [identity]))
  stage.attempt('getSession after the end', () => client.getSession())
  stage.attempt('resetAndDestroy after the end', () => client.resetAndDestroy() === client)
  const unconnected = quiet(stage.keep(new stage.tls.TLSSocket(new PassThrough())))
  for (const size of [511, 512, 16_384, 16_385])
    stage.attempt(`fragment ${size}`, () => unconnected.setMaxSendFragment(size))
  const fresh = quiet(stage.keep(new stage.tls.TLSSocket(undefined as never, { isServer: false })))
  const connected = once(fresh, 'connect')
  stage.attempt('connect() by itself', () => fresh.connect(port, '127.0.0.1', () => stage.say('listener')) === fresh)
  stage.say(`connecting ${fresh.connecting} ${fresh.pending}`)
  await connected
  stage.say(`connected ${fresh.connecting} ${fresh.pending}`)
  fresh.destroy()
  await once(fresh, 'close')
}

/** Writes of every kind, joined and alone. */
const writes: Scenario = async (stage: Stage) => {
  let heard = ''
  const { port } = await stage.listen(identity, (socket) => {
    quiet(socket)
      .on('data', (data: Buffer) => (heard += data.toString('latin1')))
      .on('end', () => socket.end())
  })
  const client = stage.connect({ port }, ['finish', 'close'])
  client.write('ä', 'latin1')
  client.write('00ff', 'hex')
  client.write(new Uint8Array([65, 66]), () => stage.say('bytes are written'))
  client.cork()
  client.write('c')
  client.write(Buffer.from('d'))
  client.write('ZQ==', 'base64')
  client.uncork()
  await once(client, 'secureConnect')
  client.cork()
  client.write('f')
  client.write(new Uint8Array([103]))
  client.uncork()
  client.end('h')
  await stage.closed(client)
  stage.withoutServer()
  stage.say(Buffer.from(heard, 'latin1').toString('hex'))
  stage.say(`${client.bytesWritten}`)
}

export const rules: Readonly<Record<string, Scenario>> = {
  'a server that is judged again in a renegotiation': judgedAgain,
  'a key of both ends where certificates are asked for, TLS 1.2': pskAndCertificates('TLSv1.2'),
  'a key of both ends where certificates are asked for, TLS 1.3': pskAndCertificates('TLSv1.3'),
  'versions of methods and defaults': versions,
  'versions that are taken out': versionsTakenOut,
  'listeners that reject': rejections,
  'a socket that is asked at an odd moment': oddMoments,
  'writes of every kind': writes,
}
