// A bundler's alias: programs that import node:tls, node:https and node:http2, bundled as docs/recipes has it with the
// package as it is published, do TLS by puretls. guard.mjs and throwing.cjs fail them if Node's own is touched.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { bundleModules, modulesOutput } from '../../scripts/build/modules.ts'
import { createCa } from '../../src/pki/index.ts'
import { run } from '../interop/process.ts'

const here = new URL('./', import.meta.url).pathname
const root = new URL('../../', import.meta.url).pathname
const directory = mkdtempSync(join(tmpdir(), 'puretls-alias-'))
const files = ['ca', 'cert', 'key'].map((name) => join(directory, name))

beforeAll(async () => {
  const installed = join(directory, 'node_modules/puretls')
  mkdirSync(installed, { recursive: true })
  const modules = await bundleModules()
  await modules.write({ ...modulesOutput(), dir: join(installed, 'dist') })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  for (const name of ['@noble', 'commander'])
    symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
  symlinkSync(join(here, 'node_modules/ws'), join(directory, 'node_modules/ws'))
  for (const name of ['program.mjs', 'library.mjs']) cpSync(join(here, 'alias', name), join(directory, name))

  const authority = await createCa({ name: 'puretls alias' })
  const { chainPem, privateKeyPem } = await authority.issue({ names: ['localhost', '127.0.0.1'] })
  const [ca = '', cert = '', key = ''] = files
  writeFileSync(ca, authority.certificatePem)
  writeFileSync(cert, chainPem)
  writeFileSync(key, privateKeyPem)
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const bundle = async (recipe: string, entry: string, outfile: string): Promise<string> => {
  const script = `
    const { bundle } = await import(${JSON.stringify(join(root, 'docs/recipes', `${recipe}.ts`))})
    await bundle(${JSON.stringify(entry)}, ${JSON.stringify(outfile)})`
  const args = ['--import', join(here, 'resolve.mjs'), '--input-type=module', '--eval', script]
  const { code, output } = await run(process.execPath, args, { cwd: directory, env: { NODE_NO_WARNINGS: '1' } })
  if (code !== 0) throw new Error(output)
  return readFileSync(outfile, 'utf8')
}

const runBundle = async (file: string): Promise<string> => {
  const preloads = ['--require', join(here, 'alias/throwing.cjs'), '--import', join(here, 'guard.mjs')]
  const { output } = await run(process.execPath, [...preloads, file, ...files], { env: { NODE_NO_WARNINGS: '1' } })
  return output.trim()
}

describe.each([
  { recipe: 'esbuild', entry: 'program.mjs', outfile: 'built.mjs' },
  { recipe: 'esbuild', entry: 'library.mjs', outfile: 'built-library.mjs' },
  { recipe: 'rollup', entry: 'program.mjs', outfile: 'rolled.mjs' },
])('$recipe, $entry', ({ recipe, entry, outfile }) => {
  it('asks for no TLS of Node by name, and runs', async () => {
    const code = await bundle(recipe, join(directory, entry), join(directory, outfile))
    expect(code.match(/^.*(?:require\(|from |import )["'](?:node:)?(?:tls|https|http2)["'].*$/gm)).toBe(null)
    expect(await runBundle(join(directory, outfile))).toBe('ok')
  })
})

it('without the alias the same program fails', async () => {
  expect(await runBundle(join(directory, 'program.mjs'))).toContain('createServer of node:tls was called')
})
