// puretls/node/http2 against node:http2, both directions, and with HTTP/1.1 beside it.

import { once } from 'node:events'
import type { AddressInfo, Server as NetServer } from 'node:net'
import type { TLSSocket as NodeSocket } from 'node:tls'
import * as nodeHttp2 from 'node:http2'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'

import http2, { connect, createSecureServer, Http2SecureServer } from '../../src/node/http2.ts'
import { get } from '../../src/node/https.ts'
import { Server as TlsServer } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'

const authority = await createCa({ name: 'HTTP/2 authority' })
const { chainPem: cert, privateKeyPem: key } = await authority.issue({ names: ['localhost', '127.0.0.1'] })
const ca = authority.certificatePem

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const listening = async (server: NetServer): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => void server.close())
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

const kept = <T extends nodeHttp2.ClientHttp2Session>(session: T): T => {
  closing.push(() => session.destroy())
  return session
}

/** What a request sees of TLS, told by the server. */
const tell = (incoming: nodeHttp2.Http2ServerRequest, response: nodeHttp2.Http2ServerResponse): void => {
  const socket = incoming.socket as NodeSocket
  response.end(JSON.stringify([incoming.httpVersion, incoming.url, socket.encrypted, socket.getProtocol()]))
}

describe('http2 over our TLS', () => {
  it.each([
    ['ours to ours', connect, createSecureServer],
    ['ours to theirs', connect, nodeHttp2.createSecureServer],
    ['theirs to ours', nodeHttp2.connect, createSecureServer],
  ] as const)('%s: requests, and what both know of TLS', async (_name, client, makeServer) => {
    const server = (makeServer as typeof nodeHttp2.createSecureServer)({ cert, key }, tell)
    const session = kept((client as typeof nodeHttp2.connect)(await listening(server), { ca }))
    await once(session, 'connect')
    expect([session.encrypted, session.alpnProtocol]).toEqual([true, 'h2'])
    const socket = session.socket as NodeSocket
    expect([socket.getProtocol(), socket.authorized, socket.remoteAddress]).toEqual(['TLSv1.3', true, '127.0.0.1'])
    const answers = await Promise.all(
      ['/a', '/b', '/c'].map((path) => text(session.request({ ':path': path })).then(JSON.parse)),
    )
    expect(answers).toEqual(['/a', '/b', '/c'].map((path) => ['2.0', path, true, 'TLSv1.3']))
  })

  it('carries large bodies both ways', async () => {
    const server = createSecureServer({ cert, key })
    server.on('stream', (stream: nodeHttp2.ServerHttp2Stream) => {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    })
    const session = kept(connect(await listening(server), { ca }))
    const stream = session.request({ ':method': 'POST' })
    const body = 'x'.repeat(1 << 20)
    stream.end(body)
    expect((await text(stream)) === body).toBe(true)
  })

  it('serves HTTP/1.1 as well with allowHTTP1, and not without', async () => {
    for (const allowHTTP1 of [true, false]) {
      const server = createSecureServer({ cert, key, allowHTTP1 }, tell)
      const origin = await listening(server)
      const answer = new Promise<string>((resolve) => {
        get(origin, { ca, agent: false }, (response) => resolve(text(response))).on('error', () => resolve('refused'))
      })
      expect(await answer).toMatch(allowHTTP1 ? /^\["1\.1","\/",true,"TLSv1\.3"\]$/ : /refused|ALPN/)
      const session = kept(connect(origin, { ca }))
      expect(await text(session.request({ ':path': '/2' }))).toBe('["2.0","/2",true,"TLSv1.3"]')
    }
  })

  it('has the classes, the options and the methods of node:http2', async () => {
    const server = createSecureServer({ cert, key, settings: { maxConcurrentStreams: 3 } })
    expect(server).toBeInstanceOf(Http2SecureServer)
    expect(server).toBeInstanceOf(TlsServer)
    server.updateSettings({ maxConcurrentStreams: 5 })
    expect(() => server.updateSettings({ headerTableSize: -1 })).toThrow(RangeError)
    const promised = promisify(connect) as unknown as (
      origin: string,
      options: object,
    ) => Promise<nodeHttp2.ClientHttp2Session>
    const session = kept(await promised(await listening(server), { ca }))
    const [settings] = (await once(session, 'remoteSettings')) as [nodeHttp2.Settings]
    expect(settings.maxConcurrentStreams).toBe(5)
    expect(http2.constants).toBe(nodeHttp2.constants)
    expect(Object.keys(http2).toSorted()).toEqual(
      Object.keys(nodeHttp2)
        .filter((name) => name !== 'default')
        .toSorted(),
    )
  })

  it.each([
    ['ours', connect],
    ['theirs', nodeHttp2.connect],
  ] as const)('%s: port and host among the options count over those of the address', async (_name, client) => {
    const { port } = new URL(await listening(createSecureServer({ cert, key }, tell)))
    const options = { ca, host: '127.0.0.1', port: Number(port) }
    const session = kept((client as typeof nodeHttp2.connect)('https://localhost:1', options))
    await once(session, 'connect')
    expect((session.socket as NodeSocket).remotePort).toBe(Number(port))
  })

  it('tells of idle sessions with setTimeout()', async () => {
    const server = createSecureServer({ cert, key })
    server.setTimeout(30)
    const timedOut = once(server, 'timeout')
    kept(connect(await listening(server), { ca })).on('error', () => undefined)
    const [session] = (await timedOut) as [nodeHttp2.ServerHttp2Session]
    expect(session.encrypted).toBe(true)
    session.destroy()
  })

  it('closes, and is disposed of', async () => {
    const server = createSecureServer({ cert, key, allowHTTP1: true }, tell)
    const session = kept(connect(await listening(server), { ca }))
    await text(session.request({ ':path': '/' }))
    session.close()
    await server[Symbol.asyncDispose]()
    expect(server.listening).toBe(false)
  })

  it('refuses an authority that is not known, as an error of the session', async () => {
    const origin = await listening(createSecureServer({ cert, key }))
    const [error] = (await once(kept(connect(origin)), 'error')) as [Error]
    expect(error).toBeInstanceOf(Error)
    expect(() => connect('ftp://localhost')).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP2_UNSUPPORTED_PROTOCOL' }),
    )
  })

  it('leaves http: addresses and createConnection to node:http2', async () => {
    const plain = nodeHttp2.createServer((_request, response) => response.end('plain'))
    const origin = (await listening(plain)).replace('https', 'http')
    expect(await text(kept(connect(origin)).request({ ':path': '/' }))).toBe('plain')
  })
})

describe('close()', () => {
  it.each([false, true])('with allowHTTP1 %s stops listening, and then calls back, once', async (allowHTTP1) => {
    const server = createSecureServer({ cert, key, allowHTTP1 })
    const url = await listening(server)
    let calls = 0
    await new Promise<void>((resolve) => {
      server.close(() => {
        calls++
        resolve()
      })
    })
    expect(server.listening).toBe(false)
    await new Promise((resolve) => setImmediate(resolve))
    expect(calls).toBe(1)
    const [error] = (await once(kept(connect(url, { ca })), 'error')) as [{ code: string }]
    expect(error.code).toBe('ECONNREFUSED')
  })
})
