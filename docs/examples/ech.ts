// A server with a key for Encrypted Client Hello, and a client that goes by what the server says if its key was an old
// one.

import { connect, createServer, generateEchKeys, TlsError } from 'puretls'
import type { AnyDuplex, EchKeys, TlsConnection, TlsServer } from 'puretls'
import { nodeProvider } from 'puretls/crypto/node'

/** Put `configList` of what this gives into the HTTPS record of each name behind the server. */
export const newKeys = (publicName: string): Promise<EchKeys> => generateEchKeys({ publicName, provider: nodeProvider })

/** `cert` is for the public name and the names behind it. */
export const serve = (cert: string, key: string, ech: EchKeys): TlsServer =>
  createServer({ cert, key, hello: { ech: { keys: [ech] } } })

/** `open` makes a new transport: a refused connection can't be used again, and is tried again once (section 6.1.6). */
export const ask = async (
  open: () => AnyDuplex,
  serverName: string,
  ca: string,
  configList: Uint8Array,
): Promise<TlsConnection> => {
  try {
    return await connect(open(), { serverName, ca, hello: { ech: { configList } } })
  } catch (error) {
    if (!(error instanceof TlsError) || !error.echRetryConfigs) throw error
    return connect(open(), { serverName, ca, hello: { ech: { configList: error.echRetryConfigs } } })
  }
}
