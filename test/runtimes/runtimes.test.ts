// Bun and Deno: every entry point loads, the library shakes hands with itself, and with the runtime's own TLS both
// ways. Not run where npm has no binary for the platform; with CI set, that fails.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { existingSubpaths } from '../../scripts/subpaths.ts'
import { createCa } from '../../src/pki/index.ts'
import { Child, run, stopChildren } from '../interop/process.ts'

const root = new URL('../../', import.meta.url).pathname
const runtimes = [
  { name: 'Bun', program: join(root, 'node_modules/.bin/bun'), args: [] },
  {
    name: 'Deno',
    program: join(root, 'node_modules/.bin/deno'),
    args: ['run', '--allow-all', '--no-lock', '--no-check', '--quiet'],
  },
]
const present = await Promise.all(runtimes.map(async ({ program }) => (await run(program, ['--version'])).code === 0))
if (process.env['CI'] && present.includes(false)) throw new Error('CI requires Bun and Deno (npm install)')

const directory = mkdtempSync(join(tmpdir(), 'puretls-runtimes-'))
const files = ['ca', 'cert', 'key'].map((name) => join(directory, name))
beforeAll(async () => {
  const authority = await createCa({ name: 'puretls runtimes' })
  const { chainPem, privateKeyPem } = await authority.issue({ names: ['localhost', '127.0.0.1'] })
  const texts = [authority.certificatePem, chainPem, privateKeyPem]
  for (const [index, file] of files.entries()) writeFileSync(file, texts[index] ?? '', { mode: 0o600 })
})
afterAll(async () => {
  await stopChildren()
  rmSync(directory, { recursive: true, force: true })
})

const subpaths = existingSubpaths()
  .map(({ subpath }) => subpath)
  .toSorted()

describe.each(runtimes.filter((_, index) => present[index]))('$name', ({ program, args }) => {
  it('loads every entry point, and speaks with itself and with its own TLS, both ways', async () => {
    const child = new Child(program, [...args, join(root, 'test/runtimes/guest.ts'), ...files], { cwd: root })
    const [line] = await child.waitFor(/^\{.*\}$/m)
    expect(JSON.parse(line)).toEqual({
      imported: expect.toSatisfy((names: readonly string[]) => names.toSorted().join() === subpaths.join()),
      overPair: 'hello, TLS 1.3',
      toTheirs: [false, true],
      fromTheirs: 'echo:hello, TLSv1.3',
    })
    expect(await child.exited()).toBe(0)
  })
})
