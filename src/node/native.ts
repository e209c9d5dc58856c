// The parts of Node's own modules that stand under ours, taken when this file is first loaded: register.ts puts ours in
// their place later. They are asked for by getBuiltinModule() rather than by import: a bundler that has ours as the
// alias of node:tls would turn such an import upon itself, and Bun's ES modules would keep what they saw at the first
// one.

import type nodeHttp from 'node:http'
import type nodeHttp2 from 'node:http2'
import type nodeHttps from 'node:https'
import type nodeTls from 'node:tls'
import { runtimeRoots } from '../x509/trust.node.ts'

const { getBuiltinModule } = process

const http: typeof nodeHttp = getBuiltinModule('node:http')
const http2: typeof nodeHttp2 = getBuiltinModule('node:http2')
const https: typeof nodeHttps = getBuiltinModule('node:https')
const tls: typeof nodeTls = getBuiltinModule('node:tls')

runtimeRoots()

/** Node's own, before register.ts puts ours in its place. */
interface Native {
  readonly HttpServer: typeof http.Server
  readonly HttpsAgent: typeof https.Agent
  readonly checkServerIdentity: typeof tls.checkServerIdentity
  readonly connectHttp2: typeof http2.connect
  readonly createHttp2Server: typeof http2.createServer
  readonly createSecureContext: typeof tls.createSecureContext
  readonly http2: typeof http2
  /** Missing before Node 22.15, and in other runtimes. */
  readonly getCACertificates: typeof tls.getCACertificates | undefined
  /** The module itself, for what register.ts cannot or need not replace. */
  readonly tls: typeof tls
  readonly requestHttps: typeof https.request
  readonly TLSSocket: typeof tls.TLSSocket
}

export const native: Native = {
  HttpServer: http.Server,
  HttpsAgent: https.Agent,
  checkServerIdentity: tls.checkServerIdentity,
  connectHttp2: http2.connect,
  createHttp2Server: http2.createServer,
  createSecureContext: tls.createSecureContext,
  http2: { ...http2 },
  getCACertificates: tls.getCACertificates,
  tls,
  requestHttps: https.request,
  TLSSocket: tls.TLSSocket,
}
