// Options in, one frozen and checked config out: everything that handshake/ and engine/ go by.

import { checkOptions } from './options/check.ts'
import { clientNames } from './options/client-names.ts'
import { commonConfig, inRange, keySharesOf, onlyWithPsk } from './config/common.ts'
import { MadeOnce } from './config/made-once.ts'
import type { ClientAuthConfig, ClientConfig, CommonConfig, Defaults, ServerConfig } from './config/types.ts'
import type { CryptoProvider } from './crypto/provider.ts'
import { echClientConfig, echServerConfig } from './ech.ts'
import { TlsError } from './errors.ts'
import { checkClientOptions, checkServerOptions } from './config/contradictions.ts'
import { certificateListOf, identitiesOf, identityKeyOf } from './identity.ts'
import type { ClientOptions, ServerOptions } from './options.ts'
import { hintOf, pskConfigs } from './psk.ts'
import { serverNames } from './options/server-names.ts'
import { decodeSession, MAX_SESSION_LIFETIME } from './session/state.ts'
import { isAddress, isHostName } from './wire/host-name.ts'
import { TLS13 } from './wire/registry.ts'
import { parseCertificate } from './x509/certificate.ts'

export type * from './config/types.ts'

/** Throws `bad_option`, `bad_key`, `key_mismatch` or `unsupported`, with a sentence that names the option. */
export const clientConfig = (options: ClientOptions, defaults: Defaults = {}): ClientConfig => {
  checkOptions(options, clientNames)
  checkClientOptions(options)
  const psks = pskConfigs(options.psk?.keys)
  const pskRequired = options.psk?.required ?? false
  const common = pskRequired ? onlyWithPsk(commonConfig(options, defaults), psks) : commonConfig(options, defaults)
  const { groups, provider } = common
  const { hello = {}, certificates = {}, tls12 = {} } = options
  const ca = options.ca === undefined ? undefined : certificateListOf(options.ca, 'ca')
  const verifier = options.verifier ?? defaults.verifier?.({ provider, authorities: ca, legacy: common.legacy })
  if (!verifier)
    throw new TlsError('bad_option', 'verifier: required here; the root entry of the package has a default')
  return Object.freeze({
    ...common,
    serverName: serverNameOf(options),
    sendServerName: hello.sendServerName ?? true,
    verifier,
    identitiesFor: identitiesOf(options, provider),
    identityKey: identityKeyOf(options, provider),
    keyShares: keySharesOf(hello, groups),
    session: options.session instanceof Uint8Array ? decodeSession(options.session) : options.session,
    sessions: options.sessions,
    psks,
    pskRequired,
    tickets: options.tickets !== false,
    ticketRequest: typeof options.tickets === 'object' ? options.tickets : undefined,
    earlyData: options.earlyData,
    renegotiation: tls12.renegotiation ?? 'never',
    compatibilityMode: hello.compatibilityMode ?? true,
    postHandshakeAuth: hello.postHandshakeAuth ?? false,
    permuteExtensions: hello.permuteExtensions ?? false,
    shapeHello: hello.shape,
    fallback: tls12.fallback ?? false,
    falseStart: tls12.falseStart ?? false,
    ech: echClientConfig(hello.ech, provider, common.maxVersion >= TLS13),
    requestOcsp: certificates.requestOcsp ?? true,
    requestScts: certificates.requestScts ?? true,
    maxFragmentLength: tls12.maxFragmentLength === undefined ? undefined : fragmentCode(tls12.maxFragmentLength),
  })
}

/** Throws as clientConfig does; a key that does not match its certificate is refused here, not at the first
 * connection. `made`: of the config that this one replaces. */
export const serverConfig = (
  options: ServerOptions,
  defaults: Defaults = {},
  made: MadeOnce = new MadeOnce(),
): ServerConfig => {
  checkOptions(options, serverNames)
  checkServerOptions(options)
  const common = commonConfig(options, defaults)
  const { provider } = common
  const { hello = {}, psk = {}, earlyData = {} } = options
  const earlyDataWindow = inRange(earlyData.windowSeconds ?? 10, 1, 600, 'earlyData.windowSeconds')
  const maxEarlyData = inRange(earlyData.maxBytes ?? 0, 0, 0xffffffff, 'earlyData.maxBytes')
  return Object.freeze({
    ...common,
    identitiesFor: identitiesOf(options, provider),
    onClientHello: options.onClientHello,
    source: { stream: undefined, context: undefined },
    options,
    made,
    clientAuth: clientAuthConfig(options, common, defaults),
    preferServerOrder: hello.preferServerOrder ?? true,
    tickets: ticketConfig(options, provider, defaults, made),
    sessions: options.sessions,
    psk: psk.lookup,
    pskHint: hintOf(psk.hint),
    maxEarlyData,
    earlyDataWindow,
    replayGuard:
      earlyData.replayGuard ??
      (maxEarlyData > 0
        ? made.replayGuard(defaults.replayGuard, common.clock, quarantineOf(options, earlyDataWindow))
        : undefined),
    cookie: hello.cookie ?? false,
    chooseAlpn: hello.chooseAlpn,
    ech: echServerConfig(hello.ech, provider),
  })
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
      'serverName: required: the name or address of the server, which its certificate has to be for ' +
        '(false, with a verifier of your own or psk.keys, if no name is expected)',
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

const clientAuthConfig = (
  options: ServerOptions,
  common: CommonConfig,
  defaults: Defaults,
): ClientAuthConfig | undefined => {
  const { clientAuth } = options
  if (!clientAuth) return undefined
  const { mode } = clientAuth
  const required = mode.startsWith('require')
  const inHandshake = mode !== 'after-handshake'
  const acceptPsk = clientAuth.acceptPsk ?? false
  if (required && options.psk?.lookup && !acceptPsk) {
    const why = 'a client that proves an external key shows no certificate (RFC 9846 section 4.4.2)'
    throw new TlsError(
      'bad_option',
      `clientAuth: '${mode}' together with psk: ${why}; say acceptPsk: true if the key is enough`,
    )
  }
  if (mode.endsWith('-unverified'))
    return { mode, required, inHandshake, acceptPsk, verifier: undefined, authorities: clientAuth.authorities ?? [] }
  const ca = clientAuth.ca === undefined ? undefined : certificateListOf(clientAuth.ca, 'clientAuth.ca')
  const verifier =
    clientAuth.verifier ??
    (ca && defaults.verifier?.({ provider: common.provider, authorities: ca, legacy: common.legacy }))
  if (!verifier) throw new TlsError('bad_option', 'clientAuth: ca or verifier is needed to check client certificates')
  const authorities =
    clientAuth.authorities ?? ca?.map((der) => parseCertificate(der).subject.der) ?? verifier.authorities ?? []
  return { mode, required, inHandshake, acceptPsk, verifier, authorities }
}

/** Tickets of given or shared keys may have been used before this process began: for as long as such a replay could
 * be fresh (twice the window), no early data. Milliseconds. */
const quarantineOf = ({ tickets }: ServerOptions, window: number): number =>
  tickets !== false && tickets?.protector !== undefined ? (2 * window + 2) * 1000 : 0

const ticketConfig = (
  options: ServerOptions,
  provider: CryptoProvider,
  defaults: Defaults,
  made: MadeOnce,
): ServerConfig['tickets'] => {
  if (options.tickets === false) return undefined
  const count = inRange(options.tickets?.count ?? 2, 0, 255, 'tickets.count')
  const lifetime = inRange(
    options.tickets?.lifetimeSeconds ?? 86400,
    1,
    MAX_SESSION_LIFETIME,
    'tickets.lifetimeSeconds',
  )
  const renewal = options.tickets?.renewAfterSeconds ?? Math.ceil(lifetime / 2)
  const renewAfter = inRange(renewal, 0, MAX_SESSION_LIFETIME, 'tickets.renewAfterSeconds')
  const protector = options.tickets?.protector ?? made.protector(defaults.tickets, provider, lifetime)
  const { applicationData } = options.tickets ?? {}
  return protector && count > 0 ? { count, lifetime, renewAfter, protector, applicationData } : undefined
}
