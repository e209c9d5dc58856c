// What the entry points have in common: a default verifier for given authorities or for roots, and default tickets.

import type { Defaults, VerifierRequest } from './config.ts'
import type { CryptoProvider } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import { certificateListOf } from './identities.ts'
import { serverDefaults } from './config/server-defaults.ts'
import { toHex } from './wire/bytes.ts'
import { chainVerifier } from './x509/chain-verifier.ts'
import { trustStore } from './x509/trust.ts'
import type { TrustStore } from './x509/trust.ts'
import type { CertificateVerifier } from './x509/verifier.ts'

export const defaultsWith = (
  provider: CryptoProvider,
  verifier: (request: VerifierRequest) => CertificateVerifier,
): Defaults => ({ provider, verifier, authorities: certificateListOf, ...serverDefaults })

/**
 * Makes verifiers for given authorities, or for the runtime's own, which `roots` gives; undefined where a runtime has
 * none to give.
 */
export const verifierFor = (
  roots: (() => TrustStore) | undefined,
): ((request: VerifierRequest) => CertificateVerifier) => {
  const remembered = new RememberedVerifiers()
  const forRoots = ({ provider: chosen }: VerifierRequest): CertificateVerifier => {
    if (!roots) {
      throw new TlsError(
        'bad_option',
        "ca: this runtime shows no root certificates; give yours, or take Mozilla's from puretls/roots",
      )
    }
    return remembered.get(chosen, 'runtime', roots)
  }
  return (request) =>
    request.authorities ? forAuthorities(remembered, request, request.authorities) : forRoots(request)
}

/** Equal authorities give the same verifier, with what it has parsed. */
const forAuthorities = (
  remembered: RememberedVerifiers,
  { provider }: VerifierRequest,
  authorities: readonly Uint8Array[],
): CertificateVerifier => {
  const { sha256 } = provider.hashes
  if (!sha256) return chainVerifier({ provider, trust: trustStore(authorities) })
  return remembered.get(provider, `ca ${toHex(sha256.digest(...authorities))}`, () => trustStore(authorities))
}

/**
 * Authorities whose verifier is kept: parsed roots, and the intermediates that it has seen, serve the next connection.
 */
const MAX_REMEMBERED = 16

class RememberedVerifiers {
  #verifiers: readonly {
    readonly provider: CryptoProvider
    readonly key: string
    readonly verifier: CertificateVerifier
  }[] = []

  get(provider: CryptoProvider, key: string, trust: () => TrustStore): CertificateVerifier {
    const known = this.#verifiers.find((entry) => entry.provider === provider && entry.key === key)
    const entry = known ?? { provider, key, verifier: chainVerifier({ provider, trust: trust() }) }
    this.#verifiers = [entry, ...this.#verifiers.filter((other) => other !== entry)].slice(0, MAX_REMEMBERED)
    return entry.verifier
  }
}
