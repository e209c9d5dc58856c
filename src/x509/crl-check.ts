// Whether certificates of a path are revoked, by CRLs that the caller gives or fetches (RFC 5280 section 6.3.3, without delta
// and indirect CRLs). A PathCheck for the `checks` option of the verifier.

import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { Crl, parseCrls } from './crl.ts'
import type { GeneralName } from './general-name.ts'
import { sameName } from './name.ts'
import type { PathCheck } from './options.ts'
import { pathPairs } from './path-pairs.ts'
import type { CheckDepth, Issuer, PathPair } from './path-pairs.ts'
import { describe, isoTime, reject, span } from './rejection.ts'
import { signatureAlgorithmOf, verifySignature } from './signature.ts'

/** PEM (text or bytes) with any number of CRLs, one in DER, or a parsed one. */
export type CrlInput = string | Uint8Array | Crl

export interface CrlCheckOptions {
  /** The CRLs, or a function that finds them for one certificate; what it throws counts as "none". */
  readonly crls: CrlInput | readonly CrlInput[] | ((pair: PathPair) => MaybePromise<readonly CrlInput[] | undefined>)
  /** `hard` (default): a certificate whose status no CRL tells is refused. `soft`: it passes. Revoked is refused always. */
  readonly mode?: 'hard' | 'soft'
  /** Default `chain`. */
  readonly depth?: CheckDepth
  /** `ignore` uses CRLs after their nextUpdate too. Default `enforce`. */
  readonly expiry?: 'enforce' | 'ignore'
}

/**
 * Throws TlsError `bad_option` now if CRLs that are given can't be read; the check throws `certificate_revoked`, or
 * `revocation_unknown` and says why each CRL was of no use.
 */
export const crlCheck = (options: CrlCheckOptions): PathCheck => {
  const { crls } = options
  const given = typeof crls === 'function' ? undefined : loadCrls(crls)
  const signed = new SignatureCache()
  return function* ({ path, anchor, provider, time }) {
    for (const pair of pathPairs({ path, anchor }, options.depth ?? 'chain')) {
      const candidates = given ?? (typeof crls === 'function' ? yield* found(crls, pair) : [])
      yield* checkOne(pair, candidates, { provider, time, signed, options })
    }
  }
}

interface Context {
  readonly provider: CryptoProvider
  readonly time: number
  readonly signed: SignatureCache
  readonly options: CrlCheckOptions
}

const loadCrls = (inputs: CrlInput | readonly CrlInput[]): Crl[] => {
  const list: readonly CrlInput[] = isList(inputs) ? inputs : [inputs]
  try {
    return list.flatMap(loadCrl)
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    throw new TlsError('bad_option', `crls: ${error.message}`, { cause: error })
  }
}

const isList = (inputs: CrlInput | readonly CrlInput[]): inputs is readonly CrlInput[] => Array.isArray(inputs)

const loadCrl = (input: CrlInput): Crl[] => {
  return input instanceof Crl ? [input] : parseCrls(input)
}

type Finder = Extract<CrlCheckOptions['crls'], (pair: PathPair) => unknown>

/** What can't be fetched or read is not there. */
function* found(finder: Finder, pair: PathPair): Steps<readonly Crl[]> {
  try {
    return ((yield* use(finder(pair))) ?? []).flatMap(loadCrl)
  } catch {
    return []
  }
}

/** ReasonFlags 1 to 8 (section 4.2.1.13), all of them. */
const allReasons = 0b1_1111_1110

function* checkOne(pair: PathPair, crls: readonly Crl[], context: Context): Steps<void> {
  const { certificate } = pair
  const problems: string[] = []
  let covered = 0
  for (const crl of crls) {
    if (!sameName(crl.issuer, certificate.issuer)) continue
    const problem = yield* whyUseless(crl, pair, context)
    if (problem !== undefined) {
      problems.push(problem)
      continue
    }
    const entry = crl.find(certificate.serialNumber)
    if (entry !== undefined && entry.reason !== 'removeFromCRL') {
      const why = entry.reason === undefined ? '' : `: ${entry.reason}`
      reject('revoked', `${describe(certificate)} was revoked on ${isoTime(entry.revocationDate)}${why}`, certificate)
    }
    covered |= crl.issuingDistributionPoint?.onlySomeReasons ?? allReasons
  }
  if ((covered & allReasons) === allReasons || context.options.mode === 'soft') return
  const why = problems.length > 0 ? problems.join('; ') : covered !== 0 ? 'the CRLs cover some reasons only' : 'there is no CRL of its issuer'
  reject('revocation_unknown', `whether ${describe(certificate)} is revoked is not known: ${why}`, certificate)
}

function* whyUseless(crl: Crl, pair: PathPair, context: Context): Steps<string | undefined> {
  try {
    return whyUnfit(crl, context) ?? whyOutOfScope(crl, pair) ?? (yield* whyUnsigned(crl, pair.issuer, context))
  } catch (error) {
    if (error instanceof TlsError && error.fault === 'certificate') return error.message
    throw error
  }
}

/** Sections 5.1.2.1, 5.1.2.4, 5.1.2.5, 5.2, 5.2.3 and 5.3. */
const whyUnfit = (crl: Crl, { time, options }: Context): string | undefined => {
  if (crl.version !== 2) return 'the CRL is of version 1 (RFC 5280 section 5.1.2.1 wants 2)'
  if (crl.isDelta) return 'delta CRLs are not supported: give the complete CRL'
  if (crl.issuingDistributionPoint?.indirect === true || crl.namesOtherIssuers) return 'indirect CRLs are not supported: give the CRL of the issuer itself'
  const [unknown] = crl.unknownCritical
  if (unknown !== undefined) return `the CRL has an unknown critical extension, ${unknown}`
  if (crl.crlNumber === undefined) return 'the CRL has no CRL number (RFC 5280 section 5.2.3)'
  if (crl.hasCriticalNumber) return 'the CRL number is critical (RFC 5280 section 5.2.3)'
  if (time < crl.thisUpdate) return `the CRL is from the future: thisUpdate ${isoTime(crl.thisUpdate)}`
  if (crl.nextUpdate === undefined) return 'the CRL has no nextUpdate (RFC 5280 section 5.1.2.5)'
  if (time > crl.nextUpdate && options.expiry !== 'ignore') {
    return `the CRL expired ${span(time - crl.nextUpdate)} ago: nextUpdate ${isoTime(crl.nextUpdate)}`
  }
  return undefined
}

/** Section 6.3.3 (b)(2): the scope has to include this certificate. */
const whyOutOfScope = (crl: Crl, { certificate }: PathPair): string | undefined => {
  const scope = crl.issuingDistributionPoint
  if (scope === undefined) return undefined
  const isCa = certificate.basicConstraints?.ca === true
  if (scope.onlyContainsUserCerts && isCa) return 'the CRL has no CA certificates in its scope'
  if (scope.onlyContainsCaCerts && !isCa) return 'the CRL has only CA certificates in its scope'
  if (scope.onlyContainsAttributeCerts) return 'the CRL is for attribute certificates'
  if (scope.relativeName !== undefined) return 'the CRL names its distribution point relative to its issuer, which is not supported'
  if (scope.fullName === undefined) return undefined
  const names = (certificate.crlDistributionPoints ?? []).flatMap(({ fullName, crlIssuer }) => fullName ?? crlIssuer ?? [])
  const wanted: readonly GeneralName[] = names.length > 0 ? names : [{ kind: 'directory', value: '', name: certificate.issuer }]
  return scope.fullName.some((name) => wanted.some((other) => sameGeneralName(name, other)))
    ? undefined
    : 'the CRL is of another distribution point'
}

const sameGeneralName = (a: GeneralName, b: GeneralName): boolean => {
  if (a.kind === 'directory' || b.kind === 'directory') return a.kind === b.kind && a.kind === 'directory' && b.kind === 'directory' && sameName(a.name, b.name)
  if ('bytes' in a) return 'bytes' in b && a.kind === b.kind && equalBytes(a.bytes, b.bytes)
  return a.kind === b.kind && a.value === b.value
}

/** Section 6.3.3 (f) and (g). */
function* whyUnsigned(crl: Crl, issuer: Issuer, { provider, signed }: Context): Steps<string | undefined> {
  if (issuer.certificate?.keyUsage?.includes('cRLSign') === false) return 'its issuer may not sign CRLs (key usage without cRLSign)'
  const algorithm = signatureAlgorithmOf(crl.signatureAlgorithm)
  if (algorithm === undefined || /sha1|md5/.test(algorithm)) return `the CRL is signed with ${algorithm ?? 'an unknown algorithm'}, which is not accepted`
  const known = signed.get(crl, issuer)
  const valid = known ?? (yield* verifySignature(provider, issuer.publicKey, crl.signatureAlgorithm, crl.tbs, crl.signature))
  signed.set(crl, issuer, valid)
  return valid ? undefined : 'the signature of the CRL is not that of the issuer'
}

/** A CRL serves many connections: its signature is checked once per issuer key. */
class SignatureCache {
  readonly #results = new WeakMap<Crl, Map<string, boolean>>()

  get(crl: Crl, issuer: Issuer): boolean | undefined {
    return this.#results.get(crl)?.get(toHex(issuer.spki))
  }

  set(crl: Crl, issuer: Issuer, valid: boolean): void {
    const results = this.#results.get(crl) ?? new Map<string, boolean>()
    this.#results.set(crl, results.set(toHex(issuer.spki), valid))
  }
}
