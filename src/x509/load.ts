// Certificates and CRLs as people have them: PEM text, PEM bytes, DER, or lists of them, into DER. With the trust
// settings that OpenSSL keeps after a certificate in TRUSTED CERTIFICATE blocks (X509_CERT_AUX).

import { TlsError } from '../errors.ts'
import { DerReader, constructedTag, tags } from '../wire/der.ts'
import { decodePem, pemTextOf } from '../wire/pem.ts'
import type { PemBlock, PemOrDer } from '../wire/pem.ts'
import { purposeOids } from './oids.ts'

/** What a certificate is trusted for, by object identifiers of purposes. */
export interface TrustSettings {
  /** Undefined: for all that is not rejected. */
  readonly trusted: readonly string[] | undefined
  readonly rejected: readonly string[]
  /** Name that its owner gave it. */
  readonly alias: string | undefined
}

/** Whether the settings allow a purpose; anyExtendedKeyUsage stands for all of them. */
export const isTrustedFor = ({ trusted, rejected }: TrustSettings, purpose: string): boolean => {
  const has = (oids: readonly string[]): boolean =>
    oids.includes(purpose) || oids.includes(purposeOids.anyExtendedKeyUsage)
  return !has(rejected) && (trusted === undefined || has(trusted))
}

type Inputs = PemOrDer | readonly PemOrDer[]

/** DER certificates, without trust settings. Throws TlsError `bad_option`, with the option's name, where there is
 * none. */
export const certificateBytes = (input: Inputs, option: string): Uint8Array[] =>
  certificateBlocks(input, option).map((block) => readCertificateBlock(block).der)

/** DER CRLs. Throws TlsError `bad_option` where there is none. */
export const crlBytes = (input: Inputs): Uint8Array[] =>
  blocksOf(input, 'crls', { kind: 'CRL', label: 'X509 CRL', isWanted: (label) => label === 'X509 CRL' }).map(
    ({ bytes }) => bytes,
  )

/** Blocks of certificates; DER becomes a block whose contents nobody has looked into. */
export const certificateBlocks = (input: Inputs, option: string): PemBlock[] =>
  blocksOf(input, option, {
    kind: 'certificate',
    label: 'CERTIFICATE',
    isWanted: (label) => certificateLabels.has(label),
  })

const TRUSTED = 'TRUSTED CERTIFICATE'
const certificateLabels: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE', TRUSTED])

interface Wanted {
  readonly kind: string
  readonly label: string
  readonly isWanted: (label: string) => boolean
}

const blocksOf = (input: Inputs, option: string, wanted: Wanted): PemBlock[] => {
  const inputs = isList(input) ? input : [input]
  const all = inputs.flatMap((item) => blocksIn(item, option, wanted))
  const found = all.filter(({ label }) => wanted.isWanted(label))
  if (found.length === 0) {
    const instead =
      all[0] === undefined
        ? ''
        : `; it has a block ${JSON.stringify(all[0].label.slice(0, 40))}${conversion(all[0].label)}`
    throw new TlsError(
      'bad_option',
      `${option}: there is no ${wanted.kind} in it (a PEM block ${wanted.label})${instead}`,
    )
  }
  return found
}

const isList = (input: Inputs): input is readonly PemOrDer[] => Array.isArray(input)

const conversion = (label: string): string =>
  /^(PKCS7|CMS)$/.test(label) ? ': "openssl pkcs7 -print_certs" takes the certificates out' : ''

const blocksIn = (item: PemOrDer, option: string, { label }: Wanted): PemBlock[] => {
  if (typeof item !== 'string' && !(item instanceof Uint8Array)) {
    throw new TlsError(
      'bad_option',
      `${option}: expected PEM (text or bytes) or DER, got ${item === null ? 'null' : typeof item}`,
    )
  }
  const text = pemTextOf(item)
  if (text !== undefined) return decodePem(text)
  return typeof item === 'string' ? [] : [{ label, bytes: item }]
}

/** The certificate of a block, and what follows it in a TRUSTED CERTIFICATE. Throws TlsError `bad_certificate`. */
export const readCertificateBlock = ({
  label,
  bytes,
}: PemBlock): { readonly der: Uint8Array; readonly settings?: TrustSettings } => {
  if (label !== TRUSTED) return { der: bytes }
  const reader = new DerReader(bytes, 'bad_certificate', 'trusted certificate')
  const der = reader.element('certificate', tags.sequence)
  if (reader.done) return { der }
  const settings = readSettings(reader.sequence('trust settings'))
  reader.end()
  return { der, settings }
}

/** CertAux ::= SEQUENCE { trust SEQUENCE OF OID OPTIONAL, reject [0] SEQUENCE OF OID OPTIONAL, alias, keyid, other
 * }. */
const readSettings = (fields: DerReader): TrustSettings => {
  const oids = (list: DerReader): string[] => list.rest(() => list.oid('purpose'))
  const trusted = fields.optional(tags.sequence, 'trust', oids)
  const rejected = fields.optional(constructedTag(0), 'reject', oids) ?? []
  const alias =
    fields.peek() === tags.utf8String ? new TextDecoder().decode(fields.content(tags.utf8String, 'alias')) : undefined
  return { trusted, rejected, alias }
}
