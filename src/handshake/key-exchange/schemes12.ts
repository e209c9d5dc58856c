// Signature schemes and keys as TLS 1.2 sees them: ECDSA schemes name a hash and no curve, and the suite says what
// kind of key signs (RFC 5246 section 7.4.1.4.1, RFC 8422 section 5.1, RFC 9846 section 4.3.3).

import type { ActiveSuite, CommonConfig } from '../../config.ts'
import type { KeyType, PublicKey } from '../../crypto/provider.ts'
import type { Identity } from '../../options.ts'
import type { SignatureRules } from '../auth/authentication.ts'
import { isSignedWithoutParameters } from '../auth/digest-info12.ts'
import { longEnough, maySign } from '../auth/signatures.ts'
import { clientCertificateTypes, groupIds } from '../../wire/numbers.ts'
import { IMPLIED_SCHEMES_12, signatureSchemeById } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'

/** What the peer may sign with. SHA-1 is in it only if `legacy` or `signatureSchemes` says so (RFC 9155). */
export const schemes12 = (config: CommonConfig): readonly SignatureScheme[] =>
  config.schemes.filter(({ tls13Only }) => !tls13Only)

const ecdsaKeys: readonly KeyType[] = ['p256', 'p384', 'p521']

/** Whether a key can be the key of a scheme: any curve with any ECDSA scheme. */
const fitsKey12 = (scheme: SignatureScheme, key: Pick<PublicKey, 'type' | 'pss'>): boolean =>
  scheme.algorithm.startsWith('ecdsa')
    ? ecdsaKeys.includes(key.type)
    : scheme.keyType === key.type && (!key.pss || scheme.algorithm === `rsa_pss_${key.pss.hash}`)

/** What signatures of TLS 1.2 have of their own. */
export const signatures12: SignatureRules = { fits: fitsKey12, isAlsoBy: isSignedWithoutParameters }

/** The first scheme of the peer's that this identity can do; undefined if there is none. A client that names no schemes
 * takes SHA-1, which we make only where it is turned on. */
export const schemeFor12 = (
  config: CommonConfig,
  identity: Identity,
  offered: readonly number[] | undefined,
): SignatureScheme | undefined => {
  const schemes = (offered ?? IMPLIED_SCHEMES_12)
    .flatMap((id) => signatureSchemeById.get(id) ?? [])
    .filter((scheme) => usable(config, identity, scheme))
  return schemes.find(({ legacy }) => !legacy) ?? schemes[0] // SHA-1 only if the peer takes nothing else
}

const usable = (config: CommonConfig, identity: Identity, scheme: SignatureScheme): boolean =>
  maySign(identity) &&
  !scheme.tls13Only &&
  (!scheme.legacy || config.schemes.some(({ id }) => id === scheme.id)) &&
  fitsKey12(scheme, { type: identity.keyType }) &&
  identity.signer.algorithms.includes(scheme.algorithm) &&
  longEnough(scheme, identity.keyBits)

/**
 * Whether a certificate's key is of the kind that the suite names (RFC 8422 section 2.1 and 5.10, RFC 5246 section
 * 7.4.2).
 */
export const fitsSuite = ({ authentication, keyExchange }: ActiveSuite, type: KeyType): boolean =>
  authentication === 'ecdsa'
    ? ecdsaKeys.includes(type) || type === 'ed25519' || type === 'ed448'
    : type === 'rsa' || (type === 'rsa-pss' && keyExchange !== 'rsa')

const curves: Partial<Record<KeyType, number>> = {
  p256: groupIds['P-256'],
  p384: groupIds['P-384'],
  p521: groupIds['P-521'],
}

/** The curve of an ECDSA certificate is one of the groups that were offered (RFC 8422 section 5.3). */
export const curveOffered = (type: KeyType, groups: readonly number[] | undefined): boolean => {
  const curve = curves[type]
  return curve === undefined || groups === undefined || groups.includes(curve)
}

export const certificateTypes12: Uint8Array = Uint8Array.of(
  clientCertificateTypes.rsa_sign,
  clientCertificateTypes.ecdsa_sign,
)
export const certificateTypeOf = (type: KeyType): number =>
  clientCertificateTypes[type.startsWith('rsa') ? 'rsa_sign' : 'ecdsa_sign']
