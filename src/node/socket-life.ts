// The life of a TLSSocket: what its handle tells, turned into the events of node:tls.

import type { Socket } from 'node:net'

import type { TlsEngine } from '../engine/types.ts'
import type { TlsError } from '../errors.ts'
import type { ConnectionInfo } from '../info.ts'
import type { HandleOwner } from './handle.ts'
import { codedError } from './node-errors.ts'
import { onClientAsks } from './renegotiation.ts'
import { wrapSession } from './sessions.ts'
import { engineFor } from './socket-engine.ts'
import type { SocketFacts } from './socket-facts.ts'
import { wireErrorOf } from './wire-errors.ts'

type Callback = (error?: Error | null) => void

/** Whom the handle tells. `isOwn`: the stream underneath was made for this socket. */
export const ownerOf = (socket: SocketFacts, isOwn: boolean): HandleOwner => ({
  makeEngine: () => makeEngine(socket),
  onHandshake: (info) => onHandshake(socket, info),
  onRenegotiated: (info) => {
    socket._puretls.info = info
    finishHandshake(socket)
  },
  onData: (data) => {
    touch(socket)
    return socket.push(data)
  },
  onEnd: (isTruncated) => {
    if (isTruncated && socket._tlsOptions.requireCloseNotify) {
      socket.destroy(codedError(Error, 'truncated', 'the stream ended without a close_notify: data may be missing'))
      return
    }
    socket.push(null)
    socket.read(0)
  },
  onSession: (session) => onSession(socket, session),
  onTlsError: (error) => onTlsError(socket, error),
  onTransportError: (error) => {
    // As in node:tls, the error of a stream that is no socket is told, and its end follows by itself.
    if (isOwn || (socket._secureEstablished && socket._parent)) socket.destroy(error)
    else socket._emitTLSError(error)
  },
  onTransportClose: () => {
    if (isOwn && socket.destroyed) return
    // What came before the end is still the reader's, though nothing is left below.
    const isUnread = socket._handle?.peerEnded === true && socket.readableLength > 0
    if (isUnread && !socket.destroyed) socket.once('end', () => socket.destroy())
    else socket.destroy()
  },
  verifyError: () => socket._puretls.verdict?.error ?? null,
})

const makeEngine = (socket: SocketFacts): TlsEngine =>
  engineFor({
    socket,
    options: socket._tlsOptions,
    state: socket._puretls,
    connectOptions: socket._puretls.connectOptions,
    onHello: (name) => {
      socket._puretls.heardHello = true
      if (name !== undefined) socket.servername = name
    },
    mayRenegotiate: () => onClientAsks(socket),
    fail: (error) => socket.destroy(error),
  })

const onHandshake = (socket: SocketFacts, info: ConnectionInfo): void => {
  const state = socket._puretls
  state.info = info
  const { _handle: handle } = socket
  if (socket._tlsOptions.requestOCSP && !state.isServer && !(info.resumed && info.version === 'TLS 1.2')) {
    const response = info.resumed ? undefined : info.ocspResponse
    socket.emit('OCSPResponse', response ? Buffer.from(response) : null)
    if (socket.destroyed) return
  }
  // What a resumed session stands on is judged again, by what this context trusts now.
  const chain = info.peerCertificates
  if (!info.resumed || chain.length === 0 || !handle) return finishHandshake(socket)
  const verdict = state.context.judge.judge(chain, state.isServer ? 'client' : 'server', Date.now())
  if (!(verdict instanceof Promise)) {
    state.verdict = verdict
    return finishHandshake(socket)
  }
  handle.hold()
  void verdict.then((later) => {
    state.verdict = later
    finishHandshake(socket)
    handle.release()
  })
}

/** Says that the handshake is done, and whom the peer proved to be is known. */
export const finishHandshake = (socket: SocketFacts): void => {
  const { info } = socket._puretls
  if (!socket._handle || !info || socket.destroyed) return
  socket.alpnProtocol = info.alpn ?? false
  if (socket.servername === null) socket.servername = sentName(socket, info)
  socket._secureEstablished = true
  const { handshakeTimeout } = socket._tlsOptions
  if (handshakeTimeout !== undefined && handshakeTimeout > 0) socket.setTimeout(0, socket._handleTimeout)
  socket.emit('secure')
}

const sentName = (socket: SocketFacts, info: ConnectionInfo): string | false =>
  (socket._puretls.isServer ? info.serverName : socket._tlsOptions.servername) || false

const onSession = (socket: SocketFacts, session: Uint8Array): void => {
  socket._puretls.session = session
  const shown = wrappedSession(socket, session)
  if (socket._puretls.isJudged) socket.emit('session', shown)
  else socket._puretls.pendingSession = Buffer.from(session)
}

/** For the program, with what found the server good. */
export const wrappedSession = (socket: SocketFacts, session: Uint8Array): Buffer<ArrayBuffer> => {
  const check: unknown = socket._puretls.connectOptions?.checkServerIdentity
  return wrapSession(session, socket.authorized && typeof check === 'function' ? check : undefined)
}

/** After secureConnect: the session that came before it. */
export const emitPendingSession = (socket: SocketFacts): void => {
  socket._puretls.isJudged = true
  const session = socket._puretls.pendingSession
  socket._puretls.pendingSession = undefined
  if (session) socket.emit('session', wrappedSession(socket, session))
}

const onTlsError = (socket: SocketFacts, error: TlsError): void => {
  if (socket._hadError) return
  const { isServer, heardHello } = socket._puretls
  if (error.received === 'close_notify' && (heardHello || !isServer)) {
    // The peer leaves in the handshake: an end, and whoever waits for the handshake says so.
    socket.push(null)
    socket.read(0)
    return
  }
  socket._hadError = true
  const shown = wireErrorOf(error, { isServer, heardHello, isEstablished: socket._secureEstablished })
  if (!socket._secureEstablished) socket.destroy(shown)
  else socket._emitTLSError(shown)
}

/** One write, or several joined (`isOurs`), held back while there is no connection. */
export const write = (socket: SocketFacts, data: Uint8Array, callback: Callback, isOurs = false): void => {
  if (socket.connecting) {
    const onClose = (): void =>
      callback(
        codedError(Error, 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'Socket closed before the connection was established'),
      )
    socket.once('close', onClose)
    socket.once('connect', () => {
      socket.off('close', onClose)
      write(socket, data, callback)
    })
    return
  }
  if (!socket._handle) return callback(codedError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed'))
  touch(socket)
  socket._handle.start()
  socket._handle.write(data, callback, isOurs)
}

/** The idle timer begins again. */
const touch = (socket: SocketFacts): void => {
  for (let each: Socket | null | undefined = socket; each; each = Reflect.get(each, '_parent')) {
    const unrefTimer: unknown = Reflect.get(each, '_unrefTimer')
    if (typeof unrefTimer === 'function') unrefTimer.call(each)
    if (each === Reflect.get(each, '_parent')) return
  }
}

/** What the socket tells of the one below it: that it is connected, and how a dial of its own goes on. */
export const forward = (socket: SocketFacts, below: Socket, isGiven: boolean): void => {
  socket._parent = isGiven ? below : null
  socket.connecting = isGiven ? below.connecting || below.pending : true
  below.once('connect', () => {
    socket.connecting = false
    socket.emit('connect')
  })
  if (isGiven) return
  for (const event of ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout', 'ready']) {
    below.on(event, (...details: unknown[]) => socket.emit(event, ...details))
  }
}
