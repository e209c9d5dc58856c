// What a TLS 1.2 server chooses out of a ClientHello: identity, suite, signature scheme, group, limits; and the
// ServerHello that says so (RFC 5246 section 7.4.1, RFC 5746, RFC 7627, RFC 7366, RFC 8449).

import type { ActiveGroup, ActiveSuite, ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import type { Identity } from '../../options.ts'
import { MAX_PLAINTEXT } from '../../record/limits.ts'
import { encodeExtensions, serverHello12Extensions } from '../../wire/extensions.ts'
import { groupIds, NO_COMPRESSION, UNCOMPRESSED } from '../../wire/numbers.ts'
import { TLS12, TLS13 } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import type { Parameters12 } from '../connection/connection12.ts'
import { downgradeSentinel } from '../downgrade.ts'
import type { Flow } from '../flow.ts'
import type { ChosenIdentity } from '../auth/identities.ts'
import { noCommonSuite, selectAlpn, selectIdentity, selectInOrder } from './negotiate.ts'
import { curveOffered, fitsSuite, schemeFor12 } from '../key-exchange/schemes12.ts'
import { serverFingerprint } from '../connection/session-key.ts'
import type { ReceivedHello, ServerHandshake12 } from './received-hello.ts'
import { bindingOf, firstBinding } from './renegotiation-binding12.ts'
import type { Binding12 } from './renegotiation-binding12.ts'
import type { ServerNegotiated12 } from './server-renegotiation12.ts'

interface Fit {
  readonly suite: ActiveSuite
  /** Both undefined with static RSA. */
  readonly scheme: SignatureScheme | undefined
  readonly group: ActiveGroup | undefined
}

interface Agreed extends Binding12 {
  readonly alpn: string | undefined
  readonly extended: boolean
}

/** The server proves itself with a certificate. */
export interface Choice12 extends Fit, Agreed {
  readonly identity: Identity
  /** What sessions of this connection are made under. */
  readonly fingerprint: string
}

/** Both ends know a key. */
export interface PskChoice12 extends Agreed {
  readonly identity: undefined
  readonly suite: ActiveSuite
  /** With ECDHE_PSK. */
  readonly group: ActiveGroup | undefined
  /** What sessions of this connection are made under, but for the key. */
  readonly fingerprint: string
}

/** `previous` is the connection inside which this handshake renegotiates. */
export function* negotiate12(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  previous: ServerNegotiated12 | undefined,
): Flow<Choice12 | PskChoice12> {
  const { config } = hs
  checkHello12(hello)
  const binding = previous ? bindingOf(hello, previous) : firstBinding(hello)
  const extended = hello.extensions.extended_master_secret === true
  if (!extended && config.requireExtendedMasterSecret) {
    throw new TlsError(
      'extended_master_secret_required',
      'the client does not support the extended master secret (RFC 7627), and this server requires it',
    )
  }
  const psk = pskFit(config, hello)
  if (psk.first)
    return {
      ...psk.first,
      ...binding,
      identity: undefined,
      alpn: yield* selectAlpn(config, hello),
      extended,
      fingerprint: serverFingerprint(config, undefined),
    }
  const ours = config.suites.filter(({ version, authentication }) => version === 'TLS 1.2' && authentication !== 'psk')
  if (!ours.some(({ id }) => hello.message.cipherSuites.includes(id)))
    throw noCommonSuite(hello.message.cipherSuites, ours)
  const certified = yield* certificateFit(hs, hello, ours, psk.any)
  const alpn = previous ? previous.info.alpn : yield* selectAlpn(config, hello)
  const agreed = { ...binding, alpn, extended }
  if ('suite' in certified)
    return { ...certified, ...agreed, identity: undefined, fingerprint: serverFingerprint(config, undefined) }
  const { identity, scheme: fit } = certified
  if (binding.keepsEncryptThenMac && fit.suite.cipher.kind === 'cbc' && !hello.extensions.encrypt_then_mac) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: renegotiation gives up encrypt-then-MAC (RFC 7366 section 3.1)',
    )
  }
  return { ...fit, ...agreed, identity, fingerprint: serverFingerprint(config, identity) }
}

type PskFit = Pick<PskChoice12, 'suite' | 'group'>

/**
 * PSK where the order of suites puts one first: it is there by name only, so the caller meant it. `any` is for where no
 * certificate fits.
 */
const pskFit = (
  config: ServerConfig,
  { message, extensions }: ReceivedHello,
): { readonly first: PskFit | undefined; readonly any: PskFit | undefined } => {
  const group = groupFor(config, extensions.supported_groups)
  const usable = config.suites.filter(
    ({ version, authentication, keyExchange }) =>
      version === 'TLS 1.2' &&
      (authentication !== 'psk' || (config.psk !== undefined && (keyExchange === 'psk' || group !== undefined))),
  )
  const fit = (suite: ActiveSuite | undefined): PskFit | undefined =>
    suite?.authentication === 'psk'
      ? { suite, group: suite.keyExchange === 'ecdhe_psk' ? group : undefined }
      : undefined
  const best = (suites: readonly ActiveSuite[]) =>
    fit(selectInOrder(suites, message.cipherSuites, config.preferServerOrder))
  return { first: best(usable), any: best(usable.filter(({ authentication }) => authentication === 'psk')) }
}

/** The certificate that fits, or the other way where none does. */
function* certificateFit(
  { config }: ServerHandshake12,
  hello: ReceivedHello,
  ours: readonly ActiveSuite[],
  otherWay: PskFit | undefined,
): Flow<ChosenIdentity<Fit> | PskFit> {
  try {
    return yield* selectIdentity(config, hello, (candidate) =>
      candidate.delegated ? undefined : fitOf(config, ours, hello, candidate),
    ) // RFC 9345 section 4.1.1
  } catch (error) {
    const unfit =
      error instanceof TlsError && (error.code === 'no_identity' || error.code === 'no_common_signature_scheme')
    if (unfit && otherWay) return otherWay
    throw error
  }
}

/** What holds for a ClientHello of TLS 1.2. */
const checkHello12 = ({ extensions }: ReceivedHello): void => {
  const { ec_point_formats: formats, max_fragment_length: fragment } = extensions
  if (formats && !formats.includes(UNCOMPRESSED)) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: ec_point_formats without uncompressed points (RFC 8422 section 5.1.2)',
    )
  }
  if (fragment !== undefined && (fragment < 1 || fragment > 4)) {
    throw new TlsError(
      'illegal_parameter',
      `ClientHello: max_fragment_length is ${fragment}; it has to be 1 to 4 (RFC 6066 section 4)`,
    )
  }
}

/** The best suite that this identity, the client and we can do together. */
const fitOf = (
  config: ServerConfig,
  ours: readonly ActiveSuite[],
  hello: ReceivedHello,
  identity: Identity,
): Fit | undefined => {
  const { signature_algorithms: schemes, supported_groups: groups } = hello.extensions
  const scheme = curveOffered(identity.keyType, groups) ? schemeFor12(config, identity, schemes) : undefined
  const group = groupFor(config, groups)
  const decrypts =
    identity.signer.rsaDecryptRaw !== undefined && (identity.leaf.keyUsage?.includes('keyEncipherment') ?? true)
  const usable = ours.filter(
    (suite) =>
      fitsSuite(suite, identity.keyType) &&
      (suite.keyExchange === 'rsa' ? decrypts : scheme !== undefined && group !== undefined),
  )
  const suite = selectInOrder(usable, hello.message.cipherSuites, config.preferServerOrder)
  if (!suite) return undefined
  return suite.keyExchange === 'rsa' ? { suite, scheme: undefined, group: undefined } : { suite, scheme, group }
}

/** A client that names no groups can do any; P-256 is what all of them have (RFC 8422 section 4). */
const groupFor = (config: ServerConfig, groups: readonly number[] | undefined): ActiveGroup | undefined => {
  const ours = config.groups.filter(({ tls13Only }) => !tls13Only)
  if (!groups) return ours.find(({ id }) => id === groupIds['P-256']) ?? ours[0]
  return ours.find(({ id }) => groups.includes(id))
}

interface HelloFacts {
  readonly sessionId: Uint8Array
  /** NewSessionTicket will come. */
  readonly ticket: boolean
  /** CertificateStatus will come. */
  readonly stapled: boolean
  readonly resumed: boolean
}

export const sendServerHello12 = (
  hs: ServerHandshake12,
  hello: ReceivedHello,
  choice: Choice12 | PskChoice12,
  facts: HelloFacts,
): Parameters12 => {
  const { config } = hs
  const { extensions, message } = hello
  const { suite, identity, alpn, extended, renegotiationInfo } = choice
  const serverRandom = randomOf(config)
  const encryptThenMac = extensions.encrypt_then_mac === true && suite.cipher.kind === 'cbc'
  const limits = limitsOf(hs, hello)
  const scts = facts.resumed || !extensions.signed_certificate_timestamp ? undefined : identity?.scts
  const fields = {
    legacyVersion: TLS12,
    random: serverRandom,
    sessionId: facts.sessionId,
    cipherSuite: suite.id,
    compressionMethod: NO_COMPRESSION,
    extensions: encodeExtensions(serverHello12Extensions, {
      server_name: hello.info.serverName !== undefined && !facts.resumed ? new Uint8Array(0) : undefined,
      renegotiation_info: renegotiationInfo,
      ec_point_formats:
        extensions.ec_point_formats && suite.keyExchange?.startsWith('ecdhe') ? Uint8Array.of(UNCOMPRESSED) : undefined,
      session_ticket: facts.ticket || undefined,
      status_request: facts.stapled || undefined,
      extended_master_secret: extended || undefined,
      encrypt_then_mac: encryptThenMac || undefined,
      application_layer_protocol_negotiation:
        alpn !== undefined && extensions.application_layer_protocol_negotiation ? [alpn] : undefined,
      signed_certificate_timestamp: scts,
      ...limits.extensions,
    }),
  }
  const withoutEmpty = fields.extensions.length > 0 ? fields : { ...fields, extensions: undefined }
  hs.send('ServerHello', withoutEmpty)
  return {
    role: 'server',
    suite,
    clientRandom: message.random,
    serverRandom,
    extendedMasterSecret: extended,
    encryptThenMac,
    keepsEncryptThenMac: encryptThenMac || choice.keepsEncryptThenMac,
    secureRenegotiation: renegotiationInfo !== undefined,
    alpn,
    maxPlaintext: limits.maxPlaintext,
  }
}

/** RFC 9846 section 4.2.3: the end of the random says that this server can do better. */
const randomOf = (config: ServerConfig): Uint8Array => {
  const random = config.provider.random(32)
  if (config.maxVersion >= TLS13) random.set(downgradeSentinel(TLS12), 24)
  return random
}

interface Limits {
  readonly extensions: { readonly record_size_limit?: number; readonly max_fragment_length?: number }
  readonly maxPlaintext: number
}

/** record_size_limit takes precedence over max_fragment_length (RFC 8449 section 5). */
const limitsOf = ({ config, io }: ServerHandshake12, { extensions }: ReceivedHello): Limits => {
  const { record_size_limit: theirs, max_fragment_length: code } = extensions
  if (theirs !== undefined) {
    const own = Math.min(config.recordSizeLimit ?? MAX_PLAINTEXT, MAX_PLAINTEXT)
    io.setMaxFragment(theirs)
    return { extensions: { record_size_limit: own }, maxPlaintext: own }
  }
  if (code === undefined) return { extensions: {}, maxPlaintext: MAX_PLAINTEXT }
  io.setMaxFragment(2 ** (8 + code))
  return { extensions: { max_fragment_length: code }, maxPlaintext: 2 ** (8 + code) }
}
