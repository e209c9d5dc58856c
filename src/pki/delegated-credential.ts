// Makes delegated credentials (RFC 9345 section 4): a short-lived key that a server or client may sign handshakes with,
// vouched for by the key of its certificate, which then need not be where the handshakes are.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { encodePem } from '../wire/pem.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { signatureSchemes } from '../wire/registry.ts'
import type { SignatureScheme } from '../wire/registry.ts'
import type { KeyInput } from '../crypto/key-input.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import { parseCertificate } from '../x509/certificate.ts'
import {
  delegationContent,
  delegationProblem,
  encodeDelegatedCredential,
  MAX_DELEGATION,
  mayDelegateTo,
} from '../x509/delegated-credential.ts'
import { certificateBytes } from '../x509/load.ts'
import { issuedNames } from './issue.ts'
import { generateKeyPair, importKeyPair, signWith } from './keys.ts'
import type { KeyKind } from './keys.ts'

export interface DelegationOptions {
  /**
   * The certificate that delegates, PEM (a chain will do: its first). It needs the DelegationUsage extension: `issue({
   * delegation: true })`.
   */
  readonly certificatePem: PemOrDer
  /**
   * Its key, in any form: ECDSA or Ed25519 (an RSA key signs certificates here by PKCS#1 v1.5, which TLS 1.3 does not
   * take).
   */
  readonly privateKeyPem: KeyInput
  /** Kind of the credential's key; default 'ecdsa-p256'. RSA is not allowed (section 4). */
  readonly key?: KeyKind
  /** Seconds from now, at most 604800; default a day. */
  readonly lifetimeSeconds?: number
  /** Who will use it; default 'server'. */
  readonly signer?: 'server' | 'client'
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: () => number
}

const names: Names<DelegationOptions> = {
  ...issuedNames,
  key: 'any',
  lifetimeSeconds: 'number',
  signer: ['server', 'client'],
  clock: 'function',
}

export interface IssuedDelegation {
  /** For the `delegatedCredential` of an identity. */
  readonly delegatedCredential: Uint8Array
  /** For its `key`. */
  readonly privateKeyPem: string
}

/**
 * Throws `bad_option` for a certificate that may not delegate, a lifetime over seven days, or a kind of key that is not
 * allowed.
 */
export const issueDelegatedCredential = async (options: DelegationOptions): Promise<IssuedDelegation> => {
  checkOptions(options, names, { required: ['certificatePem', 'privateKeyPem'] })
  const [der = new Uint8Array()] = certificateBytes(options.certificatePem, 'certificatePem')
  const certificate = parseCertificate(der)
  const problem = delegationProblem(certificate)
  if (problem) throw new TlsError('bad_option', `certificatePem: ${problem} (RFC 9345 section 4.2)`)
  const issuer = await importKeyPair(options.privateKeyPem, certificate.spki)
  const keys = await generateKeyPair(options.key ?? 'ecdsa-p256')
  const credential = {
    validTime: validTime(options, certificate.notBefore, certificate.notAfter),
    scheme: schemeOf(keys.spki, 'key').id,
    spki: keys.spki,
  }
  const algorithm = schemeOf(certificate.spki, 'privateKeyPem').id
  const signature = await signWith(
    issuer,
    delegationContent(options.signer ?? 'server', certificate.der, credential, algorithm),
  )
  return {
    delegatedCredential: encodeDelegatedCredential({ ...credential, algorithm, signature }),
    privateKeyPem: encodePem('PRIVATE KEY', keys.pkcs8),
  }
}

const validTime = (
  { lifetimeSeconds: lifetime = 86_400, clock = Date.now }: DelegationOptions,
  notBefore: number,
  notAfter: number,
): number => {
  if (!Number.isInteger(lifetime) || lifetime < 1 || lifetime > MAX_DELEGATION) {
    throw new TlsError(
      'bad_option',
      `lifetimeSeconds: ${lifetime}; it has to be 1 to ${MAX_DELEGATION} seconds (RFC 9345 section 4.1.3)`,
    )
  }
  const end = Math.min(clock() + 1000 * lifetime, notAfter) // not beyond the certificate (section 3)
  return Math.floor((end - notBefore) / 1000)
}

/** The one scheme of TLS 1.3 for a kind of key that is not RSA. */
const schemeOf = (spki: Uint8Array, option: string): SignatureScheme => {
  const { type } = parsePublicKey(spki)
  const scheme = signatureSchemes.find((candidate) => candidate.keyType === type && mayDelegateTo(candidate))
  if (!scheme)
    throw new TlsError('bad_option', `${option}: a key of type ${type} is not for delegated credentials here`)
  return scheme
}
