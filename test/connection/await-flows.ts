// The flows that await-points.test.ts interrupts: a client and a server over a stream in memory, one of them with
// points, and what came of it.

import { getEventListeners } from 'node:events'

import { vi } from 'vitest'

import { connectWith } from '../../src/connect.ts'
import type { TlsConnection } from '../../src/connection.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { MaybePromise } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import { createServerWith } from '../../src/server.ts'
import {
  memoryReplayGuard,
  memorySessionCache,
  memoryStore,
  rotatingTicketKeys,
  sharedSessions,
} from '../../src/session/index.ts'
import type { ClientSessionCache, MemorySessionCache } from '../../src/session/index.ts'
import { pair } from '../../src/stream/pair.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import type { CertificateVerifier } from '../../src/x509/verifier.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { bytesOf } from '../stream/compliance.ts'
import { pointedProvider, Points, turn, watchedStream } from './await-points.ts'
import type { Fate, WatchedStream } from './await-points.ts'

interface Flow {
  readonly client: Partial<ClientOptions>
  readonly server: ServerOptions
  /** The connection resumes what an earlier one began. */
  readonly resumed?: boolean
  /** The server asks for a certificate after the handshake. */
  readonly asksLater?: boolean
}

const psk = new Uint8Array(32).fill(7)
const v13 = { versions: { min: 'TLS 1.3' } } as const
const v12 = { versions: { max: 'TLS 1.2' } } as const
const required = { clientAuth: { mode: 'require', verifier: anyCertificate } } as const

export const flows: Readonly<Record<string, Flow>> = {
  'TLS 1.3, client certificates': { client: { ...v13, identity: ecdsa }, server: required },
  'TLS 1.3, HelloRetryRequest with a cookie': {
    client: { ...v13, groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'], postHandshakeAuth: true } },
    server: {
      groups: ['P-256'],
      hello: { cookie: true },
      clientAuth: { mode: 'after-handshake', verifier: anyCertificate },
    },
    asksLater: true,
  },
  'TLS 1.3, resumed with early data': {
    client: { ...v13, earlyData: bytesOf(100) },
    server: { earlyData: { maxBytes: 1000 } },
    resumed: true,
  },
  'TLS 1.3, external PSK': {
    client: { ...v13, psk: { keys: { identity: 'x', key: psk } } },
    server: { psk: { lookup: () => ({ key: psk }) } },
  },
  'TLS 1.2, client certificates': { client: { ...v12, identity: ecdsa }, server: required },
  'TLS 1.2, resumed by ticket': { client: v12, server: {}, resumed: true },
  'TLS 1.2, resumed by session ID': { client: { ...v12, tickets: false }, server: { tickets: false }, resumed: true },
}

export type Role = 'client' | 'server'

export interface Result {
  readonly points: readonly string[]
  readonly met: string | undefined
  /** The handshake was done at this end. */
  readonly established: boolean
  /** 'done', or what the end's first call that failed was rejected with. */
  readonly victim: unknown
  readonly peer: unknown
  /** What a call of each kind is rejected with later. */
  readonly stream: WatchedStream['state']
  /** Listeners that are left on the signal, and timers. */
  readonly listeners: number
  readonly timers: number
}

/** Runs the flow; the point `at` of the end `role` meets `fate`. Timers have to be fake. */
export const run = async (name: string, role: Role, at?: number, fate?: Fate): Promise<Result> => {
  const flow = flows[name]
  if (!flow) throw new Error(`no flow ${name}`)
  const shared = new Shared()
  if (flow.resumed) await shared.prepare(flow)
  const signal = countedSignal()
  let connection: TlsConnection | undefined
  const points = new Points(at, fate, () => {
    if (connection) connection.abort(new Error('enough'))
    else signal.abort()
  })
  const [near, far] = pair()
  const stream = watchedStream(role === 'client' ? near : far, points)
  const limits = { signal: signal.signal, handshakeTimeout: 20_000, closeTimeout: 3000 }
  const outcomes: { victim?: unknown; peer?: unknown } = {}
  const victim = converse(
    () => shared.open(flow, role, stream, points, limits),
    flow,
    role,
    (made) => {
      connection = made
    },
  )
  const other = role === 'client' ? 'server' : 'client'
  const peer = converse(() => shared.open(flow, other, role === 'client' ? far : near), flow, other)
  void victim.then((outcome) => (outcomes.victim = outcome))
  void peer.then((outcome) => (outcomes.peer = outcome))
  await untilQuiet(
    () => points.names.length,
    () => 'victim' in outcomes && 'peer' in outcomes,
  )
  return {
    points: points.names,
    met: points.met,
    established: connection !== undefined,
    victim: outcomes.victim ?? 'hangs',
    peer: outcomes.peer ?? 'hangs',
    stream: stream.state,
    listeners: signal.listeners(),
    timers: vi.getTimerCount(),
  }
}

/** Time passes when nothing else does. */
const untilQuiet = async (progress: () => number, isOver: () => boolean): Promise<void> => {
  for (let idle = 0; idle < 2;) {
    await settle(progress)
    if (vi.getTimerCount() > 0 && !isOver()) vi.advanceTimersToNextTimer()
    else idle++
  }
  vi.advanceTimersByTime(20_000) // what an end keeps for a peer that may still come
  await settle(progress)
}

const settle = async (progress: () => number): Promise<void> => {
  for (let seen = -1; seen !== progress();) {
    seen = progress()
    for (let i = 0; i < 6; i++) await turn()
  }
}

const converse = async (
  open: () => Promise<TlsConnection>,
  flow: Flow,
  role: Role,
  opened: (connection: TlsConnection) => void = () => undefined,
): Promise<unknown> => {
  try {
    const connection = await open()
    opened(connection)
    try {
      await (role === 'client' ? ask(connection) : answer(connection, flow))
      return 'done'
    } finally {
      await connection.close()
    }
  } catch (error) {
    return error
  }
}

const limit = { timeoutMs: 60_000 }

const ask = async (connection: TlsConnection): Promise<void> => {
  await connection.write(bytesOf(10), limit)
  await readFully(connection, 20)
  if (connection.info.version === 'TLS 1.3') await connection.updateKeys({ requestPeer: true, ...limit })
  await connection.write(bytesOf(5), limit)
  await connection.closeWrite(limit)
  await readToEnd(connection)
}

const answer = async (connection: TlsConnection, flow: Flow): Promise<void> => {
  await readFully(connection, 10)
  if (flow.asksLater) await connection.requestClientCertificate(limit)
  await connection.write(bytesOf(20), limit)
  await readFully(connection, 5)
  await readToEnd(connection)
}

const readFully = async (connection: TlsConnection, length: number): Promise<void> => {
  for (let got = 0; got < length;) {
    const data = await connection.read(limit)
    if (data === null) throw new Error(`a clean end after ${got} of ${length} bytes`)
    got += data.length
  }
}

const readToEnd = async (connection: TlsConnection): Promise<void> => {
  if ((await connection.read(limit)) !== null) throw new Error('more data than was sent')
}

const countedSignal = () => {
  const controller = new AbortController()
  const { signal } = controller
  return {
    signal,
    abort: () => controller.abort(new Error('enough')),
    listeners: () => getEventListeners(signal, 'abort').length,
  }
}

/** What both ends keep from one connection to the next. */
class Shared {
  readonly #sessions: MemorySessionCache = memorySessionCache()
  readonly #protector = rotatingTicketKeys({ provider: nodeProvider })
  readonly #ids = sharedSessions(memoryStore())
  readonly #guard = memoryReplayGuard({ quarantine: 0 })

  async prepare(flow: Flow): Promise<void> {
    const [near, far] = pair()
    const { earlyData: _, ...client } = flow.client
    const first = { ...flow, client }
    const [one, two] = await Promise.all([this.open(first, 'client', near), this.open(first, 'server', far)])
    await two.write(bytesOf(1))
    await one.read()
    await Promise.all([one.close(), two.close()])
  }

  open(flow: Flow, role: Role, stream: ByteStream, points?: Points, limits: object = {}): Promise<TlsConnection> {
    const provider = points ? pointedProvider(nodeProvider, points) : nodeProvider
    const through = points ?? new Passing()
    if (role === 'client') {
      return connectWith({ provider })(stream, { ...this.#client(flow, through), ...limits })
    }
    return createServerWith({ provider })(this.#server(flow, through)).accept(stream, limits)
  }

  #client({ client }: Flow, points: Points) {
    const { identity } = client
    return {
      serverName: 'server.test',
      ...client,
      verifier: pointedVerifier(points),
      sessions: this.#cache(points),
      verifyConnection: () => points.pass('verifyConnection', () => undefined),
      ...(identity && { identity: () => points.pass('identity', () => ecdsa) }),
      onSession: () => points.pass('onSession', () => undefined),
    }
  }

  #cache(points: Points): ClientSessionCache {
    const cache = this.#sessions
    return {
      take: (of) => points.pass('sessions.take', () => cache.take(of)),
      put: (of, session) => points.pass('sessions.put', () => cache.put(of, session)),
      remove: (of, session) => points.pass('sessions.remove', () => cache.remove?.(of, session)),
    }
  }

  #server({ server }: Flow, points: Points): ServerOptions {
    const { lookup } = server.psk ?? {}
    const { clientAuth, tickets } = server
    return {
      ...server,
      ...(!lookup && { identity: () => points.pass('identity', () => ecdsa) }),
      onClientHello: () => points.pass('onClientHello', () => undefined),
      verifyConnection: () => points.pass('verifyConnection', () => undefined),
      hello: { ...server.hello, chooseAlpn: () => points.pass('chooseAlpn', () => null) },
      ...(clientAuth && { clientAuth: { ...clientAuth, verifier: pointedVerifier(points) } }),
      ...(lookup && { psk: { lookup: (...given) => points.pass('psk.lookup', () => lookup(...given)) } }),
      ...(tickets !== false && {
        tickets: {
          protector: {
            seal: (session, time) => points.pass('protector.seal', () => this.#protector.seal(session, time)),
            open: (ticket, time) => points.pass('protector.open', () => this.#protector.open(ticket, time)),
          },
        },
      }),
      sessions: {
        get: (id) => points.pass('store.get', () => this.#ids.get(id)),
        set: (id, session, ttl) => points.pass('store.set', () => this.#ids.set(id, session, ttl)),
        delete: (id) => points.pass('store.delete', () => this.#ids.delete?.(id)),
      },
      earlyData: {
        ...server.earlyData,
        replayGuard: { firstSeen: (of, ttl) => points.pass('guard', () => this.#guard.firstSeen(of, ttl)) },
      },
    }
  }
}

/** No points: everything answers at once. */
class Passing extends Points {
  override async pass<T>(_name: string, run: () => MaybePromise<T>): Promise<T> {
    return run()
  }
}

const pointedVerifier = (points: Points): CertificateVerifier => ({
  ...anyCertificate,
  verify: (request) => points.pass('verifier.verify', () => anyCertificate.verify(request)),
  mayResume: () => points.pass('verifier.mayResume', () => true),
})

/** What an outcome is called in a table. */
export const outcomeOf = (outcome: unknown): string => {
  if (!(outcome instanceof TlsError)) return outcome instanceof Error ? outcome.message : String(outcome)
  return `${outcome.code}${outcome.received === undefined ? '' : ` (${outcome.received})`}`
}
