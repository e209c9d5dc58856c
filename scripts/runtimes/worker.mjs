// The conformance checks in workerd, as a module worker. The root entry takes WebCrypto there. Both ends in memory, and
// a client on a socket of cloudflare:sockets, whose server is one of node:tls (echo-servers.mjs).
import { connect, createServer, pair } from 'puretls'
import { inMemory, run } from './conformance.mjs'
import { overServers } from './over-servers.mjs'
import { connectFromWorker } from './worker-socket.mjs'

const entry = { connect, createServer, pair }

const dial = async ({ port }) => ({
  near: (client) => connectFromWorker('127.0.0.1', port, client),
  close: async () => {},
})

export default {
  fetch: async (_, { servers }) => Response.json(await run([inMemory(entry), overServers('sockets', servers, dial)])),
}
