// A provider for replays: key exchange with the trace's private keys, `random` out of a queue, and a note of every
// HMAC, digest and imported AEAD key, so that the test sees each secret that the library computed in this very run.
// Optionally each call that may answer later does.

import { isPromise } from '../../src/crypto/maybe.ts'
import type { DiffieHellman } from '../../src/crypto/groups.ts'
import type {
  AeadCipher,
  CryptoProvider,
  HashAlgorithm,
  KeyExchangeGroup,
  MaybePromise,
  RunningHash,
  Signer,
} from '../../src/crypto/provider.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'

export interface Observed {
  /** "key|data" in hex -> output in hex. */
  readonly hmacs: Map<string, string>
  /** Outputs of hashes, in hex. */
  readonly digests: Set<string>
  /** Keys given to AEADs, in hex. */
  readonly keys: Set<string>
  /** First nonces used with a key: the IV of its direction, since the sequence number was 0. */
  readonly nonces: Set<string>
  /** Secrets of key agreements. */
  readonly shared: Set<string>
}

export const nothingObserved = (): Observed => ({
  hmacs: new Map(),
  digests: new Set(),
  keys: new Set(),
  nonces: new Set(),
  shared: new Set(),
})

export interface FixedKey {
  readonly dh: DiffieHellman
  readonly privateKey: Uint8Array
}

export interface ReplaySetup {
  readonly base: CryptoProvider
  readonly observed: Observed
  readonly delayed: boolean
  /** Taken in order, whatever length is asked for: the trace says what the value is. */
  readonly random: Uint8Array[]
  /** The keys of the trace; a group is used once. */
  readonly keys: readonly FixedKey[]
}

/** The value on a later turn of the event loop, if delays are wanted; computed now, since buffers are the caller's. */
const later = <T>(delayed: boolean, value: MaybePromise<T>): MaybePromise<T> =>
  delayed
    ? Promise.resolve(value).then((ready) => new Promise<T>((resolve) => setImmediate(() => resolve(ready))))
    : value

export const replayProvider = (setup: ReplaySetup): CryptoProvider => {
  const { base, observed, delayed, random } = setup
  const { sha256 } = base.hashes
  if (!sha256) throw new Error('a provider without SHA-256')
  return {
    ...base,
    suites: base.suites.map(({ id, cipher }) => ({
      id,
      cipher: cipher.kind === 'aead' ? watchAead(cipher, setup) : cipher,
    })),
    groups: base.groups.map((group) => fixedGroup(group, setup)),
    hashes: { ...base.hashes, sha256: watchHash(sha256, observed) },
    verifiers: base.verifiers.map((verifier) => ({
      ...verifier,
      verify: (key, message, signature) => later(delayed, verifier.verify(key, message, signature)),
    })),
    random: (length) => {
      const next = random.shift()
      if (!next) throw new Error(`the trace has no random value of ${length} bytes left`)
      return next
    },
  }
}

/** A signer that answers later, if delays are wanted. */
export const delayedSigner = (signer: Signer, delayed: boolean): Signer => ({
  ...signer,
  sign: (algorithm, message) => later(delayed, signer.sign(algorithm, message)),
})

const fixedGroup = (group: KeyExchangeGroup, { keys, observed, delayed }: ReplaySetup): KeyExchangeGroup => {
  const fixed = keys.find(({ dh }) => dh.id === group.id)
  const unexpected = (): never => {
    throw new Error(`the trace has no key for group ${group.id}`)
  }
  if (!fixed) return { id: group.id, start: unexpected, respond: unexpected }
  const key = fixed.dh.fromPrivate(fixed.privateKey)
  if (isPromise(key)) throw new Error('the parts of this provider are asynchronous')
  const agree = (peer: Uint8Array): Uint8Array => {
    const secret = key.agree(peer)
    if (isPromise(secret)) throw new Error('the parts of this provider are asynchronous')
    observed.shared.add(toHex(secret))
    return secret
  }
  return {
    id: group.id,
    start: () => later(delayed, { share: key.publicKey, complete: (peer) => later(delayed, agree(peer)) }),
    respond: (peer) => later(delayed, { share: key.publicKey, secret: agree(peer) }),
  }
}

const watchAead = (cipher: AeadCipher, { observed, delayed }: ReplaySetup): AeadCipher => ({
  ...cipher,
  importKey: (raw) => {
    observed.keys.add(toHex(raw))
    const key = cipher.importKey(raw)
    if (isPromise(key)) throw new Error('the AEADs of this provider are asynchronous')
    let first = true
    const note = (nonce: Uint8Array): void => {
      if (first) observed.nonces.add(toHex(nonce))
      first = false
    }
    return later(delayed, {
      seal: (nonce, additionalData, plaintext, out) => {
        note(nonce)
        return later(delayed, key.seal(nonce, additionalData, plaintext, out))
      },
      open: (nonce, additionalData, sealed) => {
        note(nonce)
        return later(delayed, key.open(nonce, additionalData, sealed))
      },
    })
  },
})

const watchHash = (hash: HashAlgorithm, { hmacs, digests }: Observed): HashAlgorithm => {
  const noted = (digest: Uint8Array): Uint8Array => {
    digests.add(toHex(digest))
    return digest
  }
  const watch = (running: RunningHash): RunningHash => ({
    update: (data) => running.update(data),
    digest: () => noted(running.digest()),
    clone: () => watch(running.clone()),
  })
  return {
    ...hash,
    digest: (...parts) => noted(hash.digest(...parts)),
    hmac: (key, ...parts) => {
      const output = hash.hmac(key, ...parts)
      hmacs.set(`${toHex(key)}|${toHex(concat(...parts))}`, toHex(output))
      return output
    },
    create: () => watch(hash.create()),
  }
}
