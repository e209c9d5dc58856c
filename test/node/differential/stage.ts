// What a scenario of the differential test has at hand: certificates, and a place to write down what happened.

import { EventEmitter, once } from 'node:events'
import * as net from 'node:net'
import type * as tls from 'node:tls'

import { createCa, selfSigned } from '../../../src/pki/index.ts'

/** node:tls, or puretls/node in its place: the types are the same. */
export type Tls = Pick<
  typeof tls,
  'connect' | 'createServer' | 'createSecureContext' | 'TLSSocket' | 'checkServerIdentity'
>

const authority = await createCa({ name: 'Differential CA' })
const intermediate = await authority.createIntermediate({ name: 'Differential Intermediate' })
const leaf = await authority.issue({ names: ['localhost', '127.0.0.1'] })
const below = await intermediate.issue({ names: ['localhost'] })
const me = await authority.issue({ name: 'me', client: true })
const stranger = await createCa({ name: 'Stranger' })
const strangersClient = await stranger.issue({ name: 'not me', client: true })
const past = { notBefore: Date.UTC(2020, 0), notAfter: Date.UTC(2021, 0) }
const expired = await authority.issue({ names: ['localhost'], ...past })
const alone = await selfSigned({ names: ['localhost'] })
const otherName = await authority.issue({ names: ['other.test'] })

const firstBlock = (pem: string): string => /-----BEGIN[^]*?-----END CERTIFICATE-----\n?/.exec(pem)?.[0] ?? ''

export const keys = {
  ca: authority.certificatePem,
  strangersCa: stranger.certificatePem,
  cert: leaf.chainPem,
  key: leaf.privateKeyPem,
  below: { cert: below.chainPem, key: below.privateKeyPem },
  /** Its intermediate is left out. */
  alone: { cert: firstBlock(below.chainPem), key: below.privateKeyPem },
  intermediate: intermediate.certificatePem,
  client: { cert: me.chainPem, key: me.privateKeyPem },
  strangersClient: { cert: strangersClient.chainPem, key: strangersClient.privateKeyPem },
  expired: { cert: expired.chainPem, key: expired.privateKeyPem },
  other: { cert: otherName.chainPem, key: otherName.privateKeyPem },
  selfSigned: { cert: alone.chainPem, key: alone.privateKeyPem },
}

/** Writes down what happens, and closes what was opened. */
export class Stage {
  readonly tls: Tls
  readonly log: string[] = []
  readonly #closed = new Map<net.Socket, Promise<unknown>>()
  readonly #open: { destroy?(): unknown; close?(): unknown }[] = []

  constructor(tls: Tls) {
    this.tls = tls
  }

  say(line: string): void {
    this.log.push(line)
  }

  /** Takes back what the server said, which has no order with what a client says. */
  withoutServer(): void {
    this.log.splice(0, this.log.length, ...this.log.filter((line) => !line.startsWith('server')))
  }

  /** The events of an emitter, each with what `detail` makes of its arguments. */
  watch(name: string, emitter: EventEmitter, events: readonly string[]): void {
    for (const event of events)
      emitter.on(event, (...args: unknown[]) => this.say(`${name} ${event}${detail(event, args)}`))
  }

  /** What a call throws, or gives. */
  attempt(what: string, run: () => unknown): void {
    try {
      this.say(`${what}: ${show(run())}`)
    } catch (error) {
      this.say(`${what}: throws ${describe(error)}`)
    }
  }

  async listen(
    options: tls.TlsOptions,
    onSocket?: (socket: tls.TLSSocket) => void,
    watched: readonly string[] = ['secureConnection', 'tlsClientError'],
  ): Promise<{ server: tls.Server; port: number }> {
    const server = this.tls.createServer(options, onSocket)
    this.watch('server', server, watched)
    return { server, port: await this.#listening(server) }
  }

  /** A server that speaks no TLS. */
  async listenPlain(onSocket: (socket: net.Socket) => void): Promise<number> {
    return this.#listening(net.createServer(onSocket))
  }

  connect(options: tls.ConnectionOptions, watched: readonly string[] = clientEvents): tls.TLSSocket {
    const socket = this.tls.connect({ host: '127.0.0.1', servername: 'localhost', ca: keys.ca, ...options })
    this.#clients.add(socket)
    this.#closed.set(socket, new Promise((resolve) => socket.once('close', resolve)))
    this.watch('client', socket, watched)
    if (!watched.includes('error')) socket.on('error', () => undefined)
    this.keep(socket)
    return socket
  }

  /** When a client and the server's sockets are closed, with all that they had to say. */
  async closed(socket?: net.Socket): Promise<void> {
    if (socket) await this.#closed.get(socket)
    await Promise.all(
      [...this.#closed].filter(([each]) => each !== socket && !this.#clients.has(each)).map(([, closing]) => closing),
    )
  }

  readonly #clients = new Set<net.Socket>()

  keep<T extends { destroy?(): unknown; close?(): unknown }>(thing: T): T {
    this.#open.push(thing)
    return thing
  }

  end(): void {
    for (const thing of this.#open.splice(0)) {
      if (thing.destroy) thing.destroy()
      else thing.close?.()
    }
  }

  async #listening(server: net.Server): Promise<number> {
    server.on('connection', (raw: net.Socket) => {
      this.keep(raw)
      this.#closed.set(raw, new Promise((resolve) => raw.once('close', resolve)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.keep({ close: () => server.close() })
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
}

export const clientEvents = ['connect', 'ready', 'secureConnect', 'data', 'end', 'finish', 'timeout', 'error', 'close']

const detail = (event: string, args: readonly unknown[]): string => {
  if (event === 'error' || event === 'tlsClientError' || event === '_tlsError') return ` ${describe(args[0])}`
  if (event === 'close') return `(${String(args[0])})`
  if (event === 'data') return ` ${String(args[0])}`
  return ''
}

/** Code and words of an error; ports and the place in OpenSSL's source are left out. */
export const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const code: unknown = Reflect.get(error, 'code')
  const message = error.message
    .replaceAll(/[0-9A-F]{16}:/g, '')
    .replace(/(SSL routines:)[^:]*:/, '$1:')
    .replace(/:\.\.[^:]*:\d+:/, ':')
    .replace(/:?\n$/, '')
    // a hint of newer ones
    .replace('; if the root CA is installed locally, try running Node.js with --use-system-ca', '')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
  return `${error.name} ${String(code)} ${message}`
}

export const show = (value: unknown): string => {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (value instanceof EventEmitter) return 'an emitter'
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Uint8Array ? 'bytes' : inner)) ?? ''
  return String(value)
}
