// Servers for tests of the command: TLS with certificates of an own CA, and protocols that begin in the clear. All on
// loopback, with ports of the system's choice, and gone after the tests of the file.

import { createServer as listenTcp } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createServer } from '../../src/index.node.ts'
import type { CreateServerOptions, TlsConnection } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'
import type { Ca, Issued } from '../../src/pki/index.ts'
import { scratchFolder } from './harness.ts'

export interface World {
  readonly folder: string
  readonly ca: Ca
  readonly leaf: Issued
}

/** A CA and a certificate for names that the tests and examples use; `ca.pem`, `server.pem`, `server-key.pem` in a
 * folder. */
export const createWorld = async (
  names: readonly string[] = ['localhost', 'example.com', 'mail.example.com', '127.0.0.1'],
): Promise<World> => {
  const folder = scratchFolder()
  const ca = await createCa({ name: 'Example CA' })
  const leaf = await ca.issue({ names })
  writeFileSync(join(folder, 'ca.pem'), ca.certificatePem)
  writeFileSync(join(folder, 'server.pem'), leaf.chainPem)
  writeFileSync(join(folder, 'server-key.pem'), leaf.privateKeyPem, { mode: 0o600 })
  return { folder, ca, leaf }
}

const closers: (() => void)[] = []
afterAll(() => {
  for (const close of closers.splice(0)) close()
})

export const echo = async (connection: TlsConnection): Promise<void> => {
  for await (const data of connection) await connection.write(data)
  await connection.close()
}

/** The port of a server that echoes, or does what it is told. */
export const tlsServer = async (
  { leaf }: World,
  options: Partial<CreateServerOptions> = {},
  onConnection: (connection: TlsConnection) => Promise<void> = echo,
): Promise<number> => {
  const own = options.identity === undefined ? { cert: leaf.chainPem, key: leaf.privateKeyPem } : {}
  const server = createServer({ ...own, ...options })
  const listener = await server.listen(0, '127.0.0.1', onConnection)
  closers.push(() => void listener.close())
  return listener.address.port
}

/** The port of a TCP server. */
export const tcpServer = (onSocket: (socket: Socket) => void): Promise<number> =>
  new Promise((resolve) => {
    const sockets = new Set<Socket>()
    const server: Server = listenTcp((socket) => {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
      onSocket(socket)
    }).listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    closers.push(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
  })

/** Says `greeting`, answers each piece that comes by `steps` in turn, and after the last one speaks TLS. */
export const clearServer = (
  world: World,
  greeting: string | Uint8Array,
  steps: readonly (string | Uint8Array)[],
): Promise<number> =>
  tcpServer((socket) => {
    const server = createServer({ cert: world.leaf.chainPem, key: world.leaf.privateKeyPem })
    if (greeting.length > 0) socket.write(greeting)
    const left = [...steps]
    const onData = (data: Buffer): void => {
      const answer = left.shift() ?? ''
      if (left.length === 0) {
        socket.off('data', onData).pause()
        if (answer.length > 0) socket.write(answer)
        // MySQL's clients wait for no answer: TLS begins right behind a packet of 36 bytes.
        const head = answer.length > 0 ? new Uint8Array(0) : new Uint8Array(data.subarray(36))
        server
          .accept(socket, { head })
          .then(echo)
          .catch(() => {})
      } else socket.write(answer)
    }
    socket.on('data', onData)
  })
