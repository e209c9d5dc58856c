// A verifier that is loaded when a chain is first judged. What it is asked before that has answers that let nothing
// pass: no leaf is known yet, and there is no fingerprint, so that no session is resumed.

import { andThen, isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { CertificateVerifier } from './verifier.ts'

/** `load` answers with a promise until what it loads is there. */
export const lateVerifier = (load: () => MaybePromise<CertificateVerifier>): CertificateVerifier => {
  let made: CertificateVerifier | undefined
  const verifier = (): MaybePromise<CertificateVerifier> => made ?? andThen(load(), (loaded) => (made ??= loaded))
  const ifLoaded = (): CertificateVerifier | undefined => {
    const loaded = verifier()
    if (!isPromise(loaded)) return loaded
    loaded.catch(() => {}) // verify() says why
    return undefined
  }
  return {
    verify: (request) => andThen(verifier(), (loaded) => loaded.verify(request)),
    recall: (der) => ifLoaded()?.recall?.(der),
    get fingerprint() {
      return ifLoaded()?.fingerprint
    },
  }
}
