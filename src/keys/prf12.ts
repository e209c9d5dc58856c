// The key derivation of TLS 1.2: PRF (RFC 5246 section 5), master secret (section 8.1) and extended master secret
// (RFC 7627 section 4), key block (section 6.3), Finished (section 7.4.9) and exporter (RFC 5705).

import type { HashAlgorithm } from '../crypto/provider.ts'
import { concat } from '../wire/bytes.ts'
import { encode, opaque } from '../wire/codec.ts'
import { utf8Bytes } from '../wire/texts.ts'

/** P_hash with the label: `length` bytes. */
export const prf12 = (
  hash: HashAlgorithm,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array => {
  const labelled = concat(utf8Bytes(label), seed)
  const out = new Uint8Array(Math.ceil(length / hash.outputLength) * hash.outputLength)
  let a = labelled
  for (let offset = 0; offset < length; offset += hash.outputLength) {
    a = hash.hmac(secret, a)
    out.set(hash.hmac(secret, a, labelled), offset)
  }
  return out.subarray(0, length)
}

declare const stage: unique symbol
/** 48 bytes, and the hash of the PRF they work with. Only the functions here make one. */
export interface MasterSecret {
  readonly [stage]: 'master secret'
  readonly hash: HashAlgorithm
  readonly secret: Uint8Array
}

const master = (hash: HashAlgorithm, secret: Uint8Array): MasterSecret => ({ hash, secret }) as MasterSecret
const MASTER_LENGTH = 48

/** RFC 5246 section 8.1: bound to the two randoms only, which is why the other one is preferred. */
export const masterSecret = (
  hash: HashAlgorithm,
  premaster: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): MasterSecret =>
  master(hash, prf12(hash, premaster, 'master secret', concat(clientRandom, serverRandom), MASTER_LENGTH))

/** RFC 7627 section 4: `sessionHash` is the transcript hash up to and with ClientKeyExchange. */
export const extendedMasterSecret = (
  hash: HashAlgorithm,
  premaster: Uint8Array,
  sessionHash: Uint8Array,
): MasterSecret => master(hash, prf12(hash, premaster, 'extended master secret', sessionHash, MASTER_LENGTH))

/** The master secret of a session that is resumed. */
export const resumedMasterSecret = (hash: HashAlgorithm, secret: Uint8Array): MasterSecret => master(hash, secret)

/** Bytes of each part of the key block. */
export interface KeyLengths {
  readonly mac: number
  readonly key: number
  readonly iv: number
}

/** What protects one direction. */
export interface DirectionKeys {
  readonly macKey: Uint8Array
  readonly key: Uint8Array
  readonly iv: Uint8Array
}

/** RFC 5246 section 6.3. Each call gives keys of its own to overwrite. */
export const keyBlock = (
  { hash, secret }: MasterSecret,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  { mac, key, iv }: KeyLengths,
): { readonly client: DirectionKeys; readonly server: DirectionKeys } => {
  const block = prf12(hash, secret, 'key expansion', concat(serverRandom, clientRandom), 2 * (mac + key + iv))
  let offset = 0
  const take = (length: number): Uint8Array => block.slice(offset, (offset += length))
  const [clientMac, serverMac] = [take(mac), take(mac)]
  const [clientKey, serverKey] = [take(key), take(key)]
  const [clientIv, serverIv] = [take(iv), take(iv)]
  return {
    client: { macKey: clientMac, key: clientKey, iv: clientIv },
    server: { macKey: serverMac, key: serverKey, iv: serverIv },
  }
}

/** verify_data of Finished (section 7.4.9): 12 bytes. */
export const verifyData12 = (
  { hash, secret }: MasterSecret,
  sender: 'client' | 'server',
  transcriptHash: Uint8Array,
): Uint8Array => prf12(hash, secret, `${sender} finished`, transcriptHash, 12)

/** RFC 5705 section 4; a context that is absent and one that is empty give different keys. `length` in bytes. */
export const exportKey12 = (
  { hash, secret }: MasterSecret,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  label: string,
  context: Uint8Array | undefined,
  length: number,
): Uint8Array =>
  prf12(
    hash,
    secret,
    label,
    concat(clientRandom, serverRandom, context ? encode(opaque(2), context) : new Uint8Array(0)),
    length,
  )
