// Sockets of Node, Bun and Deno: node:net. Both families are tried side by side by the platform (RFC 8305).

import type * as Net from 'node:net'

import { inWorkerd } from './crypto/runtime.ts'
import { asTlsError, TlsError } from './errors.ts'
import type { DialAttempt, ListenEvents, SocketAddress, SocketListener, Sockets } from './sockets.ts'
import { ignore } from './stream/defer.ts'
import { fromOwnSocket } from './stream/node.ts'
import { isSystemSocket } from './stream/system-socket.ts'
import type { AnyDuplex } from './stream/types.ts'

/** Loaded when it is first needed: most of the library works without. */
const nodeNet = (): typeof Net => process.getBuiltinModule('node:net')

const shown = ({ host, port }: SocketAddress): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

/** Nobody else gets to see a socket that was made here, unless something else stands in its place. */
const owned = (socket: Net.Socket): AnyDuplex => (inWorkerd || isSystemSocket(socket) ? fromOwnSocket(socket) : socket)

const reasonOf = (error: Error): string => {
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.message || error.name
}

const dial = (address: SocketAddress, attempt: DialAttempt): Promise<AnyDuplex> =>
  new Promise((resolve, reject) => {
    const socket = nodeNet().connect({ ...address, autoSelectFamily: true, noDelay: true })
    const stop = (): void => {
      socket.destroy()
      reject(asTlsError(attempt.reason))
    }
    attempt.onCancel = stop
    const failed = (cause: Error): void => {
      attempt.onCancel = undefined
      reject(new TlsError('transport_failed', `could not connect to ${shown(address)}: ${reasonOf(cause)}`, { cause }))
    }
    socket.on('error', failed)
    socket.once('connect', () => {
      attempt.onCancel = undefined
      socket.on('error', ignore) // told by whoever reads or writes
      socket.off('error', failed) // and what it refers to is not kept as long as the connection
      resolve(owned(socket))
    })
    if (attempt.reason) stop() // while connect() ran
  })

const listen = (address: SocketAddress, { onSocket, onError }: ListenEvents): Promise<SocketListener> =>
  new Promise((resolve, reject) => {
    const failed = (cause: Error): TlsError =>
      new TlsError('transport_failed', `could not listen on ${shown(address)}: ${reasonOf(cause)}`, { cause })
    const server = nodeNet().createServer({ noDelay: true }, (socket) => {
      socket.on('error', ignore) // told by whoever reads or writes
      onSocket(owned(socket), { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 })
    })
    server.once('error', (cause) => reject(failed(cause)))
    server.listen({ ...address, ...(address.host === '' ? { host: undefined } : {}) }, () => {
      server.on('error', (cause) => onError(failed(cause)))
      resolve({ address: addressOf(server), close: () => void server.close() })
    })
  })

const addressOf = (server: Net.Server): SocketAddress => {
  const address = server.address()
  return typeof address === 'object' && address ? { host: address.address, port: address.port } : { host: '', port: 0 }
}

export const nodeSockets: Sockets = { dial, listen }
