// What the elements of a certificate, of its extensions and of an OCSP response are called: data for der-fields.ts.

import { constructedTag, contextTag, tags } from '../wire/der.ts'
import { keyUsageNames } from '../x509/extensions.ts'
import { formatIp } from '../x509/general-name.ts'
import { ocspStatuses } from '../x509/ocsp-status.ts'
import { extensionOids } from '../x509/oids.ts'

/** The name of an element, and of those inside it, in order. */
export interface Shape {
  readonly name: string
  /** Only for elements with this tag: optional ones are passed by others. */
  readonly tag?: number
  /** For all elements from here on. */
  readonly repeated?: true
  readonly inside?: readonly Shape[]
  /** By the number of a context tag. */
  readonly choices?: Readonly<Record<number, Shape>>
  /** What a string holds, by the object identifier before it. */
  readonly holds?: (oid: string | undefined) => Shape | undefined
  /** A primitive element's content as text. */
  readonly read?: (content: Uint8Array) => string | undefined
  /** Names of an INTEGER's or ENUMERATED's values. */
  readonly numbers?: Readonly<Record<number, string>>
  readonly section?: string
}

const named = (name: string, more: Omit<Shape, 'name'> = {}): Shape => ({ name, ...more })
const each = (name: string, more: Omit<Shape, 'name'> = {}): Shape => ({ name, repeated: true, ...more })
const latin1 = (content: Uint8Array): string => new TextDecoder('latin1').decode(content)
const section = (number: string) => ({ section: `RFC 5280 section ${number}` })

const algorithm = (name: string): Shape =>
  named(name, { inside: [named('algorithm', { tag: tags.oid }), named('parameters')], ...section('4.1.1.2') })
const attribute = each('AttributeTypeAndValue', { inside: [named('type'), named('value')] })
const nameShape = (name: string, number: string): Shape =>
  named(name, { inside: [each('RelativeDistinguishedName', { inside: [attribute] })], ...section(number) })

const generalName: Readonly<Record<number, Shape>> = {
  0: named('otherName', { inside: [named('type-id'), named('value')] }),
  1: named('rfc822Name', { read: latin1 }),
  2: named('dNSName', { read: latin1 }),
  3: named('x400Address'),
  4: named('directoryName', { inside: [nameShape('rdnSequence', '4.1.2.4')] }),
  5: named('ediPartyName'),
  6: named('uniformResourceIdentifier', { read: latin1 }),
  7: named('iPAddress', {
    read: (content) => (content.length === 4 || content.length === 16 ? formatIp(content) : undefined),
  }),
  8: named('registeredID'),
}
const generalNames = (name: string): Shape => named(name, { inside: [each('GeneralName', { choices: generalName })] })

const usageText = (content: Uint8Array): string =>
  keyUsageNames.filter((_, bit) => ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0).join(', ')

const subtrees = (name: string, number: number): Shape =>
  named(name, {
    tag: constructedTag(number),
    inside: [each('GeneralSubtree', { inside: [each('base', { choices: generalName })] })],
  })

/** Extensions of certificates, by object identifier. */
const extensionShapes: ReadonlyMap<string, Shape> = new Map([
  [
    extensionOids.basicConstraints,
    named('BasicConstraints', {
      inside: [named('cA', { tag: tags.boolean }), named('pathLenConstraint')],
      ...section('4.2.1.9'),
    }),
  ],
  [extensionOids.keyUsage, named('KeyUsage', { read: usageText, ...section('4.2.1.3') })],
  [
    extensionOids.extendedKeyUsage,
    named('ExtKeyUsageSyntax', { inside: [each('KeyPurposeId')], ...section('4.2.1.12') }),
  ],
  [extensionOids.subjectAltName, { ...generalNames('SubjectAltName'), ...section('4.2.1.6') }],
  [extensionOids.issuerAltName, { ...generalNames('IssuerAltName'), ...section('4.2.1.7') }],
  [extensionOids.subjectKeyIdentifier, named('SubjectKeyIdentifier', section('4.2.1.2'))],
  [
    extensionOids.authorityKeyIdentifier,
    named('AuthorityKeyIdentifier', {
      inside: [
        named('keyIdentifier', { tag: contextTag(0) }),
        named('authorityCertIssuer', {
          tag: constructedTag(1),
          inside: [each('GeneralName', { choices: generalName })],
        }),
        named('authorityCertSerialNumber', { tag: contextTag(2) }),
      ],
      ...section('4.2.1.1'),
    }),
  ],
  [
    extensionOids.nameConstraints,
    named('NameConstraints', {
      inside: [subtrees('permittedSubtrees', 0), subtrees('excludedSubtrees', 1)],
      ...section('4.2.1.10'),
    }),
  ],
  [
    extensionOids.certificatePolicies,
    named('CertificatePolicies', {
      inside: [
        each('PolicyInformation', {
          inside: [
            named('policyIdentifier'),
            named('policyQualifiers', {
              inside: [each('PolicyQualifierInfo', { inside: [named('policyQualifierId'), named('qualifier')] })],
            }),
          ],
        }),
      ],
      ...section('4.2.1.4'),
    }),
  ],
  [
    extensionOids.crlDistributionPoints,
    named('CRLDistributionPoints', {
      inside: [
        each('DistributionPoint', {
          inside: [
            named('distributionPoint', {
              tag: constructedTag(0),
              inside: [
                named('fullName', { tag: constructedTag(0), inside: [each('GeneralName', { choices: generalName })] }),
              ],
            }),
            named('reasons', { tag: contextTag(1) }),
            named('cRLIssuer', { tag: constructedTag(2), inside: [each('GeneralName', { choices: generalName })] }),
          ],
        }),
      ],
      ...section('4.2.1.13'),
    }),
  ],
  [
    extensionOids.authorityInfoAccess,
    named('AuthorityInfoAccess', {
      inside: [
        each('AccessDescription', {
          inside: [named('accessMethod'), each('accessLocation', { choices: generalName })],
        }),
      ],
      ...section('4.2.2.1'),
    }),
  ],
  [extensionOids.sctList, named('SignedCertificateTimestampList', { section: 'RFC 6962 section 3.3' })],
  [
    extensionOids.tlsFeature,
    named('Features', {
      inside: [each('feature', { numbers: { 5: 'status_request', 17: 'status_request_v2' } })],
      section: 'RFC 7633 section 4',
    }),
  ],
  [
    extensionOids.policyConstraints,
    named('PolicyConstraints', {
      inside: [
        named('requireExplicitPolicy', { tag: contextTag(0) }),
        named('inhibitPolicyMapping', { tag: contextTag(1) }),
      ],
      ...section('4.2.1.11'),
    }),
  ],
])

const extensions = (tag: number): Shape =>
  named('extensions', {
    tag,
    inside: [
      named('Extensions', {
        inside: [
          each('Extension', {
            inside: [
              named('extnID'),
              named('critical', { tag: tags.boolean }),
              named('extnValue', {
                tag: tags.octetString,
                holds: (oid) => (oid === undefined ? undefined : extensionShapes.get(oid)),
              }),
            ],
          }),
        ],
      }),
    ],
    ...section('4.1.2.9'),
  })

const rsaKey = named('RSAPublicKey', {
  inside: [named('modulus'), named('publicExponent')],
  section: 'RFC 8017 appendix A.1.1',
})
const publicKeyInfo: readonly Shape[] = [
  algorithm('algorithm'),
  named('subjectPublicKey', { holds: (oid) => (oid === '1.2.840.113549.1.1.1' ? rsaKey : undefined) }),
]
const ecdsaSignature = named('ECDSA-Sig-Value', { inside: [named('r'), named('s')], section: 'RFC 3279 section 2.2.3' })
const signatureHolds = (oid: string | undefined): Shape | undefined =>
  oid?.startsWith('1.2.840.10045.4.') ? ecdsaSignature : undefined

/** Certificate (RFC 5280 section 4.1). */
export const certificateShape: Shape = named('Certificate', {
  inside: [
    named('tbsCertificate', {
      inside: [
        named('version', {
          tag: constructedTag(0),
          inside: [named('version', { numbers: { 0: 'v1', 1: 'v2', 2: 'v3' } })],
          ...section('4.1.2.1'),
        }),
        named('serialNumber', { tag: tags.integer, ...section('4.1.2.2') }),
        algorithm('signature'),
        nameShape('issuer', '4.1.2.4'),
        named('validity', { inside: [named('notBefore'), named('notAfter')], ...section('4.1.2.5') }),
        nameShape('subject', '4.1.2.6'),
        named('subjectPublicKeyInfo', { inside: publicKeyInfo, ...section('4.1.2.7') }),
        named('issuerUniqueID', { tag: contextTag(1) }),
        named('subjectUniqueID', { tag: contextTag(2) }),
        extensions(constructedTag(3)),
      ],
      ...section('4.1.1.1'),
    }),
    algorithm('signatureAlgorithm'),
    named('signatureValue', { holds: signatureHolds, ...section('4.1.1.3') }),
  ],
  ...section('4.1'),
})

/** SubjectPublicKeyInfo, as raw public keys have it (RFC 7250). */
export const publicKeyShape: Shape = named('SubjectPublicKeyInfo', { inside: publicKeyInfo, ...section('4.1.2.7') })

const single = each('SingleResponse', {
  inside: [
    named('certID', {
      inside: [algorithm('hashAlgorithm'), named('issuerNameHash'), named('issuerKeyHash'), named('serialNumber')],
    }),
    each('certStatus', {
      choices: {
        0: named('good'),
        1: named('revoked', { inside: [named('revocationTime'), named('revocationReason')] }),
        2: named('unknown'),
      },
    }),
  ],
})
const basicResponse = named('BasicOCSPResponse', {
  inside: [
    named('tbsResponseData', {
      inside: [
        named('version', { tag: constructedTag(0) }),
        named('responderID byName', { tag: constructedTag(1) }),
        named('responderID byKey', { tag: constructedTag(2) }),
        named('producedAt', { tag: tags.generalizedTime }),
        named('responses', { tag: tags.sequence, inside: [single] }),
        named('responseExtensions'),
      ],
    }),
    algorithm('signatureAlgorithm'),
    named('signature'),
    named('certs', {
      tag: constructedTag(0),
      inside: [named('Certificates', { inside: [{ ...certificateShape, repeated: true }] })],
    }),
  ],
})

/** OCSPResponse (RFC 6960 section 4.2.1). */
export const ocspShape: Shape = named('OCSPResponse', {
  inside: [
    named('responseStatus', { numbers: ocspStatuses }),
    named('responseBytes', {
      tag: constructedTag(0),
      inside: [
        named('ResponseBytes', { inside: [named('responseType'), named('response', { holds: () => basicResponse })] }),
      ],
    }),
  ],
  section: 'RFC 6960 section 4.2.1',
})

/** A distinguished name, as certificate_authorities lists them. */
export const nameListShape: Shape = nameShape('DistinguishedName', '4.1.2.4')
export const ecdsaSignatureShape: Shape = ecdsaSignature
