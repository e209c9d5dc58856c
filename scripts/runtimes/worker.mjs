// The conformance checks in workerd, as a module worker, with `nodejs_compat`: the root entry, which takes WebCrypto
// there, the provider of puretls/crypto/node, and puretls/node. Both ends in memory, and a client on a socket of
// cloudflare:sockets, whose server is one of node:tls (echo-servers.mjs).
import { connect, createServer, pair } from 'puretls'
import { nodeProvider } from 'puretls/crypto/node'
import { inMemory, run } from './conformance.mjs'
import { nodeInMemory } from './node-api.mjs'
import { overServers } from './over-servers.mjs'
import { connectFromWorker } from './worker-socket.mjs'

const memory = inMemory({ connect, createServer, pair })

const dial = async ({ port }) => ({
  near: (client) => connectFromWorker('127.0.0.1', port, client),
  close: async () => {},
})

const rows = async (servers) => [
  ...(await run([memory, overServers('sockets', servers, dial)])),
  ...(await run([{ ...memory, name: 'memory, node' }], nodeProvider)),
  ...(await run([nodeInMemory])),
]

export default {
  fetch: async (_, { servers }) => Response.json(await rows(servers)),
}
