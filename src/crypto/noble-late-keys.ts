// Signatures of noble, loaded when they are first needed, like the rest of it (noble-late.ts), and apart from that:
// what only signs and checks, as puretls/pki does, then has no files of groups and ciphers that it could load.

import { lazily } from './lazily.ts'
import { andThen } from './maybe.ts'
import type { KeyPart } from './parts.ts'
import type { KeyType, MaybePromise, PrivateKey, PublicKey, Signer } from './provider.ts'
import type { Scheme } from './signatures.ts'

const signatures = lazily(() => import('./noble-signatures.ts'))

export const lateVerify = (
  scheme: Scheme,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): MaybePromise<boolean> => andThen(signatures(), ({ nobleVerify }) => nobleVerify(scheme, key, message, signature))

export const lateSigner = (key: PrivateKey): MaybePromise<Signer> =>
  andThen(signatures(), ({ nobleSigner }) => nobleSigner(key))

/** Signatures with keys of these types. */
export const lateKeys = (...types: readonly KeyType[]): KeyPart => ({
  types,
  verify: ({ scheme, key, message, signature }) => lateVerify(scheme, key, message, signature),
  signer: lateSigner,
})
