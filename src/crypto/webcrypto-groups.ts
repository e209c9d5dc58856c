// Key exchange of WebCrypto: ECDH and X25519, each with noble where the runtime lacks the curve; ML-KEM and X448 of
// noble. Part of crypto/webcrypto.ts (RFC 9846 section 7.4.2).

import { groupIds } from '../wire/numbers.ts'
import { encodeBase64 } from '../wire/pem.ts'
import { diffieHellmanGroup, hybridGroup, kemGroup } from './groups.ts'
import type { DiffieHellman, DiffieHellmanKey, GroupParts } from './groups.ts'
import { andThen } from './maybe.ts'
import { nobleParts } from './noble-groups.ts'
import type { KeyExchangeGroup } from './provider.ts'
import { owned, theSubtle } from './subtle.ts'

interface CurveName {
  /** Of the algorithm: ECDH has a curve beside it, X25519 is one. */
  readonly name: 'ECDH' | 'X25519'
  readonly namedCurve: string
  readonly secretBits: number
}

/** Whether the runtime has the curve shows when a key is first made; after that the answer is kept. */
const nativeOr = (noble: DiffieHellman, curve: CurveName): DiffieHellman => {
  let native: boolean | undefined
  const generate = async (subtle: SubtleCrypto): Promise<DiffieHellmanKey> => {
    try {
      const pair = await subtle.generateKey(curve, false, ['deriveBits'])
      if (!('privateKey' in pair)) return await noble.generate()
      const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey))
      native = true
      return subtleKey(subtle, curve, publicKey, pair.privateKey)
    } catch (error) {
      if (native === true) throw error
      native = false
      return noble.generate()
    }
  }
  return {
    id: noble.id,
    publicKeyLength: noble.publicKeyLength,
    generate: () => {
      const subtle = theSubtle()
      return subtle && native !== false ? generate(subtle) : noble.generate()
    },
    fromPrivate: (privateKey) =>
      andThen(noble.fromPrivate(privateKey), async (nobleKey) => {
        const subtle = theSubtle()
        if (!subtle) return nobleKey
        const jwk = privateJwk(curve, privateKey, nobleKey.publicKey)
        const key = await subtle.importKey('jwk', jwk, curve, false, ['deriveBits'])
        return subtleKey(subtle, curve, nobleKey.publicKey, key)
      }),
  }
}

const subtleKey = (
  subtle: SubtleCrypto,
  curve: CurveName,
  publicKey: Uint8Array,
  privateKey: CryptoKey,
): DiffieHellmanKey => ({
  publicKey,
  agree: async (peer) => {
    const peerKey = await subtle.importKey('raw', owned(peer), curve, true, [])
    return new Uint8Array(await subtle.deriveBits({ name: curve.name, public: peerKey }, privateKey, curve.secretBits))
  },
})

const privateJwk = (curve: CurveName, privateKey: Uint8Array, publicKey: Uint8Array): JsonWebKey => {
  const d = base64url(privateKey)
  if (curve.name === 'X25519') return { kty: 'OKP', crv: 'X25519', x: base64url(publicKey), d }
  const half = (publicKey.length + 1) / 2
  return {
    kty: 'EC',
    crv: curve.namedCurve,
    x: base64url(publicKey.subarray(1, half)),
    y: base64url(publicKey.subarray(half)),
    d,
  }
}

export const base64url = (bytes: Uint8Array): string =>
  encodeBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')

const ecdh = (noble: DiffieHellman, namedCurve: string, secretBits: number): DiffieHellman =>
  nativeOr(noble, { name: 'ECDH', namedCurve, secretBits })

/** The parts, for replays and test vectors. */
export const webcryptoParts: GroupParts = {
  x25519: nativeOr(nobleParts.x25519, { name: 'X25519', namedCurve: 'X25519', secretBits: 256 }),
  x448: nobleParts.x448,
  p256: ecdh(nobleParts.p256, 'P-256', 256),
  p384: ecdh(nobleParts.p384, 'P-384', 384),
  p521: ecdh(nobleParts.p521, 'P-521', 528),
  mlKem512: nobleParts.mlKem512,
  mlKem768: nobleParts.mlKem768,
  mlKem1024: nobleParts.mlKem1024,
}

const { x25519, x448, p256, p384, p521, mlKem512, mlKem768, mlKem1024 } = webcryptoParts

export const webcryptoGroups: readonly KeyExchangeGroup[] = [
  hybridGroup(groupIds.X25519MLKEM768, mlKem768, x25519, 'kem-first'),
  ...[x25519, p256, p384, p521].map(diffieHellmanGroup),
  hybridGroup(groupIds.SecP256r1MLKEM768, mlKem768, p256, 'dh-first'),
  hybridGroup(groupIds.SecP384r1MLKEM1024, mlKem1024, p384, 'dh-first'),
  diffieHellmanGroup(x448),
  kemGroup(groupIds.MLKEM512, mlKem512),
  kemGroup(groupIds.MLKEM768, mlKem768),
  kemGroup(groupIds.MLKEM1024, mlKem1024),
]
