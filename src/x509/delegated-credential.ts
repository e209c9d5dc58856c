// A delegated credential (RFC 9345 section 4): a key that the holder of a certificate lets sign handshakes in its place
// for at most seven days.

import { decode, encode, opaque, struct, u16, u32 } from '../wire/codec.ts'
import type { Codec } from '../wire/codec.ts'
import type { SignatureScheme } from '../wire/registry.ts'
import { signedContext } from '../wire/signed-context.ts'
import type { Certificate } from './certificate.ts'

export interface Credential {
  /** Seconds after the certificate's notBefore. */
  readonly validTime: number
  /** The SignatureScheme that CertificateVerify is made with. */
  readonly scheme: number
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
}

export interface DelegatedCredential extends Credential {
  /** The SignatureScheme of `signature`, which is by the key of the certificate. */
  readonly algorithm: number
  readonly signature: Uint8Array
}

const fields = { validTime: u32, scheme: u16, spki: opaque(3, 1) }
const credential: Codec<Credential> = struct(fields)
const delegated: Codec<DelegatedCredential> = struct({ ...fields, algorithm: u16, signature: opaque(2) })

/** Throws `decode_error`. */
export const readDelegatedCredential = (bytes: Uint8Array): DelegatedCredential =>
  decode(delegated, bytes, 'delegated credential')

export const encodeDelegatedCredential = (value: DelegatedCredential): Uint8Array => encode(delegated, value)

/** What the certificate's key signs; `signer` is the end that will use the credential. */
export const delegationContent = (
  signer: 'client' | 'server',
  certificate: Uint8Array,
  { validTime, scheme, spki }: Credential,
  algorithm: number,
): Uint8Array =>
  signedContext(
    `TLS, ${signer} delegated credentials`,
    certificate,
    encode(credential, { validTime, scheme, spki }),
    encode(u16, algorithm),
  )

/** Schemes of TLS 1.3 whose keys are not rsaEncryption (section 4). */
export const mayDelegateTo = ({ tls13, keyType }: Pick<SignatureScheme, 'tls13' | 'keyType'>): boolean =>
  tls13 && keyType !== 'rsa'

/** Seconds: the longest that a credential may still be valid (section 4.1.3). */
export const MAX_DELEGATION = 604_800

/** Milliseconds since the epoch. */
export const delegationEnd = (certificate: Certificate, { validTime }: Credential): number =>
  certificate.notBefore + 1000 * validTime

/** id-pe-delegationUsage (section 4.2). */
export const delegationUsageOid = '1.3.6.1.4.1.44363.44'

/** Why the certificate may not delegate (section 4.2); undefined if it may. */
export const delegationProblem = (certificate: Certificate): string | undefined => {
  const usage = certificate.extension(delegationUsageOid)
  if (!usage) return 'the certificate has no DelegationUsage extension'
  if (usage.critical || usage.value.length !== 2 || usage.value[0] !== 5 || usage.value[1] !== 0) {
    return 'the DelegationUsage extension is critical, or not NULL'
  }
  return certificate.keyUsage?.includes('digitalSignature')
    ? undefined
    : "the certificate's key usage has no digitalSignature"
}
