// A machine that is loaded with the first connection: where it cannot be loaded, the connection says why, and the
// stream is given back to nobody. And a stream that ends before the handshake is done.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { connectBy } from '../../src/connect-base.ts'
import { everyServerPart } from '../../src/config/every.ts'
import { defaultsWith } from '../../src/defaults.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import type { ByteStream } from '../../src/index.node.ts'
import { createServerBy } from '../../src/server-base.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

const watched = () => {
  const [near, far] = pair()
  const aborted: unknown[] = []
  const stream: ByteStream = { ...near, abort: (reason) => void aborted.push(reason) }
  return { stream, far, aborted }
}

describe('a machine that cannot be loaded', () => {
  const defaults = defaultsWith(nodeProvider, () => anyCertificate)
  const missing = new Error('no such file')
  const machine = (): Promise<never> => Promise.reject(missing)
  const client = { provider: nodeProvider, verifier: anyCertificate, serverName: 'localhost' }
  const server = { provider: nodeProvider, ...ecdsa }
  it.each([
    ['client', (stream: ByteStream) => connectBy(machine)(stream, client)],
    [
      'server',
      (stream: ByteStream) => createServerBy({ defaults, parts: everyServerPart, machine })(server).accept(stream),
    ],
  ])('fails the connection of a %s and aborts its stream', async (_, open) => {
    const { stream, aborted } = watched()
    await expect(open(stream)).rejects.toBe(missing)
    expect(aborted).toEqual([missing])
  })
})

describe('a stream that ends before the handshake is done', () => {
  it.each(['client', 'server'])('fails the connection of a %s, and says that it was in the handshake', async (role) => {
    const [near, far] = pair()
    const opening =
      role === 'client'
        ? connect(near, { provider: nodeProvider, verifier: anyCertificate, serverName: 'localhost' })
        : createServer({ provider: nodeProvider, ...ecdsa }).accept(near)
    await far.close()
    await expect(opening).rejects.toMatchObject({
      code: 'truncated',
      message: expect.stringMatching(/^the transport ended during the handshake, and no alert says why/),
    })
  })
})
