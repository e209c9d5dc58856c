// The engine for one TLSSocket: its options, and those of its server, as callbacks that know the socket. What an
// application answers wrongly or throws ends this socket, with the error that node:tls gives.

import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'

import { keyLogOf } from '../config/common.ts'
import type { KeyLog } from '../config.ts'
import { andThen } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { TlsEngine } from '../engine/types.ts'
import type { ClientAuthOptions, ClientHelloInfo, ClientOptions, ServerOptions, TracedRecord } from '../options.ts'
import type { ServerSessionStore } from '../session/interfaces.ts'
import { protocolNames } from './alpn.ts'
import { makeClientEngine } from './client-engine.ts'
import { Context } from './context.ts'
import { appendKeyLog, keyLogFile } from './keylog.ts'
import { bytesOfView, checkFunction, checkString, codedError, isView } from './node-errors.ts'
import { clientPsk, serverPsk } from './psk.ts'
import { clientAuth, makeServerEngine } from './server-engine.ts'
import { unwrapSession } from './sessions.ts'
import type { SocketState } from './socket-facts.ts'
import type { TLSSocketOptions } from './types.ts'

export interface EngineRequest {
  readonly socket: Duplex
  readonly options: TLSSocketOptions
  readonly state: SocketState
  /** Those of connect(). */
  readonly connectOptions: Record<string, unknown> | undefined
  /** Server: the name that the client asks for, before anything is answered. */
  readonly onHello: (servername: string | undefined) => void
  /** Server: a client asks for a renegotiation. */
  readonly mayRenegotiate: () => MaybePromise<boolean>
  /** Ends the socket with an error of the application. */
  readonly fail: (error: Error) => void
}

/** Throws TlsError for options that contradict each other. */
export const engineFor = (request: EngineRequest): TlsEngine =>
  request.state.isServer ? serverEngine(request) : clientEngine(request)

/** Makes no text of a secret unless somebody reads it. */
const keyLogTo = ({ socket }: EngineRequest): KeyLog => {
  const file = keyLogFile()
  const log = keyLogOf((line) => {
    const bytes = Buffer.from(`${line}\n`)
    socket.emit('keylog', bytes)
    if (file !== undefined) appendKeyLog(file, bytes)
  })
  return (...secret) => {
    if (file !== undefined || socket.listenerCount('keylog') > 0) log(...secret)
  }
}

/**
 * From when somebody wants it on. It is loaded then: it knows the name of every field. The first line of each record is
 * OpenSSL's.
 */
const traceTo =
  ({ state }: EngineRequest) =>
  (): ((record: TracedRecord) => void) | undefined =>
    state.isTracing ? writeTrace : undefined

const writeTrace = (record: TracedRecord): void => {
  const title = record.direction === 'sent' ? 'Sent TLS Record' : 'Received TLS Record'
  void import('../inspect/trace.ts').then(({ formatTrace }) =>
    process.stderr.write(`${title}\n${formatTrace([record])}\n`),
  )
}

/** Whom a session and a certificate have to be for. */
export const identityNameOf = (options: {
  readonly servername?: unknown
  readonly host?: unknown
  readonly socket?: unknown
}): string => {
  const { servername, host, socket } = options
  const below: unknown = typeof socket === 'object' && socket !== null ? Reflect.get(socket, '_host') : undefined
  return (
    [servername, host, below].find((name): name is string => typeof name === 'string' && name !== '') ?? 'localhost'
  )
}

const clientEngine = (request: EngineRequest): TlsEngine => {
  const { options, state, socket, connectOptions } = request
  const { pskCallback, session } = options
  const given = session && isView(session) ? unwrapSession(bytesOfView(session)) : undefined
  state.isCheckedBy = given?.isCheckedBy
  state.session = given?.session
  let psk
  if (pskCallback) {
    checkFunction(pskCallback, 'pskCallback')
    try {
      psk = clientPsk(Reflect.apply(pskCallback, socket, [null]))
    } catch (error) {
      throw failed(error, request.fail)
    }
  }
  return makeClientEngine({
    context: state.context,
    identityName: identityNameOf({ ...connectOptions, ...(options.servername && { servername: options.servername }) }),
    servername: options.servername || undefined,
    session: given,
    alpn: protocolNames(options.ALPNProtocols),
    requestOcsp: options.requestOCSP === true,
    psk,
    keyLog: keyLogTo(request),
    trace: traceTo(request),
    onVerdict: (verdict) => {
      state.verdict = verdict
    },
    own: (options.puretls ?? {}) as Partial<ClientOptions>,
  })
}

const serverEngine = (request: EngineRequest): TlsEngine => {
  const { options, state, socket, fail } = request
  const { server, pskCallback, pskIdentityHint, SNICallback } = options
  const emitter = server instanceof EventEmitter ? server : undefined
  if (pskCallback) checkFunction(pskCallback, 'pskCallback')
  if (pskCallback && pskIdentityHint) checkPskHint(pskIdentityHint, fail)
  return makeServerEngine({
    context: state.context,
    requestCert: Boolean(options.requestCert),
    rejectUnauthorized: Boolean(options.rejectUnauthorized),
    alpn: protocolNames(options.ALPNProtocols),
    currentContext: () => state.context,
    onHello: request.onHello,
    mayRenegotiate: request.mayRenegotiate,
    chooseAlpn: alpnChooser(request),
    chooseContext: SNICallback ? (name) => askForContext(socket, SNICallback, name, fail) : undefined,
    ocspResponse:
      emitter && emitter.listenerCount('OCSPRequest') > 0 ? (context) => askForOcsp(emitter, context, fail) : undefined,
    sessions: emitter && sessionEvents(emitter, fail),
    psk:
      pskCallback &&
      ((identity) => {
        try {
          return serverPsk(Reflect.apply(pskCallback, socket, [socket, Buffer.from(identity).toString()]))
        } catch (error) {
          throw failed(error, fail)
        }
      }),
    pskHint: pskIdentityHint || undefined,
    keyLog: keyLogTo(request),
    trace: traceTo(request),
    onVerdict: (verdict) => {
      state.verdict = verdict
    },
    onContext: (context) => {
      state.context = context
    },
    source: { stream: socket, context: undefined },
    own: (options.puretls ?? {}) as Partial<ServerOptions>,
  })
}

/** Server: what a renegotiation asks for. */
export const clientAuthOf = (state: SocketState, rejectUnauthorized: boolean): ClientAuthOptions =>
  clientAuth({ rejectUnauthorized, psk: undefined, onVerdict: (verdict) => (state.verdict = verdict) }, state.context)

/** Bytes, of OpenSSL. */
const MAX_PSK_HINT = 256

const checkPskHint = (hint: unknown, fail: (error: Error) => void): void => {
  checkString(hint, 'options.pskIdentityHint')
  if (Buffer.byteLength(hint) <= MAX_PSK_HINT) return
  throw failed(codedError(Error, 'ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED', 'Failed to set PSK identity hint'), fail)
}

/** What fails in a callback ends the socket with the callback's own error; the peer is not told more. */
const failed = (error: unknown, fail: (error: Error) => void): TlsError => {
  fail(error instanceof Error ? error : new Error(String(error)))
  return new TlsError('internal_error', 'a callback of the application failed', { cause: error })
}

const alpnChooser = ({ options, socket, fail }: EngineRequest) => {
  const { ALPNCallback } = options
  if (!ALPNCallback) return undefined
  checkFunction(ALPNCallback, 'options.ALPNCallback')
  return (protocols: readonly string[], { serverName }: ClientHelloInfo): string | undefined => {
    let chosen: unknown
    try {
      chosen = Reflect.apply(ALPNCallback, socket, [{ servername: serverName ?? false, protocols: [...protocols] }])
    } catch (error) {
      throw failed(error, fail)
    }
    if (chosen === undefined || (typeof chosen === 'string' && protocols.includes(chosen))) return chosen
    const message =
      'ALPN callback returned a value ' +
      `(${chosen as string}) that did not match any of the client's offered protocols (${protocols.join(', ')})`
    throw failed(codedError(TypeError, 'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT', message), fail)
  }
}

const multipleCallback = (): Error => codedError(Error, 'ERR_MULTIPLE_CALLBACK', 'Callback called multiple times')

type Ask<T> = (callback: (error: unknown, value?: T) => void) => void

/** A question to the application, answered at once or later; a second answer ends the socket. */
const asked = <T>(ask: Ask<T>, fail: (error: Error) => void): MaybePromise<T | undefined> => {
  let answer: { readonly error: unknown; readonly value: T | undefined } | undefined
  let settle: ((answer: { readonly error: unknown; readonly value: T | undefined }) => void) | undefined
  try {
    ask((error, value) => {
      if (answer) return fail(multipleCallback())
      answer = { error, value }
      settle?.(answer)
    })
  } catch (error) {
    throw failed(error, fail)
  }
  const outcome = (given: { readonly error: unknown; readonly value: T | undefined }): T | undefined => {
    if (given.error) throw failed(given.error, fail)
    return given.value
  }
  if (answer) return outcome(answer)
  return new Promise((resolve, reject) => {
    settle = (given) => {
      try {
        resolve(outcome(given))
      } catch (error) {
        reject(error)
      }
    }
  })
}

const askForContext = (
  socket: Duplex,
  callback: NonNullable<TLSSocketOptions['SNICallback']>,
  servername: string,
  fail: (error: Error) => void,
): MaybePromise<Context | undefined> => {
  checkFunction(callback, 'options.SNICallback')
  const ask: Ask<unknown> = (done) => Reflect.apply(callback, socket, [servername, done])
  const toContext = (given: unknown): Context | undefined => {
    if (given === undefined || given === null) return undefined
    if (given instanceof Context) return given
    const inner: unknown = typeof given === 'object' ? Reflect.get(given, 'context') : undefined
    if (inner instanceof Context) return inner
    throw failed(codedError(TypeError, 'ERR_TLS_INVALID_CONTEXT', 'Invalid SNI context'), fail)
  }
  return andThen(asked(ask, fail), toContext)
}

const askForOcsp = (
  server: EventEmitter,
  context: Context,
  fail: (error: Error) => void,
): MaybePromise<Uint8Array | undefined> => {
  const ask: Ask<unknown> = (done) =>
    void server.emit('OCSPRequest', context.getCertificate(), context.getIssuer(), done)
  return andThen(asked(ask, fail), toBytes)
}

const toBytes = (given: unknown): Uint8Array | undefined =>
  isView(given) ? new Uint8Array(bytesOfView(given)) : undefined

/** The server's own store of sessions by ID, as its listeners for newSession and resumeSession. */
const sessionEvents = (server: EventEmitter, fail: (error: Error) => void): ServerSessionStore | undefined => {
  if (server.listenerCount('newSession') === 0 && server.listenerCount('resumeSession') === 0) return undefined
  return {
    get: (sessionId) => {
      if (server.listenerCount('resumeSession') === 0) return undefined
      const ask: Ask<unknown> = (done) => void server.emit('resumeSession', Buffer.from(sessionId), done)
      return andThen(asked(ask, fail), toBytes)
    },
    // Nobody waits for it: a store that never answers holds up no connection.
    set: (sessionId, session) =>
      void server.emit('newSession', Buffer.from(sessionId), Buffer.from(session), () => undefined),
  }
}
