// Rules of RFC 9846 and of what it builds on that the other suites do not ask for, each named after its section.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { generateEchKeys } from '../../src/ech.ts'
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts'
import { encodeExtensions, certificateRequestExtensions, decodeExtensions } from '../../src/wire/extensions.ts'
import type { OidFilter } from '../../src/wire/extensions.ts'
import { createCa } from '../../src/pki/index.ts'
import { rotatingTicketKeys } from '../../src/session/index.ts'
import { HELLO_RETRY_REQUEST_RANDOM } from '../../src/wire/messages.ts'
import type { CertificateRequest13, ClientHello, ServerHello } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'
import { misbehaving, through } from '../attacks/wire.ts'

const tls13: TestClientOptions & TestServerOptions = { versions: { min: 'TLS 1.3' } }
const tls12: TestClientOptions & TestServerOptions = { versions: { max: 'TLS 1.2' } }
const key = new Uint8Array(32).fill(1)

describe('HelloRetryRequest (RFC 9846 section 4.2.4)', () => {
  it('without supported_versions is missing_extension', async () => {
    const seam = misbehaving({
      ServerHello: (fields: ServerHello) => ({
        ...fields,
        random: HELLO_RETRY_REQUEST_RANDOM,
        extensions: fields.extensions?.filter(({ type }) => type !== extensionTypes.supported_versions),
      }),
    })
    for (const version of [{}, tls13, tls12]) {
      const { clientEvents } = await meet({}, { ...version, seam })
      expect(errorOf(clientEvents)).toMatchObject({ code: 'missing_extension', alert: 'missing_extension' })
    }
  })
})

describe('KeyUpdate (RFC 9846 section 4.7.3)', () => {
  it('asks for new keys of the peer once, until its KeyUpdate comes', async () => {
    const asked: number[] = []
    const { client, settle } = await meet({
      ...tls13,
      trace: ({ direction, type, content }) => {
        if (direction === 'sent' && type === 22 && content[0] === 24) asked.push(content[4] ?? -1)
      },
    })
    for (let i = 0; i < 3; i++) void client.updateKeys(true)
    expect(asked).toEqual([1, 0, 0])
    await settle()
    void client.updateKeys(true)
    expect(asked).toEqual([1, 0, 0, 1])
    void client.updateKeys()
    expect(asked).toEqual([1, 0, 0, 1, 0])
  })
})

describe('an external pre-shared key (RFC 9846 section 4.4.2)', () => {
  const client: TestClientOptions = {
    ...tls13,
    psk: { keys: { identity: 'x', key } },
    hello: { postHandshakeAuth: true },
    identity: ecdsa,
  }
  const server: TestServerOptions = {
    ...tls13,
    psk: { lookup: () => ({ key }) },
    clientAuth: { mode: 'request', verifier: anyCertificate },
  }

  it('leaves no room for a certificate request after the handshake', async () => {
    const meeting = await meet(client, server)
    expect(infoOf(meeting.serverEvents).pskIdentity).toBeDefined()
    expect(() => meeting.server.requestClientCertificate()).toThrow(expect.objectContaining({ code: 'wrong_state' }))
  })

  it.each([
    ['TLS 1.3', client, server],
    [
      'TLS 1.2',
      { ...tls12, cipherSuites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'], psk: { keys: { identity: 'x', key } } },
      { ...tls12, cipherSuites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'], psk: { lookup: () => ({ key }) } },
    ],
  ] as const)(
    'has no channel binding to a certificate that was not shown (RFC 5929 section 4), in %s',
    async (_, one, other) => {
      const meeting = await meet(one, other)
      const refused = expect.objectContaining({ code: 'unsupported' })
      const codes = [meeting.client, meeting.server].map((end) => {
        try {
          return end.channelBinding('tls-server-end-point')
        } catch (error) {
          return error
        }
      })
      expect(codes[0]).toEqual(codes[1])
      expect(codes[0]).toEqual(refused)
    },
  )
})

describe('psk_ke (RFC 9846 section 4.2.1)', () => {
  const client: TestClientOptions = { ...tls13, psk: { modes: ['psk_ke'] } }
  const server: TestServerOptions = { ...tls13, psk: { modes: ['psk_dhe_ke', 'psk_ke'] } }

  it('with a ticket that is not known goes on with a key exchange and a certificate', async () => {
    const tickets = () => ({ protector: rotatingTicketKeys({ provider: nodeProvider }) })
    const first = await meet(client, { ...server, tickets: tickets() })
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const { clientEvents, serverEvents } = await meet({ ...client, session }, { ...server, tickets: tickets() })
    expect(infoOf(clientEvents)).toMatchObject({ resumed: false, peerCertificates: [expect.anything()] })
    expect(infoOf(serverEvents).group).toBe('X25519MLKEM768')
  })

  it('a ticket is not taken in a mode that only one side has (section 4.3.9)', async () => {
    const tickets = { protector: rotatingTicketKeys({ provider: nodeProvider }) }
    const first = await meet(client, { ...server, tickets })
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    expect(infoOf((await meet({ ...client, session }, { ...server, tickets })).serverEvents).resumed).toBe(true)
    const { serverEvents } = await meet({ ...client, session }, { ...tls13, tickets })
    expect(infoOf(serverEvents)).toMatchObject({ resumed: false, group: 'X25519MLKEM768' })
  })

  it('with a key that is known and no group in common needs none', async () => {
    const both = { psk: { keys: { identity: 'x', key }, modes: ['psk_dhe_ke', 'psk_ke'] } } as const
    const { serverEvents } = await meet(
      { ...tls13, ...both, groups: ['X25519'] },
      { ...server, groups: ['P-384'], psk: { ...server.psk, lookup: () => ({ key }) } },
    )
    expect(infoOf(serverEvents)).toMatchObject({ group: undefined, pskIdentity: expect.anything() })
  })

  it("is not used where it is not among the client's modes, though the key is known (section 4.3.9)", async () => {
    const alone = { psk: { keys: { identity: 'x', key }, modes: ['psk_dhe_ke'] } } as const
    const lookups = { ...server, psk: { ...server.psk, lookup: () => ({ key }) } }
    for (const shares of [['X25519'], []] as const) {
      const offer: TestClientOptions = { ...tls13, ...alone, groups: ['X25519'], hello: { keyShares: shares } }
      const { serverEvents } = await meet(offer, { ...lookups, groups: ['P-384'] })
      expect(errorOf(serverEvents)).toMatchObject({ code: 'no_common_group', alert: 'handshake_failure' })
    }
  })
})

describe('oid_filters (RFC 9846 section 4.3.5)', () => {
  const USAGE = '0603551d0f'
  const PURPOSE = '0603551d25'
  const serverAuth = '300a06082b06010505070301'
  const emailProtection = '300a06082b06010505070304'
  const filter = (oid: string, values: string): OidFilter => ({ oid: fromHex(oid), values: fromHex(values) })
  const ask = async (filters: readonly OidFilter[]) => {
    const ca = await createCa({ name: 'filters' })
    const leaf = await ca.issue({ names: ['client.test'] })
    const seam = misbehaving({
      CertificateRequest: (fields: CertificateRequest13) => ({
        ...fields,
        extensions: [
          ...fields.extensions.filter(({ type }) => type !== extensionTypes.oid_filters),
          ...encodeExtensions(certificateRequestExtensions, { oid_filters: filters }),
        ],
      }),
    })
    return meet(
      { ...tls13, cert: leaf.chainPem, key: leaf.privateKeyPem },
      { ...tls13, ...rsa, clientAuth: { mode: 'request', verifier: anyCertificate }, seam },
    )
  }
  const shown = async (...filters: readonly OidFilter[]): Promise<number> =>
    infoOf((await ask(filters)).serverEvents).peerCertificates.length

  it('chooses a certificate that has what they ask for, and shows none that has not', async () => {
    expect(await shown()).toBe(1)
    expect(await shown(filter(USAGE, '03020780'))).toBe(1) // digitalSignature
    expect(await shown(filter(USAGE, '0302026c'))).toBe(0)
    expect(await shown(filter(PURPOSE, serverAuth))).toBe(1)
    expect(await shown(filter(PURPOSE, emailProtection))).toBe(0)
    expect(await shown(filter(PURPOSE, ''))).toBe(1)
    expect(await shown(filter('06022a03', '0500'))).toBe(1) // not known: ignored
  })

  it.each<readonly [string, readonly OidFilter[], string]>([
    ['an OID that appears twice', [filter(USAGE, ''), filter(USAGE, '')], 'illegal_parameter'],
    ['anyExtendedKeyUsage', [filter(PURPOSE, '30060604551d2500')], 'illegal_parameter'],
    ['values that are not of the extension', [filter(USAGE, '0500')], 'decode_error'],
  ])('refuses %s', async (_, filters, code) => {
    expect(errorOf((await ask(filters)).clientEvents)).toMatchObject({ code, alert: code })
  })

  it('is read as the list that it is', () => {
    const filters = [filter(USAGE, '03020780')]
    const encoded = encodeExtensions(certificateRequestExtensions, { oid_filters: filters })
    expect(decodeExtensions(certificateRequestExtensions, encoded, 'CertificateRequest').oid_filters).toEqual(filters)
  })
})

describe('HelloRequest (RFC 5246 section 7.4.1.1)', () => {
  const helloRequest = Uint8Array.of(22, 3, 3, 0, 4, 0, 0, 0, 0)
  const before = (nth: number, injected: readonly Uint8Array[]) => {
    let seen = 0
    return through(clientOf(tls12), serverOf(tls12), (wire, direction) =>
      direction === 'to client' && seen++ === nth ? [...injected, wire] : [wire],
    )
  }

  it('is ignored while a handshake runs', () => {
    const { client, server } = before(0, [helloRequest])
    expect(infoOf(client).version).toBe('TLS 1.2')
    expect(infoOf(server).version).toBe('TLS 1.2')
  })

  it('over and over is not', () => {
    const { client } = before(
      0,
      Array.from({ length: 40 }, () => helloRequest),
    )
    expect(errorOf(client)).toMatchObject({ code: 'too_many_messages' })
  })

  it('with content is decode_error', () => {
    const { client } = before(0, [Uint8Array.of(22, 3, 3, 0, 5, 0, 0, 0, 1, 0)])
    expect(errorOf(client)).toMatchObject({ code: 'decode_error' })
  })

  /** Right before the server's ChangeCipherSpec, in a handshake with or without a ticket in front of it. */
  const beforeCcs = (injected: Uint8Array, options: TestServerOptions = {}) =>
    through(clientOf(tls12), serverOf({ ...tls12, ...options }), (wire, direction) =>
      direction === 'to client' && wire[0] === 20 ? [injected, wire] : [wire],
    )

  it.each([{}, { tickets: false }] as const)("is ignored before the server's ChangeCipherSpec (%o)", (options) => {
    for (const injected of [
      helloRequest,
      concat(helloRequest, helloRequest),
      Uint8Array.of(22, 3, 3, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0),
    ]) {
      const { client, server } = beforeCcs(injected, options)
      expect(infoOf(client).version).toBe('TLS 1.2')
      expect(infoOf(server).version).toBe('TLS 1.2')
    }
  })

  it('before ChangeCipherSpec it is ignored whole, bare and not for ever; nothing else is', () => {
    const refusal = (injected: Uint8Array) => errorOf(beforeCcs(injected, { tickets: false }).client).code
    expect(refusal(Uint8Array.of(22, 3, 3, 0, 3, 0, 0, 0))).toBe('unexpected_message') // cut off by ChangeCipherSpec
    expect(refusal(Uint8Array.of(22, 3, 3, 0, 5, 0, 0, 0, 1, 0))).toBe('decode_error')
    expect(refusal(concat(...Array.from({ length: 9 }, () => helloRequest)))).toBe('too_many_messages')
    expect(refusal(Uint8Array.of(22, 3, 3, 0, 4, 14, 0, 0, 0))).toBe('unexpected_message')
  })

  it('is unexpected in TLS 1.3', () => {
    let injected = false
    const { client } = through(clientOf(tls13), serverOf(tls13), (wire, direction) => {
      if (direction === 'to server' || injected) return [wire]
      injected = true
      return [wire, helloRequest]
    })
    expect(errorOf(client)).toMatchObject({ alert: 'unexpected_message' })
  })
})

describe('exporter labels (RFC 9846 section 7.5, RFC 5705 section 4)', () => {
  it.each([
    ['TLS 1.3', tls13],
    ['TLS 1.2', tls12],
  ])('that differ give other keys, in %s', async (_, version) => {
    const { client, server } = await meet(version, version)
    const keyOf = (label: string): string => toHex(client.exportKeyingMaterial(32, label))
    expect(keyOf('EXPORTER \u0141')).not.toBe(keyOf('EXPORTER A')) // both end in 0x41 if a character were cut to a byte
    expect(keyOf('EXPORTER \u0141')).toBe(toHex(server.exportKeyingMaterial(32, 'EXPORTER \u0141')))
  })
})

describe('Encrypted Client Hello', async () => {
  const keys = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider, configId: 7 })

  it('has its secret and config in both key logs, under the random that is seen (RFC 9850 section 2.3)', async () => {
    const lines: Record<'client' | 'server', string[]> = { client: [], server: [] }
    let outerRandom = ''
    let first = true
    const config = {
      hello: { ech: { configList: keys.configList } },
      keyLog: (line: string) => void lines.client.push(line),
    }
    const server = {
      ...ecdsa,
      hello: { ech: { keys: [keys] } },
      keyLog: (line: string) => void lines.server.push(line),
    }
    const events = await (async () => {
      const [client, other] = [clientOf(config), serverOf(server)]
      await client.pending
      await other.pending
      const seen = through(client, other, (wire) => {
        if (first) outerRandom = toHex(wire.subarray(11, 43))
        first = false
        return [wire]
      })
      return seen
    })()
    expect(infoOf(events.client).echAccepted).toBe(true)
    expect([...lines.client].toSorted()).toEqual([...lines.server].toSorted())
    const ech = lines.client.filter((line) => line.startsWith('ECH_'))
    expect(ech.map((line) => line.split(' ').slice(0, 2))).toEqual([
      ['ECH_SECRET', outerRandom],
      ['ECH_CONFIG', outerRandom],
    ])
    expect(ech[0]?.split(' ')[2]).toHaveLength(64)
    expect(ech[1]?.split(' ')[2]).toBe(toHex(keys.config))
    const others = lines.client.filter((line) => !line.startsWith('ECH_')).map((line) => line.split(' ')[1])
    expect(new Set(others).size).toBe(1)
    expect(others[0]).not.toBe(outerRandom) // the random of the inner hello
  })

  it('keys that are all isRetryConfig: false are refused (RFC 9849 section 7.1)', () => {
    expect(() => serverOf({ hello: { ech: { keys: [{ ...keys, isRetryConfig: false }] } } })).toThrow(
      expect.objectContaining({ code: 'bad_option' }),
    )
  })

  it('in a second ClientHello alone is answered with retry_configs (RFC 9849 section 7.1.1)', async () => {
    let nth = 0
    let offered: readonly unknown[] = []
    const seam = misbehaving({
      ClientHello: (fields: {
        readonly extensions: readonly { readonly type: number; readonly data: Uint8Array }[]
      }) => {
        if (nth++ === 0) return fields
        const data = concat(Uint8Array.of(0, 0, 1, 0, 1, 7, 0, 0, 0, 4), new Uint8Array(4))
        const last = fields.extensions.at(-1)
        const list = last?.type === extensionTypes.pre_shared_key ? fields.extensions.slice(0, -1) : fields.extensions
        return { ...fields, extensions: [...list, { type: extensionTypes.encrypted_client_hello, data }] }
      },
    })
    const told = misbehaving({
      EncryptedExtensions: (fields: { readonly extensions: readonly { readonly type: number }[] }) => {
        offered = fields.extensions.filter(({ type }) => type === extensionTypes.encrypted_client_hello)
        return fields
      },
    })
    await meet(
      { ...tls13, groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] }, seam },
      { ...tls13, groups: ['P-256'], hello: { ech: { keys: [keys] } }, seam: told },
    )
    expect(offered).toHaveLength(1)
  })
})

describe('errors that quote a peer', () => {
  it('escape control characters and changes of direction, and are cut', async () => {
    const alpn = [
      'h2\r\nFAKE LOG LINE\u001b[31m',
      `\u00ad${'x'.repeat(250)}`,
      `y${'\u0085'.repeat(250)}`,
      `z${'y'.repeat(250)}`,
    ]
    const { serverEvents } = await meet({ alpn }, { alpn: ['http/1.1'] })
    const { message } = errorOf(serverEvents)
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    expect(message).toContain('h2\\u{d}\\u{a}FAKE LOG LINE\\u{1b}[31m')
    expect(message.length).toBeLessThan(4000)
    expect(message).toMatch(/characters more\)$/)
  })

  it('keep the length of a list within bounds', async () => {
    const shape = (hello: ClientHello): ClientHello => ({
      ...hello,
      cipherSuites: Array.from({ length: 30_000 }, (_, i) => 0x2000 + i),
    })
    const { serverEvents } = await meet({ hello: { shape } }, {})
    expect(errorOf(serverEvents).code).toBe('no_common_cipher_suite')
    expect(errorOf(serverEvents).message.length).toBeLessThan(700)
  })
})
