// What a caller's options ask of a path: names, purposes, policies and limits, in the form that path validation takes.

import { TlsError } from '../errors.ts'
import { referenceName } from './names.ts'
import { purposeOids } from './oids.ts'
import type { PurposeName } from './oids.ts'
import { defaults } from './options.ts'
import type { VerifyOptions } from './options.ts'
import { noVerdicts } from './path.ts'
import type { PathRules } from './path.ts'
import type { PolicyInputs } from './policy.ts'
import { quote } from './rejection.ts'

/** `time`: milliseconds since 1970. Throws TlsError `bad_option` on a serverName that is no name. */
export const rulesOf = (
  options: VerifyOptions,
  { profile, time, features }: Pick<PathRules, 'profile' | 'time' | 'features'>,
): PathRules => {
  const { serverName } = options
  const reference = serverName === undefined ? undefined : referenceName(serverName)
  if (serverName !== undefined && reference === undefined) {
    throw new TlsError('bad_option', `serverName: ${quote(serverName)} is neither a DNS name nor an IP address`)
  }
  return {
    profile,
    time,
    purposes: purposesOf(options),
    keyUsage: options.keyUsage ?? [],
    reference,
    isPublicSuffix: options.isPublicSuffix,
    policies: policyInputs(options),
    budget: { comparisons: options.budgets?.comparisons ?? defaults.comparisons },
    verdicts: noVerdicts(),
    features,
  }
}

/** Object identifiers; none for any purpose. */
export const purposesOf = ({ purpose = 'serverAuth' }: VerifyOptions): readonly string[] => {
  const list = typeof purpose === 'string' ? [purpose] : purpose
  if (!Array.isArray(list) || list.length === 0) refusePurpose(list)
  const oids = list.map((each) => (isPurposeName(each) ? purposeOids[each] : oidOf(each)))
  return oids.includes(purposeOids.anyExtendedKeyUsage) ? [] : oids
}

const isPurposeName = (purpose: string): purpose is PurposeName => Object.hasOwn(purposeOids, purpose)

/** A misspelt name would match no certificate but those that allow every purpose. */
const oidOf = (purpose: string): string =>
  typeof purpose === 'string' && /^[0-2](\.\d+)+$/.test(purpose) ? purpose : refusePurpose(purpose)

const refusePurpose = (purpose: unknown): never => {
  const given = typeof purpose === 'string' ? quote(purpose) : 'what is no text'
  throw new TlsError('bad_option', `purpose: ${given} is no key purpose (see purposeOids), and no object identifier`)
}

const policyInputs = ({ policies }: VerifyOptions): PolicyInputs | undefined =>
  policies && {
    acceptable: policies.acceptable && new Set(policies.acceptable),
    requireExplicit: policies.requireExplicit === true,
    inhibitMapping: policies.inhibitMapping === true,
    inhibitAny: policies.inhibitAny === true,
  }
