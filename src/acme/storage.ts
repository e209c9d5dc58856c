// Where accounts, certificates and answers to challenges are kept. Several processes may share a folder: what they
// write appears whole, and what only one of them may do is done under a lock.

import { checkOptions, requireText } from '../checked-options.ts'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withLock } from './lock.ts'
import type { LockOptions } from './lock.ts'

export interface AcmeStorage {
  read(key: string): Promise<string | undefined>
  /** What is read after it is the old text or the new one. */
  write(key: string, text: string): Promise<void>
  remove(key: string): Promise<void>
  /** Runs `work` while nobody else who shares this storage runs anything under the same key. */
  lock<T>(key: string, work: () => Promise<T>): Promise<T>
}

/** A folder, its files readable by their owner only. */
export const folderStorage = (folder: string, options: LockOptions = {}): AcmeStorage => {
  requireText(folder, 'folder')
  checkOptions(options, { timeoutMs: 'number', staleMs: 'number' })
  const path = (key: string): string =>
    join(
      folder,
      ...key.split('/').map((part) => encodeURIComponent(part).replace(/^\.+$/, '_').replaceAll('*', '_wildcard')),
    )
  const inFolder = async (file: string): Promise<string> => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    return file
  }
  return {
    read: (key) =>
      readFile(path(key), 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
        throw error
      }),
    write: async (key, text) => {
      const target = await inFolder(path(key))
      const scratch = `${target}.${randomBytes(6).toString('hex')}.tmp`
      await writeFile(scratch, text, { mode: 0o600 })
      await rename(scratch, target)
    },
    remove: (key) => rm(path(key), { force: true }),
    lock: async (key, work) => withLock(await inFolder(`${path(key)}.lock`), work, { timeoutMs: 600_000, ...options }),
  }
}

/** For one process, and until it ends. */
export const memoryStorage = (): AcmeStorage => {
  const kept = new Map<string, string>()
  const locks = new Map<string, Promise<unknown>>()
  return {
    read: async (key) => kept.get(key),
    write: async (key, text) => {
      kept.set(key, text)
    },
    remove: async (key) => {
      kept.delete(key)
    },
    lock: (key, work) => {
      const turn = (locks.get(key) ?? Promise.resolve()).then(work, work)
      locks.set(key, turn)
      return turn
    },
  }
}
