// puretls/node/https: node:https with our TLS. Its Server is node:http's in all but where connections come from, its
// requests are node:http's over the connections of our Agent.

import type { ClientRequest, IncomingMessage, RequestListener, ServerOptions as HttpServerOptions } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { urlToHttpOptions } from 'node:url'

import { Agent, ownIdentityCheck } from './agent.ts'
import { callable } from './callable.ts'
import { graft, httpMethod } from './http-grafting.ts'
import { native } from './native.ts'
import { initialiseServer, Server as TlsServer } from './server.ts'
import type { ConnectOptions } from './connect.ts'
import type { TlsOptions } from './types.ts'

export { Agent } from './agent.ts'

/** Options of node:http's server and of tls.createServer(). */
export type ServerOptions = TlsOptions & HttpServerOptions

class HttpsServer extends TlsServer {
  // Set by node:http, with the meanings and the defaults that they have there; times in milliseconds.
  declare headersTimeout: number
  declare requestTimeout: number
  declare keepAliveTimeout: number
  declare timeout: number
  declare maxHeadersCount: number | null
  declare maxRequestsPerSocket: number | null

  /** As https.Server: throws what tls.createServer() and http.createServer() throw for their options. */
  constructor(options?: ServerOptions | RequestListener | null, listener?: RequestListener) {
    super(tlsOptionsOf(options))
    serveHttp(this, options, listener)
  }

  /**
   * Milliseconds without traffic after which a socket is destroyed, unless somebody listens for `timeout`; 0 for
   * never.
   */
  setTimeout(milliseconds?: number, callback?: (socket: Duplex) => void): this {
    Reflect.apply(native.HttpServer.prototype.setTimeout, this, [milliseconds, callback])
    return this
  }

  closeAllConnections(): void {
    httpMethod(this, 'closeAllConnections')
  }

  closeIdleConnections(): void {
    httpMethod(this, 'closeIdleConnections')
  }

  /** Closes idle connections too, and the timer of requestTimeout and headersTimeout. */
  override close(callback?: (error?: Error) => void): this {
    // node:http's close() ends its timer and calls net.Server's, which is ours as well.
    Reflect.apply(native.HttpServer.prototype.close, this, [callback])
    return this
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.close((error) => (error ? reject(error) : resolve()))
    })
  }
}

type ServerArguments = [options?: ServerOptions | RequestListener | null, listener?: RequestListener]

const tlsOptionsOf = (options: ServerArguments[0]): TlsOptions => {
  const given = typeof options === 'function' ? {} : (options ?? {})
  const chosen = Boolean(given.ALPNProtocols ?? given.ALPNCallback)
  return Object.assign({ noDelay: true, ...(chosen ? {} : { ALPNProtocols: ['http/1.1'] }) }, given)
}

const serveHttp = (server: HttpsServer, ...[options, listener]: ServerArguments): void => {
  const serve = graft(server, new native.HttpServer(typeof options === 'function' ? {} : (options ?? {})))
  server.on('secureConnection', (socket: Duplex) => serve(socket))
  const onRequest = typeof options === 'function' ? options : listener
  if (onRequest) server.on('request', onRequest)
  server.on('tlsClientError', (error: Error, socket: Duplex) => {
    if (!server.emit('clientError', error, socket)) socket.destroy(error)
  })
}

type Constructor = typeof HttpsServer & ((...args: ServerArguments) => HttpsServer)

/** https.Server, with and without `new`. */
export const Server: Constructor = callable(HttpsServer, (self, args) => {
  const [options, listener] = args as ServerArguments
  initialiseServer(self, [tlsOptionsOf(options)])
  serveHttp(self as HttpsServer, options, listener)
})
export type Server = HttpsServer

/** https.createServer(). */
export const createServer = (options?: ServerOptions | RequestListener | null, listener?: RequestListener): Server =>
  new Server(options, listener)

/** The agent of requests that name none, at first: programs replace it on the default export, as with node:https. */
export const globalAgent: Agent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000, ...proxyEnv() })

type OnResponse = (response: IncomingMessage) => void
type Options = RequestOptions & ConnectOptions
type RequestArguments =
  | [target: string | URL, options?: Options | OnResponse, onResponse?: OnResponse]
  | [options: string | URL | Options, onResponse?: OnResponse]

let identityChecks = 0

/** https.request(). Throws what http.request() throws: ERR_INVALID_URL, ERR_INVALID_PROTOCOL, ERR_INVALID_ARG_TYPE. */
export const request = (...args: RequestArguments): ClientRequest => {
  const rest: unknown[] = [...args]
  const options: Record<PropertyKey, unknown> = {}
  const [target] = rest
  if (typeof target === 'string' || target instanceof URL) {
    Object.assign(options, urlToHttpOptions(typeof target === 'string' ? new URL(target) : target))
    rest.shift()
  }
  if (rest[0] && typeof rest[0] !== 'function') Object.assign(options, rest.shift())
  if (hasOwnIdentityCheck(options)) options[ownIdentityCheck] = identityChecks += 1
  const { agent, createConnection } = options
  if (agent === false) options['agent'] = new Agent()
  else if ((agent === undefined || agent === null) && !createConnection) options['agent'] = https.globalAgent
  // Not http.ClientRequest at once: agents of others look for node:https on the stack to know what they are asked for.
  return Reflect.apply(native.requestHttps, undefined, [options, ...rest])
}

/** https.get(): request() that is ended at once. */
export const get = (...args: RequestArguments): ClientRequest => {
  const made = request(...args)
  made.end()
  return made
}

/** A check that the request brings along may not be skipped because another request has opened a connection before. */
const hasOwnIdentityCheck = ({ checkServerIdentity, agent }: Record<PropertyKey, unknown>): boolean => {
  if (checkServerIdentity === undefined || checkServerIdentity === native.checkServerIdentity) return false
  // An agent's own option takes precedence over the request's.
  const used: unknown = agent === undefined || agent === null ? https.globalAgent : agent
  return !(used instanceof Agent) || used.options.checkServerIdentity === undefined
}

/** As node:https's global agent has it: NODE_USE_ENV_PROXY and --use-env-proxy. */
function proxyEnv(): { proxyEnv?: NodeJS.ProcessEnv } {
  const wanted = process.env['NODE_USE_ENV_PROXY'] === '1' || process.execArgv.includes('--use-env-proxy')
  return wanted ? { proxyEnv: process.env } : {}
}

/** What `require('node:https')` gives. */
interface HttpsModule {
  readonly Agent: typeof Agent
  globalAgent: Agent
  readonly Server: typeof Server
  readonly createServer: typeof createServer
  readonly get: typeof get
  readonly request: typeof request
}

let currentAgent: Agent = globalAgent
/** The module as node:https has it; `globalAgent` may be set. */
const https: HttpsModule = {
  Agent,
  get globalAgent() {
    return currentAgent
  },
  set globalAgent(agent) {
    currentAgent = agent
  },
  Server,
  createServer,
  get,
  request,
}
export { https as default }
