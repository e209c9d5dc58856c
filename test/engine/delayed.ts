// A provider whose every answer that may be a promise is one: for tests that nothing depends on synchronous answers.

import type { AeadCipher, CryptoProvider, MaybePromise } from '../../src/crypto/provider.ts'

const later = <T>(value: MaybePromise<T>): Promise<T> =>
  Promise.resolve(value).then((ready) => new Promise<T>((resolve) => setImmediate(() => resolve(ready))))

const delayedAead = (cipher: AeadCipher): AeadCipher => ({
  ...cipher,
  importKey: async (raw) => {
    const key = await cipher.importKey(raw.slice())
    return later({
      seal: (nonce, additionalData, plaintext, out) => later(key.seal(nonce, additionalData, plaintext, out)),
      open: (nonce, additionalData, sealed) => later(key.open(nonce, additionalData, sealed)),
    })
  },
})

export const delayedProvider = (base: CryptoProvider): CryptoProvider => ({
  ...base,
  name: `delayed ${base.name}`,
  suites: base.suites.map(({ id, cipher }) => ({ id, cipher: cipher.kind === 'aead' ? delayedAead(cipher) : cipher })),
  groups: base.groups.map((group) => ({
    id: group.id,
    start: async () => {
      const { share, complete } = await group.start()
      return later({ share, complete: (peer: Uint8Array) => later(complete(peer)) })
    },
    respond: (peer) => later(group.respond(peer)),
  })),
  verifiers: base.verifiers.map((verifier) => ({
    ...verifier,
    verify: (key, message, signature) => later(verifier.verify(key, message, signature)),
  })),
  signer: async (key) => {
    const signer = await base.signer(key)
    return { ...signer, sign: (algorithm, message) => later(signer.sign(algorithm, message)) }
  },
})
