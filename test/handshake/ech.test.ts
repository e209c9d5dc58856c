// Encrypted Client Hello between our two engines (RFC 9849): accepted, rejected, retried, resumed, with each provider.

import { mergeOptions } from '../../src/options/merge.ts'
import { describe, expect, test } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { generateEchKeys } from '../../src/ech.ts'
import type { ClientHelloOptions, ClientOptions, ServerOptions } from '../../src/options.ts'
import type { VerifyRequest } from '../../src/x509/verifier.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import { anyCertificate } from '../fixtures/identities.ts'
import { hpkeKeyPair } from '../../src/keys/hpke-suites.ts'
import { hpkeReceiver } from '../../src/keys/hpke.ts'
import { concat } from '../../src/wire/bytes.ts'
import { decode, Reader } from '../../src/wire/codec.ts'
import { decodeEch, decodeEchConfigList, echInfo, outerExtensions } from '../../src/wire/ech.ts'
import { clientHelloExtensions, decodeExtensions } from '../../src/wire/extensions.ts'
import { clientHello, decodeMessage, messages13 } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'

const keys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 7 })
const otherKeys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 8 })
const client = { hello: { ech: { configList: keys.configList } }, serverName: 'secret.test' } satisfies ClientOptions
const server = { hello: { ech: { keys: [keys] } } } satisfies ServerOptions

const text = (bytes: readonly Uint8Array[]): string => bytes.map((part) => String.fromCharCode(...part)).join('')

describe.each([nodeProvider, nobleProvider, webcryptoProvider])('ECH with the $name provider', (provider) => {
  test('is accepted, and both sides say so', async () => {
    const { clientEvents, serverEvents } = await meet({ ...client, provider }, { ...server, provider })
    expect(infoOf(clientEvents)).toMatchObject({ echAccepted: true, serverName: 'secret.test', version: 'TLS 1.3' })
    expect(infoOf(serverEvents)).toMatchObject({ echAccepted: true, serverName: 'secret.test' })
  })

  test('RFC 9849 section 6.1.5: is accepted through a HelloRetryRequest', async () => {
    const { clientEvents, serverEvents } = await meet(
      { ...client, provider, hello: { ...client.hello, keyShares: ['P-256'] }, groups: ['P-256', 'X25519'] },
      { ...server, provider, groups: ['X25519'] },
    )
    expect(infoOf(clientEvents)).toMatchObject({ echAccepted: true, helloRetryRequest: true })
    expect(infoOf(serverEvents)).toMatchObject({ echAccepted: true, serverName: 'secret.test' })
  })
})

test('RFC 9849 section 6.1.5: the second outer hello answers the HelloRetryRequest too', async () => {
  const sent: Uint8Array[] = []
  const { clientEvents } = await meet(
    {
      ...client,
      hello: { ...client.hello, keyShares: ['P-256'] },
      groups: ['P-256', 'X25519'],
      trace: ({ direction, type, content }) => void (direction === 'sent' && type === 22 && sent.push(content)),
    },
    { ...server, groups: ['X25519'], hello: { ...server.hello, cookie: true } },
  )
  expect(infoOf(clientEvents)).toMatchObject({ echAccepted: true, helloRetryRequest: true })
  const { extensions = [] } = decodeMessage(messages13, 'ClientHello', sent[1] ?? new Uint8Array(0))
  const { key_share: shares, cookie } = decodeExtensions(clientHelloExtensions, extensions, 'ClientHello')
  expect(shares?.map(({ group }) => group)).toEqual([0x001d])
  expect(cookie?.length).toBeGreaterThan(0)
})

test('the name does not go in the clear', async () => {
  const engine = clientOf(client)
  const first = text(engine.takeOutput())
  expect(first).toContain('public.test')
  expect(first).not.toContain('secret.test')
})

test('RFC 9849 section 6.1.3: hellos for names of any length up to the longest are equally long', () => {
  const lengths = ['a.test', 'a-much-longer-name.of.some.kind.test'].map((serverName) =>
    clientOf({ ...client, serverName })
      .takeOutput()
      .reduce((sum, { length }) => sum + length, 0),
  )
  expect(new Set(lengths).size).toBe(1)
})

/** Each makes the two hellos differ in other places: what they share has to be named in the outer one's order. */
const shapes: readonly Partial<ClientOptions>[] = [
  { versions: { min: 'TLS 1.3' } },
  { versions: { min: 'TLS 1.3' }, tickets: false, psk: { keys: { identity: 'a', key: new Uint8Array(32).fill(1) } } },
  { hello: { grease: true } },
  { hello: { permuteExtensions: true } },
  { hello: { grease: true, permuteExtensions: true } },
  { hello: { keyShares: ['P-256'], grease: true, permuteExtensions: true }, groups: ['P-256', 'X25519'] },
]

test.each(shapes)('RFC 9849 section 5.1: outer extensions are named in their order: %o', async (options) => {
  const { clientEvents } = await meet(mergeOptions<Partial<ClientOptions>>(client, options), {
    ...server,
    groups: ['X25519'],
  })
  expect(infoOf(clientEvents).echAccepted).toBe(true)
})

/** EncodedClientHelloInner of a hello that a client of these options sends, and the outer one. */
const encodedInner = async (options: Partial<ClientOptions>) => {
  const wire = concat(...clientOf(mergeOptions<Partial<ClientOptions>>(client, options)).takeOutput())
  const message = wire.subarray(5, 5 + (wire[3] ?? 0) * 256 + (wire[4] ?? 0))
  const outer = decodeMessage(messages13, 'ClientHello', message)
  const ech = decodeEch(
    outer.extensions?.find(({ type }) => type === extensionTypes.encrypted_client_hello)?.data ?? new Uint8Array(0),
  )
  const [config] = decodeEchConfigList(keys.configList)
  if (ech === 'inner' || !config) throw new Error('no ECH')
  const pair = await hpkeKeyPair(nodeProvider, config.kem, keys.privateKey)
  const receiver = await hpkeReceiver(
    nodeProvider,
    { kem: config.kem, ...ech.suite },
    ech.enc,
    pair,
    echInfo(config.raw),
  )
  const aad = message.slice(4)
  const start = ech.payload.byteOffset - message.byteOffset - 4
  const opened = await receiver.open(aad.fill(0, start, start + ech.payload.length), ech.payload)
  if (!opened) throw new Error('not opened')
  return { inner: clientHello.decode(new Reader(opened, 'EncodedClientHelloInner')), outer, length: opened.length }
}

test.each([{}, ...shapes])(
  'RFC 9849 section 5.1: what both hellos have is sent once, and referred to: %o',
  async (options) => {
    const { inner, outer, length } = await encodedInner(options)
    const own = (inner.extensions ?? []).map(({ type }) => type)
    expect(own.filter((type) => type === extensionTypes.ech_outer_extensions)).toHaveLength(1)
    const reference = inner.extensions?.find(({ type }) => type === extensionTypes.ech_outer_extensions)
    const named = decode(outerExtensions, reference?.data ?? new Uint8Array(0), 'ech_outer_extensions')
    expect(named).toEqual(
      expect.arrayContaining([
        extensionTypes.key_share,
        extensionTypes.supported_groups,
        extensionTypes.signature_algorithms,
      ]),
    )
    expect(named.filter((type) => own.includes(type))).toEqual([])
    expect(outer.extensions?.map(({ type }) => type).filter((type) => named.includes(type))).toEqual(named)
    expect(own).toEqual(expect.arrayContaining([extensionTypes.server_name, extensionTypes.encrypted_client_hello]))
    expect(outer.extensions?.map(({ type }) => type)).not.toContain(extensionTypes.ech_outer_extensions)
    expect(length).toBeLessThan(600) // a hybrid key share alone has more
  },
)

test('RFC 9849 section 6.1.6: a rejection ends with ech_required and the keys to use', async () => {
  const seen: (string | undefined)[] = []
  const verifier = {
    verify: (request: VerifyRequest) => {
      seen.push(request.serverName)
      return anyCertificate.verify(request)
    },
  }
  const { clientEvents, serverEvents } = await meet({ ...client, verifier }, { hello: { ech: { keys: [otherKeys] } } })
  const error = errorOf(clientEvents)
  expect(error).toMatchObject({ code: 'ech_required', alert: 'ech_required' })
  expect(seen).toEqual(['public.test'])
  expect(eventsOf(clientEvents, 'handshake')).toEqual([])
  expect(eventsOf(clientEvents, 'session')).toEqual([])
  expect(errorOf(serverEvents).received).toBe('ech_required')
  const again = await meet(
    { ...client, hello: { ech: { configList: error.echRetryConfigs ?? '' } } },
    { hello: { ech: { keys: [otherKeys] } } },
  )
  expect(infoOf(again.clientEvents).echAccepted).toBe(true)
})

test('RFC 9849 section 6.1.6: a rejection through a HelloRetryRequest', async () => {
  const { clientEvents } = await meet(
    { ...client, hello: { ...client.hello, keyShares: ['P-256'] }, groups: ['P-256', 'X25519'] },
    { hello: { ech: { keys: [otherKeys] } }, groups: ['X25519'] },
  )
  expect(errorOf(clientEvents)).toMatchObject({ code: 'ech_required', echRetryConfigs: otherKeys.configList })
})

test.each(['TLS 1.2', 'TLS 1.3'] as const)('RFC 9849 section 6.1.6: a server without ECH, %s', async (max) => {
  const { clientEvents } = await meet(client, { versions: { max } })
  expect(errorOf(clientEvents)).toMatchObject({ code: 'ech_required', echRetryConfigs: undefined })
  expect(eventsOf(clientEvents, 'session')).toEqual([])
})

test('RFC 9849 section 6.1.7: a certificate that is not for the public name', async () => {
  const verifier = {
    verify: ({ serverName }: VerifyRequest) => {
      throw new Error(`not for ${serverName}`)
    },
  }
  const { clientEvents } = await meet({ ...client, verifier }, { hello: { ech: { keys: [otherKeys] } } })
  expect(errorOf(clientEvents)).toMatchObject({ code: 'verifier_refused', message: 'not for public.test' })
})

test('RFC 9849 section 6.1.2: a PSK is offered inside only, and taken up', async () => {
  const protector = serverTickets()
  const options = {
    ...server,
    tickets: { protector },
    earlyData: { maxBytes: 1000, replayGuard: { firstSeen: () => true } },
  }
  const first = await meet(client, options)
  const session = eventsOf(first.clientEvents, 'session').at(-1)?.session ?? new Uint8Array(0)
  const early = { ...client, session, earlyData: Uint8Array.of(1, 2, 3) }
  const second = await meet(early, options)
  expect(infoOf(second.clientEvents)).toMatchObject({ resumed: true, echAccepted: true, earlyData: 'accepted' })
  const rejected = await meet(early, { ...options, hello: { ech: { keys: [otherKeys] } } })
  expect(errorOf(rejected.clientEvents).code).toBe('ech_required')
  expect(eventsOf(rejected.serverEvents, 'earlyData')).toEqual([])
})

const serverTickets = () => {
  const kept: Uint8Array[] = []
  return {
    seal: (state: Uint8Array) => Uint8Array.of(200, kept.push(state) - 1),
    open: (ticket: Uint8Array) => (ticket.length === 2 ? kept[ticket[1] ?? 0] : undefined),
  }
}

describe('RFC 9849 section 6.2: GREASE', () => {
  test.each([server, {}])('is ignored by any server', async (options) => {
    const { clientEvents, serverEvents } = await meet({ hello: { ech: {} } }, options)
    expect(infoOf(clientEvents).echAccepted).toBe(false)
    expect(infoOf(serverEvents).echAccepted).toBe(false)
  })

  test('and stays the same after a HelloRetryRequest', async () => {
    const { clientEvents } = await meet(
      { hello: { ech: {}, keyShares: ['P-256'] }, groups: ['P-256', 'X25519'] },
      { ...server, groups: ['X25519'] },
    )
    expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true })
  })
})

test('RFC 9849 section 10.4: keys are tried where identifiers are not gone by', async () => {
  const misbehaving = { ...otherKeys, config: Uint8Array.from(otherKeys.config) }
  const { clientEvents } = await meet(client, { hello: { ech: { keys: [misbehaving, keys], ignoreConfigId: true } } })
  expect(infoOf(clientEvents).echAccepted).toBe(true)
})

test('the key log goes by the inner random', async () => {
  const [ours, theirs]: [string[], string[]] = [[], []]
  await meet({ ...client, keyLog: (line) => ours.push(line) }, { ...server, keyLog: (line) => theirs.push(line) })
  expect(ours.length).toBeGreaterThan(0)
  expect(ours.toSorted()).toEqual(theirs.toSorted())
})

describe('options', () => {
  const refused =
    (ech: ClientHelloOptions['ech'], more: Partial<ClientOptions> = {}) =>
    () =>
      clientOf({ ...more, ...(ech && { hello: { ech } }) })
  test('a list that is not one', () => {
    expect(refused({ configList: Uint8Array.of(0, 4, 1, 2, 3, 4) })).toThrow(/ech.configList/)
  })
  test('TLS 1.2 only', () => expect(refused({}, { versions: { max: 'TLS 1.2' } })).toThrow(/TLS 1.3/))
  test('a key of another config', () => {
    expect(() =>
      serverOf({ hello: { ech: { keys: [{ config: keys.config, privateKey: otherKeys.privateKey }] } } }),
    ).toThrow(/does not belong/)
  })
  test('a public name that is an address', async () => {
    await expect(generateEchKeys({ publicName: '192.0.2.1', provider: nodeProvider })).rejects.toMatchObject({
      code: 'bad_option',
    })
  })
})
