// The options that turn tickets off at the client, and renew them at the server.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { ClientHelloInfo } from '../../../src/options.ts'
import { rotatingTicketKeys } from '../../../src/session/index.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { errorOf, eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import type { Meeting, TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { misbehaving, withExtension } from '../misbehaving.ts'

const versions = ['TLS 1.2', 'TLS 1.3'] as const
const only = (version: (typeof versions)[number]) => ({ versions: { min: version, max: version } })
const server = (more: TestServerOptions = {}): TestServerOptions => ({
  tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
  ...more,
})
const sessionsOf = ({ clientEvents }: Meeting): readonly Uint8Array[] =>
  eventsOf(clientEvents, 'session').map(({ session }) => session)
const oneOf = (meeting: Meeting): Uint8Array => {
  const [session] = sessionsOf(meeting)
  if (!session) throw new Error('no session came')
  return session
}

describe('a client with tickets: false', () => {
  it.each(versions)(
    'asks for none, gets none, and offers none that it has: %s (RFC 5077 section 3.1, RFC 9846 section 4.3.9)',
    async (version) => {
      const hellos: ClientHelloInfo[] = []
      const options = server({ onClientHello: (hello) => void hellos.push(hello) })
      const session = oneOf(await meet(only(version), options))
      const second = await meet({ ...only(version), session, tickets: false }, options)
      expect(infoOf(second.clientEvents).resumed).toBe(false)
      expect(sessionsOf(second)).toEqual([])
      const {
        session_ticket: ticket,
        psk_key_exchange_modes: modes,
        pre_shared_key: psk,
        ticket_request: asked,
      } = extensionTypes
      const telling = new Set<number>([ticket, modes, psk, asked])
      expect(hellos[1]?.extensions.filter((type) => telling.has(type))).toEqual([])
    },
  )
  it('refuses a server of TLS 1.2 that promises one all the same', async () => {
    const changed = misbehaving({
      ServerHello: (fields) => ({
        ...fields,
        extensions: withExtension(fields.extensions, extensionTypes.session_ticket),
      }),
    })
    const { clientEvents } = await meet({ tickets: false }, { ...only('TLS 1.2'), seam: changed })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'unsupported_extension' })
  })
  it('ignores a ticket that comes unasked, as one of lifetime 0 (RFC 9846 section 4.7.1)', async () => {
    const psk = { identity: 'k', key: new Uint8Array(16).fill(1) }
    const meeting = await meet(
      { ...only('TLS 1.3'), tickets: false, psk: { keys: psk } },
      server({ psk: { lookup: () => psk } }),
    )
    expect(infoOf(meeting.clientEvents).pskIdentity).toBeDefined()
    expect(sessionsOf(meeting)).toEqual([])
  })
  it('resumes by session ID in TLS 1.2', async () => {
    const store = new Map<string, Uint8Array>()
    const options: TestServerOptions = {
      tickets: false,
      sessions: { get: (id) => store.get(toHex(id)), set: (id, session) => void store.set(toHex(id), session) },
    }
    const client: TestClientOptions = { ...only('TLS 1.2'), tickets: false }
    const session = oneOf(await meet(client, options))
    expect(infoOf((await meet({ ...client, session }, options)).clientEvents).resumed).toBe(true)
  })
})

describe('a server of TLS 1.2 with tickets.renewAfter (RFC 5077 section 3.3)', () => {
  it.each([
    [0, 0, 1],
    [60, 59, 0],
    [60, 60, 1],
  ])('of %i s: a ticket of %i s is renewed %i times', async (renewAfter, age, renewals) => {
    const start = Date.now()
    let now = start
    const clock = () => now
    const client: TestClientOptions = { ...only('TLS 1.2'), clock }
    const options: TestServerOptions = {
      clock,
      tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }), renewAfterSeconds: renewAfter },
    }
    const session = oneOf(await meet(client, options))
    now = start + age * 1000
    const second = await meet({ ...client, session }, options)
    expect(infoOf(second.clientEvents).resumed).toBe(true)
    expect(sessionsOf(second)).toHaveLength(renewals)
  })
})
