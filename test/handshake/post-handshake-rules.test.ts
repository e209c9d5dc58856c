// RFC 9846 section 4.7: what either end does once the handshake is done, and with its tickets. Tests are named after
// the section.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { rotatingTicketKeys } from '../../src/session/index.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import { errorOf, eventsOf, infoOf, meet, serverConfigOf } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, rsa } from '../fixtures/identities.ts'
import { finished, forger, oneSuite, raw, refusalOf, secretOf, tls13 } from './misbehaving.ts'
import { hellosOf } from './recorded.ts'

const clientAuth = { mode: 'request', verifier: anyCertificate } as const
const laterOnly = { ...clientAuth, mode: 'after-handshake' } as const
const asking = { ...tls13, clientAuth: laterOnly, tickets: false } as const
const tickets = () => ({ protector: rotatingTicketKeys({ provider: nodeProvider }) })

describe('a session (RFC 9846 section 4.7.1)', () => {
  const sessionOf = async (server: TestServerOptions, client: TestClientOptions = {}): Promise<Uint8Array> => {
    const [event] = eventsOf((await meet({ ...tls13, ...client }, server)).clientEvents, 'session')
    if (!event) throw new Error('no session')
    return event.session
  }
  it('is offered to the server of its name alone', async () => {
    const server = { ...tls13, tickets: tickets() }
    // so that the server cannot tell one from the other
    const silent = { ...tls13, hello: { sendServerName: false } } as const
    const session = await sessionOf(server, { ...silent, serverName: 'server.test' })
    const resumed = async (serverName: string) =>
      infoOf((await meet({ ...silent, serverName, session }, server)).clientEvents).resumed
    expect(await resumed('server.test')).toBe(true)
    expect(await resumed('localhost')).toBe(false)
  })
  it('goes on at a server under its own name alone, which is what the server tells', async () => {
    const server = { ...tls13, tickets: tickets() }
    const session = await sessionOf(server, { serverName: 'server.test' })
    const named = { ...tls13, serverName: 'server.test', session }
    const same = await meet(named, server)
    expect(infoOf(same.serverEvents)).toMatchObject({ resumed: true, serverName: 'server.test' })
    const without = await meet({ ...named, hello: { sendServerName: false } }, server)
    expect(infoOf(without.serverEvents)).toMatchObject({ resumed: false, serverName: undefined })
  })
  it('lives for seven days at most, by the ticket that a server sends', async () => {
    const lifetimeSeconds = 604_800
    const now = Date.now()
    const { ofServer } = await hellosOf(tls13, {
      ...tls13,
      tickets: { ...tickets(), lifetimeSeconds },
      clock: () => now, // the lifetime counts from the proof
    })
    expect(ofServer.sent('NewSessionTicket')[0]?.lifetime).toBe(604_800)
    expect(() => serverConfigOf({ tickets: { ...tickets(), lifetimeSeconds: 604_801 } })).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringContaining('tickets.lifetimeSeconds') }),
    )
  })
})

describe('a certificate that is asked for after the handshake (RFC 9846 section 4.7.2)', () => {
  const able = { ...tls13, hello: { postHandshakeAuth: true } } as const

  it('is shown by Certificate, CertificateVerify, Finished, refused by an empty one and Finished', async () => {
    const answerOf = async (client: TestClientOptions) => {
      const { ofClient, meeting } = await hellosOf(client, asking)
      expect(ofClient.types()).toEqual(['ClientHello', 'Finished'])
      await meeting.server.requestClientCertificate()
      await meeting.settle()
      expect(eventsOf(meeting.serverEvents, 'clientCertificate')).toHaveLength(1)
      return ofClient.types().slice(2)
    }
    expect(await answerOf({ ...able, ...rsa })).toEqual(['Certificate', 'CertificateVerify', 'Finished'])
    expect(await answerOf(able)).toEqual(['Certificate', 'Finished'])
  })
  it('may come after any other messages', async () => {
    let answer: (identities: readonly []) => void = () => undefined
    const slow = { ...able, identity: () => new Promise<readonly []>((resolve) => (answer = resolve)) }
    const { client, server, serverEvents, settle } = await meet(slow, asking)
    // settle() would wait for the identity
    const move = (from: TlsEngine, to: TlsEngine) => from.takeOutput().forEach((bytes) => to.receive(bytes))
    void server.requestClientCertificate()
    move(server, client)
    for (let i = 0; i < 20; i++) {
      void client.send(Uint8Array.of(i))
      void client.updateKeys()
      move(client, server)
    }
    serverEvents.push(...server.takeEvents())
    expect(eventsOf(serverEvents, 'data')).toHaveLength(20)
    expect(eventsOf(serverEvents, 'clientCertificate')).toEqual([])
    answer([])
    await settle()
    expect(eventsOf(serverEvents, 'error')).toEqual([])
    expect(eventsOf(serverEvents, 'clientCertificate')).toHaveLength(1)
  })
})

describe('KeyUpdate (RFC 9846 section 4.7.3)', () => {
  const update = raw('KeyUpdate', { requestUpdate: false })

  it('changes the keys that records are read with', async () => {
    const { server, log } = await finished()
    server.takeEvents()
    const seal = forger(secretOf(log, 'CLIENT_TRAFFIC_SECRET_0'))
    server.receive(seal(22, update))
    expect(eventsOf(server.takeEvents(), 'error')).toEqual([])
    expect(refusalOf(server, seal(23, Uint8Array.of(1)))).toMatchObject({ code: 'bad_record_mac' })
  })
  it('is under the old key: under the next, or left out, it is bad_record_mac', async () => {
    const { client, server } = await meet(oneSuite, oneSuite)
    server.takeEvents()
    await client.updateKeys()
    client.takeOutput()
    await client.send(Uint8Array.of(1))
    for (const bytes of client.takeOutput()) server.receive(bytes)
    expect(errorOf(server.takeEvents())).toMatchObject({ code: 'bad_record_mac', alert: 'bad_record_mac' })
  })
})
