// A certificate as text, in the layout of `openssl x509 -text`: what people compare, paste and search for.

import { toHex } from '../wire/bytes.ts'
import type { PublicKey } from '../crypto/provider.ts'
import { attempt } from '../x509/attempt.ts'
import type { Certificate } from '../x509/certificate.ts'
import { extensionLines, extensionTitle } from './print-extensions.ts'
import { colons, dateText, hexLines, nameLine } from './print-text.ts'
import { algorithmName, signatureAlgorithmOf } from '../x509/signature.ts'

/** Several lines, ending in a newline. What can't be decoded is shown as hex; nothing is thrown. */
export const certificateText = (certificate: Certificate): string => {
  const { version, issuer, subject, notBefore, notAfter, extensions, signature } = certificate
  return lines(
    'Certificate:',
    '    Data:',
    `        Version: ${version} (0x${version - 1})`,
    ...serialLines(certificate.serialNumber),
    `        Signature Algorithm: ${algorithmTitle(certificate.tbsSignatureAlgorithm)}`,
    `        Issuer: ${nameLine(issuer)}`,
    '        Validity',
    `            Not Before: ${dateText(notBefore)}`,
    `            Not After : ${dateText(notAfter)}`,
    `        Subject: ${nameLine(subject)}`,
    '        Subject Public Key Info:',
    ...keyLines(certificate),
    ...(extensions.length === 0 ? [] : ['        X509v3 extensions:']),
    ...extensions.flatMap((extension) => [
      `            ${extensionTitle(extension.oid)}: ${extension.critical ? 'critical' : ''}`,
      ...extensionLines(certificate, extension).map((line) => `                ${line}`),
    ]),
    `    Signature Algorithm: ${algorithmTitle(certificate.signatureAlgorithm)}`,
    '    Signature Value:',
    ...hexLines(signature, 18, '        '),
  )
}

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`

/** Numbers of up to 8 bytes in decimal and hex, longer ones as bytes. */
const serialLines = (serial: Uint8Array): string[] => {
  const isNegative = (serial[0] ?? 0) >= 0x80
  const magnitude = serial[0] === 0 && serial.length > 1 ? serial.subarray(1) : serial
  if (magnitude.length > 8 || isNegative) {
    return ['        Serial Number:', `            ${colons(magnitude)}${isNegative ? ' (Negative)' : ''}`]
  }
  const number = BigInt(`0x${toHex(magnitude) || '0'}`)
  return [`        Serial Number: ${number} (0x${number.toString(16)})`]
}

const titles: Readonly<Record<string, string>> = {
  rsa_pkcs1_md5: 'md5WithRSAEncryption',
  rsa_pkcs1_sha1: 'sha1WithRSAEncryption',
  rsa_pkcs1_sha256: 'sha256WithRSAEncryption',
  rsa_pkcs1_sha384: 'sha384WithRSAEncryption',
  rsa_pkcs1_sha512: 'sha512WithRSAEncryption',
  rsa_pss_sha256: 'rsassaPss (SHA-256)',
  rsa_pss_sha384: 'rsassaPss (SHA-384)',
  rsa_pss_sha512: 'rsassaPss (SHA-512)',
  ecdsa_sha1: 'ecdsa-with-SHA1',
  ecdsa_sha256: 'ecdsa-with-SHA256',
  ecdsa_sha384: 'ecdsa-with-SHA384',
  ecdsa_sha512: 'ecdsa-with-SHA512',
  ed25519: 'ED25519',
  ed448: 'ED448',
  mldsa44: 'ML-DSA-44',
  mldsa65: 'ML-DSA-65',
  mldsa87: 'ML-DSA-87',
}

const algorithmTitle = (identifier: Uint8Array): string => {
  const known = signatureAlgorithmOf(identifier)
  if (known !== undefined) return titles[known] ?? known
  return attempt(() => algorithmName(identifier)) ?? 'unreadable'
}

const keyLines = (certificate: Certificate): string[] => {
  const key = attempt(() => certificate.publicKey)
  if (key === undefined) {
    return ['            Public Key Algorithm: not supported', ...hexLines(certificate.spki, 15, '                ')]
  }
  const row = keyTitles[key.type]
  return [`            Public Key Algorithm: ${row.algorithm}`, ...keyContent(key)].map((line, i) =>
    i === 0 ? line : `                ${line}`,
  )
}

const keyContent = (key: PublicKey): string[] => {
  const { algorithm, curve } = keyTitles[key.type]
  if (key.rsa !== undefined) {
    const modulus =
      key.rsa.modulus[0] !== undefined && key.rsa.modulus[0] >= 0x80
        ? Uint8Array.of(0, ...key.rsa.modulus)
        : key.rsa.modulus
    const exponent = BigInt(`0x${toHex(key.rsa.exponent)}`)
    return [
      `Public-Key: (${key.bits} bit)`,
      'Modulus:',
      ...hexLines(modulus, 15, '    '),
      `Exponent: ${exponent} (0x${exponent.toString(16)})`,
    ]
  }
  const head = curve === undefined ? `${algorithm} Public-Key:` : `Public-Key: (${key.bits} bit)`
  const tail = curve === undefined ? [] : [`ASN1 OID: ${curve[0]}`, `NIST CURVE: ${curve[1]}`]
  return [head, 'pub:', ...hexLines(key.raw, 15, '    '), ...tail]
}

const ec = (...curve: readonly [string, string]): { algorithm: string; curve: readonly [string, string] } => ({
  algorithm: 'id-ecPublicKey',
  curve,
})

const keyTitles: Readonly<
  Record<PublicKey['type'], { readonly algorithm: string; readonly curve?: readonly [string, string] }>
> = {
  rsa: { algorithm: 'rsaEncryption' },
  'rsa-pss': { algorithm: 'rsassaPss' },
  p256: ec('prime256v1', 'P-256'),
  p384: ec('secp384r1', 'P-384'),
  p521: ec('secp521r1', 'P-521'),
  ed25519: { algorithm: 'ED25519' },
  ed448: { algorithm: 'ED448' },
  mldsa44: { algorithm: 'ML-DSA-44' },
  mldsa65: { algorithm: 'ML-DSA-65' },
  mldsa87: { algorithm: 'ML-DSA-87' },
}
