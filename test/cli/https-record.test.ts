// HTTPS records (RFC 9460, RFC 9848) out of NSD, a name server that nobody here wrote: `connect --ech`, `ech config
// dns:NAME`, `scan --https-record`.

import { execFileSync } from 'node:child_process'
import { connect as dialTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateEchKeys } from '../../src/index.node.ts'
import type { EchKeys } from '../../src/index.node.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { encodeBase64 } from '../../src/wire/pem.ts'
import { stopChildren } from '../interop/process.ts'
import type { Started } from '../programs/servers.ts'
import { jsonOf, runCli } from './harness.ts'
import type { CliOptions, CliResult } from './harness.ts'
import { nsd } from './servers/nsd.ts'
import { createWorld, tlsServer } from './world.ts'
import type { World } from './world.ts'

const isHere = ((): boolean => {
  try {
    execFileSync('nsd', ['-v'], { stdio: 'ignore' })
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
})()

it('NSD is here in CI', () => {
  if (process.env['CI'] !== undefined) expect(isHere).toBe(true)
})

describe.runIf(isHere)('with NSD', () => {
  let world: World
  let keys: EchKeys
  let names: Started
  let run: (line: string) => Promise<CliResult>
  beforeAll(async () => {
    world = await createWorld(['shop.example.com', 'public.example.com', 'localhost'])
    keys = await generateEchKeys({ publicName: 'public.example.com', provider: nodeProvider })
    const others = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        generateEchKeys({ publicName: `p${i}.example.com`, provider: nodeProvider }),
      ),
    )
    const list = encodeBase64(keys.configList)
    // More than 1232 bytes, so that the answer is cut off over UDP. The usable config comes last.
    const entries = [...others, keys].map(({ configList }) => Buffer.from(configList.subarray(2)))
    const size = entries.reduce((sum, { length }) => sum + length, 0)
    const long = Buffer.concat([Buffer.from([size >> 8, size & 255]), ...entries]).toString('base64')
    expect(size).toBeGreaterThan(1232)
    names = await nsd(world.folder, [
      `shop IN HTTPS 1 . alpn=h2,http/1.1 ech=${list}`,
      `_8443._https.shop IN HTTPS 1 . ech=${list}`,
      'alias IN HTTPS 0 shop.example.com.',
      'loop IN HTTPS 0 loop.example.com.',
      `long IN HTTPS 1 . ech=${long}`,
      'plain IN HTTPS 2 . alpn=h2',
      'plain IN HTTPS 1 elsewhere port=8443',
      'bare IN A 127.0.0.1',
    ])
    const port = await tlsServer(world, { hello: { ech: { keys: [keys] } }, alpn: ['h2'] })
    const dial: CliOptions['dial'] = () =>
      new Promise((resolve, reject) => {
        const socket = dialTcp(port, '127.0.0.1', () => resolve(socket)).on('error', reject)
      })
    run = (line) => runCli(`${line} --resolver 127.0.0.1:${names.ports['dns']}`, { cwd: world.folder, dial })
  })
  afterAll(stopChildren)

  it.each(['shop.example.com', 'shop.example.com:8443'])('connect %s --ech', async (target) => {
    const [report] = jsonOf('connect', await run(`connect ${target} --ca ca.pem -n --json --ech`))
    expect(report).toMatchObject({ verified: true, handshake: { echAccepted: true } })
  })

  it.each([
    ['an alias is followed (RFC 9460 section 2.4.2)', 'alias.example.com', 1],
    ['an answer that is cut off is asked for over TCP', 'long.example.com', 25],
  ])('ech config: %s', async (_, name, count) => {
    const [{ configs }] = jsonOf('ech config', await run(`ech config dns:${name} --json`))
    expect(configs).toHaveLength(count)
    expect(configs.at(-1)).toMatchObject({ publicName: 'public.example.com', usable: true })
  })

  it.each([
    ['connect bare.example.com --ech -n', 'no_ech', /has no HTTPS record/],
    ['connect plain.example.com --ech -n', 'no_ech', /an HTTPS record without ECH/],
    ['connect nobody.example.com --ech -n', 'no_ech', /has no HTTPS record/],
    ['connect loop.example.com --ech -n', 'dns', /alias of an alias without end/],
    ['connect elsewhere.test --ech -n', 'dns', /refused/],
  ])('%s', async (line, code, sentence) => {
    const result = await run(`${line} --json`)
    expect(result.stderr).toMatch(sentence)
    expect(jsonOf('connect', result)).toMatchObject([{ error: { code } }])
  })

  it('scan --https-record', async () => {
    const flags = '--ca ca.pem --delay 0ms --parallel 6 --https-record --json'
    const [shop] = jsonOf('scan', await run(`scan shop.example.com ${flags}`))
    expect(shop).toMatchObject({
      ech: true,
      httpsRecord: { alpn: ['h2', 'http/1.1'], port: null, ech: true, echAccepted: true },
    })
    const [long] = jsonOf('scan', await run(`scan long.example.com ${flags}`))
    expect(long).toMatchObject({ httpsRecord: { alpn: [], ech: true } })
    const [plain] = jsonOf('scan', await run(`scan plain.example.com ${flags}`))
    expect(plain).toMatchObject({ httpsRecord: { alpn: [], port: 8443, ech: false, echAccepted: null } })
  })
})
