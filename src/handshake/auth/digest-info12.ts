// RSA signatures of TLS 1.2 whose DigestInfo has no parameters, where NULL is usual: they MUST be accepted (RFC 5246
// section 4.7), and no cryptographic library does. Certificates have the usual form alone.

import type { CryptoProvider, HashName, PublicKey, SignatureAlgorithm } from '../../crypto/provider.ts'
import { openSignature } from '../../crypto/rsa-public.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { concat, equalBytes, fromHex } from '../../wire/bytes.ts'

/** DigestInfo up to the digest, without parameters (RFC 8017 section 9.2, note 1). */
const prefixes: Readonly<Partial<Record<string, string>>> = {
  sha1: '301f300706052b0e03021a0414',
  sha256: '302f300b06096086480165030402010420',
  sha384: '303f300b06096086480165030402020430',
  sha512: '304f300b06096086480165030402030440',
}

const hashOf: ReadonlyMap<SignatureAlgorithm, HashName> = new Map([
  ['rsa_pkcs1_sha1', 'sha1'],
  ['rsa_pkcs1_sha256', 'sha256'],
  ['rsa_pkcs1_sha384', 'sha384'],
  ['rsa_pkcs1_sha512', 'sha512'],
])

/** Whether this is such a signature. */
export const isSignedWithoutParameters = (
  { hashes }: CryptoProvider,
  { algorithm }: SignatureScheme,
  key: PublicKey,
  content: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const hash = hashOf.get(algorithm)
  if (!hash) return false
  const digest = hashes[hash]?.digest(content)
  const prefix = prefixes[hash]
  const encoded = openSignature(key, signature)
  if (!digest || !prefix || !encoded) return false
  const info = concat(fromHex(prefix), digest)
  if (encoded.length < info.length + 11) return false
  const padding = new Uint8Array(encoded.length - info.length).fill(0xff)
  padding.set([0, 1])
  padding[padding.length - 1] = 0
  return equalBytes(encoded, concat(padding, info))
}
