// Each TypeScript block of the pages is a module that compiles as pasted, under `strict`.

import { globSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { subpaths } from '../../scripts/subpaths.ts'
import { root, snippetsOf } from './snippets.ts'

/** Blocks that go on from text beside them, by what they have in common with it. */
const fragments: Readonly<Record<string, string>> = {
  'README.md:2': [
    "import { connect, createServer } from 'puretls'",
    "import type { AnyDuplex } from 'puretls'",
    'declare const [cert, key]: readonly [string, string]',
    'declare const [stream, otherStream]: readonly [AnyDuplex, AnyDuplex]',
    '',
  ].join('\n'),
}

const pages = ['README.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: root })].toSorted()
const folder = new URL('docs/examples/', root).pathname
const blocks = new Map<string, string>(
  pages.flatMap((page) =>
    snippetsOf(page).map((code, index) => {
      const name = `${page}:${index}`
      return [`${folder}${name.replace(/\W/g, '-')}.ts`, `${fragments[name] ?? ''}${code}\nexport {}\n`] as const
    }),
  ),
)

const { config } = ts.readConfigFile(new URL('tsconfig.json', root).pathname, ts.sys.readFile)
const { options: shared } = ts.parseJsonConfigFileContent(config, ts.sys, root.pathname)
const paths = Object.fromEntries(
  subpaths.map(({ subpath, source, nodeSource }) => [subpath.replace('.', 'puretls'), [`./${nodeSource ?? source}`]]),
)

/** Of a package that is not installed for it. */
const elsewhere = "Cannot find module 'libp2p' or its corresponding type declarations."

const faults = (): readonly string[] => {
  const { tsBuildInfoFile: _, incremental: __, ...options } = shared
  const settings = { ...options, paths }
  const host = ts.createCompilerHost(settings)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (name) => blocks.has(name) || fileExists(name)
  host.readFile = (name) => blocks.get(name) ?? readFile(name)
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const text = blocks.get(name)
    return text === undefined
      ? getSourceFile(name, languageVersion, ...rest)
      : ts.createSourceFile(name, text, languageVersion)
  }
  const program = ts.createProgram([...blocks.keys()], settings, host)
  return [...blocks.keys()].flatMap((name) => {
    const file = program.getSourceFile(name)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
      .filter((message) => message !== elsewhere)
      .map((message) => `${name.slice(folder.length)}: ${message}`)
  })
}

describe('the TypeScript of the pages', () => {
  it('is there', () => {
    expect(blocks.size).toBeGreaterThan(25)
  })

  it('compiles as pasted', () => {
    expect(faults()).toEqual([])
  }, 120_000)
})
