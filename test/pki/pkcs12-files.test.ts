// PKCS#12 files of programs that people have (vectors/pkcs12): new ones with AES, old ones with triple DES and RC2.

import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../src/crypto/maybe.ts'
import { TlsError } from '../../src/errors.ts'
import { decryptPrivateKey, readPkcs12 } from '../../src/pki/index.ts'
import type { Decipher, Pkcs12 } from '../../src/pki/index.ts'
import { DerivationBudget } from '../../src/pki/derivation.ts'
import { derivePkcs12, passwordForms } from '../../src/pki/pkcs12-kdf.ts'
import type { Pkcs12Derivation } from '../../src/pki/pkcs12-kdf.ts'
import { webPrimitives } from '../../src/pki/web-primitives.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { derInteger, derOctets, derOid, derSequence } from '../../src/wire/der.ts'
import { OpensslDirectory, withOpenssl } from './openssl.ts'
import { rejected } from '../fixtures/rejected.ts'

const sha1 = webPrimitives.hashes['SHA-1']

const derive = async (of: Pkcs12Derivation, purpose: 'key' | 'iv' | 'mac', length: number, budget: DerivationBudget) =>
  run(derivePkcs12(of, purpose, length, { budget, primitives: webPrimitives }))

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())

const file = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../vectors/pkcs12/${name}.p12`, import.meta.url)))
const passwordOf = (name: string): string => (name.startsWith('keytool') ? 'secret1' : 'secret')

const expectKeyAndCertificate = ({ chainPem, privateKeyPem }: Pkcs12): void => {
  const certificate = new X509Certificate(chainPem)
  expect(certificate.subject).toBe('CN=x')
  expect(certificate.checkPrivateKey(createPrivateKey(privateKeyPem ?? ''))).toBe(true)
}

describe('files that are read wherever there is node:crypto', () => {
  test.each(['openssl', 'openssl-3des', 'keytool', 'certtool', 'certtool-3des'])('%s', async (name) => {
    expectKeyAndCertificate(await readPkcs12(file(name), passwordOf(name)))
    expect((await rejected(readPkcs12(file(name), 'Secret'))).code).toBe('bad_key')
  })
})

describe('RFC 7292 appendix C: RC2 by the option `decipher`', () => {
  /** OpenSSL's legacy provider. */
  const decipher: Decipher = (cipher, key, iv, ciphertext) => {
    openssl.write('ciphertext', ciphertext)
    return openssl.bytes(
      'enc',
      '-d',
      `-${cipher}`,
      '-K',
      toHex(key),
      '-iv',
      toHex(iv),
      '-in',
      'ciphertext',
      '-provider',
      'legacy',
      '-provider',
      'default',
    )
  }

  withOpenssl.each(['openssl-legacy', 'keytool-legacy'])('%s', async (name) => {
    expectKeyAndCertificate(await readPkcs12(file(name), passwordOf(name), { decipher }))
  })

  test('keys are as long as their ciphers want them', async () => {
    const asked: [string, number, number][] = []
    const note: Decipher = (cipher, key, iv) => {
      asked.push([cipher, key.length, iv.length])
      throw new Error('not today')
    }
    for (const last of [3, 4, 5, 6]) {
      const algorithm = derSequence(
        derOid(`1.2.840.113549.1.12.1.${last}`),
        derSequence(derOctets(new Uint8Array(8)), derInteger(1)),
      )
      const error = await rejected(
        decryptPrivateKey(derSequence(algorithm, derOctets(new Uint8Array(8))), 'x', { decipher: note }),
      )
      expect(error).toMatchObject({ code: 'bad_key', cause: { message: 'not today' } })
    }
    expect(asked).toEqual([
      ['des-ede3-cbc', 24, 8],
      ['des-ede-cbc', 16, 8],
      ['rc2-cbc', 16, 8],
      ['rc2-40-cbc', 5, 8],
    ])
  })

  test('what the runtime does not have is refused with the ways out', async () => {
    const decipherOfNobody: Decipher = () => {
      throw new TlsError('unsupported', 'none here')
    }
    expect((await rejected(readPkcs12(file('openssl-3des'), 'secret', { decipher: decipherOfNobody }))).code).toBe(
      'unsupported',
    )
    const without = await withoutNode(() => rejected(readPkcs12(file('openssl-3des'), 'secret')))
    expect(without).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/triple DES.*option `decipher`.*openssl pkcs12 -legacy/),
    })
  })
})

/** As in a browser. */
const withoutNode = async <T>(run: () => Promise<T>): Promise<T> => {
  const original = process.getBuiltinModule
  Object.defineProperty(process, 'getBuiltinModule', { value: undefined, configurable: true, writable: true })
  try {
    return await run()
  } finally {
    process.getBuiltinModule = original
  }
}

describe('RFC 7292 appendix B: derivation of keys', () => {
  // Recorded from OpenSSL 3.0, `openssl kdf PKCS12KDF`.
  test.each([
    ['key', 'smeg', '0a58cf64530d823f', 1, '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3'],
    ['iv', 'smeg', '0a58cf64530d823f', 1, '79993dfe048d3b76'],
    [
      'key',
      'queeg',
      '05dec959acff72f7',
      1000,
      'ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d47329a83a9f945dc25f2fbbc826dee88317c5e75532292793' +
        '9f37f6b492dbf9228213785c3a62f4a2',
    ],
    ['mac', 'queeg', '0a1b2c3d4e5f60718293a4b5c6d7e8f9', 2048, 'd82931c546890553ccdf077c4a53041542468f2d'],
    [
      'key',
      'a much longer password, longer than a block of the hash is',
      '000102',
      3,
      '31c9a7198939d05b71edf13bc4b0cbc04a3bfdfe5ff009878805fb8087116825ce94d76fd3cb528b84c770d5967cf86c' +
        'd2a213b984e7aa6220a83fdc521968ea1df78aef5db7ae5d401db30e0dd7b213b3cfeed23286b23afc57a144855e0a5f' +
        '1b2a242af684660910c086575f1ee69e71852205f9979e72e7d5e1658ee411afaa69d5e9bf0c40cff8ebe5a359484a67' +
        '93b53bb9852a',
    ],
  ] as const)('%s', async (purpose, password, salt, iterations, expected) => {
    const [form = new Uint8Array()] = passwordForms(password)
    const wanted = fromHex(expected)
    const of = { hash: sha1, password: form, salt: fromHex(salt), iterations }
    expect(toHex(await derive(of, purpose, wanted.length, new DerivationBudget()))).toBe(expected)
  })

  test('an empty password has two forms, any other one, with two final zero bytes', () => {
    expect(passwordForms('').map(toHex)).toEqual(['0000', ''])
    expect(passwordForms('aß').map(toHex)).toEqual(['006100df0000'])
  })

  test('iterations that would be a hang are refused, also in parts', async () => {
    const of = { hash: sha1, password: new Uint8Array(), salt: new Uint8Array() }
    for (const iterations of [0, 650_001]) {
      const error = await rejected(derive({ ...of, iterations }, 'key', 1, new DerivationBudget()))
      expect(error).toMatchObject({ code: 'bad_key', message: expect.stringContaining('limits.pkcs12Iterations') })
    }
    const budget = new DerivationBudget({ pkcs12Iterations: 10 })
    for (let i = 0; i < 10; i++) await derive({ ...of, iterations: 10 }, 'key', 1, budget)
    expect((await rejected(derive({ ...of, iterations: 1 }, 'iv', 1, budget))).code).toBe('bad_key')
  })

  test('other work runs meanwhile', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await derive(
      { hash: sha1, password: new Uint8Array(), salt: new Uint8Array(), iterations: 50_000 },
      'key',
      1,
      new DerivationBudget(),
    )
    clearInterval(timer)
    expect(turns).toBeGreaterThan(2)
  })
})
