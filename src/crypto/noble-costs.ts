// What checking a signature takes with noble, by type of key, in the units of SignatureVerifier.cost: as measured on
// x64 with Node 24. Apart from noble-signatures.ts, which the webcrypto provider loads late.

import type { KeyType } from './provider.ts'

const costs = {
  rsa: 6,
  'rsa-pss': 6,
  p256: 20,
  p384: 55,
  p521: 100,
  ed25519: 15,
  ed448: 40,
  mldsa44: 8,
  mldsa65: 14,
  mldsa87: 20,
} as const satisfies Record<KeyType, number>

/** Of these types: a part of a provider says it for its own. */
export const nobleCosts = (...types: readonly KeyType[]): Partial<Record<KeyType, number>> =>
  Object.fromEntries(types.map((type) => [type, costs[type]]))
