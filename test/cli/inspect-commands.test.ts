// trace, hello, ja4, ech, psk, tickets and bench on real peers: OpenSSL's and Go's servers, curl and Node as clients.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync, statSync } from 'node:fs'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { Child, freePort, stopChildren } from '../interop/process.ts'
import { hasOpenssl } from '../pki/openssl.ts'
import { jsonOf, runCli, scratchFolder, startCli } from './harness.ts'
import { createWorld } from './world.ts'

const captures = new URL('../inspect/captures/', import.meta.url).pathname
let port = 0
let nodePort = 0
let server: tls.Server

beforeAll(async () => {
  const world = await createWorld()
  port = await freePort()
  const openssl = new Child('openssl', [
    's_server',
    '-accept',
    `127.0.0.1:${port}`,
    '-cert',
    join(world.folder, 'server.pem'),
    '-key',
    join(world.folder, 'server-key.pem'),
    '-www',
    '-quiet',
  ])
  for (let up = false; !up;) {
    up = await new Promise<boolean>((resolve) => {
      const socket = net
        .connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true)))
        .on('error', () => setTimeout(() => resolve(false), 50))
    })
    if (openssl.output.includes('error')) throw new Error(openssl.output)
  }
  server = tls.createServer({ cert: world.leaf.chainPem, key: world.leaf.privateKeyPem }, (socket) =>
    socket.on('error', () => {}).resume(),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  nodePort = (server.address() as AddressInfo).port
})
afterAll(async () => {
  server.close()
  await stopChildren()
})

const at = (where: number): string => `127.0.0.1:${where}`

describe.runIf(hasOpenssl)('trace', () => {
  it('OpenSSL and Node, TLS 1.3 and 1.2: ladder, fields, bytes and secrets', async () => {
    for (const where of [port, nodePort]) {
      for (const version of ['', ' --tls12']) {
        const ladder = await runCli(`trace ${at(where)}${version} --servername localhost`)
        expect(ladder.code).toBe(0)
        expect(ladder.stdout).toMatch(/^client -> server {2}ClientHello/)
        expect(ladder.stdout.match(/Finished/g)?.length).toBe(2)
        const fields = await runCli(`trace ${at(where)}${version} --fields`)
        expect(fields.stdout).toMatch(/tbsCertificate {2}\(RFC 5280 section 4\.1\.1\.1\)/)
        expect(fields.stdout).toMatch(/dNSName: "localhost"/)
        const bytes = await runCli(`trace ${at(where)}${version} --bytes`)
        expect(bytes.stdout).toMatch(/0000 {2}16 +record type: handshake/)
        const secrets = await runCli(`trace ${at(where)}${version} --secrets`)
        expect(secrets.stdout).toMatch(
          version === '' ? /main_secret: .*\n.*\n {4}[0-9a-f]{64,96}/ : /master_secret: .*\n.*\n {4}[0-9a-f]{96}/,
        )
        const [json] = jsonOf('trace', await runCli(`trace ${at(where)}${version} --json`))
        expect(json.connections[0].version).toBe(version === '' ? 'TLS 1.3' : 'TLS 1.2')
      }
    }
  })

  it('a capture, with and without its key log', async () => {
    const sealed = await runCli(`trace ${captures}tls13-early-data.pcap`)
    expect(sealed.stdout).toContain('the key log has no secrets')
    const open = await runCli(`trace ${captures}tls13-early-data.pcap --keylog ${captures}tls13-early-data.keys`)
    expect(open.stdout).toContain('{EndOfEarlyData}')
    const second = await runCli(
      `trace ${captures}tls13-early-data.pcap --keylog ${captures}tls13-early-data.keys --connection 2 --json`,
    )
    expect(jsonOf('trace', second)[0].connections.length).toBe(1)
  })

  it('a handshake that fails is shown as far as it got', async () => {
    const { code, stdout, stderr } = await runCli(`trace ${at(port)} --suite TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`)
    expect(code).toBe(exitCodes.handshake)
    expect(stdout).toMatch(/Alert handshake_failure/)
    expect(stderr).toMatch(/^error: /)
  })

  it('its own key log decrypts a capture of it', async () => {
    const folder = scratchFolder()
    await runCli(`trace ${at(port)} --keylog keys.log`, { cwd: folder })
    expect(readFileSync(join(folder, 'keys.log'), 'utf8')).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET /m)
    expect(statSync(join(folder, 'keys.log')).mode & 0o077).toBe(0)
  })

  it('bad input: one sentence and an exit code', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'text.txt'), 'this is no capture')
    const plain = net.createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const http = (plain.address() as AddressInfo).port
    for (const [line, wanted] of [
      ['trace text.txt', exitCodes.input],
      ['trace missing.pcap', exitCodes.input],
      ['trace ""', exitCodes.usage],
      [`trace ${at(1)}`, exitCodes.connection],
      [`trace ${at(http)}`, exitCodes.handshake],
      ['trace host:port', exitCodes.usage],
      ['ja4 text.txt', exitCodes.input],
      ['ja4 missing', exitCodes.input],
      ['hello replay text.txt localhost', exitCodes.input],
      ['hello replay', exitCodes.usage],
      ['hello nonsense', exitCodes.usage],
      ['ech config nonsense!', exitCodes.input],
      ['ech config text.txt', exitCodes.input],
      ['ech keys 127.0.0.1', exitCodes.usage],
      ['psk x --length 3', exitCodes.usage],
      [`tickets show ${at(1)}`, exitCodes.connection],
      [`bench ${at(1)}`, exitCodes.connection],
      [`bench ${at(http)}`, exitCodes.handshake],
    ] as const) {
      const { code, stderr } = await runCli(line, { cwd: folder })
      expect([line, code]).toEqual([line, wanted])
      expect(stderr).toMatch(/^error: [^\n]+\n/)
      expect(stderr).not.toMatch(/^ +at /m)
    }
    plain.close()
  })
})

describe.runIf(hasOpenssl)('hello', () => {
  it('shows curl and Node, and answers each with its own hello', async () => {
    const folder = scratchFolder()
    const running = startCli('hello --port 0 --append hellos.jsonl', { cwd: folder })
    const [, found = ''] = await running.waitFor(/listening on 127\.0\.0\.1:(\d+)/)
    const { stdout } = await promisify(execFile)('curl', ['-sk', `https://localhost:${found}/`])
    const page = JSON.parse(stdout)
    expect(page.serverName).toBe('localhost')
    expect(page.resembles.name).toMatch(/curl|OpenSSL/)
    const client = tls.connect({
      port: Number(found),
      host: '127.0.0.1',
      servername: 'one.test',
      rejectUnauthorized: false,
    })
    client.write('tell me\n')
    const line = await new Promise<string>((resolve) => client.once('data', (data) => resolve(String(data))))
    expect(JSON.parse(line).serverName).toBe('one.test')
    client.destroy()
    const refusing = tls.connect({ port: Number(found), host: '127.0.0.1', servername: 'two.test' })
    await new Promise((resolve) => refusing.on('error', resolve))
    const result = await running.stop()
    expect(result.stdout).toContain('two.test')
    const kept = readFileSync(join(folder, 'hellos.jsonl'), 'utf8').trim().split('\n')
    expect(kept.length).toBe(3)
    const ja4 = await runCli('ja4 hellos.jsonl --json', { cwd: folder })
    expect(jsonOf('ja4', ja4).map(({ serverName }) => serverName)).toEqual(['localhost', 'one.test', 'two.test'])
  })

  it('replays what curl said: the same JA4 but for what cannot be sent', async () => {
    const folder = scratchFolder()
    const listening = startCli('hello --port 0 --append hellos.jsonl', { cwd: folder })
    const [, found = ''] = await listening.waitFor(/listening on 127\.0\.0\.1:(\d+)/)
    await promisify(execFile)('curl', ['-sk', `https://localhost:${found}/`])
    const result = await runCli(`hello replay hellos.jsonl ${at(port)} --servername localhost --json`, { cwd: folder })
    const [report] = jsonOf('hello', result)
    expect(report.sent).toBe(report.recorded)
    expect(report.answer?.version).toBe('TLS 1.3')
  })
})

describe.runIf(hasOpenssl)('tickets, bench, ech, psk', () => {
  it('tickets show: OpenSSL and Node resume', async () => {
    for (const where of [port, nodePort]) {
      const [thirteen] = jsonOf('tickets show', await runCli(`tickets show ${at(where)} --json`))
      expect(thirteen).toMatchObject({ version: 'TLS 1.3', resumed: true })
      expect(thirteen.tickets.length).toBeGreaterThan(0)
      const [twelve] = jsonOf('tickets show', await runCli(`tickets show ${at(where)} --tls12 --json`))
      expect(twelve).toMatchObject({ version: 'TLS 1.2', resumed: true })
    }
  })

  it('tickets keys: a secret in a private file', async () => {
    const folder = scratchFolder()
    expect((await runCli('tickets keys --out fleet', { cwd: folder })).code).toBe(0)
    expect(readFileSync(join(folder, 'fleet'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
    expect(statSync(join(folder, 'fleet')).mode & 0o777).toBe(0o600)
    expect((await runCli('tickets keys --out fleet', { cwd: folder })).code).toBe(exitCodes.input)
    expect(jsonOf('tickets keys', await runCli('tickets keys --json'))[0].secret).toMatch(/^[0-9a-f]{64}$/)
  })

  it('bench: full and resumed', async () => {
    const [report] = jsonOf('bench', await runCli(`bench ${at(port)} --count 4 --parallel 2 --http --json`))
    expect(report.full.handshakes).toBe(4)
    expect(report.full.firstByte.median).toBeGreaterThan(0)
    expect(report.resumed.handshakes).toBeGreaterThan(0)
  })

  it('ech: keys that a server takes, configs that people read', async () => {
    const folder = scratchFolder()
    const [made] = jsonOf('ech keys', await runCli('ech keys public.example.com --id 9 --json'))
    const [read] = jsonOf('ech config', await runCli(['ech', 'config', made.configList, '--json']))
    expect(read.configs[0]).toMatchObject({ publicName: 'public.example.com', configId: 9, usable: true })
    expect(made.privateKey.length).toBe(64)
    await runCli('ech keys public.example.com --out ech.pem', { cwd: folder })
    expect(statSync(join(folder, 'ech.pem')).mode & 0o777).toBe(0o600)
    expect(jsonOf('ech config', await runCli('ech config ech.pem --json', { cwd: folder }))[0].configs.length).toBe(1)
  })

  it('psk: OpenSSL takes the key', async () => {
    const [made] = jsonOf('psk', await runCli('psk sensor-17 --json'))
    const where = await freePort()
    const peer = new Child('openssl', [
      's_server',
      '-accept',
      `127.0.0.1:${where}`,
      '-nocert',
      '-psk_identity',
      made.identity,
      '-psk',
      made.key,
      '-quiet',
      '-tls1_3',
      '-ciphersuites',
      'TLS_AES_128_GCM_SHA256',
    ])
    let outcome = { code: 4, stdout: '' }
    for (let tries = 0; tries < 50 && outcome.code === 4; tries++)
      outcome = await runCli(`connect ${at(where)} --psk ${made.identity}:${made.key} -n`)
    expect(outcome.code).toBe(0)
    await peer.stop()
  })
})
