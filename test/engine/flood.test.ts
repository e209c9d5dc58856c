// The bounds on what brings a connection nowhere, each to the last one that is allowed: records without content (RFC
// 9846 section 5.1), messages after the handshake, warnings and ChangeCipherSpecs.

import { describe, expect, it } from 'vitest'
import { FloodGuard } from '../../src/engine/flood.ts'
import { contentTypes } from '../../src/wire/registry.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { rotatingTicketKeys } from '../../src/session/index.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import { misbehaving, raw } from '../handshake/misbehaving.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

const { alert, application_data: data, handshake } = contentTypes
const tooMany = expect.objectContaining({ code: 'too_many_messages' })

/** How many calls are taken before one is refused as too many. */
const taken = (call: () => void): number => {
  for (let count = 0; ; count++) {
    try {
      call()
    } catch (error) {
      expect(error).toEqual(tooMany)
      return count
    }
  }
}

describe('a flood guard', () => {
  it('takes 32 empty records in a row, and starts counting again after one with content', () => {
    const guard = new FloodGuard()
    for (let i = 0; i < 32; i++) guard.record(data, 0)
    guard.record(data, 1)
    expect(taken(() => guard.record(data, 0))).toBe(32)
  })

  it('takes 512 empty records more than there are with content, whatever is between them', () => {
    const guard = new FloodGuard()
    const count = taken(() => {
      guard.record(data, 1) // one with content makes up for one without
      guard.record(data, 0)
      guard.record(data, 0)
    })
    expect(count).toBe(511)
  })

  it('an alert is no content', () => {
    const guard = new FloodGuard()
    for (let i = 0; i < 32; i++) guard.record(data, 0)
    guard.record(alert, 2)
    expect(taken(() => guard.record(data, 0))).toBe(0)
  })

  it('section 5.1: other types than application data are never empty', () => {
    for (const type of [handshake, alert])
      expect(() => new FloodGuard().record(type, 0)).toThrow(expect.objectContaining({ code: 'unexpected_message' }))
  })

  it('takes 32 messages after the handshake, and as many again after progress', () => {
    const guard = new FloodGuard()
    expect(taken(() => guard.message())).toBe(32)
    guard.progress()
    expect(taken(() => guard.message())).toBe(32)
  })

  it('does not count as many messages as this end asked for, and no more', () => {
    const guard = new FloodGuard()
    guard.expect(3)
    guard.expect(2)
    expect(taken(() => guard.message())).toBe(32 + 5)
  })

  it('takes 4 warnings, and as many again after progress', () => {
    const guard = new FloodGuard()
    expect(taken(() => guard.warning())).toBe(4)
    guard.progress()
    expect(taken(() => guard.warning())).toBe(4)
  })

  it('takes 32 ChangeCipherSpecs, whatever else comes, and knows whether there was one', () => {
    const guard = new FloodGuard()
    expect(guard.sawChangeCipherSpec).toBe(false)
    guard.changeCipherSpec()
    expect(guard.sawChangeCipherSpec).toBe(true)
    guard.progress()
    expect(taken(() => guard.changeCipherSpec())).toBe(31)
  })
})

describe('a server that asked for a certificate', () => {
  it('expects three messages for it, and no more: what comes beyond is counted (RFC 9846 section 4.7.2)', async () => {
    const versions = { min: 'TLS 1.3' } as const
    const meeting = await meet(
      { versions, identity: ecdsa, hello: { postHandshakeAuth: true } },
      { versions, clientAuth: { mode: 'after-handshake', verifier: anyCertificate } },
    )
    const { client, server, serverEvents, settle } = meeting
    for (let i = 0; i < 3; i++) {
      void server.requestClientCertificate()
      await settle()
    }
    expect(eventsOf(serverEvents, 'clientCertificate')).toHaveLength(3)
    for (let i = 0; i < 32; i++) {
      void client.updateKeys()
      await settle()
    }
    expect(eventsOf(serverEvents, 'error')).toEqual([])
    void client.updateKeys()
    await settle()
    expect(errorOf(serverEvents)).toMatchObject({ code: 'too_many_messages' })
  })
})

describe('a client whose answers take time', () => {
  const versions = { min: 'TLS 1.3' } as const

  it('makes 32 proofs of who it is at once for a server that asks (section 4.7.2), and no more', async () => {
    let proofs = 0
    const identity = (): Promise<undefined> => {
      proofs++
      return new Promise(() => {})
    }
    const { client, server } = await meet(
      { versions, identity, hello: { postHandshakeAuth: true } },
      { versions, clientAuth: { mode: 'after-handshake', verifier: anyCertificate } },
    )
    for (let i = 0; i < 40; i++) {
      void server.requestClientCertificate()
      void server.send(Uint8Array.of(i)) // which a guard against floods takes for progress
    }
    for (const bytes of server.takeOutput()) client.receive(bytes)
    expect(errorOf(client.takeEvents())).toMatchObject({ code: 'too_many_messages', alert: 'unexpected_message' })
    expect(proofs).toBe(32)
  })

  it.each([
    ['16 sessions', undefined, 16],
    ['what it asked for', { newSession: 30, resumption: 1 }, 30],
  ] as const)('lets %s wait for a cache that does not answer, and no more', async (_, tickets, most) => {
    let put = 0
    const sessions = {
      take: () => undefined,
      put: (): Promise<void> => {
        put++
        return new Promise(() => {})
      },
    }
    const seam = misbehaving({
      NewSessionTicket: (fields) => [raw('NewSessionTicket', fields), raw('NewSessionTicket', fields)],
    })
    const client = clientOf({ versions, sessions, ...(tickets && { tickets }) })
    const protector = rotatingTicketKeys({ provider: nodeProvider })
    const server = serverOf({ versions, seam, tickets: { protector, count: 255 } })
    for (let flight = 0; flight < 3; flight++) {
      for (const bytes of client.takeOutput()) server.receive(bytes)
      for (const bytes of server.takeOutput()) client.receive(bytes)
      await Promise.resolve() // for the cache's answer, that there is no session
    }
    const clientEvents = client.takeEvents()
    expect(infoOf(clientEvents).resumed).toBe(false)
    expect(eventsOf(clientEvents, 'error')).toEqual([])
    expect(put).toBe(most)
  })
})
