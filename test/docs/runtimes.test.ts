// docs/runtimes.md has what scripts/runtimes.ts runs: each runtime a column, each check a row, and every check passed.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { columns } from '../../scripts/runtimes/columns.ts'
import { head, titles } from '../../scripts/runtimes/tables.ts'

const root = new URL('../../', import.meta.url).pathname
const text = readFileSync(`${root}docs/runtimes.md`, 'utf8')
const transports = [...new Set(columns.flatMap((column) => column.transports))]

const labels = async (): Promise<readonly string[]> => {
  const { checks }: { checks: readonly [string, unknown][] } = await import(`${root}scripts/runtimes/conformance.mjs`)
  return ['TLS 1.3', 'TLS 1.2'].flatMap((version) => checks.map(([check]) => `${version}: ${check}`))
}

/** The cells of each line of the table under the heading. */
const tableUnder = (heading: string): readonly (readonly string[])[] => {
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const lines = section.split('\n## ')[0]?.split('\n') ?? []
  return lines
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
}

const versionOf = (cell: string): string => /\d[\w.-]*/.exec(cell)?.[0] ?? ''

describe('docs/runtimes.md', () => {
  it('has the text and the tables that the script writes', () => {
    expect(text.startsWith(head)).toBe(true)
    expect(text.match(/^## .*$/gm)).toEqual(transports.map((transport) => `## ${titles[transport]}`))
  })

  it.each(transports)('has every runtime, every check and no failure over: %s', async (transport) => {
    const [heads = [], ...rows] = tableUnder(titles[transport] ?? transport)
    const expected = columns.filter((column) => column.transports.includes(transport))
    expect(heads.slice(1)).toEqual(expected.map(({ title }, index) => title(versionOf(heads[index + 1] ?? ''))))
    expect(rows).toEqual((await labels()).map((label) => [label, ...expected.map(() => 'yes')]))
  })
})
