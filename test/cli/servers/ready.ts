// Waits for servers that do not say on their output that they are ready.

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const reached = (port: number, event: 'connect' | 'data'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (result: boolean): void => {
      socket.destroy()
      resolve(result)
    }
    socket
      .on(event, () => done(true))
      .on('error', () => done(false))
      .on('close', () => done(false))
  })

const until = async (port: number, event: 'connect' | 'data'): Promise<void> => {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await reached(port, event)) return
    await sleep(50)
  }
  throw new Error(`nothing answers on port ${port}`)
}

/** Resolves when the server on this port of loopback has said something; throws after 600 attempts. */
export const greets = (port: number): Promise<void> => until(port, 'data')

/** The same for a server that does not speak first: resolves when it takes a connection. */
export const listens = (port: number): Promise<void> => until(port, 'connect')
