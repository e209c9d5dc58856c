// The last word on a path that is good by itself: trust settings, the caller's acceptAnchor, the signature algorithms
// that were offered, and the checks (revocation, transparency, the caller's own).

import type { Steps } from '../crypto/maybe.ts'
import type { SignatureAlgorithm } from '../crypto/provider.ts'
import { sameBytes } from '../wire/der.ts'
import type { SearchInput } from './search.ts'
import type { Certificate } from './certificate.ts'
import { isTrustedFor } from './load.ts'
import { oidName } from './oids.ts'
import type { VerifyOptions } from './options.ts'
import type { CandidatePath } from './path.ts'
import { purposesOf } from './path-rules.ts'
import { describe, refuse, reject, shorten } from './rejection.ts'
import { algorithmName, isBrokenHash, signatureAlgorithmOf } from './signature.ts'
import { findSignerPath } from './signer-path.ts'
import type { TrustAnchor, TrustStore } from './trust.ts'

/** The path's certificates, the anchor's too where it has one. */
export const chainOf = ({ certificates, anchor, isDirect }: CandidatePath): readonly Certificate[] =>
  isDirect || anchor.certificate === undefined ? certificates : [...certificates, anchor.certificate]

/** Throws a CertificateError where the path is refused. */
export function* acceptPath(path: CandidatePath, input: SearchInput, options: VerifyOptions): Steps<void> {
  const chain = chainOf(path)
  checkDistrust(path, input.trust, options)
  const verdict = settingsVerdict(path.anchor, options) ?? options.acceptAnchor?.(path.anchor, chain) ?? true
  if (verdict !== true) {
    const why = verdict === false ? '' : `: ${verdict}`
    reject(
      'anchor_refused',
      `the trust anchor ${shorten(path.anchor.name.brief)} is refused${why}`,
      path.anchor.certificate,
    )
  }
  const { provider, serverName, ocspResponse, scts, checks = [], signatureAlgorithms } = options
  const {
    pool,
    rules: { time },
  } = input
  const { anchor } = path
  if (signatureAlgorithms) checkSignatureAlgorithms(path, signatureAlgorithms)
  const validate = (signer: Certificate, more: readonly Certificate[] = []): Steps<readonly Certificate[]> =>
    findSignerPath(signer, [...more, ...path.certificates], anchor, input)
  for (const check of checks) {
    yield* check({ path: chain, anchor, pool, validate, provider, time, serverName, ocspResponse, scts })
  }
}

/** RFC 9846 section 4.5.1.2: what an anchor is signed with does not count. */
const checkSignatureAlgorithms = (
  { certificates, isDirect }: CandidatePath,
  allowed: ReadonlySet<SignatureAlgorithm>,
): void => {
  for (const certificate of isDirect ? certificates.slice(0, -1) : certificates) {
    const algorithm = signatureAlgorithmOf(certificate.signatureAlgorithm)
    if (algorithm !== undefined && allowed.has(algorithm)) continue
    const name = algorithmName(certificate.signatureAlgorithm)
    reject(
      isBrokenHash(algorithm) ? 'broken_hash' : 'weak',
      `${describe(certificate)} is signed with ${name}, which was not offered (RFC 9846 section 4.3.3)`,
      certificate,
    )
  }
}

/** A CA that the store does not trust for the purpose, by name and key, is not trusted below another anchor either. */
const checkDistrust = ({ certificates }: CandidatePath, trust: TrustStore, options: VerifyOptions): void => {
  for (const certificate of certificates) {
    for (const known of trust.byName(certificate.subject)) {
      const why = settingsVerdict(known, options)
      if (why === undefined || !sameBytes(known.spki, certificate.spki)) continue
      refuse(certificate, 'anchor_refused', `is refused: ${why}`)
    }
  }
}

/** Trust settings of a TRUSTED CERTIFICATE block: a reason to refuse, or undefined. */
const settingsVerdict = ({ settings }: TrustAnchor, options: VerifyOptions): string | undefined => {
  const purposes = purposesOf(options)
  if (settings === undefined || purposes.length === 0 || purposes.some((oid) => isTrustedFor(settings, oid))) {
    return undefined
  }
  return `its trust settings do not allow ${purposes.map(oidName).join(' or ')}`
}
