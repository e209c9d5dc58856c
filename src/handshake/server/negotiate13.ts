// What a TLS 1.3 server chooses out of a ClientHello, with HelloRetryRequest where it has to ask again: suite, group, protocol,
// identity, pre-shared key, early data (RFC 9846 section 4.2.1, 4.2.2 and 9.2).

import type { ActiveGroup, ActiveSuite, ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { schemeFor13 } from '../auth/delegated.ts'
import type { ChosenIdentity } from '../auth/identities.ts'
import { serverFingerprint } from '../connection/session-key.ts'
import type { Flow } from '../flow.ts'
import { selectAlpn, selectGroup13, selectIdentity, selectSuite13 } from './negotiate.ts'
import { mayAcceptEarlyData, selectPsk } from './server-psk.ts'
import type { ChosenPsk } from './server-psk.ts'
import { retryClient } from './server-retry.ts'
import type { ReceivedHello, ServerHandshake } from './received-hello.ts'
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
}

export function* negotiate13(hs: ServerHandshake, firstHello: ReceivedHello): Flow<Choice13> {
  const { config, transcript } = hs
  checkOffer13(firstHello)
  const suite = selectSuite13(config, firstHello.message)
  const keys = yield* agreeOnGroup(hs, firstHello, suite)
  const { hello, retried, group } = keys
  const alpn = yield* selectAlpn(config, hello)
  const certificate = yield* identityOf(hs, hello)
  const fingerprint = serverFingerprint(config, certificate.identity?.identity)
  const psk = yield* selectPsk(hs, hello, suite, fingerprint)
  if (!psk && certificate.problem) throw certificate.problem
  if (!psk && !group) throw new TlsError('missing_extension', 'ClientHello: no key_share, and its PSK is not known here')
  const early = !retried && (yield* mayAcceptEarlyData(hs, hello, suite, psk, alpn))
  if (!retried) transcript.start(suite.hash)
  return {
    ...keys,
    suite,
    alpn,
    identity: certificate.identity,
    psk,
    fingerprint: psk?.fingerprint ?? fingerprint,
    earlyData: early ? 'accepted' : firstHello.extensions.early_data ? 'rejected' : 'none',
  }
}

/** What a ClientHello for TLS 1.3 has to hold (RFC 9846 section 9.2). */
const checkOffer13 = ({ message, extensions }: ReceivedHello): void => {
  if (message.compressionMethods.length !== 1) {
    throw new TlsError('illegal_parameter', 'ClientHello: TLS 1.3 with compression methods (section 4.2.2)')
  }
  const withoutShare = extensions.pre_shared_key && extensions.psk_key_exchange_modes?.includes(pskModes.psk_ke) && !extensions.key_share
  if (withoutShare) return
  if (!extensions.supported_groups || !extensions.key_share) {
    throw new TlsError('missing_extension', 'ClientHello: supported_groups and key_share are expected (section 9.2)')
  }
  if (!extensions.signature_algorithms && !extensions.pre_shared_key) {
    throw new TlsError('missing_extension', 'ClientHello: signature_algorithms or a PSK is expected (section 9.2)')
  }
  const groups = extensions.key_share.map(({ group }) => group)
  const listed = extensions.supported_groups
  if (new Set(groups).size !== groups.length || groups.some((group) => !listed.includes(group))) {
    throw new TlsError('illegal_parameter', 'ClientHello: a key share twice, or for a group that is not listed (section 4.3.8)')
  }
}

type Agreed = Pick<Choice13, 'hello' | 'retried' | 'group' | 'share'>

/** The group and the client's share for it, asked for by a HelloRetryRequest where it sent none (section 4.2.4). */
function* agreeOnGroup(hs: ServerHandshake, firstHello: ReceivedHello, suite: ActiveSuite): Flow<Agreed> {
  const { config } = hs
  const pskOnly = !firstHello.extensions.key_share || !firstHello.extensions.psk_key_exchange_modes?.includes(pskModes.psk_dhe_ke)
  if (pskOnly && canDoWithoutShare(config, firstHello)) {
    return { hello: firstHello, retried: false, group: undefined, share: undefined }
  }
  const chosen = selectGroup13(config, firstHello.extensions)
  if (chosen.share !== undefined && !config.cookie) return { hello: firstHello, retried: false, ...chosen }
  const hello = yield* retryClient(hs, firstHello, suite, chosen)
  const { group, share } = selectGroup13(config, hello.extensions)
  if (share === undefined) throw new TlsError('illegal_parameter', 'ClientHello: still no key share after HelloRetryRequest')
  return { hello, retried: true, group, share }
}

/** psk_ke: no key exchange at all, only if both sides said that they would (section 4.3.9). */
const canDoWithoutShare = (config: ServerConfig, { extensions }: ReceivedHello): boolean =>
  config.pskModes.includes(pskModes.psk_ke) && extensions.pre_shared_key !== undefined && (extensions.psk_key_exchange_modes?.includes(pskModes.psk_ke) ?? false)

interface IdentityOrProblem {
  readonly identity: ChosenIdentity | undefined
  /** Set where there is no choice. */
  readonly problem: TlsError | undefined
}

/** Without a usable certificate the handshake may still go on with a PSK, so the problem is kept for later. */
function* identityOf(hs: ServerHandshake, hello: ReceivedHello): Flow<IdentityOrProblem> {
  const offered = hello.extensions.signature_algorithms
  if (!offered) {
    const problem = new TlsError('missing_extension', 'ClientHello: no signature_algorithms, and its PSK is not known here')
    return { identity: undefined, problem }
  }
  const taken = { signature_algorithms: offered, delegated_credential: hello.extensions.delegated_credential }
  try {
    const identity = yield* selectIdentity(hs.config, hello, (candidate) => schemeFor13(hs.config, candidate, taken))
    return { identity, problem: undefined }
  } catch (error) {
    if (error instanceof TlsError && hello.extensions.pre_shared_key) return { identity: undefined, problem: error }
    throw error
  }
}
