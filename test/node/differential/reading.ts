// Scenarios of the differential test about reading into memory of the caller, about what programs find in the handle,
// and about sockets around sockets.

import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import type * as tls from 'node:tls'

import type { Scenario } from './scenarios.ts'
import { keys, show } from './stage.ts'
import type { Stage } from './stage.ts'

const { ca, cert, key } = keys
const identity = { cert, key }

interface OnRead {
  readonly buffer: Buffer | (() => Buffer)
  readonly callback: (length: number, buffer: Buffer) => unknown
}

/** What the callback of `onread` hears, with memory of a size that is given. */
const reading =
  (make: (stage: Stage) => OnRead): Scenario =>
  async (stage) => {
    const { port } = await stage.listen(identity, (socket) => {
      socket.on('error', () => undefined)
      socket.write('0123456789')
      socket.end('ab')
    })
    const onread = make(stage)
    const socket = stage.connect({ port, onread } as tls.ConnectionOptions, ['data', 'end', 'close'])
    await once(socket, 'close')
    stage.say(`read ${socket.bytesRead}`)
  }

const fixed: Scenario = reading((stage) => ({
  buffer: Buffer.alloc(64),
  callback: (length, buffer) => stage.say(`${length} of ${buffer.length}: ${buffer.toString('utf8', 0, length)}`),
}))

/** Memory that is asked for again each time. */
const fresh: Scenario = reading((stage) => {
  let count = 0
  return {
    buffer: () => {
      count += 1
      return Buffer.alloc(20 + count)
    },
    callback: (length, buffer) => stage.say(`${length} of ${buffer.length}: ${buffer.toString('utf8', 0, length)}`),
  }
})

/** What libraries ask of the handle. */
const handles: Scenario = async (stage) => {
  const { server, port } = await stage.listen(identity)
  const coming = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>
  const client = stage.connect({ port }, [])
  await once(client, 'secureConnect')
  const [accepted] = await coming
  for (const socket of [client, accepted.on('error', () => undefined)]) {
    const handle = Object(Reflect.get(socket, '_handle')) as Record<string, unknown>
    const ask = (name: string, ...args: unknown[]): unknown => {
      const value = handle[name]
      return typeof value === 'function' ? Reflect.apply(value, handle, args) : value
    }
    stage.attempt('ssl is the handle', () => Reflect.get(socket, 'ssl') === handle)
    stage.attempt('fd', () => typeof ask('fd') === 'number' && Number(ask('fd')) > 0)
    stage.attempt('async id', () => Number(ask('getAsyncId')) > 0)
    stage.attempt('queue', () => ask('writeQueueSize'))
    stage.attempt('reading', () => ask('reading'))
    stage.attempt('bytesRead', () => typeof ask('bytesRead'))
    if (socket === client) stage.attempt('verifyError', () => show(ask('verifyError')))
    stage.attempt('ref', () => ask('ref'))
    stage.attempt('unref', () => ask('unref'))
    stage.attempt('readStop', () => ask('readStop'))
    stage.attempt('readStart', () => ask('readStart'))
  }
  client.destroy()
  await once(client, 'close')
  stage.attempt('no handle', () => Reflect.get(client, '_handle'))
}

/** TLS inside TLS. */
const nested: Scenario = async (stage) => {
  const inner = await stage.listen(identity, (socket) => void socket.on('error', () => undefined).end('from inside'))
  const outer = await stage.listen(identity, (socket) => {
    socket.on('error', () => undefined)
    inner.server.emit('connection', socket)
  })
  const tunnel = stage.connect({ port: outer.port }, ['secureConnect'])
  await once(tunnel, 'secureConnect')
  const client = stage.tls.connect({ socket: tunnel, ca, servername: 'localhost' })
  stage.watch('inner', client, ['connect', 'secureConnect', 'data', 'end', 'close'])
  await once(client, 'end')
  stage.say(`${client.authorized} ${String(client.remoteFamily)} ${String(client.servername)}`)
  await turn()
}

/** connect() over a socket that is not connected yet, and one that is never connected. */
const early: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void socket.on('error', () => undefined).end())
  const net = await import('node:net')
  const raw = stage.keep(net.connect(port, '127.0.0.1'))
  const client = stage.tls.connect({ socket: raw, ca, servername: 'localhost' })
  stage.watch('client', client, ['connect', 'secureConnect', 'end', 'close'])
  stage.say(`connecting ${client.connecting}`)
  client.write('at once')
  await once(client.resume(), 'close')
  const never = stage.keep(new net.Socket())
  const waiting = stage.keep(stage.tls.connect({ socket: never, ca, servername: 'localhost' }))
  stage.watch('waiting', waiting, ['connect', 'secureConnect', 'end', 'close', 'error'])
  stage.say(`connecting ${waiting.connecting} ${waiting.pending}`)
  waiting.destroy()
  await once(waiting, 'close')
}

/** What a context says of itself. */
const contexts: Scenario = async (stage) => {
  const made = [{}, identity, { ...identity, ca }, keys.below, { ...keys.alone, ca: keys.intermediate }]
  for (const options of made) {
    const { context } = stage.tls.createSecureContext(options) as {
      context: Record<'getCertificate' | 'getIssuer' | 'getMinProto' | 'getMaxProto', () => unknown>
    }
    stage.attempt('certificate', () => context.getCertificate())
    stage.attempt('issuer', () => context.getIssuer())
    stage.attempt('versions', () => `${String(context.getMinProto())} ${String(context.getMaxProto())}`)
  }
}

export const readingScenarios: Readonly<Record<string, Scenario>> = {
  'onread with one piece of memory': fixed,
  'onread with new memory each time': fresh,
  'what libraries ask of the handle': handles,
  'TLS inside TLS': nested,
  'a socket that is not connected yet': early,
  'what a context says of itself': contexts,
}
