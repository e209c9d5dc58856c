// A provider whose every call that may answer later does, on a later turn of the event loop.

import { isPromise } from '../../src/crypto/maybe.ts'
import type { AeadCipher, CryptoProvider, MaybePromise, Signer } from '../../src/crypto/provider.ts'

const later = <T>(value: MaybePromise<T>): Promise<T> =>
  Promise.resolve(value).then((ready) => new Promise<T>((resolve) => setImmediate(() => resolve(ready))))

export const delayed = (base: CryptoProvider): CryptoProvider => ({
  ...base,
  name: `delayed ${base.name}`,
  suites: base.suites.map(({ id, cipher }) => ({ id, cipher: cipher.kind === 'aead' ? delayedAead(cipher) : cipher })),
  groups: base.groups.map((group) => ({
    id: group.id,
    start: () =>
      Promise.resolve(group.start()).then((exchange) => ({
        share: exchange.share,
        complete: (peer) => caught(() => exchange.complete(peer)),
      })),
    respond: (peer) => caught(() => group.respond(peer)),
  })),
  verifiers: base.verifiers.map((verifier) => ({
    ...verifier, verify: (key, message, signature) => later(verifier.verify(key, message, signature)),
  })),
  signer: (key) => Promise.resolve(base.signer(key)).then(delayedSigner),
})

/** What is thrown becomes a rejection. */
const caught = async <T>(call: () => MaybePromise<T>): Promise<T> => later(await call())

const delayedSigner = (signer: Signer): Signer => {
  const raw = signer.rsaDecryptRaw?.bind(signer)
  return {
    ...signer,
    sign: (algorithm, message) => caught(() => signer.sign(algorithm, message)),
    ...(raw && { rsaDecryptRaw: (ciphertext: Uint8Array) => caught(() => raw(ciphertext)) }),
  }
}

const delayedAead = (cipher: AeadCipher): AeadCipher => ({
  ...cipher,
  importKey: (raw) => {
    const key = cipher.importKey(raw.slice())
    if (isPromise(key)) throw new Error('delayed() is for synchronous providers')
    return later({
      seal: (nonce, additionalData, plaintext, out) => later(key.seal(nonce, additionalData, plaintext, out)),
      open: (nonce, additionalData, sealed) => later(key.open(nonce, additionalData, sealed)),
    })
  },
})
