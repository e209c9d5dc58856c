// docs/node-tls.md is whole: everything that @types/node declares of node:tls and node:https has a test that exists,
// and no option is silently ignored.

import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import { declaredNames } from '../../scripts/docs-node-tls.ts'
import { shown } from '../../scripts/node-tls-facts.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

describe('docs/node-tls.md', () => {
  const names = declaredNames()

  it('has a row with a test for each name that is declared', () => {
    const known = new Set(shown.flatMap((one) => one.names))
    expect(names.length).toBeGreaterThan(100)
    expect(names.filter((name) => !known.has(name))).toEqual([])
  })

  it.each([...new Set(shown.map(({ file }) => file))])('names tests that are in %s', (file) => {
    const text = read(file)
    const missing = shown.filter((one) => one.file === file && !text.includes(one.title))
    expect(missing.map(({ title }) => title)).toEqual([])
  })

  it('ignores no option: the sources read each of them', () => {
    const files = readdirSync(new URL('src/node/', root)).filter((file) => file.endsWith('.ts') && file !== 'types.ts')
    const source = files.map((file) => read(`src/node/${file}`).replaceAll(/\/\/.*|\/\*[^]*?\*\//g, '')).join('\n')
    const options = names.flatMap((name) => /^option (\w+)$/.exec(name)?.[1] ?? [])
    // These are net.connect()'s, which gets all options as they are.
    const ofNet = new Set(['port', 'host', 'lookup', 'path'])
    const unread = options.filter((name) => !ofNet.has(name) && !new RegExp(`\\b${name}\\b`).test(source))
    expect(unread).toEqual([])
  })
})
