// Signed certificate timestamps (RFC 6962 sections 3.2 and 3.3): parsed from certificate, TLS extension and OCSP response, and
// what a log signed put together again. Whether there are enough of them is decided in sct-check.ts.

import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { DerReader, constructedTag, derElement, derSequence, tags } from '../wire/der.ts'
import type { Certificate } from './certificate.ts'
import { extensionOids } from './oids.ts'

export interface Sct {
  /** 32 bytes: SHA-256 of the log's key. */
  readonly logId: Uint8Array
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  /** CtExtensions, without length. */
  readonly extensions: Uint8Array
  /** TLS HashAlgorithm and SignatureAlgorithm (RFC 5246 section 7.4.1.4.1): 4 and 3 are SHA-256 with ECDSA. */
  readonly hashAlgorithm: number
  readonly signatureAlgorithm: number
  readonly signature: Uint8Array
}

/** What the log signed: the certificate, or the precertificate it was made from. */
export type SctEntry = 'x509' | 'precert'

/** One SCT of version 1; undefined for a version that is not known, which has to be ignored (section 3.3). */
export const parseSct = (bytes: Uint8Array): Sct | undefined => {
  const input = new Bytes(bytes, 'SCT')
  if (input.number(1) !== 0) return undefined
  const logId = input.take(32)
  const timestamp = input.number(8)
  const extensions = input.take(input.number(2))
  const hashAlgorithm = input.number(1)
  const signatureAlgorithm = input.number(1)
  const signature = input.take(input.number(2))
  input.end()
  return { logId, timestamp, extensions, hashAlgorithm, signatureAlgorithm, signature }
}

/** SignedCertificateTimestampList in TLS encoding, to serialised SCTs. Throws TlsError `bad_certificate`. */
export const splitSctList = (list: Uint8Array): Uint8Array[] => {
  const input = new Bytes(list, 'SCT list')
  const body = new Bytes(input.take(input.number(2)), 'SCT list')
  input.end()
  const scts: Uint8Array[] = []
  while (!body.done) {
    if (scts.length === maxScts) body.fail(`more than ${maxScts} timestamps`)
    const sct = body.take(body.number(2))
    if (sct.length === 0) body.fail('an empty timestamp')
    scts.push(sct)
  }
  if (scts.length === 0) input.fail('it is empty')
  return scts
}

const maxScts = 32

/** SignedCertificateTimestampList of SCTs that are already serialised. */
export const joinSctList = (scts: readonly Uint8Array[]): Uint8Array => {
  const body = concat(...scts.map((sct) => concat(bigEndian(sct.length, 2), sct)))
  return concat(bigEndian(body.length, 2), body)
}

/** One SCT of version 1, serialised. */
export const encodeSct = (sct: Sct): Uint8Array =>
  concat(
    Uint8Array.of(0), sct.logId, bigEndian(sct.timestamp, 8), bigEndian(sct.extensions.length, 2), sct.extensions,
    Uint8Array.of(sct.hashAlgorithm, sct.signatureAlgorithm), bigEndian(sct.signature.length, 2), sct.signature,
  )

/** digitally-signed struct of section 3.2. `issuerSpki` counts for precertificates. */
export const sctSignedData = (
  sct: Pick<Sct, 'timestamp' | 'extensions'>, entry: SctEntry, certificate: Certificate, issuerSpki: Uint8Array, provider: CryptoProvider,
): Uint8Array => {
  const signed = entry === 'x509' ? withLength(certificate.der) : concat(sha256(provider, issuerSpki), withLength(precertificateTbs(certificate)))
  const head = Uint8Array.of(0, 0)
  const type = bigEndian(entry === 'x509' ? 0 : 1, 2)
  return concat(head, bigEndian(sct.timestamp, 8), type, signed, bigEndian(sct.extensions.length, 2), sct.extensions)
}

/** TBSCertificate as the log saw it: without poison and without SCT list (section 3.2). */
export const precertificateTbs = (certificate: Certificate): Uint8Array => {
  const left = certificate.extensions.filter(({ oid }) => oid !== extensionOids.sctList && oid !== extensionOids.ctPoison)
  if (left.length === certificate.extensions.length) return certificate.tbs
  const fields = new DerReader(certificate.tbs).sequence('tbsCertificate')
  const kept: Uint8Array[] = []
  while (!fields.done) {
    const isExtensions = fields.peek() === constructedTag(3)
    const field = fields.element('field')
    if (!isExtensions) kept.push(field)
    else if (left.length > 0) kept.push(derElement(constructedTag(3), derSequence(...left.map(({ der }) => der))))
  }
  return derElement(tags.sequence, ...kept)
}

export const sha256 = (provider: CryptoProvider, bytes: Uint8Array): Uint8Array => {
  const hash = provider.hashes.sha256
  if (hash === undefined) throw new TlsError('unsupported', `provider ${provider.name} has no sha256`)
  return hash.digest(bytes)
}

const withLength = (bytes: Uint8Array): Uint8Array => concat(bigEndian(bytes.length, 3), bytes)

const bigEndian = (value: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256
  return bytes
}

/** Numbers and byte strings one after the other; what is cut off or left over is refused. */
class Bytes {
  readonly #bytes: Uint8Array
  readonly #what: string
  #at = 0

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) this.fail('it is cut off')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  number(length: number): number {
    const value = this.take(length).reduce((sum, byte) => sum * 256 + byte, 0)
    return Number.isSafeInteger(value) ? value : this.fail('a number is too large')
  }

  end(): void {
    if (!this.done) this.fail('there are bytes after its end')
  }

  fail(sentence: string): never {
    throw new TlsError('bad_certificate', `malformed ${this.#what}: ${sentence} (byte ${this.#at})`)
  }
}
