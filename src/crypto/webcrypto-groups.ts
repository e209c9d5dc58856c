// Key exchange of WebCrypto: ECDH and X25519, each with another implementation behind it or none. Part of
// crypto/webcrypto.ts (RFC 9846 section 7.4.2).

import { TlsError } from '../errors.ts'
import { groupIds } from '../wire/numbers.ts'
import { encodeBase64 } from '../wire/pem.ts'
import type { DiffieHellman, DiffieHellmanKey, EphemeralDiffieHellman } from './groups.ts'
import { andThen } from './maybe.ts'
import type { MaybePromise } from './provider.ts'
import { owned, theSubtle } from './subtle.ts'

interface Curve {
  readonly id: number
  /** Bytes. */
  readonly publicKeyLength: number
  readonly importing: CurveName
}

interface CurveName {
  /** Of the algorithm: ECDH has a curve beside it, X25519 is one. */
  readonly name: 'ECDH' | 'X25519'
  readonly namedCurve: string
  readonly secretBits: number
}

const curve = (id: number, publicKeyLength: number, namedCurve: string, secretBits: number): Curve => ({
  id,
  publicKeyLength,
  importing: { name: namedCurve === 'X25519' ? 'X25519' : 'ECDH', namedCurve, secretBits },
})

type Name = 'x25519' | 'p256' | 'p384' | 'p521'

/** What WebCrypto has where a runtime has all of it. */
export const curves: Readonly<Record<Name, Curve>> = {
  x25519: curve(groupIds.X25519, 32, 'X25519', 256),
  p256: curve(groupIds['P-256'], 65, 'P-256', 256),
  p384: curve(groupIds['P-384'], 97, 'P-384', 384),
  p521: curve(groupIds['P-521'], 133, 'P-521', 528),
}

/**
 * Key exchange over a curve. Without another implementation the runtime has to have it; whether it does shows when a
 * key is first made.
 */
export function subtleExchange(name: Name, other: DiffieHellman): DiffieHellman
export function subtleExchange(name: Name, other: EphemeralDiffieHellman | undefined): EphemeralDiffieHellman
export function subtleExchange(
  name: Name,
  other: EphemeralDiffieHellman | DiffieHellman | undefined,
): EphemeralDiffieHellman | DiffieHellman {
  const { id, publicKeyLength, importing } = curves[name]
  const ephemeral = { id, publicKeyLength, generate: generateOr(importing, other) }
  return other && 'fromPrivate' in other ? { ...ephemeral, fromPrivate: restoreOr(importing, other) } : ephemeral
}

/** Whether the runtime has the curve shows when a key is first made; after that the answer is kept. */
const generateOr = (
  importing: CurveName,
  other: EphemeralDiffieHellman | undefined,
): EphemeralDiffieHellman['generate'] => {
  let native: boolean | undefined
  const instead = (cause?: unknown): MaybePromise<DiffieHellmanKey> => {
    if (other) return other.generate()
    const sentence = `this runtime's WebCrypto has no ${importing.namedCurve}: pass it to webcryptoWith() as a part of`
    throw new TlsError('unsupported', `${sentence} puretls/crypto/noble, or leave it out of the option groups`, {
      cause,
    })
  }
  const generate = async (subtle: SubtleCrypto): Promise<DiffieHellmanKey> => {
    try {
      const pair = await subtle.generateKey(importing, false, ['deriveBits'])
      if (!('privateKey' in pair)) return await instead()
      const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey))
      native = true
      return subtleKey(subtle, importing, publicKey, pair.privateKey)
    } catch (error) {
      if (native === true) throw error
      native = false
      return instead(error)
    }
  }
  return () => {
    const subtle = theSubtle()
    return subtle && native !== false ? generate(subtle) : instead()
  }
}

const restoreOr =
  (importing: CurveName, other: DiffieHellman): DiffieHellman['fromPrivate'] =>
  (privateKey) =>
    andThen(other.fromPrivate(privateKey), async (key) => {
      const subtle = theSubtle()
      if (!subtle) return key
      const jwk = privateJwk(importing, privateKey, key.publicKey)
      const imported = await subtle.importKey('jwk', jwk, importing, false, ['deriveBits'])
      return subtleKey(subtle, importing, key.publicKey, imported)
    })

const subtleKey = (
  subtle: SubtleCrypto,
  importing: CurveName,
  publicKey: Uint8Array,
  privateKey: CryptoKey,
): DiffieHellmanKey => ({
  publicKey,
  agree: async (peer) => {
    const peerKey = await subtle.importKey('raw', owned(peer), importing, true, [])
    const using = { name: importing.name, public: peerKey }
    return new Uint8Array(await subtle.deriveBits(using, privateKey, importing.secretBits))
  },
})

const privateJwk = ({ name, namedCurve }: CurveName, privateKey: Uint8Array, publicKey: Uint8Array): JsonWebKey => {
  const d = base64url(privateKey)
  if (name === 'X25519') return { kty: 'OKP', crv: name, x: base64url(publicKey), d }
  const half = (publicKey.length + 1) / 2
  const [x, y] = [base64url(publicKey.subarray(1, half)), base64url(publicKey.subarray(half))]
  return { kty: 'EC', crv: namedCurve, x, y, d }
}

export const base64url = (bytes: Uint8Array): string =>
  encodeBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
