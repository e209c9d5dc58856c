// Bundles the shim into dist-bogo/, where the runner's -shim-path points: dist-bogo/shim. Run it with node (README.md).

import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

const out = new URL('../../../dist-bogo/', import.meta.url).pathname
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await build({
  entryPoints: [new URL('entry.ts', import.meta.url).pathname],
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  logLevel: 'warning',
})
writeFileSync(`${out}shim`, `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${out}entry.mjs' "$@"\n`)
chmodSync(`${out}shim`, 0o755)
