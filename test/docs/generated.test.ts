// docs/options.md, errors.md and api.md say what the source says: `npm run docs` writes them. And what an editor shows
// on hover.

import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { pages } from '../../scripts/docs.ts'
import { clientNames } from '../../src/options/client-names.ts'
import { serverNames } from '../../src/options/server-names.ts'
import { isGroup } from '../../src/checked-options.ts'
import type { OptionNames } from '../../src/checked-options.ts'

const root = new URL('../../', import.meta.url)
const TIMEOUT = 120_000

describe.each(pages)('%s', (path, page) => {
  it('is fresh (npm run docs)', { timeout: TIMEOUT }, () => {
    expect(readFileSync(new URL(path, root), 'utf8')).toBe(page())
  })
})

it('docs/options.md has every option, and says what each is', () => {
  const page = readFileSync(new URL('docs/options.md', root), 'utf8')
  const pathsOf = (names: OptionNames, prefix = ''): readonly string[] =>
    Object.entries(names).flatMap(([name, kind]) => [
      prefix + name,
      ...(isGroup(kind) ? pathsOf(kind, `${prefix}${name}.`) : []),
    ])
  const missing = [...pathsOf(clientNames), ...pathsOf(serverNames)].filter((path) => !page.includes(`| \`${path}\` |`))
  expect(missing.filter((path) => !path.startsWith('versions.'))).toEqual([])
  expect(page.split('\n').filter((line) => /^\| `.*\|\s*\|$/.test(line))).toEqual([])
})

describe('what an editor shows on hover', () => {
  it.each(['connect', 'createServer'])('%s: what it does, and an example', { timeout: TIMEOUT }, (name) => {
    const file = new URL('test/docs/hover.ts', root).pathname
    const calls =
      `import { connect, createServer } from '../../src/index.node.ts'\nvoid connect('a:1')\nvoid ` +
      `createServer({})\n`
    const host: ts.LanguageServiceHost = {
      getScriptFileNames: () => [file],
      getScriptVersion: () => '1',
      getScriptSnapshot: (path) => {
        const text = path === file ? calls : ts.sys.readFile(path)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => root.pathname,
      getCompilationSettings: () => ({
        allowImportingTsExtensions: true,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        noEmit: true,
      }),
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      fileExists: (path) => path === file || ts.sys.fileExists(path),
      readFile: (path) => ts.sys.readFile(path),
    }
    const shown = ts.createLanguageService(host).getQuickInfoAtPosition(file, calls.indexOf(`void ${name}(`) + 5)
    const text = ts.displayPartsToString(shown?.documentation)
    expect(text.length).toBeGreaterThan(100)
    expect(text).toContain('```ts')
  })
})
