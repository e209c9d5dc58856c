// tls.connect() beside the handshake: warnings, checks of the server's identity again, and errors with their place.

import { once } from 'node:events'
import { connect as connectPlain, createServer as createPlainServer } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createServer } from '../../src/node/index.ts'
import type { ConnectionOptions, TLSSocket } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'
import { closeAll, closing, listening } from './closing.ts'

const authority = await createCa({ name: 'Connect CA' })
const leaf = await authority.issue({ names: ['localhost', '127.0.0.1'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem

beforeEach(() => void vi.resetModules())
afterEach(() => {
  closeAll()
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** A process in which nothing was warned of yet. */
const load = async () => (await import('../../src/node/index.ts')).connect

const serving = () =>
  listening(createServer(identity, (socket) => void socket.on('error', () => undefined).end('hello')))
const kept = (socket: TLSSocket): TLSSocket => {
  closing.push(() => socket.destroy())
  return socket.on('error', () => undefined)
}
const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))

describe('a warning is given once', () => {
  it('of a server name that is an address', async () => {
    const connect = await load()
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const port = await serving()
    await closed(kept(connect({ port, host: '127.0.0.1', ca, servername: 'localhost' })).resume())
    expect(warn).not.toHaveBeenCalled()
    for (const servername of ['127.0.0.1', '::1'])
      await closed(kept(connect({ port, host: '127.0.0.1', ca, servername })).resume())
    expect(warn.mock.calls.map((call: readonly unknown[]) => call.slice(1))).toEqual([
      ['DeprecationWarning', 'DEP0123'],
    ])
  })
  it('of NODE_TLS_REJECT_UNAUTHORIZED=0, which lets every server pass unless the caller says otherwise', async () => {
    const connect = await load()
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const port = await serving()
    const outcome = async (options: ConnectionOptions): Promise<string> => {
      const socket = kept(connect({ port, host: '127.0.0.1', servername: 'localhost', ...options }))
      let result = 'no handshake'
      socket.on('secureConnect', () => (result = `authorized ${socket.authorized}`))
      socket.on('error', (error) => (result = String(Reflect.get(error, 'code'))))
      await closed(socket.resume())
      return result
    }
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '1')
    expect(await outcome({})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(warn).not.toHaveBeenCalled()
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    expect(await outcome({})).toBe('authorized false')
    expect(await outcome({ rejectUnauthorized: true })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(warn.mock.calls).toEqual([[expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED')]])
  })
})

describe('checkServerIdentity on a resumed session', () => {
  it('is asked again where the session was not found good, and where it is the built-in check', async () => {
    const connect = await load()
    const port = await listening(
      createServer({ ...identity, maxVersion: 'TLSv1.2' }, (socket) => void socket.on('error', () => undefined)),
    )
    const base = { port, host: '127.0.0.1', servername: 'localhost', ca }
    const met = async (options: ConnectionOptions): Promise<TLSSocket> => {
      const socket = kept(connect({ ...base, ...options }))
      await once(socket, 'secureConnect')
      return socket
    }
    const check = vi.fn(() => undefined)
    const good = (await met({ checkServerIdentity: check })).getSession()
    expect(check).toHaveBeenCalledOnce()
    const again = await met({ checkServerIdentity: check, session: good })
    expect([again.isSessionReused(), again.authorized, check.mock.calls.length]).toEqual([true, true, 1])
    const refusing = vi.fn(() => new Error('not this one'))
    const bad = (await met({ checkServerIdentity: refusing, rejectUnauthorized: false })).getSession()
    const later = await met({ checkServerIdentity: check, session: bad })
    expect([later.isSessionReused(), check.mock.calls.length]).toEqual([true, 2])
    const own = kept(connect({ ...base, session: good, servername: 'elsewhere.test' }))
    const [error] = (await once(own, 'error')) as [Error]
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })
})

describe('checkServerIdentity on a resumed session of another check', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is asked, whoever found the server good: %s', async (version) => {
    const connect = await load()
    const options = { ...identity, minVersion: version, maxVersion: version }
    const port = await listening(
      createServer(options, (socket) => void socket.on('error', () => undefined).end('hello')),
    )
    const base = { port, host: '127.0.0.1', servername: 'localhost', ca }
    for (const lenient of [{}, { checkServerIdentity: () => undefined }]) {
      const first = kept(connect({ ...base, ...lenient }))
      const [session] = (await once(first, 'session')) as [Buffer]
      expect(first.authorized).toBe(true)
      const pinning = vi.fn(() => new Error('not the pinned key'))
      const later = kept(connect({ ...base, session, checkServerIdentity: pinning }))
      later.once('secureConnect', () => later.destroy(new Error('nobody was asked')))
      let reused: boolean | undefined
      later.prependListener('secure', () => (reused = later.isSessionReused()))
      const [error] = (await once(later, 'error')) as [Error]
      expect(error.message).toBe('not the pinned key')
      expect([reused, later.authorized]).toEqual([true, false])
      expect(pinning).toHaveBeenCalledExactlyOnceWith('localhost', expect.objectContaining({ raw: expect.any(Buffer) }))
    }
  })
})

describe('a server that leaves in the handshake', () => {
  it('gives ECONNRESET with the place that was asked for', async () => {
    const connect = await load()
    const port = await listening(createPlainServer((socket) => void socket.end()))
    const options = { port, host: '127.0.0.1', localAddress: '127.0.0.1', ca }
    const [error] = (await once(connect(options), 'error')) as [Error]
    expect(error).toMatchObject({
      code: 'ECONNRESET',
      message: 'Client network socket disconnected before secure TLS connection was established',
      path: undefined,
      ...{ port, host: '127.0.0.1', localAddress: '127.0.0.1' },
    })
  })
})

describe('options of the socket', () => {
  it('noDelay, keepAlive and timeout reach the socket underneath', async () => {
    const connect = await load()
    const port = await serving()
    const { Socket: PlainSocket } = await import('node:net')
    const noDelay = vi.spyOn(PlainSocket.prototype, 'setNoDelay')
    const keepAlive = vi.spyOn(PlainSocket.prototype, 'setKeepAlive')
    const options = { port, host: '127.0.0.1', servername: 'localhost', ca }
    const plain = kept(connect(options))
    expect([plain.timeout, noDelay.mock.calls, keepAlive.mock.calls]).toEqual([undefined, [], []])
    await closed(plain.resume())
    const tuned = kept(
      connect({ ...options, noDelay: true, keepAlive: true, keepAliveInitialDelay: 777, timeout: 9999 }),
    )
    expect(tuned.timeout).toBe(9999)
    expect(noDelay).toHaveBeenCalledWith(true)
    expect(keepAlive).toHaveBeenCalledWith(true, 777)
    await closed(tuned.resume())
  })
})

describe('an address with a zone', () => {
  it('names the same server as without: a session of one goes on with the other', async () => {
    const connect = await load()
    const own = await authority.issue({ names: ['::1'] })
    const options = { cert: own.chainPem, key: own.privateKeyPem, maxVersion: 'TLSv1.2' } as const
    const port = await listening(createServer(options, (socket) => void socket.on('error', () => undefined)))
    const met = async (host: string, session?: Buffer): Promise<TLSSocket> => {
      const below = connectPlain(port, '127.0.0.1')
      const socket = kept(connect({ socket: below, host, ca, ...(session && { session }) }))
      await once(socket, 'secureConnect')
      return socket
    }
    const zoned = await met('::1%eth0')
    expect(zoned.authorized).toBe(true)
    const later = await met('::1', zoned.getSession())
    expect([later.isSessionReused(), later.authorized]).toEqual([true, true])
  })
})
