// RSA signature verification, PKCS#1 v1.5 and PSS (RFC 8017 sections 8.1.2 and 8.2.2), in BigInt. Public keys only:
// nothing in this file handles a secret.

import { equalBytes, fromHex } from '../wire/bytes.ts'
import { bitLength } from './keys.ts'
import type { HashAlgorithm, HashName, PublicKey } from './provider.ts'
import { openSignature } from './rsa-public.ts'
import { hashLengths } from './signatures.ts'

/** False for anything but a valid signature. */
export const verifyRsa = (
  padding: 'pkcs1' | 'pss',
  hash: HashAlgorithm,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const encoded = openSignature(key, signature)
  if (!encoded || !key.rsa) return false
  const digest = hash.digest(message)
  return padding === 'pkcs1'
    ? isPkcs1(encoded, hash.name, digest)
    : isPss(encoded, bitLength(key.rsa.modulus) - 1, hash, digest)
}

/**
 * EMSA-PKCS1-v1_5 (section 9.2), compared whole with the one encoding that there is. The form without NULL that some
 * signers made 25 years ago is refused: appendix A.2.4 asks for NULL in what is generated, and one form leaves nothing
 * to forge with. (TLS 1.2 has to take it in a handshake: digest-info12.ts.)
 */
const isPkcs1 = (encoded: Uint8Array, name: HashName, digest: Uint8Array): boolean => {
  const prefix = fromHex(digestInfoPrefixes[name])
  const start = encoded.length - prefix.length - digest.length
  if (start < 11) return false
  const expected = new Uint8Array(encoded.length).fill(0xff, 2, start - 1)
  expected[1] = 1
  expected.set(prefix, start)
  expected.set(digest, start + prefix.length)
  return equalBytes(encoded, expected)
}

/** DigestInfo up to the digest (section 9.2, note 1). */
const digestInfoPrefixes: Readonly<Record<HashName, string>> = {
  md5: '3020300c06082a864886f70d020505000410',
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
}

/** EMSA-PSS-VERIFY (section 9.1.2) with MGF1 of the same hash and a salt as long as the digest. */
const isPss = (encodedModulus: Uint8Array, bits: number, hash: HashAlgorithm, digest: Uint8Array): boolean => {
  const length = Math.ceil(bits / 8)
  const extra = encodedModulus.length - length
  const encoded = encodedModulus.subarray(extra)
  const saltLength = hashLengths[hash.name]
  const dbLength = length - digest.length - 1
  if ((extra === 1 && encodedModulus[0] !== 0) || dbLength < saltLength + 1 || encoded[length - 1] !== 0xbc)
    return false
  const mask = 0xff >> (8 * length - bits)
  if (((encoded[0] ?? 0) & ~mask) !== 0) return false
  const digestPart = encoded.subarray(dbLength, length - 1)
  const db = maskGeneration(hash, digestPart, dbLength)
  for (let i = 0; i < dbLength; i++) db[i] = (db[i] ?? 0) ^ (encoded[i] ?? 0)
  db[0] = (db[0] ?? 0) & mask
  const saltStart = dbLength - saltLength
  if (db[saltStart - 1] !== 1 || db.subarray(0, saltStart - 1).some((byte) => byte !== 0)) return false
  return equalBytes(hash.digest(new Uint8Array(8), digest, db.subarray(saltStart)), digestPart)
}

/** MGF1 (appendix B.2.1). */
const maskGeneration = (hash: HashAlgorithm, seed: Uint8Array, length: number): Uint8Array => {
  const mask = new Uint8Array(length)
  for (let counter = 0, at = 0; at < length; counter++, at += hash.outputLength) {
    const block = hash.digest(seed, Uint8Array.of(counter >>> 24, counter >>> 16, counter >>> 8, counter))
    mask.set(block.subarray(0, length - at), at)
  }
  return mask
}
