// DANE (RFC 6698, RFC 7671): TLSA records, which the caller got by DNSSEC, decide which certificates will do. A
// CertificateVerifier in place of chainVerifier(), which it uses for all usages but DANE-EE.

import type { Names } from '../checked-options.ts'
import { run, use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError, asTlsError } from '../errors.ts'
import { equalBytes, fromHex } from '../wire/bytes.ts'
import { chainVerifier } from './chain-verifier.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { fingerprintOf } from './fingerprint.ts'
import { chainNames, checkChainOptions } from './options.ts'
import type { ChainOptions, PathCheck } from './options.ts'
import { describe, reject } from './rejection.ts'
import { describeTrust, isTrustStore, trustStore } from './trust.ts'
import type { TrustInput } from './trust.ts'
import type { CertificateVerifier, VerifiedChain, VerifyRequest } from './verifier.ts'

/** One TLSA record (RFC 6698 section 2.1), authenticated by DNSSEC: that is up to the caller. */
export interface TlsaRecord {
  /** 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE. */
  readonly usage: number
  /** 0 the whole certificate, 1 its SubjectPublicKeyInfo. */
  readonly selector: number
  /** 0 the bytes themselves, 1 their SHA-256, 2 their SHA-512. */
  readonly matchingType: number
  readonly data: Uint8Array
}

export interface DaneOptions extends Omit<ChainOptions, 'trust'> {
  /** All TLSA records of the server and port. */
  readonly records: readonly TlsaRecord[]
  /** Anchors for the usages PKIX-TA and PKIX-EE, and where no record is usable. */
  readonly trust?: ChainOptions['trust']
}

const names: Names<DaneOptions> = { ...chainNames, records: 'list' }

/** The record in the words of a zone file: "3 1 1 2bb1...". Throws TlsError `bad_option`. */
export const parseTlsa = (text: string): TlsaRecord => {
  if (typeof text !== 'string') throw new TlsError('bad_option', 'a TLSA record is a text')
  const [, usage, selector, matchingType, hex = ''] =
    /^\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+([0-9a-fA-F\s]+)$/.exec(text) ?? []
  const digits = hex.replace(/\s+/g, '')
  if (usage === undefined || digits === '' || digits.length % 2 !== 0) {
    throw new TlsError('bad_option', `"${text}" is not a TLSA record: three numbers and hex, as in "3 1 1 2bb183af..."`)
  }
  return { usage: Number(usage), selector: Number(selector), matchingType: Number(matchingType), data: fromHex(digits) }
}

/** Throws TlsError `bad_option` if there is no record; its `verify` throws a CertificateError. */
export const daneVerifier = (options: DaneOptions): CertificateVerifier => {
  checkChainOptions(options, names, ['provider', 'records'])
  if (options.records.length === 0) {
    throw new TlsError('bad_option', 'records: there is none; without TLSA records use chainVerifier()')
  }
  const { trust, provider, fingerprint, ...rest } = options
  let known: string | undefined
  return {
    verify: (request) => run(verify(request, options)),
    get fingerprint() {
      const anchors = trust === undefined ? [] : describeTrust(isTrustStore(trust) ? trust : trustStore(trust))
      return (known ??= fingerprintOf(provider, 'dane', { ...rest, trust: anchors }, fingerprint))
    },
  }
}

const usages = { pkixTa: 0, pkixEe: 1, daneTa: 2, daneEe: 3 } as const

/** RFC 7671 section 4: what is not known, or can't match, is unusable and does not count. */
const isUsable = ({ usage, selector, matchingType, data }: TlsaRecord): boolean =>
  usage <= 3 &&
  selector <= 1 &&
  (matchingType === 0
    ? data.length > 0
    : matchingType === 1
      ? data.length === 32
      : matchingType === 2 && data.length === 64)

function* verify(request: VerifyRequest, options: DaneOptions): Steps<VerifiedChain> {
  const { provider } = options
  const usable = options.records.filter(isUsable)
  const ofUsage = (usage: number): readonly TlsaRecord[] => usable.filter((record) => record.usage === usage)
  const [first, ...others] = request.chain
  if (first === undefined) throw new TlsError('bad_option', 'the chain is empty')
  const leaf = parseCertificate(first)
  const chain = [leaf, ...readable(others)]
  if (usable.length === 0) return yield* withAnchors(request, options, options.trust, [], 'no TLSA record is usable')

  if (ofUsage(usages.daneEe).some((record) => matches(record, leaf, provider))) return { leaf, chain: [leaf] }
  const attempts: (() => Steps<VerifiedChain>)[] = []
  const anchors = anchorsOf(ofUsage(usages.daneTa), chain, provider)
  if (anchors.length > 0) attempts.push(() => withAnchors(request, options, anchors, [], ''))
  const pkix = [...ofUsage(usages.pkixEe), ...ofUsage(usages.pkixTa)]
  if (pkix.length > 0) {
    attempts.push(() =>
      withAnchors(request, options, options.trust, [pkixCheck(pkix)], 'the TLSA records ask for a public authority'),
    )
  }
  return yield* firstGood(attempts, leaf)
}

/** The answer of the first attempt that succeeds, or the reason of the last one. */
function* firstGood(attempts: readonly (() => Steps<VerifiedChain>)[], leaf: Certificate): Steps<VerifiedChain> {
  let failure: unknown
  for (const attempt of attempts) {
    try {
      return yield* attempt()
    } catch (error) {
      if (asTlsError(error).fault !== 'certificate') throw error
      failure = error
    }
  }
  if (failure !== undefined) throw asTlsError(failure)
  return reject('unknown_ca', `no TLSA record matches ${describe(leaf)} or a certificate above it (RFC 7671)`, leaf)
}

function* withAnchors(
  request: VerifyRequest,
  options: DaneOptions,
  trust: ChainOptions['trust'] | undefined,
  checks: readonly PathCheck[],
  why: string,
): Steps<VerifiedChain> {
  if (trust === undefined) return reject('unknown_ca', `${why}, and no trust anchors were given for that`)
  const { records: _, ...chain } = options
  const verifier = chainVerifier({ ...chain, trust, checks: [...checks, ...(options.checks ?? [])] })
  return yield* use(verifier.verify(request))
}

/** Sections 5.3 and 5.4 of RFC 7671: a path that is good anyway, and has a match: of the leaf, or of a CA above it. */
const pkixCheck = (records: readonly TlsaRecord[]): PathCheck =>
  function* ({ path, provider }) {
    const [leaf, ...above] = path
    const isMatch = records.some((record) =>
      record.usage === usages.pkixEe
        ? leaf && matches(record, leaf, provider)
        : above.some((ca) => matches(record, ca, provider)),
    )
    if (!isMatch) {
      reject(
        'refused',
        `no TLSA record matches the chain${leaf === undefined ? '' : ` of ${describe(leaf)}`} (RFC 7671 section 5)`,
        leaf,
      )
    }
  }

/** Section 5.2: certificates of the peer that match; or what a record holds whole, with the names that issuers have
 * here. */
const anchorsOf = (
  records: readonly TlsaRecord[],
  chain: readonly Certificate[],
  provider: CryptoProvider,
): TrustInput[] =>
  records.flatMap((record): TrustInput[] => {
    const sent = chain.slice(1).filter((certificate) => matches(record, certificate, provider))
    if (record.matchingType !== 0 || sent.length > 0) return sent
    if (record.selector === 1) {
      return chain.map(({ issuer }) => ({ name: issuer.der, spki: record.data })).filter(isReadableKey)
    }
    return readable([record.data])
  })

const isReadableKey = ({ spki }: { readonly spki: Uint8Array }): boolean => {
  try {
    return parsePublicKey(spki).bits > 0
  } catch {
    return false
  }
}

const matches = (
  { selector, matchingType, data }: TlsaRecord,
  certificate: Certificate,
  provider: CryptoProvider,
): boolean => {
  const bytes = selector === 0 ? certificate.der : certificate.spki
  if (matchingType === 0) return equalBytes(bytes, data)
  const hash = provider.hashes[matchingType === 1 ? 'sha256' : 'sha512']
  return hash !== undefined && equalBytes(hash.digest(bytes), data)
}

/** What can't be parsed is left out. */
const readable = (list: readonly Uint8Array[]): Certificate[] =>
  list.flatMap((der) => {
    try {
      return [parseCertificate(der)]
    } catch {
      return []
    }
  })
