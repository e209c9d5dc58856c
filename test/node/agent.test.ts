// The agent: which requests share a connection or a session, and what it asks of a proxy.

import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { createServer as createPlainServer } from 'node:net'
import type { Socket } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Agent, createServer, get } from '../../src/node/https.ts'
import type { TLSSocket } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'
import { freePort } from '../interop/process.ts'
import { closeAll, closing, listening } from './closing.ts'

const authority = await createCa({ name: 'Agent CA' })
const leaf = await authority.issue({ names: ['localhost', '127.0.0.1'] })
const ca = authority.certificatePem

afterEach(closeAll)

const serving = () =>
  listening(createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem }, (_request, response) => response.end('ok')))
const agentOf = (options: object): Agent => {
  const agent = new Agent(options)
  closing.push(() => agent.destroy())
  return agent
}
const answered = async (sent: ClientRequest): Promise<Socket | null> => {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const { socket } = sent
  await once(response.resume(), 'end')
  // The agent has the connection back a moment later.
  await new Promise((resolve) => setImmediate(resolve))
  return socket
}

describe('requests share a connection', () => {
  it('unless they bring a check of the server that is their own', async () => {
    const port = await serving()
    const agent = agentOf({ ca, keepAlive: true })
    const socketFor = async (options: object) => answered(get({ agent, port, ...options } as never))
    const first = await socketFor({})
    expect(await socketFor({})).toBe(first)
    expect(await socketFor({ checkServerIdentity: undefined })).toBe(first)
    // Node's own check is what is done anyway.
    expect(await socketFor({ checkServerIdentity })).toBe(first)
    const own = await socketFor({ checkServerIdentity: () => undefined })
    expect(own).not.toBe(first)
    const again = await socketFor({ checkServerIdentity: () => undefined })
    expect([again === own, again === first]).toEqual([false, false])
    expect(await socketFor({})).toBe(first)
    // Nobody else is to find them.
    expect([own?.destroyed, again?.destroyed, first?.destroyed]).toEqual([true, true, false])
  })
  it('also where the check is of the agent, which takes precedence', async () => {
    const port = await serving()
    const check = vi.fn(() => undefined)
    const agent = agentOf({ ca, keepAlive: true, checkServerIdentity: check })
    const first = await answered(get({ agent, port }))
    const refusing = vi.fn(() => new Error('never asked'))
    expect(await answered(get({ agent, port, checkServerIdentity: refusing }))).toBe(first)
    expect([check.mock.calls.length, refusing.mock.calls.length]).toEqual([1, 0])
  })
})

it('an agent is made by call on an object that inherits from it, and keeps its options', async () => {
  function Mine(this: object, options: object): void {
    Reflect.apply(Agent, this, [options])
  }
  Object.setPrototypeOf(Mine.prototype, Agent.prototype)
  const agent = Reflect.construct(Mine, [{ ca, keepAlive: true }]) as Agent
  closing.push(() => agent.destroy())
  expect([agent instanceof Agent, agent.options.keepAlive]).toEqual([true, true])
  const port = await serving()
  expect(await answered(get({ agent, port }))).toBe(await answered(get({ agent, port })))
})

describe('the name of a pool', () => {
  const name = (options: object): string => new Agent().getName({ host: 'a', ...options })
  it('tells apart what decides who the ends are: the same objects, the same name', () => {
    const [one, two] = [{ any: 1 }, { any: 1 }]
    const [call, other] = [() => undefined, () => undefined]
    for (const option of ['ca', 'cert', 'key', 'pfx', 'crl', 'secureContext', 'puretls', 'pskCallback']) {
      expect(name({ [option]: one }), option).toBe(name({ [option]: one }))
      expect(name({ [option]: one }), option).not.toBe(name({ [option]: two }))
      expect(name({ [option]: one }), option).not.toBe(name({}))
      expect(name({ [option]: call }), option).not.toBe(name({ [option]: other }))
    }
    expect(name({ key: [one, 'text', Buffer.from('b')] })).toMatch(/:#\d+,text,Yg==$/)
    expect(name({ key: [one, 'text', null, 7] })).toMatch(/:#\d+,text,7$/)
    expect(name({ ca: one, key: two })).toMatch(/:#\d+,#\d+$/)
    expect(name({ ca: 'text' })).not.toContain('#')
  })
})

describe('sessions', () => {
  interface Cache {
    _getSession(key: string): Buffer | undefined
    _cacheSession(key: string, session: Buffer): void
  }
  it('are kept by the name of the pool, given to its connections, and forgotten if one fails', async () => {
    const port = await serving()
    const agent = agentOf({ ca })
    const key = agent.getName({ host: 'localhost', port, ca, servername: 'localhost' } as never)
    const options = { port, host: 'localhost', servername: 'localhost', ca, _agentKey: key }
    const cache = agent as unknown as Cache
    const dial = (more: object = {}): TLSSocket => {
      const socket = agent.createConnection({ ...options, ...more }) as TLSSocket
      closing.push(() => socket.destroy())
      return socket.on('error', () => undefined)
    }
    const first = dial()
    await once(first.resume(), 'session')
    const session = cache._getSession(key)
    expect(session).toBeInstanceOf(Buffer)
    const second = dial()
    await once(second, 'secureConnect')
    expect(second.isSessionReused()).toBe(true)
    second.destroy()
    await once(second, 'close')
    expect(cache._getSession(key)).toBeDefined()
    const third = dial()
    await once(third, 'secureConnect')
    third.destroy(new Error('failed'))
    await new Promise((resolve) => third.once('close', resolve))
    expect(cache._getSession(key)).toBeUndefined()
    cache._cacheSession(key, session ?? Buffer.alloc(0))
    const apart = agent.createConnection(
      port,
      'localhost' as never,
      { ca, servername: 'localhost' } as never,
    ) as TLSSocket
    closing.push(() => apart.destroy())
    await once(apart, 'secureConnect')
    expect(apart.isSessionReused()).toBe(false)
  })
})

describe('a proxy', () => {
  /** What a proxy is asked for, and the error of the request that it refuses. */
  const asked = async (agentOptions: object, options: object, address?: string) => {
    const heads: string[] = []
    const port = await listening(
      createPlainServer((socket) => {
        socket
          .on('error', () => undefined)
          .once('data', (data) => {
            heads.push(String(data))
            socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nx: y\r\n\r\n')
          })
      }),
    )
    const proxyEnv = { HTTPS_PROXY: address ?? `http://127.0.0.1:${port}` }
    const [error] = (await once(
      get({ agent: agentOf({ proxyEnv, ...agentOptions }), ...options } as never),
      'error',
    )) as [Error]
    return { head: heads[0], error, port }
  }
  it('is asked for a host and a port, an address of IPv6 in brackets, and to keep what is to be kept', async () => {
    const once1 = await asked({}, { host: 'a.test', port: 8443 })
    expect(once1.head).toBe('CONNECT a.test:8443 HTTP/1.1\r\nhost: a.test:8443\r\n\r\n')
    expect(once1.error).toMatchObject({
      code: 'ERR_PROXY_TUNNEL',
      statusCode: 407,
      message: expect.stringMatching(/to a\.test:8443 via http:\/\/127\.0\.0\.1:\d+\/?: HTTP\/1\.1 407 Proxy Auth/),
    })
    expect((await asked({ maxSockets: 3 }, { host: '::1', port: 1 })).head).toBe(
      'CONNECT [::1]:1 HTTP/1.1\r\nproxy-connection: keep-alive\r\nhost: [::1]:1\r\n\r\n',
    )
    expect((await asked({ keepAlive: true }, { host: '10.0.0.1' })).head).toBe(
      'CONNECT 10.0.0.1:443 HTTP/1.1\r\nproxy-connection: keep-alive\r\nhost: 10.0.0.1:443\r\n\r\n',
    )
  })
  it('that is not there is an error with its own code', async () => {
    const { error, head } = await asked({}, { host: 'a.test', port: 1 }, `http://127.0.0.1:${await freePort()}`)
    expect([head, Reflect.get(error, 'code')]).toEqual([undefined, 'ECONNREFUSED'])
  })
})
