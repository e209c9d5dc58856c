// Sessions that began with an external key, in both versions: they go on, and only as long as both ends have that key
// (RFC 9257 section 6, RFC 9846 section 4.7.1).

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { ClientOptions, ExternalPsk, FoundPsk, ServerOptions } from '../../../src/options.ts'
import { memorySessionCache, rotatingTicketKeys } from '../../../src/session/index.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { utf8Bytes } from '../../../src/wire/texts.ts'
import { eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import type { Meeting } from '../../fixtures/engines.ts'

const key = new Uint8Array(16).fill(1)
const other = new Uint8Array(16).fill(2)
const psk = { identity: 'sensor 7', key }
const tickets = (): ServerOptions => ({
  tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }), renewAfterSeconds: 0 },
})
const byId = (): ServerOptions => {
  const store = new Map<string, Uint8Array>()
  return {
    tickets: false,
    sessions: { get: (id) => store.get(toHex(id)), set: (id, session) => void store.set(toHex(id), session) },
  }
}
const keys = (known: Readonly<Record<string, FoundPsk>>): Pick<ServerOptions, 'psk'> => ({
  psk: { lookup: (identity) => known[new TextDecoder().decode(identity)] },
})
const resumedOf = (meeting: Meeting): readonly boolean[] => [
  infoOf(meeting.clientEvents).resumed,
  infoOf(meeting.serverEvents).resumed,
]

const tls13: Partial<ClientOptions> & ServerOptions = { versions: { min: 'TLS 1.3' } }
const tls12 = (...cipherSuites: readonly string[]): Partial<ClientOptions> & ServerOptions => ({
  versions: { max: 'TLS 1.2' },
  cipherSuites,
})
const suites = ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] as const
const imported = { ...psk, imported: { context: utf8Bytes('sensors') } }

describe.each<[string, Partial<ClientOptions> & ServerOptions, ExternalPsk, () => ServerOptions]>([
  ['TLS 1.3', tls13, psk, tickets],
  ['TLS 1.3 and an importer', tls13, imported, tickets],
  ['TLS 1.2 by ticket', tls12(...suites), psk, tickets],
  ['TLS 1.2 by ID', tls12(...suites), psk, byId],
])('%s', (_, common, external, make) => {
  /** A first connection with the key, then a second one with what changed. */
  const twice = async (clientChange: Partial<ClientOptions>, serverChange: ServerOptions): Promise<Meeting> => {
    const sessions = memorySessionCache()
    const client: Partial<ClientOptions> = { ...common, psk: { keys: external }, sessions }
    const server: ServerOptions = { ...common, ...make(), ...keys({ 'sensor 7': { key }, 'sensor 8': { key: other } }) }
    const first = await meet(client, server)
    expect(infoOf(first.serverEvents).pskIdentity).toBeDefined()
    expect(eventsOf(first.clientEvents, 'session').length).toBeGreaterThan(0)
    return meet({ ...client, ...clientChange }, { ...server, ...serverChange })
  }
  it('goes on', async () => {
    expect(resumedOf(await twice({}, {}))).toEqual([true, true])
  })
  it('does not at a server that took the key back', async () => {
    const session = await sessionUnder(common, external, make)
    const refused = await meet(
      { ...common, psk: { keys: external }, session: session.state },
      { ...session.server, ...keys({}) },
    )
    expect(eventsOf(refused.serverEvents, 'handshake').map(({ info }) => info.resumed)).not.toContain(true)
  })
  it('does not at a server that has another key by that name', async () => {
    const session = await sessionUnder(common, external, make)
    const meeting = await meet(
      { ...common, psk: { keys: external }, session: session.state },
      { ...session.server, ...keys({ 'sensor 7': { key: other } }) },
    )
    expect(eventsOf(meeting.serverEvents, 'handshake')).toEqual([])
  })
  it('is not offered by a client without the key: its verifier has not seen this server', async () => {
    const withoutKey = await twice({ psk: { keys: [] } }, {})
    expect(resumedOf(withoutKey)).toEqual([false, false])
    expect(infoOf(withoutKey.clientEvents).peerCertificates).toHaveLength(1)
  })
  it('is not offered by a client with another key', async () => {
    expect(resumedOf(await twice({ psk: { keys: { identity: 'sensor 8', key: other } } }, {}))).toEqual([false, false])
  })
  if (make === tickets) {
    it('goes on in a renewed ticket, and that one ends with the key as well', async () => {
      const session = await sessionUnder(common, external, make)
      const second = await meet({ ...common, psk: { keys: external }, session: session.state }, session.server)
      const [renewed] = eventsOf(second.clientEvents, 'session')
      if (!renewed) throw new Error('no session came')
      expect(
        resumedOf(await meet({ ...common, psk: { keys: external }, session: renewed.session }, session.server)),
      ).toEqual([true, true])
      const without = await meet(
        { ...common, psk: { keys: external }, session: renewed.session },
        { ...session.server, ...keys({}) },
      )
      expect(eventsOf(without.serverEvents, 'handshake').map(({ info }) => info.resumed)).not.toContain(true)
    })
  }
})

const sessionUnder = async (
  common: Partial<ClientOptions> & ServerOptions,
  external: ExternalPsk,
  make: () => ServerOptions,
) => {
  const server: ServerOptions = { ...common, ...make(), ...keys({ 'sensor 7': { key } }) }
  const [first] = eventsOf((await meet({ ...common, psk: { keys: external } }, server)).clientEvents, 'session')
  if (!first) throw new Error('no session came')
  return { state: first.session, server }
}

it.each<[string, Partial<ClientOptions> & ServerOptions, Partial<ClientOptions>]>([
  ['a PSK', tls12(...suites), { psk: { keys: psk } }],
  ['a certificate', tls12(suites[1]), {}],
])(
  'a session of %s that goes by ticket has no ID to be stored under (RFC 5077 section 3.4)',
  async (_, common, own) => {
    const stored: Uint8Array[] = []
    const server: ServerOptions = {
      ...common,
      ...tickets(),
      ...keys({ 'sensor 7': { key } }),
      sessions: { get: () => undefined, set: (id) => void stored.push(id) },
    }
    const { clientEvents } = await meet({ ...common, ...own }, server)
    expect(eventsOf(clientEvents, 'session')).toHaveLength(1)
    expect(stored).toEqual([])
    await meet({ ...common, ...own, tickets: false }, server)
    expect(stored.map(({ length }) => length)).toEqual([32])
  },
)

it('an identity too long for a ticket makes no session, and no failure', async () => {
  const identity = 'x'.repeat(60_000)
  const server: ServerOptions = {
    ...tls13,
    ...tickets(),
    psk: { lookup: (asked) => (asked.length === 60_000 ? { key } : undefined) },
  }
  const { clientEvents, serverEvents } = await meet({ ...tls13, psk: { keys: { identity, key } } }, server)
  expect(eventsOf(clientEvents, 'session')).toEqual([])
  expect(infoOf(serverEvents)).toMatchObject({ resumed: false, pskIdentity: utf8Bytes(identity) })
})
