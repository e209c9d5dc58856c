// The whole WebCrypto provider with little to load at once: of noble, hashes and ML-KEM come with it, and what few
// connections need is loaded by import() when one does (curves that a runtime lacks, ChaCha20, CBC, Ed448, ML-DSA).
// The root entry has it where there is no node:crypto. It is an entry of its own, for bundlers keep apart what is
// loaded late by files, and a bundle of parts (webcrypto-with.ts) would get the whole of noble with it.

import { groupIds } from '../wire/numbers.ts'
import { nobleCosts } from './noble-costs.ts'
import { nobleMd5, nobleSha1 } from './noble-hashes.ts'
import { lateCbc, lateChaCha, lateCurve, lateGcm, lateKeys } from './noble-late.ts'
import { nobleMlKem1024, nobleMlKem512, nobleMlKem768 } from './noble-ml-kem.ts'
import type { CryptoProvider, KeyType } from './provider.ts'
import { webcryptoWith } from './webcrypto-with.ts'

/** What no WebCrypto has. */
const ofNoble: readonly KeyType[] = ['ed448', 'mldsa44', 'mldsa65', 'mldsa87']

/**
 * What `webcryptoProvider` of `puretls/crypto/webcrypto` is, in fewer bytes: most of noble is loaded with `import()`,
 * by the first connection that needs it. In a service worker, where there is no `import()`, take that one, or a bundle
 * in one file.
 */
export const webcryptoLateProvider: CryptoProvider = {
  ...webcryptoWith({
    ciphers: [...lateGcm, lateChaCha, ...lateCbc],
    keyExchange: {
      x25519: lateCurve('x25519', { id: groupIds.X25519, publicKeyLength: 32 }),
      p256: lateCurve('p256', { id: groupIds['P-256'], publicKeyLength: 65 }),
      p384: lateCurve('p384', { id: groupIds['P-384'], publicKeyLength: 97 }),
      p521: lateCurve('p521', { id: groupIds['P-521'], publicKeyLength: 133 }),
      x448: lateCurve('x448', { id: groupIds.X448, publicKeyLength: 56 }),
      mlKem512: nobleMlKem512,
      mlKem768: nobleMlKem768,
      mlKem1024: nobleMlKem1024,
    },
    keys: [
      lateKeys('rsa', 'rsa-pss', 'p256', 'p384', 'p521', 'ed25519'),
      { ...lateKeys(...ofNoble), cost: nobleCosts(...ofNoble) },
    ],
    hashes: { sha1: nobleSha1, md5: nobleMd5 },
  }),
  name: 'webcrypto-late',
}
