// The password's proof in a PKCS#12 file: HMAC with a key by RFC 7292 appendix B, or PBMAC1 (RFC 9579).

import type { Steps } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { DerReader } from '../wire/der.ts'
import { deriveKey, hmacHashes } from './pbes2.ts'
import { derivePkcs12, passwordForms } from './pkcs12-kdf.ts'
import type { DerivingBy, Pkcs12Derivation } from './pkcs12-kdf.ts'
import type { PbeHashName } from './primitives.ts'

const hashes: Readonly<Record<string, PbeHashName>> = {
  '1.3.14.3.2.26': 'SHA-1',
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
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
      : yield* checkHmac({ hash: by.primitives.hashes[hashOf(oid)], salt, iterations }, content, expected, password, by)
  if (!isRight) throw new TlsError('bad_key', wrongMac)
}

export const wrongMac = 'the password of the PKCS#12 file is wrong, or the file is damaged'

const hashOf = (oid: string): PbeHashName => {
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
    const key = yield* derivePkcs12({ ...of, password: form }, 'mac', of.hash.outputLength, by)
    if (equalBytes(of.hash.hmac(key, content), expected)) return true
  }
  return false
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
  const name = hmacHashes[scheme.oid('messageAuthScheme')]
  if (name === undefined) throw new TlsError('unsupported', 'a PKCS#12 file with PBMAC1 and a hash that is not known')
  const hash = by.primitives.hashes[name]
  const key = yield* deriveKey(derivation, hash.outputLength, new TextEncoder().encode(password), by)
  return equalBytes(hash.hmac(key, content), expected)
}
