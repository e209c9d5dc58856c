// What tests of src/crypto share: the providers, and a fresh private key of each type.

import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { keyAlgorithm } from '../../src/crypto/key-algorithm.ts'
import { parsePrivateKey } from '../../src/crypto/keys.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider, nodeThreadProvider } from '../../src/crypto/node.ts'
import type {
  CryptoProvider,
  KeyType,
  PrivateKey,
  SignatureAlgorithm,
  SignatureVerifier,
} from '../../src/crypto/provider.ts'
import { webcryptoLateProvider } from '../../src/crypto/webcrypto-late.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { TlsError } from '../../src/errors.ts'
import type { TlsErrorCode } from '../../src/errors.ts'
import { contextTag, derElement, derInteger, derOctets, derSequence } from '../../src/wire/der.ts'

export const providers: readonly CryptoProvider[] = [
  nodeProvider,
  nodeThreadProvider,
  nobleProvider,
  webcryptoProvider,
  webcryptoLateProvider,
]

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export const verifierOf = (provider: CryptoProvider, algorithm: SignatureAlgorithm): SignatureVerifier => {
  const verifier = provider.verifiers.find((each) => each.algorithm === algorithm)
  if (!verifier) throw new RangeError(`${provider.name} has no ${algorithm}`)
  return verifier
}

const toPkcs8 = ({ privateKey }: { readonly privateKey: KeyObject }): Uint8Array =>
  new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))

export const rsaPkcs8 = (bits: number, exponent = 65537): Uint8Array =>
  toPkcs8(generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent }))

/** RSASSA-PSS key that is tied to SHA-384 (RFC 4055 section 1.2). */
export const pss384Pkcs8 = (): Uint8Array =>
  toPkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384' }))

const ec = (namedCurve: string): Uint8Array => toPkcs8(generateKeyPairSync('ec', { namedCurve }))

const seeded = (type: 'mldsa44' | 'mldsa65' | 'mldsa87'): Uint8Array => {
  const seed = crypto.getRandomValues(new Uint8Array(32))
  return derSequence(derInteger(0), keyAlgorithm(type), derOctets(derElement(contextTag(0), seed)))
}

const makers: Readonly<Record<KeyType, () => Uint8Array>> = {
  rsa: () => rsaPkcs8(2048),
  'rsa-pss': () => toPkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
  p256: () => ec('P-256'),
  p384: () => ec('P-384'),
  p521: () => ec('P-521'),
  ed25519: () => toPkcs8(generateKeyPairSync('ed25519')),
  ed448: () => toPkcs8(generateKeyPairSync('ed448')),
  mldsa44: () => seeded('mldsa44'),
  mldsa65: () => seeded('mldsa65'),
  mldsa87: () => seeded('mldsa87'),
}

export const keyTypes = Object.keys(makers) as KeyType[]

export const freshPkcs8 = (type: KeyType): Uint8Array => makers[type]()

export const freshKey = (type: KeyType): PrivateKey => parsePrivateKey(freshPkcs8(type))

/**
 * The code and message of the TlsError that a call throws or rejects with; any other outcome is a failure of the test.
 */
export const refusal = async (
  call: () => unknown,
): Promise<{ readonly code: TlsErrorCode; readonly message: string }> => {
  try {
    await call()
  } catch (error) {
    if (error instanceof TlsError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('nothing was thrown')
}
