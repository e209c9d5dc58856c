// puretls/node/register: a whole process whose TLS is ours, ES modules and CommonJS, on this Node, Bun and Deno. On
// other versions of Node it is tried on the packed tarball (scripts/pack-test.ts).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { createCa } from '../../src/pki/index.ts'
import { run } from '../interop/process.ts'

const root = new URL('../../', import.meta.url).pathname
const register = join(root, 'src/node/register.ts')
const directory = mkdtempSync(join(tmpdir(), 'puretls-register-'))
const files = ['ca', 'cert', 'key'].map((name) => join(directory, name))
const [caFile = ''] = files

beforeAll(async () => {
  const authority = await createCa({ name: 'registered' })
  const { chainPem, privateKeyPem } = await authority.issue({ names: ['localhost', '127.0.0.1'] })
  const texts = [authority.certificatePem, chainPem, privateKeyPem]
  for (const [index, file] of files.entries()) writeFileSync(file, texts[index] ?? '', { mode: 0o600 })
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const lastLine = async (
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<unknown> => {
  const { output } = await run(program, args, { cwd: root, env })
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  if (!/^[[{]/.test(line)) throw new Error(output)
  return JSON.parse(line)
}

const program = join(root, 'test/node/programs/everything.ts')
const bin = (name: string): string => join(root, 'node_modules/.bin', name)

describe('a process with puretls/node/register', () => {
  it.each([['--import'], ['--require']])('Node, %s: modules, fetch, and its worker threads', async (flag) => {
    const told = await lastLine(process.execPath, [flag, register, program, ...files], {
      NODE_EXTRA_CA_CERTS: caFile,
      TRY_FETCH: 'yes',
    })
    expect(told).toEqual({
      everywhere: true,
      byGet: [['/get', true], true],
      byFetch: ['/fetch', true],
      byHttp2: 'true',
      inWorker: true,
    })
  })

  it.each([
    ['Bun', bin('bun'), []],
    ['Deno', bin('deno'), ['run', '--allow-all', '--no-lock', '--no-check', '--quiet']],
  ])('%s, --preload: modules', async (_name, command, args) => {
    const told = await lastLine(command, [...args, '--preload', register, program, ...files])
    expect(told).toMatchObject({ everywhere: true, byGet: [['/get', true], true], byHttp2: 'true' })
  })
})
