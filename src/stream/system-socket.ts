// Which sockets keep nothing of what they have taken: Node's own class over TCP or a pipe of the system. A class made
// of it, or a handle in JavaScript (tools that intercept connections in tests), may give the same memory to somebody.

import { inNode } from '../crypto/runtime.ts'

/** Bytes of a chunk from which on its memory goes back at once: of a smaller one that is not worth a call. */
export const MIN_FREED = 4096

/** Asked when it is connected, or about to be. What sockets of other runtimes keep is not known. */
export const isSystemSocket = (socket: object): boolean => {
  const { _handle: handle }: { readonly _handle?: object | null } = socket
  return (
    inNode &&
    /^function (TCP|Pipe)\(\) \{ \[native/.test(String(handle?.constructor)) &&
    Object.getPrototypeOf(socket) === process.getBuiltinModule('node:net').Socket.prototype
  )
}

/** Somebody put a function of their own in the place of this one, and may keep what it is given. */
export const isHooked = (socket: object, method: string): boolean => Object.hasOwn(socket, method)
