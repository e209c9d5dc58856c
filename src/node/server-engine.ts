// A server's engine out of the options of node:tls: one configuration for each connection, whose callbacks know their
// socket. The order in which the application is asked is Node's: session, name, OCSP response.

import { constants } from 'node:crypto'

import type { KeyLog } from '../config.ts'
import { andThen } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { createServerEngine, serverConfig } from '../engine/every.ts'
import type { ServerConfig } from '../engine/every.ts'
import type { TlsEngine } from '../engine/types.ts'
import { TlsError } from '../errors.ts'
import type { ClientAuthOptions, ClientHelloInfo, FoundPsk, ServerOptions, TicketOptions } from '../options.ts'
import { mergeOptions } from '../options/merge.ts'
import type { ServerSessionStore, TicketProtector } from '../session/interfaces.ts'
import { extensionTypes, signatureSchemeName } from '../wire/registry.ts'
import { checkSuites } from './ciphers.ts'
import type { Context } from './context.ts'
import { defaults } from './late.ts'
import { fromOpenSsl, toOpenSsl } from './openssl-sessions.ts'
import type { SessionRules } from './openssl-sessions.ts'
import { isRenegotiationOff } from './renegotiation.ts'
import type { Verdict } from './verify.ts'
import { spokenVersions } from './versions.ts'

export interface ServerSetup {
  readonly context: Context
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
  readonly alpn: readonly string[]
  /** The context as it is now: an ALPNCallback may exchange it by setKeyCert(). */
  readonly currentContext: () => Context
  readonly onHello: (servername: string | undefined) => void
  readonly mayRenegotiate: () => MaybePromise<boolean>
  readonly chooseAlpn: ((offered: readonly string[], hello: ClientHelloInfo) => string | undefined) | undefined
  /** Another context for the name that the client asks for. */
  readonly chooseContext: ((servername: string) => MaybePromise<Context | undefined>) | undefined
  /** The OCSP response to staple, for a client that asks. */
  readonly ocspResponse: ((context: Context) => MaybePromise<Uint8Array | undefined>) | undefined
  readonly sessions: ServerSessionStore | undefined
  readonly psk: ((identity: Uint8Array) => FoundPsk | undefined) | undefined
  readonly pskHint: string | undefined
  readonly keyLog: KeyLog
  /** Asked at each record: a trace may begin at any time. */
  readonly trace: () => ServerOptions['trace']
  readonly onVerdict: (verdict: Verdict) => void
  readonly onContext: (context: Context) => void
  readonly source: { readonly stream: unknown; readonly context: unknown }
  /** Options of the library itself. */
  readonly own: Partial<ServerOptions>
}

/** Throws TlsError for options that contradict each other. */
export const makeServerEngine = (setup: ServerSetup): TlsEngine => {
  const config = configFor(setup)
  return createServerEngine(
    { ...config, keyLog: config.keyLog ?? setup.keyLog, traceLater: setup.trace },
    defaults,
    setup.source,
  )
}

const configFor = (setup: ServerSetup): ServerConfig => {
  const { context, own, psk, requestCert, alpn } = setup
  const options = serverOptions(setup)
  if (psk || requestCert || Object.keys(own).length > 0) {
    return serverConfig(mergeOptions(options, own), defaults, context.madeOnce)
  }
  const { versions, suites, groups, schemes, identities, compression, options: flags, sessionTimeout } = context
  const madeOf = [versions, suites, groups, schemes, identities, compression, flags, sessionTimeout, ...alpn]
  const { onClientHello, sessions, tickets = false, tls12, ...shared } = options
  const kept = context.serverConfig.get(madeOf, () =>
    serverConfig({ ...shared, tickets: tickets && { ...tickets, protector: nobodys } }, defaults, context.madeOnce),
  )
  return {
    ...kept,
    copyOf: kept,
    options,
    onClientHello,
    sessions,
    tickets: kept.tickets && tickets ? { ...kept.tickets, protector: tickets.protector ?? nobodys } : undefined,
    renegotiation: tls12?.renegotiation ?? 'never',
  }
}

/** Stands for that of a connection, which leads to its socket, in what a context keeps. */
const nobodys: TicketProtector = { seal: () => undefined, open: () => undefined }

const serverOptions = (setup: ServerSetup): ServerOptions => {
  const { context, own, psk } = setup
  const versions = spokenVersions(context.versions)
  if (!versions) throw new TlsError('protocol_version', 'no version is left that is spoken here: TLS 1.2 and TLS 1.3')
  if (!own.cipherSuites && !own.versions && !own.psk) checkSuites(context.suites, versions, psk !== undefined)
  const isOrdered = (context.options & constants.SSL_OP_CIPHER_SERVER_PREFERENCE) !== 0
  return {
    ...ofContext(setup, context),
    versions,
    cipherSuites: psk ? sha256First(context.suites) : context.suites,
    ...(context.groups && { groups: context.groups }),
    ...(context.schemes && { signatureSchemes: context.schemes }),
    certificates: { compression: context.compression },
    alpn: setup.alpn,
    onClientHello: (hello) => answerHello(setup, hello),
    hello: { preferServerOrder: isOrdered || psk ? 'strict' : false },
    tickets: ticketsOf(setup),
    ...(setup.sessions && { sessions: inOpenSslsForm(setup.sessions, sessionRules(setup)) }),
    ...(psk && { psk: { lookup: psk, ...(setup.pskHint !== undefined && { hint: setup.pskHint }) } }),
    tls12: { renegotiation: isRenegotiationOff(context) ? 'never' : setup.mayRenegotiate },
    limits: { maxHandshakeMessage: 1 << 20 },
  }
}

/** A key of pskCallback is made for SHA-256: a suite of TLS 1.3 with another hash would rule it out. */
const sha256First = (suites: readonly string[]): readonly string[] =>
  suites.toSorted((a, b) => Number(b.endsWith('SHA256')) - Number(a.endsWith('SHA256')))

const DEFAULT_LIFETIME = 7200
const MAX_LIFETIME = 604_800

const ticketsOf = (setup: ServerSetup): TicketOptions | false => {
  const { context } = setup
  if ((context.options & constants.SSL_OP_NO_TICKET) !== 0) return false
  const lifetime = context.sessionTimeout || DEFAULT_LIFETIME
  return {
    protector: context.tickets.protector(sessionRules(setup)),
    lifetimeSeconds: Math.min(lifetime, MAX_LIFETIME),
    // As node:tls: a session goes on by the ticket that it began with, until it is too old.
    count: 2,
    resumedCount: 0,
    renewAfterSeconds: MAX_LIFETIME,
  }
}

/** A store that sees sessions as node:tls gives them to `newSession`. */
const inOpenSslsForm = (store: ServerSessionStore, rules: SessionRules): ServerSessionStore => ({
  get: (sessionId, request) =>
    andThen(store.get(sessionId), (found) => found && request && fromOpenSsl(found, rules, request)),
  set: (sessionId, session, seconds) =>
    andThen(toOpenSsl(session, rules, sessionId), (sslSession) => store.set(sessionId, sslSession, seconds)),
})

const sessionRules = (setup: ServerSetup): SessionRules => ({
  contexts: setup.context.sessionIdContexts,
  requestCert: setup.requestCert,
  choosesByName: setup.chooseContext !== undefined,
  judge: (chain) => setup.currentContext().judge.judge(chain, 'client', Date.now()),
})

/** What an SNICallback exchanges; a context without a certificate leaves the server's own. */
const ofContext = (setup: ServerSetup, context: Context): Pick<ServerOptions, 'identity' | 'clientAuth'> => ({
  identity: identitiesOf(setup, context),
  ...(setup.requestCert && { clientAuth: clientAuth(setup, context) }),
})

const identitiesOf = (setup: ServerSetup, { identities }: Context): Context['identities'] =>
  identities.length > 0 ? identities : setup.context.identities

export const clientAuth = (
  { rejectUnauthorized, psk, onVerdict }: Pick<ServerSetup, 'rejectUnauthorized' | 'psk' | 'onVerdict'>,
  context: Context,
): ClientAuthOptions => ({
  mode: rejectUnauthorized ? 'require' : 'request',
  verifier: context.judge.verifier(onVerdict),
  authorities: context.authorities.map(({ subject }) => subject.der),
  ...(psk && { acceptPsk: true }),
})

/** Asks for another context and for an OCSP response. A promise only where the application answers later. */
const answerHello = (setup: ServerSetup, hello: ClientHelloInfo): MaybePromise<Partial<ServerOptions> | undefined> => {
  const { serverName } = hello
  checkSchemes(setup.context, hello)
  setup.onHello(serverName)
  const alpn = setup.chooseAlpn && hello.alpn.length > 0 ? answerAlpn(setup.chooseAlpn(hello.alpn, hello)) : undefined
  const chosen = serverName !== undefined && setup.chooseContext ? setup.chooseContext(serverName) : undefined
  return andThen(chosen, (context) => withOcsp(setup, hello, alpn, context))
}

/** Nothing in common of what may be signed with: told apart, as OpenSSL does, from a key that fits none of it. */
const checkSchemes = ({ schemes }: Context, { signatureSchemes }: ClientHelloInfo): void => {
  const names: readonly string[] = signatureSchemes.map(signatureSchemeName)
  if (!schemes || signatureSchemes.length === 0 || schemes.some((name) => names.includes(name))) return
  throw new TlsError(
    'no_common_signature_scheme',
    'no shared signature algorithms: sigalgs of both ends have none in common',
  )
}

/** What ALPNCallback chose; undefined refuses the client. */
const answerAlpn = (chosen: string | undefined): Partial<ServerOptions> => ({ hello: { chooseAlpn: () => chosen } })

const withOcsp = (
  setup: ServerSetup,
  hello: ClientHelloInfo,
  alpn: Partial<ServerOptions> | undefined,
  chosen: Context | undefined,
): MaybePromise<Partial<ServerOptions> | undefined> => {
  if (chosen) setup.onContext(chosen)
  const context = setup.currentContext()
  const changed = context === setup.context ? alpn : { ...ofContext(setup, context), ...alpn }
  const asks = hello.extensions.includes(extensionTypes.status_request)
  if (!asks || !setup.ocspResponse) return changed
  const staple = (ocspResponse: Uint8Array | undefined): Partial<ServerOptions> | undefined =>
    ocspResponse
      ? { ...changed, identity: identitiesOf(setup, context).map((identity) => ({ ...identity, ocspResponse })) }
      : changed
  return andThen(setup.ocspResponse(context), staple)
}
