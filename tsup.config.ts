// The build: one ES module and one declaration file per subpath, from the table in scripts/subpaths.ts.
import { defineConfig } from 'tsup'
import { existingEntries } from './scripts/subpaths.ts'

export default defineConfig({
  entry: existingEntries(),
  format: ['esm'],
  target: 'es2023',
  platform: 'neutral',
  external: [/^node:/],
  splitting: true,
  treeshake: true,
  sourcemap: true,
  clean: true,
  dts: true,
})
