// Whether docs/rfc-musts*.md are complete: `npm run rules:coverage -- rfc9846.txt rfc5246.txt`, with texts that
// rfc-editor.org publishes (and draft-ietf-tls-esni-latest.txt for RFC 9849). Each line that says MUST has an entry in
// the file beside this one that has the text's name: the rules that hold it, or why it needs none.

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** By the number of a line: rules of docs/rfc-musts*.md, or the reason for having none. */
export type Coverage = Readonly<Record<string, readonly string[] | string>>

/** The texts that are covered, and the sections that bind an endpoint where those are not all. */
export const texts: Readonly<Record<string, { readonly first: number; readonly last: number } | undefined>> = {
  rfc9846: { first: 4, last: 9 },
  rfc5246: undefined,
  rfc7627: undefined,
  rfc5746: undefined,
  rfc7366: undefined,
  rfc8449: undefined,
  'draft-ietf-tls-esni-latest': undefined,
}

export const coverageOf = (name: string): Coverage =>
  JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as Coverage

/** Headings begin at the left margin; those of the contents are indented. */
const headingAt = (lines: readonly string[], section: number): number => {
  const at = lines.findIndex((line) => line.startsWith(`${section}.  `))
  if (at < 0) throw new Error(`this text has no section ${section}`)
  return at
}

/** The numbers of the lines that say MUST, without the one that says what the word means. */
const mustLines = (name: string, text: string): readonly number[] => {
  const lines = text.split('\n')
  const sections = texts[name]
  const [start, end] = sections
    ? [headingAt(lines, sections.first), headingAt(lines, sections.last + 1)]
    : [0, lines.length]
  return lines.flatMap((line, index) =>
    index >= start && index < end && /\bMUST\b/.test(line) && !line.includes('The key words') ? [index + 1] : [],
  )
}

const report = (path: string): boolean => {
  const name = basename(path, '.txt')
  if (!(name in texts)) throw new Error(`${path}: the texts are ${Object.keys(texts).join(', ')}`)
  const text = readFileSync(path, 'utf8')
  const [lines, coverage] = [mustLines(name, text), coverageOf(name)]
  const missing = lines.filter((line) => !(line in coverage))
  const stray = Object.keys(coverage).filter((line) => !lines.includes(Number(line)))
  for (const line of missing) console.log(`${name}:${line}: no entry: ${text.split('\n')[line - 1]?.trim()}`)
  for (const line of stray) console.log(`${name}:${line}: has an entry and does not say MUST`)
  const held = lines.filter((line) => Array.isArray(coverage[line]))
  console.log(
    `${name}: ${lines.length} lines say MUST, ${held.length} have rules, ` +
      `${lines.length - held.length - missing.length} need none, ${missing.length} have no entry`,
  )
  return missing.length + stray.length === 0
}

if (import.meta.main) {
  const paths = process.argv.slice(2)
  if (paths.length === 0) throw new Error('usage: npm run rules:coverage -- rfc9846.txt ...')
  process.exitCode = paths.map(report).every(Boolean) ? 0 : 1
}
