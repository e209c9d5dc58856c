// Agent: node:https's agent whose connections are ours. It resumes sessions, and keeps connections apart that were made
// under another identity or another trust.

import type { AgentOptions } from 'node:https'
import type { Duplex } from 'node:stream'

import { callable } from './callable.ts'
import { native } from './native.ts'
import { openTunnel, proxyOf } from './proxy-tunnel.ts'
import type { OnConnection } from './proxy-tunnel.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'

/** Set by request() where a request has a checkServerIdentity of its own: its connection is for this request alone. */
export const ownIdentityCheck: unique symbol = Symbol('own checkServerIdentity')

interface ConnectionOptions extends ConnectOptions {
  /** The name of the pool, by which sessions are kept. */
  readonly _agentKey?: string
  readonly [ownIdentityCheck]?: number
}

/** What node:https's agent has and its types do not tell. */
interface SessionCache {
  _getSession(key: string): Buffer | undefined
  _cacheSession(key: string, session: Buffer): void
  _evictSession(key: string): void
}

const forOneRequest = new WeakSet<object>()

class HttpsAgent extends native.HttpsAgent {
  /**
   * `(options, callback)`, or as node:https has it too `(port, host, options, callback)`. The callback is called where
   * the connection takes steps before TLS: through a proxy, of which the agent knows by its option `proxyEnv`.
   */
  override createConnection(...args: unknown[]): Duplex | undefined {
    const { options, callback } = connectionArguments(args)
    const key = options[ownIdentityCheck] === undefined ? options._agentKey : undefined
    const cache = this as unknown as SessionCache
    const session = key === undefined ? undefined : cache._getSession(key)
    const withSession: ConnectionOptions = session === undefined ? options : { session, ...options }
    const proxy = proxyOf(this, withSession)
    const watch = (socket: Duplex): Duplex => {
      if (options[ownIdentityCheck] !== undefined) forOneRequest.add(socket)
      if (key === undefined) return socket
      socket.on('session', (fresh: Buffer) => cache._cacheSession(key, fresh))
      socket.once('close', (hadError?: boolean) => {
        if (hadError) cache._evictSession(key)
      })
      return socket
    }
    if (!proxy) return watch(connect(withSession))
    openTunnel(this, proxy, withSession, watch, callback)
    return undefined
  }

  /**
   * The pool that a connection belongs to: as node:https names it, and every object among the options that it leaves
   * out.
   */
  override getName(options: AgentOptions = {}): string {
    return native.HttpsAgent.prototype.getName.call(this, options) + identityOf(options)
  }

  /** False where the connection may serve no other request; the types of node:http do not tell that it answers. */
  override keepSocketAlive(socket: Duplex): void {
    if (forOneRequest.has(socket)) return false as never
    return native.HttpsAgent.prototype.keepSocketAlive.call(this, socket)
  }
}

type Constructor = typeof HttpsAgent & ((options?: AgentOptions) => HttpsAgent)

/** https.Agent: connections of node:http over this library's TLS, kept and resumed. */
export const Agent: Constructor = callable(HttpsAgent, (self, args) => {
  Reflect.apply(native.HttpsAgent as never, self, args)
})
export type Agent = HttpsAgent

const connectionArguments = (
  args: readonly unknown[],
): { readonly options: ConnectionOptions; readonly callback: OnConnection } => {
  const given = args.find((arg): arg is ConnectionOptions => typeof arg === 'object' && arg !== null)
  const [port, host] = args
  const last = args.at(-1)
  return {
    options: {
      ...given,
      ...(typeof port === 'number' ? { port } : {}),
      ...(typeof host === 'string' ? { host } : {}),
    },
    callback: typeof last === 'function' ? (last as OnConnection) : () => undefined,
  }
}

/**
 * Options that decide who we are to the peer and whom we believe. node:https joins what it knows of them as text, which
 * says `[object Object]` of a key with its passphrase, and knows nothing of `secureContext` and `puretls`.
 */
const identityOptions = [
  'ca',
  'cert',
  'key',
  'pfx',
  'crl',
  'secureContext',
  'puretls',
  'pskCallback',
  ownIdentityCheck,
] as const

const identityOf = (options: object): string => {
  const parts = identityOptions.flatMap((name) => {
    const value: unknown = Reflect.get(options, name)
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    return list.some(isObject) || typeof name === 'symbol' ? list.map(numberOf).filter(Boolean) : []
  })
  return parts.length === 0 ? '' : `:${parts.join(',')}`
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) || typeof value === 'function'

const numbers = new WeakMap<object, number>()
let count = 0

/** A number for each object: the same object, the same number. */
const numberOf = (value: unknown): string => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (!isObject(value)) return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const known = numbers.get(value) ?? (count += 1)
  numbers.set(value, known)
  return `#${known}`
}
