// The fields of a CRL (RFC 5280 section 5.1), without the meaning of its extensions and entries, which is in crl.ts.
// What is a CRL at all has them: that much puretls/node says at once, and loads the rest when it verifies.

import { DerReader, constructedTag, tags } from '../wire/der.ts'
import { Damage } from './damage.ts'
import { readLastExtensions } from './extensions.ts'
import type { Extension } from './extensions.ts'
import { readName } from './name.ts'
import type { Name } from './name.ts'
import { sameAlgorithm } from './signature.ts'

/** As in Crl, where they are described. */
export interface CrlFields {
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  readonly version: number
  readonly issuer: Name
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly extensions: readonly Extension[]
  readonly namesTwoAlgorithms: boolean
  readonly damage: Damage
  /** revokedCertificates, DER; damaged lists may have more than one. */
  readonly revoked: readonly Uint8Array[]
}

/** What breaks a rule of DER for writers and can be read in one way only is taken. */
export const crlReader = (der: Uint8Array): DerReader => DerReader.tolerant(der, 'revocation_unknown', 'CRL', [])

/** Throws TlsError `revocation_unknown` if it is malformed. */
export const readCrlFields = (der: Uint8Array): CrlFields => {
  const list = crlReader(der).lastSequence('CertificateList')
  const start = list.position
  const fields = list.sequence('tbsCertList')
  const tbs = der.subarray(start, list.position)
  const signatureAlgorithm = list.element('signatureAlgorithm', tags.sequence)
  const signature = list.bitString('signature')
  list.end()
  const damage = new Damage()
  const hasVersion = fields.peek() === tags.integer
  const version = damage.attempt(() => (hasVersion ? fields.smallInteger('version') : 0))
  const namesTwoAlgorithms = !sameAlgorithm(fields.element('signature', tags.sequence), signatureAlgorithm)
  const issuer = readName(fields, 'issuer')
  const thisUpdate = damage.attempt(() => fields.time('thisUpdate'))
  const hasNext = fields.peek() === tags.utcTime || fields.peek() === tags.generalizedTime
  const nextUpdate = damage.attempt(() => (hasNext ? fields.time('nextUpdate') : undefined))
  const revoked: Uint8Array[] = []
  let last: Uint8Array | undefined
  while (!fields.done) {
    const isList = fields.peek() === tags.sequence
    const isLast = fields.peek() === constructedTag(0)
    if (last !== undefined || !(isLast || (isList && revoked.length === 0)))
      damage.note(() => fields.fail('tbsCertList has a field that it should not have'))
    if (isList) revoked.push(fields.element('revokedCertificates'))
    else if (isLast && last === undefined) last = fields.element('crlExtensions')
    else fields.skip('field')
  }
  return {
    tbs,
    signatureAlgorithm,
    signature,
    version: (version ?? Number.POSITIVE_INFINITY) + 1,
    issuer,
    thisUpdate: thisUpdate ?? Number.NaN,
    nextUpdate,
    extensions: (last && damage.attempt(() => readLastExtensions(crlReader(last), 0, 'crlExtensions'))) ?? [],
    namesTwoAlgorithms,
    damage,
    revoked,
  }
}
