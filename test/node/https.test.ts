// puretls/node/https against node:https's own ways: events, limits and time-outs of the server, requests and the agent.

import { once } from 'node:events'
import { Agent as NodeAgent } from 'node:https'
import { createServer as createHttpServer } from 'node:http'
import type { ClientRequest, IncomingMessage, Server as HttpServer } from 'node:http'
import { connect as dialPlain, createServer as createPlainServer, Server as NetServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'

import https, { Agent, createServer, get, request, Server } from '../../src/node/https.ts'
import type { ServerOptions } from '../../src/node/https.ts'
import { connect, Server as TlsServer } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'

const authority = await createCa({ name: 'HTTPS authority' })
const { chainPem: cert, privateKeyPem: key } = await authority.issue({ names: ['localhost', '127.0.0.1'] })
const ca = authority.certificatePem
const client = await authority.issue({ name: 'a client', client: true })

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const listening = async (server: NetServer | HttpServer): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const serving = async (options: ServerOptions = {}): Promise<{ server: Server; port: number }> => {
  const server = createServer({ cert, key, ...options })
  return { server, port: await listening(server) }
}

const answerOf = async (sent: ClientRequest): Promise<{ status: number | undefined; body: string }> => {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode, body: await text(response) }
}

/** A bare connection, on which HTTP is written by hand. */
const dial = async (port: number): Promise<Duplex> => {
  const socket = connect({ port, host: '127.0.0.1', ca })
  socket.on('error', () => undefined) // the server may leave without close_notify
  closing.push(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

const closed = (socket: Duplex): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))

/** All that comes until the connection is closed, however that is. */
const received = async (socket: Duplex): Promise<string> => {
  let all = ''
  socket.on('data', (chunk: Buffer) => {
    all += chunk.toString()
  })
  await closed(socket)
  return all
}

describe('createServer()', () => {
  it("is net's and tls's server, made with and without new, and answers", async () => {
    const made = Server({ cert, key }, (incoming, response) => response.end(`${incoming.method} ${incoming.url}`))
    expect(made).toBeInstanceOf(Server)
    expect(made).toBeInstanceOf(TlsServer)
    expect(made).toBeInstanceOf(NetServer)
    expect(https.createServer).toBe(createServer)
    const port = await listening(made)
    const agent = new Agent()
    closing.push(() => agent.destroy())
    const sent = request({ port, host: '127.0.0.1', path: '/a', method: 'PUT', ca, agent })
    sent.end('body')
    expect(await answerOf(sent)).toEqual({ status: 200, body: 'PUT /a' })
  })

  it('is made on an object that inherits from it, in the way that is older than classes', async () => {
    function Mine(this: object): void {
      Reflect.apply(Server, this, [
        { cert, key },
        (_request: IncomingMessage, response: { end(text: string): void }) => response.end('mine'),
      ])
    }
    Object.setPrototypeOf(Mine.prototype, Server.prototype)
    const made = Reflect.construct(Mine, []) as Server
    expect(made).toBeInstanceOf(Server)
    const port = await listening(made)
    expect(await answerOf(get({ port, host: '127.0.0.1', ca, agent: false }))).toEqual({ status: 200, body: 'mine' })
  })

  it('takes a listener alone, and no options at all', () => {
    expect(createServer(() => undefined).listenerCount('request')).toBe(1)
    expect(createServer().listenerCount('request')).toBe(0)
  })

  it('has the defaults and the options of http.Server', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout } = createHttpServer()
    expect(createServer()).toMatchObject({ headersTimeout, requestTimeout, keepAliveTimeout, timeout: 0 })
    expect(createServer({ requestTimeout: 4000, keepAliveTimeout: 7 })).toMatchObject({
      requestTimeout: 4000,
      headersTimeout: 4000,
      keepAliveTimeout: 7,
    })
    expect(() => createServer({ requestTimeout: -1 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }))
  })

  it.each([
    ['http/1.1 is offered by default', {}, 'http/1.1'],
    ['protocols given are taken instead', { ALPNProtocols: ['x'] }, 'x'],
    ['a callback chooses alone', { ALPNCallback: ({ protocols }) => protocols.at(-1) }, 'y'],
  ] satisfies [string, ServerOptions, string][])('ALPN: %s', async (_, options, expected) => {
    const { port } = await serving(options)
    const socket = connect({ port, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1', 'x', 'y'] })
    closing.push(() => void socket.destroy())
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe(expected)
  })
  it('emits upgrade, connect, checkContinue and clientError with itself as their server', async () => {
    const { server, port } = await serving()
    const heard: string[] = []
    const note = (event: string) => heard.push(event)
    server.on('upgrade', (_request, socket: Duplex) => {
      note('upgrade')
      socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\nraw')
    })
    server.on('connect', (_request, socket: Duplex) => {
      note('connect')
      socket.end('HTTP/1.1 200 OK\r\n\r\ntunnel')
    })
    server.on('checkContinue', (incoming: IncomingMessage, response) => {
      note(`checkContinue ${Reflect.get(incoming.socket, 'server') === server}`)
      response.writeContinue()
      incoming.resume().on('end', () => response.end('continued'))
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      note(`clientError ${error.code}`)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const heads = [
      'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n',
      'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n',
      'POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok',
      'this is no HTTP\r\n\r\n',
    ]
    const answers: string[] = []
    for (const head of heads) {
      const socket = await dial(port)
      socket.write(head)
      answers.push((await received(socket)).split('\r\n')[0] ?? '')
    }
    expect(heard).toEqual(['upgrade', 'connect', 'checkContinue true', 'clientError HPE_INVALID_METHOD'])
    expect(answers.map((line) => line.split(' ')[1])).toEqual(['101', '200', '100', '400'])
  })

  it('tells a failed handshake as clientError too', async () => {
    const { server, port } = await serving()
    const plain = dialPlain(port, '127.0.0.1', () => plain.write('GET / HTTP/1.1\r\n\r\n'))
    plain.on('error', () => undefined)
    const [error] = (await once(server, 'clientError')) as [Error]
    expect(error).toBeInstanceOf(Error)
    plain.destroy()
  })

  it('answers 408 to half a header after headersTimeout', async () => {
    const { port } = await serving({ headersTimeout: 50, connectionsCheckingInterval: 20 })
    const socket = await dial(port)
    socket.write('GET / HTTP/1.1\r\nhost:')
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('answers 408 to half a body after requestTimeout', async () => {
    const { port } = await serving({ requestTimeout: 50, headersTimeout: 50, connectionsCheckingInterval: 20 })
    const socket = await dial(port)
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf')
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('ends a connection that is idle for keepAliveTimeout', async () => {
    const { server, port } = await serving({ keepAliveTimeout: 30, keepAliveTimeoutBuffer: 1 } as ServerOptions)
    server.on('request', (_request, response) => response.end('once'))
    const socket = await dial(port)
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(await received(socket)).toContain('once')
  })

  it('setTimeout() tells of quiet sockets', async () => {
    const { server, port } = await serving()
    server.setTimeout(30)
    const timedOut = once(server, 'timeout')
    await dial(port)
    const [socket] = (await timedOut) as [Duplex]
    expect(Reflect.get(socket, 'encrypted')).toBe(true)
    socket.destroy()
  })

  it('keeps to maxHeadersCount and maxHeaderSize', async () => {
    const { server, port } = await serving({ maxHeaderSize: 1000 })
    server.maxHeadersCount = 3
    server.on('request', (incoming: IncomingMessage, response) => response.end(String(incoming.rawHeaders.length / 2)))
    const few = await dial(port)
    few.write('GET / HTTP/1.1\r\nhost: a\r\na: 1\r\nb: 2\r\nc: 3\r\nconnection: close\r\n\r\n')
    expect(await received(few)).not.toMatch(/5$/)
    const large = await dial(port)
    large.write(`GET / HTTP/1.1\r\nhost: a\r\nlarge: ${'x'.repeat(2000)}\r\n\r\n`)
    expect(await received(large)).toMatch(/^HTTP\/1\.1 431/)
  })

  it('close() ends idle connections and no others; closeAllConnections() ends those too', async () => {
    const { server, port } = await serving()
    server.on('request', (incoming: IncomingMessage, response) => {
      if (incoming.url === '/idle') response.end('idle')
    })
    const idle = await dial(port)
    idle.write('GET /idle HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(idle, 'data')
    const busy = await dial(port)
    const requested = once(server, 'request')
    busy.write('GET /busy HTTP/1.1\r\nhost: a\r\n\r\n')
    await requested
    const idleClosed = closed(idle)
    const serverClosed = new Promise((resolve) => server.close(resolve))
    idle.resume()
    await idleClosed
    expect(busy.destroyed).toBe(false)
    busy.resume()
    server.closeAllConnections()
    expect(await serverClosed).toBeUndefined()
  })

  it('is disposed of when its connections are idle', async () => {
    const { server } = await serving()
    await server[Symbol.asyncDispose]()
    expect(server.listening).toBe(false)
    await expect(server[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' })
  })
})

describe('request() and get()', () => {
  let port: number
  let server: Server
  beforeAll(async () => {
    server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (incoming, response) => {
      const socket = incoming.socket as unknown as { isSessionReused(): boolean; getPeerCertificate(): object }
      const peer = Reflect.get(Object(Reflect.get(socket.getPeerCertificate(), 'subject')), 'CN')
      response.end(JSON.stringify({ url: incoming.url, resumed: socket.isSessionReused(), peer }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    return () => {
      server.closeAllConnections()
      server.close()
    }
  })
  const fetched = async (sent: ClientRequest) => JSON.parse((await answerOf(sent)).body) as Record<string, unknown>

  it('takes a URL, text or object, with options and callback', async () => {
    const agent = new Agent({ ca })
    closing.push(() => agent.destroy())
    const url = `https://localhost:${port}/by-url?q`
    const responses = await Promise.all([
      fetched(get(url, { agent })),
      fetched(get(new URL(url), { agent, path: '/other' })),
      fetched(get({ agent, port, path: '/options' })),
      new Promise<IncomingMessage>((resolve) => void get(url, { agent }, resolve)).then(text).then(JSON.parse),
    ])
    expect(responses.map(({ url: path }) => path)).toEqual(['/by-url?q', '/other', '/options', '/by-url?q'])
    expect(() => get(`http://localhost:${port}`)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_PROTOCOL' }))
    expect(() => get('nonsense')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_URL' }))
  })

  it('uses the global agent, which the default export holds, and refuses unknown authorities', async () => {
    const [error] = (await once(get({ port }), 'error')) as [NodeJS.ErrnoException]
    expect(error).toBeInstanceOf(Error)
    const before = https.globalAgent
    https.globalAgent = new Agent({ ca })
    try {
      expect(await fetched(get({ port, path: '/global' }))).toMatchObject({ url: '/global' })
    } finally {
      https.globalAgent.destroy()
      https.globalAgent = before
    }
  })

  it('resumes sessions through one agent', async () => {
    const agent = new Agent({ ca, maxCachedSessions: 5 })
    closing.push(() => agent.destroy())
    const first = await fetched(get({ agent, port }))
    const second = await fetched(get({ agent, port }))
    expect([first, second].map(({ resumed }) => resumed)).toEqual([false, true])
    const none = new Agent({ ca, maxCachedSessions: 0 })
    await fetched(get({ agent: none, port }))
    expect(await fetched(get({ agent: none, port }))).toMatchObject({ resumed: false })
  })

  it('keeps connections alive, and apart by identity', async () => {
    const agent = new Agent({ ca, keepAlive: true })
    closing.push(() => agent.destroy())
    const identity = { cert: client.chainPem, key: client.privateKeyPem }
    const sockets: unknown[] = []
    const peers: unknown[] = []
    for (const extra of [{}, {}, identity, identity, { puretls: { versions: { max: 'TLS 1.2' } } } as const]) {
      const sent = get({ agent, port, ...extra } as Parameters<typeof request>[0])
      sent.once('socket', (socket) => sockets.push(socket))
      peers.push((await fetched(sent))['peer'])
      // The agent has the connection back a moment later.
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(peers).toEqual([undefined, undefined, 'a client', 'a client', undefined])
    expect(sockets.map((socket) => sockets.indexOf(socket))).toEqual([0, 0, 2, 2, 4])
  })

  it('names pools as node:https does, and those by objects by their objects', () => {
    const names = [new Agent(), new NodeAgent()].map((agent) =>
      agent.getName({ host: 'a', port: 1, ca: 'ca', key: Buffer.from('key'), servername: 'b', minVersion: 'TLSv1.2' }),
    )
    expect(names[0]).toBe(names[1])
    const name = (options: object) => new Agent().getName({ host: 'a', ...options })
    const [one, two] = [{ pem: 'a' }, { pem: 'b' }]
    expect(name({ key: one })).toBe(name({ key: one }))
    expect(name({ key: one })).not.toBe(name({ key: two }))
    expect(name({ secureContext: one })).not.toBe(name({}))
  })

  it('gives a request with a check of its own a connection of its own', async () => {
    const agent = new Agent({ ca, keepAlive: true })
    closing.push(() => agent.destroy())
    await fetched(get({ agent, port }))
    await new Promise((resolve) => setImmediate(resolve))
    const checkServerIdentity = () => new Error('not this one')
    const [error] = (await once(get({ agent, port, checkServerIdentity }), 'error')) as [Error]
    expect(error.message).toContain('not this one')
    expect(await fetched(get({ agent, port, path: '/after' }))).toMatchObject({ url: '/after' })
  })

  it('goes through a proxy of proxyEnv, and tells what the proxy refuses', async () => {
    const heard: string[] = []
    const proxy = createHttpServer()
    proxy.on('connect', (incoming: IncomingMessage, socket: Duplex) => {
      heard.push(`${incoming.url} ${incoming.headers['proxy-authorization']}`)
      const target = incoming.url === `localhost:${port}`
      if (!target) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      const upstream = dialPlain(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      for (const side of [socket, upstream]) side.on('error', () => undefined)
      socket.on('close', () => upstream.destroy())
    })
    const proxyPort = await listening(proxy)
    const proxyEnv = { HTTPS_PROXY: `http://u:p@127.0.0.1:${proxyPort}`, NO_PROXY: '127.0.0.1' }
    const agent = new Agent({ ca, proxyEnv } as object)
    closing.push(() => agent.destroy())
    expect(await fetched(get({ agent, port, path: '/proxied' }))).toMatchObject({ url: '/proxied' })
    expect(await fetched(get({ agent, port, host: '127.0.0.1', path: '/direct' }))).toMatchObject({ url: '/direct' })
    expect(heard).toEqual([`localhost:${port} Basic ${Buffer.from('u:p').toString('base64')}`])
    const [refused] = (await once(get({ agent, port: 1, host: 'localhost' }), 'error')) as [Error]
    expect(refused).toMatchObject({ code: 'ERR_PROXY_TUNNEL', statusCode: 403 })
  })

  it('asks the proxy as node:https does, and tells of one that speaks something else, ends or is silent', async () => {
    const answers = ['NOT-HTTP AT ALL\r\n\r\n', undefined, 'HTTP/1.1 200 OK\r\n', 'x'.repeat(70_000)]
    const asked: string[] = []
    const proxy = createPlainServer((socket) => {
      const answer = answers.shift()
      socket
        .on('error', () => undefined)
        .once('data', (data) => {
          asked.push(String(data))
          if (answer === undefined) socket.end()
          else socket.write(answer)
        })
    })
    const proxyPort = await listening(proxy)
    const proxyEnv = { HTTPS_PROXY: `http://127.0.0.1:${proxyPort}` }
    const agent = new Agent({ keepAlive: true, proxyEnv } as object)
    closing.push(() => agent.destroy())
    const failure = async (options: object = {}): Promise<Error> => {
      const [error] = (await once(get({ agent, host: 'a.test', port: 1, ...options }), 'error')) as [Error]
      return error
    }
    const ended = { code: 'ERR_PROXY_TUNNEL', message: 'Connection to establish proxy tunnel ended unexpectedly' }
    expect(await failure()).toMatchObject({
      code: 'ERR_PROXY_TUNNEL',
      message: `Failed to establish tunnel to a.test:1 via http://127.0.0.1:${proxyPort}: NOT-HTTP AT ALL`,
    })
    expect(await failure()).toMatchObject(ended)
    expect(await failure({ timeout: 50 })).toMatchObject({ code: 'ERR_PROXY_TUNNEL', proxyTunnelTimeout: 50 })
    expect(await failure()).toMatchObject(ended)
    expect(asked[0]).toBe('CONNECT a.test:1 HTTP/1.1\r\nproxy-connection: keep-alive\r\nhost: a.test:1\r\n\r\n')
  })

  it('uses an agent that was put in the place of the global one', () => {
    const first = https.globalAgent
    const mine = new Agent()
    https.globalAgent = mine
    expect(Object.getOwnPropertyDescriptor(https, 'globalAgent')?.get).toBeTypeOf('function')
    expect(https.globalAgent).toBe(mine)
    https.globalAgent = first
  })
})
