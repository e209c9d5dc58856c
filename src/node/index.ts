// puretls/node: a node:tls-compatible API on the same engine, for code that has a TLSSocket in its hands: node:https,
// database drivers, mail libraries. Anything new is better served by connect() and createServer() of the root entry.

export { Agent } from './agent.ts'
export { createSecureContext } from './options.ts'
export type { NodeClientOptions, NodeServerOptions, SecureContext, SecureContextOptions } from './options.ts'
export { createHttpsServer, createServer, Server } from './server.ts'
export { connect, TLSSocket } from './socket.ts'
export type { ConnectOptions, TLSSocketOptions } from './socket.ts'
