// A client and a server that are joined in memory, for tests of what goes through a connection.

import { connect, createServer, pair } from '../../src/index.node.ts'
import type { CryptoProvider, TlsConnection } from '../../src/index.node.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createCa } from '../../src/pki/index.ts'

const ca = await createCa({ name: 'joined' })
const { chainPem: cert, privateKeyPem: key } = await ca.issue({ names: ['localhost'] })

/** The client, whose provider this is, and the server. */
export const joined = async (
  provider: CryptoProvider = nodeProvider,
): Promise<readonly [client: TlsConnection, server: TlsConnection]> => {
  const [near, far] = pair()
  const client = { serverName: 'localhost', ca: ca.certificatePem, provider }
  return Promise.all([connect(near, client), createServer({ cert, key }).accept(far)])
}
