// Go's crypto/tls: go/main.go, built into a temporary directory when first needed.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, run } from '../process.ts'
import { workerPeer } from './worker.ts'

export const go = workerPeer({
  name: 'Go',
  certificates: ['ecdsa', 'rsa', 'ed25519'],
  groups: ['X25519', 'P-256', 'P-384', 'P-521', 'X25519MLKEM768'],
  choosesGroups: true,
  updatesKeys: { client: false, server: false },
  exporter: true,
  keyLog: true,
  cookieAlone: true,
  version: async () => {
    const { code, output } = await run('go', ['version'])
    return code === 0 ? output.trim() : undefined
  },
  start: async () => {
    const program = join(mkdtempSync(join(tmpdir(), 'puretls-go-')), 'peer')
    const cwd = new URL('./go', import.meta.url).pathname
    const { code, output } = await run('go', ['build', '-o', program, '.'], {
      cwd,
      env: { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
    })
    if (code !== 0) throw new Error(`go build: ${output}`)
    return new Child(program, [])
  },
})
