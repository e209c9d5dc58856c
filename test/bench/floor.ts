// The floor of a handshake: what node:crypto alone takes for the primitives that both ends cannot do without, each by
// the fastest call that there is for it. Nothing is parsed, encoded, allocated for a connection or carried.

import * as crypto from 'node:crypto'

const repeat = (times: number, work: () => unknown): void => {
  for (let i = 0; i < times; i++) work()
}

const hashInput = new Uint8Array(96).fill(1)
const transcript = new Uint8Array(1000).fill(2)
const record = new Uint8Array(700).fill(3)
const additionalData = new Uint8Array(13)

/** Two hashes; HKDF-Extract, HKDF-Expand-Label and Finished are one each, P_hash of TLS 1.2 two for each block. */
const hmac = (): void => {
  crypto.hash('sha256', hashInput, 'binary')
  crypto.hash('sha256', hashInput, 'buffer')
}

/** A key, one record sealed with it by one end and opened by the other. */
const epoch = (length: number): void => {
  const content = record.subarray(0, length)
  const nonce = new Uint8Array(12)
  const options = { authTagLength: 16 }
  const cipher = crypto.createCipheriv('aes-128-gcm', crypto.createSecretKey(new Uint8Array(16)), nonce, options)
  cipher.setAAD(additionalData)
  const sealed = cipher.update(content)
  cipher.final()
  const tag = cipher.getAuthTag()
  const decipher = crypto.createDecipheriv('aes-128-gcm', crypto.createSecretKey(new Uint8Array(16)), nonce, options)
  decipher.setAAD(additionalData)
  decipher.setAuthTag(tag)
  decipher.update(sealed)
  decipher.final()
}

/** X25519 by both ends, each with a fresh key and the other's share as bytes. */
const agreement = (): void => {
  const ends = [crypto.generateKeyPairSync('x25519'), crypto.generateKeyPairSync('x25519')] as const
  const shares = ends.map(({ publicKey }) => publicKey.export({ format: 'raw-public' }))
  for (const [i, { privateKey }] of ends.entries()) {
    const publicKey = crypto.createPublicKey(pem(shares[1 - i] ?? Buffer.alloc(32)))
    crypto.diffieHellman({ privateKey, publicKey })
  }
}

const prefix = Buffer.from('302a300506032b656e032100', 'hex')
const pem = (share: Buffer): string =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([prefix, share]).toString('base64')}\n-----END PUBLIC KEY-----\n`

const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsaPair = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
const pss = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }

const proof = (): void => {
  crypto.verify('sha256', transcript, publicKey, crypto.sign('sha256', transcript, privateKey))
}
const rsaProof = (): void => {
  const signature = crypto.sign('sha256', transcript, { key: rsaPair.privateKey, ...pss })
  crypto.verify('sha256', transcript, { key: rsaPair.publicKey, ...pss }, signature)
}

/** Randoms of both, the session ID, the salts and the ages of the tickets. */
const randoms = (times: number): void => repeat(times, () => crypto.randomFillSync(new Uint8Array(32)))

/** Transcript hashes of both ends, each over all so far. */
const transcriptHashes = (times: number): void => repeat(times, () => crypto.hash('sha256', transcript, 'buffer'))

/** TLS 1.3 with a certificate: keys, 18 derivations and 4 hashes for each end, three epochs that carry a record. */
const full13 = (prove: () => void) => (): void => {
  randoms(7)
  agreement()
  prove()
  transcriptHashes(8)
  repeat(36, hmac)
  for (const length of [700, 36, 500]) epoch(length)
  repeat(2, () => epoch(300)) // tickets, sealed by the server
}

const resumed13 = (): void => {
  randoms(7)
  agreement()
  transcriptHashes(10)
  repeat(44, hmac)
  for (const length of [60, 36, 500]) epoch(length)
  repeat(3, () => epoch(300))
}

const full12 = (prove: () => void) => (): void => {
  randoms(3)
  agreement()
  prove()
  transcriptHashes(5)
  repeat(24, hmac)
  for (const length of [16, 16]) epoch(length)
  epoch(300)
}

const resumed12 = (): void => {
  randoms(3)
  transcriptHashes(4)
  repeat(18, hmac)
  for (const length of [16, 16]) epoch(length)
  repeat(2, () => epoch(300))
}

export const floors: Readonly<Record<string, () => () => void>> = {
  full: () => full13(proof),
  rsa: () => full13(rsaProof),
  resumed: () => resumed13,
  full12: () => full12(rsaProof),
  resumed12: () => resumed12,
}
