// An agent's way through an HTTP proxy (the option `proxyEnv` of node:http's agents, Node 24.5 and later): CONNECT, and
// TLS to the server inside the tunnel (RFC 9110 section 9.3.6). A proxy with an https: address is itself reached over
// TLS.

import { request as httpRequest } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'

import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'

export type OnConnection = (error: Error | null, socket?: Duplex) => void

/** What node:http has read from `proxyEnv`; it keeps it under a symbol of the agent. */
interface ProxyConfig {
  readonly href: string
  readonly protocol: string
  readonly auth?: string
  readonly proxyConnectionOptions: { readonly host: string; readonly port: number }
  /** False for what NO_PROXY names. */
  shouldUseProxy(hostname: string, port: unknown): boolean
}

/** The proxy for a connection of this agent, if it has one. */
export const proxyOf = (agent: object, options: ConnectOptions): ProxyConfig | undefined => {
  const symbol = Object.getOwnPropertySymbols(agent).find(({ description }) => description === 'kProxyConfig')
  const config: unknown = symbol && Reflect.get(agent, symbol)
  if (!isProxyConfig(config) || Reflect.get(options, 'socketPath')) return undefined
  return config.shouldUseProxy(options.host ?? 'localhost', options.port) ? config : undefined
}

const isProxyConfig = (value: unknown): value is ProxyConfig =>
  typeof value === 'object' && value !== null && 'proxyConnectionOptions' in value && 'shouldUseProxy' in value

/**
 * Opens the tunnel and then the TLS connection, which `callback` gets when its handshake is done. What fails gives
 * `callback` an error, with the code ERR_PROXY_TUNNEL if it was the proxy.
 */
export const openTunnel = (
  proxy: ProxyConfig,
  options: ConnectOptions,
  watch: (socket: Duplex) => Duplex,
  callback: OnConnection,
): void => {
  const { host = 'localhost', port = 443, timeout } = options
  const family = isIP(host)
  const endpoint = `${family === 6 ? `[${host}]` : host}:${port}`
  const request = httpRequest({
    ...proxy.proxyConnectionOptions,
    method: 'CONNECT',
    path: endpoint,
    headers: { host: endpoint, ...(proxy.auth === undefined ? {} : { 'proxy-authorization': proxy.auth }) },
    ...(timeout ? { timeout } : {}),
    ...(proxy.protocol === 'https:'
      ? { createConnection: () => connect(proxy.proxyConnectionOptions) }
      : { agent: false }),
  })
  let settled = false
  const settle: OnConnection = (error, socket) => {
    if (settled) return
    settled = true
    callback(error, socket)
  }
  request.on('timeout', () => {
    settle(
      tunnelError(`Connection to establish proxy tunnel timed out after ${timeout}ms`, { proxyTunnelTimeout: timeout }),
    )
    request.destroy()
  })
  request.on('error', (error: NodeJS.ErrnoException) => {
    const ended = error.code === 'ECONNRESET' && request.socket?.bytesRead === 0
    settle(ended ? tunnelError('Connection to establish proxy tunnel ended unexpectedly', { cause: error }) : error)
  })
  request.on('connect', ({ statusCode = 0, statusMessage = '', httpVersion }, tunnel: Duplex) => {
    if (statusCode !== 200) {
      tunnel.destroy()
      const line = `HTTP/${httpVersion} ${statusCode} ${statusMessage}`
      return settle(tunnelError(`Failed to establish tunnel to ${endpoint} via ${proxy.href}: ${line}`, { statusCode }))
    }
    const secured = connect({
      ...options,
      servername: options.servername || (family === 0 ? host : ''),
      socket: tunnel,
    })
    watch(secured)
    secured.once('error', settle)
    secured.once('secureConnect', () => {
      secured.off('error', settle)
      settle(null, secured)
    })
  })
  request.end()
}

const tunnelError = (message: string, details: object): Error =>
  Object.assign(new Error(message), { code: 'ERR_PROXY_TUNNEL', ...details })
