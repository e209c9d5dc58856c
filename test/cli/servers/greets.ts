// Waits for servers that speak first, and do not say on their output that they are ready.

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const greeted = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (result: boolean): void => {
      socket.destroy()
      resolve(result)
    }
    socket
      .on('data', () => done(true))
      .on('error', () => done(false))
      .on('close', () => done(false))
  })

/** Resolves when the server on this port of loopback has said something; throws after 600 attempts. */
export const greets = async (port: number): Promise<void> => {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await greeted(port)) return
    await sleep(50)
  }
  throw new Error(`nothing on port ${port} greets`)
}
