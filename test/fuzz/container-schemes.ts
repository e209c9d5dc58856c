// How containers.ts encrypts: PBES2 with PBKDF2 or scrypt, and the schemes of PKCS#12 (RFC 7292 appendix C) with its
// own derivation. RC2, which the runtime lacks, is stood in for by a cipher that only pads, given as `decipher`.

import { createCipheriv, createDecipheriv, pbkdf2Sync, scryptSync } from 'node:crypto'
import { run } from '../../src/crypto/maybe.ts'
import { DerivationBudget } from '../../src/pki/derivation.ts'
import type { DerivationLimits } from '../../src/pki/derivation.ts'
import { derivePkcs12, passwordForms } from '../../src/pki/pkcs12-kdf.ts'
import type { Decipher, OldCipher } from '../../src/pki/pkcs12-pbe.ts'
import type { PbeHashName } from '../../src/pki/primitives.ts'
import { webPrimitives } from '../../src/pki/web-primitives.ts'
import { derInteger, derNull, derOctets, derOid, derSequence } from '../../src/wire/der.ts'

export const PASSWORD = 'secret'
export const SALT: Uint8Array = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
export const IV: Uint8Array = Uint8Array.from({ length: 16 }, (_, i) => i)

/** What is mutated in one run, by name; every writer passes its bytes through it. */
export type Layer = (name: LayerName, bytes: Uint8Array) => Uint8Array
export const layers = ['key', 'keyInfo', 'certificate', 'bags', 'safe', 'derivation', 'authSafe', 'mac', 'pfx'] as const
export type LayerName = (typeof layers)[number]

export interface Scheme {
  /** AlgorithmIdentifier; the layer `derivation` is its parameters. */
  readonly identifier: (layer: Layer) => Uint8Array
  readonly encrypt: (bytes: Uint8Array) => Uint8Array
}

/** Mutated counts end the reading here, and not after the second that the default limits allow. */
export const limits: DerivationLimits = { pbkdf2Iterations: 5000, pkcs12Iterations: 2000, scryptCost: 4096 }

export const macHashes: Readonly<Record<PbeHashName, string>> = {
  'SHA-1': '1.3.14.3.2.26',
  'SHA-256': '2.16.840.1.101.3.4.2.1',
  'SHA-384': '2.16.840.1.101.3.4.2.2',
  'SHA-512': '2.16.840.1.101.3.4.2.3',
}

/** One iteration of RFC 7292 appendix B. */
export const derive = (hash: PbeHashName, purpose: 'key' | 'iv' | 'mac', length: number): Uint8Array => {
  const [password = SALT] = passwordForms(PASSWORD)
  const of = { hash: webPrimitives.hashes[hash], password, salt: SALT, iterations: 1 }
  const derived = run(derivePkcs12(of, purpose, length, { budget: new DerivationBudget(), primitives: webPrimitives }))
  if (derived instanceof Uint8Array) return derived
  throw new Error('one iteration does not wait')
}

/** PBKDF2-params with HMAC-SHA-256, as an AlgorithmIdentifier. Derived with what is written before it is mutated. */
export const pbkdf2 = (layer: Layer): Uint8Array => {
  const prf = derSequence(derOid('1.2.840.113549.2.9'), derNull())
  const parameters = derSequence(derOctets(SALT), derInteger(1), derInteger(32), prf)
  return layer('derivation', derSequence(derOid('1.2.840.113549.1.5.12'), parameters))
}
export const derived: Uint8Array = pbkdf2Sync(PASSWORD, SALT, 1, 32, 'sha256')

const scrypt = (layer: Layer): Uint8Array => {
  const parameters = derSequence(derOctets(SALT), derInteger(2), derInteger(1), derInteger(1))
  return layer('derivation', derSequence(derOid('1.3.6.1.4.1.11591.4.11'), parameters))
}

const sealWith = (cipher: string, key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array => {
  const sealing = createCipheriv(cipher, key, iv)
  return new Uint8Array(Buffer.concat([sealing.update(bytes), sealing.final()]))
}

const pbes2 = (derivation: (layer: Layer) => Uint8Array, key: Uint8Array): Scheme => ({
  identifier: (layer) => {
    const cipher = derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctets(IV))
    return derSequence(derOid('1.2.840.113549.1.5.13'), derSequence(derivation(layer), cipher))
  },
  encrypt: (bytes) => sealWith('aes-256-cbc', key, IV, bytes),
})

const padded = (bytes: Uint8Array): Uint8Array => {
  const padding = 8 - (bytes.length % 8)
  return Uint8Array.of(...bytes, ...Array<number>(padding).fill(padding))
}
const unpadded = (bytes: Uint8Array): Uint8Array => {
  const padding = bytes.at(-1) ?? 0
  if (padding < 1 || padding > 8 || bytes.length % 8 !== 0) throw new Error('wrong padding')
  return bytes.subarray(0, -padding)
}

/** The runtime's triple DES; in place of RC2, the padding alone. */
export const readOldCipher: Decipher = (cipher: OldCipher, key, iv, ciphertext) => {
  if (cipher.startsWith('rc2')) return unpadded(ciphertext)
  const opening = createDecipheriv(cipher, key, iv)
  return new Uint8Array(Buffer.concat([opening.update(ciphertext), opening.final()]))
}

const old = (last: number, cipher: OldCipher, keyLength: number): Scheme => ({
  identifier: (layer) => {
    const parameters = layer('derivation', derSequence(derOctets(SALT), derInteger(1)))
    return derSequence(derOid(`1.2.840.113549.1.12.1.${last}`), parameters)
  },
  encrypt: (bytes) =>
    cipher.startsWith('rc2')
      ? padded(bytes)
      : sealWith(cipher, derive('SHA-1', 'key', keyLength), derive('SHA-1', 'iv', 8), bytes),
})

export const schemes: Readonly<Record<string, Scheme>> = {
  pbkdf2: pbes2(pbkdf2, derived),
  scrypt: pbes2(scrypt, new Uint8Array(scryptSync(PASSWORD, SALT, 32, { N: 2, r: 1, p: 1 }))),
  pbeWithSHA1And3KeyTripleDES: old(3, 'des-ede3-cbc', 24),
  pbeWithSHA1And2KeyTripleDES: old(4, 'des-ede-cbc', 16),
  pbeWithSHA1And128BitRC2: old(5, 'rc2-cbc', 16),
  pbeWithSHA1And40BitRC2: old(6, 'rc2-40-cbc', 5),
}
