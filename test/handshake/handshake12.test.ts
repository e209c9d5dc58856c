import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import type { ClientHelloOptions } from '../../src/options.ts'
import { selfSigned } from '../../src/pki/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { cipherSuiteById, cipherSuites } from '../../src/wire/registry.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { Meeting, TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../fixtures/identities.ts'
import { delayedProvider } from '../fixtures/delayed-provider.ts'

const tls12: TestClientOptions & TestServerOptions = { versions: { max: 'TLS 1.2' } }
const identities = { ecdsa, rsa }

/** Offset of the length of the extensions in a record with a ClientHello. */
const lengthOfExtensionsAt = (wire: Uint8Array): number => {
  const suites = 5 + 4 + 2 + 32 + 1 + (wire[43] ?? 0)
  const compression = suites + 2 + (wire[suites] ?? 0) * 256 + (wire[suites + 1] ?? 0)
  return compression + 1 + (wire[compression] ?? 0)
}

const dataOf = (events: Meeting['clientEvents']): Uint8Array => {
  const parts = eventsOf(events, 'data').map(({ data }) => data)
  return new Uint8Array(parts.flatMap((part) => [...part]))
}

/** Both ends agree, data passes both ways, and both ends close. */
const works = async (meeting: Meeting): Promise<void> => {
  const { client, server, clientEvents, serverEvents, settle } = meeting
  expect(infoOf(clientEvents).version).toBe('TLS 1.2')
  expect(infoOf(serverEvents).cipherSuite).toBe(infoOf(clientEvents).cipherSuite)
  const request = new Uint8Array(40_000).map((_, i) => i)
  void client.send(request)
  void server.send(Uint8Array.of(1, 2, 3))
  await settle()
  expect(dataOf(serverEvents)).toEqual(request)
  expect(dataOf(clientEvents)).toEqual(Uint8Array.of(1, 2, 3))
  void client.closeWrite()
  await settle()
  void server.closeWrite()
  await settle()
  expect([client.closed, server.closed]).toEqual([true, true])
  expect(eventsOf(clientEvents, 'end')).toHaveLength(1)
}

const providers = {
  node: nodeProvider,
  noble: nobleProvider,
  webcrypto: webcryptoProvider,
  'delayed node': delayedProvider(nodeProvider),
  'delayed noble': delayedProvider(nobleProvider),
}

describe.each(Object.entries(providers))('every suite with the %s provider', (_, provider) => {
  const suites = provider.suites.flatMap(({ id }) => {
    const suite = cipherSuiteById.get(id)
    const able =
      suite?.version === 'TLS 1.2' &&
      suite.authentication !== 'psk' &&
      (suite.keyExchange !== 'rsa' || provider.rsaEncryptRaw)
    return suite && able ? [suite] : []
  })
  it.each(suites.map(({ name }) => name))('%s', async (name) => {
    const authentication =
      cipherSuites.find((suite) => suite.name === name)?.authentication === 'ecdsa' ? 'ecdsa' : 'rsa'
    const options = { ...tls12, provider, cipherSuites: [name] }
    const meeting = await meet(options, { ...options, ...identities[authentication] })
    expect(infoOf(meeting.clientEvents).cipherSuite).toBe(name)
    await works(meeting)
  })
})

describe('suites of TLS 1.2', () => {
  it('CBC works with MAC-then-encrypt where the client does not offer encrypt_then_mac', async () => {
    const options = { ...tls12, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] }
    const without: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: hello.extensions?.filter(({ type }) => type !== 22),
    })
    await works(await meet({ ...options, hello: { shape: without } }, options))
  })

  it('none of the legacy suites is on by default, and all are with the option', async () => {
    const byDefault = await meet({ ...tls12 }, { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'], ...tls12 })
    expect(errorOf(byDefault.serverEvents).code).toBe('no_common_cipher_suite')
    await works(
      await meet(
        { ...tls12, tls12: { legacy: true } },
        { ...tls12, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] },
      ),
    )
  })

  it("a suite that the provider can't do says so by name", () => {
    expect(() =>
      clientOf({ ...tls12, provider: nobleProvider, cipherSuites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] }),
    ).toThrow(/TLS_RSA_WITH_AES_128_GCM_SHA256 cannot be done by the noble provider/)
    expect(() =>
      clientOf({ ...tls12, provider: nobleProvider, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM'] }),
    ).toThrow(/noble provider/)
    expect(() => clientOf({ ...tls12, cipherSuites: ['TLS_RSA_WITH_RC4_128_SHA'] })).toThrow(/is not one of/)
  })

  it('the certificate decides between ECDSA and RSA suites, and Ed25519 goes with ECDSA ones', async () => {
    for (const [identity, suite] of [
      [ecdsa, /ECDSA/],
      [rsa, /ECDHE_RSA/],
      [ed25519, /ECDSA/],
    ] as const) {
      const meeting = await meet(tls12, { ...tls12, ...identity })
      expect(infoOf(meeting.clientEvents).cipherSuite).toMatch(suite)
      await works(meeting)
    }
  })

  it('a suite that needs a signature is left out without a common scheme (RFC 5246 section 7.4.3)', async () => {
    const cipherSuites = ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_GCM_SHA256']
    const client = { ...tls12, cipherSuites, signatureSchemes: ['ecdsa_secp256r1_sha256'] }
    const meeting = await meet(client, { ...tls12, ...rsa, cipherSuites })
    expect(infoOf(meeting.clientEvents).cipherSuite).toBe(cipherSuites[1])
    await works(meeting)
  })

  it('chooses among several identities by what the client can do', async () => {
    const server: TestServerOptions = { ...tls12, identity: [ecdsa, rsa] }
    const onlyRsa = await connectEngines(
      clientOf({ ...tls12, cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }),
      serverOf(server),
    )
    expect(infoOf(onlyRsa.clientEvents).cipherSuite).toBe('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256')
    const onlyEcdsa = await connectEngines(
      clientOf({ ...tls12, signatureSchemes: ['ecdsa_secp256r1_sha256'] }),
      serverOf(server),
    )
    expect(infoOf(onlyEcdsa.clientEvents).signatureScheme).toBe('ecdsa_secp256r1_sha256')
  })

  it('ECDSA schemes are not tied to a curve in TLS 1.2 (RFC 9846 section 4.3.3)', async () => {
    const meeting = await meet({ ...tls12, signatureSchemes: ['ecdsa_secp384r1_sha384'] }, tls12)
    expect(infoOf(meeting.clientEvents).signatureScheme).toBe('ecdsa_secp384r1_sha384')
    await works(meeting)
  })
})

describe('versions', () => {
  it('one server answers clients of both versions', async () => {
    expect(infoOf((await meet({}, {})).clientEvents).version).toBe('TLS 1.3')
    expect(infoOf((await meet(tls12, {})).clientEvents).version).toBe('TLS 1.2')
    expect(infoOf((await meet({}, tls12)).clientEvents).version).toBe('TLS 1.2')
  })

  it('a TLS 1.3 client against a TLS 1.2 server, and the reverse, fail with protocol_version', async () => {
    const newer = await meet({ versions: { min: 'TLS 1.3' } }, tls12)
    expect(errorOf(newer.serverEvents)).toMatchObject({
      code: 'protocol_version',
      alert: 'protocol_version',
      fault: 'peer-incompatible',
    })
    expect(errorOf(newer.serverEvents).message).toBe(
      'no common version: the client offers TLS 1.3, this server speaks TLS 1.2',
    )
    expect(errorOf(newer.clientEvents)).toMatchObject({ code: 'alert_received', received: 'protocol_version' })
    const older = await meet(tls12, { versions: { min: 'TLS 1.3' } })
    expect(errorOf(older.serverEvents).message).toBe(
      'no common version: the client offers TLS 1.2, this server speaks TLS 1.3',
    )
  })

  it('TLS_FALLBACK_SCSV is refused by a server that can do better (RFC 7507)', async () => {
    const fallback = await meet({ ...tls12, tls12: { fallback: true } }, {})
    expect(errorOf(fallback.serverEvents)).toMatchObject({
      code: 'inappropriate_fallback',
      alert: 'inappropriate_fallback',
    })
    await works(await meet({ ...tls12, tls12: { fallback: true } }, tls12))
    const shapeHello: ClientHelloOptions['shape'] = (hello) => ({ ...hello, legacyVersion: 0x0302 })
    const older = await meet({ ...tls12, tls12: { fallback: true }, hello: { shape: shapeHello } }, tls12)
    expect(errorOf(older.serverEvents).message).toBe(
      'the client fell back to TLS 1.1, and this server can do better (RFC 7507)',
    )
  })

  it('a TLS 1.2 server does not look into extensions of TLS 1.3', async () => {
    const client = clientOf(tls12)
    const changed = concat(...client.takeOutput())
    const extra = Uint8Array.of(0, 41, 0, 3, 1, 2, 3)
    const grown = concat(changed, extra)
    for (const [at, width] of [
      [3, 2],
      [6, 3],
      [lengthOfExtensionsAt(changed), 2],
    ] as const) {
      let carry = extra.length
      for (let i = at + width - 1; i >= at; i--, carry >>= 8) {
        carry += grown[i] ?? 0
        grown[i] = carry & 0xff
      }
    }
    const server = serverOf(tls12)
    server.receive(grown)
    expect(eventsOf(server.takeEvents(), 'error')).toEqual([])
    expect(server.takeOutput().length).toBeGreaterThan(0)
  })

  it('supported_groups in a ServerHello is let through: some servers send it', async () => {
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
        type === 'ServerHello' && 'extensions' in fields && Array.isArray(fields.extensions)
          ? { ...fields, extensions: [...fields.extensions, { type: 10, data: Uint8Array.of(0, 2, 0, 29) }] }
          : fields,
    }
    await works(await meet(tls12, { ...tls12, seam }))
  })

  it('a TLS 1.2 client sends nothing of TLS 1.3', async () => {
    const seen: { versions: readonly number[]; extensions: readonly number[]; raw: Uint8Array }[] = []
    await meet(tls12, { onClientHello: (hello) => void seen.push(hello) })
    const [hello] = seen
    expect(hello?.versions).toEqual([0x0303])
    expect(hello?.raw.subarray(4, 6)).toEqual(Uint8Array.of(3, 3))
    for (const type of [43, 44, 45, 49, 51]) expect(hello?.extensions).not.toContain(type)
    for (const type of [10, 11, 13, 23, 35, 0xff01]) expect(hello?.extensions).toContain(type)
  })

  it('a TLS 1.3 client sends nothing that is for TLS 1.2 only', async () => {
    const seen: (readonly number[])[] = []
    await meet({ versions: { min: 'TLS 1.3' } }, { onClientHello: ({ extensions }) => void seen.push(extensions) })
    for (const type of [1, 11, 22, 23, 35, 0xff01]) expect(seen[0]).not.toContain(type)
  })
})

describe('client certificates (RFC 5246 section 7.4.4 to 7.4.8)', () => {
  const clients = { ecdsa, rsa, ed25519 }
  it.each(Object.entries(clients))('%s', async (name, identity) => {
    const meeting = await meet(
      { ...tls12, identity },
      { ...tls12, clientAuth: { mode: 'require', verifier: anyCertificate } },
    )
    expect(infoOf(meeting.serverEvents).peerCertificates).toHaveLength(1)
    expect(infoOf(meeting.serverEvents).verifiedChain).toHaveLength(1)
    expect(name).toBeTruthy()
    await works(meeting)
  })

  it('every mode lets in whom it should', async () => {
    const modes = ['request', 'request-unverified', 'require', 'require-unverified'] as const
    for (const mode of modes) {
      const verifier = mode.endsWith('unverified') ? {} : { verifier: anyCertificate }
      const server: TestServerOptions = { ...tls12, clientAuth: { mode, ...verifier } }
      const withOne = await meet({ ...tls12, identity: rsa }, server)
      expect(infoOf(withOne.serverEvents).peerCertificates).toHaveLength(1)
      const without = await meet(tls12, server)
      if (mode.startsWith('request')) expect(infoOf(without.serverEvents).peerCertificates).toHaveLength(0)
      else
        expect(errorOf(without.serverEvents)).toMatchObject({
          code: 'client_certificate_missing',
          alert: 'handshake_failure',
        })
    }
  })

  it('a verifier that refuses ends the handshake with its alert', async () => {
    const verifier = {
      verify: () => {
        throw new Error('not on the list')
      },
    }
    const meeting = await meet({ ...tls12, identity: ecdsa }, { ...tls12, clientAuth: { mode: 'request', verifier } })
    expect(errorOf(meeting.serverEvents)).toMatchObject({ code: 'verifier_refused', alert: 'certificate_unknown' })
  })

  it('the client chooses by what the server asks for, and sends none that does not fit', async () => {
    const asked: unknown[] = []
    const server: TestServerOptions = {
      ...tls12,
      signatureSchemes: ['rsa_pkcs1_sha256'],
      clientAuth: { mode: 'request-unverified' },
    }
    const meeting = await meet(
      {
        ...tls12,
        identity: (request) => {
          asked.push(request.signatureSchemes)
          return ecdsa
        },
      },
      server,
    )
    expect(asked).toEqual([['rsa_pkcs1_sha256']])
    expect(infoOf(meeting.serverEvents).peerCertificates).toHaveLength(0)
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
        type === 'CertificateRequest' ? { ...fields, certificateTypes: Uint8Array.of(64) } : fields,
    }
    await meet(
      {
        ...tls12,
        identity: (request) => {
          asked.push(request.signatureSchemes)
          return rsa
        },
      },
      {
        ...tls12,
        clientAuth: { mode: 'request-unverified' },
        seam,
      },
    )
    expect(asked[1]).toContain('ecdsa_secp256r1_sha256')
    expect(asked[1]).not.toContain('rsa_pkcs1_sha256')
  })
})

describe('extensions', () => {
  it('ALPN (RFC 7301)', async () => {
    const meeting = await meet({ ...tls12, alpn: ['h2', 'http/1.1'] }, { ...tls12, alpn: ['http/1.1'] })
    expect([infoOf(meeting.clientEvents).alpn, infoOf(meeting.serverEvents).alpn]).toEqual(['http/1.1', 'http/1.1'])
    const none = await meet({ ...tls12, alpn: ['h2'] }, { ...tls12, alpn: ['http/1.1'] })
    expect(errorOf(none.serverEvents)).toMatchObject({ code: 'no_common_protocol', alert: 'no_application_protocol' })
  })

  it('SNI, stapled OCSP response and SCTs (RFC 6066, RFC 6962)', async () => {
    const identity = { ...ecdsa, ocspResponse: Uint8Array.of(1, 2, 3), scts: [Uint8Array.of(4), Uint8Array.of(5, 6)] }
    const meeting = await meet(tls12, { ...tls12, identity })
    const info = infoOf(meeting.clientEvents)
    expect(info.ocspResponse).toEqual(identity.ocspResponse)
    expect(info.scts).toEqual(identity.scts)
    expect(infoOf(meeting.serverEvents).serverName).toBe('server.test')
  })

  it('record_size_limit holds both ways (RFC 8449)', async () => {
    const meeting = await meet(
      { ...tls12, limits: { recordSizeLimit: 100 } },
      { ...tls12, limits: { recordSizeLimit: 200 } },
    )
    infoOf(meeting.clientEvents)
    void meeting.client.send(new Uint8Array(1000))
    void meeting.server.send(new Uint8Array(1000))
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'data').map(({ data }) => data.length)).toEqual([200, 200, 200, 200, 200])
    const received = eventsOf(meeting.clientEvents, 'data').map(({ data }) => data.length)
    expect(received).toEqual(Array.from({ length: 10 }, () => 100))
  })

  it('max_fragment_length holds both ways (RFC 6066 section 4)', async () => {
    const meeting = await meet({ ...tls12, tls12: { maxFragmentLength: 512 } }, tls12)
    void meeting.client.send(new Uint8Array(1024))
    void meeting.server.send(new Uint8Array(1024))
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'data').map(({ data }) => data.length)).toEqual([512, 512])
    expect(eventsOf(meeting.clientEvents, 'data').map(({ data }) => data.length)).toEqual([512, 512])
  })

  it(
    'exporters, tls-unique, tls-server-end-point and tls-exporter agree at both ends (RFC 5705, RFC 5929, RFC ' +
      '9266)',
    async () => {
      const { client, server } = await meet(tls12, tls12)
      const context = Uint8Array.of(1)
      expect(client.exportKeyingMaterial(40, 'EXPERIMENTAL x', context)).toEqual(
        server.exportKeyingMaterial(40, 'EXPERIMENTAL x', context),
      )
      expect(client.exportKeyingMaterial(40, 'EXPERIMENTAL x')).not.toEqual(
        client.exportKeyingMaterial(40, 'EXPERIMENTAL x', new Uint8Array(0)),
      )
      for (const type of ['tls-unique', 'tls-server-end-point', 'tls-exporter'] as const) {
        expect(client.channelBinding(type)).toEqual(server.channelBinding(type))
      }
      expect(client.channelBinding('tls-unique')).toHaveLength(12)
      expect(client.channelBinding('tls-server-end-point')).toHaveLength(32)
    },
  )

  it.each([
    ['ecdsa-p256', 'sha256'],
    ['ecdsa-p384', 'sha384'],
    ['ecdsa-p521', 'sha512'],
  ] as const)(
    'tls-server-end-point of a certificate signed with %s is its %s (RFC 5929 section 4.1)',
    async (key, hash) => {
      const leaf = await selfSigned({ names: ['server.test'], key })
      const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
      for (const versions of [{ max: 'TLS 1.2' }, { min: 'TLS 1.3' }] as const) {
        const { client, server, clientEvents } = await meet({ versions }, { versions, identity })
        const [der = new Uint8Array(0)] = infoOf(clientEvents).peerCertificates
        const expected = Uint8Array.from(createHash(hash).update(der).digest())
        expect(client.channelBinding('tls-server-end-point')).toEqual(expected)
        expect(server.channelBinding('tls-server-end-point')).toEqual(expected)
      }
    },
  )

  it('tls-server-end-point of a certificate signed without a hash is not defined (RFC 5929 section 4.1)', async () => {
    const { client } = await meet({}, { identity: ed25519 })
    expect(() => client.channelBinding('tls-server-end-point')).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
  })

  it('channel bindings of TLS 1.3 (RFC 9266)', async () => {
    const { client, server } = await meet({}, {})
    expect(client.channelBinding('tls-exporter')).toEqual(server.channelBinding('tls-exporter'))
    expect(client.channelBinding('tls-server-end-point')).toEqual(server.channelBinding('tls-server-end-point'))
    expect(() => client.channelBinding('tls-unique')).toThrow(/tls-exporter/)
  })

  it('key log lines are the same at both ends', async () => {
    const lines: string[] = []
    await meet(
      { ...tls12, keyLog: (line) => void lines.push(line) },
      { ...tls12, keyLog: (line) => void lines.push(line) },
    )
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/)
    expect(lines[1]).toBe(lines[0])
  })

  it("keys of TLS 1.2 can't be updated", async () => {
    const { client } = await meet(tls12, tls12)
    expect(() => client.updateKeys()).toThrow(/TLS 1.3/)
  })
})

describe('truncation', () => {
  it('the end of the transport without close_notify is an error', async () => {
    const { client, server } = await meet(tls12, tls12)
    client.receiveEnd()
    expect(errorOf(client.takeEvents())).toMatchObject({ code: 'truncated', fault: 'transport' })
    expect(server.closed).toBe(false)
    const alone = clientOf(tls12)
    alone.receiveEnd()
    expect(errorOf(alone.takeEvents()).message).toMatch(/during the handshake/)
  })
})

describe('False Start (RFC 7918)', () => {
  const upToFinished = async (client: ReturnType<typeof clientOf>, server: ReturnType<typeof serverOf>) => {
    for (const bytes of client.takeOutput()) server.receive(bytes)
    for (const bytes of server.takeOutput()) client.receive(bytes)
  }

  it("sends data with the client's Finished where the option is on", async () => {
    const client = clientOf({ ...tls12, tls12: { falseStart: true } })
    const server = serverOf(tls12)
    await upToFinished(client, server)
    expect(client.handshakeDone).toBe(false)
    void client.send(Uint8Array.of(7))
    const meeting = await connectEngines(client, server)
    expect(dataOf(meeting.serverEvents)).toEqual(Uint8Array.of(7))
    expect(infoOf(meeting.clientEvents).version).toBe('TLS 1.2')
  })

  it.each([
    ['without the option', {}, ecdsa],
    ['with CBC', { tls12: { falseStart: true }, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] }, ecdsa],
    ['with static RSA', { tls12: { falseStart: true }, cipherSuites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] }, rsa],
  ])('not %s', async (_, options: TestClientOptions, identity) => {
    const client = clientOf({ ...tls12, ...options })
    const server = serverOf({
      ...tls12,
      ...identity,
      ...(options.cipherSuites && { cipherSuites: options.cipherSuites }),
    })
    await upToFinished(client, server)
    expect(() => client.send(Uint8Array.of(7))).toThrow(/before the handshake is done/)
  })
})

describe('key limits', () => {
  it('a key that has sealed as many records as it may ends writing, and the connection closes well', async () => {
    const { client, server, settle, serverEvents } = await meet({ ...tls12, limits: { recordsPerKey: 5 } }, tls12)
    const sent = (): void => {
      for (let i = 0; i < 10; i++) void client.send(Uint8Array.of(i))
    }
    expect(sent).toThrow(expect.objectContaining({ code: 'key_limit_reached' }))
    void client.closeWrite()
    await settle()
    expect(eventsOf(serverEvents, 'end')).toHaveLength(1)
    expect(eventsOf(serverEvents, 'error')).toEqual([])
    expect(server.closed).toBe(false)
  })
})
