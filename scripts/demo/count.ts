// Counts bytes and round trips of a handshake on a socket.

import type net from 'node:net'

export interface Counts {
  readonly sent: number
  readonly received: number
  /** Times that the direction turned from sending to receiving. */
  readonly roundTrips: number
}

/** Watches a socket from now on; the function answers with the counts so far. */
export const countedSocket = (socket: net.Socket): (() => Counts) => {
  let roundTrips = 0
  let direction: 'sent' | 'received' | undefined
  const turn = (now: 'sent' | 'received'): void => {
    if (direction === 'sent' && now === 'received') roundTrips++
    direction = now
  }
  const { write, push } = socket
  socket.write = (...args: unknown[]) => {
    turn('sent')
    return Reflect.apply(write, socket, args)
  }
  socket.push = (...args: unknown[]) => {
    if (args[0] !== null) turn('received')
    return Reflect.apply(push, socket, args)
  }
  return () => ({ sent: socket.bytesWritten, received: socket.bytesRead, roundTrips })
}
