// puretls/node against node:tls and node:https themselves, both directions.

import { once } from 'node:events'
import * as http2 from 'node:http2'
import * as https from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as net from 'node:net'
import type { AddressInfo } from 'node:net'
import { duplexPair } from 'node:stream'
import * as nodeTls from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { createCa } from '../../src/pki/index.ts'
import {
  Agent,
  connect,
  createHttpsServer,
  createSecureContext,
  createServer,
  TLSSocket,
} from '../../src/node/index.ts'
import type { TlsOptions as NodeServerOptions } from '../../src/node/index.ts'

const authority = await createCa({ name: 'Node face CA' })
const { chainPem: cert, privateKeyPem: key } = await authority.issue({ names: ['localhost', '127.0.0.1'] })
const ca = authority.certificatePem
const other = await authority.issue({ names: ['other.test'] })
const clientIdentity = await authority.issue({ name: 'a client', client: true })
const stranger = await createCa({ name: 'Somebody else' })

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const listening = async (server: net.Server | https.Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const kept = <T extends { destroy(): unknown }>(socket: T): T => {
  closing.push(() => void socket.destroy())
  return socket
}

const bodyOf = async (message: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of message.setEncoding('utf8')) body += chunk
  return body
}

const request = async (
  options: https.RequestOptions,
  body = '',
): Promise<{ status: number | undefined; body: string; socket: unknown }> => {
  const sent = https.request({ host: '127.0.0.1', method: body ? 'POST' : 'GET', ...options })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode, body: await bodyOf(response), socket: sent.socket }
}

const echo = (message: IncomingMessage, response: ServerResponse): void => {
  if (message.method === 'POST') message.pipe(response)
  else response.end(`${message.method} ${message.url}`)
}

describe('the client under node:https', () => {
  it('serves https.request({ createConnection })', async () => {
    const port = await listening(https.createServer({ cert, key }, echo))
    const answer = await request({
      port,
      path: '/page?x',
      createConnection: () => connect({ port, host: '127.0.0.1', ca }),
    })
    expect(answer).toMatchObject({ status: 200, body: 'GET /page?x' })
    expect(answer.socket).toBeInstanceOf(TLSSocket)
  })

  it('serves https.request({ agent }), and keeps a connection alive for the next request', async () => {
    const port = await listening(https.createServer({ cert, key }, echo))
    const agent = new Agent({ keepAlive: true, ca })
    closing.push(() => agent.destroy())
    const big = 'x'.repeat(1_000_000)
    const first = await request({ port, agent, path: '/' }, big)
    expect(first.body.length).toBe(big.length)
    const second = await request({ port, agent, path: '/again' })
    expect(second.body).toBe('GET /again')
    expect(second.socket).toBe(first.socket)
  })

  it('reports a server that it does not trust as an error of the request', async () => {
    const port = await listening(https.createServer({ cert, key }, echo))
    const agent = new Agent({ ca: stranger.certificatePem })
    await expect(request({ port, agent })).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      cause: { name: 'TlsError', fault: 'certificate', code: 'unknown_ca' },
    })
  })

  it('ends when the request is destroyed', async () => {
    const port = await listening(https.createServer({ cert, key }, () => undefined))
    const sent = https.request({
      port,
      host: '127.0.0.1',
      createConnection: () => connect({ port, host: '127.0.0.1', ca }),
    })
    const onError = vi.fn()
    sent.on('error', onError)
    const failed = new Promise((resolve) => sent.once('close', resolve))
    sent.on('socket', (socket) => socket.once('secureConnect', () => sent.destroy(new Error('enough'))))
    sent.end()
    await failed
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'enough' }))
    expect(sent.socket?.destroyed).toBe(true)
  })
})

describe('node:http2', () => {
  it('runs over our sockets, as client and as server', async () => {
    const http2Server = http2.createServer((message, response) => void message.pipe(response))
    const server = createServer(
      { cert, key, ALPNProtocols: ['h2'] },
      (socket) => void http2Server.emit('connection', socket),
    )
    const port = await listening(server)
    const session = http2.connect(`https://localhost:${port}`, {
      createConnection: () => connect({ port, host: 'localhost', ca, ALPNProtocols: ['h2'] }),
    })
    closing.push(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': '/' })
    stream.end('z'.repeat(300_000))
    let received = 0
    for await (const chunk of stream) received += (chunk as Uint8Array).length
    expect(received).toBe(300_000)
  })
})

describe('the server under node:http', () => {
  it('serves node:https, with keep-alive, large bodies both ways and Connection: close', async () => {
    const port = await listening(createHttpsServer({ cert, key }, echo))
    const agent = new https.Agent({ keepAlive: true, ca })
    closing.push(() => agent.destroy())
    const big = 'y'.repeat(2_000_000)
    const first = await request({ port, agent }, big)
    expect(first.body === big).toBe(true)
    const second = await request({ port, agent, path: '/2' })
    expect(second.body).toBe('GET /2')
    expect(second.socket).toBe(first.socket)
    expect((await request({ port, ca, agent: false, path: '/last' })).body).toBe('GET /last')
  })

  it('serves our own client', async () => {
    const port = await listening(createHttpsServer({ cert, key }, echo))
    expect((await request({ port, agent: new Agent({ ca }), path: '/own' })).body).toBe('GET /own')
  })

  it('tells of a client that speaks plain HTTP', async () => {
    const server = createServer({ cert, key })
    const port = await listening(server)
    const plain = kept(net.connect(port, '127.0.0.1'))
    plain.on('error', () => undefined)
    plain.write('GET / HTTP/1.1\r\n\r\n')
    const [error] = await once(server, 'tlsClientError')
    expect(error).toMatchObject({ code: 'ERR_SSL_HTTP_REQUEST', cause: { name: 'TlsError', code: 'not_tls' } })
  })
})

describe('TLSSocket', () => {
  const nodeServer = async (
    options: nodeTls.TlsOptions,
    listener: (socket: nodeTls.TLSSocket) => void,
  ): Promise<number> => {
    const server = nodeTls.createServer({ cert, key, ...options }, (socket) => {
      socket.on('error', () => undefined)
      listener(kept(socket))
    })
    return listening(server)
  }
  const ourServer = async (
    options: NodeServerOptions,
    listener: (socket: TLSSocket) => void = () => undefined,
  ): Promise<number> =>
    listening(createServer({ cert, key, ...options }, (socket) => listener(kept(socket.on('error', () => undefined)))))

  it('says what was agreed on, by the names of node:tls', async () => {
    // Ended at once in its listener, node:tls would leave out the close_notify.
    const port = await nodeServer({ ALPNProtocols: ['a', 'b'] }, (socket) =>
      socket.once('data', () => socket.end('hello')),
    )
    const onConnect = vi.fn()
    const socket = kept(connect(port, 'localhost', { ca, ALPNProtocols: ['b'] }, onConnect))
    expect(socket).toMatchObject({ encrypted: true, authorized: false, alpnProtocol: null })
    expect(socket.getProtocol()).toBe('TLSv1.3')
    await once(socket, 'secureConnect')
    expect(onConnect).toHaveBeenCalledOnce()
    expect(socket).toMatchObject({
      authorized: true,
      authorizationError: null,
      alpnProtocol: 'b',
      servername: false,
      remotePort: port,
    })
    expect(socket.getProtocol()).toBe('TLSv1.3')
    expect(socket.getCipher()?.standardName).toMatch(/^TLS_/)
    expect(socket.getPeerCertificate()).toMatchObject({ subjectaltname: 'DNS:localhost, IP Address:127.0.0.1' })
    expect(socket.getPeerX509Certificate()?.checkHost('localhost')).toBe('localhost')
    socket.write('hi')
    expect(await bodyOf(socket as unknown as IncomingMessage)).toBe('hello')
  })

  it('takes an untrusted certificate under rejectUnauthorized: false, and says what is wrong with it', async () => {
    const port = await nodeServer({}, (socket) => socket.end())
    const socket = kept(connect({ port, host: 'localhost', ca: stranger.certificatePem, rejectUnauthorized: false }))
    await once(socket, 'secureConnect')
    expect(socket.authorized).toBe(false)
    expect(socket.authorizationError).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  it('asks checkServerIdentity instead of the built-in check, and believes it', async () => {
    const port = await nodeServer({}, (socket) => socket.end())
    const accepting = kept(
      connect({ port, host: '127.0.0.1', servername: 'another.test', ca, checkServerIdentity: () => undefined }),
    )
    await once(accepting, 'secureConnect')
    expect(accepting.authorized).toBe(true)
    const refusing = kept(
      connect({ port, host: 'localhost', ca, checkServerIdentity: (host) => new Error(`not ${host}`) }),
    )
    await expect(once(refusing, 'secureConnect')).rejects.toMatchObject({ message: 'not localhost' })
  })

  it('gives sessions that resume', async () => {
    const port = await ourServer({}, (socket) => socket.end('x'))
    const first = kept(connect({ port, host: 'localhost', ca }))
    first.resume()
    const [session] = (await once(first, 'session')) as [Buffer]
    const second = kept(connect({ port, host: 'localhost', ca, session }))
    await once(second, 'secureConnect')
    expect(second.isSessionReused()).toBe(true)
    expect(second.authorized).toBe(true)
  })

  it('asks clients for certificates, and refuses those without', async () => {
    const seen: (string | undefined)[] = []
    const port = await ourServer({ requestCert: true, ca }, (socket) => {
      seen.push(socket.getPeerX509Certificate()?.subject)
      socket.end()
    })
    const good = kept(
      nodeTls.connect({
        port,
        host: 'localhost',
        ca,
        cert: clientIdentity.chainPem,
        key: clientIdentity.privateKeyPem,
      }),
    )
    await once(good.resume(), 'end')
    expect(seen).toEqual(['CN=a client'])
    const bad = kept(nodeTls.connect({ port, host: 'localhost', ca }))
    await expect(once(bad.resume(), 'end')).rejects.toThrow(/certificate required/)
  })

  it('chooses certificates by name: addContext, SNICallback, setSecureContext', async () => {
    const context = createSecureContext({ cert: other.chainPem, key: other.privateKeyPem })
    const peer = async (port: number, servername: string): Promise<string | undefined> => {
      const socket = kept(
        nodeTls.connect({ port, host: '127.0.0.1', servername, ca, checkServerIdentity: () => undefined }),
      )
      await once(socket, 'secureConnect')
      return socket.getPeerX509Certificate()?.subjectAltName
    }
    const server = createServer({ cert, key })
    server.addContext('*.test', context)
    const port = await listening(server)
    expect(await peer(port, 'other.test')).toBe('DNS:other.test')
    expect(await peer(port, 'localhost')).toBe('DNS:localhost, IP Address:127.0.0.1')
    server.setSecureContext({ cert: other.chainPem, key: other.privateKeyPem })
    expect(await peer(port, 'localhost')).toBe('DNS:other.test')
    const bySni = await ourServer({
      SNICallback: (name, callback) => callback(null, name === 'other.test' ? context : undefined),
    })
    expect(await peer(bySni, 'other.test')).toBe('DNS:other.test')
    expect(await peer(bySni, 'localhost')).toBe('DNS:localhost, IP Address:127.0.0.1')
  })

  it('runs over any Duplex, as client and as server', async () => {
    const [near, far] = duplexPair()
    const server = new TLSSocket(far, { isServer: true, cert, key })
    const client = connect({ socket: near, host: 'localhost', ca })
    client.end('over a pair')
    expect(await bodyOf(server as unknown as IncomingMessage)).toBe('over a pair')
  })

  it('makes its writer wait when the peer does not read', async () => {
    const port = await nodeServer({}, (socket) => socket.pause())
    const socket = kept(connect({ port, host: 'localhost', ca }))
    await once(socket, 'secureConnect')
    const piece = Buffer.alloc(1 << 20)
    let written = 0
    while (written < 64 && socket.write(piece)) written++
    expect(socket.writableNeedDrain).toBe(true)
    expect(written).toBeLessThan(64)
  })

  it('reports a connection that is cut as truncated', async () => {
    const port = await nodeServer({}, (socket) => void socket.write('part'))
    const raw = net.connect(port, '127.0.0.1')
    const socket = kept(connect({ socket: raw, host: 'localhost', ca, requireCloseNotify: true }))
    await once(socket, 'readable')
    raw.push(null)
    await expect(bodyOf(socket as unknown as IncomingMessage)).rejects.toMatchObject({ code: 'truncated' })
  })

  it('is destroyed in the handshake without a word from anybody', async () => {
    const server = net.createServer((socket) => void socket.resume())
    const port = await listening(server)
    const socket = connect({ port, host: 'localhost', ca })
    await once(socket, 'connect')
    socket.destroy()
    await once(socket, 'close')
    expect(socket.destroyed).toBe(true)
  })

  it.each([
    [{ pfx: Buffer.from('x'), passphrase: 1 as never }, 'ERR_INVALID_ARG_TYPE'],
    [{ ciphers: 'NONE-SUCH' }, 'ERR_SSL_NO_CIPHER_MATCH'],
    [{ clientCertEngine: 'x' }, 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED'],
    [{ secureContext: nodeTls.createSecureContext() as never }, 'ERR_TLS_INVALID_CONTEXT'],
  ])('refuses %o with the code of node:tls', (option, code) => {
    expect(() => connect({ port: 1, ...option })).toThrow(expect.objectContaining({ code }))
  })

  it('refuses a key that is not that of the certificate when the server is made', () => {
    expect(() => createServer({ cert, key: other.privateKeyPem })).toThrow(
      expect.objectContaining({
        code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
        cause: expect.objectContaining({ code: 'key_mismatch' }),
      }),
    )
  })
})
