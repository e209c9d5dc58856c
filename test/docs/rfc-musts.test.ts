// docs/rfc-musts*.md: each quoted line and each named test is there, and the counts at the top of a page are
// those of its rows.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasCode } from './quoted.ts'

const root = new URL('../../', import.meta.url)

interface Row {
  readonly section: string
  readonly rule: string
  readonly line: string
  readonly test: string
}

/** Of a page: those of all its tables, under headings that name the RFC. */
const rowsOf = (page: string): readonly Row[] => {
  let rfc = ''
  return page.split('\n').flatMap((text) => {
    rfc = /^## (RFC \d+)/.exec(text)?.[1] ?? rfc
    const [, section = '', rule = '', line = '', test = ''] =
      /^\| ((?:[A-F]\.)?\d[\d.]*) \| (.+?) \| (.+?) \| (.+?) \|$/.exec(text) ?? []
    return section === '' ? [] : [{ section: `${rfc} section ${section}`, rule, line, test }]
  })
}

/** `path`: `quote`, in one or two backquotes. Undefined for anything else. */
const quoteOf = (cell: string): { readonly path: string; readonly quote: string } | undefined => {
  const [, path, , quote] = /^`((?:src|test)\/[^`]+)`: (`{1,2})(.+)\2$/.exec(cell) ?? []
  return path === undefined || quote === undefined ? undefined : { path, quote }
}

const isNotHeld = ({ line }: Row): boolean => line === 'not held'
const isHeld = ({ line }: Row): boolean => quoteOf(line) !== undefined
const isWithoutTest = (row: Row): boolean => isHeld(row) && row.test === 'no test'

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
    ['Cannot apply', (row: Row) => !isHeld(row) && !isNotHeld(row)],
    ['Held without a test', isWithoutTest],
  ] as const)('counts: %s', (name, counted: (row: Row) => boolean) => {
    expect(page).toContain(`\n- ${name}: ${rows.filter(counted).length}\n`)
  })
})
