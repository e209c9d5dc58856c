// https-proxy-agent through a proxy that is itself reached over TLS: it opens both connections in one method.
import { request } from 'node:http'
import { Agent, connect, createHttpsServer as proxyServer } from 'puretls/node'

export { proxyServer }

/**
 * Its like on puretls: TLS to the proxy, CONNECT, and TLS to the server inside. Node 24.5 and later have `proxyEnv`.
 */
export const agent = (proxy: string, ca: string): Agent => {
  const { hostname, port } = new URL(proxy)
  class Tunnel extends Agent {
    override createConnection(options, callback) {
      const target = `${options.host}:${options.port}`
      const createConnection = () => connect({ host: hostname, port: Number(port), ca })
      request({ method: 'CONNECT', path: target, headers: { host: target }, createConnection })
        .on('connect', (_response, socket) => {
          const secured = connect({ ...options, socket, ca })
          secured.once('secureConnect', () => callback(null, secured)).once('error', callback)
        })
        .on('error', callback)
        .end()
    }
  }
  return new Tunnel()
}
