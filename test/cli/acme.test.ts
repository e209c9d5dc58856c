// `puretls acme` and `puretls serve --acme` against Pebble.

import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../src/index.node.ts'
import { hasPebble, startPebble } from '../acme/pebble.ts'
import type { Pebble } from '../acme/pebble.ts'
import { jsonOf, runCli, scratchFolder, startCli } from './harness.ts'

const folder = scratchFolder()
let pebble: Pebble
const run = (line: string) => runCli(line, { cwd: folder })

describe.runIf(hasPebble())('with Pebble', () => {
  beforeAll(async () => {
    pebble = await startPebble()
    writeFileSync(join(folder, 'acme-ca.pem'), pebble.ca)
  })
  afterAll(() => pebble.stop())
  const flags = (): string => `--agree --directory ${pebble.directoryUrl} --acme-ca acme-ca.pem`
  const alpn = (): string => `${flags()} --listen 127.0.0.1:${pebble.tlsPort}`

  it('issues, keeps what is good, and renews', async () => {
    const first = jsonOf('acme issue', await run(`acme issue one.example.com two.example.com ${alpn()} --json`))
    expect(first).toMatchObject([
      { name: 'one.example.com', isNew: true, files: { certificate: 'one.example.com.pem' } },
      { isNew: true },
    ])
    expect(statSync(join(folder, 'one.example.com-key.pem')).mode & 0o777).toBe(0o600)
    writeFileSync(join(folder, 'root.pem'), await pebble.root())
    expect(await run('cert verify one.example.com.pem --ca root.pem --name one.example.com')).toMatchObject({ code: 0 })
    expect(jsonOf('acme issue', await run(`acme issue one.example.com ${alpn()} --json`))).toMatchObject([
      { isNew: false },
    ])
    expect(jsonOf('acme renew', await run(`acme renew ${alpn()} --force --json`))).toMatchObject([
      { isNew: true },
      { isNew: true },
    ])
    const [{ certificates }] = jsonOf('acme list', await run('acme list --json'))
    expect(certificates.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      'one.example.com',
      'two.example.com',
    ])
  })

  it('issues by http-01, and by dns-01 through a command', async () => {
    const http = await run(
      `acme issue http.example.com ${flags()} --challenge http-01 --listen 127.0.0.1:${pebble.httpPort}`,
    )
    expect(http).toMatchObject({ code: 0, stdout: expect.stringContaining('http.example.com: issued') })
    writeFileSync(join(folder, 'hook'), '#!/bin/sh\necho "$@" >> hook.log\nexit 1\n', { mode: 0o755 })
    const dns = await run(`acme issue dns.example.com ${flags()} --dns-hook ./hook`)
    expect(dns.stderr).toContain('--dns-hook: ./hook set failed')
    expect(dns.code).toBe(3)
    expect(await run(`acme issue x.example ${flags()} --challenge dns-01`)).toMatchObject({ code: 2 })
  })

  it('serve --acme gets its own certificate', async () => {
    const serving = startCli(`serve --echo --acme self.example.com ${alpn()} --json`, { cwd: folder })
    await serving.waitFor(/"what":"issued"/)
    const ca = await pebble.root()
    const connection = await connect(`127.0.0.1:${pebble.tlsPort}`, { serverName: 'self.example.com', ca })
    await connection.close()
    const done = await serving.stop()
    expect(done.code).toBe(0)
    expect(jsonOf('serve', done).filter(({ event }) => event === 'acme')).toMatchObject([{ name: 'self.example.com' }])
  })
})

it.each([
  ['acme issue x.example', 2, /--agree/],
  ['acme issue x.example --agree --directory http://x', 2, /no https URL/],
  ['acme issue x.example --agree --directory https://127.0.0.1:1/dir --listen 127.0.0.1:0', 4, /127\.0\.0\.1:1/],
  ['acme renew --agree', 3, /there is no certificate/],
  ['serve --echo --acme x.example --cert y', 2, /exclude/],
])('%s', async (line, code, sentence) => {
  const { code: got, stderr } = await runCli(line)
  expect(stderr).toMatch(sentence)
  expect(got).toBe(code)
})
