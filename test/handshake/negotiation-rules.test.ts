// RFC 9846 section 4.2 and 4.3: what is negotiated in ClientHello, ServerHello and EncryptedExtensions, where no single
// message that is wrong shows it. Tests are named after the section.

import { describe, expect, it } from 'vitest'
import type { ClientConfig } from '../../src/config.ts'
import { clientEngineWith } from '../../src/engine/endpoints.ts'
import { externalOffers } from '../../src/handshake/client/client-psk.ts'
import { everyFeature } from '../../src/handshake/client/every-feature.ts'
import { memorySessionCache } from '../../src/session/index.ts'
import { clientHelloExtensions, decodeExtensions } from '../../src/wire/extensions.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import {
  clientConfigOf,
  clientOf,
  connectEngines,
  errorOf,
  eventsOf,
  infoOf,
  meet,
  serverOf,
} from '../fixtures/engines.ts'
import type { TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, rsa } from '../fixtures/identities.ts'
import { finished, forger, misbehaving, oneSuite, secretOf, tls13, withExtension } from './misbehaving.ts'
import { dataOf, hellosOf, takingEarlyData } from './recorded.ts'

const key = new Uint8Array(32).fill(5)
const psk = { keys: { identity: 'a device', key } } as const
const lookup = () => ({ key })
const tls12 = { versions: { max: 'TLS 1.2' } } as const

const extensionsOf = (hello: ClientHello | undefined) =>
  decodeExtensions(clientHelloExtensions, hello?.extensions ?? [], 'ClientHello')

describe('a server', () => {
  it('marks the last eight bytes of its random alone (section 4.2.3)', async () => {
    const [one, two] = [await hellosOf(tls12), await hellosOf(tls12)].map(({ serverHellos }) => serverHellos[0]?.random)
    expect(one?.subarray(24)).toEqual(two?.subarray(24))
    expect(one?.subarray(0, 24)).not.toEqual(two?.subarray(0, 24))
    // each four bytes of the rest differ: none of it is fixed
    for (let at = 0; at < 24; at += 4) expect(one?.subarray(at, at + 4)).not.toEqual(two?.subarray(at, at + 4))
  })
  it('chooses no compression, in a HelloRetryRequest as in a ServerHello (section 4.2.3)', async () => {
    const { serverHellos } = await hellosOf(
      { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } },
      { groups: ['P-256'] },
    )
    expect(serverHellos.map(({ compressionMethod }) => compressionMethod)).toEqual([0, 0])
  })
  it('never sends post_handshake_auth and psk_key_exchange_modes (sections 4.3.6 and 4.3.9)', async () => {
    const { clientHellos, serverHellos, ofServer } = await hellosOf(
      { ...tls13, ...rsa, psk, hello: { postHandshakeAuth: true } },
      { ...tls13, psk: { lookup: () => undefined }, clientAuth: { mode: 'request', verifier: anyCertificate } },
    )
    const theirs = [extensionTypes.post_handshake_auth, extensionTypes.psk_key_exchange_modes]
    for (const type of theirs) expect(clientHellos[0] && dataOf(clientHellos[0], type)).toBeDefined()
    const sent = [
      ...serverHellos,
      ...ofServer.sent('EncryptedExtensions'),
      ...ofServer.sent('CertificateRequest'),
      ...ofServer.sent('Certificate').flatMap(({ entries }) => entries),
    ].flatMap(({ extensions = [] }) => extensions.map(({ type }) => type))
    expect(sent.length).toBeGreaterThan(3)
    expect(sent.filter((type) => theirs.includes(type as never) || type === extensionTypes.oid_filters)).toEqual([])
  })
  it('sends a key share unless the PSK is enough by itself (sections 4.3.8 and 4.3.9)', async () => {
    const shareIn = async (modes: readonly ['psk_ke'] | readonly ['psk_dhe_ke']) => {
      const options = { ...tls13, psk: { ...psk, modes, lookup } }
      const { serverHellos } = await hellosOf(
        { ...tls13, psk: { ...psk, modes } },
        { ...options, psk: { modes, lookup } },
      )
      return serverHellos[0] && dataOf(serverHellos[0], extensionTypes.key_share)?.length
    }
    expect(await shareIn(['psk_ke'])).toBeUndefined()
    expect(await shareIn(['psk_dhe_ke'])).toBeGreaterThan(30)
  })
  it('answers in a group that the client lists, and in that of its share (section 4.3.8)', async () => {
    const answered = async (groups: readonly string[], keyShares: readonly string[]) => {
      const { serverHellos } = await hellosOf({ ...tls13, groups, hello: { keyShares } }, tls13)
      const [hello] = serverHellos
      return { messages: serverHellos.length, group: hello && dataOf(hello, extensionTypes.key_share)?.subarray(0, 2) }
    }
    for (const [name, id] of [
      ['X25519', 0x1d],
      ['P-256', 0x17],
      ['P-384', 0x18],
    ] as const) {
      expect(await answered([name], [name])).toEqual({ messages: 1, group: Uint8Array.of(0, id) })
    }
    const last = { messages: 1, group: Uint8Array.of(0, 0x18) }
    expect(await answered(['X25519', 'P-256', 'P-384'], ['P-384'])).toEqual(last)
  })
  it('takes a key share that came before in another connection (section 4.3.8)', async () => {
    const [first = new Uint8Array(0)] = clientOf(tls13).takeOutput()
    const shares = [serverOf(tls13), serverOf(tls13)].map((server) => {
      server.receive(first.slice())
      const events = server.takeEvents()
      expect(eventsOf(events, 'error')).toEqual([])
      return server.takeOutput()[0]
    })
    expect(shares[0]?.[5]).toBe(2) // a ServerHello
    expect(shares[0]).not.toEqual(shares[1])
  })
  it('does not look at the age of an external key (section 4.3.11)', async () => {
    const aged = {
      ...everyFeature,
      externalPsks: (config: ClientConfig) =>
        externalOffers(config).map((offer) => ({ ...offer, obfuscatedTicketAge: 0xfffffff0 })),
    }
    const client = clientEngineWith(clientConfigOf({ ...tls13, psk }), aged)
    const { serverEvents } = await connectEngines(client, serverOf({ ...tls13, psk: { lookup } }))
    expect(infoOf(serverEvents)).toMatchObject({ pskIdentity: expect.anything(), ticketAgeSkew: undefined })
  })
  it('and a client take an external key to be for SHA-256 where nothing else is said (section 4.3.11)', async () => {
    const usedWith = async (suite: string, ours: object, theirs: object) => {
      const { serverEvents } = await meet(
        { ...tls13, cipherSuites: [suite], psk: { keys: { identity: 'a device', key, ...ours } } },
        { ...tls13, cipherSuites: [suite], psk: { lookup: () => ({ key, ...theirs }) } },
      )
      return infoOf(serverEvents).pskIdentity !== undefined
    }
    const [short, long] = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384']
    const named = { hash: 'sha256' }
    expect(await usedWith(short, {}, named)).toBe(true)
    expect(await usedWith(short, named, {})).toBe(true)
    expect(await usedWith(long, {}, {})).toBe(false)
    expect(await usedWith(long, { hash: 'sha384' }, {})).toBe(false)
  })
})

describe('a client', () => {
  it('has one share for a group, of those that it lists (section 4.3.8)', async () => {
    for (const options of [{}, { hello: { keyShares: ['P-256'] } }, { groups: ['X25519', 'P-256'] }] as const) {
      const { clientHellos } = await hellosOf({ ...tls13, ...options }, tls13)
      const { key_share: shares = [], supported_groups: listed } = extensionsOf(clientHellos[0])
      const groups = shares.map(({ group }) => group)
      expect(groups.length).toBeGreaterThan(0)
      expect(new Set(groups).size).toBe(groups.length)
      expect(listed).toEqual(expect.arrayContaining(groups))
    }
    // and no option makes it send others
    for (const keyShares of [['X25519', 'X25519'], ['P-256']] as const) {
      expect(() => clientOf({ ...tls13, groups: ['X25519'], hello: { keyShares } })).toThrow(
        expect.objectContaining({ code: 'bad_option' }),
      )
    }
  })
  it('makes each of its key shares by itself (section 4.3.8)', async () => {
    const groups = ['X25519MLKEM768', 'X25519', 'P-256', 'SecP256r1MLKEM768'] as const
    const { clientHellos } = await hellosOf({ ...tls13, groups, hello: { keyShares: groups } }, tls13)
    const [hybrid, x25519, p256, other] = extensionsOf(clientHellos[0]).key_share?.map((one) => one.keyExchange) ?? []
    expect(hybrid?.subarray(1184)).toHaveLength(32)
    expect(hybrid?.subarray(1184)).not.toEqual(x25519)
    expect(other?.subarray(0, 65)).not.toEqual(p256)
    expect(other?.subarray(65)).not.toEqual(hybrid?.subarray(0, 1184))
  })
  it("does nothing about a server's supported_groups (section 4.3.7)", async () => {
    const seam = misbehaving({
      EncryptedExtensions: (fields) => ({
        ...fields,
        extensions: withExtension(fields.extensions, extensionTypes.supported_groups, Uint8Array.of(0, 2, 0, 24)),
      }),
    })
    const { clientEvents, serverEvents } = await meet({ ...tls13, groups: ['X25519'] }, { ...tls13, seam })
    expect(infoOf(clientEvents).group).toBe('X25519')
    expect(infoOf(serverEvents).group).toBe('X25519')
  })
  it('takes RSA-PSS in TLS 1.2 where it offers it (section 4.3.3)', async () => {
    const signatureSchemes = ['rsa_pss_rsae_sha384'] as const
    const { clientEvents } = await meet({ signatureSchemes }, { ...rsa, ...tls12 })
    expect(infoOf(clientEvents)).toMatchObject({
      version: 'TLS 1.2',
      cipherSuite: expect.stringMatching(/^TLS_ECDHE_RSA_/),
      signatureScheme: 'rsa_pss_rsae_sha384',
    })
  })
})

describe('early data', () => {
  const server = (): TestServerOptions => ({ ...takingEarlyData(), ...oneSuite })

  it('goes with pre_shared_key and early_data in its ClientHello (section 4.3.10)', async () => {
    const [sessions, options] = [memorySessionCache(), server()]
    const types = async (earlyData?: Uint8Array) => {
      const { clientHellos } = await hellosOf({ ...oneSuite, sessions, ...(earlyData && { earlyData }) }, options)
      return clientHellos[0]?.extensions?.map(({ type }) => type) ?? []
    }
    const { early_data: early, pre_shared_key: offered } = extensionTypes
    expect(await types(Uint8Array.of(1))).not.toContain(early) // there is no session yet
    expect(await types(Uint8Array.of(1))).toEqual(expect.arrayContaining([early, offered]))
    const without = await types()
    expect(without).toContain(offered)
    expect(without).not.toContain(early)
  })
  it('that was accepted and does not open is bad_record_mac (section 4.3.10)', async () => {
    const options = server()
    const { clientEvents } = await finished({}, options)
    const session = eventsOf(clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const log: string[] = []
    const client = clientOf({ ...oneSuite, session, earlyData: Uint8Array.of(1), keyLog: (line) => log.push(line) })
    const again = serverOf(options)
    const [hello = new Uint8Array(0), ...early] = client.takeOutput()
    again.receive(hello)
    for (const bytes of early) again.receive(bytes)
    const seal = forger(secretOf(log, 'CLIENT_EARLY_TRAFFIC_SECRET'))
    seal(23, Uint8Array.of(1)) // the first of the key, which the client sent
    const record = seal(23, Uint8Array.of(2))
    record[record.length - 1] = (record[record.length - 1] ?? 0) ^ 1
    again.receive(record)
    const events = again.takeEvents()
    expect(eventsOf(events, 'earlyData').map(({ data }) => [...data])).toEqual([[1]])
    expect(errorOf(events)).toMatchObject({ code: 'bad_record_mac', alert: 'bad_record_mac' })
  })
})
