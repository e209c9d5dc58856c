// connect('name:port'): a name with several addresses (RFC 8305), and what ends a dial in progress.

import dns from 'node:dns'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect, createServer } from '../../src/index.node.ts'
import type { TlsListener } from '../../src/index.node.ts'
import { ecdsa } from '../fixtures/identities.ts'

type Answer = (error: Error | null, addresses: readonly dns.LookupAddress[]) => void

let listener: TlsListener
let accepted: string[]
/** What the resolver does with a name. */
let resolve: (name: string, answer: Answer) => void
const both = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
]

beforeEach(async () => {
  accepted = []
  // only the second address listens
  listener = await createServer(ecdsa).listen(0, '127.0.0.1', async (connection, peer) => {
    accepted.push(peer.host)
    await connection.close()
  })
  const lookup = (name: string, _options: object, answer: Answer): void => resolve(name, answer)
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await listener.close()
})

const address = (): string => `server.test:${listener.address.port}`

describe('connect(name)', () => {
  it('goes on to the next address of the name when the first one refuses', async () => {
    const asked: string[] = []
    resolve = (name, answer) => {
      asked.push(name)
      answer(null, both)
    }
    const connection = await connect(address(), { ca: ecdsa.cert })
    expect(connection.info.verifiedChain).toHaveLength(1)
    expect(asked).toEqual(['server.test'])
    await connection.close()
    expect(await connection.closed).toBeUndefined()
    expect(accepted).toEqual(['127.0.0.1'])
  })

  it('fails when every address refuses', async () => {
    resolve = (_, answer) => answer(null, both)
    const gone = address()
    await listener.close()
    await expect(connect(gone)).rejects.toMatchObject({
      code: 'transport_failed',
      message: expect.stringContaining(`could not connect to ${gone}`),
    })
  })

  it('fails when the name has no address', async () => {
    resolve = (_, answer) => answer(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    await expect(connect(address())).rejects.toMatchObject({
      code: 'transport_failed',
      message: expect.stringMatching(/ENOTFOUND$/),
    })
  })

  it('is ended by timeoutMs while the name is looked up, and an answer that comes later dials nothing', async () => {
    let answer: Answer | undefined
    resolve = (_, given) => void (answer = given)
    await expect(connect(address(), { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
    answer?.(null, both)
    await listener.close()
    expect(accepted).toEqual([])
  })

  it('is ended by its signal while the name is looked up, and an answer that comes later dials nothing', async () => {
    const controller = new AbortController()
    let answer: Answer | undefined
    resolve = (_, given) => {
      answer = given
      controller.abort(new Error('changed my mind'))
    }
    await expect(connect(address(), { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('changed my mind'),
    })
    answer?.(null, both)
    await listener.close()
    expect(accepted).toEqual([])
  })
})
