// Sessions with Go, Java and Python, both ways, in both versions: three connections each, of which two resume.

import { once } from 'node:events'
import { createServer as listen } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer } from '../../src/index.node.ts'
import { memorySessionCache } from '../../src/session/index.ts'
import { createEnvironment, dialPeer, requirePeer } from './harness.ts'
import type { Environment } from './harness.ts'
import type { Version } from './peer.ts'
import { go } from './peers/go.ts'
import { java } from './peers/java.ts'
import { python } from './peers/python.ts'

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

const versions: readonly Version[] = ['TLS 1.3', 'TLS 1.2']

for (const peer of [go, java, python]) {
  const present = await requirePeer(peer)
  describe.skipIf(!present)(peer.name, () => {
    it.each(versions)('as the server resumes our %s session', async (version) => {
      const sessions = memorySessionCache()
      const resumed: boolean[] = []
      for (let i = 0; i < 3; i++) {
        const { info, received } = await dialPeer(
          environment,
          peer,
          { version, certificate: 'ecdsa', resume: true },
          { sessions },
        )
        expect(received).toBe(`echo:hello from puretls to ${peer.name}`)
        resumed.push(info.resumed)
      }
      expect(resumed).toEqual([false, true, true])
    })

    it.each(versions)('as the client has its %s session resumed', async (version) => {
      const tls = createServer({ ...environment.server.ecdsa, versions: { min: version, max: version } })
      const resumed: boolean[] = []
      const handle = async (socket: Socket): Promise<void> => {
        const connection = await tls.accept(socket)
        resumed.push(connection.info.resumed)
        for await (const data of connection)
          await connection.write(new Uint8Array([...new TextEncoder().encode('echo:'), ...data]))
        await connection.close()
      }
      // one port for all: Java keeps sessions by host and port
      const listener = listen((socket) => {
        handle(socket).catch(() => socket.destroy()) // the peer's report says what went wrong
      })
      listener.listen(0, '127.0.0.1')
      await once(listener, 'listening')
      const address = listener.address()
      const port = typeof address === 'object' && address ? address.port : 0
      try {
        for (let i = 0; i < 3; i++) {
          const report = await peer.dial(
            port,
            { version, certificate: undefined, message: `number ${i}`, resume: true },
            environment.files,
          )
          expect(report.received).toBe(`echo:number ${i}`)
        }
      } finally {
        listener.close()
      }
      expect(resumed).toEqual([false, true, true])
    })
  })
}
