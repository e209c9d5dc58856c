// AEADs, CBC, HMAC and HKDF of Wycheproof, through the ciphers and hashes of each provider.

import { expect } from 'vitest'
import type { Cipher, CipherName, HashName } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import { hkdfExpand, hkdfExtract } from '../../src/keys/hkdf.ts'
import { concat } from '../../src/wire/bytes.ts'
import { named, wycheproof } from './wycheproof.ts'
import type { Fields, Subject } from './wycheproof.ts'

const cipherOf = ({ provider }: Subject, name: CipherName): Cipher | undefined =>
  provider.suites.find(({ cipher }) => cipher.name === name)?.cipher

/** `choose` says which cipher a group is for; none where TLS has no such key, nonce or tag length. */
const aead = (file: string, outside: number, choose: (group: Fields) => CipherName | undefined, only?: string): void =>
  wycheproof(
    file,
    outside,
    async (subject, group, vector) => {
      const name = group.number('ivSize') === 96 ? choose(group) : undefined
      if (name === undefined) return 'outside'
      const cipher = cipherOf(subject, name)
      if (cipher?.kind !== 'aead') throw new RangeError(`${subject.provider.name} has no ${name}`)
      const key = await cipher.importKey(vector.bytes('key'))
      const [nonce, additionalData, message] = [vector.bytes('iv'), vector.bytes('aad'), vector.bytes('msg')]
      const sealed = concat(vector.bytes('ct'), vector.bytes('tag'))
      const out = new Uint8Array(message.length + cipher.tagLength)
      await key.seal(nonce, additionalData, message, out)
      const opened = await key.open(nonce, additionalData, sealed.slice())
      if (vector.result === 'valid') expect(out, named(vector)).toEqual(sealed)
      expect(opened, named(vector)).toEqual(vector.result === 'valid' ? message : undefined)
      return undefined
    },
    ({ provider }) => only === undefined || provider.name === only,
  )

const gcmNames: Readonly<Record<number, CipherName>> = { 128: 'aes-128-gcm', 256: 'aes-256-gcm' }
const ccmNames: Readonly<Record<number, CipherName>> = { 128: 'aes-128-ccm', 64: 'aes-128-ccm-8' }

aead('aes_gcm', 183, (group) => gcmNames[group.number('keySize')])
aead('chacha20_poly1305', 9, () => 'chacha20-poly1305')
// Of the three providers only node has AES-CCM.
aead(
  'aes_ccm',
  466,
  (group) => (group.number('keySize') === 128 ? ccmNames[group.number('tagSize')] : undefined),
  'node',
)

const cbcNames: Readonly<Record<number, CipherName>> = { 128: 'aes-128-cbc', 256: 'aes-256-cbc' }

// TLS has its own padding, so PKCS#5's is put on here: decryption is right if the padded message comes out, and for
// "invalid" vectors, all of which are about padding, if it does not.
wycheproof('aes_cbc_pkcs5', 72, async (subject, group, vector) => {
  const name = cbcNames[group.number('keySize')]
  if (name === undefined) return 'outside'
  const cipher = cipherOf(subject, name)
  if (cipher?.kind !== 'cbc') throw new RangeError(`${subject.provider.name} has no ${name}`)
  const key = await cipher.importKey(vector.bytes('key'))
  const padded = withPadding(vector.bytes('msg'))
  const [iv, ciphertext] = [vector.bytes('iv'), vector.bytes('ct')]
  const encrypted = key.encrypt(iv, padded)
  expect(key.decrypt(iv, encrypted), named(vector)).toEqual(padded)
  if (vector.result === 'valid') {
    expect(encrypted, named(vector)).toEqual(ciphertext)
    expect(key.decrypt(iv, ciphertext), named(vector)).toEqual(padded)
  } else expect(encrypted, named(vector)).not.toEqual(ciphertext)
  return undefined
})

const withPadding = (message: Uint8Array): Uint8Array => {
  const count = 16 - (message.length % 16)
  return concat(message, new Uint8Array(count).fill(count))
}

const hashOf = ({ provider }: Subject, name: HashName) => {
  const hash = provider.hashes[name]
  if (!hash) throw new RangeError(`${provider.name} has no ${name}`)
  return hash
}

for (const name of ['sha256', 'sha384'] as const) {
  wycheproof(`hmac_${name}`, 0, async (subject, group, vector) => {
    const mac = hashOf(subject, name).hmac(vector.bytes('key'), vector.bytes('msg'))
    const matches = expect(mac.slice(0, group.number('tagSize') / 8), named(vector))
    if (vector.result === 'valid') matches.toEqual(vector.bytes('tag'))
    else matches.not.toEqual(vector.bytes('tag'))
    return undefined
  })

  // "invalid": more than 255 blocks (RFC 5869 section 2.3).
  wycheproof(`hkdf_${name}`, 0, async (subject, _, vector) => {
    const hash = hashOf(subject, name)
    const key = hkdfExtract(hash, vector.bytes('salt'), vector.bytes('ikm'))
    const expanded = () => hkdfExpand(hash, key, vector.bytes('info'), vector.number('size'))
    if (vector.result === 'valid') expect(expanded(), named(vector)).toEqual(vector.bytes('okm'))
    else expect(expanded, named(vector)).toThrow(TlsError)
    return undefined
  })
}
