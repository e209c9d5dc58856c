// What lies inside byte strings of messages: certificates, public keys, names, OCSP responses, ECDSA signatures.

import { tags } from '../wire/der.ts'
import { certificateFields, derFields } from './der-fields.ts'
import { ecdsaSignatureShape, nameListShape, ocspShape, publicKeyShape } from './der-shapes.ts'
import { findField } from './fields.ts'
import type { Field } from './fields.ts'

/** Fields of the bytes at `path`; undefined for bytes that are just bytes. `at` is the offset of value[0]. */
export const openBytes = (path: string, value: Uint8Array, at: number): readonly Field[] | undefined => {
  if (value[0] !== tags.sequence && !path.endsWith('authorities')) return undefined
  if (/^Certificate\.(chain\.\d+|entries\.\d+\.data)$/.test(path)) {
    return isPublicKey(value) ? derFields(value, at, publicKeyShape) : certificateFields(value, at)
  }
  if (/(^CertificateStatus|status_request)\.response$/.test(path)) return derFields(value, at, ocspShape)
  if (/authorities\.\d+$/.test(path)) return derFields(value, at, nameListShape)
  if (path.endsWith('.signature')) {
    const fields = derFields(value, at, ecdsaSignatureShape)
    return fields.length === 1 && fields.every((field) => findField(field, 'not DER') === undefined)
      ? fields
      : undefined
  }
  return undefined
}

/** A SubjectPublicKeyInfo begins with an algorithm, a certificate with its to-be-signed part: SEQUENCE { SEQUENCE {
 * OID. */
const isPublicKey = (value: Uint8Array): boolean => {
  const inner = contentAt(value, 0)
  return inner !== undefined && value[inner] === tags.sequence && value[contentAt(value, inner) ?? 0] === tags.oid
}

const contentAt = (value: Uint8Array, start: number): number | undefined => {
  const first = value[start + 1]
  if (first === undefined) return undefined
  return first < 0x80 ? start + 2 : start + 2 + (first & 0x7f)
}
