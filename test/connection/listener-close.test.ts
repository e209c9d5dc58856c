// close() of a listener while handshakes are under way, and what each of those costs the others.

import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { connect, createServer } from '../../src/index.node.ts'
import type { OnConnection } from '../../src/index.node.ts'
import { ecdsa } from '../fixtures/identities.ts'

const silent = async (port: number): Promise<Socket> => {
  const socket = connectTcp(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket.resume()
}

describe('close() of a listener', () => {
  it('ends every handshake that is not done, and tells onError of each', async () => {
    const told: unknown[] = []
    const greet: OnConnection = (connection) => connection.write(Uint8Array.of(1))
    const listener = await createServer(ecdsa).listen(0, '127.0.0.1', greet, {
      onError: ({ code, message }) => void told.push({ code, message }),
    })
    const { port } = listener.address
    const sockets = [await silent(port), await silent(port), await silent(port)]
    const established = await connect(`127.0.0.1:${port}`, { ca: ecdsa.cert })
    await established.read() // so the server has accepted those before it, and finished this handshake
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')))
    await listener.close()
    await closed
    const cancelled = {
      code: 'aborted',
      message: 'the handshake was cancelled by its signal: the listener was closed',
    }
    expect(told).toEqual([cancelled, cancelled, cancelled])
    await listener.close()
    expect(told).toHaveLength(3)
    await established.close()
  })

  it('gives a handshake no place in a list that is searched: other handshakes would make it dearer', async () => {
    const added = vi.spyOn(EventTarget.prototype, 'addEventListener')
    const listener = await createServer(ecdsa).listen(0, '127.0.0.1', () => {})
    const connection = await connect(`127.0.0.1:${listener.address.port}`, { ca: ecdsa.cert })
    expect(added).not.toHaveBeenCalled()
    added.mockRestore()
    await connection.close()
    await listener.close()
  })
})
