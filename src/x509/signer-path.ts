// Paths of certificates that vouch for the status of others, signers of CRLs and OCSP responders (RFC 5280 section
// 6.3.3 (f)): to the anchor of the path that is being checked, by the same rules but for names and key purposes.

import type { Steps } from '../crypto/maybe.ts'
import { equalBytes } from '../wire/bytes.ts'
import { findPath } from './builder.ts'
import type { SearchInput } from './search.ts'
import type { Certificate } from './certificate.ts'
import type { Name } from './name.ts'
import { noVerdicts } from './path.ts'
import type { PathRules } from './path.ts'
import { CertificateError, describe } from './rejection.ts'
import { checkStrength } from './rules.ts'
import type { TrustAnchor, TrustStore } from './trust.ts'

/** The certificates from `signer` up to what the anchor certified. Throws CertificateError if there is no such path;
 * its budgets are those of the verification that it belongs to. */
export function* findSignerPath(
  signer: Certificate,
  more: readonly Certificate[],
  anchor: TrustAnchor,
  input: SearchInput,
): Steps<readonly Certificate[]> {
  const { rules, pool } = input
  const search: SearchInput = {
    ...input,
    leaf: signer,
    pool: [...more, ...pool].filter((certificate, i, all) => certificate !== signer && all.indexOf(certificate) === i),
    trust: storeOf(anchor),
    rules: signerRules(rules),
    accept: acceptAny,
    memory: undefined,
  }
  const exact = yield* findPath(search)
  const isNone = exact.path === undefined && exact.best === undefined
  const found = isNone ? yield* findPath({ ...search, loose: true }) : exact
  if (found.path === undefined) {
    const sentence = `${describe(signer)} is not certified under the same anchor`
    throw found.best ?? new CertificateError('unknown_ca', sentence, signer)
  }
  const { certificates } = found.path
  if (rules.profile.webPki) for (const certificate of certificates) checkStrength(certificate, 'leaf', rules.profile)
  return certificates
}

/** The web PKI's rules for leaves are for peers; of them, strength of keys and hashes is asked of signers too. */
const signerRules = (rules: PathRules): PathRules => ({
  ...rules,
  profile: { ...(rules.profile.forms && { forms: rules.profile.forms }), webPki: false },
  purposes: [],
  keyUsage: [],
  reference: undefined,
  policies: undefined,
  verdicts: noVerdicts(),
})

function* acceptAny(): Steps<void> {}

const storeOf = (anchor: TrustAnchor): TrustStore => ({
  anchors: [anchor],
  byName: (name: Name, loose = false) =>
    (loose ? name.key === anchor.name.key : name.exactKey === anchor.name.exactKey) ? [anchor] : [],
  find: ({ der }) => (anchor.certificate !== undefined && equalBytes(anchor.certificate.der, der) ? anchor : undefined),
})
