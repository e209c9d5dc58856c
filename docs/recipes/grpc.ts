// grpc-js: a client by credentials that secure its socket, a server by a connection injector.
import { ChannelCredentials, credentials, Server, ServerCredentials } from '@grpc/grpc-js'
import { connect, createServer } from 'puretls/node'

export class TlsCredentials extends ChannelCredentials {
  options: { ca: string; servername: string }
  constructor(options: { ca: string; servername: string }) {
    super()
    this.options = options
  }
  override _isSecure = () => true
  override _equals = (other: ChannelCredentials) => other === this
  override _createSecureConnector(target, options, callCredentials) {
    const plain = credentials.createInsecure()._createSecureConnector(target, options, callCredentials)
    return {
      ...plain,
      connect: (socket) =>
        new Promise((resolve, reject) => {
          const secured = connect({ ...this.options, socket, ALPNProtocols: ['h2'] })
          secured.once('secureConnect', () => resolve({ socket: secured, secure: true }))
          secured.once('error', reject)
        }),
    }
  }
}

/** The server of TLS in front of a gRPC server; it has to listen. */
export const serve = (server: Server, identity: { cert: string; key: string }) => {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  return createServer({ ...identity, ALPNProtocols: ['h2'] }, (socket) => injector.injectConnection(socket))
}
