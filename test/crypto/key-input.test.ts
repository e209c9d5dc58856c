import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { connect, createServer, loadIdentity, pair } from '../../src/index.node.ts'
import type { KeyInput } from '../../src/options.ts'
import { signerFor } from '../../src/crypto/key-input.ts'
import { parsePrivateKey, parsePublicKey } from '../../src/crypto/keys.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { createCa } from '../../src/pki/index.ts'
import type { Ca, Issued } from '../../src/pki/index.ts'
import {
  constructedTag,
  contextTag,
  derBits,
  derElement,
  derInteger,
  derOctets,
  derOid,
  derSequence,
} from '../../src/wire/der.ts'
import { rejected } from '../fixtures/rejected.ts'

const providers = { nodeProvider, nobleProvider, webcryptoProvider }
let ca: Ca
let leaf: Issued
beforeAll(async () => {
  ca = await createCa({ name: 'Root' })
  leaf = await ca.issue({ names: ['a.example'] })
})

const importEc = (extractable: boolean, from: Issued): Promise<CryptoKey> =>
  crypto.subtle.importKey(
    'pkcs8',
    new Uint8Array(from.privateKey),
    { name: 'ECDSA', namedCurve: 'P-256' },
    extractable,
    ['sign'],
  )

describe('any form of key signs the handshake', () => {
  const visit = async (key: KeyInput, cert: string = leaf.chainPem) => {
    const [near, far] = pair()
    const accepted = createServer({ cert, key }).accept(far)
    accepted.catch(() => {})
    const connection = await connect(near, { serverName: 'a.example', ca: ca.certificatePem })
    await Promise.all([connection.close(), (await accepted).close()])
    return connection.info.signatureScheme
  }
  test('a CryptoKey that can be exported, and one that can not', async () => {
    for (const extractable of [true, false]) {
      expect(await visit(await importEc(extractable, leaf))).toBe('ecdsa_secp256r1_sha256')
    }
  })
  test('an RSA-PSS CryptoKey that can not be exported', async () => {
    const rsa = await ca.issue({ names: ['a.example'], key: 'rsa-2048' })
    const key = await crypto.subtle.importKey(
      'pkcs8',
      new Uint8Array(rsa.privateKey),
      { name: 'RSA-PSS', hash: 'SHA-384' },
      false,
      ['sign'],
    )
    expect(await visit(key, rsa.chainPem)).toBe('rsa_pss_rsae_sha384')
    const old = await crypto.subtle.importKey(
      'pkcs8',
      new Uint8Array(rsa.privateKey),
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      true,
      ['sign'],
    )
    expect(await visit(old, rsa.chainPem)).toBe('rsa_pss_rsae_sha256')
  })
  test.each([
    ['RSA-PSS', 'SHA-256', 'rsa_pss_sha256'],
    ['RSA-PSS', 'SHA-384', 'rsa_pss_sha384'],
    ['RSA-PSS', 'SHA-512', 'rsa_pss_sha512'],
    ['RSASSA-PKCS1-v1_5', 'SHA-256', 'rsa_pkcs1_sha256'],
    ['RSASSA-PKCS1-v1_5', 'SHA-384', 'rsa_pkcs1_sha384'],
    ['RSASSA-PKCS1-v1_5', 'SHA-512', 'rsa_pkcs1_sha512'],
  ] as const)('a CryptoKey of %s with %s signs by that alone', async (name, hash, algorithm) => {
    const pair = await crypto.subtle.generateKey(
      { name, hash, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
      false,
      ['sign', 'verify'],
    )
    const signer = await signerFor(pair.privateKey, nodeProvider)
    expect(signer.algorithms).toEqual([algorithm])
    const message = Uint8Array.of(1, 2, 3)
    const signature = new Uint8Array(await signer.sign(algorithm, message))
    const using = { name, saltLength: Number(hash.slice(4)) / 8 }
    expect(await crypto.subtle.verify(using, pair.publicKey, signature, message)).toBe(true)
  })
  test('a CryptoKey of RSA with SHA-1 is for no scheme of TLS', async () => {
    const { privateKey } = await crypto.subtle.generateKey(
      { name: 'RSA-PSS', hash: 'SHA-1', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
      false,
      ['sign', 'verify'],
    )
    expect((await rejected(() => signerFor(privateKey, nodeProvider))).code).toBe('bad_key')
  })
  test.each([
    ['P-256', 'ecdsa_sha256', 'SHA-256'],
    ['P-384', 'ecdsa_sha384', 'SHA-384'],
    ['P-521', 'ecdsa_sha512', 'SHA-512'],
    ['P-256', 'ecdsa_sha1', 'SHA-1'],
  ] as const)('a CryptoKey of %s signs by %s', async (namedCurve, algorithm, hash) => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, false, ['sign', 'verify'])
    const signer = await signerFor(pair.privateKey, nodeProvider)
    const message = Uint8Array.of(1, 2, 3)
    const signature = await signer.sign(algorithm, message)
    const key = createPublicKey({
      key: Buffer.from(await crypto.subtle.exportKey('spki', pair.publicKey)),
      format: 'der',
      type: 'spki',
    })
    expect(verify(hash, message, key, signature)).toBe(true)
  })
  test('a KeyObject, a parsed key and a Signer', async () => {
    const parsed = parsePrivateKey(leaf.privateKey)
    for (const key of [createPrivateKey(leaf.privateKeyPem), parsed, await nodeProvider.signer(parsed)]) {
      expect(await visit(key)).toBe('ecdsa_secp256r1_sha256')
    }
  })
  test('a CryptoKey of another certificate is a mismatch before any handshake', async () => {
    const other = await ca.issue({ names: ['a.example'] })
    for (const extractable of [true, false]) {
      const key = await importEc(extractable, other)
      expect((await rejected(() => loadIdentity({ cert: leaf.chainPem, key }))).code).toBe('key_mismatch')
    }
  })
  test('what is no private key is named', async () => {
    const { publicKey } = generateKeyPairSync('ed25519')
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
    for (const key of [publicKey, createPublicKey(leaf.privateKeyPem), pair.publicKey, 7, null, {}] as unknown[]) {
      const error = await rejected(() => loadIdentity({ cert: leaf.chainPem, key: key as KeyInput }))
      expect(error.code).toBe('bad_option')
    }
  })
  test('a CryptoKey that cannot sign is a bad key, whether it is exported or not', async () => {
    const x25519 = await crypto.subtle.generateKey('X25519', true, ['deriveBits'])
    const spki = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' })
    const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
    const held = await crypto.subtle.importKey('pkcs8', new Uint8Array(spki), algorithm, false, ['deriveBits'])
    for (const key of [(x25519 as CryptoKeyPair).privateKey, held]) {
      const error = await rejected(() => loadIdentity({ cert: leaf.chainPem, key }))
      expect(error.code).toBe('bad_key')
    }
  })
  test('a CryptoKey whose export fails is a bad key, with the reason', async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    const cause = new Error('not today')
    const exporting = vi.spyOn(crypto.subtle, 'exportKey').mockRejectedValue(cause)
    const error = await rejected(() => loadIdentity({ cert: leaf.chainPem, key: privateKey }))
    exporting.mockRestore()
    expect(error).toMatchObject({ code: 'bad_key', cause })
  })
  test('an error never has key text in it', async () => {
    const broken = leaf.privateKeyPem.replace('BEGIN', 'BEGUN')
    const error = await rejected(() => loadIdentity({ cert: leaf.chainPem, key: broken }))
    expect(error.message).not.toContain(leaf.privateKeyPem.slice(40, 60))
  })
})

describe.each(Object.entries(providers))('public keys inside private key files, %s', (_, provider) => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = ec.privateKey.export({ format: 'jwk' })
  const [d, x, y] = [jwk.d, jwk.x, jwk.y].map((text) => new Uint8Array(Buffer.from(text ?? '', 'base64url')))
  const sec1 = (point?: Uint8Array): Uint8Array =>
    derSequence(
      derInteger(1),
      derOctets(d!),
      derElement(constructedTag(0), derOid('1.2.840.10045.3.1.7')),
      ...(point ? [derElement(constructedTag(1), derBits(point))] : []),
    )
  const compressed = (odd: number): Uint8Array => Uint8Array.of(2 + odd, ...x!)
  const isOdd = (y!.at(-1) ?? 0) & 1
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

  test('a compressed point is taken (RFC 5480 section 2.2)', async () => {
    const signer = await signerFor(sec1(compressed(isOdd)), provider)
    expect(signer.publicKey?.raw).toEqual(Uint8Array.of(4, ...x!, ...y!))
    const message = Uint8Array.of(1, 2, 3)
    const signature = await signer.sign('ecdsa_sha256', message)
    const verifier = provider.verifiers.find(({ algorithm }) => algorithm === 'ecdsa_sha256')
    expect(await verifier!.verify(signer.publicKey!, message, signature)).toBe(true)
  })
  test('a hybrid point is compared by what it says (X9.62), where only the private key counts', async () => {
    const hybrid = (odd: number): Uint8Array => Uint8Array.of(6 + odd, ...x!, ...y!)
    expect((await signerFor(sec1(hybrid(isOdd)), provider)).publicKey?.raw).toEqual(Uint8Array.of(4, ...x!, ...y!))
    expect((await rejected(() => signerFor(sec1(hybrid(1 - isOdd)), provider))).code).toBe('bad_key')
    const spki = derSequence(
      derSequence(derOid('1.2.840.10045.2.1'), derOid('1.2.840.10045.3.1.7')),
      derBits(hybrid(isOdd)),
    )
    expect((await rejected(() => parsePublicKey(spki))).message).toMatch(
      /has 65 bytes, this one 65, of which the first is [67]/,
    )
  })
  test('none is taken', async () => expect((await signerFor(sec1(), provider)).publicKey?.type).toBe('p256'))
  test('another one is refused', async () => {
    const wrong = Uint8Array.of(
      4,
      ...Buffer.from(other.x ?? '', 'base64url'),
      ...Buffer.from(other.y ?? '', 'base64url'),
    )
    for (const point of [wrong, compressed(1 - isOdd)]) {
      expect((await rejected(() => signerFor(sec1(point), provider))).code).toBe('bad_key')
    }
  })
  test('Ed25519 with its public key, in either version; with another one refused (RFC 5958 section 2)', async () => {
    const seed = new Uint8Array(32).fill(7)
    const { publicKey } = await signerFor(
      derSequence(derInteger(0), derSequence(derOid('1.3.101.112')), derOctets(derOctets(seed))),
      provider,
    )
    const withPublic = (version: number, raw: Uint8Array): Uint8Array =>
      derSequence(
        derInteger(version),
        derSequence(derOid('1.3.101.112')),
        derOctets(derOctets(seed)),
        derElement(contextTag(1), Uint8Array.of(0), raw),
      )
    for (const version of [0, 1]) {
      expect((await signerFor(withPublic(version, publicKey!.raw), provider)).publicKey?.raw).toEqual(publicKey!.raw)
      expect((await rejected(() => signerFor(withPublic(version, seed), provider))).code).toBe('bad_key')
    }
  })
})
