// Record protection of the CBC suites of TLS 1.2 (RFC 5246 section 6.2.3.2), with encrypt-then-MAC (RFC 7366) where
// it was negotiated. Without it, MAC and padding are checked with equal work for every padding (Lucky 13).

import type { CbcKey, HashAlgorithm } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { DirectionKeys } from '../keys/prf12.ts'
import { concat, equalBytes } from '../wire/bytes.ts'
import { TLS12 } from '../wire/registry.ts'
import { RECORD_HEADER_LENGTH } from './limits.ts'
import { writeHeader } from './protection.ts'
import { pseudoHeader } from './sequence12.ts'
import type { Protection12, RecordOpener, RecordSealer } from './sequence12.ts'

/** Bytes of an AES block, and of the IV in front of each record. */
const CBC_BLOCK = 16

const macOf = ({ mac }: Protection12): HashAlgorithm => {
  if (!mac) throw new TlsError('internal_error', 'a CBC suite without a MAC')
  return mac
}

export const cbcSealer = (key: CbcKey, protection: Protection12, keys: DirectionKeys): RecordSealer => {
  const mac = macOf(protection)
  const { encryptThenMac } = protection
  const macLength = mac.outputLength
  const blocksLength = (length: number): number => padded(encryptThenMac ? length : length + macLength)
  let sequence = 0
  return {
    immediate: false,
    sealedLength: (length) =>
      RECORD_HEADER_LENGTH + CBC_BLOCK + blocksLength(length) + (encryptThenMac ? macLength : 0),
    seal: (type, content, out) => {
      const number = sequence++
      writeHeader(out, type, TLS12, out.length - RECORD_HEADER_LENGTH)
      const iv = protection.random(CBC_BLOCK)
      const tag = encryptThenMac
        ? new Uint8Array(0)
        : mac.hmac(keys.macKey, pseudoHeader(number, type, content.length), content)
      const blocks = key.encrypt(iv, withPadding(concat(content, tag)))
      out.set(iv, RECORD_HEADER_LENGTH)
      out.set(blocks, RECORD_HEADER_LENGTH + CBC_BLOCK)
      if (!encryptThenMac) return
      const sealed = out.subarray(RECORD_HEADER_LENGTH, out.length - macLength)
      out.set(mac.hmac(keys.macKey, pseudoHeader(number, type, sealed.length), sealed), out.length - macLength)
    },
  }
}

/** One byte of padding at least. */
const padded = (length: number): number => (Math.floor(length / CBC_BLOCK) + 1) * CBC_BLOCK

/** Padding bytes hold the padding length, which does not count the byte that says it (section 6.2.3.2). */
const withPadding = (data: Uint8Array): Uint8Array => {
  const blocks = new Uint8Array(padded(data.length)).fill(padded(data.length) - data.length - 1)
  blocks.set(data)
  return blocks
}

export const cbcOpener = (key: CbcKey, protection: Protection12, keys: DirectionKeys): RecordOpener => {
  const mac = macOf(protection)
  const decrypt = (sealed: Uint8Array): Uint8Array =>
    key.decrypt(sealed.subarray(0, CBC_BLOCK), sealed.subarray(CBC_BLOCK))
  let sequence = 0
  return {
    open: (type, fragment) => {
      const number = sequence++
      return protection.encryptThenMac
        ? openMacFirst(fragment, mac, keys.macKey, number, type, decrypt)
        : openMacInside(fragment, mac, keys.macKey, number, type, decrypt)
    },
  }
}

type Decrypt = (sealed: Uint8Array) => Uint8Array

const wholeBlocks = (length: number, leastPlaintext: number): boolean =>
  length % CBC_BLOCK === 0 && length >= CBC_BLOCK + padded(leastPlaintext)

/** RFC 7366 section 3: nothing is decrypted that is not authentic. */
const openMacFirst = (
  fragment: Uint8Array,
  mac: HashAlgorithm,
  macKey: Uint8Array,
  sequence: number,
  type: number,
  decrypt: Decrypt,
): Uint8Array | undefined => {
  const end = fragment.length - mac.outputLength
  if (end < 0 || !wholeBlocks(end, 0)) return undefined
  const sealed = fragment.subarray(0, end)
  if (!equalBytes(mac.hmac(macKey, pseudoHeader(sequence, type, end), sealed), fragment.subarray(end))) return undefined
  const plaintext = decrypt(sealed)
  const padding = paddingOf(plaintext, 0)
  return padding.good ? plaintext.subarray(0, plaintext.length - padding.length) : undefined
}

/**
 * MAC-then-encrypt: a bad padding counts as an empty one, the MAC is always computed, and what the padding took away
 * from it is hashed beside it, so that the number of compressions depends on the record's length only (RFC 5246 section
 * 6.2.3.2). */
const openMacInside = (
  fragment: Uint8Array,
  mac: HashAlgorithm,
  macKey: Uint8Array,
  sequence: number,
  type: number,
  decrypt: Decrypt,
): Uint8Array | undefined => {
  const { outputLength } = mac
  if (!wholeBlocks(fragment.length, outputLength)) return undefined
  const plaintext = decrypt(fragment)
  const padding = paddingOf(plaintext, outputLength)
  const contentLength = plaintext.length - outputLength - padding.length
  const content = plaintext.subarray(0, contentLength)
  const expected = mac.hmac(macKey, pseudoHeader(sequence, type, contentLength), content)
  const most = plaintext.length - outputLength - 1
  mac.digest(filler.subarray(0, mac.blockLength * (compressions(mac, most) - compressions(mac, contentLength))))
  const macGood = equalBytes(expected, plaintext.subarray(contentLength, contentLength + outputLength))
  return Number(macGood) & Number(padding.good) ? content : undefined
}

/** Enough for the longest padding: 256 bytes span at most five blocks. */
const filler = new Uint8Array(5 * 128)

/**
 * Compressions of the inner hash of an HMAC over a record with `length` bytes of content: key block, pseudo-header,
 * content, and the hash's own padding with its length field. */
const compressions = ({ blockLength }: HashAlgorithm, length: number): number =>
  Math.ceil((blockLength + 13 + length + 1 + blockLength / 8) / blockLength)

/**
 * The padding with its length byte, looked at without stopping early; `good` is false if any byte of it is wrong (the
 * POODLE rule: all of the padding is checked) or if it leaves less than `least` bytes, and then it counts as one byte
 * long. */
const paddingOf = (plaintext: Uint8Array, least: number): { readonly good: boolean; readonly length: number } => {
  const last = plaintext[plaintext.length - 1] ?? 0
  let wrong = (plaintext.length - least - 1 - last) >>> 31
  const scanned = Math.min(256, plaintext.length)
  for (let back = 0; back < scanned; back++) {
    const inside = ((back - last - 1) >>> 31) & 1
    wrong |= inside * ((plaintext[plaintext.length - 1 - back] ?? 0) ^ last)
  }
  const good = wrong === 0
  return { good, length: 1 + last * Number(good) }
}
