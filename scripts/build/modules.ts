// The modules of dist/, out of the sources: one per entry point of scripts/subpaths.ts, and what they share.
// scripts/build.ts writes them, scripts/size.ts measures them.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { rollup } from 'rollup'
import type { ManualChunksOption, OutputOptions, Plugin, RollupBuild } from 'rollup'
import { existingEntries, existingSubpaths } from '../subpaths.ts'
import { chunkNames } from './chunks.ts'
import { dropDeclaredFields, markPure } from './pure.ts'

export const bundleModules = (): Promise<RollupBuild> =>
  rollup({
    input: Object.fromEntries(Object.entries(existingEntries()).map(([name, source]) => [name, fromRoot(source)])),
    external: (id) => !id.startsWith('.') && !id.startsWith(root),
    plugins: [typescript],
    onwarn: ({ message }) => {
      throw new Error(message)
    },
  })

/** Imports keep their `node:` prefix, without which workers do not find them. */
export const modulesOutput = (): OutputOptions => ({
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'shared/[name].js',
  hoistTransitiveImports: false,
  minifyInternalExports: false,
  manualChunks: chunks(),
  onlyExplicitManualChunks: true,
})

const root = fileURLToPath(new URL('../../', import.meta.url))
const fromRoot = (source: string): string => resolve(root, source)

const typescript: Plugin = {
  name: 'typescript',
  resolveId: (source, importer) => {
    if (!source.startsWith('.') || importer === undefined) return null
    const id = resolve(dirname(importer), source)
    return existsSync(id) ? { id, moduleSideEffects: false } : null
  },
  load: async (id) => {
    const source = markPure(id, dropDeclaredFields(id, readFileSync(id, 'utf8')))
    return (await transform(source, { loader: 'ts', target: 'es2023', sourcefile: id })).code
  },
}

const chunks = (): ManualChunksOption => {
  let nameOf: ((module: string) => string | undefined) | undefined
  return (id, { getModuleInfo }) => {
    nameOf ??= chunkNames(
      {
        node: fromRoot('src/index.node.ts'),
        machines: fromRoot('src/machines.node.ts'),
        anywhere: existingSubpaths().flatMap(({ source, needsNode }) => (needsNode === true ? [] : [fromRoot(source)])),
        client: fromRoot('src/client-entry.ts'),
        server: fromRoot('src/server-entry.ts'),
        certificates: fromRoot('src/x509/index.ts'),
        apart: ['x509', 'pki', 'session']
          .map((name) => fromRoot(`src/${name}/index.ts`))
          .concat(['noble', 'webcrypto', 'webcrypto-late'].map((name) => fromRoot(`src/crypto/${name}.ts`))),
        compatible: fromRoot('src/node/index.ts'),
      },
      (module) => getModuleInfo(module)?.importedIds.filter((imported) => imported.startsWith(root)) ?? [],
      (module) => (getModuleInfo(module)?.dynamicallyImportedIds.length ?? 0) > 0,
    )
    return nameOf(id)
  }
}
