// A lock between processes that share a folder: a file that only one of them can make. Its holder renews it while it
// works; one that was not renewed belonged to a process that is gone, and is taken over.

import { randomBytes } from 'node:crypto'
import { readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { TlsError } from '../errors.ts'

export interface LockOptions {
  /** Milliseconds to wait for it. Default 60000. */
  readonly timeoutMs?: number
  /** A lock that was not renewed for so long is nobody's. Milliseconds; default 30000. */
  readonly staleMs?: number
}

const POLL = 50

/** Runs `work` while no other process runs anything under the same path. Throws `timeout` if another one keeps it. */
export const withLock = async <T>(
  path: string,
  work: () => Promise<T>,
  { timeoutMs = 60_000, staleMs = 30_000 }: LockOptions = {},
): Promise<T> => {
  const token = randomBytes(12).toString('hex')
  await take(path, token, timeoutMs, staleMs)
  const renewal = setInterval(
    () => {
      const now = new Date()
      utimes(path, now, now).catch(() => {})
    },
    Math.max(10, staleMs / 4),
  )
  renewal.unref()
  try {
    return await work()
  } finally {
    clearInterval(renewal)
    if ((await holderOf(path)) === token) await unlink(path).catch(() => {})
  }
}

const take = async (path: string, token: string, timeoutMs: number, staleMs: number): Promise<void> => {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      await writeFile(path, token, { flag: 'wx', mode: 0o600 })
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    await breakStale(path, staleMs)
    if (Date.now() >= deadline) throw new TlsError('timeout', `another process holds ${path}`)
    await pause(POLL)
  }
}

const holderOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)

/** Of several that find a stale lock, one moves it away; that it moved the very lock that was stale is looked at
 * again. */
const breakStale = async (path: string, staleMs: number): Promise<void> => {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || Date.now() - found.mtimeMs < staleMs) return
  const aside = `${path}.${randomBytes(6).toString('hex')}.stale`
  await rename(path, aside).catch(() => {})
  const moved = await stat(aside).catch(() => undefined)
  if (moved !== undefined && Date.now() - moved.mtimeMs < staleMs) {
    // Another process was faster, and this is its new lock: it goes back, unless there is one again.
    await writeFile(path, (await holderOf(aside)) ?? '', { flag: 'wx', mode: 0o600 }).catch(() => {})
  }
  await unlink(aside).catch(() => {})
}
