// `npm run size`: what each subpath costs a page that imports all of it, what programs cost that import a few names,
// and whether that is within the budgets of scripts/subpaths.ts, bundled out of the modules of dist/ as they are built
// from the sources now. It counts what is loaded at once; what import() loads later is a column of its own. It also
// holds what is for the web to using no Node builtins, and all to @noble/* alone.
import { posix } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'
import { bundleModules, modulesOutput } from './build/modules.ts'
import { bundles, existingSubpaths, outputName, type Bundle, type Subpath } from './subpaths.ts'

const root = new URL('../', import.meta.url).pathname

interface Row {
  readonly name: string
  /** The module that imports what is measured. */
  readonly code: string
  readonly needsNode: boolean
  readonly peers: readonly string[]
  readonly budget: number
}

interface Measured extends Row {
  readonly minified: number
  readonly gzipped: number
  readonly later: number
  readonly faults: readonly string[]
}

const ofSubpath = ({ subpath, source, needsNode, peers = [], budget }: Subpath): Row => ({
  name: subpath,
  code: `export * from './${outputName(source)}.js'`,
  needsNode: needsNode === true,
  peers,
  budget,
})
const ofBundle = ({ name, imports, needsNode, budget }: Bundle): Row => ({
  name,
  code: Object.entries(imports)
    .map(([file, names]) => `export { ${names.join(', ')} } from './${outputName(file)}.js'`)
    .join('\n'),
  needsNode: needsNode === true,
  peers: [],
  budget,
})

const { output: modules } = await (await bundleModules()).generate(modulesOutput())
const codeOf = new Map(modules.map((module) => [module.fileName, module.type === 'chunk' ? module.code : '']))
/** The package as it would be installed: nothing in it has side effects. */
const built: Plugin = {
  name: 'built',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^\./ }, ({ path, importer, namespace }) => {
      if (namespace !== 'built' && !importer.endsWith('measured.ts')) return undefined
      const name = posix.join(namespace === 'built' ? posix.dirname(importer) : '', path)
      return codeOf.has(name) ? { path: name, namespace: 'built', sideEffects: false } : undefined
    })
    onLoad({ filter: /.*/, namespace: 'built' }, ({ path }) => ({ contents: codeOf.get(path) ?? '', resolveDir: root }))
  },
}

const rows = await Promise.all([...existingSubpaths().map(ofSubpath), ...bundles.map(ofBundle)].map(measure))
console.log(`${''.padEnd(30)}${['minified', 'gzipped', 'later', 'budget'].map((head) => head.padStart(10)).join('')}`)
for (const { name, minified, gzipped, later, budget, faults } of rows) {
  const numbers = [minified, gzipped, later, budget]
    .map((bytes) => (bytes === 0 ? '' : kB(bytes)).padStart(10))
    .join('')
  console.log(`${name.padEnd(30)}${numbers}  ${faults.length === 0 ? 'ok' : faults.join('; ')}`)
}
const failed = rows.filter(({ faults }) => faults.length > 0).length
console.log(
  failed === 0 ? `size: ${rows.length} bundles within budget` : `size: ${failed} of ${rows.length} bundles at fault`,
)
process.exitCode = failed === 0 && rows.length > 0 ? 0 : 1

async function measure(row: Row): Promise<Measured> {
  try {
    return await bundle(row)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ...row, minified: 0, gzipped: 0, later: 0, faults: [`does not build: ${why}`] }
  }
}

async function bundle(row: Row): Promise<Measured> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: row.code, resolveDir: root, sourcefile: 'measured.ts', loader: 'ts' },
    plugins: [built],
    outdir: 'measured',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2023',
    legalComments: 'none',
    logLevel: 'silent',
    ...(row.needsNode
      ? { platform: 'node', external: [...row.peers] }
      : { platform: 'browser', external: ['node:*', ...row.peers] }),
  })
  const outputs = Object.entries(metafile.outputs).map(([path, facts], place) => ({
    path,
    ...facts,
    code: outputFiles[place]?.contents ?? new Uint8Array(),
  }))
  const first = atOnce(outputs)
  const sizeOf = (list: readonly { readonly code: Uint8Array }[]): number =>
    list.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0)
  const gzipped = sizeOf(first)
  const builtins = outputs.flatMap(({ imports }) =>
    imports.filter(({ path, external }) => external === true && path.startsWith('node:')).map(({ path }) => path),
  )
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  )
  const strangers = row.needsNode ? [] : [...packages].filter((name) => !name.startsWith('@noble/'))
  const faults = [
    ...(gzipped > row.budget ? [`over budget by ${kB(gzipped - row.budget)}`] : []),
    ...(!row.needsNode && builtins.length > 0 ? [`needs ${[...new Set(builtins)].join(', ')}`] : []),
    ...(strangers.length > 0 ? [`bundles ${strangers.join(', ')}`] : []),
  ]
  const minified = first.reduce((sum, { code }) => sum + code.length, 0)
  return { ...row, minified, gzipped, later: sizeOf(outputs.filter((output) => !first.includes(output))), faults }
}

/** The entry, and what it imports by statements. */
function atOnce<
  T extends {
    readonly path: string
    readonly entryPoint?: string
    readonly imports: readonly { readonly path: string; readonly kind: string }[]
  },
>(outputs: readonly T[]): readonly T[] {
  const found = new Set(outputs.filter(({ entryPoint }) => entryPoint === 'measured.ts'))
  for (const output of found) {
    for (const { path, kind } of output.imports) {
      const next = kind === 'import-statement' ? outputs.find((other) => other.path === path) : undefined
      if (next) found.add(next)
    }
  }
  return [...found]
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
