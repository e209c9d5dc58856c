// TLS 1.2 with OpenSSL beyond one handshake: sessions by ticket and by ID in both directions, the extensions of CBC and
// of the master secret turned off at the peer, renegotiation, and small records.

import { connect as dialTcp, createServer as listenTcp } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, createServer } from '../../src/index.node.ts'
import type { ConnectOptions, ServerOptions, TlsConnection } from '../../src/index.node.ts'
import { memorySessionCache, memoryStore, sharedSessions } from '../../src/session/index.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { createEnvironment, requirePeer } from './harness.ts'
import type { Environment } from './harness.ts'
import { openssl } from './peers/openssl.ts'
import { Child } from './process.ts'

const CBC = 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'
const tls12 = { versions: { max: 'TLS 1.2' } } as const
const text = new TextDecoder('latin1')
const pskKey = new Uint8Array(32).fill(7)
/** Ours, and OpenSSL's name. */
const pskSuites = [
  ['TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-PSK-CHACHA20-POLY1305'],
  ['TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA', 'ECDHE-PSK-AES128-CBC-SHA'],
  ['TLS_PSK_WITH_AES_128_GCM_SHA256', 'PSK-AES128-GCM-SHA256'],
  ['TLS_PSK_WITH_AES_256_GCM_SHA384', 'PSK-AES256-GCM-SHA384'],
] as const

let environment: Environment
/** Turns the extended master secret off for a process. */
let withoutEms: Record<string, string>
beforeAll(async () => {
  environment = await createEnvironment()
  const path = join(environment.files.directory, 'no-ems.cnf')
  writeFileSync(
    path,
    [
      'openssl_conf = init',
      '[init]',
      'ssl_conf = ssl',
      '[ssl]',
      'system_default = off',
      '[off]',
      'Options = -ExtendedMasterSecret',
      '',
    ].join('\n'),
  )
  withoutEms = { OPENSSL_CONF: path }
})
afterAll(async () => environment.dispose())

interface Server {
  readonly child: Child
  readonly port: number
}

const startServer = async (args: readonly string[], env: Record<string, string> = {}): Promise<Server> => {
  const { cert, key } = environment.files.server.ecdsa
  const child = new Child(
    'openssl',
    [
      's_server',
      '-4',
      '-accept',
      '127.0.0.1:0',
      '-cert',
      cert,
      '-key',
      key,
      '-tls1_2',
      '-cipher',
      'ALL:@SECLEVEL=0',
      ...args,
    ],
    { env },
  )
  const [, port] = await child.waitFor(/^ACCEPT .*:(\d+)$/m)
  return { child, port: Number(port) }
}

const openSocket = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = dialTcp(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })

const dial = async (port: number, options: Partial<ConnectOptions>): Promise<TlsConnection> =>
  connect(await openSocket(port), { serverName: 'localhost', ca: environment.ca, ...options })

/** Our line arrives at s_server, and its answer here. */
const talk = async ({ child }: Server, connection: TlsConnection, line: string): Promise<void> => {
  const from = child.output.length
  await connection.write(new TextEncoder().encode(`${line}\n`))
  await child.waitFor(new RegExp(`${line}$`, 'm'), from)
  child.write(`answer to ${line}\n`)
  let received = ''
  while (!received.includes('\n')) received += text.decode((await connection.read()) ?? new Uint8Array(0))
  expect(received).toBe(`answer to ${line}\n`)
}

const present = await requirePeer(openssl)

describe.skipIf(!present)('puretls dials s_server', () => {
  it.each([
    ['ticket', []],
    ['ID', ['-no_ticket']],
  ])('and resumes by %s', async (_, args) => {
    const server = await startServer(args)
    const sessions = memorySessionCache()
    const resumed: boolean[] = []
    for (const options of [tls12, tls12, {}]) {
      const connection = await dial(server.port, { ...options, sessions })
      await talk(server, connection, `number ${resumed.length}`)
      resumed.push(connection.info.resumed)
      await connection.close()
    }
    expect(resumed).toEqual([false, true, true])
    await server.child.stop()
  })

  it.each([
    ['with', []],
    ['without', ['-no_etm']],
  ])('CBC %s encrypt-then-MAC', async (_, args) => {
    const server = await startServer(args)
    const connection = await dial(server.port, { ...tls12, cipherSuites: [CBC] })
    await talk(server, connection, 'hello')
    await connection.close()
    await server.child.stop()
  })

  it('a server without extended master secret, and the option that requires it', async () => {
    const server = await startServer([], withoutEms)
    const sessions = memorySessionCache()
    for (let i = 0; i < 2; i++) {
      const connection = await dial(server.port, { ...tls12, sessions })
      await talk(server, connection, `hello ${i}`)
      expect(connection.info.resumed).toBe(false)
      expect(() => connection.exportKeyingMaterial(32, 'EXPERIMENTAL x')).toThrow(/RFC 7627/)
      await connection.close()
    }
    await expect(dial(server.port, { ...tls12, tls12: { requireExtendedMasterSecret: true } })).rejects.toMatchObject({
      code: 'extended_master_secret_required',
    })
    await server.child.stop()
  })

  it.each([
    ['once', 1],
    ['freely', 2],
  ] as const)('renegotiates %s', async (renegotiation, times) => {
    const server = await startServer([])
    const connection = await dial(server.port, { ...tls12, tls12: { renegotiation } })
    await talk(server, connection, 'before')
    for (let i = 0; i < times; i++) {
      server.child.write('r\n')
      await talk(server, connection, `after ${i}`)
    }
    await connection.close()
    await server.child.stop()
  })

  it('renegotiates with a client certificate that was not asked for before', async () => {
    const server = await startServer(['-CAfile', environment.files.ca])
    const connection = await dial(server.port, {
      ...tls12,
      tls12: { renegotiation: 'once' },
      ...environment.client.rsa,
    })
    await talk(server, connection, 'before')
    server.child.write('R\n')
    await talk(server, connection, 'after')
    await server.child.waitFor(/client rsa/)
    await connection.close()
    await server.child.stop()
  })

  it('answers no_renegotiation by default, which OpenSSL takes for the end', async () => {
    const server = await startServer(['-msg'])
    const connection = await dial(server.port, tls12)
    await talk(server, connection, 'before')
    server.child.write('r\n')
    const reading = connection.read().catch((error: unknown) => error)
    await server.child.waitFor(/warning no_renegotiation/)
    await server.child.stop()
    expect(await reading).toBeDefined()
  })

  it.each(pskSuites)('%s', async (suite, name) => {
    const server = await startServer([
      '-nocert',
      '-psk',
      toHex(pskKey),
      '-psk_identity',
      'sensor 7',
      '-cipher',
      `${name}:@SECLEVEL=0`,
    ])
    const connection = await dial(server.port, {
      ...tls12,
      cipherSuites: [suite],
      psk: { keys: { identity: 'sensor 7', key: pskKey } },
    })
    await talk(server, connection, 'hello')
    expect(connection.info.cipherSuite).toBe(suite)
    await connection.close()
    await server.child.stop()
  })

  it('asks for small records and gets them', async () => {
    const server = await startServer([])
    const traced: number[] = []
    const connection = await dial(server.port, {
      ...tls12,
      tls12: { maxFragmentLength: 512 },
      trace: ({ direction, content }) => void (direction === 'received' && traced.push(content.length)),
    })
    await talk(server, connection, 'x'.repeat(2000))
    expect(Math.max(...traced)).toBe(512)
    await connection.close()
    await server.child.stop()
  })
})

describe.skipIf(!present)('puretls serves s_client', () => {
  interface Ran {
    readonly output: string
    readonly resumed: boolean
  }

  /** One connection of s_client to a server of ours, which echoes a line. */
  const serve = async (
    server: ReturnType<typeof createServer>,
    args: readonly string[],
    env: Record<string, string> = {},
    during?: (child: Child) => Promise<void>,
  ): Promise<Ran> => {
    const listener = listenTcp()
    const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve))
    const port = await new Promise<number>((resolve) => {
      listener.listen(0, '127.0.0.1', () => {
        const address = listener.address()
        resolve(address && typeof address === 'object' ? address.port : 0)
      })
    })
    const child = new Child(
      'openssl',
      [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-servername',
        'localhost',
        '-CAfile',
        environment.files.ca,
        '-verify_return_error',
        '-tls1_2',
        '-cipher',
        'ALL:@SECLEVEL=0',
        ...args,
      ],
      { env },
    )
    try {
      const connection = await server.accept(await accepted)
      child.write('hello\n')
      let line = ''
      while (!line.includes('\n')) line += text.decode((await connection.read()) ?? new Uint8Array(0))
      await connection.write(new TextEncoder().encode(`echo:${line}`))
      await child.waitFor(/^echo:hello$/m)
      await during?.(child)
      child.write('Q\n')
      const end = await connection.read().catch((error: unknown) => error)
      if (!during) expect(end).toBeNull()
      await connection.close()
      await child.exited()
      return { output: child.output, resumed: connection.info.resumed }
    } finally {
      listener.close()
      await child.stop()
    }
  }

  const serverOf = (options: ServerOptions = {}) => createServer({ ...tls12, ...environment.server.ecdsa, ...options })

  it.each<[string, string[], ServerOptions]>([
    ['ticket', [], {}],
    ['ID', ['-no_ticket'], { sessions: sharedSessions(memoryStore()) }],
  ])('and resumes by %s', async (way, args, options) => {
    const server = serverOf(options)
    const file = join(environment.files.directory, `session-${way}.pem`)
    const first = await serve(server, [...args, '-sess_out', file])
    expect(first).toMatchObject({ resumed: false })
    const second = await serve(server, [...args, '-sess_in', file])
    expect(second.resumed).toBe(true)
    expect(second.output).toMatch(/^Reused, TLSv1.2/m)
  })

  it.each([
    ['with', []],
    ['without', ['-no_etm']],
  ])('CBC %s encrypt-then-MAC', async (_, args) => {
    expect((await serve(serverOf({ cipherSuites: [CBC] }), args)).output).toMatch(/ECDHE-ECDSA-AES128-SHA/)
  })

  it('a client without extended master secret, unless it is required', async () => {
    expect((await serve(serverOf(), [], withoutEms)).output).toMatch(/Extended master secret: no/)
    await expect(
      serve(serverOf({ tls12: { requireExtendedMasterSecret: true } }), [], withoutEms),
    ).rejects.toMatchObject({
      code: 'extended_master_secret_required',
    })
  })

  it('refuses a renegotiation and goes on', async () => {
    const { output } = await serve(serverOf(), ['-msg'], {}, async (child) => {
      child.write('R\n')
      await child.waitFor(/warning no_renegotiation|no renegotiation/)
    })
    expect(output).toMatch(/Secure Renegotiation IS supported/)
  })

  it.each([
    ['an AEAD suite', {}],
    ['CBC with encrypt-then-MAC', { cipherSuites: [CBC] }],
  ])('renegotiates by option: %s', async (_, options) => {
    await serve(serverOf({ tls12: { renegotiation: 'freely' }, ...options }), [], {}, async (child) => {
      for (let i = 0; i < 2; i++) {
        const from = child.output.length
        child.write('R\n')
        await child.waitFor(/RENEGOTIATING[^]*verify return:1/, from)
      }
    })
  })

  it.each(pskSuites)('%s', async (suite, name) => {
    const server = serverOf({ cipherSuites: [suite], psk: { lookup: () => ({ key: pskKey }) } })
    const { output } = await serve(server, [
      '-psk',
      toHex(pskKey),
      '-psk_identity',
      'sensor 7',
      '-cipher',
      `${name}:@SECLEVEL=0`,
    ])
    expect(output).toContain(`Cipher is ${name}`)
  })

  it('small records, as max_fragment_length asks', async () => {
    expect((await serve(serverOf(), ['-maxfraglen', '512'])).output).toMatch(/echo:hello/)
  })

  it('a fallback of a client that could do better is refused (RFC 7507)', async () => {
    const server = createServer({ ...environment.server.ecdsa })
    await expect(serve(server, ['-fallback_scsv'])).rejects.toMatchObject({ code: 'inappropriate_fallback' })
  })
})
