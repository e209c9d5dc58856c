// What a caller can say about a verification, with the defaults.

import { checkKnown, checkOptions } from '../checked-options.ts'
import type { OptionHints, OptionNames, Names } from '../checked-options.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, MaybePromise, SignatureAlgorithm } from '../crypto/provider.ts'
import type { TriedPath } from './search.ts'
import type { Certificate } from './certificate.ts'
import type { KeyUsageName } from './extensions.ts'
import type { PurposeName } from './oids.ts'
import type { ProfileName } from './profile.ts'
import type { TrustAnchor, TrustInput, TrustStore } from './trust.ts'

/** What a revocation, SCT or other check is told, with the path. */
export interface PathCheckRequest {
  /** Leaf first; the anchor's certificate last, if it has one (and is not the leaf). */
  readonly path: readonly Certificate[]
  readonly anchor: TrustAnchor
  /** The other certificates that came with the leaf, none of them verified: issuers of CRLs can be among them. */
  readonly pool: readonly Certificate[]
  /**
   * Whether another certificate, of a signer of CRLs or OCSP responses, may be relied on: builds a path for it to the
   * same anchor, over `pool` and `more`, by the same rules but for names and key purposes. Answers with that path,
   * without the anchor; throws CertificateError.
   */
  readonly validate: (signer: Certificate, more?: readonly Certificate[]) => Steps<readonly Certificate[]>
  readonly provider: CryptoProvider
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly serverName: string | undefined
  /** Stapled OCSP response, DER. */
  readonly ocspResponse: Uint8Array | undefined
  /** Serialised SCTs from the TLS extension. */
  readonly scts: readonly Uint8Array[] | undefined
}

/** Looks at a path that is good otherwise; throws a TlsError whose fault is `certificate` to refuse it, whereupon
 * another path is tried. */
export interface PathCheck {
  (request: PathCheckRequest): Steps<void>
  /** What it accepts, as a text that is the same in every process; default: a random one, see `fingerprint` of
   * ChainOptions. */
  readonly fingerprint?: string
}

/** Limits on the work for one verification; hostile chains end with reason `too_complex`. */
export interface VerifyBudgets {
  /** Certificates given, the leaf included. Default 200. */
  readonly certificates?: number
  /**
   * Signature checks, in units of 0.2 ms: one with P-256 or RSA-2048 by native code counts for 1, with P-384 for 6,
   * with P-521 for 12; by @noble with P-256 for 20, with P-384 for 55 (`cost` of the provider's verifiers). The first
   * nine that hold from a trust anchor down count for 1 each, whatever they take. Default 100. */
  readonly signatures?: number
  /** Candidate paths to an anchor. Default 200. */
  readonly paths?: number
  /** Comparisons of a name with a name constraint, one more for each 64 bytes of the constraint; policies count too.
   * Default 250,000. */
  readonly comparisons?: number
  /** Bytes of all certificates given or fetched. Default 1 MiB. */
  readonly bytes?: number
  /** Calls of `aia`. Default 4. */
  readonly fetches?: number
}

export interface PolicyOptions {
  /** Object identifiers of the certificate policies that are acceptable. Default: any. */
  readonly acceptable?: readonly string[]
  /** A policy has to be valid for the whole path. Default: only if a CA asks for it. */
  readonly requireExplicit?: boolean
  readonly inhibitMapping?: boolean
  readonly inhibitAny?: boolean
}

/** What is fixed for a verifier. */
export interface ChainOptions {
  readonly provider: CryptoProvider
  readonly trust: TrustStore | TrustInput | readonly TrustInput[]
  /** Default `web-pki`. */
  readonly profile?: ProfileName
  /** CA certificates between leaf and anchor, self-issued ones included. Default 8. */
  readonly maxDepth?: number
  readonly budgets?: VerifyBudgets
  /** Whether an anchor may be a certificate that is not self-signed: an intermediate CA, say. Default true. */
  readonly partialChain?: boolean
  /** Asked for each path that would do, with its anchor: false or a reason refuses it. */
  readonly acceptAnchor?: (anchor: TrustAnchor, path: readonly Certificate[]) => boolean | string
  readonly policies?: PolicyOptions
  /** Key usages that the leaf's key usage extension, if there is one, has to have. */
  readonly keyUsage?: readonly KeyUsageName[]
  /** Says of a domain (lower case, no final dot) whether anyone can register names below it, so that a wildcard
   * there counts for nothing. Default: single labels only. */
  readonly isPublicSuffix?: (domain: string) => boolean
  /** Fetches the certificates that a caIssuers URL names (DER), when an issuer is missing. Without it nothing is
   * fetched. */
  readonly aia?: (url: string, certificate: Certificate) => MaybePromise<readonly Uint8Array[] | undefined>
  /** Revocation, SCTs, pins: run in order on a path that is good otherwise, after the default check. */
  readonly checks?: readonly PathCheck[]
  /**
   * The default check is `ocspCheck()`: a stapled OCSP response has to be good (RFC 6066 section 8), and to be there if
   * the certificate says so (RFC 7633; of that `verifyChain` knows nothing, since it sees no handshake). An `ocspCheck`
   * among `checks` takes its place;
   * `false` leaves it out. Default true.
   */
  readonly defaultChecks?: boolean
  /** Names what functions of yours in these options accept (`acceptAnchor`, `checks`, ...), so that sessions last
   * beyond this process; change it when they change. Without it, sessions that were verified with such functions
   * are resumed by this process only. */
  readonly fingerprint?: string
}

/** An extended key usage: a name or an object identifier. */
export type Purpose = PurposeName | (string & {})

/** What belongs to one verification. */
export interface VerifyOptions extends ChainOptions {
  /** Default: now. Milliseconds since the epoch, or a Date. */
  readonly time?: number | Date
  /** DNS name or IP address that the leaf has to be for. Without it names are not compared. */
  readonly serverName?: string
  /** Extended key usage that every certificate of the path has to allow, if it has the extension; of several, one of
   * them. `anyExtendedKeyUsage` stands for any purpose. Default `serverAuth`. */
  readonly purpose?: Purpose | readonly Purpose[]
  readonly ocspResponse?: Uint8Array
  readonly scts?: readonly Uint8Array[]
  /** Told each way from the leaf that was tried, in order, and why it does not hold. */
  readonly onTried?: (tried: TriedPath) => void
  /** What the certificates below the anchor may be signed with. Default: what the profile allows. */
  readonly signatureAlgorithms?: ReadonlySet<SignatureAlgorithm>
}

export const defaults = {
  profile: 'web-pki',
  maxDepth: 8,
  certificates: 200,
  signatures: 100,
  genuine: 9,
  paths: 200,
  steps: 5000,
  comparisons: 250_000,
  bytes: 1_048_576,
  fetches: 4,
} as const

/** Those that webVerifier() has. */
export const webNames: Names<Omit<ChainOptions, 'profile' | 'aia'>> = {
  provider: 'object',
  trust: 'any',
  maxDepth: 'number',
  budgets: {
    certificates: 'number',
    signatures: 'number',
    paths: 'number',
    comparisons: 'number',
    bytes: 'number',
    fetches: 'number',
  } satisfies Names<VerifyBudgets>,
  partialChain: 'boolean',
  acceptAnchor: 'function',
  policies: {
    acceptable: 'list',
    requireExplicit: 'boolean',
    inhibitMapping: 'boolean',
    inhibitAny: 'boolean',
  } satisfies Names<PolicyOptions>,
  keyUsage: 'list',
  isPublicSuffix: 'function',
  checks: 'list',
  defaultChecks: 'boolean',
  fingerprint: 'string',
}

export const chainNames: Names<ChainOptions> = {
  ...webNames,
  profile: ['web-pki', 'baseline', 'rfc5280', 'path'],
  aia: 'function',
}

export const verifyNames: Names<VerifyOptions> = {
  ...chainNames,
  time: 'any',
  serverName: 'string',
  purpose: 'any',
  ocspResponse: 'bytes',
  scts: 'list',
  onTried: 'function',
  signatureAlgorithms: 'object',
}

const elsewhere = {
  ca: 'trust',
  roots: 'trust',
  host: 'serverName',
  hostname: 'serverName',
}

/** Options of a verification: names, kinds, and that provider and trust are there. */
export const checkChainOptions = (
  options: unknown,
  names: OptionNames,
  required: OptionHints['required'] = ['provider', 'trust'],
): void => checkOptions(options, names, { required, elsewhere })

/** The same of webVerifier(). */
export const checkSmallOptions = (options: unknown, names: OptionNames): void =>
  checkKnown(options, names, {
    required: ['provider', 'trust'],
    misplaced: (name) =>
      name === 'profile' || name === 'aia' ? 'webVerifier() has none; take pathVerifier()' : undefined,
  })
