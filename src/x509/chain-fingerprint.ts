// The fingerprint of a verifier of chains: what it accepts, by its options (fingerprint.ts).

import { fingerprintOf } from './fingerprint.ts'
import { defaults } from './options.ts'
import type { ChainOptions } from './options.ts'
import { describeTrust } from './trust.ts'
import type { TrustStore } from './trust.ts'

/** The anchors are parsed for it, as they are for a verification. */
export const chainFingerprint = ({
  provider,
  fingerprint,
  trust,
  parts: _,
  ...options
}: ChainOptions & { readonly trust: TrustStore; readonly parts: unknown }): string =>
  fingerprintOf(
    provider,
    'chain',
    { ...options, profile: options.profile ?? defaults.profile, trust: describeTrust(trust) },
    fingerprint,
  )
