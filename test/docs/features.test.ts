// docs/features.md: each row names a test that shows it, and that test has the words.

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/features.md', root), 'utf8')
const rows = page.split('\n').filter((line) => /^\|.*\|$/.test(line) && !/^\|---|^\| group /.test(line))

describe('docs/features.md', () => {
  it('has rows', () => expect(rows.length).toBeGreaterThan(40))

  it.each(rows)('%s', (row) => {
    const shown = /\| `(test\/[^`]+)` "([^"]+)" \|$/.exec(row)
    expect(shown, 'a file and a quotation in the last column').not.toBeNull()
    const [, file = '', words = ''] = shown ?? []
    expect(existsSync(new URL(file, root)), file).toBe(true)
    expect(readFileSync(new URL(file, root), 'utf8').toLowerCase()).toContain(words.toLowerCase())
  })
})
