// A client's options in, one frozen and checked config out.

import type { ClientConfig, ClientConfigParts, Defaults } from './types.ts'
import { checkClientOptions } from './contradictions.ts'
import { commonConfig, keySharesOf, needsFeature } from './common.ts'
import { TlsError } from '../errors.ts'
import { onlyLoaded } from '../identities.ts'
import { checkPlainly } from '../options/check.ts'
import type { CheckOptions } from '../options/check.ts'
import { clientNames } from '../options/client-names.ts'
import type { ClientOptions } from '../options.ts'
import type { SessionState } from '../session/state.ts'
import { isAddress, isHostName } from '../wire/host-name.ts'
import { TLS13 } from '../wire/registry.ts'

/** Throws `bad_option`, `bad_key`, `key_mismatch` or `unsupported`, with a sentence that names the option. */
export const clientConfigWith = (
  options: ClientOptions,
  defaults: Defaults,
  parts: ClientConfigParts,
): ClientConfig => {
  checkedBy(parts)(options, clientNames)
  checkClientOptions(options)
  checkFeatures(options, parts)
  const { hello = {}, certificates = {}, tls12 = {}, session } = options
  const psks = parts.externalPsks?.read(options.psk?.keys) ?? []
  const pskRequired = options.psk?.required ?? false
  const whole = commonConfig(options, defaults, parts)
  const common = (pskRequired && parts.externalPsks?.only(whole, psks)) || whole
  if (common.suites.every(({ authentication }) => authentication === 'psk') && psks.every(({ imported }) => imported))
    throw new TlsError('bad_option', 'cipherSuites: all of them are with PSK, and psk.keys has no key for TLS 1.2')
  const { groups, provider } = common
  const ca = options.ca === undefined ? undefined : defaults.authorities?.(options.ca, 'ca')
  const verifier = options.verifier ?? defaults.verifier?.({ provider, authorities: ca, legacy: common.legacy })
  if (!verifier)
    throw new TlsError('bad_option', 'verifier: required here; the root entry of the package has a default')
  return Object.freeze({
    ...common,
    explain: parts.explain,
    serverName: serverNameOf(options),
    sendServerName: hello.sendServerName ?? true,
    verifier,
    ...(parts.identities?.(options, provider, parts.loadIdentity ?? onlyLoaded) ?? noIdentities),
    keyShares: keySharesOf(hello, groups),
    session: sessionOf(session, parts),
    sessions: options.sessions,
    psks,
    pskRequired,
    tickets: parts.sessions !== undefined && options.tickets !== false,
    ticketRequest: typeof options.tickets === 'object' ? options.tickets : undefined,
    earlyData: options.earlyData,
    compatibilityMode: hello.compatibilityMode ?? true,
    postHandshakeAuth: hello.postHandshakeAuth ?? false,
    permuteExtensions: hello.permuteExtensions ?? false,
    shapeHello: hello.shape,
    fallback: tls12.fallback ?? false,
    falseStart: tls12.falseStart ?? false,
    ech: hello.ech && parts.ech?.(hello.ech, provider, common.maxVersion >= TLS13),
    requestOcsp: certificates.requestOcsp ?? verifier.readsOcsp ?? true,
    requestScts: certificates.requestScts ?? true,
    maxFragmentLength: tls12.maxFragmentLength === undefined ? undefined : fragmentCode(tls12.maxFragmentLength),
  })
}

/** How names of options are checked. */
export const checkedBy = ({ explain }: ClientConfigParts): CheckOptions => explain?.checkOptions ?? checkPlainly

const sessionOf = (session: ClientOptions['session'], parts: ClientConfigParts): SessionState | undefined =>
  session instanceof Uint8Array ? parts.sessions?.(session) : session

/** The session alone, of options whose config is there already. Throws `bad_option`. */
export const sessionGiven = (session: ClientOptions['session'], parts: ClientConfigParts): SessionState | undefined => {
  if (session === undefined) return undefined
  checkedBy(parts)({ session }, clientNames)
  needsFeature(parts.sessions, 'sessions', { session })
  return sessionOf(session, parts)
}

const fragmentCode = (bytes: number): number => {
  const code = [512, 1024, 2048, 4096].indexOf(bytes) + 1
  if (code === 0)
    throw new TlsError('bad_option', `tls12.maxFragmentLength: ${bytes}; it has to be 512, 1024, 2048 or 4096`)
  return code
}

/** A name or an address that the certificate has to be for; undefined where the caller said that none is expected. */
const serverNameOf = ({ serverName, verifier, psk }: ClientOptions): string | undefined => {
  if (serverName === undefined) {
    throw new TlsError(
      'bad_option',
      'serverName: required: the name or address that the certificate has to be for (false, with a verifier of your ' +
        'own or psk.keys, for none)',
    )
  }
  if (serverName === false) {
    if (verifier || psk?.keys) return undefined
    throw new TlsError('bad_option', 'serverName: false needs a verifier that judges without a name, or psk.keys')
  }
  if (typeof serverName !== 'string' || !(isAddress(serverName) || isHostName(serverName.replace(/\.$/, '')))) {
    throw new TlsError(
      'bad_option',
      `serverName: ${JSON.stringify(serverName)} is not a DNS name in ASCII (use its A-label form) or an IP address`,
    )
  }
  return serverName
}

const noIdentities = { identitiesFor: () => [], identityKey: '' }

const checkFeatures = (options: ClientOptions, parts: ClientConfigParts): void => {
  const { session, sessions, tickets, earlyData, resumption, identity, cert, key, psk = {}, hello = {} } = options
  const { grease, permuteExtensions, shape, postHandshakeAuth } = hello
  needsFeature(parts.sessions, 'sessions', { session, sessions, tickets, earlyData, resumption })
  needsFeature(parts.externalPsks, 'externalPsks', { 'psk.keys': psk.keys, 'psk.required': psk.required })
  needsFeature(parts.identities, 'clientCertificates', { identity, 'hello.postHandshakeAuth': postHandshakeAuth })
  needsFeature(parts.loadIdentity, 'identityOptions', { cert, key })
  needsFeature(parts.ech, 'ech', { 'hello.ech': hello.ech })
  needsFeature(parts.shaping, 'helloShaping', {
    'hello.grease': grease,
    'hello.permuteExtensions': permuteExtensions,
    'hello.shape': shape,
  })
}
