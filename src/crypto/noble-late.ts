// What noble does for the node and webcrypto providers where a runtime lacks it, loaded when it is first needed: the
// answer to that first call is a promise. With Node that is ML-KEM before 24.7, X448 in Bun, P-521 in Deno, ChaCha20 in
// Electron, and noble takes longer to load than all else that Node needs; with WebCrypto it is what few connections
// need: curves that a runtime lacks, ChaCha20, CBC. Signatures are apart, in noble-late-keys.ts.

import type * as nobleCiphers from './noble-ciphers.ts'
import type { DiffieHellman, GroupParts, Kem } from './groups.ts'
import { lazily } from './lazily.ts'
import { andThen } from './maybe.ts'
import type { AeadCipher, CbcCipher, MaybePromise } from './provider.ts'

const groups = lazily(() => import('./noble-groups.ts'))
type NobleCiphers = typeof nobleCiphers
const ciphers = lazily(() => import('./noble-ciphers.ts'))

type Named<T> = { [K in keyof GroupParts]: GroupParts[K] extends T ? K : never }[keyof GroupParts]

export const lateCurve = (
  name: Named<DiffieHellman>,
  { id, publicKeyLength }: Omit<DiffieHellman, 'generate' | 'fromPrivate'>,
): DiffieHellman => ({
  id,
  publicKeyLength,
  generate: () => andThen(groups(), ({ nobleParts }) => nobleParts[name].generate()),
  fromPrivate: (privateKey) => andThen(groups(), ({ nobleParts }) => nobleParts[name].fromPrivate(privateKey)),
})

export const lateKem = (
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

/** The caller of importKey() wipes its own bytes; the copy that waits for the module is wiped here. */
const whenLoaded = <K>(
  raw: Uint8Array,
  find: (loaded: NobleCiphers) => { importKey(raw: Uint8Array): MaybePromise<K> },
): MaybePromise<K> => {
  const kept = raw.slice()
  return andThen(ciphers(), (loaded) => {
    const key = find(loaded).importKey(kept)
    kept.fill(0)
    return key
  })
}

const lateAead = (name: keyof NobleCiphers['nobleAeads'], keyLength: number): AeadCipher => ({
  kind: 'aead',
  name,
  keyLength,
  tagLength: 16,
  importKey: (raw) => whenLoaded(raw, ({ nobleAeads }) => nobleAeads[name]),
})

const lateBlocks = (name: keyof NobleCiphers['nobleCbcs'], keyLength: number): CbcCipher => ({
  kind: 'cbc',
  name,
  keyLength,
  importKey: (raw) => whenLoaded(raw, ({ nobleCbcs }) => nobleCbcs[name]),
})

export const lateChaCha: AeadCipher = lateAead('chacha20-poly1305', 32)
export const lateGcm: readonly AeadCipher[] = [lateAead('aes-128-gcm', 16), lateAead('aes-256-gcm', 32)]
export const lateCbc: readonly CbcCipher[] = [lateBlocks('aes-128-cbc', 16), lateBlocks('aes-256-cbc', 32)]
