// What waits to be read, and what waits to be written, each to its bounds.

import { describe, expect, it, vi } from 'vitest'
import { Inbox } from '../../src/stream/inbox.ts'
import { Outbox } from '../../src/stream/outbox.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import { turns } from './compliance.ts'

const bytes = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value)
const ignore = (): void => {}

describe('an inbox', () => {
  it('gives whole chunks in order, then its end, over and over', async () => {
    const inbox = new Inbox(ignore)
    inbox.push(bytes(2))
    inbox.push(bytes(0))
    inbox.push(bytes(3, 2))
    expect([inbox.bytes, inbox.ended]).toEqual([5, false])
    expect(await inbox.read()).toEqual(bytes(2))
    inbox.end()
    inbox.push(bytes(9)) // too late
    inbox.fail(new Error('the first end counts'))
    expect([inbox.bytes, inbox.ended, inbox.endSeen]).toEqual([3, true, false])
    expect(await inbox.read()).toEqual(bytes(3, 2))
    expect([await inbox.read(), await inbox.read()]).toEqual([null, null])
    expect(inbox.endSeen).toBe(true)
  })

  it('answers those who wait in order, and tells the source that somebody does', async () => {
    const wanted = vi.fn()
    const inbox = new Inbox(wanted, { packed: true })
    const reads = [inbox.read(), inbox.read(), inbox.read()]
    expect(wanted).toHaveBeenCalledTimes(3)
    const own = bytes(1)
    inbox.push(own)
    inbox.push(bytes(2))
    expect(inbox.bytes).toBe(0)
    inbox.end()
    expect(inbox.endSeen).toBe(true)
    const [first, second, third] = await Promise.all(reads)
    expect(first).toBe(own)
    expect([second, third]).toEqual([bytes(2), null])
  })

  it('tells whoever asks when it ended, before or after it did', async () => {
    const [early, late] = [new Inbox(ignore), new Inbox(ignore)]
    const ended = vi.fn()
    void early.whenEnded.then(ended)
    await turns(1)
    expect(ended).not.toHaveBeenCalled()
    early.end()
    late.fail(new Error('no'))
    await Promise.all([early.whenEnded, late.whenEnded])
    expect(ended).toHaveBeenCalledOnce()
  })

  it('an error comes after what was pushed; drop() leaves nothing but an unseen clean end', async () => {
    const broken = new Error('no')
    const inbox = new Inbox(ignore)
    inbox.push(bytes(1))
    inbox.fail(broken)
    expect(await inbox.read()).toEqual(bytes(1))
    await expect(inbox.read()).rejects.toBe(broken)
    const dropped = new Inbox(ignore)
    dropped.push(bytes(1))
    dropped.drop(broken)
    expect(dropped.bytes).toBe(0)
    await expect(dropped.read()).rejects.toBe(broken)
    const clean = new Inbox(ignore)
    clean.end()
    clean.drop(broken)
    expect(await clean.read()).toBeNull()
    const unread = new Inbox(ignore)
    unread.push(bytes(1))
    unread.end()
    unread.drop(broken)
    await expect(unread.read()).rejects.toBe(broken)
    const failed = new Inbox(ignore)
    failed.fail(broken)
    failed.drop(new Error('later'))
    await expect(failed.read()).rejects.toBe(broken)
  })

  it('packs chunks of up to 1024 bytes that nobody waits for, in blocks that grow to 16384', async () => {
    const inbox = new Inbox(ignore, { packed: true })
    for (let i = 0; i < 100; i++) inbox.push(bytes(1024, i))
    expect(inbox.bytes).toBe(102_400)
    const sizes: number[] = []
    for (let i = 0; inbox.bytes > 0;) {
      const chunk = (await inbox.read()) ?? bytes(0)
      sizes.push(chunk.length)
      for (let at = 0; at < chunk.length; at += 1024) expect(chunk.subarray(at, at + 1024)).toEqual(bytes(1024, i++))
    }
    expect(sizes.slice(0, 5)).toEqual([1024, 1024, 2048, 4096, 8192])
    expect(sizes.slice(5, -1).every((size) => size === 16_384)).toBe(true)
    for (const [packed, length] of [
      [true, 1025],
      [false, 1024],
    ] as const) {
      const whole = new Inbox(ignore, { packed })
      const own = bytes(length)
      whole.push(own)
      whole.push(own)
      expect(await whole.read()).toBe(own)
    }
  })

  it('a large chunk between small ones keeps the order', async () => {
    const inbox = new Inbox(ignore, { packed: true })
    const sent = [bytes(10, 1), bytes(10, 2), bytes(2000, 3), bytes(10, 4), bytes(5, 5)]
    for (const chunk of sent) inbox.push(chunk)
    const got: number[] = []
    while (inbox.bytes > 0) got.push(...((await inbox.read()) ?? []))
    expect(got).toEqual(sent.flatMap((chunk) => [...chunk]))
  })

  it('a block that was read belongs to its reader: what comes later is written elsewhere', async () => {
    const inbox = new Inbox(ignore, { packed: true })
    for (let i = 0; i < 3; i++) inbox.push(bytes(100, i))
    const read: Uint8Array[] = []
    while (inbox.bytes > 0) read.push((await inbox.read()) ?? bytes(0))
    const before = read.map((chunk) => [...chunk])
    for (let i = 0; i < 10; i++) inbox.push(bytes(20, 9))
    expect(read.map((chunk) => [...chunk])).toEqual(before)
  })

  it('a long queue is read in order', async () => {
    const inbox = new Inbox(ignore)
    for (let i = 0; i < 3000; i++) inbox.push(Uint8Array.of(i >> 8, i & 255))
    for (let i = 0; i < 3000; i++) expect(await inbox.read()).toEqual(Uint8Array.of(i >> 8, i & 255))
    expect(inbox.bytes).toBe(0)
  })

  it('a read that was cancelled takes nothing from the next one', async () => {
    const inbox = new Inbox(ignore)
    const controller = new AbortController()
    const [cancelled, next] = [inbox.read({ signal: controller.signal }), inbox.read()]
    controller.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'aborted' })
    inbox.push(bytes(1))
    expect(await next).toEqual(bytes(1))
    const alone = inbox.read({ timeoutMs: 1 })
    await expect(alone).rejects.toMatchObject({ code: 'timeout' })
    inbox.push(bytes(2))
    expect(inbox.bytes).toBe(2)
  })
})

describe('an outbox', () => {
  const outboxOf = (more: Partial<ByteStream> = {}) => {
    const writes: number[] = []
    const take: (() => void)[] = []
    const failed = vi.fn()
    const transport: ByteStream = {
      read: () => new Promise(() => {}),
      write: (data) => {
        writes.push(data.length)
        return new Promise((resolve) => take.push(resolve))
      },
      close: () => Promise.resolve(),
      abort: ignore,
      ...more,
    }
    const outbox = new Outbox(transport, failed)
    const taken = async (): Promise<void> => {
      take.shift()?.()
      await turns(2)
    }
    return { outbox, writes, taken, failed }
  }

  it('has one write under way, and joins what comes meanwhile', async () => {
    const { outbox, writes, taken } = outboxOf()
    outbox.put([bytes(10), bytes(0)])
    expect([outbox.waiting, outbox.busy]).toEqual([10, false])
    const first = outbox.flush()
    expect([outbox.waiting, outbox.busy]).toEqual([0, true])
    outbox.put([bytes(20)])
    outbox.put([bytes(30)])
    const second = outbox.flush()
    expect(outbox.flush()).toBe(second)
    expect(writes).toEqual([10])
    await taken()
    await first
    expect([writes, outbox.taken]).toEqual([[10, 50], 1])
    await taken()
    await second
    expect([outbox.busy, outbox.taken]).toEqual([false, 2])
  })

  it('joins up to 69632 bytes, and leaves larger chunks as they are', async () => {
    const { outbox, writes, taken } = outboxOf()
    outbox.put([bytes(40_000), bytes(29_632), bytes(1), bytes(100_000), bytes(5)])
    void outbox.flush()
    for (let i = 0; i < 4; i++) await taken()
    expect(writes).toEqual([69_632, 1, 100_000, 5])
    expect([outbox.busy, outbox.taken]).toEqual([false, 4])
  })

  it('joins what is small again behind a large chunk', async () => {
    const { outbox, writes, taken } = outboxOf()
    outbox.put([bytes(100_000), bytes(10), bytes(20), bytes(69_602), bytes(1), bytes(2)])
    void outbox.flush()
    for (let i = 0; i < 3; i++) await taken()
    expect(writes).toEqual([100_000, 69_632, 3])
  })

  it('nothing to write is done at once, or with the write under way', async () => {
    const { outbox, taken } = outboxOf()
    await outbox.flush()
    await outbox.drained()
    outbox.put([bytes(1)])
    const first = outbox.flush()
    expect(outbox.flush()).toBe(first)
    await taken()
    await first
  })

  it('counts the application data that waits', async () => {
    const { outbox, taken } = outboxOf()
    outbox.noteData(5)
    outbox.noteData(7)
    expect(outbox.data).toBe(12)
    outbox.put([bytes(40)])
    void outbox.flush()
    expect(outbox.data).toBe(0)
    await taken()
  })

  it('drained() waits for all, whatever those who wait were told', async () => {
    const { outbox, taken } = outboxOf()
    outbox.put([bytes(1)])
    const first = outbox.flush()
    outbox.put([bytes(1)])
    const second = outbox.flush()
    const drained = vi.fn()
    void outbox.drained().then(drained)
    outbox.rejectWaiting('reason')
    await expect(first).rejects.toBe('reason')
    await expect(second).rejects.toBe('reason')
    await taken()
    expect(drained).not.toHaveBeenCalled()
    await taken()
    expect(drained).toHaveBeenCalledOnce()
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
  ])('a write that %s is told once, and nothing more is written', async (_, write) => {
    const { outbox, failed } = outboxOf({ write })
    outbox.put([bytes(1)])
    void outbox.flush()
    const drained = outbox.drained()
    await expect(drained).rejects.toMatchObject({ message: 'no' })
    outbox.put([bytes(1)])
    void outbox.flush()
    await turns(2)
    expect(failed).toHaveBeenCalledOnce()
    await expect(outbox.drained()).rejects.toMatchObject({ message: 'no' })
  })

  it('that was stopped writes no rest of a long write', async () => {
    const { outbox, writes, taken } = outboxOf()
    outbox.put([bytes(100_000), bytes(100_000)])
    void outbox.flush()
    outbox.stop('reason')
    await taken()
    expect(writes).toEqual([100_000])
  })

  it('gives a transport that gathers all chunks at once', async () => {
    const gathered: number[][] = []
    const { outbox, writes } = outboxOf({
      writev: (chunks) => {
        gathered.push(chunks.map(({ length }) => length))
        return Promise.resolve()
      },
    })
    outbox.put([bytes(1), bytes(100_000)])
    await outbox.flush()
    expect([gathered, writes]).toEqual([[[1, 100_000]], []])
  })
})
