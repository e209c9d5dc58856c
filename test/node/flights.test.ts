// Flights over a stream that somebody else packs: each leaves at once, in one piece. TDS (SQL Server) needs it: a
// client sends what there is of its handshake in one packet, and gets one packet back.

import { once } from 'node:events'
import { duplexPair, PassThrough } from 'node:stream'
import type { Duplex } from 'node:stream'
import { expect, it } from 'vitest'

import { connect, TLSSocket } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'

const authority = await createCa({ name: 'Flights' })
const { chainPem: cert, privateKeyPem: key } = await authority.issue({ names: ['localhost'] })

/** Passes on what is there whenever there is something, and counts how often. */
const relay = (from: Duplex, to: Duplex): { count: number } => {
  const counted = { count: 0 }
  from.on('readable', () => {
    const chunks: Buffer[] = []
    for (let chunk = from.read() as Buffer | null; chunk !== null; chunk = from.read() as Buffer | null)
      chunks.push(chunk)
    if (chunks.length === 0) return
    counted.count += 1
    to.write(Buffer.concat(chunks))
  })
  return counted
}

it('a full handshake of TLS 1.2 takes two flights of the client and two of the server, each in one piece', async () => {
  const [clientSide, clientFar] = duplexPair()
  const [serverSide, serverFar] = duplexPair()
  const fromClient = relay(clientFar, serverFar)
  const fromServer = relay(serverFar, clientFar)
  const server = new TLSSocket(serverSide, { isServer: true, cert, key })
  server.pipe(new PassThrough()).resume()
  const ca = authority.certificatePem
  const client = connect({ socket: clientSide, servername: 'localhost', ca, maxVersion: 'TLSv1.2' })
  await once(client, 'secureConnect')
  expect([fromClient.count, fromServer.count]).toEqual([2, 2])
  client.destroy()
  server.destroy()
})
