// Every export outside src/wire states its type, so that a declaration file follows from one source file alone
// (TypeScript's isolatedDeclarations, which is a switch for a whole program). In src/wire a codec is the declaration,
// and the types of messages are inferred from it.

import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'

const INFERRED = 'src/wire/'

let faults = 0
for (const fileName of globSync('src/**/*.ts')) {
  if (fileName.startsWith(INFERRED)) continue
  const { diagnostics = [] } = ts.transpileDeclaration(readFileSync(fileName, 'utf8'), {
    fileName,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2023, allowImportingTsExtensions: true },
  })
  for (const { file, start = 0, messageText } of diagnostics) {
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
    console.error(`${fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
    faults++
  }
}
if (faults > 0) {
  console.error(`${faults} exports without a type of their own`)
  process.exitCode = 1
}
