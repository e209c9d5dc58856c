// Every export outside src/wire states its type, so that a declaration file follows from one source file alone
// (TypeScript's isolatedDeclarations, which is a switch for a whole program). In src/wire a codec is the declaration,
// and in src/cli a table of options is: the types of messages and of a command's options are inferred from them.

import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'

const INFERRED = ['src/wire/', 'src/cli/']

let faults = 0
for (const fileName of globSync('src/**/*.ts')) {
  if (INFERRED.some((folder) => fileName.startsWith(folder))) continue
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
