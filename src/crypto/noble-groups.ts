// Key exchange of @noble/curves and @noble/post-quantum (RFC 9846 section 7.4, draft-ietf-tls-ecdhe-mlkem). Part of
// crypto/noble.ts; webcrypto.ts falls back to the parts.

import { x25519 } from '@noble/curves/ed25519.js'
import { x448 } from '@noble/curves/ed448.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import type { DiffieHellman, DiffieHellmanKey, GroupParts } from './groups.ts'
import { nobleMlKem1024, nobleMlKem512, nobleMlKem768 } from './noble-ml-kem.ts'
import { groupIds } from '../wire/numbers.ts'

const montgomery = (id: number, curve: typeof x25519, publicKeyLength: number): DiffieHellman => {
  const key = (secret: Uint8Array): DiffieHellmanKey => ({
    publicKey: curve.getPublicKey(secret),
    agree: (peer) => curve.getSharedSecret(secret, peer),
  })
  return {
    id,
    publicKeyLength,
    generate: () => key(curve.utils.randomSecretKey()),
    fromPrivate: key,
  }
}

const weierstrass = (id: number, curve: typeof p256, publicKeyLength: number): DiffieHellman => {
  const key = (secret: Uint8Array): DiffieHellmanKey => ({
    publicKey: curve.getPublicKey(secret, false),
    // The x coordinate of the point (RFC 9846 section 7.4.2).
    agree: (peer) => curve.getSharedSecret(secret, peer, true).slice(1),
  })
  return {
    id,
    publicKeyLength,
    generate: () => key(curve.utils.randomSecretKey()),
    fromPrivate: key,
  }
}

export const nobleX25519: DiffieHellman = montgomery(groupIds.X25519, x25519, 32)
export const nobleX448: DiffieHellman = montgomery(groupIds.X448, x448, 56)
export const nobleP256: DiffieHellman = weierstrass(groupIds['P-256'], p256, 65)
export const nobleP384: DiffieHellman = weierstrass(groupIds['P-384'], p384, 97)
export const nobleP521: DiffieHellman = weierstrass(groupIds['P-521'], p521, 133)

/** All of them, for the node provider where a runtime lacks one, replays and test vectors. */
export const nobleParts: GroupParts = {
  x25519: nobleX25519,
  x448: nobleX448,
  p256: nobleP256,
  p384: nobleP384,
  p521: nobleP521,
  mlKem512: nobleMlKem512,
  mlKem768: nobleMlKem768,
  mlKem1024: nobleMlKem1024,
}
