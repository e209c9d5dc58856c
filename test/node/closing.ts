// Servers and sockets that a test opened, closed after it.

import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'

/** What the test that runs has to close. */
export const closing: (() => unknown)[] = []

/** For afterEach(). */
export const closeAll = (): void => {
  for (const close of closing.splice(0)) close()
}

/** The port of a server that begins to listen on 127.0.0.1; it and its connections are closed after the test. */
export const listening = async (server: Server): Promise<number> => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  server.on('connection', (socket: Socket) => closing.push(() => socket.destroy()))
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}
