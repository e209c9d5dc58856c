// A client's engine out of the options of node:tls: the secure context, the name, the session, keys that both ends
// have.

import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

import type { KeyLog } from '../config.ts'
import { createClientEngine, clientConfig } from '../engine/every.ts'
import type { ClientConfig } from '../engine/every.ts'
import type { TlsEngine } from '../engine/types.ts'
import { TlsError } from '../errors.ts'
import type { ClientOptions, ExternalPsk } from '../options.ts'
import { mergeOptions } from '../options/merge.ts'
import { isAddress, isHostName } from '../wire/host-name.ts'
import { defaults } from './late.ts'
import { legacyPsk } from './psk.ts'
import { checkSuites } from './ciphers.ts'
import type { Context } from './context.ts'
import { isRenegotiationOff } from './renegotiation.ts'
import type { WrappedSession } from './sessions.ts'
import type { Verdict } from './verify.ts'
import { spokenVersions } from './versions.ts'

export interface ClientSetup {
  readonly context: Context
  /** Whom the certificate has to be for. */
  readonly identityName: string
  /** The name to send; undefined for none. */
  readonly servername: string | undefined
  readonly session: WrappedSession | undefined
  readonly alpn: readonly string[]
  readonly requestOcsp: boolean
  readonly psk: ExternalPsk | undefined
  readonly keyLog: KeyLog
  /** Asked at each record: a trace may begin at any time. */
  readonly trace: () => ClientOptions['trace']
  readonly onVerdict: (verdict: Verdict) => void
  /** Options of the library itself. */
  readonly own: Partial<ClientOptions>
}

/** Throws TlsError for options that contradict each other. */
export const makeClientEngine = (setup: ClientSetup): TlsEngine => {
  const config = configFor(setup)
  return createClientEngine({ ...config, keyLog: config.keyLog ?? setup.keyLog, traceLater: setup.trace })
}

const configFor = (setup: ClientSetup): ClientConfig => {
  const { context, session, psk, own, alpn, requestOcsp } = setup
  const verifier = context.judge.verifier(setup.onVerdict)
  const serverName = nameOf(setup)
  if (psk || Object.keys(own).length > 0) {
    const options = clientOptions(setup, { serverName, verifier, ...(session && { session: session.session }) })
    return clientConfig(mergeOptions(options, own), defaults)
  }
  const { versions, suites, groups, schemes, identities, compression, options } = context
  const madeOf = [versions, suites, groups, schemes, identities, compression, options, requestOcsp, ...alpn]
  const kept = context.clientConfig.get(madeOf, () =>
    clientConfig(clientOptions(setup, { serverName: false, verifier: context.judge.verifier(() => {}) }), defaults),
  )
  return {
    ...kept,
    copyOf: kept,
    serverName: serverName === false ? undefined : serverName,
    sendServerName: sentName(setup) !== undefined,
    verifier,
    session: session?.state,
  }
}

/** What is not the same for all connections of a context. */
type OfConnection = Pick<ClientOptions, 'serverName' | 'verifier' | 'session'>

/** `madeOf` of configFor() has all that is read here. */
const clientOptions = (setup: ClientSetup, ofConnection: OfConnection): ClientOptions => {
  const { context, psk, own } = setup
  const versions = spokenVersions(context.versions)
  if (!versions) throw new TlsError('protocol_version', 'no version is left that is spoken here: TLS 1.2 and TLS 1.3')
  if (!own.cipherSuites && !own.versions && !own.psk) checkSuites(context.suites, versions, psk !== undefined)
  return {
    ...ofConnection,
    versions,
    cipherSuites: context.suites,
    ...(context.groups && { groups: context.groups }),
    ...(context.schemes && { signatureSchemes: context.schemes }),
    identity: context.identities,
    alpn: setup.alpn,
    tls12: { renegotiation: isRenegotiationOff(context) ? 'never' : 'freely' },
    hello: { sendServerName: sentName(setup) !== undefined },
    certificates: { requestOcsp: setup.requestOcsp, requestScts: false, compression: context.compression },
    ...(psk && { psk: { keys: legacyPsk(psk) } }),
    limits: { maxHandshakeMessage: 1 << 20 },
  }
}

/** Undefined for none: addresses are not sent. */
const sentName = ({ servername }: ClientSetup): string | undefined =>
  servername !== undefined && isIP(servername) === 0 ? servername : undefined

const nameOf = (setup: ClientSetup): string | false => acceptable(sentName(setup) ?? setup.identityName)

/**
 * A name that can be sent and looked for; false for an invalid host, which then only checkServerIdentity judges.
 */
const acceptable = (name: string): string | false => {
  const ascii = isIP(name.replace(/%.*$/, '')) !== 0 ? name.replace(/%.*$/, '') : domainToASCII(name) || name
  return isAddress(ascii) || isHostName(ascii.replace(/\.$/, '')) ? ascii : false
}
