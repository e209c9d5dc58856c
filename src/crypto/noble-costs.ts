// What checking a signature takes with noble, by type of key, in the units of SignatureVerifier.cost: as measured on
// x64 with Node 24. Apart from noble-signatures.ts, which the webcrypto provider loads late.

import type { KeyType } from './provider.ts'

const costs = {
  rsa: 2,
  'rsa-pss': 2,
  p256: 10,
  p384: 70,
  p521: 150,
  ed25519: 6,
  ed448: 60,
  mldsa44: 5,
  mldsa65: 7,
  mldsa87: 11,
} as const satisfies Record<KeyType, number>

/** Of these types: a part of a provider says it for its own. */
export const nobleCosts = (...types: readonly KeyType[]): Partial<Record<KeyType, number>> =>
  Object.fromEntries(types.map((type) => [type, costs[type]]))
