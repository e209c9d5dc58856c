// Stores, caches, ticket protectors, replay guards and hooks that never answer cost what they would have given: a
// session, a ticket, early data. They hold neither the handshake nor what is read after it.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import type { ConnectOptions, CreateServerOptions, TlsConnection } from '../../src/index.node.ts'
import { memorySessionCache, sharedTicketKeys } from '../../src/session/index.ts'
import type { ServerSessionStore } from '../../src/session/index.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { clientOf, connectEngines, eventsOf, infoOf, serverOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

const never = <T>(): Promise<T> => new Promise(() => {})
const protector = sharedTicketKeys({ provider: nodeProvider, secret: new Uint8Array(32).fill(7) })
const kinds = ['TLS 1.3', 'TLS 1.2, ticket', 'TLS 1.2, ID'] as const
type Kind = (typeof kinds)[number]

const optionsFor = (kind: Kind) => {
  const version = kind === 'TLS 1.3' ? kind : 'TLS 1.2'
  const stored = new Map<string, Uint8Array>()
  const store: ServerSessionStore = {
    get: (id) => stored.get(toHex(id)),
    set: (id, session) => void stored.set(toHex(id), session),
  }
  const sessions = memorySessionCache()
  const common = { versions: { min: version, max: version }, storeTimeout: 1 } as const
  const client: ConnectOptions = { ...common, serverName: 'server.test', verifier: anyCertificate, sessions }
  const server: CreateServerOptions = {
    ...common,
    ...ecdsa,
    ...(kind === 'TLS 1.2, ID' ? { tickets: false, sessions: store } : { tickets: { protector } }),
  }
  return { client, server, sessions, store }
}

/** One connection, a byte each way; the two infos. */
const talk = async (
  client: ConnectOptions,
  server: CreateServerOptions,
): Promise<{ resumed: boolean; client: TlsConnection }> => {
  const [near, far] = pair()
  const accepted = createServer(server).accept(far)
  const [there, here] = await Promise.all([accepted, connect(near, client)])
  await Promise.all([here.write(Uint8Array.of(1)), there.write(Uint8Array.of(2))])
  expect([await there.read(), await here.read()]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
  await Promise.all([here.close(), there.close()])
  return { resumed: here.info.resumed, client: here }
}

describe.each(kinds)('%s', (kind) => {
  it('control: a second connection resumes', async () => {
    const { client, server } = optionsFor(kind)
    expect((await talk(client, server)).resumed).toBe(false)
    expect((await talk(client, server)).resumed).toBe(true)
  })

  it('a server that cannot keep a session goes on without', async () => {
    const { client, server, store, sessions } = optionsFor(kind)
    const silent: CreateServerOptions =
      kind === 'TLS 1.2, ID'
        ? { ...server, sessions: { get: store.get, set: () => never() } }
        : { ...server, tickets: { protector: { seal: () => never(), open: () => undefined } } }
    expect((await talk(client, silent)).client.session === undefined).toBe(kind !== 'TLS 1.2, ID')
    expect(sessions.size).toBe(kind === 'TLS 1.2, ID' ? 1 : 0)
  })

  it('a server that cannot look a session up makes a full handshake', async () => {
    const { client, server, store } = optionsFor(kind)
    await talk(client, server)
    const silent: CreateServerOptions =
      kind === 'TLS 1.2, ID'
        ? { ...server, sessions: { get: () => never(), set: store.set } }
        : { ...server, tickets: { protector: { seal: protector.seal, open: () => never() } } }
    expect((await talk(client, silent)).resumed).toBe(false)
    expect((await talk(client, server)).resumed).toBe(true)
  })

  it('a client whose cache does not answer makes a full handshake', async () => {
    const { client, server, sessions } = optionsFor(kind)
    await talk(client, server)
    expect((await talk({ ...client, sessions: { take: () => never(), put: () => never() } }, server)).resumed).toBe(
      false,
    )
    expect(
      (await talk({ ...client, sessions: { take: (key) => sessions.take(key), put: () => never() } }, server)).resumed,
    ).toBe(true)
  })

  it.each(['client', 'server'] as const)('mayResume of a %s that does not answer is no', async (role) => {
    const { client, server } = optionsFor(kind)
    await talk(client, server)
    const resumption = { mayResume: () => never<boolean>() }
    const silent = await (role === 'client'
      ? talk({ ...client, resumption }, server)
      : talk(client, { ...server, resumption }))
    expect(silent.resumed).toBe(false)
  })
})

it('a replay guard that does not answer refuses early data, and resumes all the same', async () => {
  const { client, server } = optionsFor('TLS 1.3')
  const accepting: CreateServerOptions = {
    ...server,
    earlyData: { maxBytes: 1000, replayGuard: { firstSeen: () => never() } },
  }
  await talk(client, accepting)
  const { client: connection } = await talk({ ...client, earlyData: Uint8Array.of(9) }, accepting)
  expect(connection.info).toMatchObject({ resumed: true, earlyData: 'rejected' })
})

it('an engine without a stream is told when to go on', async () => {
  const versions = { min: 'TLS 1.2', max: 'TLS 1.2' } as const
  const client = clientOf({ versions })
  const server = serverOf({ versions, tickets: { protector: { seal: () => never(), open: () => undefined } } })
  server.skipOptional() // nothing is waited for: no effect
  const step = (): void => {
    for (const bytes of client.takeOutput()) server.receive(bytes)
    for (const bytes of server.takeOutput()) client.receive(bytes)
  }
  for (let turns = 0; turns < 4; turns++) step()
  expect(server.optional).toBeInstanceOf(Promise)
  expect(client.handshakeDone).toBe(false)
  server.skipOptional()
  expect(server.optional).toBeUndefined()
  step()
  const clientEvents = client.takeEvents()
  infoOf(clientEvents)
  infoOf(server.takeEvents())
  expect(eventsOf(clientEvents, 'session')).toEqual([]) // the ticket is empty (RFC 5077 section 3.3)
})

it('TLS 1.2: no ticket is promised to a client whose session may not go on (RFC 7627 section 5.4)', async () => {
  const types: string[] = []
  const versions = { min: 'TLS 1.2', max: 'TLS 1.2' } as const
  const seam = {
    outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
      types.push(type)
      return fields
    },
  }
  const shape = (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: hello.extensions?.filter(({ type }) => type !== extensionTypes.extended_master_secret),
  })
  const { clientEvents } = await connectEngines(clientOf({ versions, hello: { shape } }), serverOf({ versions, seam }))
  expect(infoOf(clientEvents).extendedMasterSecret).toBe(false)
  expect(types).toContain('Finished')
  expect(types).not.toContain('NewSessionTicket')
})
