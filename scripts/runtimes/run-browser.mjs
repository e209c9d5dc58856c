// Bundles browser.mjs, opens it in a headless Chromium in a page or in a Worker, and prints its rows as JSON.
// Arguments: the browser's program, and `page` or `worker`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { json } from 'node:stream/consumers'
import { build } from 'esbuild'
import { echoServers } from './echo-servers.mjs'

const [program, place] = process.argv.slice(2)
const bundle = 'browser.bundle.mjs'
await build({
  entryPoints: ['browser.mjs'],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  logLevel: 'error',
})

const scripts = {
  page: `<script type="module" src="/${bundle}"></script>`,
  worker: `<script>
    const tell = (event) => fetch('/failed', { method: 'POST', body: JSON.stringify(event.message ?? 'no worker') })
    new Worker('/${bundle}', { type: 'module' }).onerror = tell
  </script>`,
}

let finish
let fail
const rows = new Promise((resolve, reject) => {
  finish = resolve
  fail = (reason) => reject(new Error(reason))
})

const respond = async (path, request) => {
  if (path === 'rows') return ['text/plain', String(finish(await json(request)))]
  if (path === 'failed') return ['text/plain', String(fail(await json(request)))]
  if (path === bundle) return ['text/javascript', readFileSync(bundle)]
  return ['text/html', `<!doctype html><meta charset="utf-8"><title>puretls</title>${scripts[place]}`]
}
const servers = await echoServers(respond)

// Nothing is said over the pipe for debugging: as it closes with this process, the browser ends then at the latest.
const options = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
const browser = spawn(
  program,
  [
    ...options,
    '--remote-debugging-pipe',
    `--user-data-dir=${mkdtempSync(join(process.cwd(), 'browser-'))}`,
    servers.url,
  ],
  { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] },
)
let output = ''
browser.stderr.on('data', (chunk) => (output += chunk))
browser.stdio[4].resume()
browser.on('error', (error) => fail(error.message))
const exited = once(browser, 'close').then(() => fail(`the browser ended: ${output.slice(-1000)}`))
exited.catch(() => {})

try {
  console.log(JSON.stringify(await rows))
} finally {
  browser.kill()
  await exited.catch(() => {})
  servers.close()
}
process.exit(0)
