// The extensions of a certificate as text, in the words that `openssl x509 -text` uses.

import { TlsError } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import { hashAlgorithms, signatureAlgorithms } from '../wire/numbers.ts'
import { decodeString } from '../x509/name.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { DistributionPoint, Extension, GeneralSubtree, KeyUsageName } from '../x509/extensions.ts'
import type { GeneralName } from '../x509/general-name.ts'
import { extensionOids as oids, accessMethods, anyPolicy, purposeOids } from '../x509/oids.ts'
import { colons, dateText, hexLines, nameLine, printable } from './print-text.ts'
import { parseSct, splitSctList } from '../x509/sct.ts'
import type { Sct } from '../x509/sct.ts'

export const extensionTitle = (oid: string): string => titles.get(oid) ?? oid

/** Without indentation. An extension that is not known or malformed is shown as hex. */
export const extensionLines = (certificate: Certificate, { oid, value }: Extension): string[] => {
  try {
    return printers.get(oid)?.(certificate) ?? hexLines(value, 18, '')
  } catch (error) {
    if (error instanceof TlsError) return [`<malformed: ${printable(error.message)}>`, ...hexLines(value, 18, '')]
    throw error
  }
}

const titles: ReadonlyMap<string, string> = new Map([
  [oids.subjectKeyIdentifier, 'X509v3 Subject Key Identifier'],
  [oids.keyUsage, 'X509v3 Key Usage'],
  [oids.subjectAltName, 'X509v3 Subject Alternative Name'],
  [oids.issuerAltName, 'X509v3 Issuer Alternative Name'],
  [oids.basicConstraints, 'X509v3 Basic Constraints'],
  [oids.nameConstraints, 'X509v3 Name Constraints'],
  [oids.crlDistributionPoints, 'X509v3 CRL Distribution Points'],
  [oids.certificatePolicies, 'X509v3 Certificate Policies'],
  [oids.policyMappings, 'X509v3 Policy Mappings'],
  [oids.authorityKeyIdentifier, 'X509v3 Authority Key Identifier'],
  [oids.policyConstraints, 'X509v3 Policy Constraints'],
  [oids.extendedKeyUsage, 'X509v3 Extended Key Usage'],
  [oids.freshestCrl, 'X509v3 Freshest CRL'],
  [oids.inhibitAnyPolicy, 'X509v3 Inhibit Any Policy'],
  [oids.authorityInfoAccess, 'Authority Information Access'],
  [oids.subjectInfoAccess, 'Subject Information Access'],
  [oids.tlsFeature, 'TLS Feature'],
  [oids.sctList, 'CT Precertificate SCTs'],
  [oids.ctPoison, 'CT Precertificate Poison'],
])

type Printer = (certificate: Certificate) => string[] | undefined

const upper = (bytes: Uint8Array): string => colons(bytes).toUpperCase()

const printers: ReadonlyMap<string, Printer> = new Map<string, Printer>([
  [
    oids.basicConstraints,
    ({ basicConstraints: it }) =>
      it && [`CA:${it.ca ? 'TRUE' : 'FALSE'}${it.pathLength === undefined ? '' : `, pathlen:${it.pathLength}`}`],
  ],
  [oids.keyUsage, ({ keyUsage }) => keyUsage && [keyUsage.map((usage) => usages[usage]).join(', ')]],
  [
    oids.extendedKeyUsage,
    ({ extendedKeyUsage }) => extendedKeyUsage && [extendedKeyUsage.map((oid) => purposes.get(oid) ?? oid).join(', ')],
  ],
  [oids.subjectKeyIdentifier, ({ subjectKeyIdentifier: it }) => it && [upper(it)]],
  [
    oids.authorityKeyIdentifier,
    ({ authorityKeyIdentifier: it }) =>
      it && [
        ...(it.keyIdentifier === undefined ? [] : [upper(it.keyIdentifier)]),
        ...(it.issuer ?? []).map(generalNameText),
        ...(it.serialNumber === undefined ? [] : [`serial:${upper(it.serialNumber)}`]),
      ],
  ],
  [oids.subjectAltName, ({ subjectAltNames }) => subjectAltNames && [subjectAltNames.map(generalNameText).join(', ')]],
  [oids.issuerAltName, ({ issuerAltNames }) => issuerAltNames && [issuerAltNames.map(generalNameText).join(', ')]],
  [
    oids.nameConstraints,
    ({ nameConstraints: it }) =>
      it && [...subtreeLines('Permitted', it.permitted), ...subtreeLines('Excluded', it.excluded)],
  ],
  [
    oids.certificatePolicies,
    ({ certificatePolicies }) =>
      certificatePolicies?.flatMap(({ oid, qualifiers }) => [
        `Policy: ${oid === anyPolicy ? 'X509v3 Any Policy' : oid}`,
        ...qualifiers.map(({ oid: kind, der }) =>
          kind === '1.3.6.1.5.5.7.2.1'
            ? `  CPS: ${printable(decodeString(der))}`
            : `  Qualifier ${kind}: ${toHex(der)}`,
        ),
      ]),
  ],
  [
    oids.policyMappings,
    ({ policyMappings }) =>
      policyMappings && [
        policyMappings
          .map(({ issuerDomainPolicy, subjectDomainPolicy }) => `${issuerDomainPolicy}:${subjectDomainPolicy}`)
          .join(', '),
      ],
  ],
  [
    oids.policyConstraints,
    ({ policyConstraints: it }) =>
      it && [
        [
          ...(it.requireExplicitPolicy === undefined ? [] : [`Require Explicit Policy:${it.requireExplicitPolicy}`]),
          ...(it.inhibitPolicyMapping === undefined ? [] : [`Inhibit Policy Mapping:${it.inhibitPolicyMapping}`]),
        ].join(', '),
      ],
  ],
  [
    oids.inhibitAnyPolicy,
    ({ inhibitAnyPolicy }) => (inhibitAnyPolicy === undefined ? undefined : [String(inhibitAnyPolicy)]),
  ],
  [oids.crlDistributionPoints, ({ crlDistributionPoints }) => crlDistributionPoints?.flatMap(pointLines)],
  [oids.freshestCrl, ({ freshestCrl }) => freshestCrl?.flatMap(pointLines)],
  [
    oids.authorityInfoAccess,
    ({ authorityInfoAccess }) =>
      authorityInfoAccess?.map(
        ({ method, location }) => `${methods.get(method) ?? method} - ${generalNameText(location)}`,
      ),
  ],
  [
    oids.subjectInfoAccess,
    ({ subjectInfoAccess }) =>
      subjectInfoAccess?.map(
        ({ method, location }) => `${methods.get(method) ?? method} - ${generalNameText(location)}`,
      ),
  ],
  [
    oids.tlsFeature,
    ({ tlsFeatures }) =>
      tlsFeatures && [tlsFeatures.map((feature) => features.get(feature) ?? String(feature)).join(', ')],
  ],
  [
    oids.sctList,
    ({ sctList }) =>
      sctList &&
      splitSctList(sctList).flatMap((bytes) => {
        const sct = parseSct(bytes)
        return sct === undefined ? ['Signed Certificate Timestamp of an unknown version'] : sctLines(sct)
      }),
  ],
  [oids.ctPoison, () => ['NULL']],
])

const usages: Readonly<Record<KeyUsageName, string>> = {
  digitalSignature: 'Digital Signature',
  nonRepudiation: 'Non Repudiation',
  keyEncipherment: 'Key Encipherment',
  dataEncipherment: 'Data Encipherment',
  keyAgreement: 'Key Agreement',
  keyCertSign: 'Certificate Sign',
  cRLSign: 'CRL Sign',
  encipherOnly: 'Encipher Only',
  decipherOnly: 'Decipher Only',
}

const purposes: ReadonlyMap<string, string> = new Map([
  [purposeOids.serverAuth, 'TLS Web Server Authentication'],
  [purposeOids.clientAuth, 'TLS Web Client Authentication'],
  [purposeOids.codeSigning, 'Code Signing'],
  [purposeOids.emailProtection, 'E-mail Protection'],
  [purposeOids.timeStamping, 'Time Stamping'],
  [purposeOids.ocspSigning, 'OCSP Signing'],
  [purposeOids.anyExtendedKeyUsage, 'Any Extended Key Usage'],
])
const methods: ReadonlyMap<string, string> = new Map([
  [accessMethods.ocsp, 'OCSP'],
  [accessMethods.caIssuers, 'CA Issuers'],
])
const features: ReadonlyMap<number, string> = new Map([
  [5, 'status_request'],
  [17, 'status_request_v2'],
])

export const generalNameText = (name: GeneralName): string => {
  switch (name.kind) {
    case 'dns':
      return `DNS:${printable(name.value)}`
    case 'email':
      return `email:${printable(name.value)}`
    case 'uri':
      return `URI:${printable(name.value)}`
    case 'ip':
      return `IP Address:${ipText(name.bytes)}`
    case 'directory':
      return `DirName:${name.name.rdns
        .flat()
        .map(({ type, value }) => `/${type}=${printable(value)}`)
        .join('')}`
    case 'registeredId':
      return `Registered ID:${name.value}`
    case 'otherName':
      return `othername: ${name.oid}::${toHex(name.bytes)}`
    case 'malformed':
      return `<malformed ${name.form}>${toHex(name.bytes)}`
    case 'undecoded':
      return `${name.value}:<unsupported>`
  }
}

/** 2001:DB8:0:0:0:0:0:1, without the short form. */
const ipText = (bytes: Uint8Array): string => {
  if (bytes.length === 4) return bytes.join('.')
  const groups: string[] = []
  for (let i = 0; i < bytes.length; i += 2)
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16).toUpperCase())
  return groups.join(':')
}

const subtreeLines = (title: string, subtrees: readonly GeneralSubtree[] | undefined): string[] =>
  subtrees === undefined ? [] : [`${title}:`, ...subtrees.map(({ base }) => `  ${rangeText(base)}`)]

const rangeText = (base: GeneralName): string => {
  if (base.kind === 'directory') return `DirName:${nameLine(base.name)}`
  if (base.kind !== 'ip') return generalNameText(base)
  const half = base.bytes.length / 2
  return `IP:${ipText(base.bytes.subarray(0, half))}/${ipText(base.bytes.subarray(half))}`
}

const pointLines = ({ fullName, relativeName, crlIssuer }: DistributionPoint): string[] => [
  ...(fullName === undefined ? [] : ['Full Name:', ...fullName.map((name) => `  ${generalNameText(name)}`)]),
  ...(relativeName === undefined ? [] : [`Relative Name: ${toHex(relativeName)}`]),
  ...(crlIssuer === undefined ? [] : ['CRL Issuer:', ...crlIssuer.map((name) => `  ${generalNameText(name)}`)]),
]

const sctAlgorithmText = (hash: number, signature: number): string => {
  if (hash === hashAlgorithms.sha256 && signature === signatureAlgorithms.ecdsa) return 'ecdsa-with-SHA256'
  if (hash === hashAlgorithms.sha256 && signature === signatureAlgorithms.rsa) return 'sha256WithRSAEncryption'
  return `${hash}, ${signature}`
}

const sctLines = ({ logId, timestamp, extensions, hashAlgorithm, signatureAlgorithm, signature }: Sct): string[] => {
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.map((line, i) => `    ${i === 0 ? title.padEnd(10) : ' '.repeat(10)}${i === 0 ? ': ' : '  '}${line}`)
  const algorithm = sctAlgorithmText(hashAlgorithm, signatureAlgorithm)
  return [
    'Signed Certificate Timestamp:',
    ...block('Version', ['v1 (0x0)']),
    ...block(
      'Log ID',
      hexLines(logId, 16, '').map((line) => line.toUpperCase()),
    ),
    ...block('Timestamp', [dateText(timestamp, true)]),
    ...block('Extensions', extensions.length === 0 ? ['none'] : hexLines(extensions, 16, '')),
    ...block('Signature', [algorithm, ...hexLines(signature, 16, '').map((line) => line.toUpperCase())]),
  ]
}
