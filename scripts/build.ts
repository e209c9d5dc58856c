// `npm run build`: dist/, one ES module and one declaration file per subpath of scripts/subpaths.ts, and what they
// share in a few files of dist/shared. Readable as it is, so it carries no source maps. `-- --no-types` leaves the
// declarations out, which take most of the time.
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build as buildTypes } from 'tsup'
import { bundleModules, modulesOutput } from './build/modules.ts'
import { existingEntries } from './subpaths.ts'

const { values } = parseArgs({ options: { types: { type: 'boolean', default: true } }, allowNegative: true })
const folder = fileURLToPath(new URL('../dist', import.meta.url))

const bundle = await bundleModules()
rmSync(folder, { recursive: true, force: true })
const { output } = await bundle.write({ ...modulesOutput(), dir: folder })
console.log(`dist: ${output.length} modules`)
if (values.types) {
  await buildTypes({
    config: false,
    silent: true,
    entry: existingEntries(),
    format: 'esm',
    outDir: folder,
    dts: { only: true },
  })
}
