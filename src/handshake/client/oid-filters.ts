// oid_filters in CertificateRequest: which of our certificates have the extensions that a server asks for (RFC 9846
// section 4.3.5).

import { TlsError } from '../../errors.ts'
import { toHex } from '../../wire/bytes.ts'
import type { OidFilter } from '../../wire/extensions.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { readExtension } from '../../x509/extensions.ts'
import { purposeOids } from '../../x509/oids.ts'

/** DER of the two object identifiers for which there are rules; others are ignored. */
const KEY_USAGE = '0603551d0f'
const EXTENDED_KEY_USAGE = '0603551d25'

/**
 * Whether a certificate satisfies the filters. Throws `illegal_parameter` for filters that may not be, `decode_error`
 * for values that cannot be read. */
export const oidFilter = (filters: readonly OidFilter[] = []): ((leaf: Certificate) => boolean) => {
  const wanted = new Map(filters.map(({ oid, values }) => [toHex(oid), values]))
  if (wanted.size < filters.length)
    throw new TlsError('illegal_parameter', 'oid_filters: an OID that appears twice (section 4.3.5)')
  const [usages, purposes] = [wanted.get(KEY_USAGE), wanted.get(EXTENDED_KEY_USAGE)]
  const neededUsages = usages && valuesOf(usages, (value) => readExtension('keyUsage', value))
  const neededPurposes = purposes && valuesOf(purposes, (value) => readExtension('extendedKeyUsage', value))
  if (neededPurposes?.includes(purposeOids.anyExtendedKeyUsage)) {
    throw new TlsError('illegal_parameter', 'oid_filters: anyExtendedKeyUsage (section 4.3.5)')
  }
  return ({ keyUsage, extendedKeyUsage }) =>
    (!neededUsages || (keyUsage !== undefined && neededUsages.every((usage) => keyUsage.includes(usage)))) &&
    (!neededPurposes ||
      (extendedKeyUsage !== undefined && neededPurposes.every((purpose) => extendedKeyUsage.includes(purpose))))
}

const valuesOf = <T>(bytes: Uint8Array, read: (bytes: Uint8Array) => readonly T[]): readonly T[] => {
  if (bytes.length === 0) return []
  try {
    return read(bytes)
  } catch (cause) {
    throw new TlsError('decode_error', 'oid_filters: values that are not of their extension (section 4.3.5)', { cause })
  }
}
