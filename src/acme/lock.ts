// A lock between processes that share a folder: numbered files, of which the highest is the lock. Whoever makes the
// next number has it, and only one process can make a file. Its holder renews it while it works and writes into it when
// it is done; one that was not renewed belonged to a process that is gone. Numbers only grow, so that a process which
// looked long ago cannot take what others have taken and given back since.

import { randomBytes } from 'node:crypto'
import { readFile, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { TlsError } from '../errors.ts'

export interface LockOptions {
  /** Milliseconds to wait for it. Default 60000. */
  readonly timeoutMs?: number
  /** A lock that was not renewed for so long is nobody's. Milliseconds; default 30000. */
  readonly staleMs?: number
}

const POLL = 50
const FREE = 'free'

/** Runs `work` while no other process runs anything under the same path. Throws `timeout` if another one keeps it. */
export const withLock = async <T>(
  path: string,
  work: () => Promise<T>,
  { timeoutMs = 60_000, staleMs = 30_000 }: LockOptions = {},
): Promise<T> => {
  const own = await take(path, timeoutMs, staleMs)
  const renewal = setInterval(
    () => {
      const now = new Date()
      utimes(own, now, now).catch(() => {})
    },
    Math.max(10, staleMs / 4),
  )
  renewal.unref()
  try {
    return await work()
  } finally {
    clearInterval(renewal)
    // r+: if another process took over, it has removed this file, which must not come back.
    await writeFile(own, FREE, { flag: 'r+' }).catch(() => {})
  }
}

const take = async (path: string, timeoutMs: number, staleMs: number): Promise<string> => {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const highest = (await numbersOf(path)).at(-1)
    if (highest === undefined || (await isFree(`${path}.${highest}`, staleMs))) {
      const mine = await claim(path, (highest ?? 0) + 1)
      if (mine !== undefined) return mine
    }
    if (Date.now() >= deadline) throw new TlsError('timeout', `another process holds ${path}`)
    await pause(POLL)
  }
}

/** The file of this number, unless another process has it, or a higher one. */
const claim = async (path: string, number: number): Promise<string | undefined> => {
  const own = `${path}.${number}`
  try {
    await writeFile(own, randomBytes(12).toString('hex'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  }
  // A number is removed only when a higher one is there: this one was free because it had come and gone.
  const all = await numbersOf(path)
  if (all.at(-1) !== number) {
    await unlink(own).catch(() => {})
    return undefined
  }
  await Promise.all(all.slice(0, -1).map((older) => unlink(`${path}.${older}`).catch(() => {})))
  return own
}

const numbersOf = async (path: string): Promise<readonly number[]> => {
  const prefix = `${basename(path)}.`
  return (await readdir(dirname(path)))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .toSorted((a, b) => a - b)
}

/** Given back by its holder, or not renewed for too long. */
const isFree = async (file: string, staleMs: number): Promise<boolean> => {
  const [content, found] = await Promise.all([
    readFile(file, 'utf8').catch(() => undefined),
    stat(file).catch(() => undefined),
  ])
  if (content === undefined || found === undefined) return false // gone since: look again
  return content.startsWith(FREE) || Date.now() - found.mtimeMs >= staleMs
}
