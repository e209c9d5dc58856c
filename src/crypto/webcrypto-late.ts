// The whole WebCrypto provider with little to load at once: of noble, hashes and ML-KEM come with it, and what few
// connections need is loaded by import() when one does (curves that a runtime lacks, ChaCha20, CBC, Ed448, ML-DSA).
// The root entry has it where there is no node:crypto. It is an entry of its own, for bundlers keep apart what is
// loaded late by files, and a bundle of parts (webcrypto-with.ts) would get the whole of noble with it.

import { groupIds } from '../wire/numbers.ts'
import { lateCbc, lateChaCha, lateCurve, lateGcm } from './noble-late.ts'
import { nobleMlKem1024, nobleMlKem512, nobleMlKem768 } from './noble-ml-kem.ts'
import type { CryptoProvider } from './provider.ts'
import { curves } from './webcrypto-groups.ts'
import { lateSignatures } from './webcrypto-keys.ts'
import { webcryptoWith } from './webcrypto-with.ts'

/**
 * What `webcryptoProvider` of `puretls/crypto/webcrypto` is, in fewer bytes: most of noble is loaded with `import()`,
 * by the first connection that needs it. In a service worker, where there is no `import()`, take that one, or a bundle
 * in one file.
 */
export const webcryptoLateProvider: CryptoProvider = {
  ...webcryptoWith({
    ...lateSignatures,
    ciphers: [...lateGcm, lateChaCha, ...lateCbc],
    keyExchange: {
      x25519: lateCurve('x25519', curves.x25519),
      p256: lateCurve('p256', curves.p256),
      p384: lateCurve('p384', curves.p384),
      p521: lateCurve('p521', curves.p521),
      x448: lateCurve('x448', { id: groupIds.X448, publicKeyLength: 56 }),
      mlKem512: nobleMlKem512,
      mlKem768: nobleMlKem768,
      mlKem1024: nobleMlKem1024,
    },
  }),
  name: 'webcrypto-late',
}
