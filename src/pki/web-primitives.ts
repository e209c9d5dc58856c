// What encrypted keys and PKCS#12 files take from the runtime, with promises: WebCrypto and @noble/hashes, so that long
// derivations do not hold up the event loop.

import { checkOptions, requireText } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { CHash } from '@noble/hashes/utils.js'
import { concat } from '../wire/bytes.ts'
import { DerivationBudget } from './derivation.ts'
import type { DerivationLimits } from './derivation.ts'
import { plain } from './keys.ts'
import type { Decryption, DecryptOptions } from './pkcs12-pbe.ts'
import type { Pbkdf2, PbeHash, Primitives, Scrypt } from './primitives.ts'

/** Those of WebCrypto answer later, always. */
export interface WebPrimitives extends Primitives {
  pbkdf2(of: Pbkdf2): Promise<Uint8Array>
  scrypt(of: Scrypt): Promise<Uint8Array>
  decryptCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array>
  pause(): Promise<void>
}

const ofNoble = (hash: CHash): PbeHash => ({
  outputLength: hash.outputLen,
  blockLength: hash.blockLen,
  digest: (...parts) => hash(concat(...parts)),
  hmac: (key, ...parts) => hmac(hash, key, concat(...parts)),
  chain: (digest, times) => {
    // The same as digest = hash(digest), without an object for each.
    const [empty, running] = [hash.create(), hash.create()]
    for (let i = 0; i < times; i++) {
      empty._cloneInto(running)
      running.update(digest).digestInto(digest)
    }
  },
})

export const webPrimitives: WebPrimitives = {
  hashes: {
    'SHA-1': ofNoble(sha1),
    'SHA-256': ofNoble(sha256),
    'SHA-384': ofNoble(sha384),
    'SHA-512': ofNoble(sha512),
  },
  pbkdf2: async ({ hash, salt, iterations, length, password }: Pbkdf2): Promise<Uint8Array> => {
    const base = await crypto.subtle.importKey('raw', plain(password), 'PBKDF2', false, ['deriveBits'])
    return new Uint8Array(
      await crypto.subtle.deriveBits({ name: 'PBKDF2', hash, salt: plain(salt), iterations }, base, length * 8),
    )
  },
  scrypt: async ({ password, salt, N, r, p, length, memory }: Scrypt): Promise<Uint8Array> => {
    const { scryptAsync } = await import('@noble/hashes/scrypt.js') // few files ask for it
    return scryptAsync(password, salt, { N, r, p, dkLen: length, maxmem: memory })
  },
  decryptCbc: async (raw: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array> => {
    const key = await crypto.subtle.importKey('raw', plain(raw), 'AES-CBC', false, ['decrypt'])
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv: plain(iv) }, key, plain(ciphertext)))
  },
  pause: (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0)),
}

export const decryptionOf = (password: string, options: DecryptOptions): Decryption => {
  checkOptions(options, optionNames)
  requireText(password, 'password')
  const { decipher, limits } = options
  return { password, decipher, budget: new DerivationBudget(limits), primitives: webPrimitives }
}

const optionNames: Names<DecryptOptions> = {
  decipher: 'function',
  limits: {
    pbkdf2Iterations: 'number',
    pkcs12Iterations: 'number',
    scryptCost: 'number',
  } satisfies Names<DerivationLimits>,
}
