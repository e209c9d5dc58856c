// False Start with connect() (RFC 7918): the connection is there a round trip earlier, and what the server does wrong
// after that ends it.

import { describe, expect, it } from 'vitest'
import { connectWith } from '../../src/connect.ts'
import type { ConnectOptions } from '../../src/connect.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { pair } from '../../src/stream/pair.ts'
import { concat } from '../../src/wire/bytes.ts'
import { eventsOf, serverOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

const connect = connectWith({ provider: nodeProvider })
const request = new TextEncoder().encode('GET /')

/** A server that keeps what it says after its first flight until it is let go, possibly changed. */
const holding = (options: Partial<ConnectOptions>, change: (flight: Uint8Array) => Uint8Array = (flight) => flight) => {
  const [near, far] = pair()
  const server = serverOf({ ...ecdsa, versions: { max: 'TLS 1.2' }, tls12: { legacy: true } })
  const got: Uint8Array[] = []
  const read = async (): Promise<void> => {
    const bytes = await far.read()
    if (bytes) server.receive(bytes)
    got.push(...eventsOf(server.takeEvents(), 'data').map(({ data }) => data))
  }
  const connecting = connect(near, { serverName: 'server.test', verifier: anyCertificate, ...options })
  return {
    connecting,
    got,
    first: async () => {
      await read()
      await far.write(concat(...server.takeOutput()))
    },
    read,
    letGo: async () => far.write(change(concat(...server.takeOutput()))),
  }
}

describe('connect() with falseStart', () => {
  it("resolves before the server has finished; the request is there with the client's Finished", async () => {
    const { connecting, first, read, got, letGo } = holding({ tls12: { falseStart: true } })
    await first()
    const connection = await connecting
    expect(connection.info).toMatchObject({ version: 'TLS 1.2', resumed: false })
    expect(connection.info.peerCertificates).toHaveLength(1)
    expect(() => connection.exportKeyingMaterial(32, 'EXPORTER-test')).toThrow(
      expect.objectContaining({ code: 'wrong_state' }),
    )
    await connection.write(request)
    while (got.length === 0) await read()
    expect(concat(...got)).toEqual(request)
    await letGo()
    connection.abort()
  })
  it.each<[string, Partial<ConnectOptions>]>([
    ['without it', {}],
    ['with CBC', { tls12: { falseStart: true }, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] }],
  ])('%s, it waits', async (_, options) => {
    const { connecting, first, read, letGo } = holding(options)
    let done = false
    const settled = connecting.then((connection) => {
      done = true
      connection.abort()
    })
    await first()
    await read()
    for (let i = 0; i < 20; i++) await Promise.resolve()
    expect(done).toBe(false)
    await letGo()
    await settled
    expect(done).toBe(true)
  })
  it('a Finished of the server that is wrong fails the read', async () => {
    const damaged = (flight: Uint8Array): Uint8Array =>
      flight.map((byte, index) => (index === flight.length - 1 ? byte ^ 1 : byte))
    const { connecting, first, read, letGo } = holding({ tls12: { falseStart: true } }, damaged)
    await first()
    const connection = await connecting
    await read()
    await letGo()
    await expect(connection.read()).rejects.toMatchObject({ code: 'bad_record_mac' })
    await expect(connection.write(request)).rejects.toMatchObject({ code: 'bad_record_mac' })
  })
})
