// What the bundled shim starts with: turns node's compile cache on before the library is read, since the runner starts
// the shim thousands of times. build.ts bundles it.

import { enableCompileCache } from 'node:module'

enableCompileCache(new URL('cache', import.meta.url).pathname)
const { main } = await import('./shim.ts')
process.exitCode = await main(process.argv.slice(2))
