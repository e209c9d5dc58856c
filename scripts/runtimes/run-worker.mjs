// Bundles worker.mjs for workerd, asks it for its rows, and prints them as JSON.
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { echoServers } from './echo-servers.mjs'

await build({
  entryPoints: ['worker.mjs'],
  outfile: 'worker.bundle.mjs',
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['workerd', 'import'],
  target: 'es2023',
  external: ['node:*', 'cloudflare:*'],
  logLevel: 'error',
})
const servers = await echoServers()
const worker = new Miniflare({
  modules: true,
  scriptPath: 'worker.bundle.mjs',
  compatibilityDate: '2026-04-01',
  compatibilityFlags: ['nodejs_compat'],
  bindings: { servers: servers.url },
})
try {
  const response = await worker.dispatchFetch('http://localhost/')
  if (!response.ok) throw new Error(await response.text())
  console.log(await response.text())
} finally {
  await worker.dispose()
  servers.close()
}
