// TLS 1.2 sessions with node:tls, Go and GnuTLS, both ways; and with GnuTLS's extended master secret and
// encrypt-then-MAC off.

import { connect as dialTcp, createServer as listenTcp } from 'node:net'
import type { Socket } from 'node:net'
import { constants } from 'node:crypto'
import * as tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { connect, createServer } from '../../src/index.node.ts'
import type { ConnectOptions, ServerOptions } from '../../src/index.node.ts'
import { memorySessionCache, memoryStore, rotatingTicketKeys, sharedSessions } from '../../src/session/index.ts'
import { createEnvironment, dialPeer, requirePeer, servePeer } from './harness.ts'
import type { Environment } from './harness.ts'
import { gnutls } from './peers/gnutls.ts'
import { go } from './peers/go.ts'
import { Child, freePort } from './process.ts'

const tls12 = { versions: { max: 'TLS 1.2' } } as const

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

const openSocket = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = dialTcp(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })

/** Connects, sends a line, reads until it comes back, closes; whether the session was resumed. */
const dial = async (port: number, options: Partial<ConnectOptions>): Promise<boolean> => {
  const connection = await connect(await openSocket(port), {
    serverName: 'localhost',
    ca: environment.ca,
    ...tls12,
    ...options,
  })
  await connection.write(new TextEncoder().encode('hello\n'))
  let received = ''
  while (!received.includes('hello\n')) {
    const data = await connection.read()
    if (data === null) throw new Error('the peer closed before an answer came')
    received += new TextDecoder().decode(data)
  }
  await connection.close()
  return connection.info.resumed
}

interface Listening {
  readonly port: number
  /** Of each connection so far. */
  readonly resumed: boolean[]
  close(): void
}

/** A server of ours that sends back what comes. */
const listen = async (options: ServerOptions): Promise<Listening> => {
  const server = createServer({ ...environment.server.ecdsa, ...tls12, ...options })
  const resumed: boolean[] = []
  const listener = listenTcp((socket) => {
    void (async () => {
      const connection = await server.accept(socket)
      resumed.push(connection.info.resumed)
      for await (const data of connection) await connection.write(data)
      await connection.close()
    })().catch(() => {}) // the client's own report says what went wrong
  })
  const port = await new Promise<number>((resolve) => {
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      resolve(address && typeof address === 'object' ? address.port : 0)
    })
  })
  return { port, resumed, close: () => void listener.close() }
}

describe('node:tls', () => {
  /** Echoes; keeps sessions by ID itself, as Node asks of servers without tickets. */
  const serve = async (byId: boolean): Promise<{ readonly port: number; readonly server: tls.Server }> => {
    const kept = new Map<string, Buffer>()
    const server = tls.createServer(
      {
        ...environment.server.ecdsa,
        maxVersion: 'TLSv1.2',
        ...(byId && { secureOptions: constants.SSL_OP_NO_TICKET }),
      },
      (socket) => socket.pipe(socket),
    )
    server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      kept.set(id.toString('hex'), session)
      done()
    })
    server.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) =>
      done(null, kept.get(id.toString('hex')) ?? null),
    )
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(address && typeof address === 'object' ? address.port : 0)
      })
    })
    return { port, server }
  }

  it.each([
    ['ticket', false],
    ['ID', true],
  ])('as the server resumes by %s', async (_, byId) => {
    const { port, server } = await serve(byId)
    const sessions = memorySessionCache()
    expect([await dial(port, { sessions }), await dial(port, { sessions }), await dial(port, { sessions })]).toEqual([
      false,
      true,
      true,
    ])
    server.close()
  })

  it.each<[string, ServerOptions]>([
    ['ticket', {}],
    ['ID', { tickets: false, sessions: sharedSessions(memoryStore()) }],
  ])('as the client resumes by %s', async (_, options) => {
    const ours = await listen(options)
    const once = (session?: Buffer): Promise<{ readonly reused: boolean; readonly session: Buffer | undefined }> =>
      new Promise((resolve, reject) => {
        const socket = tls.connect({
          port: ours.port,
          host: '127.0.0.1',
          servername: 'localhost',
          ca: environment.ca,
          ...(session && { session }),
        })
        socket.on('secureConnect', () => socket.write('hello'))
        socket.on('data', () => {
          const result = { reused: socket.isSessionReused(), session: socket.getSession() }
          socket.end()
          socket.on('close', () => resolve(result))
        })
        socket.on('error', reject)
      })
    const first = await once()
    const second = await once(first.session)
    expect([first.reused, second.reused]).toEqual([false, true])
    expect(ours.resumed).toEqual([false, true])
    ours.close()
  })
})

const goPresent = await requirePeer(go)

describe.skipIf(!goPresent)('Go', () => {
  const setup = { version: 'TLS 1.2', certificate: 'ecdsa', resume: true } as const

  it('as the server resumes by ticket', async () => {
    const sessions = memorySessionCache()
    const resumed: boolean[] = []
    for (let i = 0; i < 3; i++) resumed.push((await dialPeer(environment, go, setup, { sessions })).info.resumed)
    expect(resumed).toEqual([false, true, true])
  })

  it('as the client resumes by ticket', async () => {
    const tickets = { protector: rotatingTicketKeys({ provider: nodeProvider }) }
    const resumed: boolean[] = []
    for (let i = 0; i < 3; i++) {
      const options = { ...environment.server.ecdsa, tickets }
      resumed.push((await servePeer(environment, go, { ...setup, certificate: undefined }, options)).info.resumed)
    }
    expect(resumed).toEqual([false, true, true])
  })
})

const present = await requirePeer(gnutls)

describe.skipIf(!present)('GnuTLS', () => {
  const base = 'NORMAL:-VERS-ALL:+VERS-TLS1.2'
  const CBC = { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] }

  const serve = async (
    args: readonly string[],
    priority = base,
  ): Promise<{ readonly child: Child; readonly port: number }> => {
    const port = await freePort()
    const { cert, key } = environment.files.server.ecdsa
    const child = new Child('gnutls-serv', [
      '--port',
      `${port}`,
      '--echo',
      '--x509certfile',
      cert,
      '--x509keyfile',
      key,
      '--disable-client-cert',
      '--priority',
      priority,
      ...args,
    ])
    await child.waitFor(/listening on IPv4 .*done/)
    return { child, port }
  }

  it.each([
    ['ticket', []],
    ['ID', ['--noticket']],
  ])('as the server resumes by %s', async (_, args) => {
    const { child, port } = await serve(args)
    const sessions = memorySessionCache()
    expect([await dial(port, { sessions }), await dial(port, { sessions })]).toEqual([false, true])
    await child.stop()
  })

  it.each<[string, ServerOptions]>([
    ['ticket', {}],
    ['ID', { tickets: false, sessions: sharedSessions(memoryStore()) }],
  ])('as the client resumes by %s', async (_, options) => {
    const ours = await listen(options)
    const child = new Child('gnutls-cli', [
      '127.0.0.1',
      '--port',
      `${ours.port}`,
      '--sni-hostname',
      'localhost',
      '--verify-hostname',
      'localhost',
      '--x509cafile',
      environment.files.ca,
      '--resume',
      '--priority',
      base,
    ])
    await child.waitFor(/This is a resumed session/)
    child.endInput()
    await child.exited()
    expect(ours.resumed).toEqual([false, true])
    ours.close()
  })

  it.each([
    ['without extended master secret', `${base}:%NO_SESSION_HASH`, {}],
    ['CBC with encrypt-then-MAC', base, CBC],
    ['CBC without encrypt-then-MAC', `${base}:%NO_ETM`, CBC],
  ])('as the server, %s', async (_, priority, options) => {
    const { child, port } = await serve([], priority)
    const sessions = memorySessionCache()
    const expected = priority.includes('SESSION_HASH') ? [false, false] : [false, true]
    expect([await dial(port, { sessions, ...options }), await dial(port, { sessions, ...options })]).toEqual(expected)
    await child.stop()
  })

  it.each([
    ['without extended master secret', `${base}:%NO_SESSION_HASH`, {}],
    ['CBC with encrypt-then-MAC', base, CBC],
    ['CBC without encrypt-then-MAC', `${base}:%NO_ETM`, CBC],
  ])('as the client, %s', async (_, priority, options) => {
    const ours = await listen(options)
    const child = new Child('gnutls-cli', [
      '127.0.0.1',
      '--port',
      `${ours.port}`,
      '--sni-hostname',
      'localhost',
      '--verify-hostname',
      'localhost',
      '--x509cafile',
      environment.files.ca,
      '--priority',
      priority,
    ])
    await child.waitFor(/Simple Client Mode/)
    child.write('hello\n')
    await child.waitFor(/^hello$/m)
    child.endInput()
    await child.exited()
    expect(ours.resumed).toEqual([false])
    ours.close()
  })
})
