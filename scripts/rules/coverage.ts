// Whether docs/rfc-musts.md is complete: `npm run rules:coverage -- rfc9846.txt`, with the text that rfc-editor.org
// publishes. Each of its lines that says MUST, in the sections that bind an endpoint, has an entry in rfc9846.json:
// the rules that hold it, or why it needs none.

import { readFileSync } from 'node:fs'

/** By the number of a line: rules of docs/rfc-musts*.md, or the reason for having none. */
export type Coverage = Readonly<Record<string, readonly string[] | string>>

export const coverage = JSON.parse(readFileSync(new URL('rfc9846.json', import.meta.url), 'utf8')) as Coverage

/** Headings begin at the left margin; those of the contents are indented. */
const isHeadingOf = (section: number, line: string): boolean => line.startsWith(`${section}.  `)

/** The numbers of the lines in sections 4 to 9 that say MUST. */
export const mustLines = (text: string): readonly number[] => {
  const lines = text.split('\n')
  const [start, end] = [4, 10].map((section) => lines.findIndex((line) => isHeadingOf(section, line)))
  if (start === undefined || end === undefined || start < 0 || end < start)
    throw new Error('this is not the text of RFC 9846: it has no sections 4 and 10')
  return lines.flatMap((line, index) => (index >= start && index < end && /\bMUST\b/.test(line) ? [index + 1] : []))
}

if (import.meta.main) {
  const [, , path] = process.argv
  if (path === undefined) throw new Error('usage: npm run rules:coverage -- rfc9846.txt')
  const text = readFileSync(path, 'utf8')
  const lines = mustLines(text)
  const missing = lines.filter((line) => !(line in coverage))
  const stray = Object.keys(coverage).filter((line) => !lines.includes(Number(line)))
  for (const line of missing) console.log(`${line}: no entry: ${text.split('\n')[line - 1]?.trim()}`)
  for (const line of stray) console.log(`${line}: has an entry and does not say MUST`)
  const held = lines.filter((line) => Array.isArray(coverage[line]))
  console.log(
    `rules: ${lines.length} lines say MUST, ${held.length} have rules, ` +
      `${lines.length - held.length - missing.length} need none, ${missing.length} have no entry`,
  )
  process.exitCode = missing.length + stray.length > 0 ? 1 : 0
}
