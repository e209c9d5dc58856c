// The openssl command as a peer for tests. Absent on a user's machine: tests that need it are skipped by name. In CI it
// is required (CI=true).
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'

/** Whether the command is here. */
export const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0
if (!hasOpenssl && process.env.CI === 'true') throw new Error('CI needs the openssl command')

/** `test`, or a skipped one that names what is missing. */
export const withOpenssl: typeof test = hasOpenssl ? test : (test.skip as typeof test)

export interface OpensslResult {
  readonly status: number
  readonly output: string
}

/** A directory of its own with these files in it; the command runs there. */
export class OpensslDirectory {
  readonly path: string = mkdtempSync(join(tmpdir(), 'puretls-'))

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    return path
  }

  /** Exit status, and stdout and stderr together. */
  run(...args: readonly string[]): OpensslResult {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: this.path, encoding: 'utf8' })
    return { status: status ?? -1, output: stdout + stderr }
  }

  /** Stdout as bytes; throws if the command fails. */
  bytes(...args: readonly string[]): Uint8Array {
    return new Uint8Array(execFileSync('openssl', args, { cwd: this.path, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
