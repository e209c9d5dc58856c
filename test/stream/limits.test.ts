// The timers of a connection: when they fire, what stops them, and what they keep alive.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import { after, afterUnheld, checkTimeout, limited, limitHandshake, Patience, within } from '../../src/stream/limits.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})
const never = (): Promise<never> => new Promise(() => {})

describe.each([
  ['after', after],
  ['afterUnheld', afterUnheld],
] as const)('%s', (_, wait) => {
  it('calls once after the time, and not after it was stopped', async () => {
    const then = vi.fn()
    const stopped = vi.fn()
    wait(100, then)
    wait(100, stopped)()
    await vi.advanceTimersByTimeAsync(99)
    expect(then).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1000)
    expect(then).toHaveBeenCalledOnce()
    expect(stopped).not.toHaveBeenCalled()
  })

  it('sets no timer for Infinity', () => {
    const stop = wait(Infinity, () => {})
    expect(vi.getTimerCount()).toBe(0)
    stop()
  })
})

it('afterUnheld is no reason for the process to live on, whatever a timer is there', () => {
  const unref = vi.fn()
  for (const timer of [{ unref }, { unref: 1 }, {}, null, 7]) {
    vi.stubGlobal('setTimeout', () => timer)
    afterUnheld(100, () => {})
  }
  expect(unref).toHaveBeenCalledOnce()
})

describe('within', () => {
  it('is the outcome of the promise, and leaves no timer', async () => {
    const broken = new Error('no')
    await within(100, Promise.resolve(), 'late')
    await expect(within(100, Promise.reject(broken), 'late')).rejects.toBe(broken)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is a timeout after so many milliseconds without progress', async () => {
    let progress = 0
    const told = vi.fn()
    within(100, never(), 'late', () => progress).catch(told)
    await vi.advanceTimersByTimeAsync(50)
    progress = 1
    await vi.advanceTimersByTimeAsync(149)
    expect(told).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(told).toHaveBeenCalledWith(expect.objectContaining({ code: 'timeout', message: 'late' }))
  })

  it('without a measure of progress there is none', async () => {
    const told = vi.fn()
    within(100, never(), 'late').catch(told)
    await vi.advanceTimersByTimeAsync(100)
    expect(told).toHaveBeenCalledOnce()
  })
})

describe('limited', () => {
  it('is the outcome of the call, and leaves no timer and no listener', async () => {
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const cancel = vi.fn()
    const options = { signal: controller.signal, timeoutMs: 100 }
    expect(await limited(() => Promise.resolve(7), 'read', options, cancel)).toBe(7)
    await Promise.resolve()
    expect(vi.getTimerCount()).toBe(0)
    expect(removed).toHaveBeenCalledOnce()
    controller.abort()
    expect(cancel).not.toHaveBeenCalled()
  })

  it('ends with the time, and tells whoever has to stop', async () => {
    const cancel = vi.fn()
    const call = limited(never, 'read', { timeoutMs: 100 }, cancel)
    const failed = expect(call).rejects.toMatchObject({
      code: 'timeout',
      message: 'read did not end within 100 ms (timeoutMs)',
    })
    await vi.advanceTimersByTimeAsync(100)
    await failed
    expect(cancel).toHaveBeenCalledOnce()
  })

  it.each([
    [undefined, /AbortError|aborted/],
    [new Error('enough'), /enough/],
    ['a text', /a text/],
    [{ a: 1 }, /no reason given/],
  ])('ends with the signal, whose reason is told (%s)', async (reason, says) => {
    const controller = new AbortController()
    const call = limited(never, 'read', { signal: controller.signal }, () => {})
    controller.abort(reason)
    await expect(call).rejects.toMatchObject({ code: 'aborted', message: expect.stringMatching(says) })
    await expect(call).rejects.toMatchObject({ cause: controller.signal.reason as unknown })
  })

  it('does not begin under a signal that has fired, or with an invalid limit', async () => {
    const start = vi.fn(never)
    const cancel = vi.fn()
    await expect(limited(start, 'read', { signal: AbortSignal.abort() }, cancel)).rejects.toMatchObject({
      code: 'aborted',
    })
    await expect(limited(start, 'read', { timeoutMs: 0 }, cancel)).rejects.toMatchObject({ code: 'bad_option' })
    expect(start).not.toHaveBeenCalled()
    expect(cancel).not.toHaveBeenCalled()
  })
})

describe('limitHandshake', () => {
  it('stops at the time or by the signal, and not once it was lifted', async () => {
    const controller = new AbortController()
    const stops: TlsError[] = []
    const lift = limitHandshake(100, controller.signal, (error) => stops.push(error))
    limitHandshake(100, controller.signal, (error) => stops.push(error))
    lift()
    await vi.advanceTimersByTimeAsync(100)
    controller.abort('why')
    expect(stops.map(({ code }) => code)).toEqual(['timeout', 'aborted'])
    expect(stops[0]?.message).toMatch(/100 ms \(handshakeTimeout or timeoutMs\)/)
    expect(stops[1]).toMatchObject({ message: expect.stringMatching(/why/), cause: 'why' })
  })
})

describe('Patience', () => {
  it('counts from when it is told of something new, and not again for the same', async () => {
    const goOn = vi.fn()
    const patience = new Patience(100, goOn)
    const [first, second] = [{}, {}]
    patience.waitFor(first)
    await vi.advanceTimersByTimeAsync(60)
    patience.waitFor(first)
    await vi.advanceTimersByTimeAsync(39)
    expect(goOn).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(goOn).toHaveBeenCalledTimes(1)
    patience.waitFor(second)
    await vi.advanceTimersByTimeAsync(99)
    patience.waitFor(undefined)
    await vi.advanceTimersByTimeAsync(1000)
    expect(goOn).toHaveBeenCalledTimes(1)
  })
})

describe('checkTimeout', () => {
  it.each([1, 0.5, 0x7fffffff, Infinity])('takes %d', (value) => expect(checkTimeout(value, 'x')).toBe(value))
  it.each([0, -1, NaN, 0x80000000, -Infinity])('refuses %d, which setTimeout would misread', (value) => {
    expect(() => checkTimeout(value, 'closeTimeout')).toThrow(/^closeTimeout: /)
    expect(() => checkTimeout(value, 'x')).toThrow(TlsError)
  })
})
