// Early data and sessions as users have them, over connect() and accept(); and the examples of docs/sessions.md, run.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collector, device } from '../../docs/examples/external-psk.ts'
import { answer, ask, fleet } from '../../docs/examples/sessions.ts'
import { connect, createServer } from '../../src/index.node.ts'
import type { ConnectOptions, ServerOptions } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'
import { memorySessionCache, memoryStore, sharedReplayGuard } from '../../src/session/index.ts'
import type { ReplayGuard } from '../../src/session/index.ts'
import { pair } from '../../src/stream/pair.ts'

const authority = await createCa({ name: 'sessions' })
const { chainPem: cert, privateKeyPem: key } = await authority.issue({ names: ['localhost'] })
const ca = authority.certificatePem
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const text = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? undefined)

/**
 * One connection: the client says hello (or has said it early), the server answers each piece, early ones at once if
 * told to.
 */
const visit = async (
  clientOptions: Partial<ConnectOptions>,
  server: ReturnType<typeof createServer>,
  answerEarly = false,
) => {
  const [ours, theirs] = pair()
  const order: string[] = []
  const serving = (async () => {
    const connection = await server.accept(theirs, {
      onEarlyData: (data, reply) => {
        order.push(`early ${text(data)}`)
        if (answerEarly) void reply(bytes(`0.5-RTT answer to ${text(data)}`)).then(() => order.push('answered'))
      },
    })
    order.push('handshake')
    const got = connection.earlyData.map(text)
    if (!answerEarly || got.length === 0) {
      const question = got.length > 0 ? got.join('') : text(await connection.read())
      await connection.write(bytes(`answer to ${question}`))
    }
    await connection.close()
    return { info: connection.info, early: got }
  })()
  const client = await connect(ours, { serverName: 'localhost', ca, ...clientOptions })
  if (client.info.earlyData !== 'accepted') await client.write(bytes('hello'))
  const received = text(await client.read())
  await client.close()
  return { info: client.info, received, order, server: await serving }
}

describe('connect() with a cache and early data (RFC 9846 section 2.3)', () => {
  const options = { cert, key, versions: { min: 'TLS 1.3' }, earlyData: { maxBytes: 1024 } } satisfies ServerOptions

  it('sends early data with the first flight as soon as there is a session, and says what became of it', async () => {
    const server = createServer(options)
    const client = { sessions: memorySessionCache(), earlyData: bytes('early hello') }
    const first = await visit(client, server)
    expect(first).toMatchObject({
      info: { resumed: false, earlyData: 'none' },
      received: 'answer to hello',
      server: { early: [] },
    })
    const second = await visit(client, server)
    expect(second).toMatchObject({
      info: { resumed: true, earlyData: 'accepted' },
      received: 'answer to early hello',
      server: { info: { resumed: true, earlyData: 'accepted' }, early: ['early hello'] },
    })
  })

  it('ends the connection with what its listener throws', async () => {
    const server = createServer(options)
    const client = { sessions: memorySessionCache(), earlyData: bytes('early hello'), serverName: 'localhost', ca }
    await visit(client, server)
    const [ours, theirs] = pair()
    const accepted = server.accept(theirs, {
      onEarlyData: () => {
        throw new Error('a bug')
      },
    })
    const connected = connect(ours, client).then((connection) => connection.read())
    await expect(accepted).rejects.toMatchObject({ code: 'internal_error', message: expect.stringContaining('a bug') })
    await expect(connected).rejects.toMatchObject({ name: 'TlsError' })
  })

  it('is answered before the handshake is done (0.5-RTT)', async () => {
    const server = createServer(options)
    const client = { sessions: memorySessionCache(), earlyData: bytes('early hello') }
    await visit(client, server, true)
    const { received, order } = await visit(client, server, true)
    expect(received).toBe('0.5-RTT answer to early hello')
    expect(order).toContain('answered')
    expect(order.indexOf('early early hello')).toBeLessThan(order.indexOf('handshake'))
  })

  it.each<[string, ReplayGuard]>([
    ['has seen it', { firstSeen: () => false }],
    ['fails', { firstSeen: () => Promise.reject(new Error('down')) }],
  ])('is rejected, and not sent again by itself, where the guard %s (section 8)', async (_, replayGuard) => {
    const server = createServer({ ...options, earlyData: { ...options.earlyData, replayGuard } })
    const client = { sessions: memorySessionCache(), earlyData: bytes('early hello') }
    await visit(client, server)
    const second = await visit(client, server)
    expect(second).toMatchObject({
      info: { resumed: true, earlyData: 'rejected' },
      received: 'answer to hello',
      server: { early: [] },
    })
  })

  it('is not sent where the session allows less', async () => {
    const server = createServer(options)
    const client = { sessions: memorySessionCache(), earlyData: new Uint8Array(1025) }
    await visit(client, server)
    expect((await visit(client, server)).info).toMatchObject({ resumed: true, earlyData: 'none' })
  })

  it('a session outlives its cache as bytes', async () => {
    const server = createServer(options)
    const sessions = memorySessionCache()
    await visit({ sessions }, server)
    const restored = memorySessionCache({ restore: sessions.serialize() })
    expect((await visit({ sessions: restored, earlyData: bytes('late') }, server)).info.earlyData).toBe('accepted')
  })
})

describe('docs/sessions.md', () => {
  const talk = async (options: ServerOptions): Promise<string> => {
    const [ours, theirs] = pair()
    const answering = answer(theirs, options)
    const reply = await ask(ours, ca, 'time?')
    await answering
    return reply
  }

  it('sessions.ts: two machines of a fleet, the second answers early', async () => {
    const [secret, store] = [new Uint8Array(32).fill(7), memoryStore()]
    let now = 0
    const machine = (): ServerOptions => ({
      ...fleet(cert, key, secret, store),
      earlyData: { maxBytes: 1024, replayGuard: sharedReplayGuard({ store, clock: () => now }) },
    })
    expect(await talk(machine())).toBe('noon, in answer to time? (resumed: false, early data: none)')
    // the quarantine
    expect(await talk(machine())).toBe('noon, in answer to time? (resumed: true, early data: rejected)')
    now = 30_000
    expect(await talk(machine())).toBe('noon, early (resumed: true, early data: accepted)')
  })

  it('external-psk.ts: a device with a key', async () => {
    const [ours, theirs] = pair()
    const secret = new Uint8Array(32).fill(9)
    const [client, server] = await Promise.all([
      device(ours, secret),
      collector(theirs, new Map([['sensor 7', secret]])),
    ])
    expect(client.info).toMatchObject({ version: 'TLS 1.3', peerCertificates: [], resumed: false })
    expect(server.info.pskIdentity).toBeDefined()
    await Promise.all([client.close(), server.close()])
  })

  it('shows the examples as they are run', () => {
    const folder = new URL('../../docs/', import.meta.url)
    const page = readFileSync(new URL('sessions.md', folder), 'utf8')
    const shown = [...page.matchAll(/\[`examples\/([a-z-]+\.ts)`\][^]*?```ts\n([^]*?)```/g)].map(
      ([, name = '', code = '']) => ({ name, code }),
    )
    expect(shown.map(({ name }) => name)).toEqual(['sessions.ts', 'external-psk.ts'])
    for (const { name, code } of shown)
      expect(code, name).toBe(readFileSync(new URL(`examples/${name}`, folder), 'utf8'))
  })
})
