// What a TLS 1.3 server chooses out of a ClientHello, with HelloRetryRequest where it has to ask again: suite, group,
// protocol, identity, pre-shared key, early data (RFC 9846 section 4.2.1, 4.2.2 and 9.2).

import type { EarlyDataRefusal } from '../../info.ts'
import type { ActiveGroup, ActiveSuite } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { areAllIn, firstRepeated } from '../../wire/code-points.ts'
import { TLS12, versionName } from '../../wire/registry.ts'
import { schemeFor13 } from '../auth/signatures.ts'
import type { ChosenIdentity } from '../auth/identities.ts'
import type { Flow } from '../flow.ts'
import { selectAlpn, selectGroup13, selectIdentity, selectSuite13 } from './negotiate.ts'
import { retryClient } from './server-retry.ts'
import type { ChosenPsk, EarlyTerms, ReceivedHello, ServerHandshake } from './received-hello.ts'
import { pskModes } from '../../wire/numbers.ts'

export interface Choice13 {
  /** The ClientHello that is answered: the second one after a HelloRetryRequest. */
  readonly hello: ReceivedHello
  readonly retried: boolean
  readonly suite: ActiveSuite
  /** Undefined: a key exchange by the pre-shared key alone. */
  readonly group: ActiveGroup | undefined
  /** The client's key share for `group`. */
  readonly share: Uint8Array | undefined
  readonly alpn: string | undefined
  /** Undefined where only a pre-shared key can be used. */
  readonly identity: ChosenIdentity | undefined
  readonly psk: ChosenPsk | undefined
  /** What sessions of this connection are made under. */
  readonly fingerprint: string
  readonly earlyData: 'accepted' | 'rejected' | 'none'
  readonly earlyDataRefusal: EarlyDataRefusal | undefined
}

export function* negotiate13(hs: ServerHandshake, firstHello: ReceivedHello): Flow<Choice13> {
  const { config, transcript } = hs
  checkOffer13(firstHello)
  const suite = selectSuite13(config, firstHello.message)
  const first = yield* pskWithoutShare(hs, firstHello, suite)
  const { hello, retried, group, share } = first ? keepHello(firstHello) : yield* agreeOnGroup(hs, firstHello, suite)
  const alpn = yield* selectAlpn(config, hello)
  const { fingerprint, psk, ...certificate } = first ?? (yield* authenticateBy(hs, hello, suite, group))
  if (!psk && certificate.problem) throw certificate.problem
  const refusal = yield* earlyDataRefusal(hs, { firstHello, retried, suite, psk, alpn })
  if (!retried) transcript.start(suite.hash)
  return {
    hello,
    retried,
    suite,
    group,
    share,
    alpn,
    psk,
    identity: certificate.identity,
    fingerprint: psk?.fingerprint ?? fingerprint,
    earlyData: !firstHello.extensions.early_data ? 'none' : refusal ? 'rejected' : 'accepted',
    earlyDataRefusal: refusal,
  }
}

interface EarlyOffer extends EarlyTerms {
  readonly firstHello: ReceivedHello
}

/** Undefined: early data is accepted, or none came. */
function* earlyDataRefusal(
  hs: ServerHandshake,
  { firstHello, retried, suite, psk, alpn }: EarlyOffer,
): Flow<EarlyDataRefusal | undefined> {
  if (!firstHello.extensions.early_data) return undefined
  const { sessions } = hs.parts
  return sessions ? yield* sessions.whyNoEarlyData(hs, { retried, suite, psk, alpn }) : 'disabled'
}

interface Authenticator extends IdentityOrProblem {
  readonly psk: ChosenPsk | undefined
  readonly fingerprint: string
}

/** The key that we and the client know, or the certificate that this server shows. */
function* authenticateBy(
  hs: ServerHandshake,
  hello: ReceivedHello,
  suite: ActiveSuite,
  group: ActiveGroup | undefined,
): Flow<Authenticator> {
  const certificate = yield* identityOf(hs, hello)
  const { sessions, selectPsk } = hs.parts
  const fingerprint = sessions?.fingerprint(hs.config, certificate.identity?.identity) ?? ''
  const modes = hello.extensions.psk_key_exchange_modes ?? new Uint8Array(0)
  const usable =
    hello.extensions.pre_shared_key === undefined ||
    modes.length === 0 ||
    modes.includes(group ? pskModes.psk_dhe_ke : pskModes.psk_ke)
  if (usable) checkPsks(hello)
  return {
    ...certificate,
    fingerprint,
    psk: usable && selectPsk ? yield* selectPsk(hs, hello, suite, fingerprint) : undefined,
  }
}

/** Of keys that are offered, whether any is known here or not. */
const checkPsks = ({ extensions: { pre_shared_key: offered, psk_key_exchange_modes: modes } }: ReceivedHello): void => {
  if (!offered) return
  if (!modes)
    throw new TlsError(
      'missing_extension',
      'ClientHello: pre_shared_key without psk_key_exchange_modes (section 4.3.9)',
    )
  if (offered.identities.length !== offered.binders.length) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: as many binders as PSK identities are required (section 4.3.11)',
    )
  }
}

/**
 * psk_ke: no key exchange at all, where both sides said that they would, and nothing better is possible (section 4.2.1
 * and 4.3.9).
 * Undefined without a key that we know: then the handshake goes on with a key exchange and a certificate. */
function* pskWithoutShare(
  hs: ServerHandshake,
  hello: ReceivedHello,
  suite: ActiveSuite,
): Flow<Authenticator | undefined> {
  const { config } = hs
  const { extensions } = hello
  const modes = extensions.psk_key_exchange_modes ?? new Uint8Array(0)
  if (!extensions.pre_shared_key || !modes.includes(pskModes.psk_ke) || !config.pskModes.includes(pskModes.psk_ke))
    return undefined
  const { key_share: shares, supported_groups: groups } = extensions
  const canExchange = shares && config.groups.some(({ id }) => groups?.includes(id))
  if (canExchange && modes.includes(pskModes.psk_dhe_ke)) return undefined
  const authenticator = yield* authenticateBy(hs, hello, suite, undefined)
  if (authenticator.psk) return authenticator
  if (!shares) throw new TlsError('missing_extension', 'ClientHello: no key_share, and its PSK is not known here')
  return undefined
}

/** What a ClientHello for TLS 1.3 has to hold (RFC 9846 section 4.2.2, 4.3.8 and 9.2). */
const checkOffer13 = ({ message, extensions }: ReceivedHello): void => {
  if (message.legacyVersion !== TLS12) {
    const version = versionName(message.legacyVersion)
    throw new TlsError(
      'protocol_version',
      `ClientHello: legacy_version is ${version}; with TLS 1.3 it has to be 0x0303 (section 4.2.2)`,
    )
  }
  if (message.compressionMethods.length !== 1) {
    throw new TlsError('illegal_parameter', 'ClientHello: TLS 1.3 with compression methods (section 4.2.2)')
  }
  const { supported_groups: groups, key_share: shares, pre_shared_key: psks } = extensions
  if ((groups === undefined) !== (shares === undefined) || (!psks && !groups)) {
    throw new TlsError(
      'missing_extension',
      'ClientHello: supported_groups and key_share are expected, both (section 9.2)',
    )
  }
  if (!extensions.signature_algorithms && !psks) {
    throw new TlsError('missing_extension', 'ClientHello: signature_algorithms or a PSK is expected (section 9.2)')
  }
  if (!groups || !shares) return
  if (firstRepeated(groups) !== undefined) {
    throw new TlsError('illegal_parameter', 'ClientHello: a group twice in supported_groups (section 4.3.7)')
  }
  const shared = shares.map(({ group }) => group)
  if (firstRepeated(shared) !== undefined || !areAllIn(shared, groups)) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: a key share twice, or for a group that is not listed (section 4.3.8)',
    )
  }
}

type Agreed = Pick<Choice13, 'hello' | 'retried' | 'group' | 'share'>

const keepHello = (hello: ReceivedHello): Agreed => ({ hello, retried: false, group: undefined, share: undefined })

/** The group and the client's share for it, asked for by a HelloRetryRequest where it sent none (section 4.2.4). */
function* agreeOnGroup(hs: ServerHandshake, firstHello: ReceivedHello, suite: ActiveSuite): Flow<Agreed> {
  const { config } = hs
  if (!firstHello.extensions.key_share) {
    throw new TlsError('missing_extension', 'ClientHello: no key_share, and its PSK is not known here')
  }
  const chosen = selectGroup13(config, firstHello.extensions)
  if (chosen.share !== undefined && !config.cookie) return { hello: firstHello, retried: false, ...chosen }
  const hello = yield* retryClient(hs, firstHello, suite, chosen)
  const { group, share } = selectGroup13(config, hello.extensions)
  if (share === undefined)
    throw new TlsError('illegal_parameter', 'ClientHello: still no key share after HelloRetryRequest')
  return { hello, retried: true, group, share }
}

interface IdentityOrProblem {
  readonly identity: ChosenIdentity | undefined
  /** Set where there is no choice. */
  readonly problem: TlsError | undefined
}

/** Without a usable certificate the handshake may still go on with a PSK, so the problem is kept for later. */
function* identityOf(hs: ServerHandshake, hello: ReceivedHello): Flow<IdentityOrProblem> {
  const offered = hello.extensions.signature_algorithms
  if (!offered) {
    const problem = new TlsError(
      'missing_extension',
      'ClientHello: no signature_algorithms, and its PSK is not known here',
    )
    return { identity: undefined, problem }
  }
  const taken = { signature_algorithms: offered, delegated_credential: hello.extensions.delegated_credential }
  try {
    const identity = yield* selectIdentity(hs.config, hello, (candidate) => schemeFor13(hs, candidate, taken))
    return { identity, problem: undefined }
  } catch (error) {
    if (error instanceof TlsError && hello.extensions.pre_shared_key) return { identity: undefined, problem: error }
    throw error
  }
}
