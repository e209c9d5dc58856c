// What goes out, in which order, and what does not go out any more: closure, failures, held writes, early data, limits
// of records and floods. Tests are named after the rule.

import { describe, expect, it } from 'vitest'

import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { createServerEngine, serverConfig } from '../../src/engine/every.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import type { TracedRecord } from '../../src/options.ts'
import { rotatingTicketKeys } from '../../src/session/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { withAeadKeys } from '../fixtures/aead-keys.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'
import { plainRecord } from '../handshake/misbehaving.ts'
import { delayedProvider } from '../fixtures/delayed-provider.ts'

const tls13 = { versions: { min: 'TLS 1.3' } } as const
const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const never = <T>(): Promise<T> => new Promise(() => {})

/** Types of the records that were sent, with the first byte of handshake messages and the description of alerts. */
const sentTo =
  (log: string[]) =>
  ({ direction, type, content }: TracedRecord): void => {
    if (direction !== 'sent') return
    log.push(type === 21 ? `alert ${content[1]}` : type === 22 ? `handshake ${content[0]}` : `type ${type}`)
  }

describe('closing (RFC 9846 section 6.1)', () => {
  it('a KeyUpdate is not answered after close_notify', async () => {
    const log: string[] = []
    const meeting = await meet({ ...tls13, trace: sentTo(log) }, tls13)
    void meeting.client.send(Uint8Array.of(1))
    log.length = 0
    void meeting.client.closeWrite()
    for (const bytes of meeting.client.takeOutput()) meeting.server.receive(bytes)
    void meeting.server.updateKeys(true)
    await meeting.settle()
    expect(log).toEqual(['alert 0'])
  })

  it.each([nodeProvider, delayedProvider(nodeProvider)])(
    '$name: close_notify follows all that was written',
    async (provider) => {
      const meeting = await meet({ ...tls13, provider, limits: { recordsPerKey: 3, maxRecordSize: 64 } }, tls13)
      void meeting.client.send(new Uint8Array(1000))
      void meeting.client.closeWrite()
      await meeting.settle()
      expect(concat(...eventsOf(meeting.serverEvents, 'data').map(({ data }) => data))).toHaveLength(1000)
      expect(eventsOf(meeting.serverEvents, 'end')).toHaveLength(1)
    },
  )

  it('closeWrite() in a handshake waits for its end', async () => {
    const client = clientOf(tls13)
    void client.closeWrite()
    const meeting = await connectEngines(client, serverOf(tls13))
    expect(infoOf(meeting.serverEvents).version).toBe('TLS 1.3')
    expect(eventsOf(meeting.serverEvents, 'end')).toHaveLength(1)
  })
})

describe('fatal alerts (RFC 9846 section 6.2)', () => {
  it('a key update that waits for its keys is not sent after one', async () => {
    const log: string[] = []
    const meeting = await meet({ ...tls13, provider: delayedProvider(nodeProvider), trace: sentTo(log) }, tls13)
    log.length = 0
    const updated = meeting.client.updateKeys()
    meeting.client.receive(plainRecord(23, new Uint8Array(20)))
    await expect(updated).rejects.toMatchObject({ code: 'bad_record_mac' })
    await meeting.settle()
    await new Promise((resolve) => setTimeout(resolve, 5))
    meeting.client.takeOutput()
    expect(log).toEqual(['alert 20'])
    expect(eventsOf(meeting.clientEvents, 'keyUpdate')).toHaveLength(0)
  })

  it('what waits for its turn is told of the failure', async () => {
    const meeting = await meet({ ...tls13, provider: delayedProvider(nodeProvider) }, tls13)
    const waiting = [meeting.client.updateKeys(), meeting.client.send(Uint8Array.of(1)), meeting.client.closeWrite()]
    meeting.client.abort(new TlsError('aborted', 'enough'))
    for (const write of waiting) await expect(write).rejects.toMatchObject({ code: 'aborted' })
  })

  it.each([
    ['TLS 1.3', 'general_error'],
    ['TLS 1.2', 'internal_error'],
  ] as const)(
    '%s: a server that gives up is no clean end to a client whose handshake may be done',
    async (version, alert) => {
      const versions = { min: version, max: version }
      const client = clientOf({ versions })
      const server = serverOf({ versions })
      for (const bytes of client.takeOutput()) server.receive(bytes)
      for (const bytes of server.takeOutput()) client.receive(bytes)
      client.takeOutput() // is lost
      server.abort(new TlsError('timeout', 'the handshake took too long'))
      for (const bytes of server.takeOutput()) client.receive(bytes)
      const events = client.takeEvents()
      expect(eventsOf(events, 'end')).toHaveLength(0)
      expect(errorOf(events)).toMatchObject({ code: 'alert_received', received: alert })
    },
  )
})

describe('keys (RFC 9846 section 4.7.3)', () => {
  it('the peer is not asked again before it has answered', async () => {
    const asks: number[] = []
    const meeting = await meet(
      {
        ...tls13,
        trace: ({ direction, type, content }) => {
          if (direction === 'sent' && type === 22 && content[0] === 24) asks.push(content[4] ?? -1)
        },
      },
      tls13,
    )
    for (let i = 0; i < 3; i++) void meeting.client.updateKeys(true)
    await meeting.settle()
    void meeting.client.updateKeys(true)
    await meeting.settle()
    expect(asks).toEqual([1, 0, 0, 1])
  })

  it('updateKeys() without an argument does not ask the peer', async () => {
    const meeting = await meet(tls13, tls13)
    void meeting.client.updateKeys()
    await meeting.settle()
    expect(eventsOf(meeting.clientEvents, 'keyUpdate').map(({ direction }) => direction)).toEqual(['write'])
  })

  it('each record has a nonce array of its own (section 5.3)', async () => {
    const used: Uint8Array[] = []
    const lazy = withAeadKeys((key) => ({
      seal: async (nonce, additionalData, plaintext, out) => {
        await undefined
        used.push(nonce)
        return key.seal(nonce, additionalData, plaintext, out)
      },
    }))
    const meeting = await meet({ ...tls13, provider: lazy }, tls13)
    used.length = 0
    await meeting.client.send(new Uint8Array(5 * 16384))
    expect(new Set(used.map((nonce) => nonce.join(' '))).size).toBe(5)
  })
})

describe('post-handshake authentication (RFC 9846 section 4.7.2)', () => {
  it.each([0, 1, 2, 3, 4])("nothing stands inside the client's answer, after %i steps of the signer", async (steps) => {
    const meeting = await meet(
      { ...tls13, provider: delayedProvider(nodeProvider), hello: { postHandshakeAuth: true }, ...ecdsa },
      { ...tls13, identity: rsa, clientAuth: { mode: 'request', verifier: anyCertificate } },
    )
    void meeting.server.requestClientCertificate()
    for (const bytes of meeting.server.takeOutput()) meeting.client.receive(bytes)
    for (let i = 0; i < steps; i++) await meeting.client.pending
    void meeting.client.updateKeys()
    void meeting.client.send(Uint8Array.of(1))
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'error')).toEqual([])
    expect(eventsOf(meeting.serverEvents, 'clientCertificate')).toHaveLength(1)
    expect(eventsOf(meeting.serverEvents, 'data')).toHaveLength(1)
  })

  it('eleven requests of our own are no flood', async () => {
    const meeting = await meet(
      { ...tls13, hello: { postHandshakeAuth: true }, ...ecdsa },
      { ...tls13, identity: rsa, clientAuth: { mode: 'request', verifier: anyCertificate } },
    )
    for (let i = 0; i < 11; i++) {
      void meeting.server.requestClientCertificate()
      await meeting.settle()
    }
    expect(eventsOf(meeting.serverEvents, 'error')).toEqual([])
    expect(eventsOf(meeting.serverEvents, 'clientCertificate')).toHaveLength(11)
  })

  it('forty tickets that were asked for are no flood (RFC 9149)', async () => {
    const tickets = { count: 255, protector: rotatingTicketKeys({ provider: nodeProvider }) }
    const meeting = await meet({ ...tls13, tickets: { newSession: 40, resumption: 1 } }, { ...tls13, tickets })
    expect(eventsOf(meeting.clientEvents, 'error')).toEqual([])
    expect(eventsOf(meeting.clientEvents, 'session')).toHaveLength(40)
  })
})

describe('caches and protectors that never answer', () => {
  const flow = async (client: TlsEngine, server: TlsEngine) => {
    for (let i = 0; i < 6; i++) {
      for (const bytes of client.takeOutput()) server.receive(bytes)
      for (const bytes of server.takeOutput()) client.receive(bytes)
      await new Promise((resolve) => setImmediate(resolve))
    }
    void server.send(text('hello'))
    for (const bytes of server.takeOutput()) client.receive(bytes)
    return eventsOf(client.takeEvents(), 'data').map(({ data }) => data)
  }

  it.each(['TLS 1.3', 'TLS 1.2'] as const)("%s: a client's cache does not stop reading", async (version) => {
    const versions = { min: version, max: version }
    const sessions = { take: () => undefined, put: never<void> }
    const tickets = { protector: rotatingTicketKeys({ provider: nodeProvider }) }
    expect(await flow(clientOf({ versions, sessions }), serverOf({ versions, tickets }))).toEqual([text('hello')])
  })

  it("a server's ticket protector does not stop the handshake (RFC 9846 section 4.7.1)", async () => {
    const protector = { seal: never<Uint8Array>, open: () => undefined }
    expect(await flow(clientOf(tls13), serverOf({ ...tls13, tickets: { protector } }))).toEqual([text('hello')])
  })

  it("a server's store of TLS 1.2 sessions does not stop the handshake", async () => {
    const versions = { max: 'TLS 1.2' } as const
    const sessions = { get: () => undefined, set: never<void> }
    expect(await flow(clientOf({ versions }), serverOf({ versions, sessions }))).toEqual([text('hello')])
  })
})

describe('early data of send() (RFC 9846 section 4.7.1)', () => {
  const protector = rotatingTicketKeys({ provider: nodeProvider })
  const server = (maxEarlyData: number) => {
    const options = { provider: nodeProvider, ...ecdsa, tickets: { protector } }
    const earlyData = { maxBytes: maxEarlyData, replayGuard: { firstSeen: () => true } }
    return createServerEngine(serverConfig(maxEarlyData > 0 ? { ...options, earlyData } : options))
  }
  const session = async (): Promise<TestClientOptions> => {
    const first = await connectEngines(clientOf(), server(100))
    const last = eventsOf(first.clientEvents, 'session').at(-1)
    if (!last) throw new Error('no session')
    return { session: last.session, earlyData: text('first') }
  }

  it('is handed back whole when the server does not take it', async () => {
    const client = clientOf(await session())
    void client.send(text(', second'))
    const waiting = client.send(new Uint8Array(200))
    const meeting = await connectEngines(client, server(0))
    const [rejected] = eventsOf(meeting.clientEvents, 'earlyDataRejected')
    expect(rejected?.data).toEqual(concat(text('first, second'), new Uint8Array(200)))
    await expect(waiting).resolves.toBeUndefined()
    expect(eventsOf(meeting.serverEvents, 'data')).toHaveLength(0)
  })

  it('waits for the end of the handshake where it is more than the ticket allows', async () => {
    const client = clientOf(await session())
    void client.send(new Uint8Array(200).fill(2))
    void client.send(text('third'))
    const meeting = await connectEngines(client, server(100))
    expect(infoOf(meeting.clientEvents).earlyData).toBe('accepted')
    expect(concat(...eventsOf(meeting.serverEvents, 'earlyData').map(({ data }) => data))).toEqual(text('first'))
    const later = concat(...eventsOf(meeting.serverEvents, 'data').map(({ data }) => data))
    expect(later).toEqual(concat(new Uint8Array(200).fill(2), text('third')))
  })
})

describe('records', () => {
  it("padding stays within the peer's record_size_limit (RFC 8449 section 4)", async () => {
    const meeting = await meet(
      { ...tls13, limits: { padding: () => 5000, recordSizeLimit: 16385 } },
      { ...tls13, limits: { recordSizeLimit: 500 } },
    )
    void meeting.client.send(new Uint8Array(600))
    const output = concat(...meeting.client.takeOutput())
    expect([(output[3] ?? 0) * 256 + (output[4] ?? 0), output.length]).toEqual([500 + 16, 2 * (500 + 16 + 5)])
  })

  it.each(['TLS 1.3', 'TLS 1.2'] as const)(
    '%s: a limit that was not negotiated binds nobody (RFC 8449 section 4)',
    async (version) => {
      const versions = { min: version, max: version }
      const meeting = await meet({ versions }, { versions, limits: { recordSizeLimit: 1024 } })
      void meeting.client.send(new Uint8Array(5000))
      await meeting.settle()
      expect(eventsOf(meeting.serverEvents, 'error')).toEqual([])
      expect(eventsOf(meeting.serverEvents, 'data')[0]?.data).toHaveLength(5000)
    },
  )

  it('a ChangeCipherSpec before ServerHello is dropped (RFC 9846 section 5)', async () => {
    const client = clientOf(tls13)
    client.receive(Uint8Array.of(20, 3, 3, 0, 1, 1))
    expect(infoOf((await connectEngines(client, serverOf(tls13))).clientEvents).version).toBe('TLS 1.3')
  })

  it('a ChangeCipherSpec before the first ClientHello is not (RFC 9846 section 5)', () => {
    const server = serverOf(tls13)
    server.receive(Uint8Array.of(20, 3, 3, 0, 1, 1))
    expect(errorOf(server.takeEvents())).toMatchObject({ code: 'unexpected_message' })
  })

  it.each([
    ['TLS 1.3', 16384 + 256],
    ['TLS 1.2', 16384 + 2048],
  ] as const)(
    '%s: a ciphertext is refused for its header alone (section 5.2, RFC 5246 section 6.2.3)',
    async (version, most) => {
      const versions = { min: version, max: version }
      const { server } = await meet({ versions }, { versions })
      const header = (length: number) => Uint8Array.of(23, 3, 3, length >> 8, length & 0xff)
      server.receive(header(most))
      expect(server.takeEvents()).toEqual([])
      const other = (await meet({ versions }, { versions })).server
      other.receive(header(most + 1))
      expect(errorOf(other.takeEvents())).toMatchObject({ code: 'record_overflow', alert: 'record_overflow' })
    },
  )
})
