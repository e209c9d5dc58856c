// The key schedule of TLS 1.3 in stages (RFC 9846 section 7.1): early -> handshake -> master. Each stage is the only
// way to the next, so secrets cannot be taken in a wrong order.

import type { HashAlgorithm } from '../crypto/provider.ts'
import { deriveSecret, expandLabel, hkdfExtract } from './hkdf.ts'

/** A traffic secret and the hash it works with: the root of one direction's record keys. */
export interface TrafficSecret {
  readonly hash: HashAlgorithm
  /** hash.outputLength bytes. */
  readonly secret: Uint8Array
}

export interface EarlyStage {
  /**
   * Key for the PskBinderEntry: `res` for tickets, `ext` for external PSKs, `imp` for imported ones (RFC 9258 section
   * 5.2).
   */
  binderKey(kind: 'res' | 'ext' | 'imp'): TrafficSecret
  /** client_early_traffic_secret over ClientHello. */
  clientEarlyTraffic(transcriptHash: Uint8Array): TrafficSecret
  earlyExporter(transcriptHash: Uint8Array): Uint8Array
  /** `shared` is the (EC)DHE secret, or undefined with psk_ke; the hash is over ClientHello...ServerHello. */
  handshake(shared: Uint8Array | undefined, transcriptHash: Uint8Array): HandshakeStage
}

export interface HandshakeStage {
  readonly client: TrafficSecret
  readonly server: TrafficSecret
  /** The hash is over ClientHello...server Finished. */
  master(transcriptHash: Uint8Array): MasterStage
}

export interface MasterStage {
  readonly client: TrafficSecret
  readonly server: TrafficSecret
  readonly exporter: Uint8Array
  /** resumption_master_secret; the hash is over ClientHello...client Finished. */
  resumption(transcriptHash: Uint8Array): Uint8Array
}

const none = new Uint8Array(0)

/** `psk` is undefined in a full handshake: then the secret is the same constant for all. */
export const earlyStage = (hash: HashAlgorithm, psk: Uint8Array | undefined): EarlyStage => {
  if (psk) return makeEarlyStage(hash, psk)
  const known = withoutPsk.get(hash)
  if (known) return known
  const stage = makeEarlyStage(hash, undefined)
  withoutPsk.set(hash, stage)
  return stage
}

const withoutPsk = new WeakMap<HashAlgorithm, EarlyStage>()

interface Constants {
  readonly zeros: Uint8Array
  readonly emptyHash: Uint8Array
}

const constantsOf = (hash: HashAlgorithm): Constants => {
  const known = constants.get(hash)
  if (known) return known
  const made = { zeros: new Uint8Array(hash.outputLength), emptyHash: hash.digest() }
  constants.set(hash, made)
  return made
}
const constants = new WeakMap<HashAlgorithm, Constants>()

const makeEarlyStage = (hash: HashAlgorithm, psk: Uint8Array | undefined): EarlyStage => {
  const { zeros, emptyHash } = constantsOf(hash)
  const early = hkdfExtract(hash, none, psk ?? zeros)
  let derived: Uint8Array | undefined
  const traffic = (from: Uint8Array, label: string, transcriptHash: Uint8Array): TrafficSecret => ({
    hash,
    secret: deriveSecret(hash, from, label, transcriptHash),
  })
  return {
    binderKey: (kind) => traffic(early, `${kind} binder`, emptyHash),
    clientEarlyTraffic: (transcriptHash) => traffic(early, 'c e traffic', transcriptHash),
    earlyExporter: (transcriptHash) => deriveSecret(hash, early, 'e exp master', transcriptHash),
    handshake: (shared, helloHash) => {
      const handshake = hkdfExtract(
        hash,
        (derived ??= deriveSecret(hash, early, 'derived', emptyHash)),
        shared ?? zeros,
      )
      return {
        client: traffic(handshake, 'c hs traffic', helloHash),
        server: traffic(handshake, 's hs traffic', helloHash),
        master: (finishedHash) => {
          const master = hkdfExtract(hash, deriveSecret(hash, handshake, 'derived', emptyHash), zeros)
          return {
            client: traffic(master, 'c ap traffic', finishedHash),
            server: traffic(master, 's ap traffic', finishedHash),
            exporter: deriveSecret(hash, master, 'exp master', finishedHash),
            resumption: (transcriptHash) => deriveSecret(hash, master, 'res master', transcriptHash),
          }
        },
      }
    },
  }
}

/** application_traffic_secret_N+1 (section 7.2). */
export const nextTrafficSecret = ({ hash, secret }: TrafficSecret): TrafficSecret => ({
  hash,
  secret: expandLabel(hash, secret, 'traffic upd', none, hash.outputLength),
})

/** write_key and write_iv of one direction (section 7.3); lengths in bytes. */
export const trafficKeys = (
  { hash, secret }: TrafficSecret,
  keyLength: number,
  ivLength = 12,
): { readonly key: Uint8Array; readonly iv: Uint8Array } => ({
  key: expandLabel(hash, secret, 'key', none, keyLength),
  iv: expandLabel(hash, secret, 'iv', none, ivLength),
})

/** verify_data of Finished, and of a PSK binder, under a base key (section 4.5.3). */
export const finishedVerifyData = ({ hash, secret }: TrafficSecret, transcriptHash: Uint8Array): Uint8Array =>
  hash.hmac(expandLabel(hash, secret, 'finished', none, hash.outputLength), transcriptHash)

/** The PSK of a ticket (section 4.7.1). */
export const resumptionPsk = (hash: HashAlgorithm, resumptionSecret: Uint8Array, ticketNonce: Uint8Array): Uint8Array =>
  expandLabel(hash, resumptionSecret, 'resumption', ticketNonce, hash.outputLength)

/** TLS-Exporter (section 7.5). `exporterSecret` is the exporter or early exporter master secret; `length` in bytes. */
export const exportKey = (
  hash: HashAlgorithm,
  exporterSecret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array =>
  expandLabel(hash, deriveSecret(hash, exporterSecret, label, hash.digest()), 'exporter', hash.digest(context), length)
