// `puretls serve`, with curl, OpenSSL and this library as clients.

import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../src/index.node.ts'
import { memorySessionCache } from '../../src/session/index.ts'
import { pathOf } from '../../src/cli/serve/static.ts'
import { jsonOf, runCli, startCli } from './harness.ts'
import type { Running } from './harness.ts'
import { createWorld, tcpServer } from './world.ts'
import type { World } from './world.ts'

const exec = promisify(execFile)
let world: World
beforeAll(async () => {
  world = await createWorld(['localhost', '127.0.0.1'])
  const www = join(world.folder, 'www')
  mkdirSync(join(www, 'sub'), { recursive: true })
  writeFileSync(join(www, 'index.html'), '<h1>hello</h1>')
  writeFileSync(join(www, 'a b.txt'), '0123456789')
  writeFileSync(join(www, 'big.bin'), Buffer.alloc(3_000_000, 7))
  writeFileSync(join(www, 'empty.txt'), '')
  writeFileSync(join(www, '.secret'), 'no')
  writeFileSync(join(www, 'sub/x<y>.txt'), 'x')
  symlinkSync('/etc/passwd', join(www, 'outside'))
  symlinkSync('a b.txt', join(www, 'inside'))
})

const start = async (args: string): Promise<{ readonly serving: Running; readonly port: number }> => {
  const serving = startCli(`serve ${args} --listen 127.0.0.1:0 --json`, { cwd: world.folder })
  const [, port] = await serving.waitFor(/"port":(\d+)/)
  return { serving, port: Number(port) }
}
const certs = '--cert server.pem --key server-key.pem'
const curl = async (port: number, path: string, ...args: string[]): Promise<string> => {
  const { stdout } = await exec(
    'curl',
    ['-sS', '--max-time', '20', '--cacert', 'ca.pem', ...args, `https://localhost:${port}${path}`],
    { cwd: world.folder, maxBuffer: 1 << 24 },
  )
  return stdout
}
const ca = (): string => world.ca.certificatePem

it('a fleet resumes by the secret that `tickets keys` made', async () => {
  expect(await runCli('tickets keys --out fleet.secret --force', { cwd: world.folder })).toMatchObject({ code: 0 })
  const [one, two] = [
    await start(`--echo ${certs} --ticket-key fleet.secret`),
    await start(`--echo ${certs} --ticket-key fleet.secret`),
  ]
  const alone = await start(`--echo ${certs}`)
  const sessions = memorySessionCache()
  const resumed: boolean[] = []
  for (const { port } of [one, two, alone]) {
    const connection = await connect(`127.0.0.1:${port}`, { serverName: 'localhost', ca: ca(), sessions })
    resumed.push(connection.info.resumed)
    await connection.write(new TextEncoder().encode('x'))
    await connection.read()
    await connection.close()
  }
  expect(resumed).toEqual([false, true, false])
})

describe('files', () => {
  it.each(['--http1.1', '--http2'])('are served to curl %s', async (version) => {
    const { port, serving } = await start(`www ${certs}`)
    expect(await curl(port, '/', version)).toBe('<h1>hello</h1>')
    expect(await curl(port, '/a%20b.txt', version)).toBe('0123456789')
    expect(await curl(port, '/inside', version)).toBe('0123456789')
    expect(await curl(port, '/big.bin', version, '-w', '%{http_version} %{size_download}', '-o', '/dev/null')).toMatch(
      /^(1\.1|2) 3000000$/,
    )
    expect(await curl(port, '/empty.txt', version)).toBe('')
    const status = (path: string, ...more: string[]) =>
      curl(port, path, version, '-o', '/dev/null', '-w', '%{http_code}', ...more)
    expect(await status('/nosuch')).toBe('404')
    expect(await status('/.secret')).toBe('400')
    expect(await status('/outside')).toBe('404')
    expect(await status('/../ca.pem', '--path-as-is')).toBe('400')
    expect(await status('/%2e%2e/ca.pem', '--path-as-is')).toBe('400')
    expect(await status('/sub')).toBe('301')
    expect(await status('/sub/')).toBe('404')
    expect(await status('/', '-X', 'POST', '-d', 'x')).toBe('405')
    expect(await curl(port, '/', version, '-I')).toMatch(
      /content-type: text\/html[\s\S]*content-length: 14|content-length: 14[\s\S]*content-type: text\/html/i,
    )
    expect(await curl(port, '/a%20b.txt', version, '-r', '2-4')).toBe('234')
    expect(await curl(port, '/a%20b.txt', version, '-r', '-3')).toBe('789')
    expect(await status('/a%20b.txt', '-r', '99-')).toBe('416')
    const [, etag = ''] = /etag: (.*)\r/i.exec(await curl(port, '/', version, '-I')) ?? []
    expect(await status('/', '-H', `If-None-Match: ${etag}`)).toBe('304')
    expect(await status('/', '-H', 'If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT')).toBe('304')
    const done = await serving.stop()
    expect(done.code).toBe(0)
    expect(jsonOf('serve', done).filter(({ event }) => event === 'request').length).toBeGreaterThan(10)
  })

  it('lists folders if told to, without letting names be markup', async () => {
    const { port } = await start(`www --list ${certs}`)
    expect(await curl(port, '/sub/')).toContain('x&lt;y&gt;.txt')
    expect(await curl(port, '/sub/')).not.toContain('<y>')
  })

  it('several requests on one connection, and a client that sends none is let go', async () => {
    const { port } = await start(`www ${certs} --idle 200ms`)
    const connection = await connect(`127.0.0.1:${port}`, { serverName: 'localhost', ca: ca(), alpn: ['http/1.1'] })
    const ask = (path: string): Promise<void> =>
      connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`))
    await ask('/')
    await ask('/empty.txt')
    let text = ''
    for await (const data of connection) text += Buffer.from(data).toString()
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  })
})

it.each([
  ['/a', '/a'],
  ['/', '/'],
  ['', '/'],
  ['/a%20b?c#d', '/a b'],
  ['/%', undefined],
  ['/..', undefined],
  ['/a/../b', undefined],
  ['/.git/config', undefined],
  ['/a%00b', undefined],
  ['/a%5cb', undefined],
  ['a', undefined],
  ['https://h/x', '/x'],
  ['/%2e%2e/x', undefined],
  ['/%2fetc', '//etc'],
])('pathOf(%j) is %j', (url, path) => {
  expect(pathOf(url)).toBe(path)
})

describe('certificates', () => {
  it('by the name that is asked for', async () => {
    for (const name of ['one.example', 'two.example']) {
      const leaf = await world.ca.issue({ names: [name] })
      writeFileSync(join(world.folder, `${name}.pem`), leaf.chainPem + leaf.privateKeyPem)
    }
    const { port } = await start('--echo --cert one.example.pem --cert two.example.pem')
    for (const name of ['one.example', 'two.example']) {
      const connection = await connect(`127.0.0.1:${port}`, { serverName: name, ca: ca() })
      expect(connection.info.verifiedChain[0]?.subject.toString()).toBe(`CN=${name}`)
      await connection.close()
    }
    const strict = await start('--echo --cert one.example.pem --cert two.example.pem --strict-sni')
    await expect(connect(`127.0.0.1:${strict.port}`, { serverName: 'three.example', ca: ca() })).rejects.toMatchObject({
      code: 'alert_received',
    })
  })

  it('are read again when they change, and stay when they are broken', async () => {
    writeFileSync(join(world.folder, 'moving.pem'), world.leaf.chainPem + world.leaf.privateKeyPem)
    const { port, serving } = await start('--echo --cert moving.pem --reload 20ms')
    const serial = async (): Promise<string | undefined> => {
      const connection = await connect(`127.0.0.1:${port}`, { serverName: 'localhost', ca: ca() })
      await connection.close()
      return connection.info.verifiedChain[0]?.serialNumberHex
    }
    const before = await serial()
    writeFileSync(join(world.folder, 'moving.pem'), 'nonsense')
    await serving.waitForError(/moving\.pem: /)
    expect(await serial()).toBe(before)
    const next = await world.ca.issue({ names: ['localhost'] })
    writeFileSync(join(world.folder, 'moving.new'), next.chainPem + next.privateKeyPem)
    renameSync(join(world.folder, 'moving.new'), join(world.folder, 'moving.pem'))
    await serving.waitFor(/"event":"reloaded"/)
    expect(await serial()).not.toBe(before)
  })

  it('are made on the spot: by the local CA, or self-signed', async () => {
    const alone = startCli('serve --echo --listen 127.0.0.1:0 --json')
    const [, port = ''] = await alone.waitFor(/"port":(\d+)/)
    const { stdout } = await runCli(`connect localhost:${port} -n --insecure --pem`)
    expect(stdout).toContain('BEGIN CERTIFICATE')
    await runCli('cert ca', { cwd: world.folder })
    const { port: other } = await start('--echo')
    const made = readFileSync(join(world.folder, '.config/puretls/ca/ca.pem'), 'utf8')
    for (const name of ['a.example', 'b.example'])
      await (await connect(`127.0.0.1:${other}`, { serverName: name, ca: made })).close()
  })
})

it('asks clients for certificates', async () => {
  const client = await world.ca.issue({ name: 'me', client: true })
  const { port } = await start(`--echo ${certs} --client-ca ca.pem`)
  const known = await connect(`127.0.0.1:${port}`, {
    serverName: 'localhost',
    ca: ca(),
    cert: client.chainPem,
    key: client.privateKeyPem,
  })
  await known.write(new TextEncoder().encode('hi'))
  expect(Buffer.from((await known.read()) ?? []).toString()).toBe('hi')
  await known.close()
  const unknown = await connect(`127.0.0.1:${port}`, { serverName: 'localhost', ca: ca() })
  await expect(unknown.read()).rejects.toMatchObject({ code: 'alert_received' })
  const optional = await start(`--echo ${certs} --client-ca ca.pem --client-ca-optional`)
  await (await connect(`127.0.0.1:${optional.port}`, { serverName: 'localhost', ca: ca() })).close()
})

it('shares ticket keys with a fleet', async () => {
  writeFileSync(join(world.folder, 'ticket.key'), Buffer.alloc(32, 5).toString('hex'))
  const sessions = memorySessionCache()
  const [one, two] = [
    await start(`--echo ${certs} --ticket-key ticket.key`),
    await start(`--echo ${certs} --ticket-key ticket.key`),
  ]
  const once = async (port: number): Promise<boolean> => {
    const connection = await connect(`127.0.0.1:${port}`, { serverName: 'localhost', ca: ca(), sessions })
    await connection.write(new TextEncoder().encode('x'))
    await connection.read()
    await connection.close()
    return connection.info.resumed
  }
  expect(await once(one.port)).toBe(false)
  expect(await once(two.port)).toBe(true)
  writeFileSync(join(world.folder, 'short.key'), 'short')
  expect(await runCli(`serve --echo ${certs} --ticket-key short.key`, { cwd: world.folder })).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('32 or more'),
  })
})

describe('--proxy', () => {
  it('ends TLS for a server behind', async () => {
    const behind = createHttp((request, response) => response.end(`behind ${request.url}`)).listen(0, '127.0.0.1')
    await new Promise((done) => behind.once('listening', done))
    const { port: clear } = behind.address() as { port: number }
    const { port } = await start(`--proxy 127.0.0.1:${clear} ${certs}`)
    expect(await curl(port, '/x')).toBe('behind /x')
    const routed = await start(`www ${certs} --route localhost=127.0.0.1:${clear}`)
    expect(await curl(routed.port, '/y')).toBe('behind /y')
    expect(
      await curl(
        routed.port,
        '/',
        '--connect-to',
        `::127.0.0.1:${routed.port}`,
        '-k',
        '-H',
        'Host: x',
        '--resolve',
        `other.example:${routed.port}:127.0.0.1`,
      ),
    ).toBe('behind /')
    behind.close()
  })

  it('passes on each end by itself, and tells when there is nobody', async () => {
    const half = await tcpServer((socket) => {
      let text = ''
      socket.on('data', (data) => {
        text += data.toString()
      })
      socket.on('end', () => socket.end(`got ${text}`))
      socket.allowHalfOpen = true
    })
    const { port } = await start(`--proxy 127.0.0.1:${half} ${certs}`)
    expect((await runCli(`connect localhost:${port} --ca ca.pem`, { cwd: world.folder, stdin: 'ping' })).stdout).toBe(
      'got ping',
    )
    const { port: dead, serving } = await start(`--proxy 127.0.0.1:1 ${certs}`)
    const connection = await connect(`127.0.0.1:${dead}`, { serverName: 'localhost', ca: ca() })
    await expect(connection.read()).rejects.toThrow()
    await serving.waitForError(/127\.0\.0\.1:1 refused the connection/)
  })
})

it('--inspect tells each hello with JA3 and JA4', async () => {
  const { port, serving } = await start(`--echo ${certs} --inspect`)
  await exec(
    'bash',
    [
      '-c',
      `echo Q | openssl s_client -connect 127.0.0.1:${port} -servername localhost -CAfile ca.pem -alpn h3 ` +
        `2>/dev/null || true`,
    ],
    { cwd: world.folder },
  )
  await serving.waitFor(/"event":"hello"/)
  const done = await serving.stop()
  const hello = jsonOf('serve', done).find(({ event }) => event === 'hello')
  expect(hello).toMatchObject({
    hello: {
      serverName: 'localhost',
      alpn: ['h3'],
      ja3: expect.stringMatching(/^[0-9a-f]{32}$/),
      ja4: expect.stringMatching(/^t13d\d{4}h3_/),
    },
  })
})

it('openssl s_client -brief verifies it', async () => {
  const { port } = await start(`--echo ${certs}`)
  const { stdout } = await exec(
    'bash',
    [
      '-c',
      `echo Q | openssl s_client -connect 127.0.0.1:${port} -servername localhost -CAfile ca.pem ` +
        `-verify_return_error -brief 2>&1`,
    ],
    { cwd: world.folder },
  )
  expect(stdout).toMatch(/Verification: OK/)
})

it('goes on after clients that speak no TLS, and ends with the signal', async () => {
  const { port, serving } = await start(`www ${certs}`)
  await exec('curl', ['-s', '--max-time', '5', `http://127.0.0.1:${port}/`]).catch(() => {})
  await serving.waitFor(/"event":"failure"/)
  expect(await curl(port, '/')).toBe('<h1>hello</h1>')
  const done = await serving.stop()
  expect(done.code).toBe(0)
  expect(jsonOf('serve', done)[0]).toMatchObject({ event: 'listening', port })
})

describe('bad input is one sentence', () => {
  it.each([
    ['serve nosuch', 3, /nosuch: there is no such/],
    ['serve ca.pem', 3, /it is not a folder/],
    ['serve . --echo', 2, /exclude each other/],
    ['serve --echo --cert nosuch.pem', 3, /nosuch\.pem: there is no such file/],
    ['serve --echo --cert server.pem', 3, /no private key/],
    ['serve --echo --cert server.pem --key server-key.pem --key x', 2, /more --key/],
    ['serve --echo --listen 256.1.1.1:1', 2, /256\.1\.1\.1/],
    ['serve --echo --listen nowhere:x', 2, /"x" is no port/],
    ['serve --echo --tls12 --tls13', 2, /exclude/],
    ['serve --route x --echo', 2, /NAME=HOST:PORT/],
  ])('%s', async (line, code, sentence) => {
    const { code: got, stderr } = await runCli(line, { cwd: world.folder })
    expect(stderr).toMatch(sentence)
    expect(got).toBe(code)
  })

  it('a port that is taken', async () => {
    const { port } = await start(`--echo ${certs}`)
    expect(await runCli(`serve --echo --listen 127.0.0.1:${port}`)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('is in use already'),
    })
  })
})
