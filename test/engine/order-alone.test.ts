// The order of writes and the runner of flows, alone: what happens to those who wait when a job or a promise fails, and
// what neither may be given.

import { describe, expect, it } from 'vitest'
import { FlowRunner } from '../../src/engine/flow-runner.ts'
import type { Settled } from '../../src/engine/waits.ts'
import { WriteOrder } from '../../src/engine/write-order.ts'
import type { WriteJob } from '../../src/engine/write-order.ts'
import { TlsError } from '../../src/errors.ts'
import type { Flow } from '../../src/handshake/flow.ts'
import { use } from '../../src/handshake/flow.ts'
import { withAeadKeys } from '../fixtures/aead-keys.ts'
import { clientOf, errorOf, eventsOf, serverOf } from '../fixtures/engines.ts'

const peers = new TlsError('decode_error', 'the peer did it')
const callers = new TlsError('wrong_state', 'the caller did it')

const host = () => {
  const failures: TlsError[] = []
  return {
    failures,
    wait: <T>(promise: Promise<T>, done: (result: Settled<T>) => void): void => {
      promise.then(
        (value) => done({ value }),
        (error: unknown) => done({ error }),
      )
    },
    failed: (error: TlsError) => void failures.push(error),
  }
}
const ordered = () => {
  const seen = host()
  const order = new WriteOrder(seen)
  order.release()
  return { order, failures: seen.failures }
}
const after = (promise: Promise<unknown>, log: string[], name: string): WriteJob =>
  function* () {
    yield* use(promise)
    log.push(name)
  }
const throwing = (error: Error): WriteJob =>
  function* () {
    throw error
  }
function* message(): Flow<void> {
  yield { kind: 'message' } as never
}
const later = <T>(value: T): Promise<T> => Promise.resolve(value)

describe('the order of writes', () => {
  it('a job that fails at once throws; the connection fails with it unless the caller did it', () => {
    const { order, failures } = ordered()
    expect(() => order.run(throwing(peers))).toThrow(peers)
    expect(() => order.run(throwing(callers))).toThrow(callers)
    expect(() => order.run(throwing(new RangeError('odd')))).toThrow(
      expect.objectContaining({ code: 'internal_error' }),
    )
    expect(failures.map(({ code }) => code)).toEqual(['decode_error', 'internal_error'])
    expect(order.free).toBe(true)
  })

  it('a job that fails later rejects, and what waits behind it goes on', async () => {
    const { order, failures } = ordered()
    const log: string[] = []
    const first = order.run(after(Promise.reject(callers), log, 'first'))
    const second = order.run(throwing(peers))
    const third = order.run(after(later(1), log, 'third'))
    expect(order.free).toBe(false)
    await expect(first).rejects.toBe(callers)
    await expect(second).rejects.toBe(peers)
    await third
    expect([log, failures]).toEqual([['third'], [peers]])
  })

  it('no job waits for a message of the peer', async () => {
    const { order, failures } = ordered()
    expect(() => order.run(message)).toThrow(/a write waits for a message/)
    function* laterMessage(): Flow<void> {
      yield* use(later(1))
      yield* message()
    }
    await expect(order.run(laterMessage)).rejects.toThrow(/a write waits for a message/)
    expect(failures).toHaveLength(2)
  })

  it('once it has stopped everything rejects with the reason, and nothing runs any more', async () => {
    const { order } = ordered()
    const log: string[] = []
    let settle = (): void => undefined
    const running = order.run(after(new Promise<void>((resolve) => (settle = resolve)), log, 'running'))
    const waiting = order.run(after(later(1), log, 'waiting'))
    order.stop(peers)
    settle()
    await expect(running).rejects.toBe(peers)
    await expect(waiting).rejects.toBe(peers)
    expect(() => order.run(after(later(1), log, 'late'))).toThrow(peers)
    order.release()
    await later(1)
    expect([log, order.free]).toEqual([[], false])
  })

  it('data that waits is taken back, and the rest stays', async () => {
    const seen = host()
    const order = new WriteOrder(seen)
    const log: string[] = []
    const data = order.run(after(later(1), log, 'data'), Uint8Array.of(5))
    const other = order.run(after(later(1), log, 'other'))
    expect(order.withdraw()).toEqual([Uint8Array.of(5)])
    await data
    order.release()
    await other
    expect(log).toEqual(['other'])
  })
})

describe('a flow beside the main one', () => {
  it('waits for promises alone', () => {
    const seen = host()
    new FlowRunner(seen).beside(message())
    expect(seen.failures).toEqual([expect.objectContaining({ code: 'internal_error' })])
  })

  it('goes on with what they give, fails with what they reject with, and no longer once all has stopped', async () => {
    const seen = host()
    const runner = new FlowRunner(seen)
    const log: unknown[] = []
    function* noting(promise: Promise<unknown>): Flow<void> {
      log.push(yield* use(promise))
    }
    runner.beside(noting(later('one')))
    runner.beside(noting(Promise.reject(peers)))
    await later(1)
    await later(1)
    expect([log, seen.failures]).toEqual([['one'], [peers]])
    runner.beside(noting(later('two')))
    runner.stop()
    await later(1)
    await later(1)
    expect(log).toEqual(['one'])
  })
})

it('a flight that cannot be sealed when it is taken ends the connection, and takeOutput() does not throw', () => {
  let broken = false
  const provider = withAeadKeys((key) => ({
    seal: (...args) => {
      if (broken) throw new Error('the key is gone')
      return key.seal(...args)
    },
  }))
  const tls13 = { versions: { min: 'TLS 1.3' } } as const
  const client = clientOf(tls13)
  const server = serverOf({ ...tls13, provider, tickets: { protector: { seal: (state) => state, open: (t) => t } } })
  for (const bytes of client.takeOutput()) server.receive(bytes)
  for (const bytes of server.takeOutput()) client.receive(bytes)
  for (const bytes of client.takeOutput()) server.receive(bytes)
  broken = true // its tickets are not sealed yet
  expect(server.takeOutput()).toEqual([])
  const events = server.takeEvents()
  expect(eventsOf(events, 'handshake')).toHaveLength(1)
  expect(errorOf(events)).toMatchObject({ code: 'internal_error', cause: { message: 'the key is gone' } })
  expect(server.closed).toBe(true)
})
