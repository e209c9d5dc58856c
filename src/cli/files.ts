// Files as the commands read and write them: one sentence for what can't be done, private modes for private keys, and
// no file is half-written.

import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CliError } from './errors.ts'
import type { Io } from './io.ts'

const MAX_STDIN = 64 * 1024 * 1024

/** The whole of a file; `-` is stdin. */
export const readInput = async (io: Io, path: string): Promise<Uint8Array> => {
  if (path === '-') return readAll(io)
  return new Uint8Array(
    await readFile(resolve(io.cwd, path)).catch((error: unknown) => {
      // An error of read() itself names no file.
      throw error instanceof Error ? Object.assign(error, { path }) : error
    }),
  )
}

/** The same as text (UTF-8). */
export const readText = async (io: Io, path: string): Promise<string> =>
  new TextDecoder().decode(await readInput(io, path))

const readAll = async ({ stdin }: Io): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stdin) {
    const bytes: Uint8Array = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    length += bytes.length
    if (length > MAX_STDIN) throw new CliError('input', 'stdin: it is longer than 64 MiB')
    chunks.push(bytes)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

export interface WriteOptions {
  /** 0o600 for what is secret. Default 0o644. */
  readonly mode?: number
  /** Replaces a file that is there. */
  readonly force?: boolean
}

/** Writes the whole file or none: another process sees the old one or the new one. */
export const writeOutput = async (
  io: Pick<Io, 'cwd'>,
  path: string,
  data: string | Uint8Array,
  { mode = 0o644, force = false }: WriteOptions = {},
): Promise<void> => {
  const target = resolve(io.cwd, path)
  const scratch = `${target}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(scratch, 'wx', mode).catch((error: unknown) => {
    throw aboutPath(error, path)
  })
  try {
    await handle.writeFile(data)
    await handle.chmod(mode)
    await handle.sync()
    await handle.close()
    if (force) await rename(scratch, target)
    else {
      // link() refuses where the file is there; rename() would replace it.
      await link(scratch, target)
      await unlink(scratch)
    }
  } catch (error) {
    await handle.close().catch(() => {})
    await unlink(scratch).catch(() => {})
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new CliError('input', `${path}: it exists already`, {
        code: 'EEXIST',
        remedy: 'give --force to replace it',
      })
    }
    throw aboutPath(error, path)
  }
}

/** A folder, with its parents; those that are made are the user's alone. */
export const privateFolder = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw aboutPath(error, path)
  })
}

/** The error names the file that was asked for, not the scratch file beside it. */
const aboutPath = (error: unknown, path: string): unknown => {
  if (error instanceof Error && 'path' in error)
    error.path = 'code' in error && error.code === 'ENOENT' ? dirname(path) : path
  return error
}
