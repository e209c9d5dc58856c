import { X509Certificate, createHmac, createPrivateKey, generateKeyPairSync, pbkdf2Sync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { TlsError } from '../../src/errors.ts'
import { createCa, decryptPrivateKey, readPkcs12 } from '../../src/pki/index.ts'
import type { Ca, Issued } from '../../src/pki/index.ts'
import { berToDer } from '../../src/pki/ber.ts'
import {
  DerReader,
  constructedTag,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
} from '../../src/wire/der.ts'
import { decodePem, encodePem } from '../../src/wire/pem.ts'
import { OpensslDirectory, withOpenssl } from './openssl.ts'
import { rejected } from '../fixtures/rejected.ts'

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())
let root: Ca
let middle: Ca
let leaf: Issued
beforeAll(async () => {
  root = await createCa({ name: 'Root' })
  middle = await root.createIntermediate({ name: 'Middle' })
  leaf = await middle.issue({ names: ['a.example'] })
  openssl.write('leaf.pem', leaf.certificatePem)
  openssl.write('key.pem', leaf.privateKeyPem)
  openssl.write('others.pem', root.certificatePem + middle.certificatePem)
})

const sameKey = (a: string, b: string): boolean => createPrivateKey(a).equals(createPrivateKey(b))

describe('encrypted private keys (RFC 5958 section 3)', () => {
  const kinds = ['ec', 'rsa', 'ed25519'] as const
  const make = (kind: (typeof kinds)[number]): string => {
    const { privateKey } =
      kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : kind === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('ed25519')
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }

  test.each(kinds)('%s, encrypted by node:crypto', async (kind) => {
    const pem = make(kind)
    for (const cipher of ['aes-128-cbc', 'aes-256-cbc']) {
      const encrypted = createPrivateKey(pem)
        .export({ type: 'pkcs8', format: 'pem', cipher, passphrase: 'pässword' })
        .toString()
      const decrypted = await decryptPrivateKey(`text before\n${encrypted}`, 'pässword')
      expect(sameKey(decrypted, pem)).toBe(true)
      const [block] = decodePem(encrypted)
      expect(await decryptPrivateKey(block?.bytes ?? new Uint8Array(), 'pässword')).toBe(decrypted)
      expect((await rejected(decryptPrivateKey(encrypted, 'wrong'))).code).toBe('bad_key')
    }
  })

  withOpenssl.each([
    ['PBKDF2 with SHA-512', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '1000']],
    ['PBKDF2 with SHA-1, its default', ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1']],
    ['scrypt', ['-v2', 'aes-256-cbc', '-scrypt', '-scrypt_N', '1024']],
  ])('openssl pkcs8, %s', async (_, options) => {
    const encrypted = new TextDecoder().decode(
      openssl.bytes('pkcs8', '-topk8', '-in', 'key.pem', '-passout', 'pass:secret', ...options),
    )
    expect(sameKey(await decryptPrivateKey(encrypted, 'secret'), leaf.privateKeyPem)).toBe(true)
    expect((await rejected(decryptPrivateKey(encrypted, 'Secret'))).message).toMatch(/password is wrong/)
  })

  withOpenssl('schemes of old are refused with the command that converts them', async () => {
    const old = new TextDecoder().decode(
      openssl.bytes('pkcs8', '-topk8', '-in', 'key.pem', '-passout', 'pass:x', '-v1', 'PBE-SHA1-3DES'),
    )
    expect(sameKey(await decryptPrivateKey(old, 'x'), leaf.privateKeyPem)).toBe(true)
    const older = derSequence(
      derSequence(derOid('1.2.840.113549.1.5.3'), derSequence(derOctets(new Uint8Array(8)), derInteger(1))),
      derOctets(new Uint8Array(8)),
    )
    expect(await rejected(decryptPrivateKey(older, 'x'))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/DES and MD5.*openssl pkcs8 -topk8/),
    })
    const camellia = new TextDecoder().decode(
      openssl.bytes('ec', '-in', 'key.pem', '-camellia256', '-passout', 'pass:xxxx'),
    )
    expect(await rejected(decryptPrivateKey(camellia, 'xxxx'))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/CAMELLIA.*openssl pkcs8 -topk8/),
    })
  })

  withOpenssl('Proc-Type: 4,ENCRYPTED, the old form of OpenSSL (RFC 1421 section 4.6.1.1)', async () => {
    for (const cipher of ['-aes128', '-aes192', '-aes256', '-des3']) {
      const traditional = openssl.bytes('ec', '-in', 'key.pem', cipher, '-passout', 'pass:pässword')
      expect(new TextDecoder().decode(traditional)).toContain('Proc-Type: 4,ENCRYPTED')
      expect(sameKey(await decryptPrivateKey(traditional, 'pässword'), leaf.privateKeyPem)).toBe(true)
      expect((await rejected(decryptPrivateKey(traditional, 'password'))).code).toBe('bad_key')
    }
    const broken = new TextDecoder()
      .decode(openssl.bytes('ec', '-in', 'key.pem', '-aes256', '-passout', 'pass:xxxx'))
      .replace(/(DEK-Info: AES-256-CBC,).*/, '$1zz')
    expect((await rejected(decryptPrivateKey(broken, 'xxxx'))).code).toBe('bad_key')
  })

  test("what is no encrypted key is the caller's mistake", async () => {
    expect((await rejected(decryptPrivateKey(leaf.privateKeyPem, 'x'))).message).toMatch(/not encrypted/)
    expect((await rejected(decryptPrivateKey(leaf.certificatePem, 'x'))).message).toMatch(/no encrypted private key/)
    expect((await rejected(decryptPrivateKey(Uint8Array.of(1, 2), 'x'))).code).toBe('bad_key')
  })

  test('RFC 8018: costs that would be a hang are refused', async () => {
    const pbkdf2 = derSequence(
      derOid('1.2.840.113549.1.5.12'),
      derSequence(derOctets(new Uint8Array(8)), derInteger(2_000_000_000)),
    )
    const scrypt = derSequence(
      derOid('1.3.6.1.4.1.11591.4.11'),
      derSequence(derOctets(new Uint8Array(8)), derInteger(1 << 28), derInteger(8), derInteger(1)),
    )
    for (const kdf of [pbkdf2, scrypt]) {
      const cipher = derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctets(new Uint8Array(16)))
      const info = derSequence(
        derSequence(derOid('1.2.840.113549.1.5.13'), derSequence(kdf, cipher)),
        derOctets(new Uint8Array(16)),
      )
      expect((await rejected(decryptPrivateKey(info, 'x'))).message).toMatch(/more than is allowed|make no sense/)
    }
  })
})

describe('PKCS#12 (RFC 7292), written piece by piece without encryption', () => {
  const explicit = (value: Uint8Array): Uint8Array => derElement(constructedTag(0), value)
  const bag = (last: number, value: Uint8Array): Uint8Array =>
    derSequence(derOid(`1.2.840.113549.1.12.10.1.${last}`), explicit(value))
  const certificateBag = (der: Uint8Array): Uint8Array =>
    bag(3, derSequence(derOid('1.2.840.113549.1.9.22.1'), explicit(derOctets(der))))
  const data = (content: Uint8Array): Uint8Array =>
    derSequence(derOid('1.2.840.113549.1.7.1'), explicit(derOctets(content)))
  const file = (...bags: Uint8Array[]): Uint8Array =>
    derSequence(derInteger(3), data(derSequence(data(derSequence(...bags)))))

  test('section 4.2.6: bags in bags are read', async () => {
    const nested = bag(6, derSequence(bag(1, leaf.privateKey), bag(6, derSequence(certificateBag(leaf.certificate)))))
    const read = await readPkcs12(file(nested, certificateBag(middle.certificate)), '')
    expect([read.chainPem, read.privateKeyPem]).toEqual([leaf.chainPem, leaf.privateKeyPem])
  })

  test('RFC 5280 section 4.2.1.1: of two certificates of a CA, that of the key that signed', async () => {
    const [old, now] = [await root.createIntermediate({ name: 'CA' }), await root.createIntermediate({ name: 'CA' })]
    const own = await now.issue({ names: ['a.example'] })
    const others = [old.certificate, now.certificate].map(certificateBag)
    const read = await readPkcs12(file(bag(1, own.privateKey), certificateBag(own.certificate), ...others), '')
    expect(read.chainPem).toBe(own.chainPem)
  })
})

describe('PKCS#12 (RFC 7292)', () => {
  const exported = (...options: readonly string[]): Uint8Array =>
    openssl.bytes(
      'pkcs12',
      '-export',
      '-inkey',
      'key.pem',
      '-in',
      'leaf.pem',
      '-certfile',
      'others.pem',
      '-name',
      'Mein Schlüssel',
      ...options,
    )

  withOpenssl.each([
    ['by default', ['-passout', 'pass:secret'], 'secret'],
    [
      'AES-128, MAC by SHA-1',
      ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha1', '-passout', 'pass:secret'],
      'secret',
    ],
    [
      'triple DES',
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1', '-passout', 'pass:secret'],
      'secret',
    ],
    [
      'triple DES, an empty password',
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-passout', 'pass:'],
      '',
    ],
    [
      'triple DES with two keys',
      ['-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-2DES', '-passout', 'pass:sécret'],
      'sécret',
    ],
    ['MAC by SHA-512', ['-macalg', 'sha512', '-passout', 'pass:sécret'], 'sécret'],
    ['without MAC', ['-nomac', '-passout', 'pass:secret'], 'secret'],
    ['nothing encrypted', ['-keypbe', 'NONE', '-certpbe', 'NONE', '-passout', 'pass:secret'], 'secret'],
    ['an empty password', ['-passout', 'pass:'], ''],
  ])('of openssl, %s', async (_, options, password) => {
    const read = await readPkcs12(exported(...options), password)
    expect(read.chainPem).toBe(leaf.chainPem)
    expect(sameKey(read.privateKeyPem ?? '', leaf.privateKeyPem)).toBe(true)
    expect(read.authoritiesPem).toBe(root.certificatePem)
    expect(read.certificates).toHaveLength(3)
    expect(read.friendlyName).toMatch(/^Mein Schl/)
  })

  withOpenssl('a trust store has no key', async () => {
    const read = await readPkcs12(
      openssl.bytes('pkcs12', '-export', '-nokeys', '-in', 'others.pem', '-passout', 'pass:x'),
      'x',
    )
    expect([read.privateKeyPem, read.chainPem, read.certificates.length]).toEqual([undefined, '', 2])
    expect(new X509Certificate(read.authoritiesPem).subject).toBe('CN=Root')
  })

  withOpenssl('a wrong password and a damaged file are told apart', async () => {
    const file = exported('-passout', 'pass:secret')
    expect(await rejected(readPkcs12(file, 'Secret'))).toMatchObject({
      code: 'bad_key',
      message: expect.stringMatching(/password of the PKCS#12 file is wrong/),
    })
    const unsigned = exported('-nomac', '-passout', 'pass:secret')
    expect((await rejected(readPkcs12(unsigned, 'Secret'))).code).toBe('bad_key')
    expect((await rejected(readPkcs12(new TextEncoder().encode(leaf.certificatePem), 'x'))).code).toBe('bad_key')
  })

  withOpenssl('RFC 9579: PBMAC1', async () => {
    const bare = new DerReader(exported('-nomac', '-passout', 'pass:secret')).sequence('PFX')
    const [version, authSafe] = [bare.element('version'), bare.element('authSafe')]
    const info = new DerReader(authSafe).sequence('authSafe')
    info.oid('type')
    const content = info.enter(0xa0, 'content').octetString('content')
    const hmacSha256 = derSequence(derOid('1.2.840.113549.2.9'), derNull())
    const salt = new Uint8Array(8).fill(7)
    const kdf = derSequence(
      derOid('1.2.840.113549.1.5.12'),
      derSequence(derOctets(salt), derInteger(1000), derInteger(32), hmacSha256),
    )
    const mac = createHmac('sha256', pbkdf2Sync('secret', salt, 1000, 32, 'sha256'))
      .update(content)
      .digest()
    const algorithm = derSequence(derOid('1.2.840.113549.1.5.14'), derSequence(kdf, hmacSha256))
    const macData = derSequence(
      derSequence(algorithm, derOctets(new Uint8Array(mac))),
      derOctets(new Uint8Array(8)),
      derInteger(1),
    )
    const file = derSequence(version, authSafe, macData)
    expect((await readPkcs12(file, 'secret')).chainPem).toBe(leaf.chainPem)
    expect((await rejected(readPkcs12(file, 'other'))).message).toMatch(/password of the PKCS#12 file is wrong/)
  })

  withOpenssl('BER: indefinite lengths and octet strings in pieces', async () => {
    const der = exported('-passout', 'pass:secret')
    const ber = toBer(der)
    expect(ber.length).toBeGreaterThan(der.length)
    expect(berToDer(ber)).toEqual(der)
    expect((await readPkcs12(ber, 'secret')).chainPem).toBe(leaf.chainPem)
  })

  withOpenssl('no changed byte makes it throw anything but TlsError, or take the file', async () => {
    const file = exported('-passout', 'pass:secret')
    for (let at = 0; at < file.length; at += 37) {
      const changed = file.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x20
      expect(await rejected(readPkcs12(changed, 'secret'))).toBeInstanceOf(TlsError)
    }
  })

  test('no bytes make the BER reader throw anything but TlsError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          berToDer(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(TlsError)
        }
      }),
    )
    expect(() => berToDer(new Uint8Array(200).fill(0x30).map((_, i) => (i % 2 === 0 ? 0x30 : 0x80)))).toThrow(
      /nested too deeply/,
    )
    expect(encodePem('A', berToDer(Uint8Array.of(0x24, 0x80, 4, 1, 65, 4, 1, 66, 0, 0)))).toBe(
      encodePem('A', Uint8Array.of(4, 2, 65, 66)),
    )
  })
})

/** Every constructed element gets an indefinite length, every longer octet string is cut in two. */
const toBer = (der: Uint8Array): Uint8Array => {
  const reader = new DerReader(der)
  const parts: Uint8Array[] = []
  while (!reader.done) {
    const tag = reader.peek()
    const content = reader.content(tag, 'element')
    const isOctets = tag === 4 && content.length > 40
    const inner = isOctets
      ? [derOctets(content.subarray(0, 20)), derOctets(content.subarray(20))]
      : (tag & 0x20) !== 0
        ? [toBer(content)]
        : undefined
    if (inner === undefined) parts.push(derElement(tag, content))
    else parts.push(Uint8Array.of(isOctets ? 0x24 : tag, 0x80), ...inner, Uint8Array.of(0, 0))
  }
  return new Uint8Array(Buffer.concat(parts))
}
