// What a client keeps to in a handshake with its ClientHelloOuter (RFC 9849 section 6.1), and no other test breaks.

import { describe, expect, test } from 'vitest'
import { generateEchKeys } from '../../src/ech.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { decodeSession } from '../../src/session/index.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { decodeMessage, messages13 } from '../../src/wire/messages.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { records, through } from '../attacks/wire.ts'
import { clientOf, errorOf, eventsOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519 } from '../fixtures/identities.ts'

const keys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 7 })
const otherKeys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 8 })
const client = { hello: { ech: { configList: keys.configList } }, serverName: 'secret.test' }
const refusing = { hello: { ech: { keys: [otherKeys] } } }

describe('a handshake with the outer hello', () => {
  test("RFC 9849 section 6.1.2: a PSK that is nobody's was chosen", async () => {
    const tickets = { protector: { seal: (state: Uint8Array) => state, open: (ticket: Uint8Array) => ticket } }
    const first = await meet(client, { hello: { ech: { keys: [keys] } }, tickets })
    const session = eventsOf(first.clientEvents, 'session').at(-1)?.session
    expect(session).toBeDefined()
    const chosen: RawExtension = { type: 41, data: Uint8Array.of(0, 0) }
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
        type === 'ServerHello' && 'extensions' in fields
          ? { ...fields, extensions: [...(fields.extensions as readonly RawExtension[]), chosen] }
          : fields,
    }
    const second = await meet({ ...client, ...(session && { session }) }, { ...refusing, tickets, seam })
    expect(errorOf(second.clientEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
  })

  test('RFC 9849 section 6.1.6: no False Start', () => {
    const early = (options: TestClientOptions): boolean => {
      const engine = clientOf({ ...options, tls12: { falseStart: true } })
      let sent = false
      through(engine, serverOf({ versions: { max: 'TLS 1.2' } }), (wire, direction) => {
        if (direction === 'to server' && wire[0] === 20) {
          try {
            void engine.send(Uint8Array.of(1))
            sent = true
          } catch {
            // not before the handshake is done
          }
        }
        return [wire]
      })
      return sent
    }
    expect([early({ versions: { max: 'TLS 1.2' } }), early(client)]).toEqual([true, false])
  })

  test('RFC 9849 section 6.1.7: the application is not asked, and no session is kept', async () => {
    let asked = 0
    const options = { verifyConnection: () => void asked++ }
    const versions = { max: 'TLS 1.2' } as const
    const kept: unknown[] = []
    const sessions = { take: () => undefined, put: (...given: readonly unknown[]) => void kept.push(given) }
    const server = { versions, sessions: { get: () => undefined, set: () => {} } }
    const plain = await meet({ ...options, sessions, versions }, server)
    expect(eventsOf(plain.clientEvents, 'error')).toEqual([])
    expect([asked, kept.length]).toEqual([1, 1])
    const { clientEvents } = await meet({ ...options, sessions, ...client }, server)
    expect(errorOf(clientEvents).code).toBe('ech_required')
    expect([asked, kept.length]).toEqual([1, 1])
  })

  test('RFC 9849 section 6.1.7: a server that asks for a certificate gets none', async () => {
    const shown: number[] = []
    const verifier = {
      verify: (request: Parameters<typeof anyCertificate.verify>[0]) => {
        shown.push(request.chain.length)
        return anyCertificate.verify(request)
      },
    }
    const asking = { ...ecdsa, clientAuth: { mode: 'request', verifier } } as const
    const options = { ...client, ...ed25519 }
    await meet(options, { ...asking, hello: { ech: { keys: [keys] } } })
    expect(shown).toHaveLength(1)
    const { clientEvents } = await meet(options, { ...asking, ...refusing })
    expect(errorOf(clientEvents).code).toBe('ech_required')
    expect(shown).toHaveLength(1)
  })
})

test('RFC 9849 section 6.1: the outer hello has a random of its own', async () => {
  const lines: string[] = []
  const { clientEvents } = await meet(
    { ...client, keyLog: (line) => lines.push(line) },
    { hello: { ech: { keys: [keys] } } },
  )
  expect(eventsOf(clientEvents, 'error')).toEqual([])
  const randomOf = (label: string): string | undefined =>
    lines.find((line) => line.startsWith(`${label} `))?.split(' ')[1]
  const [outer, inner] = [randomOf('ECH_SECRET'), randomOf('CLIENT_HANDSHAKE_TRAFFIC_SECRET')]
  expect([outer?.length, inner?.length]).toEqual([64, 64])
  expect(outer).not.toBe(inner)
  expect(outer).not.toBe('00'.repeat(32)) // drawn, and not left as it was
})

test('RFC 9849 section 6.1: no session of TLS 1.2 is offered', async () => {
  const stored = new Map<string, Uint8Array>()
  const sessions = {
    get: (id: Uint8Array) => stored.get(String(id)),
    set: (id: Uint8Array, state: Uint8Array) => void stored.set(String(id), state),
  }
  const server = { sessions, tickets: false } as const
  const first = await meet({ versions: { max: 'TLS 1.2' }, serverName: 'secret.test' }, server)
  const session = eventsOf(first.clientEvents, 'session').at(-1)?.session
  expect([session !== undefined, stored.size]).toEqual([true, 1])
  const offered = async (hello: TestClientOptions['hello']) => {
    const ids: string[] = []
    const shape = (sent: ClientHello) => (ids.push(String(sent.sessionId)), sent)
    await meet({ serverName: 'secret.test', ...(session && { session }), hello: { ...hello, shape } }, server)
    return ids.filter((id) => stored.has(id)).length
  }
  expect(await offered({})).toBe(1)
  expect(await offered(client.hello)).toBe(0)
})

test('RFC 9849 section 7.2: a server behind another says nothing of ECH in a ServerHello of TLS 1.2', async () => {
  const ends: string[] = []
  const seam = {
    outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
      if (type === 'ServerHello' && 'random' in fields && fields.random instanceof Uint8Array)
        ends.push(String.fromCharCode(...fields.random.subarray(24)))
      return fields
    },
  }
  const inner: RawExtension = { type: 0xfe0d, data: Uint8Array.of(1) }
  const shape = (hello: ClientHello) => ({ ...hello, extensions: [...(hello.extensions ?? []), inner] })
  await meet({ versions: { max: 'TLS 1.2' }, hello: { shape } }, { seam })
  expect(ends).toEqual(['DOWNGRD\u0001'])
})

test('RFC 9849 section 6.1: early_data and psk_key_exchange_modes are in the outer hello too', async () => {
  const server = {
    hello: { ech: { keys: [keys] } },
    tickets: { protector: { seal: (state: Uint8Array) => state, open: (ticket: Uint8Array) => ticket } },
    earlyData: { maxBytes: 1000, replayGuard: { firstSeen: () => true } },
  }
  const session = eventsOf((await meet(client, server)).clientEvents, 'session').at(-1)?.session
  const engine = clientOf({ ...client, ...(session && { session }), earlyData: Uint8Array.of(1) })
  const [first] = records(concat(...engine.takeOutput()))
  const hello = decodeMessage(messages13, 'ClientHello', (first ?? new Uint8Array(5)).subarray(5))
  expect(hello.extensions?.map(({ type }) => type)).toEqual(expect.arrayContaining([42, 45]))
  const psk = { keys: { identity: 'a', key: new Uint8Array(32).fill(1) } }
  const external = clientOf({ ...client, versions: { min: 'TLS 1.3' }, tickets: false, psk })
  const [other] = records(concat(...external.takeOutput()))
  const outer = decodeMessage(messages13, 'ClientHello', (other ?? new Uint8Array(5)).subarray(5))
  expect(outer.extensions?.map(({ type }) => type)).toContain(45)
})

test('RFC 9849 section 6.1: the ticket is not in the outer hello', async () => {
  const tickets = { protector: { seal: (state: Uint8Array) => state, open: (ticket: Uint8Array) => ticket } }
  const { clientEvents } = await meet(client, { hello: { ech: { keys: [keys] } }, tickets })
  const session = eventsOf(clientEvents, 'session').at(-1)?.session ?? new Uint8Array(0)
  const { ticket } = decodeSession(session)
  const [first] = records(concat(...clientOf({ ...client, session }).takeOutput()))
  const hello = decodeMessage(messages13, 'ClientHello', (first ?? new Uint8Array(5)).subarray(5))
  const psk = hello.extensions?.find(({ type }) => type === 41)?.data ?? new Uint8Array(0)
  expect(psk.length).toBeGreaterThan(ticket.length)
  expect(toHex(psk)).not.toContain(toHex(ticket))
})

test('RFC 9849 section 7.2: a server behind another confirms in the random of its ServerHello', async () => {
  const ends: boolean[] = []
  const drawn = new Uint8Array(32).fill(5)
  const seam = {
    outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
      if (type === 'ServerHello' && 'random' in fields && fields.random instanceof Uint8Array)
        ends.push(
          fields.random[23] === 5,
          fields.random.subarray(24).every((byte) => byte === 5),
        )
      return fields
    },
  }
  const provider = { ...nodeProvider, random: (length: number) => drawn.slice(0, length) }
  const inner: RawExtension = { type: 0xfe0d, data: Uint8Array.of(1) }
  const shape = (hello: ClientHello) => ({ ...hello, extensions: [...(hello.extensions ?? []), inner] })
  await meet({ versions: { min: 'TLS 1.3' }, hello: { shape } }, { provider, tickets: false, seam })
  expect(ends).toEqual([true, false])
})
