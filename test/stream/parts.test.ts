// The small parts under a connection, each to its bounds: steps in turn, handshakes in turn, blocks for small writes,
// what counts as bytes, and connections that nobody looks at.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import { BLOCK, lendBlock, returnBlock } from '../../src/stream/blocks.ts'
import { CertificateRequests } from '../../src/stream/certificate-requests.ts'
import { asBytes, asChunks, joinedAndFreed } from '../../src/stream/chunk.ts'
import { asError, defer, messageOf } from '../../src/stream/defer.ts'
import { inNextTurn } from '../../src/stream/end-of-turn.ts'
import { whenForgotten, whenSettled } from '../../src/stream/forgotten.ts'
import { Gate } from '../../src/stream/gate.ts'
import { tell } from '../../src/stream/tell.ts'
import { Turns } from '../../src/stream/turns.ts'
import { turns } from './compliance.ts'

const bytes = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)

describe('a gate', () => {
  it('lets so many steps pass in a turn, and the rest in order in the next ones', async () => {
    const gate = new Gate(2)
    const passed: number[] = []
    for (let i = 0; i < 7; i++) {
      const turn = gate.pass()
      if (turn) void turn.then(() => passed.push(i))
      else passed.push(i)
    }
    expect(passed).toEqual([0, 1])
    await turns(1)
    expect(passed).toEqual([0, 1, 2, 3])
    expect(gate.pass()).toBeInstanceOf(Promise) // those who wait go first
    await turns(3)
    expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('is open again in a later turn', async () => {
    const gate = new Gate(1)
    expect(gate.pass()).toBeUndefined()
    expect(gate.pass()).toBeDefined()
    await turns(4)
    expect(gate.pass()).toBeUndefined()
    await turns(4)
    expect(gate.pass()).toBeUndefined()
  })
})

describe('steps in turn', () => {
  it('run at once where nothing is under way, else in order, also after one that failed', async () => {
    const steps = new Turns()
    const order: string[] = []
    await steps.run(() => Promise.resolve(void order.push('a')))
    expect([order, steps.busy]).toEqual([['a'], false])
    const gate = defer()
    const b = steps.enqueue(() => gate.promise.then(() => void order.push('b')))
    const c = steps.run(() => Promise.reject(new Error('no')))
    const d = steps.enqueue(() => Promise.resolve(void order.push('d')))
    expect(steps.busy).toBe(true)
    gate.resolve()
    await b
    await expect(c).rejects.toMatchObject({ message: 'no' })
    await d
    await turns(1)
    expect([order, steps.busy]).toEqual([['a', 'b', 'd'], false])
  })
})

describe('a block for small writes', () => {
  it('is one record long, comes back wiped, and 32 are kept', () => {
    const lent = Array.from({ length: 40 }, lendBlock)
    expect(BLOCK).toBe(16_384)
    for (const block of lent) {
      expect(block).toHaveLength(BLOCK)
      returnBlock(block.fill(7, 0, 10), 10)
    }
    const again = Array.from({ length: 40 }, lendBlock)
    expect(again.filter((block) => lent.includes(block))).toHaveLength(32)
    expect(again.every((block) => block.every((byte) => byte === 0))).toBe(true)
  })
})

describe('a chunk', () => {
  it('is a plain Uint8Array on the same memory', () => {
    const memory = new ArrayBuffer(8)
    const plain = new Uint8Array(memory, 2, 3)
    expect(asBytes(plain)).toBe(plain)
    for (const view of [Buffer.from(memory, 2, 3), new DataView(memory, 2, 3)]) {
      const taken = asBytes(view)
      expect([taken.constructor, taken.buffer, taken.byteOffset, taken.length]).toEqual([Uint8Array, memory, 2, 3])
    }
    expect(asBytes(memory)).toHaveLength(8)
  })

  it.each([
    ['text', /setEncoding/],
    [null, /null, not bytes/],
    [7, /number, not bytes/],
    [{}, /object, not bytes/],
  ])('is never %s', (value, says) => {
    expect(() => asBytes(value)).toThrow(expect.objectContaining({ code: 'bad_option' }))
    expect(() => asBytes(value)).toThrow(says)
  })

  it('may be a list of them', () => {
    expect(asChunks(bytes(2))).toEqual([bytes(2)])
    expect(asChunks([bytes(1), new Uint8Array(2).buffer])).toEqual([bytes(1), new Uint8Array(2)])
    expect(() => asChunks('text')).toThrow(/setEncoding/)
    expect(joinedAndFreed([bytes(1), bytes(2, 2)])).toEqual(Uint8Array.of(1, 2, 2))
  })
})

describe('requests for a client certificate', () => {
  const certificate = { peerCertificates: [], verifiedChain: [] }
  it('are answered in order; one that could not be sent is not waited for', async () => {
    const requests = new CertificateRequests()
    const first = requests.ask(() => Promise.reject(new Error('no')))
    await expect(first).rejects.toMatchObject({ message: 'no' })
    const second = requests.ask(() => Promise.resolve())
    const third = requests.ask(() => Promise.resolve())
    requests.answered(certificate)
    expect(await second).toBe(certificate)
    requests.end(new TlsError('closed', 'x'))
    await expect(third).rejects.toMatchObject({ code: 'closed' })
    requests.answered(certificate) // of none
  })
})

describe('the end of a turn', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it.each(['with nextTick', 'without'])(
    'comes after all that promises do, and before the next event (%s)',
    async (how) => {
      if (how === 'without') vi.stubGlobal('process', undefined)
      vi.resetModules()
      const { atEndOfTurn } = await import('../../src/stream/end-of-turn.ts')
      const order: string[] = []
      setImmediate(() => order.push('event'))
      atEndOfTurn(() => order.push('end'))
      void Promise.resolve()
        .then(() => {})
        .then(() => {})
        .then(() => order.push('promises'))
      await turns(2)
      expect(order).toEqual(['promises', 'end', 'event'])
    },
  )

  it('the next turn comes after events', async () => {
    const order: string[] = []
    const done = new Promise<void>((resolve) => inNextTurn(() => resolve(void order.push('next'))))
    queueMicrotask(() => order.push('now'))
    await done
    expect(order).toEqual(['now', 'next'])
  })
})

describe('a callback of the application', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('a bug')
      },
    ],
    ['rejects', () => Promise.reject(new Error('a bug'))],
  ])('that %s is told, with the name of the option', async (_, call) => {
    const failed = vi.fn()
    tell('onSession', call, failed)
    await turns(1)
    expect(failed).toHaveBeenCalledWith(
      expect.objectContaining({
        code: 'internal_error',
        message: 'onSession threw: a bug',
        cause: expect.objectContaining({ message: 'a bug' }) as unknown,
      }),
    )
  })

  it('that does neither is not', async () => {
    const failed = vi.fn()
    for (const call of [() => 7, () => Promise.resolve()]) tell('onSession', call, failed)
    await turns(1)
    expect(failed).not.toHaveBeenCalled()
  })
})

describe('a reason', () => {
  it('is an Error as it is, a text as its message, and anything else its cause', () => {
    const own = new RangeError('x')
    expect(asError(own, 'y')).toBe(own)
    expect(asError('text', 'y')).toMatchObject({ message: 'text', cause: 'text' })
    expect(asError(7, 'y')).toMatchObject({ message: 'y', cause: 7 })
    expect('cause' in asError(undefined, 'y')).toBe(false)
    expect([messageOf(own, 'y'), messageOf('text', 'y'), messageOf(null, 'y')]).toEqual(['x', 'text', 'y'])
  })
})

describe('a connection that nobody looks at', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())
  const watched = (more: object = {}) => {
    const state = { alone: true, busy: false, uses: 0, ...more }
    const free = vi.fn()
    const over = defer()
    whenForgotten(100, { alone: () => state.alone, busy: () => state.busy, uses: () => state.uses }, over.promise, free)
    return { state, free, over }
  }

  it('is freed after the time', async () => {
    const { free } = watched()
    await vi.advanceTimersByTimeAsync(99)
    expect(free).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(free).toHaveBeenCalledOnce()
  })

  it.each<readonly [string, (state: { uses: number; busy: boolean }) => void]>([
    ['used', (state) => void state.uses++],
    ['busy', (state) => void (state.busy = true)],
  ])('waits on while it is %s', async (_, change) => {
    const { state, free } = watched()
    change(state)
    await vi.advanceTimersByTimeAsync(199)
    expect(free).not.toHaveBeenCalled()
    state.busy = false
    await vi.advanceTimersByTimeAsync(200)
    expect(free).toHaveBeenCalledOnce()
  })

  it('is left alone once somebody took notice, or when it is over', async () => {
    const noticed = watched()
    noticed.state.alone = false
    const over = watched()
    over.over.resolve()
    const never = watched({ alone: false })
    await vi.advanceTimersByTimeAsync(10_000)
    for (const { free } of [noticed, over, never]) expect(free).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('a promise that settles either way is noticed, and nothing else is one', async () => {
    const then = vi.fn()
    whenSettled(Promise.resolve(), then)
    whenSettled(Promise.reject(new Error('no')), then)
    for (const value of [undefined, null, false, {}, JSON.parse('{"then":1}') as unknown]) whenSettled(value, then)
    await turns(1)
    expect(then).toHaveBeenCalledTimes(2)
  })
})
