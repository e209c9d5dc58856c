// Object identifiers by name: what the code compares with, and what people see in messages and in certificateText().
// Attribute short names are those of RFC 4514 section 3 and of common use.

/** id-ce and id-pe extensions (RFC 5280 section 4.2), RFC 6960 section 4.2.2.2.1, RFC 6962 section 3.3, RFC 7633
 * section 6. */
export const extensionOids = {
  subjectDirectoryAttributes: '2.5.29.9',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  sctList: '1.3.6.1.4.1.11129.2.4.2',
  ctPoison: '1.3.6.1.4.1.11129.2.4.3',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
} as const

/** Extended key usages (RFC 5280 section 4.2.1.12). */
export const purposeOids = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const

export type PurposeName = keyof typeof purposeOids

/** The wild policy (RFC 5280 section 4.2.1.4). */
export const anyPolicy = '2.5.29.32.0'

/** Access methods of authorityInfoAccess (RFC 5280 section 4.2.2.1). */
export const accessMethods = { ocsp: '1.3.6.1.5.5.7.48.1', caIssuers: '1.3.6.1.5.5.7.48.2' } as const

/** Types of otherName: the mailbox of RFC 9598 section 3, the user principal name of Windows. */
export const otherNameOids = {
  smtpUtf8Mailbox: '1.3.6.1.5.5.7.8.9',
  userPrincipalName: '1.3.6.1.4.1.311.20.2.3',
} as const

export const emailAddressOid = '1.2.840.113549.1.9.1'
export const commonNameOid = '2.5.4.3'

/** Attribute types of distinguished names to the short names that people write. */
export const attributeShortNames: ReadonlyMap<string, string> = new Map([
  [commonNameOid, 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.15', 'businessCategory'],
  ['2.5.4.17', 'postalCode'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.43', 'initials'],
  ['2.5.4.46', 'dnQualifier'],
  ['2.5.4.65', 'pseudonym'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  [emailAddressOid, 'emailAddress'],
  ['1.3.6.1.4.1.311.60.2.1.1', 'jurisdictionL'],
  ['1.3.6.1.4.1.311.60.2.1.2', 'jurisdictionST'],
  ['1.3.6.1.4.1.311.60.2.1.3', 'jurisdictionC'],
])

/** Names of the object identifiers that certificates often hold, for messages. */
export const oidName = (oid: string): string => names.get(oid) ?? oid

const names: ReadonlyMap<string, string> = new Map([
  ...invert(extensionOids),
  ...invert(purposeOids),
  [anyPolicy, 'anyPolicy'],
  ['2.23.140.1.1', 'extended-validated'],
  ['2.23.140.1.2.1', 'domain-validated'],
  ['2.23.140.1.2.2', 'organization-validated'],
  ['2.23.140.1.2.3', 'individual-validated'],
  ['1.3.6.1.5.5.7.48.1', 'OCSP'],
  ['1.3.6.1.5.5.7.48.2', 'caIssuers'],
])

function invert(table: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(table).map(([name, oid]) => [oid, name])
}
