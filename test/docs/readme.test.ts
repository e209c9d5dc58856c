// README's snippets run as pasted, but for the address and the port, and with a certificate made for it.

import { once } from 'node:events'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, createServer, dangerouslyAcceptAnyCertificate, pair } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'
import { subpaths } from '../../scripts/subpaths.ts'
import { outputOf, root, scratchFolder, snippetsOf, start } from './snippets.ts'

const [clientCode = '', serverCode = '', streamCode = ''] = snippetsOf('README.md')
const folder = scratchFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const changed = (code: string, from: string, to: string): string => {
  expect(code).toContain(from)
  return code.replace(from, to)
}

describe('README.md', () => {
  let server: ReturnType<typeof start>
  let port = ''
  let ca: string
  beforeAll(async () => {
    const authority = await createCa({ name: 'README CA' })
    const { chainPem, privateKeyPem } = await authority.issue({ names: ['localhost', 'example.org'] })
    ca = authority.certificatePem
    writeFileSync(join(folder, 'ca.pem'), ca)
    writeFileSync(join(folder, 'chain.pem'), chainPem)
    writeFileSync(join(folder, 'key.pem'), privateKeyPem)
    const listening = changed(serverCode, 'await server.listen(8443,', 'const listener = await server.listen(0,')
    server = start(folder, 'server.mts', `${listening}\nconsole.log(listener.address.port)`)
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    port = line.toString().trim()
  })
  afterAll(async () => {
    server.kill()
    await once(server, 'close')
  })

  it('has a client that prints what it negotiated and whom it trusts', async () => {
    const code = changed(clientCode, 'example.org:443', `localhost:${port}`).replace(", { alpn: ['http/1.1'] }", '')
    const output = await outputOf(start(folder, 'client.mts', code, { SSL_CERT_FILE: join(folder, 'ca.pem') }))
    expect(output.split('\n')).toEqual([
      'TLS 1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768',
      expect.stringContaining('CN='),
      'CN=README CA',
      '',
    ])
  })

  it('has a server that sends back what it is sent', async () => {
    const connection = await connect(`localhost:${port}`, { ca })
    await connection.write(Uint8Array.of(1, 2, 3))
    expect(await connection.read()).toEqual(Uint8Array.of(1, 2, 3))
    await connection.close()
  })

  it('says that a stream does instead of an address', async () => {
    const [near, far] = pair()
    const dialed = connectSocket(Number(port), '127.0.0.1')
    await once(dialed, 'connect')
    const other = await (await createCa({ name: 'Another CA' })).issue({ names: ['example.org'] })
    const names = ['connect', 'createServer', 'stream', 'otherStream', 'cert', 'key']
    const body = `${streamCode}; return { connection, accepted }`
    const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
      ...text: string[]
    ) => (
      ...values: readonly unknown[]
    ) => Promise<{ connection: { close(): Promise<void> }; accepted: { close(): Promise<void> } }>
    const trusting = (stream: Parameters<typeof connect>[0], options: object) =>
      connect(stream as never, { ...options, ca } as never)
    const run = new AsyncFunction(...names, body)
    const client = connect(near, { serverName: 'example.org', verifier: dangerouslyAcceptAnyCertificate })
    const { connection, accepted } = await run(trusting, createServer, dialed, far, other.chainPem, other.privateKeyPem)
    await client
    await Promise.all([connection.close(), accepted.close(), (await client).close()])
  })

  it('has each subpath in its table of imports', () => {
    const cells = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/^\| (`puretls[^|]*) \|/gm)]
    const names = cells.flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) =>
        // `puretls/crypto/noble`, `/node` stands for `puretls/crypto/node`.
        name.startsWith('/') ? `${/puretls\/\w+/.exec(cell)?.[0] ?? ''}${name}` : name,
      ),
    )
    expect(names.toSorted()).toEqual(subpaths.map(({ subpath }) => subpath.replace('.', 'puretls')).toSorted())
  })

  it('and the other pages link to what the package carries, or to code of the repository', () => {
    const { files } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { files: readonly string[] }
    const carried = new Set([
      'package.json',
      ...globSync(
        files.filter((file) => file !== 'dist'),
        { cwd: root },
      ),
    ])
    const pages = [...carried].filter((file) => file.endsWith('.md'))
    expect(pages.length).toBeGreaterThan(20)
    const missing = pages.flatMap((page) =>
      [...readFileSync(new URL(page, root), 'utf8').matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)/g)]
        .map(([, link = '']) => join(dirname(page), link))
        .filter(
          (path) =>
            !carried.has(path) &&
            !globSync(`${path.replace(/\/$/, '')}/*`, { cwd: root }).some((one) => carried.has(one)),
        )
        .filter((path) => !/^(src|test|scripts)\//.test(path) || !existsSync(new URL(path, root)))
        .map((path) => `${page}: ${path}`),
    )
    expect(missing).toEqual([])
  })

  it('shows pictures that the package carries', () => {
    const pictures = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)]
    expect(pictures.length).toBeGreaterThan(0)
    const { files } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { files: readonly string[] }
    for (const [, path = ''] of pictures) {
      expect(existsSync(new URL(path, root)), path).toBe(true)
      expect(files).toContain(path.replace(/[^/]+\.svg$/, '*.svg'))
    }
  })
})
