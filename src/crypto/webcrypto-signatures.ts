// Signatures of WebCrypto: RSA, ECDSA and Ed25519. Runtimes differ in what they have (Deno ties curves to hashes, some
// have no Ed25519 or P-521), so whatever WebCrypto refuses to do is done by another part, if there is one. Part of
// crypto/webcrypto.ts.

import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { derBits, derSequence } from '../wire/der.ts'
import { decodeBase64 } from '../wire/pem.ts'
import { toDer, toFixedLength } from './ecdsa-der.ts'
import { keyAlgorithm, keyFacts } from './key-algorithm.ts'
import { publicKeyFromRaw } from './keys.ts'
import { andThen } from './maybe.ts'
import type { Hashes, KeyPart, SignatureCheck } from './parts.ts'
import type { KeyType, MaybePromise, PrivateKey, PublicKey, Signer } from './provider.ts'
import { algorithmsFor, schemeFor } from './signatures.ts'
import type { Scheme } from './signatures.ts'
import { rsaParameters, subtleRsaSigner } from './subtle-rsa.ts'
import { owned, subtleHashes, theSubtle } from './subtle.ts'
import { base64url } from './webcrypto-groups.ts'

type Importing = EcKeyImportParams | RsaHashedImportParams | Algorithm
type Using = EcdsaParams | RsaPssParams | Algorithm

const curveNames: Partial<Record<KeyType, string>> = { p256: 'P-256', p384: 'P-384', p521: 'P-521' }

/** Keys of these types, with what does for each of them what WebCrypto does not. */
export const subtleKeys = (types: readonly KeyType[], others: ReadonlyMap<KeyType, KeyPart>): KeyPart => ({
  types,
  verify: (check, hashes) => verifyOr(check, hashes, others.get(check.key.type)),
  signer: (key, hashes) => signerOr(key, hashes, others.get(key.type)),
})

/** Undefined for what WebCrypto has no name for, and for ECDSA with SHA-1, to which Deno always says false. */
const parameters = (
  scheme: Scheme,
  type: KeyType,
): { readonly importing: Importing; readonly using: Using } | undefined => {
  if (!('hash' in scheme))
    return type === 'ed25519' ? { importing: { name: 'Ed25519' }, using: { name: 'Ed25519' } } : undefined
  if (scheme.family !== 'ecdsa') return rsaParameters(scheme)
  if (scheme.hash === 'sha1') return undefined
  const importing = { name: 'ECDSA', namedCurve: curveNames[type] ?? '' }
  return { importing, using: { name: 'ECDSA', hash: subtleHashes[scheme.hash] ?? '' } }
}

const lacking = ({ algorithm }: Scheme, type: KeyType, cause?: unknown): TlsError =>
  new TlsError(
    'unsupported',
    `this runtime's WebCrypto has no ${algorithm} with keys of type ${type}, and the provider was made without it: ` +
      'pass the part of puretls/crypto/noble to webcryptoWith()',
    { cause },
  )

const verifyOr = (check: SignatureCheck, hashes: Hashes, other: KeyPart | undefined): MaybePromise<boolean> => {
  const { scheme, key, message, signature } = check
  const subtle = theSubtle()
  const names = parameters(scheme, key.type)
  if (!subtle || !names) {
    if (other) return other.verify(check, hashes)
    throw lacking(scheme, key.type)
  }
  const fixed = scheme.family === 'ecdsa' ? toFixedLength(signature, scalarLength(key.type)) : signature
  if (!fixed) return false
  return publicCryptoKey(subtle, key, names.importing)
    .then((cryptoKey) => subtle.verify(names.using, cryptoKey, owned(fixed), owned(message)))
    .catch((error: unknown) => {
      if (other) return other.verify(check, hashes)
      if (isNotSupported(error)) throw lacking(scheme, key.type, error)
      return false // a key that is no point of its curve, and the like
    })
}

const isNotSupported = (error: unknown): boolean => error instanceof Error && error.name === 'NotSupportedError'

const scalarLength = (type: KeyType): number => Math.ceil(keyFacts[type].bits / 8)

const imported = new WeakMap<PublicKey, Map<string, Promise<CryptoKey>>>()

const publicCryptoKey = (subtle: SubtleCrypto, key: PublicKey, importing: Importing): Promise<CryptoKey> => {
  const keys = imported.get(key) ?? new Map<string, Promise<CryptoKey>>()
  imported.set(key, keys)
  const id = JSON.stringify(importing)
  const known = keys.get(id) ?? importPublic(subtle, key, importing)
  keys.set(id, known)
  return known
}

/** RSA goes in as plain rsaEncryption, for WebCrypto takes no id-RSASSA-PSS. */
const importPublic = (subtle: SubtleCrypto, { raw, rsa }: PublicKey, importing: Importing): Promise<CryptoKey> =>
  rsa
    ? subtle.importKey('spki', owned(derSequence(keyAlgorithm('rsa'), derBits(raw))), importing, false, ['verify'])
    : subtle.importKey('raw', owned(raw), importing, false, ['verify'])

const signerOr = (key: PrivateKey, hashes: Hashes, other: KeyPart | undefined): MaybePromise<Signer> => {
  if (key.type === 'rsa' || key.type === 'rsa-pss') return subtleRsaSigner(key)
  if (!other) return signerAlone(key)
  return andThen(other.signer(key, hashes), (otherSigner) => {
    const { publicKey } = otherSigner
    const subtle = theSubtle()
    if (!subtle || !publicKey) return otherSigner
    let cryptoKey: Promise<CryptoKey> | undefined
    return {
      publicKey,
      algorithms: otherSigner.algorithms,
      sign: async (algorithm, message) => {
        const scheme = schemeFor(publicKey, algorithm)
        const names = parameters(scheme, key.type)
        if (!names) return otherSigner.sign(algorithm, message)
        cryptoKey ??= subtle.importKey('jwk', privateJwk(key, publicKey), names.importing, false, ['sign'])
        try {
          return await signed(subtle, scheme, names.using, await cryptoKey, message)
        } catch {
          return otherSigner.sign(algorithm, message)
        }
      },
    }
  })
}

/** ECDSA by WebCrypto alone. */
const signerAlone = async (key: PrivateKey): Promise<Signer> => {
  const subtle = theSubtle()
  const namedCurve = curveNames[key.type]
  if (!subtle || namedCurve === undefined) {
    throw new TlsError('unsupported', `this runtime's WebCrypto has no keys of type ${key.type}`)
  }
  const { publicKey, cryptoKey } = await importAlone(subtle, key, { name: 'ECDSA', namedCurve })
  return {
    publicKey,
    algorithms: algorithmsFor(publicKey).filter((algorithm) => algorithm !== 'ecdsa_sha1'),
    sign: async (algorithm, message) => {
      const scheme = schemeFor(publicKey, algorithm)
      const names = parameters(scheme, key.type)
      if (!names) throw lacking(scheme, key.type)
      try {
        return await signed(subtle, scheme, names.using, cryptoKey, message)
      } catch (cause) {
        throw lacking(scheme, key.type, cause)
      }
    },
  }
}

/** The public key is that of the file, which some runtimes want, or what the runtime makes of the private key. */
const importAlone = async (
  subtle: SubtleCrypto,
  key: PrivateKey,
  importing: EcKeyImportParams,
): Promise<{ readonly publicKey: PublicKey; readonly cryptoKey: CryptoKey }> => {
  try {
    if (key.claimedPublic?.[0] === 4) {
      const publicKey = publicKeyFromRaw(key.type, key.claimedPublic)
      const jwk = privateJwk(key, publicKey)
      return { publicKey, cryptoKey: await subtle.importKey('jwk', jwk, importing, false, ['sign']) }
    }
    const cryptoKey = await subtle.importKey('pkcs8', owned(key.pkcs8), importing, true, ['sign'])
    const { x = '', y = '' } = await subtle.exportKey('jwk', cryptoKey)
    return {
      publicKey: publicKeyFromRaw(key.type, concat(Uint8Array.of(4), fromBase64url(x), fromBase64url(y))),
      cryptoKey,
    }
  } catch (cause) {
    throw new TlsError('bad_key', `WebCrypto cannot use this private key of type ${key.type}`, { cause })
  }
}

const signed = async (
  subtle: SubtleCrypto,
  { family }: Scheme,
  using: Using,
  key: CryptoKey,
  message: Uint8Array,
): Promise<Uint8Array> => {
  const signature = new Uint8Array(await subtle.sign(using, key, owned(message)))
  return family === 'ecdsa' ? toDer(signature) : signature
}

/** JWK has the public key in it, which some runtimes want and PKCS#8 need not have. */
const privateJwk = (key: PrivateKey, { raw }: PublicKey): JsonWebKey => {
  const crv = curveNames[key.type]
  const d = base64url(key.raw)
  if (crv === undefined) return { kty: 'OKP', crv: 'Ed25519', x: base64url(raw), d }
  const half = (raw.length + 1) / 2
  return { kty: 'EC', crv, x: base64url(raw.subarray(1, half)), y: base64url(raw.subarray(half)), d }
}

const fromBase64url = (text: string): Uint8Array =>
  decodeBase64(
    text
      .replace(/-/g, '+')
      .replace(/_/g, '/')
      .padEnd(Math.ceil(text.length / 4) * 4, '='),
  ) ?? new Uint8Array()
