// What a caIssuers address answers with (RFC 5280 section 4.2.2.1): one certificate, or a certs-only CMS message (RFC
// 5652).

import { TlsError } from '../errors.ts'
import { DerReader, constructedTag, tags } from '../wire/der.ts'
import { pemTextOf } from '../wire/pem.ts'
import { certificateBytes } from './load.ts'

const SIGNED_DATA = '1.2.840.113549.1.7.2'

/** DER certificates of a file: DER, PEM, or CMS in DER. Throws TlsError if there is none. */
export const issuerCertificates = (file: Uint8Array): readonly Uint8Array[] => {
  const certificates = pemTextOf(file) === undefined ? (fromCms(file) ?? [file]) : certificateBytes(file, 'issuers')
  if (certificates.length === 0) throw new TlsError('bad_certificate', 'there is no certificate in it')
  return certificates
}

/** Undefined if it is no CMS message. */
const fromCms = (file: Uint8Array): readonly Uint8Array[] | undefined => {
  const outer = new DerReader(file, 'bad_certificate', 'CMS message')
  const content = outer.sequence('ContentInfo')
  if (content.peek() !== tags.oid) return undefined
  outer.end()
  if (content.oid('contentType') !== SIGNED_DATA) content.fail('it is not of type signed-data')
  const data = content.enter(constructedTag(0), 'content').sequence('SignedData')
  for (const field of ['version', 'digestAlgorithms', 'encapContentInfo']) data.skip(field)
  const elements = data.optional(constructedTag(0), 'certificates', (list) =>
    list.rest(() => list.element('certificate')),
  )
  // The others are certificates of another kind.
  return (elements ?? []).filter(([tag]) => tag === tags.sequence)
}
