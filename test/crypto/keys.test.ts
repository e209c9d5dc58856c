// Keys from SubjectPublicKeyInfo, PKCS#8, SEC1, PKCS#1 and PEM, and what is refused with which words.

import { createECDH, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyAlgorithm } from '../../src/crypto/key-algorithm.ts'
import {
  parsePrivateKey,
  parsePublicKey,
  publicKeyFromRaw,
  rsaPublicKeyOf,
  samePublicKey,
} from '../../src/crypto/keys.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { KeyType, PublicKey } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import { concat, fromHex } from '../../src/wire/bytes.ts'
import {
  constructedTag,
  contextTag,
  derBits,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  tags,
} from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { freshKey, freshPkcs8, keyTypes, pss384Pkcs8, refusal, rsaPkcs8 } from './subjects.ts'

const EC = '1.2.840.10045.2.1'
const P256 = '1.2.840.10045.3.1.7'
const RSA = '1.2.840.113549.1.1.1'
const PSS = '1.2.840.113549.1.1.10'
const SHA256 = '2.16.840.1.101.3.4.2.1'
const SHA384 = '2.16.840.1.101.3.4.2.2'

const publicKeyOf = async (type: KeyType): Promise<PublicKey> => {
  const { publicKey } = await nodeProvider.signer(freshKey(type))
  if (!publicKey) throw new TypeError('no public key')
  return publicKey
}

const bits: Readonly<Record<KeyType, number>> = {
  rsa: 2048,
  'rsa-pss': 2048,
  p256: 256,
  p384: 384,
  p521: 521,
  ed25519: 256,
  ed448: 456,
  mldsa44: 10496,
  mldsa65: 15616,
  mldsa87: 20736,
}

describe('parsePublicKey', () => {
  it.each(keyTypes)('reads %s', async (type) => {
    const key = await publicKeyOf(type)
    expect(key).toMatchObject({ type, bits: bits[type] })
    expect(parsePublicKey(key.spki)).toEqual(key)
    if (!key.rsa) expect(publicKeyFromRaw(type, key.raw)).toEqual(key)
  })

  it('counts the bits of a modulus, and drops its leading zero', () => {
    const rsa = derSequence(derInteger(fromHex('ff01')), derInteger(3))
    const key = parsePublicKey(derSequence(keyAlgorithm('rsa'), derBits(rsa)))
    expect([key.bits, key.rsa]).toEqual([16, { modulus: fromHex('ff01'), exponent: Uint8Array.of(3) }])
    const odd = derSequence(derInteger(fromHex('017fff')), derInteger(3))
    expect(parsePublicKey(derSequence(keyAlgorithm('rsa'), derBits(odd))).bits).toBe(17)
  })

  const point = p256.getPublicKey(p256.utils.randomSecretKey(), false)
  const rsaKey = derSequence(derInteger(fromHex('c001')), derInteger(3))
  const spki = (algorithm: Uint8Array, key: Uint8Array = derBits(point)) => derSequence(algorithm, key)
  const ecParameters = (parameters: Uint8Array) => derSequence(derOid(EC), parameters)

  it.each([
    ['RFC 5280 section 4.1.2.7: nothing', new Uint8Array(0)],
    ['RFC 5280 section 4.1.2.7: bytes behind it', concat(spki(keyAlgorithm('p256')), Uint8Array.of(0))],
    ['RFC 5280 section 4.1.2.7: a third field', derSequence(keyAlgorithm('p256'), derBits(point), derNull())],
    ['RFC 5280 section 4.1.2.7: unused bits', spki(keyAlgorithm('p256'), derBits(point, 1))],
    ['RFC 3279 section 2.3.1: rsaEncryption without NULL', spki(derSequence(derOid(RSA)), derBits(rsaKey))],
    [
      'RFC 3279 section 2.3.1: more than two numbers',
      spki(keyAlgorithm('rsa'), derBits(derSequence(derInteger(3), derInteger(3), derInteger(3)))),
    ],
    [
      'RFC 8017 appendix A.1.1: a negative modulus',
      spki(keyAlgorithm('rsa'), derBits(derSequence(derElement(2, Uint8Array.of(0x81)), derInteger(3)))),
    ],
    [
      'RFC 8017 appendix A.1.1: a modulus of zero',
      spki(keyAlgorithm('rsa'), derBits(derSequence(derInteger(0), derInteger(3)))),
    ],
    ['RFC 5480 section 2.1.1: implicitCurve', spki(ecParameters(derNull()))],
    ['RFC 5480 section 2.1.1: specifiedCurve', spki(ecParameters(derSequence(derInteger(1))))],
    ['RFC 5480 section 2.1.1: no curve', spki(derSequence(derOid(EC)))],
    ['RFC 5480 section 2.2: a point that is too short', spki(keyAlgorithm('p256'), derBits(point.subarray(0, 64)))],
    ['RFC 5480 section 2.2: a point of another curve', spki(keyAlgorithm('p384'))],
    ['RFC 5480 section 2.2: the point at infinity', spki(keyAlgorithm('p256'), derBits(Uint8Array.of(0)))],
    [
      'RFC 5480 section 2.2: a hybrid point',
      spki(keyAlgorithm('p256'), derBits(concat(Uint8Array.of(6), point.subarray(1)))),
    ],
    [
      'RFC 8410 section 3: parameters',
      spki(derSequence(derOid('1.3.101.112'), derNull()), derBits(new Uint8Array(32))),
    ],
    ['RFC 8410 section 4: 33 bytes', spki(keyAlgorithm('ed25519'), derBits(new Uint8Array(33)))],
    [
      'RFC 9881 section 4: parameters',
      spki(derSequence(derOid('2.16.840.1.101.3.4.3.17'), derNull()), derBits(new Uint8Array(1312))),
    ],
    [
      'RFC 9881 section 4: a key of another parameter set',
      spki(keyAlgorithm('mldsa65'), derBits(new Uint8Array(1312))),
    ],
  ])('refuses as malformed: %s', async (_, bytes) => {
    expect((await refusal(() => parsePublicKey(bytes))).code).toBe('bad_certificate')
  })

  it.each([
    ['DSA', spki(derSequence(derOid('1.2.840.10040.4.1')))],
    ['X25519, which does not sign', spki(derSequence(derOid('1.3.101.110')), derBits(new Uint8Array(32)))],
    ['secp256k1', spki(ecParameters(derOid('1.3.132.0.10')))],
    ['a compressed point', spki(keyAlgorithm('p256'), derBits(concat(Uint8Array.of(2), point.subarray(1, 33))))],
  ])('refuses as unsupported: %s', async (_, bytes) => {
    expect((await refusal(() => parsePublicKey(bytes))).code).toBe('unsupported_certificate')
  })

  it('any change of a byte: another key, or a TlsError', async () => {
    const keys = await Promise.all(keyTypes.filter((type) => !type.startsWith('mldsa')).map(publicKeyOf))
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.nat(), fc.integer({ min: 1, max: 255 }), (key, at, change) => {
        const bytes = key.spki.slice()
        const index = at % bytes.length
        bytes[index] = (bytes[index] ?? 0) ^ change
        try {
          expect(samePublicKey(parsePublicKey(bytes), key)).toBe(false)
        } catch (error) {
          if (!(error instanceof TlsError)) throw error
          expect(['bad_certificate', 'unsupported_certificate']).toContain(error.code)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('RSASSA-PSS-params of a key (RFC 4055 section 3.1)', () => {
  const rsaKey = derBits(derSequence(derInteger(fromHex('c001')), derInteger(3)))
  const pss = (...fields: readonly Uint8Array[]) =>
    derSequence(derSequence(derOid(PSS), derSequence(...fields)), rsaKey)
  const hash = (oid: string, ...parameters: readonly Uint8Array[]) =>
    derElement(constructedTag(0), derSequence(derOid(oid), ...parameters))
  const mask = (oid: string, generator = '1.2.840.113549.1.1.8') =>
    derElement(constructedTag(1), derSequence(derOid(generator), derSequence(derOid(oid), derNull())))
  const salt = (length: number) => derElement(constructedTag(2), derInteger(length))
  const trailer = (value: number) => derElement(constructedTag(3), derInteger(value))

  it('says hash and least salt length; NULL and absent parameters of a hash mean the same', () => {
    for (const parameters of [[], [derNull()]]) {
      expect(parsePublicKey(pss(hash(SHA256, ...parameters), mask(SHA256), salt(32))).pss).toEqual({
        hash: 'sha256',
        saltLength: 32,
      })
    }
    expect(parsePublicKey(pss()).pss).toEqual({ hash: 'sha1', saltLength: 20 })
    expect(parsePublicKey(derSequence(derSequence(derOid(PSS)), rsaKey)).pss).toBeUndefined()
  })

  it.each([
    ['fields in another order', pss(mask(SHA256), hash(SHA256)), 'bad_certificate'],
    ['a trailer other than 1', pss(hash(SHA256), mask(SHA256), trailer(2)), 'bad_certificate'],
    [
      'a negative salt length',
      pss(hash(SHA256), mask(SHA256), derElement(constructedTag(2), derElement(2, Uint8Array.of(0xff)))),
      'bad_certificate',
    ],
    ['NULL in place of parameters', derSequence(derSequence(derOid(PSS), derNull()), rsaKey), 'bad_certificate'],
    ['another hash for the mask', pss(hash(SHA256), mask(SHA384)), 'unsupported_certificate'],
    ['the default mask hash, SHA-1, with SHA-256', pss(hash(SHA256)), 'unsupported_certificate'],
    ['another mask generation', pss(hash(SHA256), mask(SHA256, '1.2.840.113549.1.1.9')), 'unsupported_certificate'],
    ['an unknown hash', pss(hash('2.16.840.1.101.3.4.2.8'), mask(SHA256)), 'unsupported_certificate'],
  ])('refuses %s', async (_, bytes, code) => {
    expect((await refusal(() => parsePublicKey(bytes))).code).toBe(code)
  })
})

describe('samePublicKey', () => {
  it('tells keys apart, and knows an rsa-pss key by its numbers', async () => {
    const [a, b] = [await publicKeyOf('p256'), await publicKeyOf('p256')]
    expect([samePublicKey(a, parsePublicKey(a.spki.slice())), samePublicKey(a, b)]).toEqual([true, false])
    const key = freshKey('rsa')
    const rsa = rsaPublicKeyOf(key)
    const pss = parsePublicKey(derSequence(derSequence(derOid(PSS)), derBits(rsa.raw)))
    expect(samePublicKey(rsa, pss)).toBe(true)
    expect(samePublicKey(rsa, await publicKeyOf('rsa'))).toBe(false)
    expect(samePublicKey(rsa, a)).toBe(false)
    const raw = new Uint8Array(32)
    expect(
      samePublicKey(publicKeyFromRaw('ed25519', raw), { ...publicKeyFromRaw('ed25519', raw), type: 'ed448' }),
    ).toBe(false)
  })
})

describe('parsePrivateKey', () => {
  it.each(keyTypes)('reads %s from PKCS#8, in DER and in PEM', (type) => {
    const pkcs8 = freshPkcs8(type)
    const key = parsePrivateKey(pkcs8)
    expect(key.type).toBe(type)
    const pem = encodePem('PRIVATE KEY', pkcs8)
    expect(parsePrivateKey(pem)).toEqual(key)
    expect(parsePrivateKey(new TextEncoder().encode(pem))).toEqual(key)
    const { claimedPublic: _, ...bare } = key
    expect(parsePrivateKey(key.pkcs8)).toEqual(bare)
  })

  it('reads SEC1 with its curve and PKCS#1, each as the PKCS#8 of the same key', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
    const sec1 = new Uint8Array(ec.export({ format: 'der', type: 'sec1' }))
    const fromSec1 = parsePrivateKey(sec1)
    expect(fromSec1).toEqual(parsePrivateKey(new Uint8Array(ec.export({ format: 'der', type: 'pkcs8' }))))
    expect(parsePrivateKey(encodePem('EC PRIVATE KEY', sec1))).toEqual(fromSec1)
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    const pkcs1 = new Uint8Array(rsa.export({ format: 'der', type: 'pkcs1' }))
    const fromPkcs1 = parsePrivateKey(pkcs1)
    expect(fromPkcs1).toEqual(parsePrivateKey(new Uint8Array(rsa.export({ format: 'der', type: 'pkcs8' }))))
    expect(parsePrivateKey(encodePem('RSA PRIVATE KEY', pkcs1))).toEqual(fromPkcs1)
    expect(rsaPublicKeyOf(fromPkcs1).spki).toEqual(
      new Uint8Array(createPublicKey(rsa).export({ format: 'der', type: 'spki' })),
    )
  })

  it('keeps the restriction of an RSASSA-PSS key', () => {
    expect(rsaPublicKeyOf(parsePrivateKey(pss384Pkcs8())).pss?.hash).toBe('sha384')
  })

  it('takes the key out of a text with certificates and EC PARAMETERS', () => {
    const pkcs8 = freshPkcs8('p256')
    const text = [
      encodePem('CERTIFICATE', Uint8Array.of(0x30, 0)),
      encodePem('EC PARAMETERS', derOid(P256)),
      encodePem('PRIVATE KEY', pkcs8),
    ].join('')
    expect(parsePrivateKey(text)).toEqual(parsePrivateKey(pkcs8))
  })

  it('RFC 5958 section 2: version 2 with attributes and the public key becomes version 1 without', () => {
    const raw = new Uint8Array(32).fill(7)
    const fields = [keyAlgorithm('ed25519'), derOctets(derOctets(raw))]
    const attributes = derElement(constructedTag(0))
    const publicKey = derElement(contextTag(1), Uint8Array.of(0), new Uint8Array(32))
    const key = parsePrivateKey(derSequence(derInteger(1), ...fields, attributes, publicKey))
    const bare = parsePrivateKey(derSequence(derInteger(0), ...fields))
    expect(key).toEqual({ ...bare, claimedPublic: new Uint8Array(32) })
    expect(key.raw).toEqual(raw)
  })

  it('RFC 5915 section 3: a scalar without its leading zeros, as old OpenSSL wrote it, or with too many', () => {
    const scalar = concat(new Uint8Array(2), new Uint8Array(30).fill(9))
    const sec1 = (octets: Uint8Array) =>
      derSequence(derInteger(1), derOctets(octets), derElement(constructedTag(0), derOid(P256)))
    const variants = [scalar, scalar.subarray(2), concat(new Uint8Array(1), scalar)]
    for (const octets of variants) expect(parsePrivateKey(sec1(octets)).raw).toEqual(scalar)
    const ecdh = createECDH('prime256v1')
    ecdh.setPrivateKey(scalar)
    const { pkcs8 } = parsePrivateKey(sec1(scalar.subarray(2)))
    const loaded = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    expect(createPublicKey(loaded).export({ format: 'der', type: 'spki' }).subarray(-65)).toEqual(ecdh.getPublicKey())
  })

  it('RFC 9881 section 6: seed, expanded key, and both', () => {
    const seed = new Uint8Array(32).fill(1)
    const wrap = (inner: Uint8Array) => derSequence(derInteger(0), keyAlgorithm('mldsa44'), derOctets(inner))
    const expanded = new Uint8Array(2560).fill(2)
    expect(parsePrivateKey(wrap(derElement(contextTag(0), seed))).raw).toEqual(seed)
    expect(parsePrivateKey(wrap(derOctets(expanded))).raw).toEqual(expanded)
    expect(parsePrivateKey(wrap(derSequence(derOctets(seed), derOctets(expanded)))).raw).toEqual(seed)
    const more = wrap(derSequence(derOctets(seed), derOctets(expanded), derInteger(1)))
    expect(() => parsePrivateKey(more)).toThrow(/after its last field/)
    for (const wrong of [
      derSequence(derOctets(seed), derOctets(seed)),
      derSequence(derOctets(expanded), derOctets(seed)),
    ])
      expect(() => parsePrivateKey(wrap(wrong))).toThrow(/bytes where the key has/)
  })

  it.each([
    ['p256', p256],
    ['p384', p384],
    ['p521', p521],
  ] as const)('SEC 1 section 3.2.1: a scalar of %s is at least 1 and below the order', async (type, curve) => {
    const { ORDER, BYTES } = curve.Point.Fn
    const wrap = (scalar: bigint) =>
      derSequence(
        derInteger(0),
        keyAlgorithm(type),
        derOctets(derSequence(derInteger(1), derOctets(fromHex(scalar.toString(16).padStart(2 * BYTES, '0'))))),
      )
    for (const good of [1n, ORDER - 1n]) expect(parsePrivateKey(wrap(good)).type).toBe(type)
    for (const bad of [0n, ORDER, ORDER + 1n]) {
      const { code, message } = await refusal(() => parsePrivateKey(wrap(bad)))
      expect([code, message]).toEqual(['bad_key', expect.stringContaining('not between 1 and the order')])
    }
  })

  const certificate = derSequence(derSequence(derInteger(1)), keyAlgorithm('p256'), derBits(new Uint8Array(3)))
  const encrypted = derSequence(keyAlgorithm('p256'), derOctets(new Uint8Array(8)))
  const publicKey = derSequence(keyAlgorithm('ed25519'), derBits(new Uint8Array(32)))
  const sec1 = derSequence(derInteger(1), derOctets(new Uint8Array(32).fill(1)))
  const pkcs8 = (algorithm: Uint8Array, key: Uint8Array, version = 0) =>
    derSequence(derInteger(version), algorithm, derOctets(key))
  const twice = encodePem('PRIVATE KEY', freshPkcs8('p256')).repeat(2)
  const proc =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA ' +
    'PRIVATE KEY-----\n'

  it.each([
    ['a certificate', certificate, 'this is a certificate, not a private key'],
    ['a certificate in PEM', encodePem('CERTIFICATE', certificate), 'this is a certificate, not a private key'],
    ['a public key', publicKey, 'this is a public key, not a private key'],
    ['a public key in PEM', encodePem('PUBLIC KEY', publicKey), 'this is a public key, not a private key'],
    ['a list in PEM', encodePem('X509 CRL', certificate), 'this is "X509 CRL", not a private key'],
    ['an encrypted key', encrypted, 'needs its password'],
    ['an encrypted key in PEM', encodePem('ENCRYPTED PRIVATE KEY', encrypted), 'needs its password'],
    ['an old encrypted key in PEM', proc, 'needs its password'],
    ['two keys', twice, '2 private keys'],
    ['a key of OpenSSH', encodePem('OPENSSH PRIVATE KEY', Uint8Array.of(1)), 'convert it to PKCS#8'],
    ['a text that is no PEM', 'secret', 'no PEM block'],
    ['nothing', '', 'empty'],
    ['no bytes', new Uint8Array(0), 'empty'],
    ['other DER', derSequence(derNull()), 'no private key in PKCS#8'],
    ['bytes behind the key', concat(sec1, Uint8Array.of(0)), 'malformed private key'],
    ['SEC1 without a curve', sec1, 'does not name its curve'],
    [
      'two curves',
      pkcs8(
        keyAlgorithm('p384'),
        derSequence(derInteger(1), derOctets(new Uint8Array(32).fill(1)), derElement(constructedTag(0), derOid(P256))),
      ),
      'two different curves',
    ],
    [
      'a curve we do not have',
      pkcs8(derSequence(derOid(EC), derOid('1.3.132.0.10')), sec1),
      'not supported (1.3.132.0.10)',
    ],
    [
      'an algorithm we do not have',
      pkcs8(derSequence(derOid('1.3.101.110')), derOctets(new Uint8Array(32))),
      'not supported (1.3.101.110)',
    ],
    ['an unknown version', pkcs8(keyAlgorithm('ed25519'), derOctets(new Uint8Array(32)), 2), 'version 2 is not known'],
    ['a short Ed25519 key', pkcs8(keyAlgorithm('ed25519'), derOctets(new Uint8Array(31))), 'ed25519 has 32 bytes'],
    [
      'an Ed25519 key that is not wrapped twice',
      pkcs8(keyAlgorithm('ed25519'), new Uint8Array(32)),
      'malformed private key',
    ],
    [
      'a scalar that is too long',
      pkcs8(keyAlgorithm('p256'), derSequence(derInteger(1), derOctets(new Uint8Array(33).fill(1)))),
      'a scalar of 33 bytes',
    ],
    [
      'RSA of three primes',
      pkcs8(keyAlgorithm('rsa'), derSequence(derInteger(1), derInteger(3))),
      'more than two primes',
    ],
    [
      'an ML-DSA seed of 31 bytes',
      pkcs8(keyAlgorithm('mldsa44'), derElement(contextTag(0), new Uint8Array(31))),
      '31 bytes where the key has 32',
    ],
    [
      'an expanded ML-DSA key of another set',
      pkcs8(keyAlgorithm('mldsa44'), derElement(tags.octetString, new Uint8Array(4032))),
      '4032 bytes where the key has 2560',
    ],
  ])('refuses %s, and says so', async (_, input, words) => {
    const { code, message } = await refusal(() => parsePrivateKey(input))
    expect(code).toBe('bad_key')
    expect(message).toContain(words)
  })

  describe('RFC 8017 section 3.2: the numbers of an RSA key belong together', () => {
    const jwk = createPrivateKey({ key: Buffer.from(rsaPkcs8(2048)), format: 'der', type: 'pkcs8' }).export({
      format: 'jwk',
    })
    const fields = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const
    const numbers = fields.map((field) => Uint8Array.from(Buffer.from(jwk[field] ?? '', 'base64url')))
    const keyOf = (...changed: readonly (readonly [(typeof fields)[number], Uint8Array])[]): Uint8Array => {
      const list = numbers.map((number, i) => changed.find(([field]) => field === fields[i])?.[1] ?? number)
      return pkcs8(keyAlgorithm('rsa'), derSequence(derInteger(0), ...list.map((number) => derInteger(number))))
    }
    const off = (field: (typeof fields)[number]): readonly [typeof field, Uint8Array] => {
      const number = Uint8Array.from(numbers[fields.indexOf(field)] ?? [])
      const last = number.length - 1
      number[last] = (number[last] ?? 0) ^ 2
      return [field, number]
    }
    const one = Uint8Array.of(1)

    it('as they are made', () => expect(parsePrivateKey(keyOf()).type).toBe('rsa'))
    it.each([
      ['n', 'not the product of its primes', [off('n')]],
      ['p', 'not the product of its primes', [off('p')]],
      [
        'a prime of 1',
        'not the product of its primes',
        [
          ['p', one],
          ['q', numbers[0] ?? one],
        ],
      ],
      ['e', 'private exponent', [off('e')]],
      ['d', 'private exponent', [off('d')]],
      ['dp', 'CRT exponents', [off('dp')]],
      ['dq', 'CRT exponents', [off('dq')]],
      [
        'dp and dq, exchanged',
        'CRT exponents',
        [
          ['dp', numbers[6] ?? one],
          ['dq', numbers[5] ?? one],
        ],
      ],
      ['qi', 'CRT coefficient', [off('qi')]],
      ['qi of zero', 'CRT coefficient', [['qi', new Uint8Array(1)]]],
    ] as const)('%s: refused', async (_, words, changes) => {
      const { code, message } = await refusal(() => parsePrivateKey(keyOf(...changes)))
      expect([code, message]).toEqual(['bad_key', expect.stringContaining(words)])
    })
  })

  it('any change of bytes: a key, or bad_key', () => {
    const keys = [freshPkcs8('p256'), freshPkcs8('ed25519'), rsaPkcs8(1024), freshPkcs8('mldsa44')]
    fc.assert(
      fc.property(
        fc.constantFrom(...keys),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(),
        (key, changes, cut) => {
          const bytes = cut % 3 === 0 ? key.slice(0, cut % key.length) : key.slice()
          for (const [at, value] of changes) bytes[at % 60] = value
          try {
            expect(keyTypes).toContain(parsePrivateKey(bytes).type)
          } catch (error) {
            if (!(error instanceof TlsError)) throw error
            expect(error.code).toBe('bad_key')
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})
