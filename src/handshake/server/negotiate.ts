// What a server chooses out of a ClientHello: version, suite, group, identity, protocol (RFC 9846 section 4.2.1). Pure
// functions of config and hello; server.ts, server13.ts and server12.ts call them.

import type { ActiveGroup, ActiveSuite, ServerConfig } from '../../config.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import { clientHelloInfo } from '../../options/hello-info.ts'
import type { ClientHelloInfo, Identity } from '../../options.ts'
import type { ClientHelloExtensions } from '../../wire/extensions.ts'
import { isHostName } from '../../wire/host-name.ts'
import type { ClientHello } from '../../wire/messages.ts'
import { HOST_NAME } from '../../wire/numbers.ts'
import {
  cipherSuiteName,
  FALLBACK_SCSV,
  isGrease,
  namedGroupName,
  TLS12,
  TLS13,
  versionName,
} from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { certificateCoversName } from '../../x509/names.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { usableIdentities } from '../auth/identities.ts'
import type { ChosenIdentity } from '../auth/identities.ts'
import type { ClientHelloMessage, ReceivedHello } from './received-hello.ts'

export const helloInfo = (
  message: ClientHelloMessage,
  extensions: ClientHelloExtensions,
  provider: CryptoProvider,
): ClientHelloInfo =>
  clientHelloInfo(
    {
      serverName: hostName(extensions),
      alpn: extensions.application_layer_protocol_negotiation ?? [],
      cipherSuites: message.cipherSuites,
      versions: extensions.supported_versions ?? olderVersions(message.legacyVersion),
      groups: extensions.supported_groups ?? [],
      signatureSchemes: extensions.signature_algorithms ?? [],
      raw: message.raw,
    },
    provider,
  )

/** Some clients send what is not permitted here (RFC 6066 section 3): a final dot is left out, and an address, a port
 * behind the name, or what is too long is as no name, so that the server answers as it would without one. */
const hostName = ({ server_name: names }: ClientHelloExtensions): string | undefined => {
  const name = names?.find(({ nameType }) => nameType === HOST_NAME)?.name
  const host = name?.replace(/\.$/, '')
  return host !== undefined && isHostName(host) ? host : undefined
}

/** Without supported_versions the client speaks TLS 1.2 at most (section 4.3.1). */
const olderVersions = (legacyVersion: number): readonly number[] => [Math.min(legacyVersion, TLS12)]

export const selectVersion = (config: ServerConfig, hello: ReceivedHello): number => {
  const offered = hello.info.versions
  const best = Math.max(...offered.filter((id) => !isGrease(id)))
  if (hello.message.cipherSuites.includes(FALLBACK_SCSV) && best < config.maxVersion) {
    throw new TlsError(
      'inappropriate_fallback',
      `the client fell back to ${versionName(best)}, and this server can do better (RFC 7507)`,
    )
  }
  const version = [TLS13, TLS12].find(
    (candidate) => candidate >= config.minVersion && candidate <= config.maxVersion && offered.includes(candidate),
  )
  if (version === undefined) {
    const theirs = offered
      .filter((id) => !isGrease(id))
      .map(versionName)
      .join(', ')
    const ours = [TLS13, TLS12]
      .filter((id) => id >= config.minVersion && id <= config.maxVersion)
      .map(versionName)
      .join(', ')
    throw new TlsError(
      'protocol_version',
      `no common version: the client offers ${theirs || 'none'}, this server speaks ${ours}`,
    )
  }
  return version
}

export const selectSuite13 = (config: ServerConfig, hello: ClientHello): ActiveSuite => {
  const ours = config.suites.filter(({ version }) => version === 'TLS 1.3')
  const suite = inOrder(ours, hello.cipherSuites, config.preferServerOrder)
  if (!suite) throw noCommonSuite(hello.cipherSuites, ours)
  return suite
}

/** The first of ours that is theirs, or the first of theirs that is ours; a client that puts ChaCha20 first has no AES
 * hardware, and gets it even where our order rules, as Go does, unless that is strict. Among suites of one rank the
 * client chooses. */
const inOrder = (
  ours: readonly ActiveSuite[],
  theirs: readonly number[],
  oursRule: boolean | 'strict',
): ActiveSuite | undefined => {
  const common = theirs.flatMap((id) => ours.find((suite) => suite.id === id) ?? [])
  const [wanted] = common
  if (!oursRule || (oursRule !== 'strict' && wanted?.cipher.name === 'chacha20-poly1305')) return wanted
  const best = ours.find((suite) => common.includes(suite))
  return best?.rank === undefined ? best : common.find(({ rank }) => rank === best.rank)
}
export { inOrder as selectInOrder }

export const noCommonSuite = (theirs: readonly number[], ours: readonly ActiveSuite[]): TlsError =>
  new TlsError(
    'no_common_cipher_suite',
    `no common cipher suite: the client offers ${theirs
      .filter((id) => !isGrease(id))
      .map(cipherSuiteName)
      .join(', ')}; ` +
      `this server has ${ours.map(({ name }) => name).join(', ') || 'none that its certificate fits'}`,
  )

export interface ChosenGroup {
  readonly group: ActiveGroup
  /** The client's share; undefined: a HelloRetryRequest has to ask for it. */
  readonly share: Uint8Array | undefined
}

/** Our most preferred group that the client supports; one that it sent a share for is preferred to one that costs a
 * round trip, unless that one is a hybrid (post-quantum) group and the other is not. */
export const selectGroup13 = (config: ServerConfig, extensions: ClientHelloExtensions): ChosenGroup => {
  const { supported_groups: groups = [], key_share: shares = [] } = extensions
  const common = config.groups.filter(({ id }) => groups.includes(id))
  const shareOf = ({ id }: ActiveGroup): Uint8Array | undefined => shares.find(({ group }) => group === id)?.keyExchange
  const [best] = common
  if (!best) {
    const theirs = groups
      .filter((id) => !isGrease(id))
      .map(namedGroupName)
      .join(', ')
    throw new TlsError(
      'no_common_group',
      `no common group: the client offers ${theirs}; this server has ` +
        `${config.groups.map(({ name }) => name).join(', ')}`,
    )
  }
  const pool = best.tls13Only ? common.filter(({ tls13Only }) => tls13Only) : common
  const group = pool.find((candidate) => shareOf(candidate) !== undefined) ?? best
  return { group, share: shareOf(group) }
}

/** ALPN (RFC 7301 section 3.2): our order, or the application's choice. */
export function* selectAlpn(config: ServerConfig, hello: ReceivedHello): Flow<string | undefined> {
  const offered = hello.info.alpn
  if (offered.length === 0) return undefined
  if (config.chooseAlpn) {
    const { chooseAlpn } = config
    const chosen = yield* ask(() => chooseAlpn(offered, hello.info))
    if (chosen === null) return undefined
    if (chosen === '')
      throw new TlsError('bad_option', 'chooseAlpn: a protocol has 1 to 255 bytes; null is for none', {
        alert: 'internal_error',
      })
    if (chosen !== undefined && offered.includes(chosen)) return chosen
    throw noCommonProtocol(offered, chosen === undefined ? [] : [chosen])
  }
  if (config.alpn.length === 0) return undefined
  const chosen = config.alpn.find((protocol) => offered.includes(protocol))
  if (chosen === undefined) throw noCommonProtocol(offered, config.alpn)
  return chosen
}

const noCommonProtocol = (theirs: readonly string[], ours: readonly string[]): TlsError =>
  new TlsError(
    'no_common_protocol',
    `no common application protocol: the client offers ${theirs.join(', ')}; this server has ` +
      `${ours.join(', ') || 'none for it'}`,
  )

/** The identity for this hello: one that covers the name and can sign; then one that can sign (section 4.5.1.2). */
export function* selectIdentity<T = SignatureScheme>(
  config: ServerConfig,
  hello: ReceivedHello,
  schemeOf: (identity: Identity) => T | undefined,
): Flow<ChosenIdentity<T>> {
  const identities = yield* ask(() => config.identitiesFor(hello.info))
  if (identities.length === 0) {
    throw new TlsError(
      'no_identity',
      `there is no certificate for ${hello.info.serverName ?? 'a client that names no server'}`,
      {
        alert:
          hello.info.serverName === undefined || hello.extensions.pre_shared_key
            ? 'handshake_failure'
            : 'unrecognized_name',
      },
    )
  }
  const usable = usableIdentities(
    identities,
    {
      authorities: hello.extensions.certificate_authorities ?? [],
      schemes: hello.extensions.signature_algorithms_cert ?? hello.extensions.signature_algorithms,
    },
    schemeOf,
  )
  const { serverName } = hello.info
  const named = serverName === undefined ? undefined : usable.find(({ identity }) => covers(identity, serverName))
  const chosen = named ?? usable[0]
  if (!chosen) {
    throw new TlsError(
      'no_common_signature_scheme',
      'the client takes no signature that a certificate of this server can make, or names none of its issuers',
    )
  }
  return chosen
}

const covers = ({ leaf }: Identity, serverName: string): boolean => {
  try {
    return certificateCoversName(leaf, serverName)
  } catch {
    return false // a certificate of ours whose names cannot be read
  }
}
