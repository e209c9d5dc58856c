// What goes out: fields of the messages that RFC 9846 gives a sender no choice in. Tests are named after the section.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { memoryReplayGuard, memorySessionCache, rotatingTicketKeys } from '../../src/session/index.ts'
import type { ServerOptions } from '../../src/options.ts'
import { concat } from '../../src/wire/bytes.ts'
import { decode, list, u16, u8 } from '../../src/wire/codec.ts'
import { clientHelloExtensions, decodeExtensions } from '../../src/wire/extensions.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, rsa } from '../fixtures/identities.ts'
import { misbehaving, refusedBy, tls13, withExtension } from './misbehaving.ts'
import { dataOf, hellosOf } from './recorded.ts'

const retry: readonly [TestClientOptions, TestServerOptions] = [
  { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } },
  { groups: ['P-256'], hello: { cookie: true } },
]

describe('a ClientHello', () => {
  it('says 0x0303, has one null compression method, and a fresh session ID of 32 bytes (section 4.2.2)', async () => {
    for (const versions of [undefined, { min: 'TLS 1.3' }, { max: 'TLS 1.2' }] as const) {
      const hello = async () => (await hellosOf(versions && { versions })).clientHellos[0]
      const [one, two] = [await hello(), await hello()]
      expect([one?.legacyVersion, one?.compressionMethods]).toEqual([0x0303, Uint8Array.of(0)])
      expect(one?.random).toHaveLength(32)
      expect(one?.random).not.toEqual(two?.random)
      const expected = versions && 'max' in versions ? 0 : 32
      expect([one?.sessionId.length, two?.sessionId.length]).toEqual([expected, expected])
      if (expected > 0) expect(one?.sessionId).not.toEqual(two?.sessionId)
    }
  })
  it('has an empty session ID outside of compatibility mode (section 4.2.2)', async () => {
    const { clientHellos } = await hellosOf({ ...tls13, hello: { compatibilityMode: false } })
    expect(clientHellos.map(({ sessionId }) => sessionId.length)).toEqual([0])
  })
  it('lists all versions that are taken, the newer first (section 4.3.1)', async () => {
    const versionsOf = async (client: TestClientOptions): Promise<unknown> => {
      const [hello] = (await hellosOf(client)).clientHellos
      const data = hello && dataOf(hello, extensionTypes.supported_versions)
      return data && decode(list(1, u16), data, 'versions')
    }
    expect(await versionsOf({})).toEqual([0x0304, 0x0303])
    expect(await versionsOf({ versions: { min: 'TLS 1.3' } })).toEqual([0x0304])
    expect(await versionsOf({ versions: { max: 'TLS 1.2' } })).toBeUndefined()
  })
  it('has no cookie before it was given one, and then the one it was given (section 4.3.2)', async () => {
    const { clientHellos, serverHellos } = await hellosOf(...retry)
    expect(clientHellos).toHaveLength(2)
    const [first, second] = clientHellos.map((hello) => dataOf(hello, extensionTypes.cookie))
    expect(first).toBeUndefined()
    expect(second?.length).toBeGreaterThan(2)
    expect(second).toEqual(serverHellos[0] && dataOf(serverHellos[0], extensionTypes.cookie))
  })
  it('has signature_algorithms (section 4.3.3)', async () => {
    const [hello] = (await hellosOf({ signatureSchemes: ['ed25519', 'ecdsa_secp256r1_sha256'] })).clientHellos
    const data = (hello && dataOf(hello, extensionTypes.signature_algorithms)) ?? new Uint8Array(0)
    expect(decode(list(2, u16), data, 'schemes')).toEqual([0x0807, 0x0403])
  })
  it('has SHA-1 after all other schemes, however they are given (section 4.3.3)', async () => {
    const schemes = ['ecdsa_sha1', 'rsa_pkcs1_sha1', 'ecdsa_secp256r1_sha256', 'ed25519'] as const
    const [hello] = (await hellosOf({ signatureSchemes: schemes })).clientHellos
    const data = (hello && dataOf(hello, extensionTypes.signature_algorithms)) ?? new Uint8Array(0)
    expect(decode(list(2, u16), data, 'schemes')).toEqual([0x0403, 0x0807, 0x0203, 0x0201])
  })
  it('has key shares in the order of supported_groups, however they are given (section 4.3.8)', async () => {
    const groups = ['X25519', 'P-256', 'P-384'] as const
    const [hello] = (await hellosOf({ groups, hello: { keyShares: ['P-384', 'X25519'] } })).clientHellos
    const { key_share: shares } = decodeExtensions(clientHelloExtensions, hello?.extensions ?? [], 'ClientHello')
    expect(shares?.map(({ group }) => group)).toEqual([0x001d, 0x0018])
  })
  it('is the only thing in its message: bytes after the extensions are decode_error (section 4.2.2)', async () => {
    const client = clientOf({ versions: { min: 'TLS 1.3' } })
    const record = concat(...client.takeOutput()).slice()
    const longer = concat(record, Uint8Array.of(0))
    for (const [at, width] of [
      [3, 2],
      [6, 3],
    ] as const)
      longer[at + width - 1] = (longer[at + width - 1] ?? 0) + 1
    const server = serverOf(tls13)
    server.receive(longer)
    expect(errorOf(server.takeEvents())).toMatchObject({ code: 'decode_error', alert: 'decode_error' })
    const untouched = serverOf(tls13)
    untouched.receive(record)
    expect(eventsOf(untouched.takeEvents(), 'error')).toEqual([])
  })
})

describe('records', () => {
  it('say 0x0301 or 0x0303 first, and 0x0303 after the first ClientHello (section 5.1)', async () => {
    const [clientOptions, serverOptions] = retry
    const [client, server] = [clientOf({ ...tls13, ...clientOptions }), serverOf({ ...tls13, ...serverOptions })]
    const versions: number[][] = []
    for (let round = 0; round < 4; round++)
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        const output = concat(...from.takeOutput())
        const seen: number[] = []
        for (let at = 0; at < output.length; at += 5 + ((output[at + 3] ?? 0) << 8) + (output[at + 4] ?? 0))
          seen.push(((output[at + 1] ?? 0) << 8) | (output[at + 2] ?? 0))
        versions.push(seen)
        to.receive(output)
        from.takeEvents()
      }
    expect(client.handshakeDone && server.handshakeDone).toBe(true)
    expect([0x0301, 0x0303]).toContain(versions[0]?.[0])
    expect(new Set(versions.flat().slice(1))).toEqual(new Set([0x0303]))
    const refusing = clientOf(tls13)
    refusing.takeOutput()
    refusing.receive(Uint8Array.of(22, 3, 3, 0, 4, 20, 0, 0, 0))
    expect([...concat(...refusing.takeOutput())]).toEqual([21, 3, 3, 0, 2, 2, 10])
  })
})

describe('a ServerHello', () => {
  it('says 0x0303, names TLS 1.3, and has a random of its own (section 4.2.3 and 4.3.1)', async () => {
    const first = await hellosOf()
    const second = await hellosOf()
    const [one, two] = [first.serverHellos[0], second.serverHellos[0]]
    expect(one?.legacyVersion).toBe(0x0303)
    expect(one && dataOf(one, extensionTypes.supported_versions)).toEqual(Uint8Array.of(3, 4))
    expect(one?.random).not.toEqual(two?.random)
    expect(one?.random).not.toEqual(first.clientHellos[0]?.random)
    expect(one?.sessionId).toEqual(first.clientHellos[0]?.sessionId)
    const old = await hellosOf({ versions: { max: 'TLS 1.2' } })
    expect(old.serverHellos[0]?.legacyVersion).toBe(0x0303)
    expect(old.serverHellos[0] && dataOf(old.serverHellos[0], extensionTypes.supported_versions)).toBeUndefined()
  })
  it('has the extensions that keys and version need, and no others (section 4.2.3)', async () => {
    const { serverHellos } = await hellosOf({ alpn: ['a'], serverName: 'server.test' }, { alpn: ['a'] })
    expect(new Set(serverHellos[0]?.extensions?.map(({ type }) => type))).toEqual(
      new Set([extensionTypes.key_share, extensionTypes.supported_versions]),
    )
  })
  it('is of TLS 1.2 where supported_versions has no newer one (section 4.3.1)', async () => {
    const older = { type: extensionTypes.supported_versions, data: Uint8Array.of(2, 3, 3) }
    const shape = (hello: ClientHello): ClientHello => ({ ...hello, extensions: [...(hello.extensions ?? []), older] })
    const { meeting } = await hellosOf({ versions: { max: 'TLS 1.2' }, hello: { shape } })
    expect(infoOf(meeting.serverEvents).version).toBe('TLS 1.2')
  })
  it('and EncryptedExtensions answer nothing that was not asked for (section 4.3)', async () => {
    const { clientHellos, serverHellos, ofServer } = await hellosOf(
      { hello: { sendServerName: false, compatibilityMode: false }, tickets: false },
      { ...rsa, alpn: ['a'], limits: { recordSizeLimit: 1000 } },
    )
    const typesOf = (messages: readonly { readonly extensions?: readonly { readonly type: number }[] | undefined }[]) =>
      messages.flatMap(({ extensions = [] }) => extensions.map(({ type }) => type))
    const asked = typesOf(clientHellos)
    expect(asked).not.toContain(extensionTypes.server_name)
    const answered = typesOf([...serverHellos, ...ofServer.sent('EncryptedExtensions')])
    expect(answered.filter((type) => !asked.includes(type))).toEqual([])
  })
})

const ticketed = (): ServerOptions => ({
  ...tls13,
  tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
})
const key = new Uint8Array(32).fill(5)
const external = { keys: { identity: 'a device', key } } as const
const lookup = (identity: Uint8Array) => (identity.length === 8 ? { key } : undefined)

describe('tickets', () => {
  it('have a ticket_age_add each (section 4.7.1)', async () => {
    const { ofServer } = await hellosOf(tls13, { ...ticketed(), tickets: { ...ticketed().tickets, count: 4 } as never })
    const tickets = ofServer.sent('NewSessionTicket')
    expect(tickets).toHaveLength(4)
    expect(new Set(tickets.map(({ ageAdd }) => ageAdd)).size).toBe(4)
    expect(new Set(tickets.map(({ nonce }) => nonce.join())).size).toBe(4)
  })
})

describe('a CertificateRequest', () => {
  const clientAuth = { mode: 'request', verifier: anyCertificate } as const
  it('is not sent in a handshake by a PSK (section 4.4.2)', async () => {
    const server: ServerOptions = { ...ticketed(), clientAuth }
    const sessions = memorySessionCache()
    const first = await hellosOf({ ...tls13, ...rsa, sessions }, server)
    expect(first.ofServer.sent('CertificateRequest')).toHaveLength(1)
    const second = await hellosOf({ ...tls13, ...rsa, sessions }, server)
    expect(infoOf(second.meeting.clientEvents).resumed).toBe(true)
    expect(second.ofServer.sent('CertificateRequest')).toEqual([])
  })
  it('has another context each time after the handshake, and none in it (section 4.4.2)', async () => {
    const client = { ...tls13, ...rsa, hello: { postHandshakeAuth: true } } as TestClientOptions
    const { ofServer, meeting } = await hellosOf(client, { ...tls13, clientAuth })
    await meeting.server.requestClientCertificate()
    await meeting.settle()
    await meeting.server.requestClientCertificate()
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'clientCertificate')).toHaveLength(2)
    const contexts = ofServer.sent('CertificateRequest').map(({ context }) => context)
    expect(contexts.map(({ length }) => length)).toEqual([0, 16, 16])
    expect(contexts[1]).not.toEqual(contexts[2])
  })
})

describe('early data', () => {
  const early = (): ServerOptions => ({
    ...ticketed(),
    earlyData: { maxBytes: 1024, replayGuard: memoryReplayGuard() },
    psk: { lookup },
  })
  const sessionFrom = async (server: ServerOptions): Promise<Uint8Array> => {
    const [session] = eventsOf((await meet({ ...tls13, psk: external }, server)).clientEvents, 'session')
    return session?.session ?? new Uint8Array(0)
  }
  const earlyData = Uint8Array.of(1, 2, 3)

  it('is in a ticket only where the server takes it, with its most (section 4.7.1)', async () => {
    const ticketsOf = async (server: ServerOptions) =>
      (await hellosOf(tls13, server)).ofServer.sent('NewSessionTicket').map((ticket) => {
        const data = dataOf(ticket, extensionTypes.early_data)
        return data && [...data]
      })
    expect(await ticketsOf(ticketed())).toEqual([undefined, undefined])
    const most = [0, 0, 4, 0]
    expect(await ticketsOf(early())).toEqual([most, most])
  })
  it('is taken with the first PSK, and with no other (section 4.3.10)', async () => {
    const server = early()
    const session = await sessionFrom(server)
    const offered = { ...tls13, session, psk: external, earlyData }
    const taken = await meet(offered, server)
    expect(infoOf(taken.serverEvents).earlyData).toBe('accepted')
    // Another server has the external key, and not those of the tickets.
    const refused = await meet(offered, early())
    expect(infoOf(refused.serverEvents)).toMatchObject({ earlyData: 'rejected', resumed: false })
    expect(infoOf(refused.serverEvents).pskIdentity).toBeDefined()
    expect(eventsOf(refused.serverEvents, 'earlyData')).toEqual([])
  })
  it('that a server takes with another PSK is illegal_parameter (section 4.3.10)', async () => {
    const session = await sessionFrom(early())
    const seam = misbehaving({
      EncryptedExtensions: (fields) => ({
        ...fields,
        extensions: withExtension(fields.extensions, extensionTypes.early_data),
      }),
    })
    const { clientEvents } = await meet({ ...tls13, session, psk: external, earlyData }, { ...early(), seam })
    const error = errorOf(clientEvents)
    expect(error).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
    expect(error.message).toMatch(/first PSK/)
  })
})

describe('the suite of a handshake by a PSK', () => {
  const [sha256, sha384] = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'] as const
  it('has its hash, or the PSK is not taken (section 4.3.11)', async () => {
    const server = ticketed()
    const first = await meet({ ...tls13, cipherSuites: [sha384] }, server)
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const same = await meet({ ...tls13, session }, { ...server, cipherSuites: [sha384] })
    expect(infoOf(same.serverEvents)).toMatchObject({ resumed: true, cipherSuite: sha384 })
    const other = await meet({ ...tls13, session }, { ...server, cipherSuites: [sha256] })
    expect(infoOf(other.serverEvents)).toMatchObject({ resumed: false, cipherSuite: sha256 })
  })
  it('of another hash is illegal_parameter to the client (section 4.3.11)', async () => {
    const server = ticketed()
    const first = await meet({ ...tls13, cipherSuites: [sha384] }, server)
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    await refusedBy(
      'client',
      { session },
      {
        ...server,
        cipherSuites: [sha384],
        seam: misbehaving({ ServerHello: (fields) => ({ ...fields, cipherSuite: 0x1301 }) }),
      },
      'illegal_parameter',
      'illegal_parameter',
      /a PSK for sha384 with TLS_AES_128_GCM_SHA256/,
    )
  })
})

it('psk_key_exchange_modes goes with pre_shared_key, and lists what is taken (section 4.3.9)', async () => {
  const { clientHellos } = await hellosOf({ ...tls13, psk: external }, { ...tls13, psk: { lookup } })
  const [hello] = clientHellos
  const data = (hello && dataOf(hello, extensionTypes.psk_key_exchange_modes)) ?? new Uint8Array(0)
  expect(decode(list(1, u8), data, 'modes')).toEqual([1])
  expect(hello?.extensions?.at(-1)?.type).toBe(extensionTypes.pre_shared_key)
})
