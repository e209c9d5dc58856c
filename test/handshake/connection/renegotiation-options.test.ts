// What a client of TLS 1.2 answers to a HelloRequest, by option (RFC 5246 section 7.4.1.1).

import { describe, expect, it } from 'vitest'
import { TlsError } from '../../../src/errors.ts'
import type { ClientOptions } from '../../../src/options.ts'
import { renegotiatingServer, through } from '../../attacks/wire.ts'
import type { Direction } from '../../attacks/wire.ts'
import { clientOf, serverOf, connectEngines, errorOf, eventsOf, infoOf } from '../../fixtures/engines.ts'
import { ecdsa } from '../../fixtures/identities.ts'

const tls12 = { versions: { max: 'TLS 1.2' } } as const
/** A connection in which the server asks once; the records that the client sent after the handshake's own. */
const asked = (options: Partial<ClientOptions>) => {
  const server = renegotiatingServer(ecdsa)
  const client = clientOf({ ...tls12, ...options })
  const after: (number | undefined)[] = []
  const events = through(client, server, (wire: Uint8Array, direction: Direction) => {
    if (direction === 'to server' && server.handshakeDone) after.push(wire[0])
    return [wire]
  })
  return { client, server, events, after }
}

describe('renegotiation at the client', () => {
  it("'ignore': a HelloRequest is answered with nothing", () => {
    const { server, events, after } = asked({ tls12: { renegotiation: 'ignore' } })
    infoOf(events.client)
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect([server.renegotiated, after]).toEqual([0, []])
  })
  it("'never': it is answered with a warning (section 7.2.2)", () => {
    const { server, events, after } = asked({ tls12: { renegotiation: 'never' } })
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect([server.renegotiated, after]).toEqual([0, [21]])
  })
  it('a function is told how often there was one, and may allow it', () => {
    const counts: number[] = []
    const { server, events } = asked({ tls12: { renegotiation: (done) => (counts.push(done), true) } })
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect([server.renegotiated, counts]).toEqual([1, [0]])
  })
  it('another word is refused', () => {
    const wrong: object = { tls12: { renegotiation: 'always' } }
    for (const make of [clientOf, serverOf]) expect(() => make(wrong)).toThrow(/tls12.renegotiation: 'never'/)
  })
  it('a function may refuse', () => {
    const { server, after } = asked({ tls12: { renegotiation: () => false } })
    expect([server.renegotiated, after]).toEqual([0, [21]])
  })
  it('a function may answer later', async () => {
    const server = renegotiatingServer(ecdsa)
    const { clientEvents } = await connectEngines(
      clientOf({ ...tls12, tls12: { renegotiation: async () => true } }),
      server,
    )
    expect(eventsOf(clientEvents, 'error')).toEqual([])
    expect(server.renegotiated).toBe(1)
  })
  it('a function that throws ends the connection with its error', () => {
    const { events } = asked({
      tls12: {
        renegotiation: () => {
          throw new TlsError('aborted', 'not today')
        },
      },
    })
    expect(errorOf(events.client)).toMatchObject({ code: 'aborted', message: expect.stringMatching('not today') })
  })
})
