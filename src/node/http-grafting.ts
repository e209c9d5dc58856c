// What node:http and node:http2 add to a server of node:net is in listeners and properties that their constructors set.
// A server of ours gets both from a fresh one of theirs, so that HTTP is Node's own, with its limits, timeouts and
// events.

import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'

import { native } from './native.ts'

type Listener = (...args: unknown[]) => void

/** What `connectionListener` is called with: node:http's takes a socket for one that has come to the server `this`. */
export type ConnectionListener = (socket: Duplex) => void

/**
 * Gives `server` what `made` has beyond a net.Server. Returns the function that serves a connection, which the caller
 * calls when the handshake is done.
 */
export const graft = (server: NetServer, made: NetServer): ConnectionListener => {
  const plain = new Set(Reflect.ownKeys(new NetServer()))
  for (const key of Reflect.ownKeys(made)) {
    const property = Object.getOwnPropertyDescriptor(made, key)
    if (property && !plain.has(key)) Object.defineProperty(server, key, property)
  }
  for (const event of made.eventNames()) {
    if (event === 'connection') continue
    for (const listener of made.rawListeners(event)) server.on(event as string, listener as Listener)
  }
  const listeners = made.listeners('connection') as Listener[]
  return (socket) => {
    for (const listener of listeners) Reflect.apply(listener, server, [socket])
  }
}

/** A method of node:http's Server, on a server that has been grafted. */
export const httpMethod = (server: NetServer, name: 'closeAllConnections' | 'closeIdleConnections'): void => {
  Reflect.apply(native.HttpServer.prototype[name], server, [])
}
