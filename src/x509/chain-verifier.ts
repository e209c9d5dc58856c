// The verifier that every connection uses and verifyChain(), which does the same for anyone: the verification of
// path-verifier.ts, with the check of stapled OCSP responses that is made by default.

import { run } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { sameBytes } from '../wire/der.ts'
import { chainOf } from './accept-path.ts'
import { findPath } from './builder.ts'
import type { Certificate } from './certificate.ts'
import { chainFingerprint } from './chain-fingerprint.ts'
import { explainFailure } from './explain.ts'
import { isOcspCheck, ocspCheck } from './ocsp-check.ts'
import { checkChainOptions, verifyNames } from './options.ts'
import type { ChainOptions, PathCheck, VerifyOptions } from './options.ts'
import type { CandidatePath } from './path.ts'
import { everyPart, prepare, verifierNames, verifierWith, verify } from './path-verifier.ts'
import type { VerifierOptions } from './path-verifier.ts'
import { CertificateError } from './rejection.ts'
import type { TrustAnchor } from './trust.ts'
import { VerifiedPath } from './verified-path.ts'
import type { VerifyFailure, VerifyResult } from './verified-path.ts'
import type { CertificateVerifier } from './verifier.ts'

export type { VerifierOptions } from './path-verifier.ts'
export type { VerifyFailure, VerifyResult } from './verified-path.ts'

/** Verifies a chain of DER certificates, leaf first, the others in any order (RFC 5280 section 6). Rejects only for
 * a misuse of the options (TlsError `bad_option`); a chain that is not good is an answer with `ok: false`. */
export const verifyChain = async (chain: readonly Uint8Array[], options: VerifyOptions): Promise<VerifyResult> => {
  checkCall(chain, options)
  try {
    const checks = withDefaultCheck(options, checkOfChains)
    const { path, input } = await run(verify(chain, { ...options, checks, parts: everyPart }))
    return new VerifiedPath(path, input.rules.policies)
  } catch (error) {
    return failureOf(error)
  }
}

const checkCall = (chain: readonly Uint8Array[], options: VerifyOptions): void => {
  checkChainOptions(options, verifyNames)
  if (Array.isArray(chain) && chain.every((der) => der instanceof Uint8Array)) return
  throw new TlsError('bad_option', 'chain: it has to be a list of certificates in DER (Uint8Array)')
}

const failureOf = (error: unknown): { readonly ok: false; readonly reason: VerifyFailure } => {
  if (!(error instanceof CertificateError)) throw error
  const { reason, message, certificate } = error
  return { ok: false, reason: { code: reason, message, certificate, error } }
}

export type AllChains =
  | {
      readonly ok: true
      /** Leaf first, the anchor's certificate last (if it has one). At least one. */
      readonly chains: readonly { readonly chain: readonly Certificate[]; readonly anchor: TrustAnchor }[]
    }
  | { readonly ok: false; readonly reason: VerifyFailure }

/** All paths to trust anchors that hold, the most promising first, as far as the budgets go (`aia` is not asked).
 * Rejects and answers as verifyChain() does; `checks` are run on each path. */
export const verifyAllChains = async (chain: readonly Uint8Array[], options: VerifyOptions): Promise<AllChains> => {
  checkCall(chain, options)
  const found: { chain: readonly Certificate[]; anchor: TrustAnchor }[] = []
  const onPath = (path: CandidatePath): void => {
    const whole = chainOf(path)
    const [anchor, last] = [whole.at(-1), whole.at(-2)]
    const isTwice = anchor !== undefined && last !== undefined && sameBytes(anchor.der, last.der)
    if (!isTwice) found.push({ chain: whole, anchor: path.anchor })
  }
  try {
    const all = { ...options, checks: withDefaultCheck(options, checkOfChains), parts: everyPart }
    const { input } = await run(prepare(chain, all))
    let { best } = await run(findPath({ ...input, onPath }))
    if (found.length === 0 && best === undefined) ({ best } = await run(findPath({ ...input, onPath, loose: true })))
    if (found.length === 0) throw await run(explainFailure(input, best))
  } catch (error) {
    const failure = failureOf(error)
    if (found.length === 0) return failure
  }
  return { ok: true, chains: found }
}

/** A verifier for connections: anchors are parsed once, and so are the intermediates of chains that it accepted. Its
 * `verify` throws a CertificateError (a TlsError). */
export const chainVerifier = (options: VerifierOptions): CertificateVerifier => {
  checkChainOptions(options, verifierNames)
  const checks = withDefaultCheck(options, ocspCheck)
  return verifierWith({ ...options, parts: everyPart }, checks, true, chainFingerprint)
}

/** What the caller asks for comes on top of the default check, unless it is about the same or leaves that out by
 * name. */
const withDefaultCheck = (
  { checks = [], defaultChecks }: ChainOptions,
  makeDefault: () => PathCheck,
): readonly PathCheck[] => (defaultChecks === false || checks.some(isOcspCheck) ? checks : [makeDefault(), ...checks])

/** The check of chains outside of a connection, where nothing can be stapled unless it is given. Made once. */
const checkOfChains = (): PathCheck => (made ??= ocspCheck({ mustStaple: false }))

let made: PathCheck | undefined
