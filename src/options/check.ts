// Options of connections as they are given: what checked-options.ts refuses, with the names that people know from other
// libraries.

import { checkKnown, checkOptions as checkNames } from '../checked-options.ts'
import type { OptionHints, OptionNames } from '../checked-options.ts'
import { connectionNames } from './names.ts'

export { requireObject } from '../checked-options.ts'

/** Groups that may be true or false instead. */
const switches: ReadonlySet<string> = new Set(['tickets'])
type Elsewhere = NonNullable<OptionHints['elsewhere']>

/** What others call it, node:tls, Go, OpenSSL, Python, rustls: of several options the first that there is. */
const named = (options: string | readonly string[], ...others: readonly string[]): Elsewhere =>
  Object.fromEntries(others.map((other) => [other, options]))

const hints: OptionHints = {
  switches,
  nearby: Object.keys(connectionNames),
  misplaced: (name) =>
    Object.hasOwn(connectionNames, name)
      ? 'an option of connect() and accept(), which the engine does not have'
      : undefined,
  elsewhere: {
    ...named(['verifier', 'clientAuth.mode'], 'rejectUnauthorized', 'verify_mode', 'insecure'),
    ...named(['verifier', 'clientAuth.verifier'], 'InsecureSkipVerify', 'checkServerIdentity', 'verifier', 'crl'),
    ...named(['ca', 'clientAuth.ca'], 'ca', 'trust', 'roots', 'RootCAs', 'ClientCAs', 'cafile', 'CApath'),
    ...named(['serverName', 'identity'], 'serverName', 'host', 'hostname', 'server_hostname', 'sni'),
    ...named('alpn', 'ALPNProtocols', 'NextProtos', 'ALPNCallback'),
    ...named('versions.min', 'minVersion', 'minimum_version'),
    ...named('versions.max', 'maxVersion', 'maximum_version'),
    ...named('versions', 'secureProtocol', 'secureOptions'),
    ...named('cipherSuites', 'ciphers', 'cipher_list'),
    ...named('groups', 'ecdhCurve', 'curves', 'CurvePreferences', 'dhparam'),
    ...named('signatureSchemes', 'sigalgs', 'signatureAlgorithms'),
    ...named(['clientAuth', 'identity'], 'clientAuth', 'requestCert', 'clientCertificate'),
    ...named('identity', 'SNICallback', 'GetCertificate', 'Certificates', 'pfx', 'secureContext'),
    ...named('cert', 'certificate', 'certfile', 'chain'),
    ...named('key', 'privateKey', 'keyfile', 'passphrase'),
    ...named('keyLog', 'KeyLogWriter'),
    ...named('sessions', 'ClientSessionCache'),
    ...named('tickets', 'SessionTicketsDisabled', 'ticketKeys'),
    ...named('tickets.lifetimeSeconds', 'lifetime', 'sessionTimeout'),
    ...named('handshakeTimeout', 'timeout'),
    ...named('trace', 'enableTrace'),
    ...named('psk', 'pskCallback'),
    ...named('hello.shape', 'shapeHello'),
    ...named('limits.maxRecordSize', 'maxFragmentLength'),
    ...named('earlyData.maxBytes', 'maxEarlyData'),
  },
}

/** Throws `bad_option` for what is no object, an option that is not among `names`, or a value of another kind; in
 * groups too. */
export const checkOptions = (options: unknown, names: OptionNames, group = ''): void =>
  checkNames(options, names, hints, group)

export type CheckOptions = typeof checkOptions

/** The same without guesses of what was meant. */
export const checkPlainly: CheckOptions = (options, names, group) => checkKnown(options, names, { switches }, group)
