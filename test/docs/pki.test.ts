// docs/pki.md: each example runs, and prints what stands behind its arrows.

import { readFileSync, rmSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { outputOf, root, scratchFolder, start } from './snippets.ts'

const page = readFileSync(new URL('docs/pki.md', root), 'utf8')
const sections = page
  .split('\n## ')
  .slice(1)
  .map((text) => ({ title: text.split('\n')[0] ?? '', code: /```ts\n(.*?)```/s.exec(text)?.[1] ?? '' }))
const directory = scratchFolder()
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('docs/pki.md', () => {
  test('has examples', () => {
    expect(sections.filter(({ code }) => code.includes('// -> ')).length).toBe(sections.length)
    expect(sections.length).toBeGreaterThan(6)
  })

  test.concurrent.each(sections)('$title', async ({ title, code }) => {
    const stdout = await outputOf(start(directory, `${title.replace(/\W+/g, '-')}.mts`, code))
    expect(stdout.trimEnd().split('\n')).toEqual([...code.matchAll(/\/\/ -> (.*)$/gm)].map(([, text]) => text))
  })
})
