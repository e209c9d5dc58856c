// What of verification is loaded when a program of node:tls first asks for it: CRLs, and the library's own verifier
// with its check of OCSP responses, which only the options in `puretls: { ... }` ask for.

import type { Defaults } from '../config.ts'
import { serverDefaults } from '../config/server-defaults.ts'
import { lazily } from '../crypto/lazily.ts'
import { andThen, use } from '../crypto/maybe.ts'
import { nodeProvider } from '../crypto/node.ts'
import { certificateListOf } from '../identities.ts'
import type { CrlInput } from '../x509/crl-check.ts'
import { withFingerprint } from '../x509/fingerprint.ts'
import { lateVerifier } from '../x509/late-verifier.ts'
import type { PathCheck, PathCheckRequest } from '../x509/options.ts'
import { defaultRoots } from './roots.ts'

const makeVerifier = lazily(async () => (await import('../defaults.ts')).verifierFor(() => defaultRoots()))
const makeCrlCheck = lazily(async () => (await import('../x509/crl-check.ts')).crlCheck)

export const defaults: Defaults = {
  provider: nodeProvider,
  authorities: certificateListOf,
  ...serverDefaults,
  verifier: (request) => lateVerifier(() => andThen(makeVerifier(), (make) => make(request))),
}

/** crlCheck(), of CRLs that can be read. */
export const lateCrlCheck = (crls: readonly CrlInput[]): PathCheck => {
  let check: PathCheck | undefined
  return withFingerprint(
    function* (request: PathCheckRequest) {
      check ??= (yield* use(makeCrlCheck()))({ crls })
      yield* check(request)
    },
    'crl',
    { crls },
  )
}
