// PKCS#12 files that are written here, read back by the programs that people have, and what a file may not do to its
// reader.
import { spawnSync } from 'node:child_process'
import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import {
  createCa,
  createPkcs12,
  decryptPrivateKey,
  encryptPrivateKey,
  readPkcs12,
  selfSigned,
} from '../../src/pki/index.ts'
import type { Ca, Issued } from '../../src/pki/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { constructedTag, derElement, derInteger, derNull, derOctets, derOid, derSequence } from '../../src/wire/der.ts'
import { OpensslDirectory, withOpenssl } from './openssl.ts'
import { rejected } from '../fixtures/rejected.ts'

const directory = new OpensslDirectory()
afterAll(() => directory.remove())
let root: Ca
let middle: Ca
let leaf: Issued
const password = 'sécret fish \u{1f41f}'
beforeAll(async () => {
  root = await createCa({ name: 'Root' })
  middle = await root.createIntermediate({ name: 'Middle' })
  leaf = await middle.issue({ names: ['a.example'] })
})

/** `test`, or a skipped one where the command is missing; in CI it is required. */
const withCommand = (command: string, version: string): typeof test => {
  const present = spawnSync(command, [version], { stdio: 'ignore' }).status === 0
  if (!present && process.env['CI'] === 'true') throw new Error(`CI needs the ${command} command`)
  return present ? test : (test.skip as typeof test)
}
const run = (
  command: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: directory.path, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

describe('createPkcs12', () => {
  test('is read back', async () => {
    const file = await createPkcs12({
      cert: leaf.chainPem,
      key: leaf.privateKeyPem,
      password,
      friendlyName: 'Mein Schlüssel',
      iterations: 1000,
    })
    const read = await readPkcs12(file, password)
    expect(read.chainPem).toBe(leaf.chainPem)
    expect(createPrivateKey(read.privateKeyPem ?? '').equals(createPrivateKey(leaf.privateKeyPem))).toBe(true)
    expect([read.friendlyName, read.certificates.length]).toEqual(['Mein Schlüssel', 2])
    expect((await rejected(readPkcs12(file, 'secret'))).code).toBe('bad_key')
  })

  withOpenssl('with PBES2, AES-256-CBC, PBKDF2 and HMAC-SHA-256 for openssl', async () => {
    for (const secret of ['secret', password, '']) {
      directory.write(
        'ours.p12',
        await createPkcs12({
          cert: [leaf.chainPem, root.certificate],
          key: leaf.privateKey,
          password: secret,
          friendlyName: 'x',
        }),
      )
      const { status, output } = run(
        'openssl',
        'pkcs12',
        '-in',
        'ours.p12',
        '-info',
        '-nodes',
        '-passin',
        `pass:${secret}`,
      )
      expect(status).toBe(0)
      expect(output).toContain('MAC: sha256, Iteration 100000')
      expect(output.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/g)).toHaveLength(2)
      expect(output.match(/BEGIN CERTIFICATE/g)).toHaveLength(3)
      expect(output).toContain('BEGIN PRIVATE KEY')
    }
  })

  withCommand('keytool', '-help')('for keytool, as a key store and as a trust store', async () => {
    directory.write(
      'key.p12',
      await createPkcs12({ cert: leaf.chainPem, key: leaf.privateKeyPem, password: 'secret1', friendlyName: 'mykey' }),
    )
    expect(run('keytool', '-list', '-keystore', 'key.p12', '-storepass', 'secret1').output).toMatch(
      /mykey, .*PrivateKeyEntry/,
    )
    directory.write(
      'trust.p12',
      await createPkcs12({ cert: root.certificatePem, password: 'secret1', friendlyName: 'myroot' }),
    )
    expect(run('keytool', '-list', '-keystore', 'trust.p12', '-storepass', 'secret1').output).toMatch(
      /myroot, .*trustedCertEntry/,
    )
    expect(
      (await readPkcs12(await createPkcs12({ cert: root.certificatePem, password: 'x' }), 'x')).authoritiesPem,
    ).toBe(root.certificatePem)
  })

  withCommand('certtool', '--version')('for certtool', async () => {
    directory.write(
      'gnutls.p12',
      await createPkcs12({ cert: leaf.chainPem, key: leaf.privateKeyPem, password: 'secret', friendlyName: 'x' }),
    )
    const { status, output } = run(
      'certtool',
      '--p12-info',
      '--inder',
      '--infile',
      'gnutls.p12',
      '--password',
      'secret',
    )
    expect([status, output.match(/BEGIN CERTIFICATE/g)?.length]).toEqual([0, 2])
    expect(output).toMatch(/BEGIN (ENCRYPTED )?PRIVATE KEY/)
  })

  test.each(['rsa', 'rsa-pss', 'ed25519', 'ed448', 'ec'] as const)('a %s key keeps its certificate', async (type) => {
    const { privateKey } =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
        : type === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : type === 'rsa-pss'
            ? generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
            : type === 'ed448'
              ? generateKeyPairSync('ed448')
              : generateKeyPairSync('ed25519')
    const own = await selfSigned({ names: ['a.example'], key: privateKey })
    const read = await readPkcs12(
      await createPkcs12({ cert: own.certificatePem, key: privateKey, password, iterations: 10 }),
      password,
    )
    expect(read.chainPem).toBe(own.certificatePem)
    expect(new X509Certificate(read.chainPem).checkPrivateKey(createPrivateKey(read.privateKeyPem ?? ''))).toBe(true)
  })
  withOpenssl.each(['RSA-PSS', 'ED448'])("openssl's file of a %s key keeps its certificate", async (type) => {
    run('openssl', 'genpkey', '-algorithm', type, '-out', 'k.pem')
    run('openssl', 'req', '-x509', '-key', 'k.pem', '-out', 'c.pem', '-subj', '/CN=x')
    run('openssl', 'pkcs12', '-export', '-inkey', 'k.pem', '-in', 'c.pem', '-out', 'k.p12', '-passout', 'pass:x')
    const read = await readPkcs12(directory.bytes('enc', '-none', '-in', 'k.p12'), 'x')
    expect(new X509Certificate(read.chainPem).subject).toBe('CN=x')
  })

  test('refuses what does not belong together, and keys that can not be written', async () => {
    expect((await rejected(createPkcs12({ cert: root.certificatePem, key: leaf.privateKeyPem, password }))).code).toBe(
      'key_mismatch',
    )
    expect((await rejected(createPkcs12({ cert: leaf.chainPem, key: 'ecdsa-p256', password }))).code).not.toBe(
      'internal_error',
    )
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])
    expect((await rejected(createPkcs12({ cert: leaf.chainPem, key: privateKey, password }))).message).toContain(
      'exported',
    )
    expect((await rejected(createPkcs12({ cert: leaf.chainPem, password, iterations: 0 }))).code).toBe('bad_option')
    expect((await rejected(createPkcs12({ cert: '', password }))).code).toBe('bad_option')
  })
})

describe('encryptPrivateKey', () => {
  withOpenssl('is what openssl and decryptPrivateKey read', async () => {
    const pem = await encryptPrivateKey(leaf.privateKeyPem, password)
    directory.write('encrypted.pem', pem)
    expect(run('openssl', 'pkey', '-in', 'encrypted.pem', '-passin', `pass:${password}`, '-noout').status).toBe(0)
    expect(
      createPrivateKey(await decryptPrivateKey(Buffer.from(pem), password)).equals(
        createPrivateKey(leaf.privateKeyPem),
      ),
    ).toBe(true)
  })
})

describe('files that mean harm', () => {
  const scheme = (kdf: Uint8Array): Uint8Array =>
    derSequence(
      derSequence(
        derOid('1.2.840.113549.1.5.13'),
        derSequence(kdf, derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctets(new Uint8Array(16)))),
      ),
      derOctets(new Uint8Array(16)),
    )
  const scrypt = (N: number, r: number, p: number): Uint8Array =>
    scheme(
      derSequence(
        derOid('1.3.6.1.4.1.11591.4.11'),
        derSequence(derOctets(Uint8Array.of(1)), derInteger(N), derInteger(r), derInteger(p)),
      ),
    )
  const pbkdf2 = (iterations: number): Uint8Array =>
    scheme(
      derSequence(derOid('1.2.840.113549.1.5.12'), derSequence(derOctets(Uint8Array.of(1)), derInteger(iterations))),
    )
  const info = (content: Uint8Array): Uint8Array =>
    derSequence(derOid('1.2.840.113549.1.7.1'), derElement(constructedTag(0), derOctets(content)))
  const pfx = (bags: readonly Uint8Array[], ...mac: readonly Uint8Array[]): Uint8Array =>
    derSequence(derInteger(3), info(derSequence(info(derSequence(...bags)))), ...mac)

  test.each([
    ['scrypt of 256 MiB', scrypt(1 << 18, 8, 1)],
    ['scrypt 64 times', scrypt(1 << 14, 8, 64)],
    ['scrypt of wide blocks', scrypt(2, 1 << 20, 64)],
    ['scrypt without a power of two', scrypt(3, 8, 1)],
    ['10,000,000 iterations', pbkdf2(10_000_000)],
    ['no iteration', pbkdf2(0)],
  ])('%s is refused before any work', async (_, der) => {
    expect((await rejected(decryptPrivateKey(der, 'x'))).message).toMatch(/more than is allowed|make no sense/)
  })
  test('what is allowed can be raised', async () => {
    expect((await rejected(decryptPrivateKey(scrypt(4, 1, 1), 'x', { limits: { scryptCost: 3 } }))).message).toContain(
      'limits.scryptCost',
    )
    expect((await rejected(decryptPrivateKey(scrypt(4, 1, 1), 'x', { limits: { scryptCost: 4 } }))).message).toContain(
      'password is wrong',
    )
  })
  test('a MAC, and many bags, of too many iterations in all', async () => {
    const mac = derSequence(
      derSequence(derSequence(derOid('2.16.840.1.101.3.4.2.1'), derNull()), derOctets(new Uint8Array(32))),
      derOctets(new Uint8Array(8)),
      derInteger(5_000_000),
    )
    expect((await rejected(readPkcs12(pfx([], mac), 'x'))).message).toContain('limits.pkcs12Iterations')
  })
  test('elements without number, and depth without end', async () => {
    const many = concat(
      Uint8Array.of(0x24, 0x80),
      new Uint8Array(400_000).map((_, i) => (i % 2 === 0 ? 4 : 0)),
      Uint8Array.of(0, 0),
    )
    expect((await rejected(readPkcs12(many, 'x'))).message).toContain('elements')
    let deep: Uint8Array = Uint8Array.of(4, 0)
    for (let i = 0; i < 40; i++) deep = concat(Uint8Array.of(0x30, 0x80), deep, Uint8Array.of(0, 0))
    expect((await rejected(readPkcs12(deep, 'x'))).message).toContain('deeply')
    expect((await rejected(readPkcs12(new Uint8Array((16 << 20) + 1), 'x'))).code).toBe('bad_key')
  })
  withOpenssl('a changed byte anywhere gives TlsError or a result', async () => {
    directory.write('leaf.pem', leaf.certificatePem)
    directory.write('key.pem', leaf.privateKeyPem)
    const file = directory.bytes(
      'pkcs12',
      '-export',
      '-inkey',
      'key.pem',
      '-in',
      'leaf.pem',
      '-nomac',
      '-passout',
      'pass:x',
      '-iter',
      '1',
    )
    for (let at = 0; at < file.length; at++) {
      for (const bits of [0x55, 0x80, 0xff]) {
        try {
          await readPkcs12(file.with(at, (file[at] ?? 0) ^ bits), 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(TlsError)
        }
      }
    }
  })
  test('a key beside certificates of others is named, and never has an empty chain', async () => {
    const bag = (oid: string, value: Uint8Array): Uint8Array =>
      derSequence(derOid(oid), derElement(constructedTag(0), value))
    const certBag = bag(
      '1.2.840.113549.1.12.10.1.3',
      derSequence(derOid('1.2.840.113549.1.9.22.1'), derElement(constructedTag(0), derOctets(root.certificate))),
    )
    const keyBag = bag('1.2.840.113549.1.12.10.1.1', leaf.privateKey)
    expect((await rejected(readPkcs12(pfx([certBag, keyBag]), 'x'))).code).toBe('key_mismatch')
    expect((await readPkcs12(pfx([keyBag]), 'x')).chainPem).toBe('')
  })
})
