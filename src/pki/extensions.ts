// The extensions that issued certificates, requests and CRLs carry (RFC 5280 section 4.2, RFC 7633), as DER.

import { checkOptions, requireText } from '../checked-options.ts'
import type { Names, OptionNames } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import {
  constructedTag,
  contextTag,
  derBits,
  derBoolean,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  tags,
} from '../wire/der.ts'
import { delegationUsageOid } from '../x509/delegated-credential.ts'
import { accessMethods, extensionOids, purposeOids } from '../x509/oids.ts'
import type { PurposeName } from '../x509/oids.ts'
import { keyUsageNames } from '../x509/extensions.ts'
import type { KeyUsageName } from '../x509/extensions.ts'
import { directoryName, distinguishedName, generalName, shown, subtree } from './names.ts'
import type { NameInput, SubjectName } from './names.ts'

export interface RawExtension {
  readonly oid: string
  readonly critical?: boolean
  /** Content of extnValue, DER. */
  readonly value: Uint8Array
}

/** Names that certificates below a CA may have. Each text is a domain, an address range or "@" and a mail domain. */
export interface NameConstraintOptions {
  readonly permitted?: readonly string[]
  readonly excluded?: readonly string[]
  readonly permittedDirectories?: readonly SubjectName[]
  readonly excludedDirectories?: readonly SubjectName[]
}

export const constraintNames: Names<NameConstraintOptions> = {
  permitted: 'list',
  excluded: 'list',
  permittedDirectories: 'list',
  excludedDirectories: 'list',
}

/** Section 4.2.1.9. */
export const basicConstraints = (ca: boolean, pathLength?: number): RawExtension => {
  if (pathLength !== undefined && !(Number.isInteger(pathLength) && pathLength >= 0 && pathLength < 2 ** 31)) {
    throw new TlsError('bad_option', 'pathLength: a whole number of intermediate CAs, 0 or more')
  }
  const length = pathLength === undefined ? [] : [derInteger(pathLength)]
  return {
    oid: extensionOids.basicConstraints,
    critical: true,
    value: ca ? derSequence(derBoolean(true), ...length) : derSequence(),
  }
}

/** Section 4.2.1.3. */
export const keyUsage = (usages: readonly KeyUsageName[]): RawExtension => {
  const bits = usages.map((usage) => keyUsageNames.indexOf(usage))
  if (bits.length === 0 || bits.includes(-1)) {
    throw new TlsError('bad_option', `keyUsage: one or more of ${keyUsageNames.join(', ')} (RFC 5280 section 4.2.1.3)`)
  }
  return { oid: extensionOids.keyUsage, critical: true, value: namedBits(bits) }
}

/** A BIT STRING with these bits set, without trailing zeros (X.690 section 11.2.2). */
export const namedBits = (bits: readonly number[]): Uint8Array => {
  const last = Math.max(-1, ...bits)
  const bytes = new Uint8Array(Math.ceil((last + 1) / 8))
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return derBits(bytes, last === -1 ? 0 : 7 - (last & 7))
}

/** Section 4.2.1.12; each by its short name or object identifier. */
export const extendedKeyUsage = (purposes: readonly string[]): RawExtension => ({
  oid: extensionOids.extendedKeyUsage,
  value: derSequence(
    ...purposes.map((purpose) => oidFor(isPurposeName(purpose) ? purposeOids[purpose] : purpose, 'purposes')),
  ),
})

const oidFor = (text: string, option: string): Uint8Array => {
  requireText(text, option)
  try {
    return derOid(text)
  } catch (cause) {
    throw new TlsError('bad_option', `${option}: "${shown(text)}" is neither a known name nor an object identifier`, {
      cause,
    })
  }
}

/** A certificate policy by its object identifier, or with the address of a practice statement and a notice to users. */
export type PolicyInput = string | { readonly oid: string; readonly cps?: string; readonly notice?: string }

const policyNames: OptionNames = { oid: 'string', cps: 'string', notice: 'string' }

/** Section 4.2.1.4. */
export const certificatePolicies = (policies: readonly PolicyInput[]): RawExtension => ({
  oid: extensionOids.certificatePolicies,
  value: derSequence(
    ...policies.map((policy, i) => {
      if (typeof policy !== 'string') checkOptions(policy, policyNames, { required: ['oid'] }, 'policies')
      const { oid, cps, notice } =
        typeof policy === 'string' ? { oid: policy, cps: undefined, notice: undefined } : policy
      if (policies.findIndex((one) => (typeof one === 'string' ? one : one?.oid) === oid) !== i)
        throw new TlsError('bad_option', `policies: "${shown(oid)}" occurs twice (RFC 5280 section 4.2.1.4)`)
      const qualifiers = [
        ...(cps === undefined ? [] : [derSequence(derOid('1.3.6.1.5.5.7.2.1'), derElement(tags.ia5String, url(cps)))]),
        ...(notice === undefined
          ? []
          : [derSequence(derOid('1.3.6.1.5.5.7.2.2'), derSequence(derElement(tags.utf8String, noticeText(notice))))]),
      ]
      return derSequence(oidFor(oid, 'policies'), ...(qualifiers.length === 0 ? [] : [derSequence(...qualifiers)]))
    }),
  ),
})

const url = (text: string): Uint8Array => {
  requireText(text, 'a URL')
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text))
    throw new TlsError('bad_option', `not a URL: "${shown(text)}"`)
  return new TextEncoder().encode(text)
}

/** DisplayText has at most 200 characters. */
const noticeText = (text: string): Uint8Array => {
  if (text === '' || text.length > 200)
    throw new TlsError('bad_option', 'policies: a notice has 1 to 200 characters (RFC 5280 section 4.2.1.4)')
  return new TextEncoder().encode(text)
}

const isPurposeName = (text: string): text is PurposeName => Object.hasOwn(purposeOids, text)

/** Section 4.2.1.6; critical where the subject is empty. */
export const subjectAltName = (names: readonly NameInput[], critical: boolean): RawExtension => ({
  oid: extensionOids.subjectAltName,
  critical,
  value: derSequence(...names.map(generalName)),
})

export const subjectKeyIdentifier = (identifier: Uint8Array): RawExtension => ({
  oid: extensionOids.subjectKeyIdentifier,
  value: derOctets(identifier),
})

export const authorityKeyIdentifier = (identifier: Uint8Array): RawExtension => ({
  oid: extensionOids.authorityKeyIdentifier,
  value: derSequence(derElement(contextTag(0), identifier)),
})

/** Section 4.2.1.10. */
export const nameConstraints = (options: NameConstraintOptions): RawExtension => {
  const list = (n: number, texts: readonly string[] = [], directories: readonly SubjectName[] = []): Uint8Array[] => {
    const subtrees = [
      ...texts.map(subtree),
      ...directories.map((name) => derSequence(directoryName(distinguishedName(name)))),
    ]
    return subtrees.length === 0 ? [] : [derElement(constructedTag(n), ...subtrees)]
  }
  const lists = [
    ...list(0, options.permitted, options.permittedDirectories),
    ...list(1, options.excluded, options.excludedDirectories),
  ]
  if (lists.length === 0) throw new TlsError('bad_option', 'nameConstraints: nothing is permitted or excluded')
  return { oid: extensionOids.nameConstraints, critical: true, value: derSequence(...lists) }
}

/** DistributionPointName with these URLs. */
export const fullName = (urls: readonly string[]): Uint8Array =>
  derElement(constructedTag(0), derElement(constructedTag(0), ...urls.map(location)))

/** uniformResourceIdentifier, whatever else the text might be. */
const location = (text: string): Uint8Array => derElement(contextTag(6), url(text))

/** Section 4.2.1.13. */
export const crlDistributionPoints = (urls: readonly string[]): RawExtension => ({
  oid: extensionOids.crlDistributionPoints,
  value: derSequence(derSequence(fullName(urls))),
})

/** Section 4.2.2.1. */
export const authorityInfoAccess = (ocsp: readonly string[], issuers: readonly string[]): RawExtension => {
  const describe =
    (method: string) =>
    (text: string): Uint8Array =>
      derSequence(derOid(method), location(text))
  const descriptions = [...ocsp.map(describe(accessMethods.ocsp)), ...issuers.map(describe(accessMethods.caIssuers))]
  return { oid: extensionOids.authorityInfoAccess, value: derSequence(...descriptions) }
}

/** RFC 7633: the server has to staple an OCSP response. */
export const mustStaple = (): RawExtension => ({ oid: extensionOids.tlsFeature, value: derSequence(derInteger(5)) })

/** RFC 9345 section 4.2: the key may sign delegated credentials. */
export const delegationUsage = (): RawExtension => ({ oid: delegationUsageOid, value: derNull() })

/** The later one of two extensions of a kind counts. */
export const merged = (...extensions: readonly RawExtension[]): RawExtension[] => [
  ...new Map(extensions.map((extension) => [checked(extension).oid, extension])).values(),
]

const checked = (extension: RawExtension): RawExtension => {
  checkOptions(extension, rawNames, { required: ['oid', 'value'] }, 'extensions')
  return extension
}

const rawNames: Names<RawExtension> = { oid: 'string', critical: 'boolean', value: 'bytes' }

/** Extension ::= SEQUENCE, DER. */
export const encodeExtension = (extension: RawExtension): Uint8Array => {
  const { oid, critical = false, value } = checked(extension)
  return derSequence(oidFor(oid, 'extensions'), ...(critical ? [derBoolean(true)] : []), derOctets(value))
}
