// The part of a config that clients and servers share: versions, suites, groups, schemes, sizes.

import type { ActiveGroup, ActiveSuite, CommonConfig, Defaults, KeyLog, SharedConfigParts } from './types.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { CertificateOptions, ClientHelloOptions, CommonOptions, PskMode, Tls12Options } from '../options.ts'
import { MAX_RECORD_SIZE_LIMIT } from '../record/limits.ts'
import type { ResumptionConfig, ResumptionOptions } from '../session/options.ts'
import { MAX_SESSION_LIFETIME } from '../session/lifetime.ts'
import { toHex } from '../wire/bytes.ts'
import { pskModes } from '../wire/numbers.ts'
import { cipherSuiteById, namedGroupById, namedGroups, signatureSchemes, TLS12, TLS13 } from '../wire/registry.ts'
import type { ProtocolVersion, SignatureScheme } from '../wire/registry.ts'

/** The options that clients and servers share. */
type SharedOptions = CommonOptions & {
  readonly hello?: { readonly grease?: boolean }
  readonly certificates?: CertificateOptions
  readonly psk?: { readonly modes?: readonly PskMode[] }
  readonly tls12?: Tls12Options
}

export const commonConfig = (options: SharedOptions, defaults: Defaults, parts: SharedConfigParts): CommonConfig => {
  const provider = options.provider ?? defaults.provider
  if (!provider)
    throw new TlsError('bad_option', 'provider: required here; the root entry of the package has a default')
  const widestMin = versionNumber(options.versions?.min ?? (parts.tls12 ? 'TLS 1.2' : 'TLS 1.3'))
  const widestMax = versionNumber(options.versions?.max ?? 'TLS 1.3')
  const { limits = {}, certificates = {}, tls12 = {} } = options
  const { compression = [], delegatedCredentials } = certificates
  needsFeature(parts.tls12, 'tls12', { versions: Math.min(widestMin, widestMax) < TLS13 })
  needsFeature(parts.compression, 'certificateCompression', { 'certificates.compression': compression.length > 0 })
  needsFeature(parts.delegation, 'delegatedCredentials', { 'certificates.delegatedCredentials': delegatedCredentials })
  if (widestMin > widestMax) throw new TlsError('bad_option', 'versions: min is above max')
  const legacy = tls12.legacy ?? false
  const suites = activeSuites(options, provider, legacy).filter(
    ({ version }) => versionNumber(version) >= widestMin && versionNumber(version) <= widestMax,
  )
  if (suites.length === 0) throw new TlsError('bad_option', 'cipherSuites: none is left for the versions given')
  // suites of one version alone narrow the versions to it
  const spoken = suites.map(({ version }) => versionNumber(version))
  const minVersion = Math.max(widestMin, Math.min(...spoken))
  const maxVersion = Math.min(widestMax, Math.max(...spoken))
  const schemes = activeSchemes(options.signatureSchemes, provider, legacy, 'signatureSchemes')
  const certificateSchemes =
    certificates.signatureSchemes &&
    activeSchemes(certificates.signatureSchemes, provider, true, 'certificates.signatureSchemes')
  return {
    provider,
    minVersion,
    maxVersion,
    suites,
    groups: activeGroups(options.groups, provider),
    schemes,
    certificateSchemes,
    certificateAlgorithms: new Set((certificateSchemes ?? schemes).map(({ algorithm }) => algorithm)),
    delegatedSchemes: parts.delegation?.(certificates, provider, schemes) ?? [],
    alpn: checkAlpn(options.alpn ?? []),
    certificateCompression: parts.compression?.(compression) ?? [],
    keyLog: options.keyLog && keyLogOf(options.keyLog),
    trace: options.trace,
    exposeTrafficSecrets: options.dangerouslyExposeTrafficSecrets ?? false,
    clock: options.clock ?? Date.now,
    padding: limits.padding,
    recordSizeLimit:
      limits.recordSizeLimit === undefined
        ? undefined
        : inRange(limits.recordSizeLimit, 64, MAX_RECORD_SIZE_LIMIT, 'limits.recordSizeLimit'),
    maxHandshakeMessage: inRange(
      limits.maxHandshakeMessage ?? 132_096,
      1 << 12,
      (1 << 24) - 1,
      'limits.maxHandshakeMessage',
    ),
    recordsPerKey: inRange(
      limits.recordsPerKey ?? Number.MAX_SAFE_INTEGER,
      2,
      Number.MAX_SAFE_INTEGER,
      'limits.recordsPerKey',
    ),
    maxKeyUpdates: MAX_KEY_UPDATES,
    legacy,
    requireExtendedMasterSecret: tls12.requireExtendedMasterSecret ?? false,
    halfClose: tls12.halfClose ?? true,
    renegotiation: renegotiationOf(tls12.renegotiation),
    pskModes: pskModesOf(options.psk?.modes ?? ['psk_dhe_ke']),
    resumption: resumptionConfig(options.resumption),
    verifyConnection: options.verifyConnection,
    maxRecordSize: inRange(limits.maxRecordSize ?? 16384, 64, 16384, 'limits.maxRecordSize'),
    grease: options.hello?.grease ?? false,
    seam: undefined,
  }
}

/** Throws `bad_option` for an option whose feature is not there; undefined and false ask for nothing. */
export const needsFeature = (part: unknown, feature: string, options: Readonly<Record<string, unknown>>): void => {
  if (part) return
  const [asked] = Object.entries(options).find(([, value]) => value !== undefined && value !== false) ?? []
  if (asked === undefined) return
  const how = `needs the feature \`${feature}\`, which puretls/client and puretls/server export`
  throw new TlsError('bad_option', `${asked}: ${how} (the root entry has all of them)`)
}

/** RFC 9846 section 4.7.3. */
const MAX_KEY_UPDATES = 2 ** 48 - 1

const renegotiationOf = (given: Tls12Options['renegotiation'] = 'never'): CommonConfig['renegotiation'] => {
  if (typeof given === 'function' || ['never', 'ignore', 'once', 'freely'].includes(given)) return given
  throw new TlsError('bad_option', "tls12.renegotiation: 'never', 'ignore', 'once' or 'freely', or a function")
}

const pskModesOf = (modes: readonly PskMode[]): readonly number[] => {
  refuseRepeats(modes, 'psk.modes')
  return modes.map(pskMode)
}

const pskModeIds: ReadonlyMap<string, number> = new Map(Object.entries(pskModes))
const pskMode = (name: string): number => {
  const id = pskModeIds.get(name)
  if (id === undefined)
    throw new TlsError('bad_option', `psk.modes: ${JSON.stringify(name)} is neither psk_dhe_ke nor psk_ke`)
  return id
}

const resumptionConfig = ({
  maxAgeSeconds,
  mayResume,
  withoutExtendedMasterSecret,
}: ResumptionOptions = {}): ResumptionConfig => ({
  maxAge: 1000 * inRange(maxAgeSeconds ?? MAX_SESSION_LIFETIME, 1, MAX_SESSION_LIFETIME, 'resumption.maxAgeSeconds'),
  mayResume,
  withoutExtendedMasterSecret: withoutExtendedMasterSecret ?? false,
})

export const versionNumber = (version: ProtocolVersion): number => {
  if (version === 'TLS 1.3') return TLS13
  if (version === 'TLS 1.2') return TLS12
  throw new TlsError('bad_option', `versions: ${JSON.stringify(version)}; it has to be 'TLS 1.2' or 'TLS 1.3'`)
}

/** What is made of a provider is made once: a client makes a config for each connection. */
const oncePerProvider = <T>(make: (provider: CryptoProvider) => T): ((provider: CryptoProvider) => T) => {
  const made = new WeakMap<CryptoProvider, { readonly value: T }>()
  return (provider) => {
    const known = made.get(provider) ?? { value: make(provider) }
    made.set(provider, known)
    return known.value
  }
}

const everySuite = oncePerProvider((provider): readonly ActiveSuite[] =>
  provider.suites.flatMap(({ id, cipher }): ActiveSuite[] => {
    const facts = cipherSuiteById.get(id)
    const hash = facts && provider.hashes[facts.hash]
    const able =
      facts && (!facts.mac || provider.hashes[facts.mac]) && (facts.keyExchange !== 'rsa' || provider.rsaEncryptRaw)
    return facts && hash && able ? [{ ...facts, cipher, hash }] : []
  }),
)

const everyGroup = oncePerProvider((provider): readonly ActiveGroup[] =>
  provider.groups.flatMap((group): ActiveGroup[] => {
    const facts = namedGroupById.get(group.id)
    return facts ? [{ ...facts, ...group }] : []
  }),
)

const everyScheme = oncePerProvider((provider): readonly SignatureScheme[] =>
  signatureSchemes.filter(({ algorithm, keyType }) =>
    provider.verifiers.some((verifier) => verifier.algorithm === algorithm && verifier.keyTypes.includes(keyType)),
  ),
)

const activeSuites = (options: CommonOptions, provider: CryptoProvider, legacy: boolean): readonly ActiveSuite[] => {
  const all = everySuite(provider)
  if (options.cipherSuites) {
    refuseRepeats(options.cipherSuites.flat(), 'cipherSuites')
    return options.cipherSuites.flatMap((entry, rank) =>
      pick(typeof entry === 'string' ? [entry] : entry, all, 'cipherSuites', provider).map((suite) => ({
        ...suite,
        rank,
      })),
    )
  }
  return all.filter(
    (suite) => !suite.legacy || (legacy && suite.authentication !== 'psk' && suite.version === 'TLS 1.2'),
  )
}

const activeGroups = (names: readonly string[] | undefined, provider: CryptoProvider): readonly ActiveGroup[] => {
  const all = everyGroup(provider)
  if (names) return pick(names, all, 'groups', provider)
  const usual = new Set(['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'P-521'])
  return all.filter(({ name }) => usual.has(name))
}

/** The first group that the server is known to have (draft-ietf-tls-key-share-prediction), or those that were named,
 * or the usual ones. */
export const keySharesOf = (
  { keyShares, serverGroups }: ClientHelloOptions,
  groups: readonly ActiveGroup[],
): readonly ActiveGroup[] => {
  const named = keyShares && pick(keyShares, groups, 'hello.keyShares')
  // in the order of supported_groups (RFC 9846 section 4.3.8)
  const predicted = groups.find(({ id }) => serverGroups?.includes(id))
  if (predicted) return [predicted]
  return groups.filter((group, index) =>
    named ? named.includes(group) : index === 0 || (groups[0]?.tls13Only && group.name === 'X25519'),
  )
}

export const activeSchemes = (
  names: readonly string[] | undefined,
  provider: CryptoProvider,
  legacy: boolean,
  option: string,
): readonly SignatureScheme[] => {
  const all = everyScheme(provider)
  const chosen = names
    ? pick(names, all, option, provider)
    : all.filter((scheme) => (legacy || !scheme.legacy) && scheme.keyType !== 'ed448')
  // SHA-1 comes after all others (RFC 9846 section 4.3.3)
  return chosen.toSorted((a, b) => Number(a.legacy === true) - Number(b.legacy === true))
}

const pick = <T extends { readonly name: string }>(
  names: readonly string[],
  from: readonly T[],
  option: string,
  provider?: CryptoProvider,
): readonly T[] => {
  refuseRepeats(names, option)
  return names.map((name) => {
    const found = from.find((candidate) => candidate.name === name)
    if (found) return found
    const known = [...cipherSuiteById.values(), ...namedGroups, ...signatureSchemes].some((row) => row.name === name)
    throw new TlsError(
      'bad_option',
      known && provider
        ? `${option}: ${name} cannot be done by the ${provider.name} provider`
        : `${option}: ${JSON.stringify(name)} is not one of ${from.map((row) => row.name).join(', ')}`,
    )
  })
}

/** A group must not be sent twice (RFC 9846 section 4.3.7 and 4.3.8), and no list of ours means anything by it. */
const refuseRepeats = (names: readonly string[], option: string): void => {
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) {
    throw new TlsError('bad_option', `${option}: ${JSON.stringify(repeated)} stands in the list twice`)
  }
}

const checkAlpn = (protocols: readonly string[]): readonly string[] => {
  refuseRepeats(protocols, 'alpn')
  for (const protocol of protocols) {
    if (protocol.length < 1 || protocol.length > 255 || /[^\x00-\xff]/.test(protocol)) {
      throw new TlsError('bad_option', `alpn: ${JSON.stringify(protocol)} is not 1 to 255 bytes long`)
    }
  }
  return protocols
}

/** `bad_option` for anything else than a whole number from `least` to `most`. */
export const inRange = (value: number, least: number, most: number, option: string): number => {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TlsError('bad_option', `${option}: ${value}; it has to be a whole number from ${least} to ${most}`)
  }
  return value
}

/** Lines of SSLKEYLOGFILE (RFC 9850 section 2). */
export const keyLogOf =
  (write: (line: string) => void): KeyLog =>
  (label, clientRandom, secret) =>
    write(`${label} ${toHex(clientRandom)} ${toHex(secret)}`)
