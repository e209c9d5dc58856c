// scripts/mutants.ts on a project of a few lines: a fault that a test notices is killed, one that changes nothing
// survives, and a test that fails by itself kills nothing.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instrumented } from '../../scripts/mutants/instrument.ts'
import { draw, mutantsOf } from '../../scripts/mutants/places.ts'

const here = new URL('../../', import.meta.url).pathname
const project = mkdtempSync(join(tmpdir(), 'puretls-mutants-test-'))
afterAll(() => rmSync(project, { recursive: true, force: true }))

const files = {
  'package.json': '{ "type": "module" }',
  'vitest.config.ts': "export default { test: { pool: 'forks', include: ['test/*.test.ts'] } }",
  'src/sizes.ts': `
export const isFull = (length: number): boolean => length >= 16
export const larger = (a: number, b: number): number => {
  if (a < b) return b
  return a
}
export const untested = (a: number): number => {
  return a + 1
}
`,
  'src/x509/left-alone.ts': 'export const five = 5\n',
  'test/sizes.test.ts': `
import { expect, it } from 'vitest'
import { isFull, larger } from '../src/sizes.ts'
it('is full at 16', () => {
  expect([isFull(15), isFull(16)]).toEqual([false, true])
})
it('takes the larger', () => {
  expect([larger(1, 2), larger(2, 1), larger(1, 1)]).toEqual([2, 2, 1])
})
`,
  'test/broken.test.ts': `
import { expect, it } from 'vitest'
import { isFull, untested } from '../src/sizes.ts'
it('fails by itself', () => {
  expect([isFull(16), untested(1)]).toBe(undefined)
})
`,
}

describe('npm run mutants', () => {
  let lines: readonly string[] = []
  beforeAll(async () => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(project, name, '..'), { recursive: true })
      writeFileSync(join(project, name), text)
    }
    symlinkSync(join(here, 'node_modules'), join(project, 'node_modules'))
    const node = join(here, 'node_modules/node/bin/node')
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    const command = [join(here, 'scripts/mutants.ts'), '--root', project, '--count', '99', '--jobs', '1']
    lines = (await promisify(execFile)(node, command, { env })).stdout.split('\n')
  })

  const verdict = (change: string): string | undefined =>
    lines
      .find((line) => line.includes(` ${change} `))
      ?.replace(/^\d+ (killed|survived|not reached|timed out) .*$/, '$1')

  it('kills what a test notices', () => {
    expect(verdict('length >= 16 -> length > 16')).toBe('killed')
    expect(verdict('16 -> 17')).toBe('killed')
    expect(verdict('a < b -> true')).toBe('killed')
  })
  it('lets survive what changes nothing', () => {
    expect(verdict('a < b -> a <= b')).toBe('survived')
  })
  it('a test that fails without a mutant kills none', () => {
    expect(lines).toContain('set aside, as it fails without a mutant: test/broken.test.ts')
    expect(verdict('a + 1 -> a - 1')).toBe('not reached')
  })
  it('counts all, and none of x509', () => {
    expect(lines.at(-2)).toBe(
      'mutants: 7 killed, 1 survived, 3 not reached, 0 timed out of 11, drawn from 11 by seed 1',
    )
  })
})

describe('places of src', () => {
  const folder = join(here, 'src/engine')

  it('what is compiled in beside the original can be parsed', () => {
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'utf8')
      const all = mutantsOf(name, text).map((mutant, id) => ({ id, mutant }))
      const { diagnostics = [] } = ts.transpileModule(instrumented(text, all), {
        fileName: name,
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
      })
      expect([name, ...diagnostics.map(({ messageText }) => messageText)]).toEqual([name])
    }
  })

  it('the same seed draws the same, and another one others', () => {
    const all = mutantsOf('connection.ts', readFileSync(join(here, 'src/connection.ts'), 'utf8'))
    expect(draw(all, 1, 20)).toEqual(draw(all, 1, 20))
    expect(draw(all, 1, 20)).not.toEqual(draw(all, 2, 20))
    expect(new Set(draw(all, 1, 20)).size).toBe(20)
  })
})
