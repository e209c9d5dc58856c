// docs/pki.md: each example runs, and prints what stands behind its arrows.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { subpaths } from '../../scripts/subpaths.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/pki.md', root), 'utf8')
const sections = page
  .split('\n## ')
  .slice(1)
  .map((text) => ({ title: text.split('\n')[0] ?? '', code: /```ts\n(.*?)```/s.exec(text)?.[1] ?? '' }))
const directory = mkdtempSync(join(tmpdir(), 'puretls-docs-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The names that a user imports, as files of this repository. */
const resolved = (code: string): string =>
  code.replace(/from '(puretls[^']*)'/g, (_, name: string) => {
    const row = subpaths.find(({ subpath }) => subpath.replace('.', 'puretls') === name)
    if (row === undefined) throw new Error(`${name} is no subpath`)
    return `from '${new URL(row.nodeSource ?? row.source, root).href}'`
  })

describe('docs/pki.md', () => {
  test('has examples', () => {
    expect(sections.filter(({ code }) => code.includes('// -> ')).length).toBe(sections.length)
    expect(sections.length).toBeGreaterThan(6)
  })

  test.concurrent.each(sections)('$title', async ({ title, code }) => {
    const file = join(directory, `${title.replace(/\W+/g, '-')}.mts`)
    writeFileSync(file, resolved(code))
    const node = new URL('node_modules/node/bin/node', root).pathname
    const { stdout } = await promisify(execFile)(node, ['--no-warnings', file])
    expect(stdout.trimEnd().split('\n')).toEqual([...code.matchAll(/\/\/ -> (.*)$/gm)].map(([, text]) => text))
  })
})
