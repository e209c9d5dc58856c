// The socket that node:http2 gets for one of ours. Its native part reads and writes through a handle of Node's; for a
// stream without one it makes a net.Socket around it by itself, in which it finds nothing of TLS. So we make that
// net.Socket beforehand, and give it what the TLS socket knows: `session.encrypted`, `session.alpnProtocol` and
// `request.socket` tell the truth.

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { TLSSocket } from './socket.ts'
import { wrapperClass } from './stream-wrapper.ts'

/** Returns `socket` itself on runtimes whose node:http2 takes any stream (Bun, Deno). */
export const http2SocketOf = (socket: TLSSocket): Duplex => {
  const WrapperClass = wrapperClass()
  if (!WrapperClass) return socket
  const wrapper = new WrapperClass(socket)
  for (const name of namesOfTls(socket)) {
    define(wrapper, name, () => {
      const value: unknown = Reflect.get(socket, name)
      return typeof value === 'function' ? value.bind(socket) : value
    })
  }
  // node:http2 starts a session on `connect` where it is to wait; for TLS that is after the handshake.
  define(wrapper, 'connecting', () => socket.alpnProtocol === null && !socket.destroyed)
  if (socket.alpnProtocol === null) {
    socket.once('secureConnect', () => {
      wrapper.emit('connect')
      wrapper.emit('secureConnect')
    })
  }
  socket.on('timeout', () => wrapper.emit('timeout'))
  return wrapper
}

/** Facts that the wrapper, being a net.Socket without a connection of its own, would answer wrongly. */
const ofTheSocketUnderneath: ReadonlySet<string> = new Set([
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
  'address',
  'bytesRead',
  'bytesWritten',
  'setNoDelay',
  'setKeepAlive',
  'ref',
  'unref',
  'pending',
])

const ignore = (_value: unknown): void => {}

/** Set by the wrapper itself now and then, which must not fail. */
const define = (wrapper: object, name: string, get: () => unknown): void => {
  Object.defineProperty(wrapper, name, { configurable: true, get, set: ignore })
}

/** The public names of a TLS socket that are no plain socket's, and those above. */
const namesOfTls = (socket: TLSSocket): ReadonlySet<string> => {
  const plain = new Set(namesOf(new Socket()))
  const own = namesOf(socket).filter((name) => !name.startsWith('_') && !plain.has(name))
  return new Set([...ofTheSocketUnderneath, ...own])
}

const namesOf = (object: object): readonly string[] => {
  const names: string[] = []
  for (let at: object | null = object; at; at = Object.getPrototypeOf(at)) names.push(...Object.getOwnPropertyNames(at))
  return names
}
