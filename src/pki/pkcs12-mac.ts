// The password's proof in a PKCS#12 file: HMAC with a key by RFC 7292 appendix B, or PBMAC1 (RFC 9579). Hashes are
// those of
// @noble/hashes.

import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { run } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import { derInteger, derNull, derOctets, derOid, derSequence } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import { DerivationBudget } from './derivation.ts'
import { deriveKey, hmacHashes } from './pbes2.ts'
import { derivePkcs12, passwordForms } from './pkcs12-kdf.ts'
import type { DerivingBy, Hash, Pkcs12Derivation } from './pkcs12-kdf.ts'
import { webPrimitives } from './primitives.ts'

const hashes: Readonly<Record<string, Hash>> = {
  '1.3.14.3.2.26': sha1,
  '2.16.840.1.101.3.4.2.1': sha256,
  '2.16.840.1.101.3.4.2.2': sha384,
  '2.16.840.1.101.3.4.2.3': sha512,
}
const byName: Readonly<Record<string, Hash>> = {
  'SHA-1': sha1,
  'SHA-256': sha256,
  'SHA-384': sha384,
  'SHA-512': sha512,
}
const pbmac1 = '1.2.840.113549.1.5.14'

/** Throws TlsError `bad_key` if the password is not the file's. `macData` is inside the SEQUENCE. */
export function* checkMac(macData: DerReader, content: Uint8Array, password: string, by: DerivingBy): Steps<void> {
  const digestInfo = macData.sequence('mac')
  const algorithm = digestInfo.sequence('digestAlgorithm')
  const expected = digestInfo.octetString('digest')
  digestInfo.end()
  const salt = macData.octetString('macSalt')
  const iterations = macData.done ? 1 : macData.smallInteger('iterations')
  macData.end()
  const oid = algorithm.oid('digestAlgorithm')
  const isRight =
    oid === pbmac1
      ? yield* checkPbmac1(algorithm, content, expected, password, by)
      : yield* checkHmac({ hash: hashOf(oid), salt, iterations }, content, expected, password, by)
  if (!isRight) throw new TlsError('bad_key', wrongMac)
}

export const wrongMac = 'the password of the PKCS#12 file is wrong, or the file is damaged'

const hashOf = (oid: string): Hash => {
  const hash = hashes[oid]
  if (hash === undefined) throw new TlsError('unsupported', `a PKCS#12 file whose MAC uses ${oid}`)
  return hash
}

function* checkHmac(
  of: Omit<Pkcs12Derivation, 'password'>,
  content: Uint8Array,
  expected: Uint8Array,
  password: string,
  by: DerivingBy,
): Steps<boolean> {
  for (const form of passwordForms(password)) {
    const key = yield* derivePkcs12({ ...of, password: form }, 'mac', of.hash.outputLen, by)
    if (equalBytes(hmac(of.hash, key, content), expected)) return true
  }
  return false
}

/** MacData with HMAC-SHA-256 (RFC 7292 section 4). */
export const makeMac = async (content: Uint8Array, password: string, iterations: number): Promise<Uint8Array> => {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const [form = new Uint8Array()] = passwordForms(password)
  const by = {
    budget: new DerivationBudget({ pkcs12Iterations: Number.POSITIVE_INFINITY }),
    primitives: webPrimitives,
  }
  const key = await run(derivePkcs12({ hash: sha256, password: form, salt, iterations }, 'mac', sha256.outputLen, by))
  const digestInfo = derSequence(
    derSequence(derOid('2.16.840.1.101.3.4.2.1'), derNull()),
    derOctets(hmac(sha256, key, content)),
  )
  return derSequence(digestInfo, derOctets(salt), derInteger(iterations))
}

/** RFC 9579 section 4. */
function* checkPbmac1(
  algorithm: DerReader,
  content: Uint8Array,
  expected: Uint8Array,
  password: string,
  by: DerivingBy,
): Steps<boolean> {
  const parameters = algorithm.sequence('PBMAC1-params')
  const derivation = parameters.sequence('keyDerivationFunc')
  const scheme = parameters.sequence('messageAuthScheme')
  parameters.end()
  const hash = byName[hmacHashes[scheme.oid('messageAuthScheme')] ?? '']
  if (hash === undefined) throw new TlsError('unsupported', 'a PKCS#12 file with PBMAC1 and a hash that is not known')
  const key = yield* deriveKey(derivation, hash.outputLen, new TextEncoder().encode(password), by)
  return equalBytes(hmac(hash, key, content), expected)
}
