// The four profiles by name, the option `profile` of a verification.

import { webPki } from './profile.ts'
import type { Profile, ProfileName } from './profile.ts'
import { checkBaseline, checkForms, conformance } from './strict-rules.ts'

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  'web-pki': webPki,
  /** Everything that RFC 5280 and the Baseline Requirements ask for. */
  baseline: { forms: checkForms, conformance, webPki: true, baseline: checkBaseline },
  /** RFC 5280 sections 4 and 6, and no web PKI rules: old algorithms and short keys are taken. */
  rfc5280: { forms: checkForms, conformance, webPki: false },
  /** RFC 5280 section 6 alone. */
  path: { webPki: false },
}
