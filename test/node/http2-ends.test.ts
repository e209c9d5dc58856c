// createSecureServer() and connect() of puretls/node/http2 beside those of node:http2: each rule is asked of both.

import { once } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import * as nodeHttp2 from 'node:http2'
import * as nodeHttps from 'node:https'
import { connect as dialPlain } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import * as nodeTls from 'node:tls'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as ourHttp2 from '../../src/node/http2.ts'
import * as ourHttps from '../../src/node/https.ts'
import { createCa } from '../../src/pki/index.ts'
import { closeAll, closing, listening } from './closing.ts'

const authority = await createCa({ name: 'HTTP/2 ends CA' })
const leaf = await authority.issue({ names: ['localhost', '127.0.0.1', 'a.test'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem

type Http2 = Pick<typeof nodeHttp2, 'connect' | 'createSecureServer'>
const modules: readonly (readonly [string, Http2])[] = [
  ['node:http2', nodeHttp2],
  ['puretls/node/http2', ourHttp2 as unknown as Http2],
]

afterEach(closeAll)

const kept = (session: nodeHttp2.ClientHttp2Session): nodeHttp2.ClientHttp2Session => {
  closing.push(() => session.destroy())
  return session.on('error', () => undefined)
}
const addresses = (_host: string, _options: object, done: (error: null, list: object[]) => void): void =>
  done(null, [{ address: '127.0.0.1', family: 4 }])
const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))

describe.each(modules)('a server of %s', (_name, { createSecureServer }) => {
  /** The protocol that a client gets which offers these, and what it is served in it; or the code of its error. */
  const served = async (server: nodeHttp2.Http2SecureServer, ALPNProtocols?: string[]): Promise<unknown> => {
    const { port } = server.address() as AddressInfo
    const socket = nodeTls.connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca,
      ...(ALPNProtocols && { ALPNProtocols }),
    })
    closing.push(() => socket.destroy())
    const failed = new Promise<string>((resolve) =>
      socket.once('error', (error) => resolve(String(Reflect.get(error, 'code')))),
    )
    const met = once(socket, 'secureConnect').then(
      async () => {
        if (socket.alpnProtocol === 'h2') return 'h2'
        socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
        return `${socket.alpnProtocol} ${(await text(socket)).split('\r\n')[0]}`
      },
      () => failed,
    )
    return Promise.race([met, failed])
  }
  const answering = async (options: nodeHttp2.SecureServerOptions): Promise<nodeHttp2.Http2SecureServer> => {
    const server = createSecureServer({ ...identity, ...options }, (_request, response) => response.end('ok'))
    await listening(server)
    return server
  }

  it('speaks HTTP/2, and HTTP/1.1 where it may, whatever ALPNProtocols says', async () => {
    const only = await answering({})
    expect(await served(only, ['h2', 'http/1.1'])).toBe('h2')
    expect(await served(only, ['http/1.1'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
    expect(await served(only)).toMatch(/^false HTTP\/1\.\d 403/)
    const both = await answering({ allowHTTP1: true, ALPNProtocols: ['x'] })
    expect(await served(both, ['http/1.1', 'h2'])).toBe('h2')
    expect(await served(both, ['http/1.1'])).toBe('http/1.1 HTTP/1.1 200 OK')
    expect(await served(both)).toBe('false HTTP/1.1 200 OK')
    expect(await served(both, ['x'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
  })
  it('lets ALPNCallback choose', async () => {
    const server = await answering({ allowHTTP1: true, ALPNCallback: () => 'http/1.1' })
    expect(await served(server, ['h2', 'http/1.1'])).toBe('http/1.1 HTTP/1.1 200 OK')
  })
  it('makes messages of HTTP/1.1 of the classes that it is given', async () => {
    class MyRequest extends IncomingMessage {}
    class MyResponse extends ServerResponse {}
    const seen: unknown[] = []
    const options = { allowHTTP1: true, Http1IncomingMessage: MyRequest, Http1ServerResponse: MyResponse }
    const server = createSecureServer({ ...identity, ...options }, (request, response) => {
      seen.push([request instanceof MyRequest, response instanceof MyResponse])
      response.end('ok')
    })
    await listening(server)
    await served(server, ['http/1.1'])
    expect(seen).toEqual([[true, true]])
  })
  it('has setTimeout(), which tells its callback, and gives itself back', async () => {
    const server = createSecureServer(identity)
    const port = await listening(server)
    const called = new Promise((resolve) => expect(server.setTimeout(20, () => resolve(true))).toBe(server))
    const session = kept(nodeHttp2.connect(`https://localhost:${port}`, { ca, lookup: addresses as never }))
    expect(await called).toBe(true)
    session.destroy()
    expect(server.listenerCount('timeout')).toBe(1)
  })
})

describe.each([
  ['node:http2', nodeHttp2.createSecureServer],
  ['puretls/node/http2', ourHttp2.createSecureServer],
  ['node:https', nodeHttps.createServer],
  ['puretls/node/https', ourHttps.createServer],
] as const)('a server of %s', (_name, make) => {
  it('tells a handshake that fails as clientError, and ends its socket where nobody listens', async () => {
    for (const listens of [true, false]) {
      const server = (make as (options: object) => Server)({ ...identity, handshakeTimeout: 20 })
      const port = await listening(server)
      const onError = vi.fn()
      if (listens) server.on('clientError', onError)
      const told = once(server, 'tlsClientError')
      const plain = dialPlain(port, '127.0.0.1')
      closing.push(() => plain.destroy())
      const [error, socket] = (await told) as [Error, Socket]
      expect(Reflect.get(error, 'code')).toBe('ERR_TLS_HANDSHAKE_TIMEOUT')
      expect([onError.mock.calls, socket.destroyed]).toEqual([listens ? [[error, socket]] : [], !listens])
      socket.destroy()
    }
  })
})

describe('a server of puretls/node/http2', () => {
  it('closes idle connections of HTTP/1.1 alone with closeIdleConnections()', async () => {
    for (const allowHTTP1 of [true, false]) {
      const server = ourHttp2.createSecureServer(
        { ...identity, allowHTTP1 },
        (_request, response) => void response.end('ok'),
      )
      const port = await listening(server)
      const ALPNProtocols = [allowHTTP1 ? 'http/1.1' : 'h2']
      const socket = nodeTls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols })
      closing.push(() => socket.destroy())
      await once(socket, 'secureConnect')
      if (allowHTTP1) socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
      await once(socket, 'data')
      server.closeIdleConnections()
      if (allowHTTP1) await closed(socket.resume())
      expect(socket.destroyed).toBe(allowHTTP1)
    }
  })
  it('is disposed of once', async () => {
    const server = ourHttp2.createSecureServer(identity)
    await listening(server)
    await server[Symbol.asyncDispose]()
    await expect(server[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' })
  })
})

describe.each(modules)('connect() of %s', (_name, { connect }) => {
  const asked = async (): Promise<{ port: number; names: unknown[] }> => {
    const names: unknown[] = []
    const server = nodeHttp2.createSecureServer({ ...identity, settings: { maxConcurrentStreams: 7 } })
    server.on('secureConnection', (socket: nodeTls.TLSSocket) => names.push(socket.servername))
    return { port: await listening(server), names }
  }

  it('sends the name of the address, or that of the options, and none for an IP address', async () => {
    const { port, names } = await asked()
    const checkServerIdentity = (): undefined => undefined
    for (const [url, options] of [
      [`https://localhost:${port}`, {}],
      [`https://127.0.0.1:${port}`, {}],
      [new URL(`https://localhost:${port}`), { servername: 'a.test' }],
      [`https://127.0.0.1:${port}`, { servername: 'a.test', checkServerIdentity }],
    ] as const) {
      const session = kept(connect(url, { ca, lookup: addresses as never, ...options }))
      await once(session, 'connect')
      session.destroy()
    }
    await vi.waitFor(() => expect(names).toEqual(['localhost', false, 'a.test', 'a.test']))
  })
  it('goes to port 443 where none is named, and to an address of IPv6', async () => {
    const failureOf = async (url: string): Promise<unknown> => {
      const lookup = (...[, , done]: Parameters<typeof addresses>): void =>
        done(null, [{ address: '127.9.9.9', family: 4 }])
      const [error] = (await once(connect(url, { ca, lookup: lookup as never }), 'error')) as [object]
      return [Reflect.get(error, 'address'), Reflect.get(error, 'port')]
    }
    expect(await failureOf('https://a.test')).toEqual(['127.9.9.9', 443])
    expect(await failureOf('https://[::1]:1')).toEqual(['::1', 1])
  })
  it('calls its listener on connect, behind options or in their place', async () => {
    const { port } = await asked()
    const url = `https://localhost:${port}`
    const options = { ca, lookup: addresses as never }
    await new Promise<void>((resolve) => {
      const session = kept(
        connect(url, options, (given, socket) => {
          expect([given === session, Reflect.get(socket, 'encrypted')]).toEqual([true, true])
          resolve()
        }),
      )
    })
    const onConnect = vi.fn()
    const refused = kept(connect(url, onConnect))
    await once(refused, 'error').catch((error: unknown) => error)
    expect(onConnect).not.toHaveBeenCalled()
  })
  it('uses the connection of createConnection', async () => {
    const { port } = await asked()
    const createConnection = vi.fn(() =>
      nodeTls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ALPNProtocols: ['h2'] }),
    )
    await once(kept(connect('https://elsewhere.test', { createConnection })), 'connect')
    expect(createConnection).toHaveBeenCalledOnce()
  })
  it('as a promise gives the session, or fails, once', async () => {
    const { port } = await asked()
    const promised = promisify(connect) as unknown as (
      url: string,
      options: object,
    ) => Promise<nodeHttp2.ClientHttp2Session>
    const session = kept(await promised(`https://localhost:${port}`, { ca, lookup: addresses }))
    expect(session.connecting).toBe(false)
    await expect(promised(`https://localhost:${port}`, { lookup: addresses })).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    })
  })
  it('tells through the socket of its session what is known of TLS and of the connection', async () => {
    const { port } = await asked()
    const session = kept(connect(`https://localhost:${port}`, { ca, lookup: addresses as never }))
    expect([session.connecting, session.socket.connecting]).toEqual([true, true])
    await once(session, 'remoteSettings')
    const socket = session.socket as nodeTls.TLSSocket
    const { bytesRead, bytesWritten, remotePort, remoteFamily, localAddress, localPort, pending, connecting } = socket
    expect([bytesRead > 0, bytesWritten > 0, typeof localPort]).toEqual([true, true, 'number'])
    expect({ remotePort, remoteFamily, localAddress, pending, connecting }).toEqual({
      ...{ remotePort: port, remoteFamily: 'IPv4', localAddress: '127.0.0.1' },
      ...{ pending: false, connecting: false },
    })
    expect([socket.getCipher().version, socket.authorized, socket.alpnProtocol]).toEqual(['TLSv1.3', true, 'h2'])
    expect(socket.address()).toMatchObject({ address: '127.0.0.1', port: localPort })
    socket.ref()
    socket.unref()
    expect(session.encrypted).toBe(true)
  })
  it('ends where its socket is idle for too long', async () => {
    const { port } = await asked()
    const session = kept(connect(`https://localhost:${port}`, { ca, lookup: addresses as never }))
    await once(session, 'connect')
    session.setTimeout(30)
    await once(session, 'timeout')
    expect(session.destroyed).toBe(false)
  })
})
