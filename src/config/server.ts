// A server's options in, one frozen and checked config out.

import { MadeOnce } from './made-once.ts'
import type { Defaults, ServerConfig, ServerConfigParts } from './types.ts'
import { commonConfig, inRange, needsFeature } from './common.ts'
import { checkServerOptions } from './contradictions.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { identitiesOf } from '../identities.ts'
import { loadIdentity } from '../identity.ts'
import { checkOptions } from '../options/check.ts'
import { serverNames } from '../options/server-names.ts'
import type { ServerOptions } from '../options.ts'
import { hintOf } from '../psk.ts'
import { MAX_SESSION_LIFETIME } from '../session/lifetime.ts'

/** Throws as clientConfig does; a key that does not match its certificate is refused here, not at the first
 * connection. `made`: of the config that this one replaces. */
export const serverConfigWith = (
  options: ServerOptions,
  defaults: Defaults,
  parts: ServerConfigParts,
  made: MadeOnce = new MadeOnce(),
): ServerConfig => {
  checkOptions(options, serverNames)
  checkServerOptions(options)
  const common = commonConfig(options, defaults, parts)
  checkFeatures(options, parts)
  const { provider } = common
  const { hello = {}, psk = {}, earlyData = {} } = options
  const earlyDataWindow = inRange(earlyData.windowSeconds ?? 10, 1, 600, 'earlyData.windowSeconds')
  const maxEarlyData = inRange(earlyData.maxBytes ?? 0, 0, 0xffffffff, 'earlyData.maxBytes')
  return Object.freeze({
    ...common,
    identitiesFor: identitiesOf(options, provider, loadIdentity),
    onClientHello: options.onClientHello,
    options,
    made,
    clientAuth: parts.clientAuth?.(options, common, defaults),
    preferServerOrder: hello.preferServerOrder ?? true,
    tickets: parts.sessions ? ticketConfig(options, provider, defaults, made) : undefined,
    sessions: options.sessions,
    psk: psk.lookup,
    pskHint: hintOf(psk.hint),
    maxEarlyData,
    maxSkippedEarlyData: made.mostEarlyData(maxEarlyData),
    earlyDataWindow,
    replayGuard:
      earlyData.replayGuard ??
      (maxEarlyData > 0
        ? made.replayGuard(defaults.replayGuard, common.clock, quarantineOf(options, earlyDataWindow))
        : undefined),
    cookie: hello.cookie ?? false,
    chooseAlpn: hello.chooseAlpn,
    ech: hello.ech && parts.ech?.(hello.ech, provider),
  })
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
  const resumedCount = inRange(options.tickets?.resumedCount ?? Math.min(count, 1), 0, 255, 'tickets.resumedCount')
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
  return protector && count > 0 ? { count, resumedCount, lifetime, renewAfter, protector, applicationData } : undefined
}

const checkFeatures = (options: ServerOptions, parts: ServerConfigParts): void => {
  const { tickets, sessions, earlyData, resumption, psk = {}, clientAuth, hello = {} } = options
  needsFeature(parts.sessions, 'sessions', { tickets, sessions, earlyData, resumption })
  needsFeature(parts.externalPsks, 'externalPsks', { 'psk.lookup': psk.lookup, 'psk.hint': psk.hint })
  needsFeature(parts.clientAuth, 'clientAuth', { clientAuth })
  needsFeature(parts.ech, 'ech', { 'hello.ech': hello.ech })
}
