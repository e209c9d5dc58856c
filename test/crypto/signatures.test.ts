// Signers and verifiers across providers, RSA limits, and what a key may not be used for.

import { constants, createPrivateKey, generateKeyPairSync, generatePrimeSync, privateEncrypt } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { toDer, toFixedLength } from '../../src/crypto/ecdsa-der.ts'
import { parsePrivateKey, parsePublicKey, samePublicKey } from '../../src/crypto/keys.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { PrivateKey, PublicKey, SignatureAlgorithm, Signer } from '../../src/crypto/provider.ts'
import { algorithmsFor } from '../../src/crypto/signatures.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts'
import { derBits, derInteger, derNull, derOid, derSequence } from '../../src/wire/der.ts'
import { freshKey, keyTypes, providers, pss384Pkcs8, refusal, rsaPkcs8, utf8, verifierOf } from './subjects.ts'

const message = utf8('64 spaces, a context string, a zero byte, a transcript hash')

const publicKeyOf = async (key: PrivateKey): Promise<PublicKey> => {
  const { publicKey } = await nodeProvider.signer(key)
  if (!publicKey) throw new TypeError('no public key')
  return publicKey
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

const toNumber = (bytes: Uint8Array = new Uint8Array(0)): bigint => BigInt(`0x${toHex(bytes) || '0'}`)
const toBytes = (value: bigint, length: number): Uint8Array => fromHex(value.toString(16).padStart(2 * length, '0'))

const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus
    if (bit === '1') result = (result * base) % modulus
  }
  return result
}

/** Of coprime numbers, by Euclid. */
const inverse = (value: bigint, modulus: bigint): bigint => {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n]
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y]
  if (a !== 1n) throw new RangeError('not coprime')
  return ((x % modulus) + modulus) % modulus
}

/** EMSA-PKCS1-v1_5 of the message with SHA-256. */
const padded = (length: number): Uint8Array => {
  const digest = nodeProvider.hashes.sha256?.digest(message) ?? new Uint8Array(0)
  const info = concat(fromHex('3031300d060960864801650304020105000420'), digest)
  return concat(Uint8Array.of(0, 1), new Uint8Array(length - info.length - 3).fill(0xff), Uint8Array.of(0), info)
}

const counts: Readonly<Record<string, number>> = {
  rsa: 7,
  'rsa-pss': 3,
  p256: 4,
  p384: 4,
  p521: 4,
  ed25519: 1,
  ed448: 1,
  mldsa44: 1,
  mldsa65: 1,
  mldsa87: 1,
}

describe.each(keyTypes)('a key of type %s', (type) => {
  const key = freshKey(type)
  const stranger = freshKey(type)

  it.each(providers)('$name signs, every provider verifies', async (provider) => {
    const signer = await provider.signer(key)
    const publicKey = await publicKeyOf(key)
    expect(signer.publicKey && samePublicKey(signer.publicKey, publicKey)).toBe(true)
    expect(signer.algorithms).toHaveLength(counts[type] ?? 0)
    for (const algorithm of signer.algorithms) {
      const signature = await signer.sign(algorithm, message)
      for (const other of providers) {
        const verifier = verifierOf(other, algorithm)
        const verdict = (signed: Uint8Array, bytes: Uint8Array, by = publicKey) => verifier.verify(by, signed, bytes)
        expect(await verdict(message, signature), `${algorithm} by ${other.name}`).toBe(true)
        expect(await verdict(flipped(message, 3), signature)).toBe(false)
        expect(await verdict(message, flipped(signature, signature.length - 1))).toBe(false)
        expect(await verdict(message, concat(signature, Uint8Array.of(0)))).toBe(false)
        expect(await verdict(message, signature.subarray(1))).toBe(false)
        expect(await verdict(message, new Uint8Array(0))).toBe(false)
        expect(await verdict(message, signature, await publicKeyOf(stranger))).toBe(false)
      }
    }
  })

  it.each(providers)('$name refuses to sign with what the key is not for', async (provider) => {
    const signer = await provider.signer(key)
    const foreign: SignatureAlgorithm = type === 'ed25519' ? 'ed448' : 'ed25519'
    const { code } = await refusal(() => signer.sign(foreign, message))
    expect(code).toBe('unsupported')
  })

  it.each(providers)('$name verifies nothing with an algorithm of other keys', async (provider) => {
    const publicKey = await publicKeyOf(key)
    const foreign = provider.verifiers.filter(({ keyTypes: types }) => !types.includes(type))
    expect(foreign.length).toBeGreaterThan(8)
    for (const verifier of foreign) expect(await verifier.verify(publicKey, message, new Uint8Array(64))).toBe(false)
  })
})

describe('what a key prefers', () => {
  it.each([
    ['p256', 'ecdsa_sha256'],
    ['p384', 'ecdsa_sha384'],
    ['p521', 'ecdsa_sha512'],
    ['rsa', 'rsa_pss_sha256'],
    ['rsa-pss', 'rsa_pss_sha256'],
  ] as const)('RFC 9846 section 4.3.3: %s signs with %s first', async (type, first) => {
    const key = freshKey(type)
    for (const provider of providers) expect((await provider.signer(key)).algorithms[0]).toBe(first)
  })

  it('RFC 8017 section 9.1.1: PSS needs room for the digest, the salt and two bytes', async () => {
    const key = parsePrivateKey(rsaPkcs8(1024))
    for (const provider of providers) {
      const { algorithms } = await provider.signer(key)
      expect(algorithms).toContain('rsa_pss_sha384')
      expect(algorithms).not.toContain('rsa_pss_sha512')
    }
  })

  it('RFC 9155: no verifier and no signer does MD5', async () => {
    const names = providers.flatMap(({ verifiers }) => verifiers.map(({ algorithm }) => algorithm))
    expect(names.filter((name) => name.includes('md5'))).toEqual([])
    expect(names).toHaveLength(16 * providers.length)
  })
})

describe('RFC 4055 section 1.2: a key that is tied to PSS with SHA-384', () => {
  const key = parsePrivateKey(pss384Pkcs8())

  it.each(providers)('$name signs with nothing else', async (provider) => {
    const signer = await provider.signer(key)
    expect(signer.algorithms).toEqual(['rsa_pss_sha384'])
    expect(signer.publicKey?.pss).toEqual({ hash: 'sha384', saltLength: 48 })
    expect((await refusal(() => signer.sign('rsa_pss_sha256', message))).code).toBe('unsupported')
    expect(await signer.sign('rsa_pss_sha384', message)).toHaveLength(256)
  })

  it.each(providers)('$name verifies nothing else, even what the same numbers signed', async (provider) => {
    const publicKey = await publicKeyOf(key)
    const { pss: _, ...unrestricted } = publicKey
    // The restriction is in the key's algorithm only: as rsaEncryption the same numbers sign anything.
    const plainKey: PublicKey = parsePublicKey(
      derSequence(derSequence(derOid('1.2.840.113549.1.1.1'), derNull()), derBits(unrestricted.raw)),
    )
    const plainPrivate = createPrivateKey({ key: Buffer.from(key.raw), format: 'der', type: 'pkcs1' })
    const signer = await nodeProvider.signer(
      parsePrivateKey(new Uint8Array(plainPrivate.export({ format: 'der', type: 'pkcs8' }))),
    )
    const signature = await signer.sign('rsa_pss_sha256', message)
    const verifier = verifierOf(provider, 'rsa_pss_sha256')
    expect(await verifier.verify(plainKey, message, signature)).toBe(true)
    expect(await verifier.verify(publicKey, message, signature)).toBe(false)
  })
})

describe('RFC 4055 section 3.3: the least salt length of an RSASSA-PSS key', () => {
  it.each(providers)('$name', async (provider) => {
    const signer = await nodeProvider.signer(freshKey('rsa-pss'))
    const signature = await signer.sign('rsa_pss_sha256', message)
    if (!signer.publicKey) throw new TypeError('no public key')
    for (const [saltLength, expected] of [
      [20, true],
      [32, true],
      [33, false],
    ] as const) {
      const restricted: PublicKey = { ...signer.publicKey, pss: { hash: 'sha256', saltLength } }
      expect(await verifierOf(provider, 'rsa_pss_sha256').verify(restricted, message, signature)).toBe(expected)
    }
  })
})

describe('RSA public keys and signatures that are refused', () => {
  const spki = (modulus: bigint, exponent: bigint): PublicKey => {
    const number = (value: bigint) => {
      const hex = value.toString(16)
      return derInteger(fromHex(hex.padStart(hex.length + (hex.length % 2), '0')))
    }
    const algorithm = derSequence(derOid('1.2.840.113549.1.1.1'), derNull())
    return parsePublicKey(derSequence(algorithm, derBits(derSequence(number(modulus), number(exponent)))))
  }
  let key: PublicKey
  let signer: Signer
  let modulus: bigint
  beforeAll(async () => {
    signer = await nodeProvider.signer(parsePrivateKey(rsaPkcs8(2048)))
    if (!signer.publicKey?.rsa) throw new TypeError('no RSA key')
    key = signer.publicKey
    modulus = toNumber(signer.publicKey.rsa.modulus)
  })

  it('RFC 8017 section 5.2.2: a signature that is not below the modulus', async () => {
    // The same residue in as many bytes: only where signature plus modulus stays below the next power of two.
    const own = await nodeProvider.signer(parsePrivateKey(rsaPkcs8(1024)))
    const publicKey = own.publicKey ?? key
    const n = toNumber(publicKey.rsa?.modulus)
    let signed = message
    let signature = await own.sign('rsa_pkcs1_sha256', signed)
    for (let i = 0; toNumber(signature) + n >= 1n << 1024n; i++) {
      signed = concat(message, Uint8Array.of(i >> 8, i))
      signature = await own.sign('rsa_pkcs1_sha256', signed)
    }
    for (const provider of providers) {
      const verifier = verifierOf(provider, 'rsa_pkcs1_sha256')
      expect(await verifier.verify(publicKey, signed, signature)).toBe(true)
      expect(await verifier.verify(publicKey, signed, toBytes(toNumber(signature) + n, 128)), provider.name).toBe(false)
    }
  })

  it.each(providers)('RFC 8017 section 3.1: exponents 1 and 2, and an even modulus ($name)', async (provider) => {
    const verifier = verifierOf(provider, 'rsa_pkcs1_sha256')
    // With exponent 1 the padded digest is its own signature.
    expect(await verifier.verify(spki(modulus, 1n), message, padded(256))).toBe(false)
    expect(await verifier.verify(spki(modulus, 2n), message, padded(256))).toBe(false)
    expect(await verifier.verify(spki(modulus - 1n, 65537n), message, padded(256))).toBe(false)
  })

  /** A right signature of the message under the key of two primes, checked to be one. */
  const signedWith = (p: bigint, q: bigint, exponent: bigint) => {
    const length = Math.ceil((p * q).toString(2).length / 8)
    const encoded = toNumber(padded(length))
    const [fromP, fromQ] = [p, q].map((prime) => power(encoded % prime, inverse(exponent, prime - 1n), prime))
    const signature = (fromQ ?? 0n) + q * ((((((fromP ?? 0n) - (fromQ ?? 0n)) * inverse(q % p, p)) % p) + p) % p)
    expect(power(signature, exponent, p * q)).toBe(encoded)
    return { publicKey: spki(p * q, exponent), signature: toBytes(signature, length) }
  }
  const mersenne = (bits: number): bigint => (1n << BigInt(bits)) - 1n

  it('a modulus over 16384 bits or an exponent over 32 costs noble no work', async () => {
    const verifier = verifierOf(nobleProvider, 'rsa_pkcs1_sha256')
    const cases = [
      [signedWith(mersenne(521), mersenne(607), 65537n), true],
      [signedWith(mersenne(521), mersenne(607), (1n << 33n) + 17n), false],
      [signedWith(mersenne(9689), mersenne(9941), 65537n), false],
    ] as const
    for (const [{ publicKey, signature }, expected] of cases) {
      expect(await verifier.verify(publicKey, message, signature), `${publicKey.bits} bits`).toBe(expected)
    }
  })

  it.each(providers)('RFC 8017 section 9.2: fewer than eight bytes of padding ($name)', async (provider) => {
    // 60 bytes leave room for six, and 62 for eight.
    for (const length of [60, 61, 62]) {
      const prime = (): bigint => generatePrimeSync(4 * length, { bigint: true })
      const { publicKey, signature } = signedWith(prime(), prime(), 65537n)
      expect(signature).toHaveLength(length)
      const verdict = await verifierOf(provider, 'rsa_pkcs1_sha256').verify(publicKey, message, signature)
      expect(verdict, `${length} bytes`).toBe(length === 62)
    }
  })

  it('RFC 8017 section 8.1.2: PSS with a modulus of 1025 bits: its first byte is not encoded', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1025 })
    const own = await nodeProvider.signer(
      parsePrivateKey(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))),
    )
    const publicKey = own.publicKey ?? key
    const n = toNumber(publicKey.rsa?.modulus)
    const encodedOf = (bytes: Uint8Array) => power(toNumber(bytes), 65537n, n)
    let signature = await own.sign('rsa_pss_sha256', message)
    for (let i = 0; i < 1000 && encodedOf(signature) + (1n << 1024n) >= n; i++)
      signature = await own.sign('rsa_pss_sha256', message)
    const larger = toBytes(encodedOf(signature) + (1n << 1024n), 129)
    const forged = new Uint8Array(privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, larger))
    for (const provider of providers) {
      const verifier = verifierOf(provider, 'rsa_pss_sha256')
      expect(await verifier.verify(publicKey, message, signature)).toBe(true)
      expect(await verifier.verify(publicKey, message, forged), provider.name).toBe(false)
    }
  })

  it.each(providers)(
    'RFC 8017 section 8.2.2: a digest after shortened padding, with bytes behind it ($name)',
    async (provider) => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })
      const own = await nodeProvider.signer(
        parsePrivateKey(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))),
      )
      const publicKey = own.publicKey ?? key
      const digest = nodeProvider.hashes.sha256?.digest(message) ?? new Uint8Array(0)
      const info = concat(fromHex('3031300d060960864801650304020105000420'), digest)
      const encode = (ones: number, rest: number) =>
        concat(Uint8Array.of(0, 1), new Uint8Array(ones).fill(0xff), Uint8Array.of(0), info, new Uint8Array(rest))
      const raw = (encoded: Uint8Array) =>
        new Uint8Array(privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded))
      const verifier = verifierOf(provider, 'rsa_pkcs1_sha256')
      expect(await verifier.verify(publicKey, message, raw(encode(202, 0)))).toBe(true)
      expect(await verifier.verify(publicKey, message, raw(encode(8, 194)))).toBe(false)
      expect(await verifier.verify(publicKey, message, raw(encode(201, 1)))).toBe(false)
    },
  )
})

describe('ECDSA-Sig-Value (RFC 3279 section 2.2.3) between DER and fixed length', () => {
  it('goes there and back', () => {
    const fixed = concat(new Uint8Array(31), Uint8Array.of(0x80), new Uint8Array(32).fill(0x7f))
    expect(toFixedLength(toDer(fixed), 32)).toEqual(fixed)
    expect(toDer(fixed).subarray(0, 6)).toEqual(fromHex('302602020080'))
  })

  it.each([
    ['a long-form length', '30810602010102010a'],
    ['a leading zero', '30070202000102010a'],
    ['a negative number', '300602018102010a'],
    ['a byte behind it', '300602010102010a00'],
    ['a third number', '300902010102010a020103'],
    ['one number', '3003020101'],
    ['an empty number', '3005020002010a'],
    ['an indefinite length', '308002010102010a0000'],
    ['a number that is too long', `3008020300ffff02010a`],
    ['nothing', ''],
  ])('X.690 section 10.1: refuses %s', (_, hex) => {
    expect(toFixedLength(fromHex('300602010102010a'), 1)).toEqual(Uint8Array.of(1, 10))
    expect(toFixedLength(fromHex(hex), 1)).toBeUndefined()
  })
})

describe('FIPS 186-5 section 6.4.2: r and s outside of 1 to n-1', () => {
  const order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  it.each(providers)('$name', async (provider) => {
    const publicKey = await publicKeyOf(freshKey('p256'))
    const values = [Uint8Array.of(0), order, Uint8Array.of(1)]
    for (const r of values) {
      for (const s of values) {
        const signature = derSequence(derInteger(r), derInteger(s))
        expect(await verifierOf(provider, 'ecdsa_sha256').verify(publicKey, message, signature)).toBe(false)
      }
    }
  })
})

describe('a point that is not on its curve', () => {
  it.each(providers)('$name: verifies nothing, and does not throw', async (provider) => {
    const { raw, spki } = await publicKeyOf(freshKey('p256'))
    const broken = flipped(spki, spki.length - 1)
    expect(raw).toHaveLength(65)
    const signature = derSequence(derInteger(1), derInteger(1))
    expect(await verifierOf(provider, 'ecdsa_sha256').verify(parsePublicKey(broken), message, signature)).toBe(false)
  })
})

describe('RSA private keys where they cannot be used', () => {
  it('noble without WebCrypto says which provider can', async () => {
    const key = freshKey('rsa')
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    try {
      const { code, message: text } = await refusal(() => nobleProvider.signer(key))
      expect(code).toBe('unsupported')
      expect(text).toContain('node provider')
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('webcrypto without crypto.subtle does what noble does', async () => {
    const key = freshKey('p256')
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    try {
      const signer = await webcryptoProvider.signer(key)
      const signature = signer.sign('ecdsa_sha256', message)
      expect(signature).toBeInstanceOf(Uint8Array)
      const verdict = verifierOf(webcryptoProvider, 'ecdsa_sha256').verify(
        await publicKeyOf(key),
        message,
        await signature,
      )
      expect(verdict).toBe(true)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('rsaDecryptRaw', () => {
  it('is the raw private-key operation, and there only for rsaEncryption keys', async () => {
    const signer = await nodeProvider.signer(freshKey('rsa'))
    const other = await nodeProvider.signer(freshKey('rsa-pss'))
    const ciphertext = toBytes(power(0x1234n, 65537n, toNumber(signer.publicKey?.rsa?.modulus)), 256)
    const decrypted = await signer.rsaDecryptRaw?.(ciphertext)
    expect(decrypted).toEqual(concat(new Uint8Array(254), Uint8Array.of(0x12, 0x34)))
    expect(other.rsaDecryptRaw).toBeUndefined()
    const tooLarge = new Uint8Array(256).fill(0xff)
    expect((await refusal(() => signer.rsaDecryptRaw?.(tooLarge))).code).toBe('illegal_parameter')
    expect((await refusal(() => signer.rsaDecryptRaw?.(new Uint8Array(257)))).code).toBe('illegal_parameter')
  })
})

describe('RFC 8017 sections 8.1.2 and 8.2.2: the length of a signature', () => {
  it.each(['rsa_pss_sha256', 'rsa_pkcs1_sha256'] as const)(
    '%s: no leading zero may be left out or put in',
    async (algorithm) => {
      const signer = await nodeProvider.signer(parsePrivateKey(rsaPkcs8(1024)))
      const { publicKey } = signer
      if (!publicKey) throw new TypeError('no public key')
      let signature = new Uint8Array(0)
      let signed = message
      for (let i = 0; signature[0] !== 0; i++) {
        signed = concat(message, Uint8Array.of(i >> 8, i))
        signature = new Uint8Array(await signer.sign(algorithm, signed))
      }
      for (const provider of providers) {
        const verifier = verifierOf(provider, algorithm)
        expect(await verifier.verify(publicKey, signed, signature)).toBe(true)
        expect(await verifier.verify(publicKey, signed, signature.subarray(1)), provider.name).toBe(false)
        expect(await verifier.verify(publicKey, signed, concat(Uint8Array.of(0), signature)), provider.name).toBe(false)
      }
    },
  )
})

describe('RFC 8017 section 9.1.1: EMSA-PSS has room for the hash, a salt as long, and two bytes', () => {
  it.each([
    // bits, hash: emLen is ceil((bits - 1) / 8)
    [1034, 1033, 'rsa_pss_sha512'],
    [778, 777, 'rsa_pss_sha384'],
    [522, 521, 'rsa_pss_sha256'],
  ] as const)('%i bits have it, %i bits do not, for %s', (enough, tooFew, algorithm) => {
    expect(algorithmsFor({ type: 'rsa', bits: enough })).toContain(algorithm)
    expect(algorithmsFor({ type: 'rsa', bits: tooFew })).not.toContain(algorithm)
  })
})
