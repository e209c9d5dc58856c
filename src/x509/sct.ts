// Signed certificate timestamps (RFC 6962 sections 3.2 and 3.3): parsed from certificate, TLS extension and OCSP
// response, and what a log signed put together again. Whether there are enough of them is decided in sct-check.ts.

import type { CryptoProvider } from '../crypto/provider.ts'
import { sha256From } from '../crypto/sha256.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { decode, encode, fixed, list, mapped, opaque, rest, struct, u16, u64, u8 } from '../wire/codec.ts'
import type { Codec } from '../wire/codec.ts'
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

const sctV1: Codec<Sct> = struct({
  logId: fixed(32),
  timestamp: u64,
  extensions: opaque(2),
  hashAlgorithm: u8,
  signatureAlgorithm: u8,
  signature: opaque(2),
})

/** What the log signed: the certificate, or the precertificate it was made from. */
export type SctEntry = 'x509' | 'precert'

const versioned = struct({ version: u8, body: rest })
const V1 = 0

/** A list of more than this many is refused. */
const MAX_SCTS = 32
const sctList: Codec<readonly Uint8Array[]> = mapped(
  list(2, opaque(2, 1), 1),
  (scts, reader) => {
    if (scts.length > MAX_SCTS) throw reader.fail(`more than ${MAX_SCTS} timestamps`)
    return scts
  },
  (scts) => scts,
)

/** The codec's error, which is about a TLS message, as one about a certificate. */
const read = <T>(codec: Codec<T>, bytes: Uint8Array, what: string): T => {
  try {
    return decode(codec, bytes, what)
  } catch (cause) {
    throw new TlsError('bad_certificate', `malformed ${cause instanceof TlsError ? cause.message : what}`, { cause })
  }
}

/** One SCT of version 1; undefined for a version that is not known, which has to be ignored (section 3.3).
 * Throws TlsError `bad_certificate`. */
export const parseSct = (bytes: Uint8Array): Sct | undefined => {
  const { version, body } = read(versioned, bytes, 'SCT')
  return version === V1 ? read(sctV1, body, 'SCT') : undefined
}

/** SignedCertificateTimestampList in TLS encoding, to serialised SCTs. Throws TlsError `bad_certificate`. */
export const splitSctList = (bytes: Uint8Array): readonly Uint8Array[] => read(sctList, bytes, 'SCT list')

/** SignedCertificateTimestampList of SCTs that are already serialised. */
export const joinSctList = (scts: readonly Uint8Array[]): Uint8Array => encode(sctList, scts)

/** One SCT of version 1, serialised. */
export const encodeSct = (sct: Sct): Uint8Array => encode(versioned, { version: V1, body: encode(sctV1, sct) })

const CERTIFICATE_TIMESTAMP = 0
const logEntryTypes = { x509: 0, precert: 1 } as const

/** What the log signs: version, SignatureType, timestamp, entry and extensions (section 3.2). */
const signedHead = struct({ version: u8, signatureType: u8, timestamp: u64, entryType: u16 })
const signedCertificate = opaque(3)
const signedExtensions = opaque(2)

/** digitally-signed struct of section 3.2. `issuerSpki` counts for precertificates. */
export const sctSignedData = (
  { timestamp, extensions }: Pick<Sct, 'timestamp' | 'extensions'>,
  entry: SctEntry,
  certificate: Certificate,
  issuerSpki: Uint8Array,
  provider: CryptoProvider,
): Uint8Array =>
  concat(
    encode(signedHead, {
      version: V1,
      signatureType: CERTIFICATE_TIMESTAMP,
      timestamp,
      entryType: logEntryTypes[entry],
    }),
    ...(entry === 'precert' ? [sha256From(provider).digest(issuerSpki)] : []),
    encode(signedCertificate, entry === 'x509' ? certificate.der : precertificateTbs(certificate)),
    encode(signedExtensions, extensions),
  )

/** TBSCertificate as the log saw it: without poison and without SCT list (section 3.2). */
export const precertificateTbs = (certificate: Certificate): Uint8Array => {
  const left = certificate.extensions.filter(
    ({ oid }) => oid !== extensionOids.sctList && oid !== extensionOids.ctPoison,
  )
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
