// Scans the ten servers of test/scan/servers.ts with testssl.sh and writes what it found to test/scan/testssl.json:
// the facts that test/scan/testssl.test.ts compares the scan with. `node scripts/record-testssl.ts [NAME]`; needs
// testssl, nginx, openssl and go.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../test/interop/process.ts'
import { scanFiles, scanServers } from '../test/scan/servers.ts'

const target = new URL('../test/scan/testssl.json', import.meta.url)

interface Finding {
  readonly id: string
  readonly severity: string
  readonly finding: string
}

const known: Record<string, unknown> = existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')) : {}
const [wanted] = process.argv.slice(2)
const files = await scanFiles()
try {
  for (const server of scanServers) {
    if (wanted !== undefined && !server.name.includes(wanted)) continue
    const running = await server.start(files)
    const out = join(files.folder, `${server.name.replaceAll(' ', '-')}.json`)
    try {
      await run('testssl', [
        '--quiet',
        '--color',
        '0',
        '--warnings',
        'off',
        '--ip',
        '127.0.0.1',
        '--jsonfile',
        out,
        '--add-ca',
        files.ca,
        `localhost:${running.port}`,
      ])
      const findings: readonly Finding[] = JSON.parse(readFileSync(out, 'utf8'))
      known[server.name] = Object.fromEntries(
        findings.map(({ id, severity, finding }) => [id, `${severity}: ${finding}`]),
      )
      writeFileSync(target, `${JSON.stringify(known, null, 1)}\n`)
      console.log(server.name, findings.length)
    } finally {
      await running.stop()
    }
  }
} finally {
  files.remove()
}
