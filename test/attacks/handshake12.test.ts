import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { parsePrivateKey } from '../../src/crypto/keys.ts'
import type { CryptoProvider, PublicKey } from '../../src/crypto/provider.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { signatureSchemes, cipherSuites } from '../../src/wire/registry.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import { ecdsa, rsa } from '../fixtures/identities.ts'
import { misbehaving, record, through } from './wire.ts'
import type { Direction, Meddle } from './wire.ts'

const tls12: TestClientOptions & TestServerOptions = { versions: { max: 'TLS 1.2' } }
const CCS = record(20, Uint8Array.of(1))

describe('FREAK and Logjam: parameters are downgraded on the way', () => {
  it('a ServerKeyExchange with static RSA is refused (FREAK: the export key came in one)', async () => {
    const suites = { cipherSuites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] }
    const exportKey = Uint8Array.of(12, 0, 0, 4, 0, 1, 3, 0)
    const seam = misbehaving({ ServerHelloDone: () => [exportKey, Uint8Array.of(14, 0, 0, 0)] })
    const { clientEvents } = await meet({ ...tls12, ...suites }, { ...tls12, ...rsa, ...suites, seam })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'unexpected_message', alert: 'unexpected_message' })
    expect(errorOf(clientEvents).message).toMatch(
      /expected CertificateRequest or ServerHelloDone, got ServerKeyExchange/,
    )
  })

  it.each([
    ['export-grade DHE', 0x0014],
    ['RC4', 0x0005],
    ['one that was not offered', 0xc02c],
    ['one of TLS 1.3', 0x1301],
  ])('a server that chooses %s is refused', async (_, cipherSuite) => {
    const seam = misbehaving({ ServerHello: (fields: object) => ({ ...fields, cipherSuite }) })
    const { clientEvents } = await meet(
      { ...tls12, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] },
      { ...tls12, seam },
    )
    expect(errorOf(clientEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
  })

  it('a group that was not offered is refused', async () => {
    const seam = misbehaving({
      ClientHello: (fields: {
        readonly extensions: readonly { readonly type: number; readonly data: Uint8Array }[]
      }) => ({
        ...fields,
        extensions: fields.extensions.map((each) =>
          each.type === 10 ? { type: 10, data: Uint8Array.of(0, 2, 0, 23) } : each,
        ),
      }),
    })
    const { clientEvents } = await meet({ ...tls12, groups: ['X25519'], seam }, { ...tls12, ...rsa, groups: ['P-256'] })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'illegal_parameter' })
    expect(errorOf(clientEvents).message).toMatch(/group P-256 was not offered/)
  })

  it('no suite with export, NULL, RC4, DES, 3DES, anonymous or finite-field key exchange exists here', () => {
    for (const { name } of cipherSuites) expect(name).not.toMatch(/EXPORT|NULL|RC4|DES|anon|_DHE?_|MD5/)
  })

  /** Rewrites the first record to the server, which holds the ClientHello. */
  const rewrite = (change: (hello: Uint8Array) => Uint8Array): Meddle => {
    let first = true
    return (wire, direction) => {
      if (direction !== 'to server' || !first) return [wire]
      first = false
      return [change(wire)]
    }
  }
  const replace = (bytes: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array => {
    const at = [...bytes].findIndex((_, i) => from.every((byte, j) => bytes[i + j] === byte))
    if (at < 0) throw new Error('not found in the ClientHello')
    const changed = bytes.slice()
    changed.set(to, at)
    return changed
  }

  it('suites taken out of the ClientHello are seen at Finished', () => {
    const options = {
      ...tls12,
      cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    }
    const events = through(
      clientOf(options),
      serverOf(options),
      rewrite((hello) => replace(hello, [0xc0, 0x2c, 0xc0, 0x2b], [0xc0, 0x2b, 0xc0, 0x2b])),
    )
    expect(errorOf(events.server).code).toBe('bad_record_mac') // extended master secret: the keys already differ
    expect(eventsOf(events.client, 'handshake')).toEqual([])
  })

  it("supported_versions taken out of the ClientHello is seen in the server's random (RFC 9846 section 4.2.3)", () => {
    const events = through(
      clientOf(),
      serverOf(),
      rewrite((hello) => replace(hello, [0, 43, 0, 5], [0x5a, 0x5b, 0, 5])),
    )
    expect(errorOf(events.client)).toMatchObject({ code: 'downgrade_detected', alert: 'illegal_parameter' })
  })

  it('without the sentinel it is seen at Finished', () => {
    const random = misbehaving({
      ServerHello: (fields: { readonly random: Uint8Array }) => ({
        ...fields,
        random: fields.random.map((byte, i) => (i < 24 ? byte : 0)),
      }),
    })
    const events = through(
      clientOf(),
      serverOf({ seam: random }),
      rewrite((hello) => replace(hello, [0, 43, 0, 5], [0x5a, 0x5b, 0, 5])),
    )
    expect(eventsOf(events.client, 'handshake')).toEqual([])
    expect(eventsOf(events.server, 'handshake')).toEqual([])
  })
})

describe('SLOTH: weak hashes in signatures', () => {
  it('no scheme with MD5 exists, and SHA-1 is offered with the legacy option only', async () => {
    expect(signatureSchemes.some(({ algorithm }) => algorithm.includes('md5'))).toBe(false)
    const offered = async (options: TestClientOptions): Promise<readonly number[]> => {
      let schemes: readonly number[] = []
      await meet(
        { ...tls12, ...options },
        { ...tls12, onClientHello: ({ signatureSchemes: seen }) => void (schemes = seen) },
      )
      return schemes
    }
    expect((await offered({})).filter((id) => id >> 8 <= 2 || (id & 0xff) === 0)).toEqual([]) // 0 is anonymous
    expect(await offered({ tls12: { legacy: true } })).toContain(0x0201)
  })

  it.each([
    ['SHA-1', 0x0201],
    ['MD5', 0x0101],
  ])('a ServerKeyExchange signed with %s is refused', async (_, scheme) => {
    const seam = misbehaving({
      ServerKeyExchange: ({ body }: { readonly body: Uint8Array }) => {
        const at = 4 + (body[3] ?? 0)
        return { body: concat(body.subarray(0, at), Uint8Array.of(scheme >> 8, scheme & 0xff), body.subarray(at + 2)) }
      },
    })
    const { clientEvents } = await meet(tls12, { ...tls12, ...rsa, seam })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
    expect(errorOf(clientEvents).message).toMatch(/was not offered/)
  })

  it.each([
    ['SHA-1', 0x0201],
    ['MD5', 0x0101],
    ['a scheme that is not for its key', 0x0403],
  ])('a CertificateVerify with %s is refused', async (_, scheme) => {
    const seam = misbehaving({ CertificateVerify: (fields: object) => ({ ...fields, scheme }) })
    const { serverEvents } = await meet(
      { ...tls12, identity: rsa, seam },
      { ...tls12, clientAuth: { mode: 'require-unverified' } },
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
  })

  it('a client that takes SHA-1 only gets no signature', async () => {
    const client = { ...tls12, tls12: { legacy: true }, signatureSchemes: ['rsa_pkcs1_sha1', 'ecdsa_sha1'] }
    expect(errorOf((await meet(client, tls12)).serverEvents).code).toBe('no_common_signature_scheme')
    expect(
      infoOf((await meet(client, { ...tls12, tls12: { legacy: true }, ...ecdsa })).clientEvents).signatureScheme,
    ).toBe('ecdsa_sha1')
  })
})

describe('CCS injection (CVE-2014-0224)', () => {
  /** Puts a ChangeCipherSpec before the n-th record of a direction. */
  const inject = (towards: Direction, before: number): Meddle => {
    let seen = 0
    return (wire, direction) => (direction === towards && seen++ === before ? [CCS, wire] : [wire])
  }

  /** Puts one behind the n-th message of the server, each of which has a record of its own then. */
  const betweenMessages = (after: number): Meddle => {
    let seen = 0
    return (wire, direction) => {
      if (direction !== 'to client' || wire[0] !== 22 || seen >= after) return [wire]
      const passed: Uint8Array[] = []
      for (let rest = wire.subarray(5); rest.length > 0;) {
        const end = 4 + (rest[1] ?? 0) * 65536 + (rest[2] ?? 0) * 256 + (rest[3] ?? 0)
        passed.push(record(22, rest.subarray(0, end)))
        if (++seen === after) passed.push(CCS)
        rest = rest.subarray(end)
      }
      return passed
    }
  }

  it.each<[string, Direction, number]>([
    ['before the ClientHello', 'to server', 0],
    ['before the ClientKeyExchange', 'to server', 1],
    ['before the ServerHello', 'to client', 0],
  ])('%s', (_, direction, before) => {
    const events = through(clientOf(tls12), serverOf(tls12), inject(direction, before))
    const error = errorOf(direction === 'to server' ? events.server : events.client)
    expect(error).toMatchObject({ code: 'unexpected_message', alert: 'unexpected_message' })
  })

  it("between the messages of the server's flight", () => {
    const one = { ...tls12, tls12: { maxFragmentLength: 512 } } as const
    for (let before = 1; before <= 2; before++) {
      const events = through(clientOf(one), serverOf({ ...tls12, ...rsa }), inject('to client', before))
      expect(errorOf(events.client).code).toBe('unexpected_message')
    }
    for (let after = 1; after <= 3; after++) {
      const events = through(clientOf(tls12), serverOf(tls12), betweenMessages(after))
      expect(errorOf(events.client).message).toMatch(/RFC 5246 section 7.1/)
    }
  })

  it('a second one, and one after the handshake', () => {
    const twice: Meddle = (wire) => (wire[0] === 20 ? [wire, CCS] : [wire])
    const events = through(clientOf(tls12), serverOf(tls12), twice)
    expect(errorOf(events.server).code).toBe('bad_record_mac') // it is read under the new keys
    const [client, server] = [clientOf(tls12), serverOf(tls12)]
    through(client, server, (wire) => [wire])
    server.receive(CCS)
    expect(errorOf(server.takeEvents()).code).toBe('bad_record_mac')
  })

  it('none at all: Finished without ChangeCipherSpec', () => {
    const events = through(clientOf(tls12), serverOf(tls12), (wire) => (wire[0] === 20 ? [] : [wire]))
    expect(errorOf(events.server)).toMatchObject({ code: 'unexpected_message' })
  })

  it('one with other contents', () => {
    for (const content of [Uint8Array.of(2), Uint8Array.of(1, 1)]) {
      const events = through(clientOf(tls12), serverOf(tls12), (wire) =>
        wire[0] === 20 ? [record(20, content)] : [wire],
      )
      expect(errorOf(events.server)).toMatchObject({ code: 'decode_error' })
    }
  })
})

describe('ROBOT and Bleichenbacher: padding of the premaster secret', () => {
  const suites = { cipherSuites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] }
  const [pem] = decodePem(rsa.cert)
  if (!pem) throw new Error('no certificate')
  const key: PublicKey = parseCertificate(pem.bytes).publicKey
  const raw = nodeProvider.rsaEncryptRaw
  if (!raw) throw new Error('no RSA encryption')
  const size = key.rsa?.modulus.length ?? 0
  const premaster = (version = 0x0303): Uint8Array =>
    concat(Uint8Array.of(version >> 8, version & 0xff), new Uint8Array(46).fill(9))
  const padded = (prefix: readonly number[], message: Uint8Array, separator = 0): Uint8Array =>
    concat(
      Uint8Array.from(prefix),
      new Uint8Array(size - prefix.length - 1 - message.length).fill(0xaa),
      Uint8Array.of(separator),
      message,
    )
  const zeroAt = (at: number): Uint8Array => {
    const bytes = padded([0, 2], premaster())
    bytes[at] = 0
    return bytes
  }

  /**
   * The six: good padding with a wrong secret, wrong first bytes, no zero, a zero too early, a wrong length, a wrong
   * version.
   */
  const probes: Readonly<Record<string, Uint8Array>> = {
    "right padding, a secret that is not the client's": padded([0, 2], premaster()),
    'a first byte that is not 0 and 2': padded([0x41, 0x17], premaster()),
    'no zero after the padding': padded([0, 2], premaster(), 0x11),
    'a zero inside the padding': zeroAt(20),
    'a shorter secret': padded([0, 2], premaster().subarray(0, 40)),
    'another version': padded([0, 2], premaster(0x0202)),
  }

  /** Lengths of what the servers drew. */
  const drawn: number[] = []
  const answerTo = async (body: Uint8Array, async = false): Promise<string> => {
    const provider: CryptoProvider = async
      ? {
          ...nodeProvider,
          signer: (key) =>
            Promise.resolve(nodeProvider.signer(key)).then((signer) => ({
              ...signer,
              rsaDecryptRaw: async (ciphertext: Uint8Array) => signer.rsaDecryptRaw?.(ciphertext) ?? new Uint8Array(0),
            })),
        }
      : nodeProvider
    const random = (length: number): Uint8Array => {
      drawn.push(length)
      return provider.random(length)
    }
    const client = clientOf({ ...tls12, ...suites, seam: misbehaving({ ClientKeyExchange: () => ({ body }) }) })
    const server = serverOf({ ...tls12, ...rsa, ...suites, provider: { ...provider, random } })
    const { serverEvents } = await connectEngines(client, server)
    const { code, alert, message } = errorOf(serverEvents)
    return JSON.stringify({ code, alert, message, closed: server.closed })
  }
  const sealed = async (plaintext: Uint8Array): Promise<Uint8Array> =>
    concat(Uint8Array.of(size >> 8, size & 0xff), await raw(key, plaintext))

  it.each([
    ['synchronous', false],
    ['asynchronous', true],
  ])('all get one answer, with a %s signer', async (_, async) => {
    const answers = new Set<string>()
    for (const plaintext of Object.values(probes)) answers.add(await answerTo(await sealed(plaintext), async))
    expect([...answers]).toEqual([expect.stringContaining('bad_record_mac')])
    expect(Object.keys(probes)).toHaveLength(6)
  })

  it('a ciphertext that is no number below the modulus, or of another length, gets the same', async () => {
    const usual = await answerTo(await sealed(padded([0x41, 0x17], premaster())))
    for (const ciphertext of [new Uint8Array(size).fill(0xff), new Uint8Array(size - 1).fill(1), new Uint8Array(0)]) {
      expect(await answerTo(concat(Uint8Array.of(ciphertext.length >> 8, ciphertext.length & 0xff), ciphertext))).toBe(
        usual,
      )
    }
  })

  it('a random secret is drawn for each, whatever is in it (RFC 5246 section 7.4.7.1)', async () => {
    const tooLarge = concat(Uint8Array.of(size >> 8, size & 0xff), new Uint8Array(size).fill(0xff))
    for (const body of [...(await Promise.all(Object.values(probes).map(sealed))), tooLarge]) {
      drawn.length = 0
      expect(await answerTo(body)).toContain('bad_record_mac')
      expect(drawn.filter((length) => length === 48)).toHaveLength(1)
    }
  })

  it('a secret of the right client with another version than its ClientHello gets the same', async () => {
    const server = serverOf({ ...tls12, ...rsa, ...suites })
    const changes = { ClientHello: (fields: object) => ({ ...fields, legacyVersion: 0x0304 }) }
    const client = clientOf({ ...tls12, ...suites, seam: misbehaving(changes) })
    expect(errorOf((await connectEngines(client, server)).serverEvents).code).toBe('bad_record_mac')
  })

  it('a right premaster secret works, so the probes failed for what they are', async () => {
    expect(
      infoOf((await meet({ ...tls12, ...suites }, { ...tls12, ...rsa, ...suites })).serverEvents).cipherSuite,
    ).toBe(suites.cipherSuites[0])
    expect(parsePrivateKey(rsa.key).type).toBe('rsa')
  })
})

describe('Raccoon: key pairs that are used twice', () => {
  it('each handshake has fresh keys at both ends, in both versions', async () => {
    const made: string[] = []
    const provider: CryptoProvider = {
      ...nodeProvider,
      groups: nodeProvider.groups.map((group) => ({
        ...group,
        start: () => {
          const exchange = group.start()
          if (!(exchange instanceof Promise)) made.push(toHex(exchange.share))
          return exchange
        },
      })),
    }
    const server = { ...tls12, provider, tickets: false as const }
    for (let i = 0; i < 5; i++) infoOf((await meet({ ...tls12, provider }, server)).clientEvents)
    expect(made).toHaveLength(10)
    for (let i = 0; i < 5; i++) {
      const before = made.length
      let sent = ''
      const trace: TestClientOptions['trace'] = ({ direction, wire }) => {
        if (direction === 'sent') sent += toHex(wire)
      }
      const versions = { min: 'TLS 1.3' } as const
      infoOf((await meet({ versions, groups: ['X25519', 'P-256'], provider, trace }, { versions })).clientEvents)
      for (const share of made.slice(before)) expect(sent).toContain(share)
    }
    expect(made).toHaveLength(15)
    expect(new Set(made).size).toBe(15)
  })
})

describe('invalid curve points and small-order keys', () => {
  const p256OffCurve = concat(Uint8Array.of(4), new Uint8Array(63).fill(1), Uint8Array.of(2))
  const compressed = concat(Uint8Array.of(2), new Uint8Array(32).fill(1))
  const smallOrder = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map((hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)))
  const bad: readonly [string, string, Uint8Array][] = [
    ['P-256', 'a point off the curve', p256OffCurve],
    ['P-256', 'a compressed point', compressed],
    ['P-256', 'a point of another length', p256OffCurve.subarray(0, 60)],
    ['P-256', 'the point at infinity', Uint8Array.of(0)],
    ...smallOrder.map((point, i): [string, string, Uint8Array] => ['X25519', `small order ${i}`, point]),
    ['X25519', 'another length', new Uint8Array(31).fill(9)],
  ]

  describe.each([
    ['node', nodeProvider],
    ['noble', nobleProvider],
  ])('with the %s provider', (_, provider) => {
    it.each(bad)('a client with %s, %s', async (group, _name, point) => {
      const seam = misbehaving({ ClientKeyExchange: () => ({ body: concat(Uint8Array.of(point.length), point) }) })
      const { serverEvents } = await meet(
        { ...tls12, groups: [group], ...(group === 'X25519' && { groups: ['X25519', 'P-256'] }), seam },
        {
          ...tls12,
          provider,
          groups: [group],
        },
      )
      expect(errorOf(serverEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
    })

    it.each(bad)('a server with %s, %s', async (group, _name, point) => {
      const misbehavingProvider: CryptoProvider = {
        ...nodeProvider,
        groups: nodeProvider.groups.map((one) => ({
          ...one,
          start: () => ({ share: point, complete: () => new Uint8Array(32) }),
        })),
      }
      const { clientEvents } = await meet(
        { ...tls12, provider, groups: [group, ...(group === 'X25519' ? ['P-256'] : [])] },
        {
          ...tls12,
          provider: misbehavingProvider,
          groups: [group],
        },
      )
      expect(errorOf(clientEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
    })
  })
})
