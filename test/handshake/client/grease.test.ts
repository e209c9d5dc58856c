// GREASE (RFC 8701) and shuffled extensions: what goes out, that both versions still get along, and that a peer which
// takes up a reserved value is refused.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import type { Seam } from '../../../src/config.ts'
import type { ClientHelloInfo } from '../../../src/options.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { rotatingTicketKeys } from '../../../src/session/index.ts'
import { clientHelloExtensions, decodeExtensions } from '../../../src/wire/extensions.ts'
import type { RawExtension } from '../../../src/wire/extensions.ts'
import { decodeMessage, HELLO_RETRY_REQUEST_RANDOM, messages13 } from '../../../src/wire/messages.ts'
import type { ServerHello } from '../../../src/wire/messages.ts'
import { contentTypes, extensionTypes, isGrease } from '../../../src/wire/registry.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import { ecdsa } from '../../fixtures/identities.ts'
import { misbehaving } from '../misbehaving.ts'

const tls12 = { versions: { max: 'TLS 1.2' } } as const
/** Server options, and the ClientHellos that the server saw. */
const watching = (): { readonly hellos: ClientHelloInfo[]; readonly options: TestServerOptions } => {
  const hellos: ClientHelloInfo[] = []
  return { hellos, options: { onClientHello: (hello) => void hellos.push(hello) } }
}
const helloOf = async (options: TestClientOptions, serverOptions: TestServerOptions = {}): Promise<ClientHelloInfo> => {
  const { hellos, options: watch } = watching()
  infoOf((await meet(options, { ...serverOptions, ...watch })).clientEvents)
  const [hello] = hellos
  if (!hello) throw new Error('no ClientHello came')
  return hello
}
/** Both hellos of a connection with HelloRetryRequest, as they were sent. */
const hellosSent = async (
  options: TestClientOptions,
  serverOptions: TestServerOptions,
): Promise<readonly ReturnType<typeof readHello>[]> => {
  const sent: ReturnType<typeof readHello>[] = []
  const trace: TestClientOptions['trace'] = ({ direction, type, content }) => {
    if (direction === 'sent' && type === contentTypes.handshake && content[0] === 1) sent.push(readHello(content))
  }
  expect(infoOf((await meet({ ...options, trace }, serverOptions)).clientEvents)).toMatchObject({
    helloRetryRequest: true,
  })
  return sent
}
const readHello = (raw: Uint8Array) => {
  const hello = decodeMessage(messages13, 'ClientHello', raw)
  return {
    ...hello,
    list: hello.extensions ?? [],
    extensions: decodeExtensions(clientHelloExtensions, hello.extensions ?? [], 'ClientHello'),
  }
}
const typesOf = (list: readonly RawExtension[]): readonly number[] => list.map(({ type }) => type)
const seeded = (byte: number): CryptoProvider => ({
  ...nodeProvider,
  random: (length) => new Uint8Array(length).fill(byte),
})

describe('a client with grease (RFC 8701 section 3.1)', () => {
  it('offers reserved suites, groups, shares, schemes, versions and two extensions, and connects', async () => {
    const hello = await helloOf({ hello: { grease: true } })
    const { extensions } = readHello(hello.raw)
    expect(isGrease(hello.cipherSuites[0] ?? 0)).toBe(true)
    expect(isGrease(hello.groups[0] ?? 0)).toBe(true)
    expect(extensions.key_share?.[0]).toMatchObject({ group: hello.groups[0] })
    expect(isGrease(hello.signatureSchemes[0] ?? 0)).toBe(true)
    expect(isGrease(hello.versions[0] ?? 0)).toBe(true)
    expect(hello.extensions.map(isGrease).filter(Boolean)).toHaveLength(2)
    expect(isGrease(hello.extensions[0] ?? 0)).toBe(true)
    expect(isGrease(hello.extensions.at(-1) ?? 0)).toBe(true)
  })
  it('connects to a server of TLS 1.2', async () => {
    const hello = await helloOf({ hello: { grease: true, permuteExtensions: true } }, tls12)
    expect(hello.extensions.some(isGrease)).toBe(true)
  })
  it('sends none without the option', async () => {
    const hello = await helloOf({})
    const { cipherSuites, groups, signatureSchemes, versions, extensions } = hello
    expect([...cipherSuites, ...groups, ...signatureSchemes, ...versions, ...extensions].some(isGrease)).toBe(false)
  })
  it('never sends one extension type twice, whatever chance says (section 5)', async () => {
    for (const byte of [0x00, 0x10, 0xf3]) {
      const { extensions } = await helloOf({ hello: { grease: true }, provider: seeded(byte) })
      expect(new Set(extensions).size).toBe(extensions.length)
    }
  })
  it('draws from the provider: the same bytes, the same hello', async () => {
    const options = { hello: { grease: true, permuteExtensions: true }, provider: seeded(7) }
    const [one, two] = [await helloOf(options), await helloOf(options)]
    expect([one.extensions, one.cipherSuites]).toEqual([two.extensions, two.cipherSuites])
  })
})

describe('permuteExtensions', () => {
  it('puts any two extensions in either order alike', () => {
    // A generator of its own (xorshift), so that the hellos are the same each time.
    let state = 20_261_127
    const next = (): number => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state & 0xff
    }
    const provider = { ...nodeProvider, random: (length: number) => Uint8Array.from({ length }, next) }
    const orders = Array.from({ length: 400 }, () => {
      const hello = concat(...clientOf({ provider, hello: { permuteExtensions: true } }).takeOutput()).subarray(5)
      return typesOf(readHello(hello).list)
    })
    const [usual = []] = orders
    for (const order of orders) expect(new Set(order)).toEqual(new Set(usual))
    for (const [i, one] of usual.entries()) {
      for (const other of usual.slice(i + 1)) {
        const before = orders.filter((order) => order.indexOf(one) < order.indexOf(other)).length
        expect(Math.abs(before - 200), `${one} and ${other}`).toBeLessThan(50) // five standard deviations
      }
    }
  })
})

describe('a second ClientHello (RFC 9846 section 4.2.2)', () => {
  it('keeps the reserved values and the order, and has one share', async () => {
    const [first, second] = await hellosSent(
      { hello: { grease: true, permuteExtensions: true }, groups: ['X25519', 'P-256'] },
      { groups: ['P-256'], hello: { cookie: true } },
    )
    const kept = (hello: typeof first) => typesOf(hello?.list ?? []).filter((type) => type !== extensionTypes.cookie)
    expect(kept(second)).toEqual(kept(first))
    expect(second?.cipherSuites).toEqual(first?.cipherSuites)
    expect(second?.extensions.supported_groups).toEqual(first?.extensions.supported_groups)
    expect(second?.extensions.key_share).toHaveLength(1)
  })
  it('repeats key_share byte for byte where only a cookie was asked for', async () => {
    const [first, second] = await hellosSent({ hello: { grease: true } }, { hello: { cookie: true } })
    expect(second?.extensions.key_share).toEqual(first?.extensions.key_share)
    expect(first?.extensions.key_share?.map(({ group }) => isGrease(group))).toContain(true)
  })
})

describe('reserved values that a server takes up are refused (RFC 8701 section 3.1)', () => {
  /** The reserved numbers of the client come to the server's change by way of its hello. */
  const lyingServer = (
    change: (hello: ServerHello, offered: ReturnType<typeof readHello>) => ServerHello,
    version: TestServerOptions = {},
  ): TestServerOptions => {
    let offered: ReturnType<typeof readHello> | undefined
    return {
      ...version,
      onClientHello: ({ raw }) => void (offered = readHello(raw)),
      seam: misbehaving({ ServerHello: (hello) => (offered ? change(hello, offered) : hello) }),
    }
  }
  const first = (list: readonly number[] | undefined): number => list?.[0] ?? 0
  const versioned = (extensions: readonly RawExtension[] | undefined, id: number): readonly RawExtension[] =>
    (extensions ?? []).map(({ type, data }) => ({
      type,
      data: type === extensionTypes.supported_versions ? Uint8Array.of(id >> 8, id & 0xff) : data,
    }))

  it.each<[string, TestServerOptions, string]>([
    [
      'a cipher suite',
      lyingServer((hello, { cipherSuites }) => ({ ...hello, cipherSuite: first(cipherSuites) })),
      'illegal_parameter',
    ],
    [
      'a cipher suite of TLS 1.2',
      lyingServer((hello, { cipherSuites }) => ({ ...hello, cipherSuite: first(cipherSuites) }), tls12),
      'illegal_parameter',
    ],
    [
      'a version',
      lyingServer((hello, { extensions }) => ({
        ...hello,
        extensions: versioned(hello.extensions, first(extensions.supported_versions)),
      })),
      'illegal_parameter',
    ],
    [
      'an extension',
      lyingServer((hello, { list }) => ({ ...hello, extensions: [...(hello.extensions ?? []), ...list.slice(0, 1)] })),
      'unsupported_extension',
    ],
    [
      'an extension of TLS 1.2',
      lyingServer(
        (hello, { list }) => ({ ...hello, extensions: [...(hello.extensions ?? []), ...list.slice(0, 1)] }),
        tls12,
      ),
      'unsupported_extension',
    ],
    [
      'a group in HelloRetryRequest',
      lyingServer((hello, { extensions }) => {
        const group = first(extensions.supported_groups)
        const list = [
          { type: extensionTypes.supported_versions, data: Uint8Array.of(3, 4) },
          { type: extensionTypes.key_share, data: Uint8Array.of(group >> 8, group & 0xff) },
        ]
        return { ...hello, random: HELLO_RETRY_REQUEST_RANDOM, extensions: list }
      }),
      'illegal_parameter',
    ],
  ])('%s', async (_, server, code) => {
    const { clientEvents } = await meet({ hello: { grease: true } }, server)
    expect(errorOf(clientEvents)).toMatchObject({ code })
  })
  it('an extension of EncryptedExtensions', async () => {
    let grease: readonly RawExtension[] = []
    const server: TestServerOptions = {
      onClientHello: ({ raw }) => void (grease = readHello(raw).list.slice(0, 1)),
      seam: misbehaving({ EncryptedExtensions: ({ extensions }) => ({ extensions: [...extensions, ...grease] }) }),
    }
    const { clientEvents } = await meet({ hello: { grease: true } }, server)
    expect(errorOf(clientEvents)).toMatchObject({ code: 'unsupported_extension' })
  })
})

describe('a server with grease (RFC 8701 section 4.1)', () => {
  const extensionsSent = (): { readonly seen: Map<string, readonly RawExtension[]>; readonly seam: Seam } => {
    const seen = new Map<string, readonly RawExtension[]>()
    const seam = misbehaving({
      CertificateRequest: (fields) => (seen.set('CertificateRequest', fields.extensions), fields),
      NewSessionTicket: (fields) => (seen.set('NewSessionTicket', fields.extensions), fields),
    })
    return { seen, seam }
  }
  it('sends reserved extensions in CertificateRequest and NewSessionTicket, which a client ignores', async () => {
    const { seen, seam } = extensionsSent()
    const tickets = { protector: rotatingTicketKeys({ provider: nodeProvider }) }
    const { clientEvents, serverEvents } = await meet(
      { ...ecdsa },
      { hello: { grease: true }, tickets, clientAuth: { mode: 'require-unverified' }, seam },
    )
    expect(infoOf(serverEvents).peerCertificates.length).toBeGreaterThan(0)
    expect(eventsOf(clientEvents, 'session').length).toBeGreaterThan(0)
    for (const message of ['CertificateRequest', 'NewSessionTicket']) {
      expect([message, typesOf(seen.get(message) ?? []).some(isGrease)]).toEqual([message, true])
    }
  })
  it('refuses a client that answers one in Certificate (section 4.1)', async () => {
    const { seen, seam } = extensionsSent()
    const answer = () => (seen.get('CertificateRequest') ?? []).filter(({ type }) => isGrease(type))
    const client: TestClientOptions = {
      ...ecdsa,
      seam: misbehaving({
        Certificate: ({ context, entries }) => ({
          context,
          entries: entries.map(({ data }) => ({ data, extensions: answer() })),
        }),
      }),
    }
    const { serverEvents } = await meet(client, {
      hello: { grease: true },
      clientAuth: { mode: 'require-unverified' },
      seam,
    })
    expect(errorOf(serverEvents)).toMatchObject({ code: 'unsupported_extension' })
  })
})

describe('permuteExtensions', () => {
  it('gives each connection an order of its own, of the same extensions', async () => {
    const orders: string[] = []
    const plain = await helloOf({})
    for (let i = 0; i < 4; i++) {
      const { extensions } = await helloOf({ hello: { permuteExtensions: true } })
      expect(new Set(extensions)).toEqual(new Set(plain.extensions))
      orders.push(extensions.join())
    }
    expect(new Set(orders).size).toBeGreaterThan(1)
  })
  it('leaves pre_shared_key last (RFC 9846 section 4.3.11), with grease too', async () => {
    const psk = { identity: 'k', key: new Uint8Array(16).fill(1) }
    for (let i = 0; i < 4; i++) {
      const { extensions } = await helloOf(
        { hello: { permuteExtensions: true, grease: true }, psk: { keys: psk } },
        { psk: { lookup: () => psk } },
      )
      expect(extensions.at(-1)).toBe(extensionTypes.pre_shared_key)
    }
  })
})
