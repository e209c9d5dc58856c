// What noble does for crypto/node.ts where a runtime lacks it: ML-KEM before Node 24.7, X448 in Bun, P-521 in Deno,
// ChaCha20 in Electron. Loaded when it is first needed, for it takes longer to load than all else that Node needs; the
// answer to that first call is a promise.

import type { DiffieHellman, GroupParts, Kem } from './groups.ts'
import { lazily } from './lazily.ts'
import { andThen } from './maybe.ts'
import type { AeadCipher, MaybePromise, PrivateKey, PublicKey, Signer } from './provider.ts'
import type { Scheme } from './signatures.ts'

const groups = lazily(() => import('./noble-groups.ts'))
const signatures = lazily(() => import('./noble-signatures.ts'))
const ciphers = lazily(() => import('./noble-ciphers.ts'))

type Named<T> = { [K in keyof GroupParts]: GroupParts[K] extends T ? K : never }[keyof GroupParts]

export const fallbackCurve = (
  name: Named<DiffieHellman>,
  { id, publicKeyLength }: Omit<DiffieHellman, 'generate' | 'fromPrivate'>,
): DiffieHellman => ({
  id,
  publicKeyLength,
  generate: () => andThen(groups(), ({ nobleParts }) => nobleParts[name].generate()),
  fromPrivate: (privateKey) => {
    const kept = privateKey.slice()
    return andThen(groups(), ({ nobleParts }) => nobleParts[name].fromPrivate(kept))
  },
})

export const fallbackKem = (
  name: Named<Kem>,
  { encapsulationKeyLength, ciphertextLength }: Pick<Kem, 'encapsulationKeyLength' | 'ciphertextLength'>,
): Kem => ({
  encapsulationKeyLength,
  ciphertextLength,
  generate: () => andThen(groups(), ({ nobleParts }) => nobleParts[name].generate()),
  fromSeed: (seed) => andThen(groups(), ({ nobleParts }) => nobleParts[name].fromSeed(seed)),
  encapsulate: (encapsulationKey) =>
    andThen(groups(), ({ nobleParts }) => nobleParts[name].encapsulate(encapsulationKey)),
})

export const fallbackVerify = (
  scheme: Scheme,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): MaybePromise<boolean> => andThen(signatures(), ({ nobleVerify }) => nobleVerify(scheme, key, message, signature))

export const fallbackSigner = (key: PrivateKey): MaybePromise<Signer> =>
  andThen(signatures(), ({ nobleSigner }) => nobleSigner(key))

export const fallbackChaCha: AeadCipher = {
  kind: 'aead',
  name: 'chacha20-poly1305',
  keyLength: 32,
  tagLength: 16,
  importKey: (raw) => {
    const kept = raw.slice() // the caller wipes its own
    return andThen(ciphers(), ({ nobleChaCha }) => {
      const key = nobleChaCha.importKey(kept)
      kept.fill(0)
      return key
    })
  },
}
