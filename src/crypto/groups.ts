// Key exchange groups out of their parts: a Diffie-Hellman function alone, ML-KEM alone, or both as a hybrid
// (RFC 9846 section 7.4, draft-ietf-tls-mlkem section 4, draft-ietf-tls-ecdhe-mlkem section 4). Each provider brings
// the parts and gets its groups from here.

import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { groupIds } from '../wire/numbers.ts'
import { andThen, isPromise } from './maybe.ts'
import type { KeyExchange, KeyExchangeGroup, MaybePromise } from './provider.ts'

/** (EC)DH over one curve, with keys made for it. */
export interface EphemeralDiffieHellman {
  /** IANA named group number. */
  readonly id: number
  /** Bytes of a public key as TLS carries it. */
  readonly publicKeyLength: number
  generate(): MaybePromise<DiffieHellmanKey>
}

/** The same, also with keys that are there already. */
export interface DiffieHellman extends EphemeralDiffieHellman {
  /** From the bare private key, which it may keep: for HPKE, replays and test vectors. */
  fromPrivate(privateKey: Uint8Array): MaybePromise<DiffieHellmanKey>
}

export interface DiffieHellmanKey {
  readonly publicKey: Uint8Array
  /** `peer` has the right length and form. Anything thrown means that the key is not acceptable. */
  agree(peer: Uint8Array): MaybePromise<Uint8Array>
}

/** ML-KEM with one parameter set (FIPS 203). */
export interface Kem {
  /** Bytes. */
  readonly encapsulationKeyLength: number
  /** Bytes. */
  readonly ciphertextLength: number
  generate(): MaybePromise<KemKey>
  /** From d and z (64 bytes), for replays and test vectors. */
  fromSeed(seed: Uint8Array): MaybePromise<KemKey>
  /** Throws if the encapsulation key check of FIPS 203 section 7.2 fails. */
  encapsulate(
    encapsulationKey: Uint8Array,
  ): MaybePromise<{ readonly ciphertext: Uint8Array; readonly secret: Uint8Array }>
}

export interface KemKey {
  readonly encapsulationKey: Uint8Array
  decapsulate(ciphertext: Uint8Array): MaybePromise<Uint8Array>
}

/** A group of one Diffie-Hellman function. */
export const diffieHellmanGroup = (dh: EphemeralDiffieHellman | DiffieHellman): KeyExchangeGroup => ({
  id: dh.id,
  start: () => andThen(dh.generate(), (key) => diffieHellmanExchange(dh, key)),
  respond: (peerShare) => {
    checkLength(peerShare, dh.publicKeyLength)
    return andThen(dh.generate(), (key) =>
      andThen(agree(dh, key, peerShare), (secret) => ({ share: key.publicKey, secret })),
    )
  },
  ...('fromPrivate' in dh && {
    restore: (privateKey) => {
      const length = isMontgomery(dh.id) ? dh.publicKeyLength : (dh.publicKeyLength - 1) / 2
      if (privateKey.length !== length)
        throw new TlsError('bad_key', `a private key of ${privateKey.length} bytes; it has to be ${length}`)
      return andThen(dh.fromPrivate(privateKey.slice()), (key) => diffieHellmanExchange(dh, key))
    },
  }),
})

/** The client's side of a group with a key that is already there. */
export const diffieHellmanExchange = (dh: EphemeralDiffieHellman, key: DiffieHellmanKey): KeyExchange => ({
  share: key.publicKey,
  complete: (peerShare) => agree(dh, key, peerShare),
})

/**
 * A group of ML-KEM alone: the client's share is an encapsulation key, the server's a ciphertext (draft-ietf-tls-mlkem
 * section 4).
 */
const kemGroup = (id: number, kem: Kem): KeyExchangeGroup => ({
  id,
  start: () =>
    andThen(kem.generate(), (key) => ({
      share: key.encapsulationKey,
      complete: (peerShare) => {
        checkLength(peerShare, kem.ciphertextLength)
        return key.decapsulate(peerShare)
      },
    })),
  respond: (peerShare) => {
    checkLength(peerShare, kem.encapsulationKeyLength)
    return andThen(encapsulate(kem, peerShare), ({ ciphertext, secret }) => ({ share: ciphertext, secret }))
  },
})

const encapsulate = (kem: Kem, key: Uint8Array): ReturnType<Kem['encapsulate']> =>
  refusing(() => kem.encapsulate(key), 'an ML-KEM encapsulation key that is not valid')

/**
 * How the two halves of a hybrid are joined, in shares and in the secret alike (draft-ietf-tls-ecdhe-mlkem section 4).
 */
type HybridOrder = 'kem-first' | 'dh-first'

const hybridGroup = (id: number, kem: Kem, dh: EphemeralDiffieHellman, order: HybridOrder): KeyExchangeGroup => {
  const join = (fromKem: Uint8Array, fromDh: Uint8Array): Uint8Array =>
    order === 'kem-first' ? concat(fromKem, fromDh) : concat(fromDh, fromKem)
  const split = (share: Uint8Array, kemLength: number) => {
    checkLength(share, kemLength + dh.publicKeyLength)
    const at = order === 'kem-first' ? kemLength : dh.publicKeyLength
    const [first, second] = [share.subarray(0, at), share.subarray(at)]
    return order === 'kem-first' ? { kem: first, dh: second } : { kem: second, dh: first }
  }
  return {
    id,
    start: () =>
      both(kem.generate(), dh.generate(), (kemKey, dhKey) => ({
        share: join(kemKey.encapsulationKey, dhKey.publicKey),
        complete: (peerShare) => {
          const peer = split(peerShare, kem.ciphertextLength)
          return both(kemKey.decapsulate(peer.kem), agree(dh, dhKey, peer.dh), join)
        },
      })),
    respond: (peerShare) => {
      const peer = split(peerShare, kem.encapsulationKeyLength)
      const encapsulated = encapsulate(kem, peer.kem)
      return andThen(dh.generate(), (dhKey) =>
        both(encapsulated, agree(dh, dhKey, peer.dh), ({ ciphertext, secret }, agreed) => ({
          share: join(ciphertext, dhKey.publicKey),
          secret: join(secret, agreed),
        })),
      )
    },
  }
}

const agree = (dh: EphemeralDiffieHellman, key: DiffieHellmanKey, peer: Uint8Array): MaybePromise<Uint8Array> => {
  checkLength(peer, dh.publicKeyLength)
  if (!isMontgomery(dh.id) && peer[0] !== 4) {
    throw new TlsError('illegal_parameter', 'a key share that is not an uncompressed point (RFC 9846 section 4.3.8.2)')
  }
  return andThen(
    refusing(() => key.agree(peer), 'a key share that is not a valid point of its curve'),
    (secret) => {
      if (isMontgomery(dh.id) && isZero(secret)) {
        throw new TlsError(
          'illegal_parameter',
          'a key share of small order: the shared secret is all zero (RFC 9846 section 7.4.2)',
        )
      }
      return secret
    },
  )
}

const isMontgomery = (id: number): boolean => id === groupIds.X25519 || id === groupIds.X448

const isZero = (secret: Uint8Array): boolean => {
  let bits = 0
  for (const byte of secret) bits |= byte
  return bits === 0
}

const checkLength = (share: Uint8Array, length: number): void => {
  if (share.length !== length) {
    throw new TlsError('illegal_parameter', `a key share of ${share.length} bytes where this group has ${length}`)
  }
}

/** Whatever the primitive throws is the peer's share being unacceptable. */
const refusing = <T>(call: () => MaybePromise<T>, sentence: string): MaybePromise<T> => {
  const refuse = (cause: unknown): never => {
    throw new TlsError('illegal_parameter', sentence, { cause })
  }
  try {
    const value = call()
    return isPromise(value) ? value.catch(refuse) : value
  } catch (cause) {
    return refuse(cause)
  }
}

const both = <A, B, C>(a: MaybePromise<A>, b: MaybePromise<B>, f: (a: A, b: B) => C): MaybePromise<C> =>
  isPromise(a) || isPromise(b) ? Promise.all([a, b]).then(([first, second]) => f(first, second)) : f(a, b)

/** What a provider's groups are made of. */
export interface KeyExchangeParts {
  readonly x25519: EphemeralDiffieHellman
  readonly x448: EphemeralDiffieHellman
  readonly p256: EphemeralDiffieHellman
  readonly p384: EphemeralDiffieHellman
  readonly p521: EphemeralDiffieHellman
  readonly mlKem512: Kem
  readonly mlKem768: Kem
  readonly mlKem1024: Kem
}

/** All of them, also with private keys that are given, for replays and test vectors. */
export type GroupParts = {
  readonly [K in keyof KeyExchangeParts]: KeyExchangeParts[K] extends Kem ? Kem : DiffieHellman
}

/** The groups that there are all parts for, in order of preference. */
export const groupsOf = (parts: Partial<KeyExchangeParts>): readonly KeyExchangeGroup[] => {
  const { x25519, x448, p256, p384, p521, mlKem512, mlKem768, mlKem1024 } = parts
  const alone = (dh: EphemeralDiffieHellman | undefined) => dh && diffieHellmanGroup(dh)
  const groups = [
    mlKem768 && x25519 && hybridGroup(groupIds.X25519MLKEM768, mlKem768, x25519, 'kem-first'),
    ...[x25519, p256, p384, p521].map(alone),
    mlKem768 && p256 && hybridGroup(groupIds.SecP256r1MLKEM768, mlKem768, p256, 'dh-first'),
    mlKem1024 && p384 && hybridGroup(groupIds.SecP384r1MLKEM1024, mlKem1024, p384, 'dh-first'),
    alone(x448),
    mlKem512 && kemGroup(groupIds.MLKEM512, mlKem512),
    mlKem768 && kemGroup(groupIds.MLKEM768, mlKem768),
    mlKem1024 && kemGroup(groupIds.MLKEM1024, mlKem1024),
  ]
  return groups.filter((group) => group !== undefined)
}
