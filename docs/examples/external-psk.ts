// A device and a server with a key in common and no certificate: through the importer (RFC 9258), with forward secrecy.

import { connect, createServer } from 'puretls'
import type { AnyDuplex, TlsConnection } from 'puretls'

const context = new TextEncoder().encode('sensors, 2026')

export const device = (stream: AnyDuplex, key: Uint8Array): Promise<TlsConnection> =>
  connect(stream, {
    serverName: false,
    versions: { min: 'TLS 1.3' },
    psk: { keys: { identity: 'sensor 7', key, imported: { context } } },
  })

export const collector = (stream: AnyDuplex, keys: ReadonlyMap<string, Uint8Array>): Promise<TlsConnection> =>
  createServer({
    versions: { min: 'TLS 1.3' },
    psk: {
      lookup: (identity, _hello, imported) => {
        const key = imported ? keys.get(new TextDecoder().decode(identity)) : undefined
        return key && { key }
      },
    },
  }).accept(stream)
