// Values of options that are refused where they are used, each with its code and a sentence that names the option, and
// providers that lack what is asked of them.

import { describe, expect, it } from 'vitest'
import { connectOverBy } from '../../src/connect-over.ts'
import { parsePrivateKey, rsaPublicKeyOf } from '../../src/crypto/keys.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nobleSigner } from '../../src/crypto/noble-signatures.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { hashIn } from '../../src/crypto/parts.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { generateEchKeys } from '../../src/ech.ts'
import type { TlsErrorCode } from '../../src/errors.ts'
import { createServer } from '../../src/index.node.ts'
import { hpkeKeyPair, hpkeParts } from '../../src/keys/hpke-suites.ts'
import { ja3, ja4 } from '../../src/options/fingerprint.ts'
import { givenTicketKeys, rotatingTicketKeys } from '../../src/session/ticket-keys.ts'
import { clientConfigOf, clientOf, serverOf } from '../fixtures/engines.ts'
import { ecdsa, ed25519 } from '../fixtures/identities.ts'

const refusal = (code: TlsErrorCode, message: RegExp): object =>
  expect.objectContaining({ name: 'TlsError', code, message: expect.stringMatching(message) })
const bad = (message: RegExp): object => refusal('bad_option', message)
const key32 = new Uint8Array(32)
const lacking = (parts: Partial<CryptoProvider>): CryptoProvider => ({ ...nodeProvider, ...parts })

describe('options', () => {
  it('psk.modes has modes of RFC 9846 section 4.3.9 alone', () => {
    const psk = { keys: { identity: 'x', key: key32 }, modes: ['psk_dhe_ke', 'psk_dhe'] as never }
    expect(() => clientOf({ psk })).toThrow(bad(/^psk.modes: "psk_dhe" is neither/))
  })

  it('cert and key come together', () => {
    expect(() => clientOf({ key: ecdsa.key })).toThrow(bad(/^key was given without cert/))
    expect(() => clientOf({ cert: ecdsa.cert })).toThrow(bad(/^cert was given without key/))
    expect(() => clientOf({ cert: [], key: ecdsa.key })).toThrow(bad(/^cert: /))
  })

  it('connectOver() takes a list of kinds of streams', () => {
    const machine = { prepare: () => undefined as never, establish: () => undefined as never }
    for (const kinds of [undefined, {}, 'nodeStreams', [undefined], [() => undefined, 'nodeStreams']])
      expect(() => connectOverBy(kinds as never, machine)).toThrow(bad(/^connectOver: it takes a list/))
    expect(connectOverBy([], machine)).toBeTypeOf('function')
    expect(connectOverBy([() => undefined], machine)).toBeTypeOf('function')
  })

  it('listen() needs a function', async () => {
    const server = createServer(ecdsa)
    for (const more of [[], ['127.0.0.1'], ['127.0.0.1', {}]])
      await expect(Reflect.apply(server.listen, server, [0, ...more])).rejects.toEqual(bad(/^listen: needs a function/))
  })
})

describe('ECH (RFC 9849)', () => {
  it('a configList is base64 of a list', () => {
    for (const configList of ['not base64!', 'AAAA', new Uint8Array(3)])
      expect(() => clientOf({ hello: { ech: { configList } } })).toThrow(bad(/^ech.configList: it is not/))
  })

  it('a config of a server is one, and of the version that is spoken here', async () => {
    const { config, privateKey } = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider })
    const serverWith = (bytes: Uint8Array) => serverOf({ hello: { ech: { keys: [{ config: bytes, privateKey }] } } })
    expect(() => serverWith(config)).not.toThrow()
    expect(() => serverWith(config.subarray(1))).toThrow(bad(/^ech.keys: a config that is not an ECHConfig/))
    expect(() => serverWith(config.map((byte, i) => (i === 1 ? byte ^ 1 : byte)))).toThrow(
      bad(/^ech.keys: a config of another version/),
    )
  })

  it('configId and maximumNameLength are bytes', async () => {
    const made = (more: object) => generateEchKeys({ publicName: 'public.test', provider: nodeProvider, ...more })
    for (const value of [-1, 256, 1.5]) {
      await expect(made({ configId: value })).rejects.toEqual(bad(/^configId: /))
      await expect(made({ maximumNameLength: value })).rejects.toEqual(bad(/^maximumNameLength: /))
    }
    for (const value of [0, 255]) await made({ configId: value, maximumNameLength: value })
  })
})

describe('ticket keys', () => {
  const name = new Uint8Array(16)
  it('that are given are there, with names of 16 bytes and secrets of 32', () => {
    expect(() => givenTicketKeys(nodeProvider, [])).toThrow(bad(/there is no ticket key/))
    for (const [nameLength, secretLength] of [
      [15, 32],
      [17, 32],
      [16, 31],
      [16, 33],
    ])
      expect(() =>
        givenTicketKeys(nodeProvider, [
          { name, secret: key32 },
          { name: new Uint8Array(nameLength ?? 0), secret: new Uint8Array(secretLength ?? 0) },
        ]),
      ).toThrow(bad(/a name of 16 bytes and a secret of 32/))
  })
  it('need an AEAD', async () => {
    const provider = lacking({ suites: nodeProvider.suites.filter(({ cipher }) => cipher.kind !== 'aead') })
    const sealing = async () => rotatingTicketKeys({ provider }).seal(key32, 0)
    await expect(sealing()).rejects.toEqual(refusal('unsupported', /no AEAD to protect tickets with/))
  })
})

describe('a provider that lacks', () => {
  it('what a suite needs does not offer it', () => {
    const offered = (parts: Partial<CryptoProvider>): readonly string[] =>
      clientConfigOf({ provider: lacking(parts), tls12: { legacy: true } }).suites.map(({ name }) => name)
    const { sha1, sha384, ...others } = nodeProvider.hashes
    const { rsaEncryptRaw, ...noRsa } = nodeProvider
    const kinds = (names: readonly string[]): readonly boolean[] =>
      [/_CBC_SHA$/, /^TLS_RSA_/, /_SHA384$/, /^TLS_ECDHE_.*_SHA256$/].map((kind) =>
        names.some((name) => kind.test(name)),
      )
    expect(rsaEncryptRaw).toBeTypeOf('function')
    expect(kinds(offered({}))).toEqual([true, true, true, true])
    expect(kinds(offered({ hashes: { ...others, ...(sha384 && { sha384 }) } }))).toEqual([false, true, true, true])
    expect(kinds(offered({ hashes: { ...others, ...(sha1 && { sha1 }) } }))).toEqual([true, true, false, true])
    const names = clientConfigOf({ provider: noRsa, tls12: { legacy: true } }).suites.map(({ name }) => name)
    expect(kinds(names)).toEqual([true, false, true, true])
  })

  it('a hash says which', () => {
    expect(() => hashIn({}, 'sha384')).toThrow(refusal('unsupported', /made without sha384/))
    const [record = key32] = clientOf().takeOutput()
    const hello = {
      serverName: undefined,
      alpn: [],
      cipherSuites: [0x1301],
      versions: [0x0304],
      groups: [],
      signatureSchemes: [],
      extensions: [43],
      raw: record.subarray(5),
    }
    for (const print of [ja3, ja4])
      expect(() => print(hello, lacking({ hashes: {} }))).toThrow(
        refusal('unsupported', /provider has no (md5|sha256)/),
      )
  })

  it('what HPKE needs says with what (RFC 9180)', () => {
    const suite = { kem: 0x20, kdf: 1, aead: 1 }
    expect(() => hpkeParts(lacking({ suites: [] }), suite)).toThrow(refusal('unsupported', /HPKE with KEM 32/))
    expect(() => hpkeParts(nodeProvider, { ...suite, aead: 9 })).toThrow(refusal('unsupported', /AEAD 9/))
    for (const [provider, kem] of [
      [lacking({ groups: [] }), 0x20],
      [nodeProvider, 0x99],
    ] as const)
      expect(() => hpkeKeyPair(provider, kem, key32)).toThrow(refusal('unsupported', /can't receive with HPKE KEM/))
  })
})

describe('private keys', () => {
  it('of P-256 that are 0 are bad keys for HPKE', async () => {
    const making = async () => hpkeKeyPair(nobleProvider, 0x10, key32)
    await expect(making()).rejects.toEqual(refusal('bad_key', /an HPKE private key/))
  })

  it.each(['p256', 'p384', 'p521'] as const)('of %s that are 0 are bad keys', (type) => {
    const raw = new Uint8Array({ p256: 32, p384: 48, p521: 66 }[type])
    expect(() => nobleSigner({ type, raw, pkcs8: raw })).toThrow(
      refusal('bad_key', new RegExp(`of type ${type} is not`)),
    )
  })

  it('of ML-DSA have the length of a seed or of a key (RFC 9881 section 6)', () => {
    const raw = new Uint8Array(33)
    expect(() => nobleSigner({ type: 'mldsa44', raw, pkcs8: raw })).toThrow(refusal('bad_key', /of type mldsa44/))
  })

  it('of a type that is not known are unsupported', () => {
    expect(() => nobleSigner({ type: 'slh' as never, raw: key32, pkcs8: key32 })).toThrow(
      refusal('unsupported', /no keys of type slh/),
    )
  })

  it('that are not of RSA have no RSA half', () => {
    expect(() => rsaPublicKeyOf(parsePrivateKey(ed25519.key))).toThrow(refusal('bad_key', /type ed25519 is no RSA key/))
  })
})
