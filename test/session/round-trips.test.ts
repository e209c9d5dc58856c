// Round trips before the client's first application byte leaves: counted, as docs/sessions.md draws them.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import { memoryReplayGuard, memorySessionCache, rotatingTicketKeys } from '../../src/session/index.ts'
import { clientOf, eventsOf, meet, serverOf } from '../fixtures/engines.ts'

const request = new TextEncoder().encode('GET /')

/**
 * Lets each side speak in turn until the client's request has left; the answer comes after as many round trips more
 * one.
 */
const roundTrips = (clientOptions: Partial<ClientOptions>, serverOptions: ServerOptions): number => {
  const client = clientOf(clientOptions)
  const server = serverOf(serverOptions)
  const sentWithTheHello = clientOptions.earlyData !== undefined
  for (let trips = 0; trips < 5; trips++) {
    if (sentWithTheHello || canSend(client)) {
      for (const bytes of client.takeOutput()) server.receive(bytes)
      const events = server.takeEvents()
      const got = [...eventsOf(events, 'earlyData'), ...eventsOf(events, 'data')].map(({ data }) => data)
      expect(got).toEqual([request])
      return trips
    }
    for (const bytes of client.takeOutput()) server.receive(bytes)
    server.takeEvents()
    for (const bytes of server.takeOutput()) client.receive(bytes)
    client.takeEvents()
  }
  throw new Error('the handshake did not come to an end')
}

const canSend = (client: ReturnType<typeof clientOf>): boolean => {
  try {
    void client.send(request)
    return true
  } catch {
    return false
  }
}

const tls12: Partial<ClientOptions> & ServerOptions = { versions: { max: 'TLS 1.2' } }
const tls13: Partial<ClientOptions> & ServerOptions = { versions: { min: 'TLS 1.3' } }
const serving = (): ServerOptions => ({
  tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
  earlyData: { maxBytes: 1024, replayGuard: memoryReplayGuard() },
})

describe('round trips before the first application byte', () => {
  it('TLS 1.2, full: 2', () => {
    expect(roundTrips(tls12, tls12)).toBe(2)
  })

  it('TLS 1.2, full, with False Start (RFC 7918): 1', () => {
    expect(roundTrips({ ...tls12, tls12: { falseStart: true }, alpn: ['h2'] }, { ...tls12, alpn: ['h2'] })).toBe(1)
  })

  it('TLS 1.2, resumed: 1', async () => {
    const sessions = memorySessionCache()
    const server = { ...tls12, tickets: serving().tickets ?? {} }
    await meet({ ...tls12, sessions }, server)
    expect(sessions.size).toBeGreaterThan(0)
    expect(roundTrips({ ...tls12, sessions }, server)).toBe(1)
  })

  it('TLS 1.3, full: 1', () => {
    expect(roundTrips(tls13, tls13)).toBe(1)
  })

  it('TLS 1.3, with HelloRetryRequest: 2', () => {
    expect(roundTrips({ ...tls13, groups: ['X25519', 'P-256'] }, { ...tls13, groups: ['P-256'] })).toBe(2)
  })

  it('TLS 1.3, resumed: 1', async () => {
    const sessions = memorySessionCache()
    const server = { ...tls13, ...serving() }
    await meet({ ...tls13, sessions }, server)
    expect(roundTrips({ ...tls13, sessions }, server)).toBe(1)
  })

  it('TLS 1.3, resumed with early data: 0', async () => {
    const sessions = memorySessionCache()
    const server = { ...tls13, ...serving() }
    await meet({ ...tls13, sessions }, server)
    expect(roundTrips({ ...tls13, sessions, earlyData: request }, server)).toBe(0)
  })
})
