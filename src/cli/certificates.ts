// A certificate as the commands show it: JSON, and a few lines for people.

import { nodeProvider } from '../crypto/node.ts'
import { oidName } from '../x509/oids.ts'
import { algorithmName } from '../x509/signature.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Style } from './output.ts'
import { schema } from './schema.ts'
import type { JsonSchema } from './schema.ts'

export interface CertificateJson {
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  readonly names: readonly string[]
  readonly notBefore: string
  readonly notAfter: string
  readonly daysLeft: number
  readonly key: string
  readonly signature: string
  readonly isCa: boolean
  readonly keyUsage: readonly string[]
  readonly purposes: readonly string[]
  readonly sha256: string
}

export const certificateSchema: JsonSchema = schema.object({
  subject: schema.string('distinguished name'),
  issuer: schema.string('distinguished name'),
  serialNumber: schema.hex(),
  names: schema.array(schema.string(), 'subjectAltName: dns:example.com, ip:192.0.2.1, email:..., uri:...'),
  notBefore: schema.time(),
  notAfter: schema.time(),
  daysLeft: schema.integer('whole days until notAfter; negative when it is past'),
  key: schema.string('kind and size: "ECDSA P-256", "RSA 2048"'),
  signature: schema.string('what it is signed with'),
  isCa: schema.boolean(),
  keyUsage: schema.array(schema.string()),
  purposes: schema.array(schema.string(), 'extended key usage'),
  sha256: schema.hex('of the whole certificate'),
})

const DAY = 86_400_000

export const certificateJson = (certificate: Certificate, now: number): CertificateJson => ({
  subject: certificate.subject.toString(),
  issuer: certificate.issuer.toString(),
  serialNumber: certificate.serialNumberHex,
  names: orNone(() => (certificate.subjectAltNames ?? []).map(({ kind, value }) => `${kind}:${String(value)}`)),
  notBefore: new Date(certificate.notBefore).toISOString(),
  notAfter: new Date(certificate.notAfter).toISOString(),
  daysLeft: Math.floor((certificate.notAfter - now) / DAY),
  key: keyText(certificate),
  signature: algorithmName(certificate.signatureAlgorithm),
  isCa: orElse(() => certificate.basicConstraints?.ca === true, false),
  keyUsage: orNone(() => certificate.keyUsage ?? []),
  purposes: orNone(() => (certificate.extendedKeyUsage ?? []).map(oidName)),
  sha256: certificate.fingerprint(nodeProvider),
})

/** An extension that can't be read is the verifier's to judge; here it is shown as missing. */
const orElse = <T>(read: () => T, otherwise: T): T => {
  try {
    return read()
  } catch {
    return otherwise
  }
}
const orNone = (read: () => readonly string[]): readonly string[] => orElse(read, [])

const keyNames: Readonly<Record<string, string>> = {
  p256: 'ECDSA P-256',
  p384: 'ECDSA P-384',
  p521: 'ECDSA P-521',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
  mldsa44: 'ML-DSA-44',
  mldsa65: 'ML-DSA-65',
  mldsa87: 'ML-DSA-87',
}

/** "RSA 2048", "ECDSA P-256". */
export const keyText = (certificate: Pick<Certificate, 'publicKey'>): string =>
  orElse(() => {
    const { type, bits } = certificate.publicKey
    return (
      keyNames[type.replace(/^ec(dsa)?-?/, '')] ??
      (type.startsWith('rsa') ? `RSA ${bits}${type === 'rsa' ? '' : ' (PSS)'}` : `${type} ${bits}`)
    )
  }, 'of an unknown kind')

/** A certificate in a few lines. */
export const certificateLines = (json: CertificateJson, style: Style): readonly string[] => [
  style.bold(json.subject === '' ? '(no subject)' : json.subject),
  ...(json.names.length === 0
    ? []
    : [`  names      ${json.names.map((name) => name.replace(/^dns:/, '')).join(', ')}`]),
  `  issued by  ${json.issuer}`,
  `  valid      ${day(json.notBefore)} to ${day(json.notAfter)}, ${remaining(json, style)}`,
  `  key        ${json.key}; signed with ${json.signature}${json.isCa ? '; a CA' : ''}`,
  `  sha256     ${json.sha256}`,
]

const day = (time: string): string => time.slice(0, 10)

const remaining = ({ daysLeft, notBefore, notAfter }: CertificateJson, style: Style): string => {
  if (daysLeft < 0) return style.red(`expired ${plural(-daysLeft)} ago`)
  const lifetime = (Date.parse(notAfter) - Date.parse(notBefore)) / DAY
  const text = `${plural(daysLeft)} left`
  return daysLeft < lifetime / 10 ? style.yellow(text) : text
}

const plural = (days: number): string => `${days} day${days === 1 ? '' : 's'}`
