// What the entry points have in common: a default verifier for given authorities or for roots, and default tickets.

import type { Defaults, VerifierRequest } from './config.ts'
import type { CryptoProvider } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import { memoryReplayGuard } from './session/replay-guard.ts'
import { rotatingTicketKeys } from './session/ticket-keys.ts'
import { toHex } from './wire/bytes.ts'
import { chainVerifier } from './x509/chain-verifier.ts'
import { ocspCheck } from './x509/ocsp-check.ts'
import { trustStore } from './x509/trust.ts'
import type { TrustStore } from './x509/trust.ts'
import type { CertificateVerifier } from './x509/verifier.ts'

/** A stapled OCSP response has to be good (RFC 6066 section 8), and be there where the certificate says so (RFC 7633). */
const checks = [/* @__PURE__ */ ocspCheck()]

/** `roots` gives the runtime's own authorities; undefined where a runtime has none to give. */
export const defaultsWith = (provider: CryptoProvider, roots: (() => TrustStore) | undefined): Defaults => {
  let systemVerifier: CertificateVerifier | undefined
  const forRoots = (request: VerifierRequest): CertificateVerifier => {
    if (!roots) {
      throw new TlsError(
        'bad_option', 'ca: this runtime shows no root certificates; give yours, or take Mozilla\'s from puretls/roots',
      )
    }
    systemVerifier ??= { ...chainVerifier({ provider: request.provider, trust: roots(), checks }), fingerprint: 'system roots' }
    return systemVerifier
  }
  return {
    provider,
    verifier: (request) => (request.authorities ? forAuthorities(request, request.authorities) : forRoots(request)),
    replayGuard: (clock) => memoryReplayGuard({ clock }),
    tickets: (chosen, lifetime) => rotatingTicketKeys({ provider: chosen, lifetime }),
  }
}

/** Equal authorities give an equal fingerprint, so that a session is resumed by the next connect() with the same `ca`. */
const forAuthorities = ({ provider }: VerifierRequest, authorities: readonly Uint8Array[]): CertificateVerifier => {
  const fingerprint = provider.hashes.sha256 ? { fingerprint: `ca ${toHex(provider.hashes.sha256.digest(...authorities))}` } : {}
  return { ...chainVerifier({ provider, trust: trustStore(authorities), checks }), ...fingerprint }
}
