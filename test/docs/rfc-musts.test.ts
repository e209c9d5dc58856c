// docs/rfc-musts*.md: each quoted line and each named test is there, and what scripts/rules/breaks.json replaces; the
// counts at the top of a page are those of its rows; the rules that are named for the RFCs' sentences are rows.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { entries, mutantsFor } from '../../scripts/rules/breaks.ts'
import { coverageOf, texts } from '../../scripts/rules/coverage.ts'
import { hasCode } from './quoted.ts'
import { quoteOf, rowsOf } from './rfc-rows.ts'
import type { RuleRow } from './rfc-rows.ts'

const root = new URL('../../', import.meta.url)

const isNotHeld = ({ line }: RuleRow): boolean => line === 'not held'
const isHeld = ({ line }: RuleRow): boolean => quoteOf(line) !== undefined
const isWithoutTest = (row: RuleRow): boolean => isHeld(row) && row.test === 'no test'

const pages = [
  ['rfc-musts.md', 100],
  ['rfc-musts-tls12.md', 100],
  ['rfc-musts-ech.md', 50],
] as const

const pageOf = (file: string): string => readFileSync(new URL(`docs/${file}`, root), 'utf8')

describe.each(pages)('docs/%s', (file, least) => {
  const page = pageOf(file)
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

it.each(entries)('scripts/rules/breaks.json: $rule', ({ rule }) => {
  const rows = pages.flatMap(([file]) => rowsOf(pageOf(file))).filter((row) => row.rule === rule)
  expect(rows).toHaveLength(1)
  // throws if what is replaced is not there
  for (const row of rows) mutantsFor(root.pathname, row)
})

it.each(Object.keys(texts))('each sentence of scripts/rules/%s.json names rows, or says why there are none', (name) => {
  const rules = pages.flatMap(([file]) => rowsOf(pageOf(file)).map(({ rule }) => rule))
  const sentences = Object.entries(coverageOf(name))
  expect(sentences.length).toBeGreaterThan(4)
  for (const [line, held] of sentences) {
    if (typeof held === 'string') expect(held.length, `line ${line}`).toBeGreaterThan(10)
    else expect(held.length > 0 && held.filter((rule) => !rules.includes(rule)), `line ${line}`).toEqual([])
  }
})
