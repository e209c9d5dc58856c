// Certificates as getPeerCertificate() shows them: Node's legacy objects, linked to those of their issuers.

import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'

import { inWorkerd } from '../crypto/runtime.ts'
import type { Certificate } from '../x509/certificate.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Name } from '../x509/name.ts'

/** One certificate. Node's own X509Certificate reads it, so that every field is as node:tls has it. */
export const legacyObject = (der: Uint8Array): PeerCertificate => {
  const certificate = new X509Certificate(der)
  const object = inWorkerd ? fieldsOf(certificate, parseCertificate(der)) : certificate.toLegacyObject()
  return Object.assign(object, withInfoAccess(object))
}

/** In place of workerd's toLegacyObject(), which fails where there are key purposes. Of the key it has the size. */
const fieldsOf = (shown: X509Certificate, { subject, issuer, extendedKeyUsage, publicKey }: Certificate) =>
  ({
    ...Object.fromEntries(shownAlike.map((name) => [name, shown[name]])),
    subject: valuesOf(subject),
    issuer: valuesOf(issuer),
    subjectaltname: shown.subjectAltName,
    valid_from: shown.validFrom,
    valid_to: shown.validTo,
    ext_key_usage: extendedKeyUsage,
    bits: publicKey.bits,
  }) as unknown as PeerCertificate

const prints = ['fingerprint', 'fingerprint256', 'fingerprint512'] as const
const shownAlike = ['infoAccess', 'ca', 'serialNumber', 'raw', ...prints] as const

/** One value as text, several as a list. */
const valuesOf = ({ attributes }: Name): object => {
  const values: Record<string, string | string[]> = {}
  for (const { type, value } of attributes) values[type] = type in values ? [values[type] ?? [], value].flat() : value
  return values
}

/** toLegacyObject() gives infoAccess as text in some versions of Node; getPeerCertificate() as lists by method. */
const withInfoAccess = ({ infoAccess }: { readonly infoAccess?: unknown }): object => {
  if (typeof infoAccess !== 'string') return {}
  const lists: Record<string, string[]> = Object.create(null)
  for (const [, key = '', value = ''] of infoAccess.matchAll(/([^\n:]*):([^\n]*)(?:\n|$)/g)) {
    ;(lists[key] ??= []).push(value.startsWith('"') ? String(JSON.parse(value)) : value)
  }
  return { infoAccess: lists }
}

/**
 * The leaf, with `issuerCertificate` linked as far as the chain goes; one that is its own issuer points to itself, as
 * in node:tls. `authorities`: where an issuer may be found that the peer did not send.
 */
export const detailedObject = (
  chain: readonly Uint8Array[],
  authorities: (issued: Certificate) => Certificate | undefined,
): DetailedPeerCertificate | undefined => {
  const ordered = orderedChain(chain, authorities)
  let issuer: DetailedPeerCertificate | undefined
  for (const certificate of ordered.toReversed()) {
    const object = legacyObject(certificate.der) as DetailedPeerCertificate
    if (issuer) object.issuerCertificate = issuer
    else if (certificate.isSelfIssued) object.issuerCertificate = object
    issuer = object
  }
  return issuer
}

const orderedChain = (
  [first, ...others]: readonly Uint8Array[],
  authorities: (issued: Certificate) => Certificate | undefined,
): readonly Certificate[] => {
  if (!first) return []
  const sent = others.flatMap(readable)
  const chain = [parseCertificate(first)]
  for (let last = chain[0]; last && !last.isSelfIssued;) {
    const { key } = last.issuer
    const issuer: Certificate | undefined = sent.find(({ subject }) => subject.key === key) ?? authorities(last)
    if (!issuer || chain.includes(issuer)) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

/** The leaf as node:crypto shows it, with `issuerCertificate` linked as far as the peer sent the chain. */
export const linkedCertificate = (chain: readonly Uint8Array[]): X509Certificate | undefined => {
  const [leaf] = chain
  const ordered = orderedChain(chain, () => undefined)
  let issuer: X509Certificate | undefined
  for (const { der } of ordered.toReversed()) {
    const certificate = new X509Certificate(der)
    if (issuer)
      Object.defineProperty(certificate, 'issuerCertificate', { value: issuer, configurable: true, enumerable: true })
    issuer = certificate
  }
  return leaf && issuer
}

const readable = (der: Uint8Array): readonly Certificate[] => {
  try {
    return [parseCertificate(der)]
  } catch {
    return []
  }
}
