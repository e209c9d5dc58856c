// The build: one ES module and one declaration file per subpath, from the table in scripts/subpaths.ts. Readable as it
// is, so it carries no source maps; imports keep their `node:` prefix, without which workers do not find them.
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
  removeNodeProtocol: false,
  sourcemap: false,
  clean: true,
  dts: true,
})
