// Private keys in every form that people have them, as something that signs: PEM, DER, WebCrypto's CryptoKey,
// node:crypto's KeyObject (by its shape, for it need not exist here), a parsed key, or a Signer in front of an HSM or
// KMS.

import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { toDer } from './ecdsa-der.ts'
import { keyFacts } from './key-algorithm.ts'
import { parsePrivateKey } from './keys.ts'
import { andThen } from './maybe.ts'
import type {
  CryptoProvider,
  HashName,
  KeyType,
  MaybePromise,
  PrivateKey,
  PublicKey,
  SignatureAlgorithm,
  Signer,
} from './provider.ts'
import { algorithmsFor } from './signatures.ts'
import { owned, subtleHashes, theSubtle } from './subtle.ts'

/** node:crypto's KeyObject. */
export interface KeyObjectLike {
  readonly type: string
  readonly asymmetricKeyType?: string | undefined
  export(options: { format: 'der'; type: 'pkcs8' | 'spki' }): Uint8Array
}

/**
 * A key that is here as bytes or can be exported: PEM text or bytes, DER (PKCS#8, SEC1, PKCS#1), a CryptoKey, a
 * KeyObject, or a parsed key. */
export type PrivateKeyInput = PemOrDer | CryptoKey | KeyObjectLike | PrivateKey
/** The same, or anything that signs (HSM, KMS). A CryptoKey need not be extractable. */
export type KeyInput = PrivateKeyInput | Signer

/**
 * Something that signs with the key. `expected` is the public key that it should belong to: a CryptoKey that does not
 * show its own is tried against it. Throws TlsError `bad_key` for what can't be read or used, `bad_option` for what is
 * no key, `key_mismatch` where a CryptoKey is not that of `expected`.
 */
export const signerFor = (key: KeyInput, provider: CryptoProvider, expected?: PublicKey): MaybePromise<Signer> => {
  if (typeof key === 'object' && key !== null && !(key instanceof Uint8Array) && isSigner(key)) return key
  const parsed = readPrivateKey(key)
  if (!(parsed instanceof Promise)) return signerOf(parsed, provider)
  return parsed.then((exported) =>
    isCryptoKey(exported) ? unexportable(exported, provider, expected) : signerOf(exported, provider),
  )
}

/** The key of its bytes; a CryptoKey that is not extractable comes back as it is. */
export const readPrivateKey = (key: Exclude<KeyInput, Signer>): PrivateKey | Promise<PrivateKey | CryptoKey> => {
  if (typeof key === 'string' || key instanceof Uint8Array) return parsePrivateKey(key)
  if (typeof key === 'object' && key !== null) {
    if (isCryptoKey(key)) return exported(key)
    if (isKeyObject(key)) return parsePrivateKey(bytesOf(key))
    if (isPrivateKey(key)) return key
  }
  throw new TlsError(
    'bad_option',
    `key: expected PEM, DER, a CryptoKey, a KeyObject or a Signer, got ${key === null ? 'null' : typeof key}`,
  )
}

export const isSigner = (key: object): key is Signer =>
  'sign' in key && typeof key.sign === 'function' && 'algorithms' in key
export const isCryptoKey = (key: object): key is CryptoKey =>
  'usages' in key && 'extractable' in key && 'algorithm' in key
export const isKeyObject = (key: object): key is KeyObjectLike =>
  'export' in key && typeof key.export === 'function' && 'type' in key
const isPrivateKey = (key: object): key is PrivateKey => 'pkcs8' in key && 'raw' in key && 'type' in key

/** A file may carry the public key beside the private one: that it is another one shows a damaged or mixed-up file. */
const signerOf = (key: PrivateKey, provider: CryptoProvider): MaybePromise<Signer> =>
  andThen(provider.signer(key), (signer) => {
    if (signer.publicKey && key.claimedPublic && !isSamePoint(key.claimedPublic, signer.publicKey)) {
      throw new TlsError('bad_key', 'the public key in this private key file is not that of its private key')
    }
    return signer
  })

/** `claimed` may be a compressed point (SEC 1 section 2.3.3), x and whether y is odd, or a hybrid one (X9.62), which
 * says that of y beside both. */
const isSamePoint = (claimed: Uint8Array, { type, raw }: PublicKey): boolean => {
  const isPoint = keyFacts[type].curve !== undefined
  const { length } = claimed
  const form = length === (raw.length + 1) / 2 ? 2 : length === raw.length && (claimed[0] ?? 0) >= 6 ? 6 : 0
  if (!isPoint || form === 0) return equalBytes(claimed, raw)
  return claimed[0] === form + ((raw.at(-1) ?? 0) & 1) && equalBytes(claimed.subarray(1), raw.subarray(1, length))
}

const bytesOf = (key: KeyObjectLike): Uint8Array => {
  if (key.type !== 'private')
    throw new TlsError('bad_option', `key: a KeyObject of type ${String(key.type)}, where the private key is needed`)
  try {
    return new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }))
  } catch (cause) {
    throw new TlsError(
      'bad_key',
      'key: this KeyObject does not give its key away; give a Signer that calls crypto.sign()',
      { cause },
    )
  }
}

/** An extractable key does all that its type can do, also where WebCrypto ties it to one padding and hash. */
const exported = async (key: CryptoKey): Promise<PrivateKey | CryptoKey> => {
  if (key.type !== 'private')
    throw new TlsError('bad_option', `key: a CryptoKey of type ${key.type}, where the private key is needed`)
  const subtle = theSubtle()
  if (!key.extractable || !subtle) return key
  try {
    return parsePrivateKey(new Uint8Array(await subtle.exportKey('pkcs8', key)))
  } catch (error) {
    if (key.usages.includes('sign')) return key
    throw error instanceof TlsError
      ? error
      : new TlsError('bad_key', 'key: this CryptoKey can neither sign nor be exported', { cause: error })
  }
}

/** Signs where the key is. Whether it is the certificate's shows by a signature. */
const unexportable = async (
  key: CryptoKey,
  provider: CryptoProvider,
  expected: PublicKey | undefined,
): Promise<Signer> => {
  const signer = cryptoKeySigner(key)
  const [algorithm] = signer.algorithms
  const verifier = provider.verifiers.find((one) => one.algorithm === algorithm)
  if (expected === undefined || algorithm === undefined || verifier === undefined) return signer
  const probe = new TextEncoder().encode('puretls: is this the key of that certificate?')
  const isSame =
    verifier.keyTypes.includes(expected.type) &&
    (await verifier.verify(expected, probe, await signer.sign(algorithm, probe)))
  if (!isSame) throw new TlsError('key_mismatch', 'the CryptoKey does not belong to the certificate')
  return { ...signer, publicKey: expected }
}

/** Signs by WebCrypto, with what the CryptoKey may be used for. Throws `bad_key` for one that is not for signing. */
export const cryptoKeySigner = (key: CryptoKey): Signer => {
  const subtle = theSubtle()
  if (!subtle || !key.usages.includes('sign'))
    throw new TlsError('bad_key', 'key: a CryptoKey without the usage "sign"')
  const { algorithms, using, isEcdsa } = abilities(key.algorithm)
  return {
    algorithms,
    sign: async (algorithm, message) => {
      try {
        const signature = new Uint8Array(await subtle.sign(using(algorithm), key, owned(message)))
        return isEcdsa ? toDer(signature) : signature
      } catch (cause) {
        throw new TlsError('bad_key', `WebCrypto cannot sign with this CryptoKey by ${algorithm}`, { cause })
      }
    },
  }
}

interface Abilities {
  readonly algorithms: readonly SignatureAlgorithm[]
  readonly using: (algorithm: SignatureAlgorithm) => Algorithm | EcdsaParams | RsaPssParams
  readonly isEcdsa?: true
}

const curves: Readonly<Record<string, KeyType>> = { 'P-256': 'p256', 'P-384': 'p384', 'P-521': 'p521' }
const bare: Readonly<Record<string, KeyType & SignatureAlgorithm>> = {
  Ed25519: 'ed25519',
  Ed448: 'ed448',
  'ML-DSA-44': 'mldsa44',
  'ML-DSA-65': 'mldsa65',
  'ML-DSA-87': 'mldsa87',
}

/** What WebCrypto lets a key do: an RSA key is tied to a padding and a hash, an EC key is not. */
const abilities = (algorithm: KeyAlgorithm): Abilities => {
  const { name } = algorithm
  const type = bare[name]
  if (type !== undefined) return { algorithms: [type], using: () => ({ name }) }
  const curve = 'namedCurve' in algorithm ? curves[String(algorithm.namedCurve)] : undefined
  if (name === 'ECDSA' && curve !== undefined) {
    const using = (chosen: SignatureAlgorithm): EcdsaParams => ({ name, hash: subtleHashes[hashOf(chosen)] ?? '' })
    return { algorithms: algorithmsFor({ type: curve, bits: keyFacts[curve].bits }), using, isEcdsa: true }
  }
  const hash = rsaHash(algorithm)
  if (hash !== undefined && name === 'RSA-PSS') {
    return { algorithms: [`rsa_pss_${hash}`], using: () => ({ name, saltLength: Number(hash.slice(3)) / 8 }) }
  }
  if (hash !== undefined && name === 'RSASSA-PKCS1-v1_5')
    return { algorithms: [`rsa_pkcs1_${hash}`], using: () => ({ name }) }
  throw new TlsError('bad_key', `key: a CryptoKey of ${JSON.stringify(name)}, which is for no signature scheme of TLS`)
}

const hashOf = (algorithm: SignatureAlgorithm): HashName =>
  algorithm === 'ecdsa_sha384'
    ? 'sha384'
    : algorithm === 'ecdsa_sha512'
      ? 'sha512'
      : algorithm === 'ecdsa_sha1'
        ? 'sha1'
        : 'sha256'

const rsaHash = (algorithm: KeyAlgorithm): 'sha256' | 'sha384' | 'sha512' | undefined => {
  const hash: unknown = 'hash' in algorithm ? algorithm.hash : undefined
  const name = typeof hash === 'object' && hash !== null && 'name' in hash ? hash.name : undefined
  return name === 'SHA-256' ? 'sha256' : name === 'SHA-384' ? 'sha384' : name === 'SHA-512' ? 'sha512' : undefined
}
