// `onread`: what comes is copied into memory of the caller and handed to a function; nobody hears `data`.

import type { Socket } from 'node:net'

import type { OnRead } from './types.ts'

/** From now on what is pushed goes to the callback; false from it pauses the socket. */
export const readInto = (socket: Socket, { buffer, callback }: OnRead): void => {
  // As from the handle of libuv: memory is asked for before there is something to put into it.
  let into = typeof buffer === 'function' ? buffer() : buffer
  const push = socket.push.bind(socket)
  Object.defineProperty(socket, 'push', {
    configurable: true,
    writable: true,
    value: (chunk: unknown): boolean => {
      if (!(chunk instanceof Uint8Array)) return push(chunk)
      let goesOn = true
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + into.length)
        into.set(part)
        at += part.length
        if (callback(part.length, into) === false) goesOn = false
        if (typeof buffer === 'function') into = buffer()
      }
      return goesOn
    },
  })
}
