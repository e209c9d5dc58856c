// An agent's way through an HTTP proxy (the option `proxyEnv` of node:http's agents, Node 24.5 and later): CONNECT, and
// TLS to the server inside the tunnel (RFC 9110 section 9.3.6). A proxy with an https: address is itself reached over
// TLS. What goes to the proxy, and the errors, are those of node:https.

import { connect as connectPlain, isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { codedError } from './node-errors.ts'

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

/** Agents that keep connections, or count them, tell the proxy so. */
interface TunnellingAgent {
  readonly keepAlive?: boolean
  readonly maxSockets?: number
}

/** Bytes of the proxy's answer up to its empty line. */
const MAX_HEAD = 65_536

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
  agent: object,
  proxy: ProxyConfig,
  options: ConnectOptions,
  watch: (socket: Duplex) => Duplex,
  callback: OnConnection,
): void => {
  const { host = 'localhost', port = 443, timeout } = options
  const family = isIP(host)
  const endpoint = `${family === 6 ? `[${host}]` : host}:${port}`
  const socket: Socket =
    proxy.protocol === 'https:' ? connect(proxy.proxyConnectionOptions) : connectPlain(proxy.proxyConnectionOptions)
  let settled = false
  const settle: OnConnection = (error, result) => {
    if (settled) return
    settled = true
    if (error) socket.destroy()
    callback(error, result)
  }
  if (timeout) {
    socket.setTimeout(timeout, () => {
      const error = tunnelError(`Connection to establish proxy tunnel timed out after ${timeout}ms`)
      settle(Object.assign(error, { proxyTunnelTimeout: timeout }))
    })
  }
  socket.on('error', settle)
  socket.once(proxy.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
    socket.write(connectRequest(agent, proxy, endpoint)),
  )
  readHead(socket, (head) => {
    if (head === undefined) return settle(tunnelError('Connection to establish proxy tunnel ended unexpectedly'))
    const [statusLine = ''] = head.split('\r\n')
    const [, status = ''] = statusLine.split(' ')
    if (status !== '200') {
      const error = tunnelError(`Failed to establish tunnel to ${endpoint} via ${proxy.href}: ${statusLine}`)
      return settle(Object.assign(error, { statusCode: Number.parseInt(status, 10) }))
    }
    socket.setTimeout(0)
    const secured = connect({ ...options, servername: options.servername || (family === 0 ? host : ''), socket })
    watch(secured)
    secured.on('free', () => socket.emit('free'))
    secured.once('error', settle)
    secured.once('secureConnect', () => {
      secured.off('error', settle)
      settle(null, secured)
    })
  })
}

const connectRequest = (agent: TunnellingAgent, { auth }: ProxyConfig, endpoint: string): string => {
  const keeps = agent.keepAlive === true || agent.maxSockets !== Infinity
  const lines = [
    `CONNECT ${endpoint} HTTP/1.1`,
    ...(auth ? [`proxy-authorization: ${auth}`] : []),
    ...(keeps ? ['proxy-connection: keep-alive'] : []),
    `host: ${endpoint}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** The status line and the headers; undefined where the stream ends before, or they are longer than any proxy's. */
const readHead = (socket: Socket, done: (head: string | undefined) => void): void => {
  let head = ''
  const finish = (result: string | undefined): void => {
    socket.off('readable', onReadable)
    socket.off('end', onEnd)
    done(result)
  }
  const onEnd = (): void => finish(undefined)
  const onReadable = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      head += chunk.toString('latin1')
      if (head.includes('\r\n\r\n')) return finish(head)
      if (head.length > MAX_HEAD) return finish(undefined)
    }
  }
  socket.on('readable', onReadable)
  socket.on('end', onEnd)
}

const tunnelError = (message: string): Error => codedError(Error, 'ERR_PROXY_TUNNEL', message)
