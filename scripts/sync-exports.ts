// `npm run exports`: writes package.json's `exports` and `bin` from the table in scripts/subpaths.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { expectedBin, expectedExports } from './subpaths.ts'

const file = new URL('../package.json', import.meta.url)
const { exports: _exports, bin: _bin, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
const bin = expectedBin()
const made = { exports: expectedExports(), ...(bin === undefined ? {} : { bin }) }

// `exports` and `bin` stand before `files`, and everything else keeps its place.
const entries = Object.entries(rest).flatMap(([key, value]) =>
  key === 'files' ? [...Object.entries(made), [key, value] as const] : [[key, value] as const],
)
writeFileSync(file, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`)
