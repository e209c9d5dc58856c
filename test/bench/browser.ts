// `npm run bench:browser -- [PROGRAM]`: bulk in a headless Chromium, with WebCrypto and with noble, both ends in one
// page. A browser tells no processor time, so that these are times by the clock, in turns.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { build } from 'esbuild'
import type { BrowserRow } from './browser-page.ts'

const [program = 'chromium'] = process.argv.slice(2)

const isRow = (told: unknown): told is BrowserRow => typeof told === 'object' && told !== null && 'ratio' in told

const { outputFiles } = await build({
  entryPoints: [join(import.meta.dirname, 'browser-page.ts')],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  logLevel: 'error',
})
const script = outputFiles[0]?.text ?? ''

let tell: (row: BrowserRow) => void = () => {}
let fail: (reason: unknown) => void = () => {}
const told = new Promise<BrowserRow>((resolve, reject) => {
  tell = resolve
  fail = reject
})
const server = createServer((request, response) => {
  if (request.method === 'POST') json(request).then((row) => (isRow(row) ? tell(row) : fail(row)), fail)
  response.setHeader('content-type', request.url === '/page.js' ? 'text/javascript' : 'text/html')
  response.end(
    request.url === '/page.js'
      ? script
      : '<!doctype html><title>bench</title><script type=module src=/page.js></script>',
  )
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

const folder = mkdtempSync(join(tmpdir(), 'puretls-browser-'))
// As the pipe for debugging closes with this process, the browser ends then at the latest.
const browser = spawn(
  program,
  [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--remote-debugging-pipe',
    `--user-data-dir=${folder}`,
    `http://127.0.0.1:${port}/`,
  ],
  { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
)
browser.on('error', fail)
const ended = once(browser, 'close').then(() => fail(new Error(`${program} ended before it answered`)))

try {
  const { cipherSuite, writes, webcrypto, noble, ratio } = await told
  console.log(
    `${cipherSuite}, writes of ${writes / 1024} KiB: WebCrypto ${webcrypto.toFixed(1)} MiB/s, ` +
      `noble ${noble.toFixed(1)} MiB/s, ratio ${ratio.toFixed(2)}`,
  )
} finally {
  browser.kill()
  await ended
  server.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
