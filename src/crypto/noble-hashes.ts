// Hashes and HMAC of @noble/hashes, for the noble and webcrypto providers.

import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { HashAlgorithm, HashName, RunningHash } from './provider.ts'

type NobleHash = typeof sha256 | typeof sha384 | typeof md5

interface Running {
  update(data: Uint8Array): unknown
  digest(): Uint8Array
  clone(): Running
}

const running = (hash: Running): RunningHash => ({
  update: (data) => {
    hash.update(data)
  },
  digest: () => hash.clone().digest(),
  clone: () => running(hash.clone()),
})

const hashAlgorithm = (name: HashName, hash: NobleHash): HashAlgorithm => ({
  name,
  outputLength: hash.outputLen,
  blockLength: hash.blockLen,
  digest: (...parts) => {
    const all = hash.create()
    for (const part of parts) all.update(part)
    return all.digest()
  },
  hmac: (key, ...parts) => {
    const mac = hmac.create(hash, key)
    for (const part of parts) mac.update(part)
    return mac.digest()
  },
  create: () => running(hash.create()),
})

export const nobleSha256: HashAlgorithm = hashAlgorithm('sha256', sha256)
export const nobleSha2: Readonly<Record<'sha256' | 'sha384' | 'sha512', HashAlgorithm>> = {
  sha256: nobleSha256,
  sha384: hashAlgorithm('sha384', sha384),
  sha512: hashAlgorithm('sha512', sha512),
}
export const nobleSha1: HashAlgorithm = hashAlgorithm('sha1', sha1)
export const nobleMd5: HashAlgorithm = hashAlgorithm('md5', md5)

export const nobleHashes: Readonly<Record<HashName, HashAlgorithm>> = { ...nobleSha2, sha1: nobleSha1, md5: nobleMd5 }
