// What write() takes ahead of the transport, to the byte, and who hears of a write that cannot be sealed: Writes alone,
// over an engine without cryptography.

import { describe, expect, it } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import { defer } from '../../src/stream/defer.ts'
import type { Deferred } from '../../src/stream/defer.ts'
import { Outbox } from '../../src/stream/outbox.ts'
import { pair } from '../../src/stream/pair.ts'
import { Writes } from '../../src/stream/writes.ts'
import { bytesOf, turns } from './compliance.ts'
import { FakeEngine } from './fake-engine.ts'

/** Bytes that are taken ahead of the transport, and of the pieces of a long write. */
const writeAhead = 65_536
const writePiece = 262_144
/** What FakeEngine puts before the data of a record. */
const HEAD = 5

const failed = new TlsError('internal_error', 'it cannot be sealed')

const setUp = () => {
  const aborts: TlsError[] = []
  let held: Promise<void> | undefined
  const written: number[] = []
  const transport = {
    read: () => Promise.resolve(null),
    write: async (data: Uint8Array) => {
      written.push(data.length)
      await held
    },
    close: () => Promise.resolve(),
    abort: () => undefined,
  }
  const engine = new FakeEngine('server')
  engine.receive(Uint8Array.of(1, 0, 0, 0, 0))
  engine.takeOutput()
  const outbox = new Outbox(transport, () => undefined)
  const writes = new Writes(engine, outbox, {
    failure: undefined,
    take: () => outbox.put(engine.takeOutput()),
    abort: (error) => void aborts.push(error),
  })
  const hold = (): (() => void) => {
    let release = (): void => undefined
    held = new Promise((resolve) => {
      release = () => resolve((held = undefined))
    })
    return release
  }
  return { engine, writes, aborts, written, hold }
}

/** Whether a promise settles while nothing but promises settles. */
const atOnce = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false
  void promise.then(() => (settled = true))
  for (let i = 0; i < 8; i++) await Promise.resolve()
  return settled
}

describe('a write behind another of the same turn', () => {
  it.each([
    [writeAhead - HEAD - 1, true],
    [writeAhead - HEAD, false],
  ])(
    'of %i bytes, which with its head is or is not all that is taken ahead, is accepted at once: %s',
    async (...row) => {
      const [length, accepted] = row
      const { writes, hold } = setUp()
      await writes.write(bytesOf(1))
      const release = hold()
      const written = writes.write(bytesOf(length))
      expect(await atOnce(written)).toBe(accepted)
      release()
      await written
    },
  )

  it('counts what is staged: the one that fills up all that is taken ahead waits', async () => {
    const { writes, hold } = setUp()
    await writes.write(bytesOf(1))
    const release = hold()
    const records = 3 * (16_384 + HEAD)
    for (let i = 0; i < 3; i++) expect(await atOnce(writes.write(bytesOf(16_384)))).toBe(true)
    expect(await atOnce(writes.write(bytesOf(16_000)))).toBe(true)
    expect(await atOnce(writes.write(bytesOf(writeAhead - records - 16_000 - 1)))).toBe(true)
    const last = writes.write(bytesOf(1))
    expect(await atOnce(last)).toBe(false)
    release()
    await last
  })
})

describe('writes that are sealed later', () => {
  /** An engine that seals when it is told to. */
  const sealingLater = () => {
    const all = setUp()
    const { engine } = all
    const put = engine.send.bind(engine)
    const seals: Deferred<void>[] = []
    engine.send = (data) => {
      const copy = data.slice()
      const sealed = defer()
      seals.push(sealed)
      return sealed.promise.then(() => put(copy))
    }
    const seal = async (): Promise<void> => {
      seals.shift()?.resolve()
      await turns(1)
    }
    return { ...all, seals, seal }
  }
  const record = 16_384

  it('go on when half of what is taken ahead is sealed and written, not only when all of it is', async () => {
    const { writes, written, seals, seal } = sealingLater()
    const lone = writes.write(bytesOf(1))
    const four = Array.from({ length: 4 }, () => writes.write(bytesOf(record)))
    const behind = writes.write(bytesOf(record))
    for (const each of four.slice(0, 3)) expect(await atOnce(each)).toBe(true)
    await turns(1)
    expect(seals.length).toBe(6)
    for (let i = 0; i < 3; i++) await seal()
    await lone
    expect(await atOnce(behind)).toBe(false) // three of 16 KiB are left
    await seal()
    expect(await atOnce(behind)).toBe(true) // two are
    expect(seals.length).toBe(2)
    const next = [writes.write(bytesOf(record)), writes.write(bytesOf(record)), writes.write(bytesOf(record))]
    expect(await Promise.all(next.map(atOnce))).toEqual([true, false, false])
    while (seals.length > 0) await seal()
    await Promise.all(next)
    expect(written).toEqual([1, ...Array.from({ length: 8 }, () => record)].map((length) => length + HEAD))
  })

  it('wait as long as the transport has no room, however much of them is sealed', async () => {
    const { writes, written, seals, seal, hold } = sealingLater()
    const lone = writes.write(bytesOf(1))
    const release = hold()
    const behind = Array.from({ length: 5 }, () => writes.write(bytesOf(record)))[4] ?? Promise.resolve()
    await turns(1)
    while (seals.length > 0) await seal()
    expect(written).toEqual([1 + HEAD])
    expect(await atOnce(behind)).toBe(false)
    release()
    await Promise.all([lone, behind])
    expect(written.slice(1).reduce((sum, length) => sum + length)).toBe(5 * (record + HEAD))
  })

  it('wait for the first of them, also when a provider answers for the others before', async () => {
    const { writes, seals } = sealingLater()
    const lone = writes.write(bytesOf(1))
    const behind = Array.from({ length: 5 }, () => writes.write(bytesOf(record)))[4] ?? Promise.resolve()
    await turns(1)
    const [first, ...others] = seals
    for (const other of others) other.resolve()
    await turns(2)
    expect(await atOnce(behind)).toBe(false)
    first?.resolve()
    await Promise.all([lone, behind])
  })

  it('are told of a failure while they wait for room', async () => {
    const { writes, aborts, seals } = sealingLater()
    void writes.write(bytesOf(1))
    const behind = Array.from({ length: 5 }, () => writes.write(bytesOf(record)))[4]
    await turns(1)
    seals[0]?.resolve()
    seals[1]?.reject(failed)
    await turns(1)
    expect(aborts).toEqual([failed])
    writes.fail(failed) // as the connection does when it is aborted
    await expect(behind).rejects.toBe(failed)
  })
})

describe('a long write', () => {
  it('whose piece cannot be sealed rejects with the reason, and leaves the connection alone', async () => {
    const { engine, writes, aborts } = setUp()
    let sends = 0
    engine.send = () => (++sends === 2 ? Promise.reject(failed) : Promise.resolve())
    await expect(writes.write(bytesOf(3 * writePiece))).rejects.toBe(failed)
    expect(sends).toBe(2)
    expect(aborts).toEqual([])
  })

  it('of one piece and a byte is sealed in two, the second when the transport has taken the first', async () => {
    const { writes, written, hold } = setUp()
    const release = hold()
    const done = writes.write(bytesOf(writePiece + 1))
    await turns(2)
    expect(written).toEqual([writePiece + HEAD])
    release()
    await done
    expect(written).toEqual([writePiece + HEAD, 1 + HEAD])
  })

  it('of one piece is sealed at once', () => {
    const { writes, written } = setUp()
    void writes.write(bytesOf(writePiece))
    expect(written).toEqual([writePiece + HEAD])
  })
})

it('data that was accepted and cannot be sealed later ends the connection, with the reason', async () => {
  const { engine, writes, aborts } = setUp()
  await writes.write(bytesOf(1))
  engine.send = () => Promise.reject(failed)
  await writes.write(bytesOf(20_000))
  await turns(2)
  expect(aborts).toEqual([failed])
})

it('a lone write that cannot be sealed rejects with what ended the connection', async () => {
  const { engine } = setUp()
  let failure: TlsError | undefined
  const outbox = new Outbox(pair()[0], () => undefined)
  const writes = new Writes(engine, outbox, {
    get failure() {
      return failure
    },
    take: () => void (failure ??= failed),
    abort: () => undefined,
  })
  engine.send = () => {
    throw new Error('the key is gone')
  }
  await expect(writes.write(bytesOf(1))).rejects.toBe(failed)
})
