// Options that onClientHello or update() change are for one connection, or from now on; ticket keys and the replay
// guard stay what they were, or nothing would resume (RFC 9846 section 4.7.1 and 8).

import { describe, expect, it } from 'vitest'
import { connect, createServer, pair } from '../../src/index.node.ts'
import type { ServerOptions, TlsServer } from '../../src/index.node.ts'
import { memorySessionCache } from '../../src/session/index.ts'
import type { MemorySessionCache } from '../../src/session/index.ts'
import { ecdsa } from '../fixtures/identities.ts'

const connectTo = async (
  server: TlsServer,
  sessions: MemorySessionCache,
  version: 'TLS 1.2' | 'TLS 1.3',
  earlyData?: Uint8Array,
) => {
  const [ours, theirs] = pair()
  const accepted = server.accept(theirs).then(async (connection) => {
    await connection.write(Uint8Array.of(1))
    await connection.close()
  })
  const versions = { min: version, max: version }
  const connection = await connect(ours, {
    serverName: 'server.test',
    ca: ecdsa.cert,
    versions,
    sessions,
    ...(earlyData && { earlyData }),
  })
  await connection.read()
  await Promise.all([accepted, connection.close()])
  return connection.info
}

describe.each(['TLS 1.3', 'TLS 1.2'] as const)('%s', (version) => {
  it.each<[string, Partial<ServerOptions>]>([
    ['protocols', { alpn: [] }],
    ['an identity', { ...ecdsa }],
    ['tickets', { tickets: { count: 1, lifetimeSeconds: 60 } }],
  ])('sessions are resumed although onClientHello answers with %s', async (_, answer) => {
    const server = createServer({ ...ecdsa, onClientHello: () => answer })
    const sessions = memorySessionCache()
    const resumed = []
    for (let i = 0; i < 3; i++) resumed.push((await connectTo(server, sessions, version)).resumed)
    expect(resumed).toEqual([false, true, true])
  })

  it('and after update() with the same identity', async () => {
    const server = createServer({ ...ecdsa })
    const sessions = memorySessionCache()
    await connectTo(server, sessions, version)
    server.update({ ...ecdsa, keyLog: () => {} })
    expect((await connectTo(server, sessions, version)).resumed).toBe(true)
  })
})

it('early data is accepted under an option that onClientHello sets', async () => {
  const server = createServer({ ...ecdsa, onClientHello: () => ({ earlyData: { maxBytes: 100 } }) })
  const sessions = memorySessionCache()
  await connectTo(server, sessions, 'TLS 1.3')
  expect((await connectTo(server, sessions, 'TLS 1.3', Uint8Array.of(1))).earlyData).toBe('accepted')
})
