// The times of a connection where none are given, and what a transport tells by itself.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defer } from '../../src/stream/defer.ts'
import { pair } from '../../src/stream/pair.ts'
import { Pump } from '../../src/stream/pump.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import { turns } from './compliance.ts'
import { FakeEngine } from './fake-engine.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const never = (): Promise<never> => new Promise(() => {})
/** Whether it is settled after so many milliseconds, and not one before. */
const settlesAt = async (promise: Promise<unknown>, milliseconds: number): Promise<void> => {
  const settled = vi.fn()
  promise.then(settled, settled)
  await vi.advanceTimersByTimeAsync(milliseconds - 1)
  await turns(3)
  expect(settled).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  await turns(3)
  expect(settled).toHaveBeenCalledOnce()
}

describe('by default', () => {
  it('a handshake has 30 seconds', async () => {
    const [near] = pair()
    const { handshake } = new Pump(new FakeEngine('client'), near)
    await settlesAt(handshake, 30_000)
    await expect(handshake).rejects.toMatchObject({ code: 'timeout', message: expect.stringMatching(/30000 ms/) })
  })

  it('a peer has 5 seconds to end its side after close()', async () => {
    const [near, far] = pair()
    const client = new Pump(new FakeEngine('client'), near)
    const server = new Pump(new FakeEngine('server'), { ...far, close: never })
    await Promise.all([client.handshake, server.handshake])
    await client.close()
    await settlesAt(client.closed, 5000)
    expect(await client.closed).toBeUndefined()
  })

  it('a store has a second to answer', async () => {
    const skipped = vi.fn()
    class Waiting extends FakeEngine {
      override optional: Promise<unknown> | undefined = never()
      override skipOptional = skipped
    }
    const [near] = pair()
    const client = new Pump(new Waiting('client'), near)
    client.handshake.catch(() => {})
    await vi.advanceTimersByTimeAsync(999)
    expect(skipped).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(skipped).toHaveBeenCalledOnce()
  })

  it.each(['handshakeTimeout', 'closeTimeout', 'storeTimeout'])('%s is a time', (option) => {
    const [near] = pair()
    expect(() => new Pump(new FakeEngine('client'), near, { [option]: 0 })).toThrow(new RegExp(`^${option}: `))
  })
})

describe('a transport that failed', () => {
  const connected = async (more: (near: ByteStream) => Partial<ByteStream>) => {
    const [near, far] = pair()
    const client = new Pump(new FakeEngine('client'), { ...near, ...more(near) })
    const server = new Pump(new FakeEngine('server'), far)
    await Promise.all([client.handshake, server.handshake])
    return { client, server, far }
  }

  it('and tells so itself ends the connection, after a second for the peer to say why', async () => {
    const failed = defer<unknown>()
    const { client } = await connected(() => ({ failed: failed.promise }))
    failed.resolve(new Error('broken'))
    await turns(3)
    await settlesAt(client.closed, 1000)
    expect(await client.closed).toMatchObject({ code: 'transport_failed', message: expect.stringMatching(/broken/) })
  })

  it('is told by the peer why, where that comes first', async () => {
    const failed = defer<unknown>()
    const { client, far } = await connected(() => ({ failed: failed.promise }))
    failed.resolve(new Error('broken'))
    await far.write(Uint8Array.of(4, 0, 0, 0, 0)) // an alert
    expect(await client.closed).toMatchObject({ code: 'alert_received' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('and ends does not wait', async () => {
    const failed = defer<unknown>()
    const { client, far } = await connected(() => ({ failed: failed.promise }))
    failed.resolve(new Error('broken'))
    await turns(1)
    await far.close()
    expect(await client.closed).toMatchObject({ code: 'transport_failed' })
  })
})

describe('a session', () => {
  it('that the server offered last is kept, and onSession is told of each', async () => {
    const [near, far] = pair()
    const told: Uint8Array[] = []
    const client = new Pump(new FakeEngine('client'), near, { onSession: (session) => void told.push(session) })
    await Promise.all([client.handshake, new Pump(new FakeEngine('server'), far).handshake])
    await turns(3)
    expect([client.session, told]).toEqual([Uint8Array.of(1, 2, 3), [Uint8Array.of(1, 2, 3)]])
  })

  it('whose callback throws ends the connection', async () => {
    const [near, far] = pair()
    const onSession = (): never => {
      throw new Error('a bug')
    }
    const client = new Pump(new FakeEngine('client'), near, { onSession })
    const server = new Pump(new FakeEngine('server'), far)
    server.handshake.catch(() => {})
    await client.handshake.catch(() => {})
    await expect(client.failed).rejects.toMatchObject({ message: 'onSession threw: a bug' })
  })
})
