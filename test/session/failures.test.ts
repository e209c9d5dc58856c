// A session of a connection that failed is forgotten, whatever ended it: it must not be resumed (RFC 5246 section
// 7.2.2, RFC 9846 section 6.2), and one that makes handshakes fail would do so for ever.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import type { ServerOptions } from '../../src/options.ts'
import { memorySessionCache, sharedTicketKeys } from '../../src/session/index.ts'
import type { MemorySessionCache, ServerSessionStore } from '../../src/session/index.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { clientOf, connectEngines, errorOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions } from '../fixtures/engines.ts'

const protector = sharedTicketKeys({ provider: nodeProvider, secret: new Uint8Array(32).fill(7) })
interface Subject {
  readonly client: TestClientOptions
  readonly server: ServerOptions
  readonly sessions: MemorySessionCache
  /** Session IDs that the server keeps. */
  readonly stored: ReadonlyMap<string, Uint8Array>
}
const kinds = ['TLS 1.3', 'TLS 1.2, ticket', 'TLS 1.2, ID'] as const
const subject = (kind: (typeof kinds)[number], later = false): Subject => {
  const version = kind === 'TLS 1.3' ? kind : 'TLS 1.2'
  const sessions = memorySessionCache()
  const stored = new Map<string, Uint8Array>()
  const answer = <T>(value: T) => (later ? Promise.resolve(value) : value)
  const store: ServerSessionStore = {
    get: (id) => answer(stored.get(toHex(id))),
    set: (id, session) => answer(void stored.set(toHex(id), session)),
    delete: (id) => answer(void stored.delete(toHex(id))),
  }
  const common = { versions: { min: version, max: version } } as const
  const cache = later
    ? {
        take: async (key: string) => sessions.take(key),
        put: async (...entry: Parameters<typeof sessions.put>) => sessions.put(...entry),
        remove: async (...entry: Parameters<typeof sessions.put>) => sessions.remove?.(...entry),
      }
    : sessions
  return {
    client: { ...common, sessions: cache },
    sessions,
    stored,
    server: {
      ...common,
      ...(kind === 'TLS 1.2, ID' ? { tickets: false, sessions: store } : { tickets: { protector } }),
    },
  }
}
/** For what was forgotten by a promise. */
const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

describe.each(kinds)('%s', (kind) => {
  it.each([false, true])(
    'a handshake that fails with a session does not fail with it again (store that answers later: %s)',
    async (later) => {
      const { client, server, sessions, stored } = subject(kind, later)
      await meet(client, server)
      expect(sessions.size).toBeGreaterThan(0)
      const held = sessions.size
      // a server that has forgotten what it promised, or mixes up its keys: its Finished is wrong
      const seam = {
        outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
          type === 'Finished' ? { ...fields, verifyData: new Uint8Array(kind === 'TLS 1.3' ? 48 : 12) } : fields,
      }
      const broken = await connectEngines(
        clientOf(client),
        serverOf({ ...server, seam } as Parameters<typeof serverOf>[0]),
      )
      expect(errorOf(broken.clientEvents).code).toMatch(/bad_finished|decode_error/)
      await turn()
      expect(sessions.size).toBe(held - 1)
      if (kind === 'TLS 1.2, ID') expect(stored.size).toBe(0)
      expect(infoOf((await meet(client, server)).clientEvents).resumed).toBe(kind === 'TLS 1.3')
    },
  )

  it.each<[string, (engine: ReturnType<typeof clientOf>) => void]>([
    ['the transport ends', (engine) => engine.receiveEnd()],
    ['the time is over', (engine) => engine.abort(new TlsError('timeout', 'too late'))],
  ])('a handshake in which %s', async (_, end) => {
    const { client, server, sessions } = subject(kind)
    await meet(client, server)
    const held = sessions.size
    const engine = clientOf(client)
    engine.takeOutput()
    end(engine)
    expect(sessions.size).toBe(held - 1)
  })

  it('a fatal alert after the handshake, on either side', async () => {
    for (const from of ['client', 'server'] as const) {
      const { client, server, sessions, stored } = subject(kind)
      const meeting = await meet(client, server)
      expect(sessions.size).toBeGreaterThan(0)
      meeting[from].abort(new TlsError('internal_error', 'something is wrong'))
      await meeting.settle()
      expect(sessions.size).toBe(0)
      expect(stored.size).toBe(0)
      expect(infoOf((await meet(client, server)).clientEvents).resumed).toBe(false)
    }
  })

  it('a handshake that the application takes back says nothing about its session', async () => {
    const { client, server, sessions } = subject(kind)
    await meet(client, server)
    const held = sessions.size
    clientOf(client).abort()
    expect(sessions.size).toBe(kind === 'TLS 1.3' ? held - 1 : held) // a ticket of TLS 1.3 is used once
  })

  it('a connection that ends well, or whose transport ends, keeps its sessions', async () => {
    for (const cut of [true, false]) {
      const { client, server, sessions, stored } = subject(kind)
      const meeting = await meet(client, server)
      if (cut) for (const engine of [meeting.client, meeting.server]) engine.receiveEnd()
      else void meeting.client.closeWrite()
      await meeting.settle()
      expect(sessions.size).toBeGreaterThan(0)
      if (kind === 'TLS 1.2, ID') expect(stored.size).toBe(1)
      expect(infoOf((await meet(client, server)).clientEvents).resumed).toBe(true)
    }
  })
})
