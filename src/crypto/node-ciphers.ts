// Ciphers, hashes and HMAC of node:crypto. Part of crypto/node.ts; imports node:crypto like everything named
// crypto/node*. Keys go in as KeyObjects: with bare bytes Node takes four times as long for a small record.

import * as crypto from 'node:crypto'
import { release } from '../wire/bytes.ts'
import { ImmediateKey } from './immediate.ts'
import { lateChaCha } from './noble-late.ts'
import { balancePlaintext } from './node-collector.ts'
import type { AeadCipher, CbcCipher, Cipher, CipherName, HashAlgorithm, HashName, RunningHash } from './provider.ts'

/** The bytes of a Buffer as a plain Uint8Array, whose slice() copies. */
export const plain = (buffer: Uint8Array): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

/** A Buffer over the same memory, for those calls whose types ask for one. */
export const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const aead = (name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305', keyLength: number): AeadCipher => ({
  kind: 'aead',
  name,
  keyLength,
  tagLength: 16,
  importKey: (raw) => {
    const key = crypto.createSecretKey(raw)
    // ChaCha20-Poly1305 wants its length said; the types have it as the ciphers of CCM
    const cipherName = name as 'aes-128-gcm'
    const options = { authTagLength: 16 }
    return new ImmediateKey({
      seal: (nonce, additionalData, plaintext, out) => {
        const cipher = crypto.createCipheriv(cipherName, key, nonce, options)
        cipher.setAAD(additionalData)
        const sealed = cipher.update(plaintext)
        out.set(sealed)
        release(sealed)
        cipher.final()
        out.set(cipher.getAuthTag(), plaintext.length)
      },
      open: (nonce, additionalData, sealed) => {
        const length = sealed.length - 16
        if (length < 0) return undefined
        const decipher = crypto.createDecipheriv(cipherName, key, nonce, options)
        decipher.setAAD(additionalData)
        decipher.setAuthTag(sealed.subarray(length))
        return opened(decipher, sealed.subarray(0, length))
      },
    })
  },
})

const ccm = (name: CipherName, tagLength: 8 | 16): AeadCipher => ({
  kind: 'aead',
  name,
  keyLength: 16,
  tagLength,
  importKey: (raw) => {
    const key = crypto.createSecretKey(raw)
    const options = { authTagLength: tagLength }
    return {
      seal: (nonce, additionalData, plaintext, out) => {
        const cipher = crypto.createCipheriv('aes-128-ccm', key, nonce, options)
        cipher.setAAD(additionalData, { plaintextLength: plaintext.length })
        out.set(cipher.update(plaintext))
        cipher.final()
        out.set(cipher.getAuthTag(), plaintext.length)
      },
      open: (nonce, additionalData, sealed) => {
        if (sealed.length < tagLength) return undefined
        const decipher = crypto.createDecipheriv('aes-128-ccm', key, nonce, options)
        decipher.setAuthTag(sealed.subarray(sealed.length - tagLength))
        decipher.setAAD(additionalData, { plaintextLength: sealed.length - tagLength })
        return opened(decipher, sealed.subarray(0, sealed.length - tagLength))
      },
    }
  },
})

/** Node reports a wrong tag by throwing, in update (CCM) or in final. */
const opened = (
  decipher: Pick<crypto.Decipheriv, 'final'> & { update(data: Uint8Array): Uint8Array },
  ciphertext: Uint8Array,
) => {
  let plaintext: Uint8Array
  try {
    plaintext = decipher.update(ciphertext)
    decipher.final()
  } catch {
    return undefined
  }
  balancePlaintext(plaintext.length)
  return plain(plaintext)
}

const cbc = (name: 'aes-128-cbc' | 'aes-256-cbc', keyLength: number): CbcCipher => ({
  kind: 'cbc',
  name,
  keyLength,
  importKey: (raw) => {
    const key = crypto.createSecretKey(raw)
    return {
      encrypt: (iv, blocks) => plain(crypto.createCipheriv(name, key, iv).setAutoPadding(false).update(blocks)),
      decrypt: (iv, blocks) => plain(crypto.createDecipheriv(name, key, iv).setAutoPadding(false).update(blocks)),
    }
  },
})

const opensslName = (name: CipherName): string => (name === 'aes-128-ccm-8' ? 'aes-128-ccm' : name)

const available = ({ name }: Cipher): boolean => crypto.getCipherInfo(opensslName(name)) !== undefined

const gcm = [aead('aes-128-gcm', 16), aead('aes-256-gcm', 32)]
const chacha = aead('chacha20-poly1305', 32)

/** AES-GCM, and ChaCha20 where this runtime has it. */
export const nodeSlimCiphers: readonly Cipher[] = [...gcm, chacha].filter(available)

/** Those that this runtime has: Bun, Deno and Electron lack CCM; where ChaCha20 is missing it is noble's. */
export const nodeCiphers: readonly Cipher[] = [
  ...gcm,
  available(chacha) ? chacha : lateChaCha,
  ccm('aes-128-ccm', 16),
  ccm('aes-128-ccm-8', 8),
  cbc('aes-128-cbc', 16),
  cbc('aes-256-cbc', 32),
].filter((cipher) => cipher === lateChaCha || available(cipher))

const running = (hash: crypto.Hash): RunningHash => ({
  update: (data) => {
    hash.update(data)
  },
  digest: () => bytesOf(hash.copy().digest('binary')),
  clone: () => running(hash.copy()),
})

/** Text costs two thirds of a Buffer, and no memory outside of the heap; a transcript hash is no secret. */
const bytesOf = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** crypto.hash is twice as fast as createHash, from Node 20.12 on; Bun and Deno may lack it. */
const hasOneShot = 'hash' in crypto

const digestOne: (name: HashName, data: Uint8Array) => Uint8Array = hasOneShot
  ? (name, data) => crypto.hash(name, data, 'buffer')
  : (name, data) => crypto.createHash(name).update(data).digest()

/** Bytes: what the key schedule computes HMACs over, and room to spare. */
const MAX_SHORT = 512
/** Where the inputs of short HMACs are laid out: nobody else sees it, and nothing is left in it after a call. */
const scratch = new Uint8Array(MAX_SHORT)
const words = new Uint32Array(scratch.buffer)
/** Its beginnings by length, made at the first use of each. */
const beginnings: Uint8Array[] = []
const scratchTo = (end: number): Uint8Array => (beginnings[end] ??= scratch.subarray(0, end))

/**
 * RFC 2104 by two one-shot hashes: half of what an Hmac and its KeyObject cost, and nothing that has to be collected.
 * Byte by byte, and pads in words: for so few bytes set(), fill() and Buffer's write() take three times as long.
 */
const shortHmac = (
  name: HashName,
  {
    key,
    parts,
    blockLength,
  }: { readonly key: Uint8Array; readonly parts: readonly Uint8Array[]; readonly blockLength: number },
): Uint8Array => {
  const padWords = blockLength / 4
  let end = blockLength
  for (const part of parts) for (let i = 0; i < part.length; i++) scratch[end++] = part[i] ?? 0
  try {
    for (let i = 0; i < padWords; i++) words[i] = 0x36363636 // ipad
    for (let i = 0; i < key.length; i++) scratch[i] = (key[i] ?? 0) ^ 0x36
    // as text, which costs a third; the inner hash is no secret that helps without the key
    const inner = crypto.hash(name, scratchTo(end), 'binary')
    for (let i = 0; i < padWords; i++) words[i] = (words[i] ?? 0) ^ 0x6a6a6a6a // ipad to opad
    for (let i = 0; i < inner.length; i++) scratch[blockLength + i] = inner.charCodeAt(i)
    end = Math.max(end, blockLength + inner.length)
    return plain(crypto.hash(name, scratchTo(blockLength + inner.length), 'buffer'))
  } finally {
    for (let i = 0; i * 4 < end; i++) words[i] = 0
  }
}

const hashAlgorithm = (name: HashName, outputLength: number, blockLength: number): HashAlgorithm => ({
  name,
  outputLength,
  blockLength,
  digest: (...parts) => {
    const [first] = parts
    if (first && parts.length === 1) return plain(digestOne(name, first))
    const hash = crypto.createHash(name)
    for (const part of parts) hash.update(part)
    return plain(hash.digest())
  },
  hmac: (key, ...parts) => {
    let length = blockLength + outputLength
    for (const part of parts) length += part.length
    if (hasOneShot && key.length <= blockLength && length <= MAX_SHORT)
      return shortHmac(name, { key, parts, blockLength })
    const hmac = crypto.createHmac(name, crypto.createSecretKey(key))
    for (const part of parts) hmac.update(part)
    return plain(hmac.digest())
  },
  create: () => running(crypto.createHash(name)),
})

export const nodeSha2: Readonly<Record<'sha256' | 'sha384' | 'sha512', HashAlgorithm>> = {
  sha256: hashAlgorithm('sha256', 32, 64),
  sha384: hashAlgorithm('sha384', 48, 128),
  sha512: hashAlgorithm('sha512', 64, 128),
}
export const nodeHashes: Readonly<Record<HashName, HashAlgorithm>> = {
  md5: hashAlgorithm('md5', 16, 64),
  sha1: hashAlgorithm('sha1', 20, 64),
  ...nodeSha2,
}
