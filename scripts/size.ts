// `npm run size`: what each subpath costs a page that imports all of it, and whether that is within its budget
// (scripts/subpaths.ts). It also holds the web subpaths to using no Node builtins, and all to @noble/* alone.
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { existingSubpaths, type Subpath } from './subpaths.ts'

const root = new URL('../', import.meta.url).pathname

const rows = await Promise.all(existingSubpaths().map(measure))
console.log(`${'subpath'.padEnd(20)}${'minified'.padStart(10)}${'gzipped'.padStart(10)}${'budget'.padStart(10)}`)
for (const { subpath, minified, gzipped, budget, faults } of rows) {
  const numbers = [minified, gzipped, budget].map((bytes) => kB(bytes).padStart(10)).join('')
  console.log(`${subpath.padEnd(20)}${numbers}  ${faults.length === 0 ? 'ok' : faults.join('; ')}`)
}
const failed = rows.filter(({ faults }) => faults.length > 0).length
console.log(
  failed === 0 ? `size: ${rows.length} subpaths within budget` : `size: ${failed} of ${rows.length} subpaths at fault`,
)
process.exitCode = failed === 0 && rows.length > 0 ? 0 : 1

interface Measured extends Subpath {
  readonly minified: number
  readonly gzipped: number
  readonly faults: readonly string[]
}

async function measure(row: Subpath): Promise<Measured> {
  try {
    return await bundle(row)
  } catch (error) {
    return {
      ...row,
      minified: 0,
      gzipped: 0,
      faults: [`does not build: ${error instanceof Error ? error.message : String(error)}`],
    }
  }
}

async function bundle(row: Subpath): Promise<Measured> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [row.source],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2023',
    legalComments: 'none',
    logLevel: 'silent',
    ...(row.needsNode ? { platform: 'node' } : { platform: 'browser', external: ['node:*'] }),
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const gzipped = gzipSync(code, { level: 9 }).length
  const builtins = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  )
  const strangers = row.needsNode ? [] : [...packages].filter((name) => !name.startsWith('@noble/'))
  const faults = [
    ...(gzipped > row.budget ? [`over budget by ${kB(gzipped - row.budget)}`] : []),
    ...(!row.needsNode && builtins.length > 0 ? [`needs ${[...new Set(builtins)].join(', ')}`] : []),
    ...(strangers.length > 0 ? [`bundles ${strangers.join(', ')}`] : []),
  ]
  return { ...row, minified: code.length, gzipped, faults }
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
