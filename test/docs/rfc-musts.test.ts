// docs/rfc-musts*.md: each quoted line and each named test is there, and the counts at the top of a page are
// those of its rows.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasCode } from './quoted.ts'
import { quoteOf, rowsOf } from './rfc-rows.ts'
import type { RuleRow } from './rfc-rows.ts'

const root = new URL('../../', import.meta.url)

const isNotHeld = ({ line }: RuleRow): boolean => line === 'not held'
const isHeld = ({ line }: RuleRow): boolean => quoteOf(line) !== undefined
const isWithoutTest = (row: RuleRow): boolean => isHeld(row) && row.test === 'no test'

describe.each([
  ['rfc-musts.md', 100],
  ['rfc-musts-tls12.md', 100],
  ['rfc-musts-ech.md', 50],
] as const)('docs/%s', (file, least) => {
  const page = readFileSync(new URL(`docs/${file}`, root), 'utf8')
  const rows = rowsOf(page)

  it('has every line of its tables', () => {
    expect(page.split('\n').filter((text) => /^\| ([A-F]\.)?\d/.test(text))).toHaveLength(rows.length)
    expect(rows.length).toBeGreaterThan(least)
  })

  it.each(rows)('$section: $rule', (row) => {
    const [held, tested] = [quoteOf(row.line), quoteOf(row.test)]
    if (held) {
      expect(held.path).toMatch(/^src\/.+\.ts$/)
      expect(hasCode(held.path, held.quote), `${held.path} has: ${held.quote}`).toBe(true)
    }
    if (tested) {
      expect(tested.path).toMatch(/^test\/.+\.test\.ts$/)
      expect(hasCode(tested.path, tested.quote), `${tested.path} has: ${tested.quote}`).toBe(true)
    } else expect(row.test).toBe(held ? 'no test' : '-')
  })

  it.each([
    ['Rules', () => true],
    ['Held', isHeld],
    ['Not held', isNotHeld],
    ['Cannot apply', (row: RuleRow) => !isHeld(row) && !isNotHeld(row)],
    ['Held without a test', isWithoutTest],
  ] as const)('counts: %s', (name, counted: (row: RuleRow) => boolean) => {
    expect(page).toContain(`\n- ${name}: ${rows.filter(counted).length}\n`)
  })
})
