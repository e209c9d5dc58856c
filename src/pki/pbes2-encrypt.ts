// Encryption with a password as it is written: AES-256-CBC under PBKDF2 with HMAC-SHA-256 (PBES2, RFC 8018 6.2).

import { derInteger, derNull, derOctets, derOid, derSequence } from '../wire/der.ts'
import { plain } from './keys.ts'
import { pbes2Oids } from './pbes2.ts'
import { webPrimitives } from './web-primitives.ts'

export interface Encrypted {
  /** AlgorithmIdentifier, DER. */
  readonly algorithm: Uint8Array
  readonly ciphertext: Uint8Array
}

/** AES-256-CBC under PBKDF2 with HMAC-SHA-256; salt and initialisation vector are random, 16 bytes each. */
export const encryptWithPassword = async (
  plaintext: Uint8Array,
  password: string,
  iterations: number,
): Promise<Encrypted> => {
  const [salt, iv] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(16))]
  const raw = await webPrimitives.pbkdf2({
    hash: 'SHA-256',
    salt,
    iterations,
    length: 32,
    password: new TextEncoder().encode(password),
  })
  const key = await crypto.subtle.importKey('raw', plain(raw), 'AES-CBC', false, ['encrypt'])
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, plain(plaintext)))
  const prf = derSequence(derOid('1.2.840.113549.2.9'), derNull())
  const derivation = derSequence(derOid(pbes2Oids.pbkdf2), derSequence(derOctets(salt), derInteger(iterations), prf))
  const cipher = derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctets(iv))
  return { algorithm: derSequence(derOid(pbes2Oids.pbes2), derSequence(derivation, cipher)), ciphertext }
}
