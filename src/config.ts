// Options in, one frozen and checked config out: everything that handshake/ and engine/ go by.

import { certificateListOf, identitiesOf } from './identity.ts'
import type {
  CertificateRequestInfo, ClientAuthMode, ClientHelloInfo, ClientOptions, CommonOptions, Identity, Seam,
  ServerOptions, TicketOptions,
} from './options.ts'
import { checkCodecs } from './compression/codec.ts'
import type { CertificateCompression } from './compression/codec.ts'
import type {
  Cipher, CryptoProvider, HashAlgorithm, KeyExchangeGroup, MaybePromise, SignatureVerifier,
} from './crypto/provider.ts'
import { echClientConfig, echServerConfig } from './ech.ts'
import type { EchClientConfig, EchServerConfig } from './ech.ts'
import { TlsError } from './errors.ts'
import { hintOf, pskConfigs } from './psk.ts'
import type { ExternalPskConfig } from './psk.ts'
import { MAX_RECORD_SIZE_LIMIT } from './record/framing.ts'
import type { ClientSessionCache, ReplayGuard, ServerSessionStore, TicketProtector } from './session/interfaces.ts'
import { decodeSession, MAX_SESSION_LIFETIME } from './session/state.ts'
import type { SessionState } from './session/state.ts'
import type { ClientHello } from './wire/messages.ts'
import { pskModes } from './wire/numbers.ts'
import { cipherSuiteById, namedGroupById, namedGroups, signatureSchemes, TLS12, TLS13 } from './wire/registry.ts'
import type { CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme } from './wire/registry.ts'
import { parseCertificate } from './x509/certificate.ts'
import { mayDelegateTo } from './x509/delegated-credential.ts'
import type { CertificateVerifier } from './x509/verifier.ts'

/** A cipher suite with what computes it. */
export interface ActiveSuite extends Omit<CipherSuite, 'cipher' | 'hash'> {
  readonly cipher: Cipher
  readonly hash: HashAlgorithm
  /** Suites of one rank are wanted alike; undefined in the default order. */
  readonly rank?: number
}

export interface ActiveGroup extends NamedGroup, KeyExchangeGroup {}

export interface CommonConfig {
  readonly provider: CryptoProvider
  readonly minVersion: number
  readonly maxVersion: number
  /** Most wanted first, both versions. */
  readonly suites: readonly ActiveSuite[]
  readonly groups: readonly ActiveGroup[]
  /** What the peer may sign handshakes with. */
  readonly schemes: readonly SignatureScheme[]
  /** What the peer's certificates may be signed with; undefined: as `schemes`. */
  readonly certificateSchemes: readonly SignatureScheme[] | undefined
  /** What the key of a delegated credential may sign with; empty: credentials are not taken. */
  readonly delegatedSchemes: readonly SignatureScheme[]
  readonly alpn: readonly string[]
  readonly certificateCompression: readonly CertificateCompression[]
  readonly keyLog: ((line: string) => void) | undefined
  readonly trace: CommonOptions['trace']
  readonly clock: () => number
  readonly padding: ((length: number) => number) | undefined
  readonly recordSizeLimit: number | undefined
  readonly maxHandshakeMessage: number
  readonly recordsPerKey: number
  readonly legacy: boolean
  readonly requireExtendedMasterSecret: boolean
  /** psk_key_exchange_modes, as numbers. */
  readonly pskModes: readonly number[]
  readonly verifyConnection: CommonOptions['verifyConnection']
  /** Bytes of plaintext. */
  readonly maxRecordSize: number
  readonly grease: boolean
  readonly seam: Seam | undefined
}

export interface ClientConfig extends CommonConfig {
  readonly serverName: string | undefined
  readonly sendServerName: boolean
  readonly verifier: CertificateVerifier
  /** The identities to choose from for this request; empty if there is none. */
  readonly identitiesFor: (request: CertificateRequestInfo) => MaybePromise<readonly Identity[]>
  readonly keyShares: readonly ActiveGroup[]
  readonly psks: readonly ExternalPskConfig[]
  readonly tickets: boolean
  readonly ticketRequest: ClientOptions['ticketRequest']
  readonly session: SessionState | undefined
  readonly sessions: ClientSessionCache | undefined
  readonly earlyData: Uint8Array | undefined
  readonly renegotiation: NonNullable<ClientOptions['renegotiation']>
  readonly compatibilityMode: boolean
  readonly postHandshakeAuth: boolean
  readonly permuteExtensions: boolean
  readonly shapeHello: ((hello: ClientHello) => ClientHello) | undefined
  readonly fallback: boolean
  readonly falseStart: boolean
  readonly ech: EchClientConfig | undefined
  readonly requestOcsp: boolean
  readonly requestScts: boolean
  /** The code of RFC 6066 section 4: 1 for 512 bytes to 4 for 4096. */
  readonly maxFragmentLength: number | undefined
}

export interface ClientAuthConfig {
  readonly mode: ClientAuthMode
  readonly required: boolean
  /** Undefined: certificates are taken unverified. */
  readonly verifier: CertificateVerifier | undefined
  readonly authorities: readonly Uint8Array[]
}

export interface TicketConfig {
  readonly count: number
  /** Seconds. */
  readonly lifetime: number
  /** Seconds. */
  readonly renewAfter: number
  readonly protector: TicketProtector
  readonly applicationData: TicketOptions['applicationData']
}

export interface ServerConfig extends CommonConfig {
  /** The identities to choose from for this hello; empty if there is none. */
  readonly identitiesFor: (hello: ClientHelloInfo) => MaybePromise<readonly Identity[]>
  readonly onClientHello: ServerOptions['onClientHello']
  /** The options this config was made of, for onClientHello to change. */
  readonly options: ServerOptions
  readonly clientAuth: ClientAuthConfig | undefined
  readonly preferServerOrder: boolean | 'strict'
  readonly tickets: TicketConfig | undefined
  readonly sessions: ServerSessionStore | undefined
  readonly psk: ServerOptions['psk']
  readonly pskHint: Uint8Array
  readonly maxEarlyData: number
  /** Seconds. */
  readonly earlyDataWindow: number
  readonly replayGuard: ReplayGuard | undefined
  readonly cookie: boolean
  readonly chooseAlpn: ServerOptions['chooseAlpn']
  readonly ech: EchServerConfig | undefined
}

/** What the entry points fill in where the caller gave nothing; puretls/core has none of it. */
export interface Defaults {
  readonly provider?: CryptoProvider
  /** Makes the verifier for given authorities (or for the runtime's roots). */
  readonly verifier?: (request: VerifierRequest) => CertificateVerifier
  /** Makes the default ticket protection. */
  readonly tickets?: (provider: CryptoProvider, lifetime: number) => TicketProtector
  /** Makes the default guard against replays, for servers that take early data; it takes none for `quarantine` milliseconds. */
  readonly replayGuard?: (clock: () => number, quarantine: number) => ReplayGuard
}

export interface VerifierRequest {
  readonly provider: CryptoProvider
  /** DER; undefined: the runtime's roots. */
  readonly authorities: readonly Uint8Array[] | undefined
  readonly legacy: boolean
}

/** Throws `bad_option`, `bad_key`, `key_mismatch` or `unsupported`, with a sentence that names the option. */
export const clientConfig = (options: ClientOptions, defaults: Defaults = {}): ClientConfig => {
  const common = commonConfig(options, defaults)
  const { groups, provider } = common
  const ca = options.ca === undefined ? undefined : certificateListOf(options.ca, 'ca')
  const verifier = options.verifier ?? defaults.verifier?.({ provider, authorities: ca, legacy: common.legacy })
  if (!verifier) throw new TlsError('bad_option', 'verifier: required here; the root entry of the package has a default')
  return Object.freeze({
    ...common,
    serverName: checkServerName(options.serverName),
    sendServerName: options.sendServerName ?? true,
    verifier,
    identitiesFor: identitiesOf(options, provider),
    keyShares: keySharesOf(options, groups),
    session: options.session instanceof Uint8Array ? decodeSession(options.session) : options.session,
    sessions: options.sessions,
    psks: pskConfigs(options.psk),
    tickets: options.tickets ?? true,
    ticketRequest: options.ticketRequest,
    earlyData: options.earlyData,
    renegotiation: options.renegotiation ?? 'never',
    compatibilityMode: options.compatibilityMode ?? true,
    postHandshakeAuth: options.postHandshakeAuth ?? false,
    permuteExtensions: options.permuteExtensions ?? false,
    shapeHello: options.shapeHello,
    fallback: options.fallback ?? false,
    falseStart: options.falseStart ?? false,
    ech: echClientConfig(options.ech, provider, common.maxVersion >= TLS13),
    requestOcsp: options.requestOcsp ?? true,
    requestScts: options.requestScts ?? true,
    maxFragmentLength: options.maxFragmentLength === undefined ? undefined : fragmentCode(options.maxFragmentLength),
  })
}

/** Throws as clientConfig does; a key that does not match its certificate is refused here, not at the first connection. */
export const serverConfig = (options: ServerOptions, defaults: Defaults = {}): ServerConfig => {
  const common = commonConfig(options, defaults)
  const earlyDataWindow = inRange(options.earlyDataWindow ?? 10, 1, 600, 'earlyDataWindow')
  const { provider } = common
  return Object.freeze({
    ...common,
    identitiesFor: identitiesOf(options, provider),
    onClientHello: options.onClientHello,
    options,
    clientAuth: clientAuthConfig(options, common, defaults),
    preferServerOrder: options.preferServerOrder ?? true,
    tickets: ticketConfig(options, provider, defaults),
    sessions: options.sessions,
    psk: options.psk,
    pskHint: hintOf(options.pskHint),
    maxEarlyData: inRange(options.maxEarlyData ?? 0, 0, 0xffffffff, 'maxEarlyData'),
    earlyDataWindow,
    replayGuard: options.replayGuard ?? (options.maxEarlyData ? defaults.replayGuard?.(common.clock, quarantineOf(options, earlyDataWindow)) : undefined),
    cookie: options.cookie ?? false,
    chooseAlpn: options.chooseAlpn,
    ech: echServerConfig(options.ech, provider),
  })
}

const pskModeIds: ReadonlyMap<string, number> = new Map(Object.entries(pskModes))
const pskMode = (name: string): number => {
  const id = pskModeIds.get(name)
  if (id === undefined) throw new TlsError('bad_option', `pskModes: ${name} is neither psk_dhe_ke nor psk_ke`)
  return id
}

const commonConfig = (options: CommonOptions & Pick<ClientOptions, 'pskModes'>, defaults: Defaults): CommonConfig => {
  const provider = options.provider ?? defaults.provider
  if (!provider) throw new TlsError('bad_option', 'provider: required here; the root entry of the package has a default')
  const minVersion = versionNumber(options.versions?.min ?? 'TLS 1.2')
  const maxVersion = versionNumber(options.versions?.max ?? 'TLS 1.3')
  if (minVersion > maxVersion) throw new TlsError('bad_option', 'versions: min is above max')
  const legacy = options.legacy ?? false
  const suites = activeSuites(options, provider, legacy).filter(
    ({ version }) => versionNumber(version) >= minVersion && versionNumber(version) <= maxVersion,
  )
  if (suites.length === 0) throw new TlsError('bad_option', 'cipherSuites: none is left for the versions given')
  const schemes = activeSchemes(options.signatureSchemes, provider, legacy, 'signatureSchemes')
  return {
    provider,
    minVersion,
    maxVersion,
    suites,
    groups: activeGroups(options.groups, provider),
    schemes,
    certificateSchemes: options.certificateSignatureSchemes
      ? activeSchemes(options.certificateSignatureSchemes, provider, true, 'certificateSignatureSchemes')
      : undefined,
    delegatedSchemes: delegatedSchemes(options, provider, schemes),
    alpn: checkAlpn(options.alpn ?? []),
    certificateCompression: checkCodecs(options.certificateCompression ?? []),
    keyLog: options.keyLog,
    trace: options.trace,
    clock: options.clock ?? Date.now,
    padding: options.padding,
    recordSizeLimit:
      options.recordSizeLimit === undefined ? undefined : inRange(options.recordSizeLimit, 64, MAX_RECORD_SIZE_LIMIT, 'recordSizeLimit'),
    maxHandshakeMessage: inRange(options.maxHandshakeMessage ?? 1 << 17, 1 << 12, (1 << 24) - 1, 'maxHandshakeMessage'),
    recordsPerKey: inRange(options.recordsPerKey ?? Number.MAX_SAFE_INTEGER, 2, Number.MAX_SAFE_INTEGER, 'recordsPerKey'),
    legacy,
    requireExtendedMasterSecret: options.requireExtendedMasterSecret ?? false,
    pskModes: (options.pskModes ?? ['psk_dhe_ke']).map(pskMode),
    verifyConnection: options.verifyConnection,
    maxRecordSize: inRange(options.maxRecordSize ?? 16384, 64, 16384, 'maxRecordSize'),
    grease: options.grease ?? false,
    seam: options.seam,
  }
}

const versionNumber = (version: ProtocolVersion): number => {
  if (version === 'TLS 1.3') return TLS13
  if (version === 'TLS 1.2') return TLS12
  throw new TlsError('bad_option', `versions: ${JSON.stringify(version)}; it has to be 'TLS 1.2' or 'TLS 1.3'`)
}

const activeSuites = (options: CommonOptions, provider: CryptoProvider, legacy: boolean): readonly ActiveSuite[] => {
  const all = provider.suites.flatMap(({ id, cipher }): ActiveSuite[] => {
    const facts = cipherSuiteById.get(id)
    const hash = facts && provider.hashes[facts.hash]
    const able = facts && (!facts.mac || provider.hashes[facts.mac]) && (facts.keyExchange !== 'rsa' || provider.rsaEncryptRaw)
    return facts && hash && able ? [{ ...facts, cipher, hash }] : []
  })
  if (options.cipherSuites) {
    return options.cipherSuites.flatMap((entry, rank) =>
      pick(typeof entry === 'string' ? [entry] : entry, all, 'cipherSuites', provider).map((suite) => ({ ...suite, rank })))
  }
  return all.filter((suite) => !suite.legacy || (legacy && suite.authentication !== 'psk' && suite.version === 'TLS 1.2'))
}

const activeGroups = (names: readonly string[] | undefined, provider: CryptoProvider): readonly ActiveGroup[] => {
  const all = provider.groups.flatMap((group): ActiveGroup[] => {
    const facts = namedGroupById.get(group.id)
    return facts ? [{ ...facts, ...group }] : []
  })
  if (names) return pick(names, all, 'groups', provider)
  const usual = new Set(['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'P-521'])
  return all.filter(({ name }) => usual.has(name))
}

/** The first group that the server is known to have (draft-ietf-tls-key-share-prediction), or those that were named, or the usual ones. */
const keySharesOf = ({ keyShares, serverGroups }: ClientOptions, groups: readonly ActiveGroup[]): readonly ActiveGroup[] => {
  const named = keyShares && pick(keyShares, groups, 'keyShares')
  const predicted = groups.find(({ id }) => serverGroups?.includes(id))
  if (predicted) return [predicted]
  return named ?? groups.filter(({ name }, index) => index === 0 || (groups[0]?.tls13Only && name === 'X25519'))
}

const activeSchemes = (
  names: readonly string[] | undefined, provider: CryptoProvider, legacy: boolean, option: string,
): readonly SignatureScheme[] => {
  const can = ({ algorithm, keyType }: SignatureScheme): boolean =>
    provider.verifiers.some((verifier: SignatureVerifier) => verifier.algorithm === algorithm && verifier.keyTypes.includes(keyType))
  const all = signatureSchemes.filter(can)
  return names ? pick(names, all, option, provider) : all.filter((scheme) => legacy || !scheme.legacy)
}

/** RFC 9345 section 4: not the schemes of rsaEncryption keys. */
const delegatedSchemes = (
  { delegatedCredentials: asked = false }: CommonOptions, provider: CryptoProvider, schemes: readonly SignatureScheme[],
): readonly SignatureScheme[] => {
  if (typeof asked === 'boolean') return asked ? schemes.filter(mayDelegateTo) : []
  const named = activeSchemes(asked, provider, false, 'delegatedCredentials')
  const unfit = named.find((scheme) => !mayDelegateTo(scheme))
  if (unfit) throw new TlsError('bad_option', `delegatedCredentials: ${unfit.name} is not for credentials (RFC 9345 section 4)`)
  return named
}

const pick = <T extends { readonly name: string }>(
  names: readonly string[], from: readonly T[], option: string, provider?: CryptoProvider,
): readonly T[] =>
  names.map((name) => {
    const found = from.find((candidate) => candidate.name === name)
    if (found) return found
    const known = [...cipherSuiteById.values(), ...namedGroups, ...signatureSchemes].some((row) => row.name === name)
    throw new TlsError(
      'bad_option',
      known && provider
        ? `${option}: ${name} can't be done by the ${provider.name} provider`
        : `${option}: ${JSON.stringify(name)} is not one of ${from.map((row) => row.name).join(', ')}`,
    )
  })

const fragmentCode = (bytes: number): number => {
  const code = [512, 1024, 2048, 4096].indexOf(bytes) + 1
  if (code === 0) throw new TlsError('bad_option', `maxFragmentLength: ${bytes}; it has to be 512, 1024, 2048 or 4096`)
  return code
}

const inRange = (value: number, least: number, most: number, option: string): number => {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TlsError('bad_option', `${option}: ${value}; it has to be a whole number from ${least} to ${most}`)
  }
  return value
}

const checkAlpn = (protocols: readonly string[]): readonly string[] => {
  for (const protocol of protocols) {
    if (protocol.length < 1 || protocol.length > 255 || /[^\x00-\xff]/.test(protocol)) {
      throw new TlsError('bad_option', `alpn: ${JSON.stringify(protocol)} is not 1 to 255 bytes long`)
    }
  }
  return protocols
}

const checkServerName = (name: string | undefined): string | undefined => {
  if (name === undefined) return undefined
  if (name === '' || name.length > 255 || /[^\x21-\x7e]/.test(name)) {
    throw new TlsError(
      'bad_option', `serverName: ${JSON.stringify(name)} is not a DNS name in ASCII (use its A-label form) or an IP address`,
    )
  }
  return name
}

const clientAuthConfig = (options: ServerOptions, common: CommonConfig, defaults: Defaults): ClientAuthConfig | undefined => {
  const { clientAuth } = options
  if (!clientAuth) return undefined
  const { mode } = clientAuth
  const required = mode.startsWith('require')
  if (mode.endsWith('-unverified')) return { mode, required, verifier: undefined, authorities: clientAuth.authorities ?? [] }
  const ca = clientAuth.ca === undefined ? undefined : certificateListOf(clientAuth.ca, 'clientAuth.ca')
  const verifier =
    clientAuth.verifier ??
    (ca && defaults.verifier?.({ provider: common.provider, authorities: ca, legacy: common.legacy }))
  if (!verifier) throw new TlsError('bad_option', 'clientAuth: ca or verifier is needed to check client certificates')
  const authorities = clientAuth.authorities ?? ca?.map((der) => parseCertificate(der).subject.der) ?? verifier.authorities ?? []
  return { mode, required, verifier, authorities }
}

/** Tickets of given or shared keys may have been used before this process began: for as long as such a replay could be fresh (twice
 * the window), no early data. Milliseconds. */
const quarantineOf = ({ tickets }: ServerOptions, window: number): number =>
  tickets !== false && tickets?.protector !== undefined ? (2 * window + 2) * 1000 : 0

const ticketConfig = (options: ServerOptions, provider: CryptoProvider, defaults: Defaults): ServerConfig['tickets'] => {
  if (options.tickets === false) return undefined
  const count = inRange(options.tickets?.count ?? 2, 0, 255, 'tickets.count')
  const lifetime = inRange(options.tickets?.lifetime ?? 86400, 1, MAX_SESSION_LIFETIME, 'tickets.lifetime')
  const renewAfter = inRange(options.tickets?.renewAfter ?? Math.ceil(lifetime / 2), 0, MAX_SESSION_LIFETIME, 'tickets.renewAfter')
  const protector = options.tickets?.protector ?? defaults.tickets?.(provider, lifetime)
  const { applicationData } = options.tickets ?? {}
  return protector && count > 0 ? { count, lifetime, renewAfter, protector, applicationData } : undefined
}
