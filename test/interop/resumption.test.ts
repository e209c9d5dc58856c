// Sessions with other implementations, both ways: tickets in TLS 1.3 and 1.2, early data, external PSKs, and
// authentication after the handshake. Each case connects twice (or more) and looks at what both ends say of the second
// connection.

import { createServer as listenTcp, connect as dialTcp } from 'node:net'
import type { Server, Socket } from 'node:net'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as nodeConnect, createServer as nodeServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, createServer } from '../../src/index.node.ts'
import type { ConnectionInfo, ConnectOptions, ServerOptions, TlsConnection } from '../../src/index.node.ts'
import { memoryReplayGuard } from '../../src/session/index.ts'
import { createEnvironment, requirePeer } from './harness.ts'
import type { Environment } from './harness.ts'
import { gnutls } from './peers/gnutls.ts'
import { openssl } from './peers/openssl.ts'
import { Child, freePort } from './process.ts'

type Version = 'TLS 1.3' | 'TLS 1.2'
const versions: readonly Version[] = ['TLS 1.3', 'TLS 1.2']
const text = (data: Uint8Array): string => new TextDecoder().decode(data)
const bytes = (line: string): Uint8Array => new TextEncoder().encode(line)

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

const dial = async (port: number, options: Partial<ConnectOptions>): Promise<TlsConnection> => {
  const socket = dialTcp(port, '127.0.0.1')
  await once(socket, 'connect')
  return connect(socket, { serverName: 'localhost', ca: environment.ca, ...options })
}

/** Connects, says something so that tickets have come when the answer is there, and closes. */
const visit = async (
  port: number,
  options: Partial<ConnectOptions>,
  say = 'hello\n',
): Promise<{ readonly info: ConnectionInfo; readonly session: Uint8Array | undefined }> => {
  const connection = await dial(port, options)
  await connection.write(bytes(say))
  await connection.read()
  await connection.closeWrite()
  const { info, session } = connection
  await connection.close()
  return { info, session }
}

interface Serving {
  readonly port: number
  readonly seen: { readonly info: ConnectionInfo; readonly early: string }[]
  readonly close: () => void
}

/** A puretls server that echoes lines and remembers what each connection was. */
const serve = async (options: ServerOptions): Promise<Serving> => {
  const tls = createServer({ ...environment.server.ecdsa, ...options })
  const seen: { readonly info: ConnectionInfo; readonly early: string }[] = []
  const handle = async (socket: Socket): Promise<void> => {
    const connection = await tls.accept(socket)
    seen.push({ info: connection.info, early: connection.earlyData.map(text).join('') })
    for await (const data of connection) await connection.write(bytes(`echo:${text(data)}`))
    await connection.close()
  }
  const listener: Server = listenTcp((socket) => {
    handle(socket).catch(() => socket.destroy())
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return { port: typeof address === 'object' && address ? address.port : 0, seen, close: () => listener.close() }
}

describe.each(versions)('node:tls, %s', (version) => {
  const only = {
    minVersion: version === 'TLS 1.3' ? 'TLSv1.3' : 'TLSv1.2',
    maxVersion: version === 'TLS 1.3' ? 'TLSv1.3' : 'TLSv1.2',
  } as const

  it('resumes our session', async () => {
    const server = nodeServer({ ...environment.server.ecdsa, ...only }, (socket) => {
      socket.on('error', () => {})
      socket.pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    try {
      const options: Partial<ConnectOptions> = { versions: { min: version, max: version } }
      const first = await visit(port, options)
      expect(first.info.resumed).toBe(false)
      const second = await visit(port, { ...options, ...(first.session && { session: first.session }) })
      expect(second.info).toMatchObject({ resumed: true, version })
    } finally {
      server.close()
    }
  })

  it('has its session resumed by us', async () => {
    const serving = await serve({ versions: { min: version, max: version } })
    const once12 = (session?: Buffer): Promise<{ readonly reused: boolean; readonly session: Buffer | undefined }> =>
      new Promise((resolve, reject) => {
        let got: Buffer | undefined
        let reused = false
        const socket: TLSSocket = nodeConnect(
          {
            port: serving.port,
            host: '127.0.0.1',
            servername: 'localhost',
            ca: environment.ca,
            ...only,
            ...(session && { session }),
          },
          () => {
            reused = socket.isSessionReused()
            socket.write('hello\n')
          },
        )
        socket.on('session', (given) => (got = given))
        socket.on('error', reject)
        socket.on('data', () => socket.end())
        socket.on('close', () => resolve({ reused, session: got }))
      })
    try {
      const first = await once12()
      expect(first.reused).toBe(false)
      expect((await once12(first.session)).reused).toBe(true)
      expect(serving.seen.map(({ info }) => info.resumed)).toEqual([false, true])
    } finally {
      serving.close()
    }
  })
})

const hasOpenssl = await requirePeer(openssl)
describe.skipIf(!hasOpenssl)('OpenSSL', () => {
  const flag = (version: Version): string => (version === 'TLS 1.3' ? '-tls1_3' : '-tls1_2')
  const server = async (...args: readonly string[]): Promise<{ readonly child: Child; readonly port: number }> => {
    const { cert, key } = environment.files.server.ecdsa
    const child = new Child('openssl', [
      's_server',
      '-4',
      '-accept',
      '127.0.0.1:0',
      '-cert',
      cert,
      '-key',
      key,
      ...args,
    ])
    const [, port] = await child.waitFor(/^ACCEPT .*:(\d+)$/m)
    return { child, port: Number(port) }
  }
  const client = (port: number, ...args: readonly string[]): Child =>
    new Child('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      'localhost',
      '-CAfile',
      environment.files.ca,
      '-verify_return_error',
      ...args,
    ])

  it.each(versions)('s_server resumes our %s session', async (version) => {
    const { child, port } = await server(flag(version), '-rev')
    try {
      const options: Partial<ConnectOptions> = { versions: { min: version, max: version } }
      const first = await visit(port, options)
      const second = await visit(port, { ...options, ...(first.session && { session: first.session }) })
      expect(first.info.resumed).toBe(false)
      expect(second.info.resumed).toBe(true)
    } finally {
      await child.stop()
    }
  })

  it('s_server resumes our TLS 1.2 session by ID, without tickets', async () => {
    const { child, port } = await server('-tls1_2', '-no_ticket', '-rev')
    try {
      const options: Partial<ConnectOptions> = { versions: { max: 'TLS 1.2' } }
      const first = await visit(port, options)
      const second = await visit(port, { ...options, ...(first.session && { session: first.session }) })
      expect(second.info.resumed).toBe(true)
    } finally {
      await child.stop()
    }
  })

  it.each(versions)('s_client has its %s session resumed', async (version) => {
    const serving = await serve({ versions: { min: version, max: version } })
    const saved = join(environment.files.directory, `openssl-${version}.session`)
    const say = async (...args: readonly string[]): Promise<string> => {
      const child = client(serving.port, flag(version), ...args)
      child.write('hello\n')
      await child.waitFor(/^echo:hello$/m)
      child.write('Q\n')
      await child.exited()
      return child.output
    }
    try {
      expect(await say('-sess_out', saved)).toMatch(/^New, TLSv1/m)
      expect(await say('-sess_in', saved)).toMatch(/^Reused, TLSv1/m)
      expect(serving.seen.map(({ info }) => info.resumed)).toEqual([false, true])
    } finally {
      serving.close()
    }
  })

  it('s_server takes our early data', async () => {
    const { child, port } = await server('-tls1_3', '-early_data', '-max_early_data', '16384')
    try {
      const options: Partial<ConnectOptions> = { versions: { min: 'TLS 1.3' } }
      let session: Uint8Array | undefined
      const first = await dial(port, {
        ...options,
        onSession: (given) => {
          session ??= given
        },
      })
      await first.write(bytes('first\n'))
      await child.waitFor(/^first$/m)
      await first.close()
      const second = await dial(port, { ...options, ...(session && { session }), earlyData: bytes('early words\n') })
      expect(second.info).toMatchObject({ resumed: true, earlyData: 'accepted' })
      await child.waitFor(/Early data received:/)
      await child.waitFor(/^early words$/m)
      await second.close()
    } finally {
      await child.stop()
    }
  })

  it('s_server without early data has ours handed back', async () => {
    const { child, port } = await server('-tls1_3', '-early_data', '-max_early_data', '16384', '-no_anti_replay')
    try {
      const options: Partial<ConnectOptions> = { versions: { min: 'TLS 1.3' }, groups: ['X25519', 'P-256'] }
      let session: Uint8Array | undefined
      const first = await dial(port, {
        ...options,
        alpn: ['one'],
        onSession: (given) => {
          session ??= given
        },
      })
      await first.write(bytes('first\n'))
      await child.waitFor(/^first$/m)
      await first.close()
      await child.stop()
      // another server has other ticket keys: the ticket is unknown there, and the early data with it
      const other = await server('-tls1_3', '-early_data', '-max_early_data', '16384')
      const second = await dial(other.port, {
        ...options,
        alpn: ['one'],
        ...(session && { session }),
        earlyData: bytes('early words\n'),
      })
      expect(second.info).toMatchObject({ resumed: false, earlyData: 'rejected' })
      await second.write(bytes('early words\n'))
      await other.child.waitFor(/^early words$/m)
      await second.close()
      await other.child.stop()
    } finally {
      await child.stop()
    }
  })

  it('s_client has its early data taken, once', async () => {
    const serving = await serve({
      versions: { min: 'TLS 1.3' },
      earlyData: { maxBytes: 16384, replayGuard: memoryReplayGuard() },
    })
    const saved = join(environment.files.directory, 'openssl-early.session')
    const early = join(environment.files.directory, 'early.txt')
    writeFileSync(early, 'early words\n')
    const say = async (...args: readonly string[]): Promise<string> => {
      const child = client(serving.port, '-tls1_3', ...args)
      child.write('hello\n')
      await child.waitFor(/^echo:hello$/m)
      child.write('Q\n')
      await child.exited()
      return child.output
    }
    try {
      await say('-sess_out', saved)
      expect(await say('-sess_in', saved, '-early_data', early)).toMatch(/Early data was accepted/)
      expect(serving.seen.at(-1)).toMatchObject({
        info: { resumed: true, earlyData: 'accepted' },
        early: 'early words\n',
      })
    } finally {
      serving.close()
    }
  })

  const key = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'
  const secret = Uint8Array.from(Buffer.from(key, 'hex'))

  it('s_server shares an external PSK with us (RFC 9846 section 2.2)', async () => {
    const { child, port } = await server(
      '-tls1_3',
      '-psk',
      key,
      '-psk_identity',
      'device 1',
      '-nocert',
      '-rev',
      '-ciphersuites',
      'TLS_AES_128_GCM_SHA256',
    )
    try {
      const { info } = await visit(port, {
        versions: { min: 'TLS 1.3' },
        psk: { keys: { identity: 'device 1', key: secret } },
      })
      expect(info).toMatchObject({ resumed: false, peerCertificates: [], pskIdentity: bytes('device 1') })
    } finally {
      await child.stop()
    }
  })

  it('s_client shares an external PSK with us', async () => {
    const serving = await serve({
      versions: { min: 'TLS 1.3' },
      cipherSuites: ['TLS_AES_128_GCM_SHA256'],
      psk: { lookup: (identity) => (text(identity) === 'device 1' ? { key: secret } : undefined) },
    })
    try {
      const child = client(serving.port, '-tls1_3', '-psk', key, '-psk_identity', 'device 1')
      child.write('hello\n')
      await child.waitFor(/echo:hello$/m) // perhaps in the midst of a ticket: s_client buffers what it prints of those
      child.write('Q\n')
      await child.exited()
      expect(child.output).toMatch(/^Reused, TLSv1\.3/m)
      expect(serving.seen.at(-1)?.info).toMatchObject({ pskIdentity: bytes('device 1') })
    } finally {
      serving.close()
    }
  })

  it('s_server asks for our certificate after the handshake (section 4.7.2)', async () => {
    const { child, port } = await server('-tls1_3', '-CAfile', environment.files.ca)
    try {
      const connection = await dial(port, {
        versions: { min: 'TLS 1.3' },
        hello: { postHandshakeAuth: true },
        ...environment.client.ecdsa,
      })
      await connection.write(bytes('before\n'))
      await child.waitFor(/^before$/m)
      child.write('c\n')
      await child.waitFor(/SSL_verify_client_post_handshake|SSL_do_handshake/)
      const reading = connection.read()
      child.write('after\n')
      expect(text((await reading) ?? new Uint8Array(0))).toBe('after\n')
      await connection.write(bytes('still here\n'))
      await child.waitFor(/depth=0 CN\s*=\s*client ecdsa[^]*still here/)
      await connection.close()
    } finally {
      await child.stop()
    }
  })

  it('s_client answers when we ask after the handshake', async () => {
    const tls = createServer({
      ...environment.server.ecdsa,
      versions: { min: 'TLS 1.3' },
      clientAuth: { mode: 'request', ca: environment.ca },
    })
    const listener = listenTcp().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const address = listener.address()
    const accepted = once(listener, 'connection')
    const { cert, key: keyFile } = environment.files.client.ecdsa
    const child = client(
      typeof address === 'object' && address ? address.port : 0,
      '-tls1_3',
      '-enable_pha',
      '-cert',
      cert,
      '-key',
      keyFile,
    )
    try {
      const [socket] = await accepted
      const connection = await tls.accept(socket)
      expect(connection.info.verifiedChain[0]?.subject.toString()).toBe('CN=client ecdsa')
      const again = await connection.requestClientCertificate()
      expect(again.verifiedChain[0]?.subject.toString()).toBe('CN=client ecdsa')
      await connection.close()
    } finally {
      listener.close()
      await child.stop()
    }
  })
})

const hasGnutls = await requirePeer(gnutls)
describe.skipIf(!hasGnutls)('GnuTLS', () => {
  const priority = (version: Version): string => `NORMAL:-VERS-ALL:+VERS-${version === 'TLS 1.3' ? 'TLS1.3' : 'TLS1.2'}`

  it.each(versions)('gnutls-serv resumes our %s session', async (version) => {
    const port = await freePort()
    const { cert, key } = environment.files.server.ecdsa
    const child = new Child('gnutls-serv', [
      '--port',
      `${port}`,
      '--echo',
      '--x509certfile',
      cert,
      '--x509keyfile',
      key,
      '--disable-client-cert',
      '--priority',
      priority(version),
    ])
    try {
      await child.waitFor(/listening on IPv4 .*done/)
      const options: Partial<ConnectOptions> = { versions: { min: version, max: version } }
      const first = await visit(port, options)
      const second = await visit(port, { ...options, ...(first.session && { session: first.session }) })
      expect(second.info.resumed).toBe(true)
    } finally {
      await child.stop()
    }
  })

  it.each(versions)('gnutls-cli --resume has its %s session resumed', async (version) => {
    const serving = await serve({ versions: { min: version, max: version } })
    const child = new Child('gnutls-cli', [
      '127.0.0.1',
      '--port',
      `${serving.port}`,
      '--sni-hostname',
      'localhost',
      '--verify-hostname',
      'localhost',
      '--x509cafile',
      environment.files.ca,
      '--resume',
      '--waitresumption',
      '--priority',
      priority(version),
    ])
    try {
      await child.waitFor(/This is a resumed session/)
      child.write('hello\n')
      await child.waitFor(/^echo:hello$/m)
      expect(serving.seen.map(({ info }) => info.resumed)).toEqual([false, true])
    } finally {
      serving.close()
      await child.stop()
    }
  })

  it('gnutls-serv --earlydata takes our early data', async () => {
    const port = await freePort()
    const { cert, key } = environment.files.server.ecdsa
    const child = new Child('gnutls-serv', [
      '--port',
      `${port}`,
      '--echo',
      '--x509certfile',
      cert,
      '--x509keyfile',
      key,
      '--disable-client-cert',
      '--earlydata',
      '--maxearlydata',
      '16384',
      '--priority',
      priority('TLS 1.3'),
    ])
    try {
      await child.waitFor(/listening on IPv4 .*done/)
      const options: Partial<ConnectOptions> = { versions: { min: 'TLS 1.3' } }
      const first = await visit(port, options)
      const second = await dial(port, {
        ...options,
        ...(first.session && { session: first.session }),
        earlyData: bytes('early words\n'),
      })
      expect(second.info).toMatchObject({ resumed: true, earlyData: 'accepted' })
      await second.close()
    } finally {
      await child.stop()
    }
  })

  it('gnutls-cli --earlydata has its early data taken', async () => {
    const serving = await serve({ versions: { min: 'TLS 1.3' }, earlyData: { maxBytes: 16384 } })
    const early = join(environment.files.directory, 'gnutls-early.txt')
    writeFileSync(early, 'early words\n')
    const child = new Child('gnutls-cli', [
      '127.0.0.1',
      '--port',
      `${serving.port}`,
      '--sni-hostname',
      'localhost',
      '--verify-hostname',
      'localhost',
      '--x509cafile',
      environment.files.ca,
      '--resume',
      '--waitresumption',
      '--earlydata',
      early,
      '--priority',
      priority('TLS 1.3'),
    ])
    try {
      await child.waitFor(/This is a resumed session/)
      child.write('hello\n')
      await child.waitFor(/^echo:hello$/m)
      expect(serving.seen.at(-1)).toMatchObject({
        info: { resumed: true, earlyData: 'accepted' },
        early: 'early words\n',
      })
    } finally {
      serving.close()
      await child.stop()
    }
  })
})
