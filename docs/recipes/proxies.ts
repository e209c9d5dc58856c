// Proxies: the option `proxyEnv` of the agent (Node 24.5 and later), for all that takes an agent, and for undici a way
// over such an agent. A proxy with an https: address has to be trusted by default, say by NODE_EXTRA_CA_CERTS.
import { Agent } from 'puretls/node'
import { Agent as Dispatcher } from 'undici'

export type ProxyEnv = Record<'HTTPS_PROXY' | 'NO_PROXY', string | undefined>

export const agent = (proxyEnv: ProxyEnv, ca: string): Agent => new Agent({ ca, proxyEnv, keepAlive: true })

export const dispatcher = (proxyEnv: ProxyEnv, ca: string) => {
  const tunnels = new Agent({ ca, proxyEnv })
  return new Dispatcher({
    connect: ({ hostname, port, servername }, callback) => {
      const options = { host: hostname, port: Number(port || 443), servername: servername ?? hostname, ca }
      const direct = tunnels.createConnection(options, callback)
      direct?.once('secureConnect', () => callback(null, direct)).once('error', callback)
    },
  })
}
