// Key exchange of @noble/curves and @noble/post-quantum (RFC 9846 section 7.4, draft-ietf-tls-ecdhe-mlkem). Part of
// crypto/noble.ts; webcrypto.ts falls back to the parts.

import { x25519 } from '@noble/curves/ed25519.js'
import { x448 } from '@noble/curves/ed448.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { diffieHellmanGroup, hybridGroup, kemGroup } from './groups.ts'
import type { DiffieHellman, DiffieHellmanKey, GroupParts } from './groups.ts'
import { nobleMlKem1024, nobleMlKem512, nobleMlKem768 } from './noble-pq.ts'
import type { KeyExchangeGroup } from './provider.ts'
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
    fromPrivate: (secret) => key(secret.slice()),
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
    fromPrivate: (secret) => key(secret.slice()),
  }
}

/** The parts, for the webcrypto provider, replays and test vectors. */
export const nobleParts: GroupParts = {
  x25519: montgomery(groupIds.X25519, x25519, 32),
  x448: montgomery(groupIds.X448, x448, 56),
  p256: weierstrass(groupIds['P-256'], p256, 65),
  p384: weierstrass(groupIds['P-384'], p384, 97),
  p521: weierstrass(groupIds['P-521'], p521, 133),
  mlKem512: nobleMlKem512,
  mlKem768: nobleMlKem768,
  mlKem1024: nobleMlKem1024,
}

export const nobleGroups: readonly KeyExchangeGroup[] = [
  hybridGroup(groupIds.X25519MLKEM768, nobleParts.mlKem768, nobleParts.x25519, 'kem-first'),
  ...[nobleParts.x25519, nobleParts.p256, nobleParts.p384, nobleParts.p521].map(diffieHellmanGroup),
  hybridGroup(groupIds.SecP256r1MLKEM768, nobleParts.mlKem768, nobleParts.p256, 'dh-first'),
  hybridGroup(groupIds.SecP384r1MLKEM1024, nobleParts.mlKem1024, nobleParts.p384, 'dh-first'),
  diffieHellmanGroup(nobleParts.x448),
  kemGroup(groupIds.MLKEM512, nobleParts.mlKem512),
  kemGroup(groupIds.MLKEM768, nobleParts.mlKem768),
  kemGroup(groupIds.MLKEM1024, nobleParts.mlKem1024),
]
