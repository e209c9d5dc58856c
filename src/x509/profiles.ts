// The four profiles by name, the option `profile` of a verification. The strict ones are loaded when they are first
// asked for.

import { lazily } from '../crypto/lazily.ts'
import { andThen } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { equalBytes } from '../wire/bytes.ts'
import { baseOf } from './constraints.ts'
import { formatIp } from './general-name.ts'
import { loadStrictRules } from './late-files.ts'
import { isDnsName } from './names.ts'
import { commonNameOid, extensionOids, oidName, purposeOids } from './oids.ts'
import { webPki } from './profile.ts'
import type { Profile, ProfileName } from './profile.ts'
import { quote, refuse, shorten } from './rejection.ts'
import { nonconforming } from './rules.ts'
import type { RuleTools } from './strict-rules.ts'

/** No promise of those that are loaded. */
export const profileOf = (name: ProfileName = 'web-pki'): MaybePromise<Profile> => {
  if (name === 'web-pki') return webPki
  return name === 'path' ? pathAlone : andThen(strict(), (profiles) => profiles[name])
}

/** RFC 5280 section 6 alone. */
export const pathAlone: Profile = { webPki: false }

export const ruleTools: RuleTools = {
  equalBytes,
  baseOf,
  formatIp,
  isDnsName,
  commonNameOid,
  extensionOids,
  oidName,
  purposeOids,
  quote,
  refuse,
  shorten,
  nonconforming,
}

const strict = lazily(async () => (await loadStrictRules()).strictProfiles(ruleTools))
