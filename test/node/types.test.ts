// The types of puretls/node stand for those of node:tls: checked by the compiler, which runs over this file.

import type * as nodeTls from 'node:tls'
import { expect, it } from 'vitest'

import ours, { connect, createSecureContext, createServer, TLSSocket } from '../../src/node/index.ts'

it('what takes node:tls takes puretls/node', () => {
  // Options of node:tls go in, its classes and functions come out.
  const options: nodeTls.ConnectionOptions = { port: 1, host: 'localhost' }
  const serverOptions: nodeTls.TlsOptions = {}
  const contextOptions: nodeTls.SecureContextOptions = {}
  const context: nodeTls.SecureContext = createSecureContext(contextOptions)
  const server: nodeTls.Server = createServer(serverOptions)
  const make: (options: nodeTls.ConnectionOptions) => nodeTls.TLSSocket = connect
  const Socket: new (socket: nodeTls.TLSSocket) => nodeTls.TLSSocket = TLSSocket
  const module: Pick<
    typeof nodeTls,
    | 'connect'
    | 'createServer'
    | 'checkServerIdentity'
    | 'getCiphers'
    | 'rootCertificates'
    | 'getCACertificates'
    | 'setDefaultCACertificates'
    | 'CLIENT_RENEG_LIMIT'
    | 'CLIENT_RENEG_WINDOW'
    | 'DEFAULT_ECDH_CURVE'
    | 'DEFAULT_CIPHERS'
  > = ours
  void options
  expect([context, server, make, Socket, module].every(Boolean)).toBe(true)
})
