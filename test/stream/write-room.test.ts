// What write() takes ahead of the transport, to the byte, and who hears of a write that cannot be sealed: Writes alone,
// over an engine without cryptography.

import { describe, expect, it } from 'vitest'
import { TlsError } from '../../src/errors.ts'
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
