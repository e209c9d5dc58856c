// The tunnel through an HTTP proxy by itself: what the proxy is asked, which of its answers opens the tunnel, and that
// the caller is told once, with nothing left open, however it ends (RFC 9110 section 9.3.6).

import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createServer, TLSSocket } from '../../src/node/index.ts'
import { openTunnel, proxyOf } from '../../src/node/proxy-tunnel.ts'
import type { OnConnection } from '../../src/node/proxy-tunnel.ts'
import { createCa } from '../../src/pki/index.ts'
import { closeAll, closing, listening } from './closing.ts'

const authority = await createCa({ name: 'Tunnel CA' })
const leaf = await authority.issue({ names: ['localhost', 'a.test', '127.0.0.1'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem

afterEach(closeAll)

type Config = NonNullable<ReturnType<typeof proxyOf>>
const configOf = (port: number, changes: Partial<Config> = {}): Config => ({
  href: 'http://proxy.test',
  protocol: 'http:',
  proxyConnectionOptions: { host: '127.0.0.1', port },
  shouldUseProxy: () => true,
  ...changes,
})
const turns = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

const gone = async (socket: Socket): Promise<void> => {
  if (!socket.closed) await new Promise((resolve) => socket.resume().once('close', resolve))
}

interface Proxy {
  readonly port: number
  readonly heads: string[]
  readonly sockets: Socket[]
}

/** A proxy that answers in these pieces, and has a TLS server behind it. */
const proxyThat = async (...pieces: readonly (string | undefined)[]): Promise<Proxy> => {
  const behind = createServer(identity, (socket) => void socket.on('error', () => undefined).end('hello'))
  const heads: string[] = []
  const sockets: Socket[] = []
  const port = await listening(
    createPlainServer((socket) => {
      sockets.push(socket.on('error', () => undefined))
      socket.once('data', (data) => {
        heads.push(String(data))
        void answer(socket.pause())
      })
    }),
  )
  const answer = async (socket: Socket): Promise<void> => {
    for (const piece of pieces) {
      if (piece === undefined) return void socket.end()
      socket.write(piece)
      await turns(2)
    }
    behind.emit('connection', socket)
  }
  return { port, heads, sockets }
}

interface Opened {
  readonly callback: ReturnType<typeof vi.fn<OnConnection>>
  readonly watch: ReturnType<typeof vi.fn<(socket: Duplex) => Duplex>>
  readonly error: Error | null
  readonly socket: Duplex | undefined
}

const open = async (config: Config, options: object = {}, agent: object = {}): Promise<Opened> => {
  const watch = vi.fn((socket: Duplex) => {
    closing.push(() => socket.destroy())
    return socket
  })
  const callback = vi.fn<OnConnection>()
  const told = new Promise<void>((resolve) => callback.mockImplementation(() => resolve()))
  openTunnel({ maxSockets: Infinity, ...agent }, config, { host: 'a.test', port: 1, ca, ...options }, watch, callback)
  await told
  await turns()
  const [error = null, socket] = callback.mock.calls[0] ?? []
  return { callback, watch, error, socket }
}
const ok = 'HTTP/1.1 200 OK\r\nx: y\r\n\r\n'

describe('a proxy that agrees', () => {
  it('is asked for host and port, and gives a TLS connection to the server behind it', async () => {
    const proxy = await proxyThat(ok)
    const { callback, watch, error, socket } = await open(configOf(proxy.port))
    expect(error).toBeNull()
    expect(proxy.heads).toEqual(['CONNECT a.test:1 HTTP/1.1\r\nhost: a.test:1\r\n\r\n'])
    if (!(socket instanceof TLSSocket)) throw new Error('no TLS socket')
    expect([socket.authorized, socket.servername, watch.mock.calls]).toEqual([true, 'a.test', [[socket]]])
    expect(callback).toHaveBeenCalledOnce()
  })
  it('may answer in pieces', async () => {
    const { error } = await open(configOf((await proxyThat('HTTP/1.1 2', '00 OK\r\n', 'x: y\r', '\n\r\n')).port))
    expect(error).toBeNull()
  })
  it('may have headers as long as 65,536 bytes and no longer', async () => {
    const long = (length: number): string => `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(length - 20)}`
    expect((await open(configOf((await proxyThat(long(65_536), '\r\n\r\n')).port))).error).toBeNull()
    expect((await open(configOf((await proxyThat(long(65_537), '\r\n\r\n')).port))).error).toMatchObject({
      message: 'Connection to establish proxy tunnel ended unexpectedly',
    })
  })
  it('is told whom to believe, and that connections are kept', async () => {
    const proxy = await proxyThat(ok)
    await open(configOf(proxy.port, { auth: 'Basic eA==' }), {}, { keepAlive: true })
    expect(proxy.heads).toEqual([
      'CONNECT a.test:1 HTTP/1.1\r\nproxy-authorization: Basic eA==\r\nproxy-connection: keep-alive\r\n' +
        'host: a.test:1\r\n\r\n',
    ])
  })
  it('is asked for port 443 of localhost where nothing is said', async () => {
    const proxy = await proxyThat(ok)
    const { error } = await open(configOf(proxy.port), { host: undefined, port: undefined })
    expect([error, proxy.heads[0]?.split(' ')[1]]).toEqual([null, 'localhost:443'])
  })
  it('an address gets no server name, and a name of the caller counts over the host', async () => {
    const names = async (options: object): Promise<unknown> => {
      const { socket } = await open(configOf((await proxyThat(ok)).port), options)
      return socket instanceof TLSSocket && [socket.servername, socket.authorized]
    }
    expect(await names({ host: '127.0.0.1' })).toEqual([false, true])
    expect(await names({ host: '10.0.0.1', servername: 'localhost' })).toEqual(['localhost', true])
  })
  it('over TLS is asked inside of it', async () => {
    const heads: string[] = []
    const behind = createServer(identity, (socket) => void socket.on('error', () => undefined).end('hello'))
    const proxy = createServer(identity, (socket) => {
      socket
        .on('error', () => undefined)
        .once('data', (data) => {
          heads.push(String(data))
          socket.pause().write(ok)
          setImmediate(() => behind.emit('connection', socket))
        })
    })
    const port = await listening(proxy)
    const proxyConnectionOptions = { host: '127.0.0.1', port, servername: 'localhost', ca }
    const { error, socket } = await open(configOf(port, { protocol: 'https:', proxyConnectionOptions }))
    expect([error, heads.length]).toEqual([null, 1])
    expect(String((await once(socket ?? behind, 'data'))[0])).toBe('hello')
  })
})

describe('the time limit', () => {
  it('ends a tunnel that is not there in time, and is over when it is', async () => {
    const silent = await proxyThat()
    const { error, callback } = await open(configOf(silent.port), { timeout: 30, host: 'b.test' })
    expect(error).toMatchObject({
      code: 'ERR_PROXY_TUNNEL',
      proxyTunnelTimeout: 30,
      message: 'Connection to establish proxy tunnel timed out after 30ms',
    })
    expect(callback).toHaveBeenCalledOnce()
    const { socket } = await open(configOf((await proxyThat(ok)).port), { timeout: 60_000 })
    const below = socket instanceof TLSSocket ? socket._parent : null
    expect(below?.timeout).toBe(0)
  })
})

describe('a tunnel that fails', () => {
  it.each([
    [
      'by its status',
      ['HTTP/1.1 407 Give me\r\n\r\n'],
      'Failed to establish tunnel to a.test:1 via http://proxy.test: ',
    ],
    ['by another success', ['HTTP/1.1 201 Made\r\n\r\n'], 'Failed to establish tunnel to a.test:1 via'],
    ['by its end', ['HTTP/1.1 200 OK\r\n', undefined], 'Connection to establish proxy tunnel ended unexpectedly'],
  ])('%s is told once, and leaves nothing open', async (_how, pieces, message) => {
    const proxy = await proxyThat(...pieces)
    const { error, callback, watch } = await open(configOf(proxy.port))
    expect(error).toMatchObject({ code: 'ERR_PROXY_TUNNEL', message: expect.stringContaining(message) })
    const [socket] = proxy.sockets
    if (socket) await gone(socket)
    await turns()
    expect(callback.mock.calls).toEqual([[error, undefined]])
    expect(watch).not.toHaveBeenCalled()
  })
  it('tells the status as a number', async () => {
    const { error } = await open(configOf((await proxyThat('HTTP/1.1 407 Give me\r\n\r\n')).port))
    expect(error).toMatchObject({ statusCode: 407 })
  })
  it('in its handshake is told with the error of TLS', async () => {
    const proxy = await proxyThat(ok)
    const { error, callback } = await open(configOf(proxy.port), { ca: undefined })
    expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    const [socket] = proxy.sockets
    if (socket) await gone(socket)
    expect(callback).toHaveBeenCalledOnce()
  })
  it('later is told by the connection alone', async () => {
    const { callback, socket } = await open(configOf((await proxyThat(ok)).port))
    const onError = vi.fn()
    socket?.on('error', onError).destroy(new Error('later'))
    await turns()
    expect([onError.mock.calls.length, callback.mock.calls.length]).toEqual([1, 1])
  })
})

it('the connection that is given back is the one to the proxy as well', async () => {
  const { socket } = await open(configOf((await proxyThat(ok)).port))
  const below = socket instanceof TLSSocket ? socket._parent : null
  const onFree = vi.fn()
  below?.on('free', onFree)
  socket?.emit('free')
  expect(onFree).toHaveBeenCalledOnce()
})

describe('proxyOf()', () => {
  const kProxyConfig = Symbol('kProxyConfig')
  const agentWith = (config: unknown): object => ({ [Symbol('other')]: 1, [kProxyConfig]: config })
  it("finds what node:http has read, and asks it for this host and port; a path of the system's needs none", () => {
    const shouldUseProxy = vi.fn(() => true)
    const config = configOf(1, { shouldUseProxy })
    expect(proxyOf(agentWith(config), { host: 'a', port: 2 })).toBe(config)
    expect(proxyOf(agentWith(config), {})).toBe(config)
    expect(shouldUseProxy.mock.calls).toEqual([
      ['a', 2],
      ['localhost', undefined],
    ])
    expect(proxyOf(agentWith(config), { host: 'a', socketPath: '/s' } as object)).toBeUndefined()
    expect(proxyOf(agentWith(configOf(1, { shouldUseProxy: () => false })), {})).toBeUndefined()
  })
  it('finds none in an agent without, and in what is something else', () => {
    for (const other of [undefined, null, 'text', {}, { proxyConnectionOptions: {} }, { shouldUseProxy: () => true }])
      expect(proxyOf(agentWith(other), {})).toBeUndefined()
    expect(proxyOf({}, {})).toBeUndefined()
  })
})
