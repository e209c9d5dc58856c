// docs/attacks.md: each quoted line is in the file that is named beside it, each test named exists, and no heading is
// without.

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasCode } from './quoted.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/attacks.md', root), 'utf8')
const sections = page
  .split('\n## ')
  .slice(1)
  .map((text) => ({ title: text.split('\n')[0] ?? '', text }))

describe('docs/attacks.md', () => {
  it('has sections', () => {
    expect(sections.length).toBeGreaterThan(10)
  })

  it.each(sections)('$title', ({ text }) => {
    const quotes = [...text.matchAll(/^- \[`(src\/[^`]+)`\]\(\.\.\/\1\): `(.+)`$/gm)]
    expect(quotes.length).toBeGreaterThan(0)
    for (const [, path = '', line = ''] of quotes) expect(hasCode(path, line), `${path} has: ${line}`).toBe(true)
    const tests = [...text.matchAll(/\[`(test\/[^`]+)`\]\(\.\.\/\1\)/g)]
    expect(tests.length).toBeGreaterThan(0)
    for (const [, path = ''] of tests) expect(existsSync(new URL(path, root))).toBe(true)
  })
})
