// The lock of a folder that several processes share.

import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withLock } from '../../src/acme/lock.ts'
import { run } from '../interop/process.ts'

const root = new URL('../../', import.meta.url).pathname
const node = join(root, 'node_modules/.bin/node')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'puretls-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A lock whose holder is gone. */
const abandoned = (path: string): void => {
  writeFileSync(path, 'of a process that was killed')
  utimesSync(path, 1, 1)
}

it.each([false, true])('one process at a time is inside; the last holder was killed: %s', async (killed) => {
  const [lock, counter] = [join(folder, 'x.lock'), join(folder, 'counter')]
  writeFileSync(counter, '0')
  if (killed) abandoned(`${lock}.7`)
  const workers = Array.from({ length: 4 }, () =>
    run(node, [join(root, 'test/acme/lock-worker.ts'), lock, counter, '25']),
  )
  for (const { code, output } of await Promise.all(workers)) expect(code, output).toBe(0)
  expect(readFileSync(counter, 'utf8')).toBe('100')
  expect(readdirSync(folder).filter((name) => name.startsWith('x.lock'))).toHaveLength(1)
})

it('who looked before others took it and gave it back does not get it', async () => {
  const path = join(folder, 'x.lock')
  abandoned(`${path}.1`)
  const order: string[] = []
  await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((name) =>
      withLock(path, async () => {
        order.push(name)
        await new Promise((done) => setTimeout(done, 5))
        order.push(name)
      }),
    ),
  )
  for (let at = 0; at < order.length; at += 2) expect(order[at]).toBe(order[at + 1])
})

it('a holder renews it while it works, so that it does not grow stale', async () => {
  const path = join(folder, 'x.lock')
  let end = (): void => {}
  const held = withLock(path, () => new Promise<void>((done) => (end = done)), { staleMs: 200 })
  const renewedSince = (time: number): boolean => statSync(`${path}.1`).mtimeMs > time
  await expect.poll(() => existsSync(`${path}.1`), { timeout: 60_000 }).toBe(true)
  for (let round = 0; round < 2; round++) {
    utimesSync(`${path}.1`, 1, 1)
    await expect.poll(() => renewedSince(1000), { timeout: 60_000 }).toBe(true)
  }
  end()
  await held
})

it('one who waits for a lock that is held times out by name, and gets it once it is given back', async () => {
  const path = join(folder, 'x.lock')
  let end = (): void => {}
  const held = withLock(path, () => new Promise<void>((done) => (end = done)))
  await expect.poll(() => existsSync(`${path}.1`), { timeout: 60_000 }).toBe(true)
  await expect(withLock(path, async () => {}, { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'timeout',
    message: expect.stringContaining('x.lock'),
  })
  end()
  await held
  await withLock(path, async () => {})
})

it('what goes wrong inside gives it back', async () => {
  const path = join(folder, 'x.lock')
  await expect(withLock(path, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside')
  await withLock(path, async () => {})
})
