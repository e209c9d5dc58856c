// Runs code of a page as a user would, with the subpaths of the package as files of this repository.

import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { subpaths } from '../../scripts/subpaths.ts'

export const root = new URL('../../', import.meta.url)

/** The TypeScript blocks of a page, in their order. */
export const snippetsOf = (page: string): readonly string[] =>
  [...readFileSync(new URL(page, root), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)

/** The names that a user imports, as files of this repository. */
export const resolved = (code: string): string =>
  code.replace(/from '(puretls[^']*)'/g, (_, name: string) => {
    const row = subpaths.find(({ subpath }) => subpath.replace('.', 'puretls') === name)
    if (row === undefined) throw new Error(`${name} is no subpath`)
    return `from '${new URL(row.nodeSource ?? row.source, root).href}'`
  })

/** A folder of its own for what a page writes and reads. */
export const scratchFolder = (): string => mkdtempSync(join(tmpdir(), 'puretls-docs-'))

/** Starts `code` as a module of its own in `folder`. */
export const start = (
  folder: string,
  name: string,
  code: string,
  env: NodeJS.ProcessEnv = {},
): ChildProcessWithoutNullStreams => {
  const file = join(folder, name)
  writeFileSync(file, resolved(code))
  const node = new URL('node_modules/node/bin/node', root).pathname
  return spawn(node, ['--no-warnings', file], { cwd: folder, env: { ...process.env, ...env } })
}

/** What a process printed by the time it ended; throws with its errors where it failed. */
export const outputOf = async (child: ChildProcessWithoutNullStreams): Promise<string> => {
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`it ended with ${String(code)}: ${errors}`)
  return output
}
