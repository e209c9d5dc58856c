// `puretls connect` against servers of this library and of OpenSSL.

import { createServer as createHttp } from 'node:http'
import { connect as dialTcp } from 'node:net'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { generateEchKeys } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'
import { changesOf } from '../../src/cli/connect/watch.ts'
import { jsonOf, runCli, startCli } from './harness.ts'
import { createWorld, tcpServer, tlsServer } from './world.ts'
import type { World } from './world.ts'

let world: World
let port: number
beforeAll(async () => {
  world = await createWorld()
  port = await tlsServer(world, { alpn: ['h2', 'http/1.1'], earlyData: { maxBytes: 1000 } })
})
const run = (line: string, options: Parameters<typeof runCli>[1] = {}) =>
  runCli(line, { cwd: world.folder, ...options })
const report = async (line: string, options: Parameters<typeof runCli>[1] = {}) => {
  const result = await run(`${line} --json`, options)
  return { ...jsonOf('connect', result)[0], code: result.code, stderr: result.stderr }
}

describe('puretls connect', () => {
  it('says what was negotiated, the chain, and that it holds', async () => {
    const { code, stdout } = await run(`connect localhost:${port} --ca ca.pem --alpn h2,http/1.1`)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /version +TLS 1\.3\n.*suite +TLS_.*\n.*exchange +X25519MLKEM768\n.*signature +ecdsa_secp256r1_sha256\n.*ALPN +h2/,
    )
    expect(stdout).toMatch(/0 CN=localhost\n +names +localhost, example\.com/)
    expect(stdout).toContain('verified for localhost: localhost <- Example CA')
    expect(stdout).toMatch(/sessions +\d offered for resumption/)
    expect(stdout).toMatch(/round trips: 1 before TLS, 1 for the handshake/)
  })

  it('explains a refusal, says how to mend it, sends nothing, and exits with 6', async () => {
    let received = 0
    const quiet = await tlsServer(world, {}, async (connection) => {
      for await (const data of connection) received += data.length
      await connection.close()
    })
    const { code, stdout } = await run(`connect localhost:${quiet}`, { stdin: 'secret' })
    expect(code).toBe(6)
    expect(stdout).toContain('is signed by an authority that is not trusted: CN=Example CA')
    expect(stdout).toContain(
      'to mend it: let the server send the intermediate certificate as well, or give the authority with --ca FILE',
    )
    expect(received).toBe(0)
    expect(await report(`connect localhost:${port} --ca ca.pem --servername other.example`)).toMatchObject({
      code: 6,
      verified: false,
      verification: {
        reason: 'certificate_name_mismatch',
        remedy: expect.stringContaining('connect by a name that the certificate has (localhost, example.com'),
      },
    })
  })

  it('names the reason of each refusal', async () => {
    const expired = await world.ca.issue({
      names: ['localhost'],
      notBefore: Date.now() - 2e9,
      notAfter: Date.now() - 1e9,
    })
    const clientOnly = await world.ca.issue({ name: 'localhost', names: ['localhost'], client: true })
    const self = await createCa({ name: 'localhost' })
    for (const [leaf, reason, remedy] of [
      [expired, 'certificate_expired', /renew the certificate/],
      [clientOnly, 'certificate_usage', /extended key usage/],
      [await self.issue({ names: ['localhost'] }), 'unknown_ca', /--ca/],
    ] as const) {
      const at = await tlsServer({ ...world, leaf })
      const found = await report(`connect localhost:${at} --ca ca.pem`)
      expect(found).toMatchObject({ code: 6, verification: { reason } })
      expect(found.verification.remedy).toMatch(remedy)
    }
  })

  it('goes on with --insecure', async () => {
    expect(await run(`connect localhost:${port} --insecure`, { stdin: 'x' })).toMatchObject({ code: 0, stdout: 'x' })
  })

  it('sends stdin, and writes what comes to stdout and the report to stderr', async () => {
    const { code, stdout, stderr } = await run(`connect localhost:${port} --ca ca.pem`, {
      stdin: 'hello\n'.repeat(50_000),
    })
    expect(code).toBe(0)
    expect(stdout).toBe('hello\n'.repeat(50_000))
    expect(stderr).toContain('verified for localhost')
    expect((await run(`connect localhost:${port} --ca ca.pem -n`, { stdin: 'hello' })).stdout).toContain('verified')
  })

  it('writes what a server says by itself', async () => {
    const banner = await tlsServer(world, {}, async (connection) => {
      await connection.write(new TextEncoder().encode('220 ready\r\n'))
      await connection.close()
    })
    expect((await run(`connect localhost:${banner} --ca ca.pem`, { stdin: 'QUIT\r\n' })).stdout).toBe('220 ready\r\n')
  })

  it('chooses version, suite, group and ALPN', async () => {
    expect(
      await report(
        `connect localhost:${port} --ca ca.pem --tls12 --suite TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 --group P-256`,
      ),
    ).toMatchObject({
      handshake: { version: 'TLS 1.2', cipherSuite: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', group: 'P-256' },
      roundTrips: { handshake: 2 },
    })
    expect(await report(`connect localhost:${port} --ca ca.pem --tls13 --group P-521 --alpn http/1.1`)).toMatchObject({
      handshake: { version: 'TLS 1.3', group: 'P-521', alpn: 'http/1.1' },
    })
    expect(await report(`connect localhost:${port} --ca ca.pem --alpn smtp`)).toMatchObject({
      code: 5,
      error: { code: 'alert_received' },
    })
    expect(await report(`connect localhost:${port} --group X25518`)).toMatchObject({
      code: 2,
      error: { message: expect.stringContaining('X25518') },
    })
    expect(await report(`connect localhost:${port} --tls12 --tls13`)).toMatchObject({ code: 2 })
  })

  it('resumes, and sends early data', async () => {
    expect(await report(`connect localhost:${port} --ca ca.pem --resume`)).toMatchObject({
      code: 0,
      handshake: { resumed: true },
      verification: { skipped: true },
    })
    expect(await report(`connect localhost:${port} --ca ca.pem --tls12 --resume`)).toMatchObject({
      handshake: { resumed: true, version: 'TLS 1.2' },
    })
    writeFileSync(join(world.folder, 'early'), 'GET / HTTP/1.0\r\n\r\n')
    expect(await report(`connect localhost:${port} --ca ca.pem --early-data early`)).toMatchObject({
      handshake: { resumed: true, earlyData: 'accepted' },
    })
    const none = await tlsServer(world, { tickets: false })
    expect(await report(`connect localhost:${none} --ca ca.pem --tls12 --resume`)).toMatchObject({
      code: 5,
      error: { code: 'no_session' },
    })
  })

  it('shows a client certificate, in one file or two, encrypted or not', async () => {
    const client = await world.ca.issue({ name: 'me', client: true })
    writeFileSync(join(world.folder, 'me.pem'), client.certificatePem + client.privateKeyPem)
    const strict = await tlsServer(world, { clientAuth: { mode: 'require', ca: world.ca.certificatePem } })
    expect(await report(`connect localhost:${strict} --ca ca.pem --cert me.pem`)).toMatchObject({
      code: 0,
      handshake: { ownSignatureScheme: 'ecdsa_secp256r1_sha256' },
    })
    expect(await report(`connect localhost:${strict} --ca ca.pem --tls12`)).toMatchObject({
      code: 5,
      error: { code: 'alert_received' },
    })
    const { encryptPrivateKey } = await import('../../src/pki/index.ts')
    writeFileSync(join(world.folder, 'locked.pem'), await encryptPrivateKey(client.privateKeyPem, 'sesame'))
    const line = `connect localhost:${strict} --ca ca.pem --cert me.pem --key locked.pem`
    expect(await report(line)).toMatchObject({ code: 3, error: { code: 'encrypted' } })
    expect(await report(`${line} --password pass:sesame`)).toMatchObject({ code: 0 })
    expect(await report(`${line} --password env:PW`, { env: { PW: 'sesame' } })).toMatchObject({ code: 0 })
    expect(await report(`${line} --password pass:wrong`)).toMatchObject({
      code: 3,
      error: { message: expect.stringContaining('locked.pem') },
    })
    // Not shown to a server that is not verified.
    expect(await report(`connect localhost:${strict} --cert me.pem`)).toMatchObject({
      code: 6,
      handshake: null,
      verified: false,
    })
  })

  it('uses a pre-shared key', async () => {
    const keyed = await tlsServer(world, {
      psk: {
        lookup: (identity) =>
          Buffer.from(identity).toString() === 'me' ? { key: new Uint8Array(32).fill(7) } : undefined,
      },
    })
    expect(await report(`connect localhost:${keyed} --ca ca.pem --psk me:${'07'.repeat(32)}`)).toMatchObject({
      code: 0,
      handshake: { psk: true },
    })
    writeFileSync(join(world.folder, 'psk'), `me:${'07'.repeat(32)}\n`)
    expect(await report(`connect localhost:${keyed} --ca ca.pem --psk @psk`)).toMatchObject({
      code: 0,
      handshake: { psk: true },
    })
    expect(await report(`connect localhost:${keyed} --psk me`)).toMatchObject({ code: 2 })
  })

  it('uses Encrypted Client Hello', async () => {
    const keys = await generateEchKeys({ publicName: 'example.com', provider: nodeProvider })
    const hidden = await tlsServer(world, { hello: { ech: { keys: [keys] } } })
    const config = Buffer.from(keys.configList).toString('base64')
    expect(await report(`connect localhost:${hidden} --ca ca.pem --ech ${config}`)).toMatchObject({
      code: 0,
      handshake: { echAccepted: true },
    })
    writeFileSync(join(world.folder, 'ech'), config)
    expect(await report(`connect localhost:${hidden} --ca ca.pem --ech @ech`)).toMatchObject({
      handshake: { echAccepted: true },
    })
    expect(await report(`connect localhost:${port} --ca ca.pem --ech ${config}`)).toMatchObject({
      code: 5,
      error: { code: 'ech_required' },
    })
    expect(await report(`connect localhost:${port} --ca ca.pem --ech grease`)).toMatchObject({
      code: 0,
      handshake: { echAccepted: false },
    })
    expect(await report(`connect localhost:${port} --ca ca.pem --ech !`)).toMatchObject({ code: 2 })
    expect(await report(`connect 127.0.0.1:${port} --ca ca.pem --ech`)).toMatchObject({
      code: 2,
      error: { message: expect.stringContaining('of an address') },
    })
  })

  it("keeps a key log that is the user's alone", async () => {
    await run(`connect localhost:${port} --ca ca.pem -n --keylog keys.txt`)
    const path = join(world.folder, 'keys.txt')
    expect(readFileSync(path, 'utf8')).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+$/m)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('prints certificates as PEM', async () => {
    const { stdout } = await run(`connect localhost:${port} --ca ca.pem --pem`)
    expect(stdout).toBe(world.leaf.certificatePem)
    expect((await run(`connect localhost:${port} --ca ca.pem --showcerts`)).stdout).toContain(
      world.leaf.certificatePem.trim(),
    )
  })

  it('watches, and says what changes', async () => {
    let alpn: readonly string[] = ['h2']
    const changing = await tlsServer(world, { hello: { chooseAlpn: () => alpn[0] } })
    const watching = startCli(`connect localhost:${changing} --ca ca.pem --alpn h2,http/1.1 --watch 50ms`, {
      cwd: world.folder,
    })
    await watching.waitFor(/ALPN +h2/)
    alpn = ['http/1.1']
    await watching.waitFor(/changed\n {2}ALPN: h2 -> http\/1\.1/)
    expect(await watching.stop()).toMatchObject({ code: 0 })
    const asJson = startCli(`connect localhost:${changing} --ca ca.pem --watch 20ms --json`, { cwd: world.folder })
    await asJson.waitFor(/\n.*\n/)
    expect(jsonOf('connect', await asJson.stop()).length).toBeGreaterThan(1)
    expect(changesOf({ a: '1' }, { a: '2', b: '3' })).toEqual(['a: 1 -> 2', 'b: none -> 3'])
  })
})

describe('through a proxy', () => {
  const httpProxy = (password?: string): Promise<number> =>
    new Promise((resolve) => {
      const server = createHttp().on('connect', (message, socket, head) => {
        if (
          password !== undefined &&
          message.headers['proxy-authorization'] !== `Basic ${Buffer.from(`me:${password}`).toString('base64')}`
        ) {
          socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
          return
        }
        const [, to] = /:(\d+)$/.exec(message.url ?? '') ?? []
        const upstream = dialTcp(Number(to), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n')
          upstream.write(head)
          upstream.pipe(socket).pipe(upstream)
        })
        upstream.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
        socket.on('error', () => upstream.destroy())
      })
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
      server.unref()
    })

  it('HTTP CONNECT', async () => {
    const proxy = await httpProxy('sesame')
    expect(
      await report(`connect localhost:${port} --ca ca.pem --proxy http://me:sesame@127.0.0.1:${proxy}`),
    ).toMatchObject({ code: 0, address: null, roundTrips: { before: 2 } })
    expect(await report(`connect localhost:${port} --ca ca.pem --proxy 127.0.0.1:${proxy}`)).toMatchObject({
      code: 4,
      error: { code: 'proxy', message: expect.stringContaining('407') },
    })
    expect(await report(`connect localhost:1 --proxy http://me:sesame@127.0.0.1:${proxy}`)).toMatchObject({
      code: 4,
      error: { message: expect.stringContaining('502') },
    })
    expect(await report(`connect localhost:${port} --proxy http://127.0.0.1:${port}`)).toMatchObject({ code: 4 })
    expect(await report(`connect localhost:${port} --proxy ftp://x`)).toMatchObject({ code: 2 })
  })

  it('SOCKS 5, with and without a password', async () => {
    const requests: string[] = []
    const proxy = await tcpServer((socket) => {
      let greeted = false
      const onData = (data: Buffer): void => {
        if (!greeted) {
          greeted = true
          socket.write(Uint8Array.of(5, data.includes(2, 2) ? 2 : 0))
        } else if (data[0] === 1) {
          requests.push(data.toString('latin1'))
          socket.write(Uint8Array.of(1, 0))
        } else {
          socket.off('data', onData)
          requests.push(data.subarray(5, 5 + (data[4] ?? 0)).toString())
          const upstream = dialTcp(data.readUInt16BE(data.length - 2), '127.0.0.1', () => {
            socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
            upstream.pipe(socket).pipe(upstream)
          })
          upstream.on('error', () => socket.end(Uint8Array.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)))
          socket.on('error', () => upstream.destroy())
        }
      }
      socket.on('data', onData)
    })
    expect(await report(`connect localhost:${port} --ca ca.pem --proxy socks5://127.0.0.1:${proxy}`)).toMatchObject({
      code: 0,
    })
    expect(
      await report(`connect localhost:${port} --ca ca.pem --proxy socks5://me:sesame@127.0.0.1:${proxy}`),
    ).toMatchObject({ code: 0 })
    expect(requests).toEqual(['localhost', '\u0001\u0002me\u0006sesame', 'localhost'])
    expect(await report(`connect localhost:1 --proxy socks5://127.0.0.1:${proxy}`)).toMatchObject({
      code: 4,
      error: { message: expect.stringContaining('refused a tunnel') },
    })
  })
})

describe('bad input is one sentence and an exit code', () => {
  it.each([
    ['connect', 2, /missing required argument/],
    ['connect a:b', 2, /"b" is no port/],
    ['connect localhost:1', 4, /127\.0\.0\.1:1 refused the connection|\[::1\]:1 refused the connection/],
    ['connect nosuch.invalid', 4, /nosuch\.invalid/],
    ['connect localhost:443 --ca missing.pem', 3, /missing\.pem: there is no such file/],
    ['connect localhost:443 --ca .', 3, /it is a folder/],
    ['connect localhost:443 --ca server-key.pem', 3, /server-key\.pem: there is no certificate/],
    ['connect localhost:443 --cert ca.pem', 3, /ca\.pem: there is no private key/],
    ['connect localhost:443 --cert ca.pem --key server-key.pem', 3, /key/],
    ['connect localhost:443 --key server-key.pem', 2, /--cert/],
    ['connect localhost:443 --keylog nosuch/keys', 3, /nosuch\/keys: there is no such file or folder/],
    ['connect localhost:443 --starttls gopher', 2, /smtp, imap/],
    ['connect localhost:443 --timeout soon', 2, /500ms, 10s/],
  ])('%s', async (line, code, sentence) => {
    const { code: got, stderr, stdout } = await run(line)
    expect(stderr).toMatch(sentence)
    expect(got).toBe(code)
    expect(stdout).toBe('')
    expect(stderr).not.toMatch(/\n {4}at /)
    expect(stderr.split('\n').filter((part) => part.startsWith('error:'))).toHaveLength(1)
  })

  it('plain HTTP answers', async () => {
    const http = createHttp().listen(0, '127.0.0.1')
    await new Promise((resolve) => http.once('listening', resolve))
    const { port: plain } = http.address() as { port: number }
    const { code, stderr } = await run(`connect localhost:${plain}`)
    expect(code).toBe(5)
    expect(stderr).toMatch(/HTTP/)
    http.close()
  })

  it('a server that says nothing, or hangs up', async () => {
    const silent = await tcpServer(() => {})
    expect(await run(`connect localhost:${silent} --timeout 100ms`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('was not done within 0.1 s'),
    })
    const gone = await tcpServer((socket) => socket.destroy())
    expect(await run(`connect localhost:${gone}`)).toMatchObject({ code: 4 })
    const waiting = startCli(`connect localhost:${silent}`)
    expect(await waiting.stop()).toMatchObject({ code: 130, stdout: '' })
  })

  it('a peer that misbehaves', async () => {
    const alert = await tcpServer((socket) => socket.end(Uint8Array.of(21, 3, 3, 0, 2, 2, 40)))
    expect(await run(`connect localhost:${alert}`)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('handshake_failure'),
    })
    const junk = await tcpServer((socket) => socket.end(Uint8Array.of(22, 3, 3, 0, 4, 2, 0, 0, 0)))
    expect(await run(`connect localhost:${junk}`)).toMatchObject({ code: 5 })
  })
})
