// The parts of Node's own modules that stand under ours, taken when this file is first loaded: register.ts puts ours in
// their place later. They are asked for by getBuiltinModule() rather than by import: a bundler that has ours as the
// alias of node:tls would turn such an import upon itself, and Bun's ES modules would keep what they saw at the first
// one.

import { runtimeRoots } from '../x509/trust.node.ts'

const { getBuiltinModule } = process

const http = getBuiltinModule('node:http')
const http2 = getBuiltinModule('node:http2')
const https = getBuiltinModule('node:https')
const tls = getBuiltinModule('node:tls')

runtimeRoots()

export const native = {
  HttpServer: http.Server,
  HttpsAgent: https.Agent,
  checkServerIdentity: tls.checkServerIdentity,
  connectHttp2: http2.connect,
  createHttp2Server: http2.createServer,
  createSecureContext: tls.createSecureContext,
  http2: { ...http2 },
  /** Missing before Node 22.15, and in other runtimes. */
  getCACertificates: tls.getCACertificates as typeof tls.getCACertificates | undefined,
  /** The module itself, for what register.ts cannot or need not replace. */
  tls,
  requestHttps: https.request,
  TLSSocket: tls.TLSSocket,
} as const
