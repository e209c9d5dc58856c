// What an editor shows on hover: every function, class and value of every entry point has a sentence, and none sends
// its reader to a file.

import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { subpaths } from '../../scripts/subpaths.ts'
import { root } from './snippets.ts'

const entries = subpaths.flatMap(({ subpath, source, nodeSource }) =>
  [source, nodeSource ?? source].map((file) => ({ subpath, file: new URL(file, root).pathname })),
)

/** Documentation of each value that an entry exports: its own, or that of a signature of its type. */
const documented = (): readonly { readonly name: string; readonly text: string }[] => {
  const { config } = ts.readConfigFile(new URL('tsconfig.json', root).pathname, ts.sys.readFile)
  const { options: shared } = ts.parseJsonConfigFileContent(config, ts.sys, root.pathname)
  const { tsBuildInfoFile: _, incremental: __, ...options } = shared
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    options,
  )
  const checker = program.getTypeChecker()
  const textOf = (symbol: ts.Symbol | ts.Signature): string =>
    ts.displayPartsToString(symbol.getDocumentationComment(checker))
  return entries.flatMap(({ subpath, file }) => {
    const source = program.getSourceFile(file)
    const module = source && checker.getSymbolAtLocation(source)
    return (module ? checker.getExportsOfModule(module) : []).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      if (!(symbol.flags & ts.SymbolFlags.Value)) return []
      const signatures = checker.getTypeOfSymbol(symbol).getCallSignatures()
      const text = [textOf(symbol), ...signatures.map(textOf)].find((one) => one !== '') ?? ''
      return [{ name: `${subpath} ${exported.name}`, text }]
    })
  })
}

describe('what an editor shows on hover', () => {
  it('is a sentence for each export, which stands by itself', { timeout: 120_000 }, () => {
    const all = documented()
    expect(all.length).toBeGreaterThan(250)
    expect(all.filter(({ text }) => text === '').map(({ name }) => name)).toEqual([])
    expect(all.filter(({ text }) => /\bsee docs?\b|\bdocs\/|\.md\b|\.ts\b/i.test(text))).toEqual([])
  })
})
