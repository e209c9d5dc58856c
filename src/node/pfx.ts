// PKCS#12 files for `pfx`, at once, as node:tls reads them, which throws out of createSecureContext(): the reader of
// pki/pkcs12.ts with what node:crypto does without promises, and OpenSSL's errors.

import * as crypto from 'node:crypto'
import { createDecipheriv, createHash, createPrivateKey, pbkdf2Sync, scryptSync, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import { isPromise, run } from '../crypto/maybe.ts'
import { nodeHashes } from '../crypto/node-ciphers.ts'
import type { HashAlgorithm } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { DerivationBudget } from '../pki/derivation.ts'
import { wrongMac } from '../pki/pkcs12-mac.ts'
import { readBags } from '../pki/pkcs12-bags.ts'
import type { Bag } from '../pki/pkcs12-bags.ts'
import type { PbeHash, Primitives } from '../pki/primitives.ts'
import { codedError } from './node-errors.ts'

/** What a file holds. Certificates in DER. */
export interface Pfx {
  readonly key: KeyObject
  /** The certificate of the key, and the others as the file has them. */
  readonly chain: readonly Uint8Array[]
  readonly authorities: readonly Uint8Array[]
}

/** Throws `mac verify failure` for a wrong passphrase, and ERR_OSSL_* for what is no such file. */
export const readPfx = (file: Uint8Array, passphrase: string | undefined): Pfx => {
  const bags = bagsOf(file, passphrase ?? '')
  const first = bags.find(({ kind }) => kind === 'key')
  if (first === undefined) throw failed('Unable to load private key from PFX data')
  const key = createPrivateKey({ key: Buffer.from(first.der), format: 'der', type: 'pkcs8' })
  const certificates = bags.filter(({ kind }) => kind === 'certificate').map(({ der }) => der)
  const own = certificates.find((der) => new X509Certificate(der).checkPrivateKey(key))
  if (own === undefined) throw failed('Unable to load PFX certificate')
  const authorities = certificates.filter((der) => der !== own)
  return { key, chain: [own, ...authorities], authorities }
}

const failed = (message: string, cause?: unknown): Error =>
  codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', message, cause === undefined ? {} : { cause })

const bagsOf = (file: Uint8Array, passphrase: string): readonly Bag[] => {
  try {
    const bags = run(
      readBags(file, { password: passphrase, decipher: undefined, budget: new DerivationBudget(), primitives }),
    )
    if (isPromise(bags)) throw new TlsError('internal_error', 'pfx: a part of the file was not read at once')
    return bags
  } catch (cause) {
    if (!(cause instanceof TlsError)) throw cause
    if (cause.message === wrongMac) throw failed('mac verify failure', cause)
    if (cause.code !== 'unsupported') throw new Error('not enough data', { cause })
    throw codedError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported PKCS12 PFX data', { cause })
  }
}

const hashed = (hash: HashAlgorithm): PbeHash => ({
  ...hash,
  chain: (digest, times) => {
    const bytes = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength)
    for (let i = 0; i < times; i++) bytes.write(hashText(hash.name, bytes), 'latin1')
  },
})

/** As text, which takes a third of the time; Bun and Deno may lack crypto.hash. */
const hashText = (name: string, data: Uint8Array): string =>
  'hash' in crypto ? crypto.hash(name, data, 'binary') : createHash(name).update(data).digest('binary')

const primitives: Primitives = {
  hashes: {
    'SHA-1': hashed(nodeHashes.sha1),
    'SHA-256': hashed(nodeHashes.sha256),
    'SHA-384': hashed(nodeHashes.sha384),
    'SHA-512': hashed(nodeHashes.sha512),
  },
  pbkdf2: ({ hash, salt, iterations, length, password }) =>
    pbkdf2Sync(password, salt, iterations, length, hash.replace('-', '')),
  scrypt: ({ password, salt, N, r, p, length, memory }) =>
    scryptSync(password, salt, length, { N, r, p, maxmem: memory }),
  decryptCbc: (key, iv, ciphertext) => {
    const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, iv)
    return Buffer.concat([decipher.update(ciphertext), decipher.final()])
  },
  pause: () => undefined,
}
