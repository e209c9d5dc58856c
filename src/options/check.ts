// Options of connections as they are given: what checked-options.ts refuses, with the names that people know from other
// libraries.

import { checkKnown, checkOptions as checkNames } from '../checked-options.ts'
import type { OptionHints, OptionNames } from '../checked-options.ts'
import { connectionNames } from './names.ts'

export { requireObject } from '../checked-options.ts'

/** Groups that may be true or false instead. */
const switches: ReadonlySet<string> = new Set(['tickets'])

const hints: OptionHints = {
  switches,
  nearby: Object.keys(connectionNames),
  misplaced: (name) =>
    Object.hasOwn(connectionNames, name)
      ? 'an option of connect() and accept(), which the engine does not have'
      : undefined,
  elsewhere: {
    host: 'serverName',
    hostname: 'serverName',
    rejectUnauthorized: 'verifier',
    minVersion: 'versions.min',
    maxVersion: 'versions.max',
    ALPNProtocols: 'alpn',
    ciphers: 'cipherSuites',
    ecdhCurve: 'groups',
    curves: 'groups',
    sigalgs: 'signatureSchemes',
    requestCert: 'clientAuth',
    SNICallback: 'identity',
    trust: 'ca',
    roots: 'ca',
    pskCallback: 'psk',
    timeout: 'handshakeTimeout',
    insecure: 'verifier',
    lifetime: 'tickets.lifetimeSeconds',
    maxEarlyData: 'earlyData.maxBytes',
  },
}

/** Throws `bad_option` for what is no object, an option that is not among `names`, or a value of another kind; in
 * groups too. */
export const checkOptions = (options: unknown, names: OptionNames, group = ''): void =>
  checkNames(options, names, hints, group)

export type CheckOptions = typeof checkOptions

/** The same without guesses of what was meant. */
export const checkPlainly: CheckOptions = (options, names, group) => checkKnown(options, names, { switches }, group)
