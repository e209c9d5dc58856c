// tls.Server beside its connections: what listeners reject with, keys that other processes get, and who is told of
// what.

import { EventEmitter, once } from 'node:events'
import { connect as dialPlain } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import tls, { connect, createServer } from '../../src/node/index.ts'
import type { TLSSocket, TlsOptions } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'
import { closeAll, closing, listening } from './closing.ts'

const authority = await createCa({ name: 'Server CA' })
const leaf = await authority.issue({ names: ['localhost'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem

afterEach(closeAll)

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))
const dial = (port: number): TLSSocket => {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca })
  closing.push(() => socket.destroy())
  return socket.on('error', () => undefined)
}

describe('a server where EventEmitter.captureRejections is on', () => {
  beforeEach(() => {
    EventEmitter.captureRejections = true
  })
  afterEach(() => {
    EventEmitter.captureRejections = false
  })
  // Its promise is what captureRejections is for.
  const rejecting = (() => Promise.reject(new Error('rejected'))) as unknown as () => undefined

  it('ends the connection that a listener of secureConnection rejects', async () => {
    const server = createServer(identity)
    const onError = vi.fn()
    server.on('secureConnection', (socket: TLSSocket) => socket.on('error', onError))
    server.on('secureConnection', rejecting)
    const client = dial(await listening(server))
    await closed(client.resume())
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ message: 'rejected' })]])
    expect(server.listening).toBe(true)
  })
  it('ends the socket that a listener of connection rejects', async () => {
    const server = createServer(identity)
    server.on('connection', (socket: Socket) => socket.on('error', () => undefined))
    server.on('connection', rejecting)
    const client = dial(await listening(server))
    await closed(client)
    expect(server.listening).toBe(true)
  })
  it('emits what listeners of other events reject with as its own error', async () => {
    const server = createServer(identity)
    server.on('other', rejecting)
    server.emit('other')
    const [error] = await once(server, 'error')
    expect(error).toMatchObject({ message: 'rejected' })
  })
})

describe('what node:cluster hands on', () => {
  it('are the ticket keys, in hexadecimal', () => {
    const [one, two] = [createServer(identity), createServer(identity)]
    expect(one.getTicketKeys()).not.toEqual(two.getTicketKeys())
    expect(one._getServerData()).toEqual({ ticketKeys: one.getTicketKeys().toString('hex') })
    two._setServerData(one._getServerData())
    expect(two.getTicketKeys()).toEqual(one.getTicketKeys())
    expect(two.getTicketKeys()).toHaveLength(48)
  })
})

describe('a server made without new', () => {
  it('takes a listener alone, options with a listener, or nothing', async () => {
    const made = tls.Server(identity, (socket) => void socket.end('by call'))
    const [data] = await once(dial(await listening(made)), 'data')
    expect(String(data)).toBe('by call')
    expect(tls.Server(() => undefined).listenerCount('secureConnection')).toBe(1)
    expect(tls.Server().listenerCount('secureConnection')).toBe(0)
    expect(() => tls.Server(1 as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
    expect(() => tls.Server({ ALPNProtocols: ['a'], ALPNCallback: () => 'a' })).toThrow(
      expect.objectContaining({ code: 'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS' }),
    )
  })
})

describe('setSecureContext()', () => {
  it('keeps what it is given as properties, and what is not given as undefined', () => {
    const server = createServer(identity)
    expect(server).toMatchObject({ cert: identity.cert, key: identity.key, honorCipherOrder: true })
    server.setSecureContext({
      ...identity,
      ciphers: 'ECDHE',
      sessionTimeout: 9,
      honorCipherOrder: false,
      secureOptions: 4,
    })
    expect(server).toMatchObject({ ciphers: 'ECDHE', sessionTimeout: 9, honorCipherOrder: false, secureOptions: 4 })
    const ticketKeys = Buffer.alloc(48, 3)
    server.setSecureContext({ ticketKeys })
    expect(server.ticketKeys).toBe(ticketKeys)
    server.setSecureContext({})
    expect(server.getTicketKeys()).toEqual(ticketKeys)
    expect(server).toMatchObject({ cert: undefined, key: undefined, ciphers: undefined, secureOptions: undefined })
    // As in node:tls, these stay.
    expect([server.sessionTimeout, server._sharedCreds.context.sessionTimeout]).toEqual([9, 9])
    expect(server._sharedCreds.context.identities).toEqual([])
  })
})

describe('tlsClientError', () => {
  const errorsOf = async (act: (socket: Socket) => void, options: TlsOptions = {}): Promise<string[]> => {
    const server = createServer({ ...identity, ...options })
    const errors: string[] = []
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      errors.push(`${String(Reflect.get(error, 'code'))} ${error.message}`)
      socket.destroy()
    })
    const port = await listening(server)
    const coming = once(server, 'connection') as Promise<[Socket]>
    const raw = dialPlain(port, '127.0.0.1', () => act(raw))
    raw.on('error', () => undefined)
    closing.push(() => raw.destroy())
    const [accepted] = await coming
    if (!accepted.closed) await new Promise((resolve) => accepted.once('close', resolve))
    await new Promise((resolve) => setImmediate(resolve))
    return errors
  }
  it('is emitted once for each connection that comes to no handshake', async () => {
    expect(await errorsOf((socket) => void socket.destroy())).toEqual(['ECONNRESET socket hang up'])
    expect(await errorsOf((socket) => void socket.end())).toEqual(['ECONNRESET socket hang up'])
    expect(await errorsOf((socket) => void socket.write('GET / HTTP/1.1\r\n\r\n'))).toEqual([
      expect.stringMatching(/^ERR_SSL_HTTP_REQUEST /),
    ])
    expect(await errorsOf(() => undefined, { handshakeTimeout: 20 })).toEqual([
      'ERR_TLS_HANDSHAKE_TIMEOUT TLS handshake timeout',
    ])
  })
  it('is not emitted for a connection whose handshake was done', async () => {
    const server = createServer({ ...identity, handshakeTimeout: 30_000 })
    const onError = vi.fn()
    server.on('tlsClientError', onError)
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
    const client = dial(await listening(server))
    const [socket] = await accepted
    socket.on('error', () => undefined)
    // The time limit of the handshake has gone with it.
    expect([socket.destroyed, socket.timeout]).toEqual([false, 0])
    socket.destroy(new Error('later'))
    await closed(client.resume())
    expect(onError).not.toHaveBeenCalled()
  })
})

describe('an SNICallback that throws', () => {
  it('ends its connection with what it threw, and the server goes on', async () => {
    const server = createServer({
      ...identity,
      SNICallback: (name, done) => {
        if (name === 'bad.test') throw new Error('not this one')
        done(null)
      },
    })
    const told = once(server, 'tlsClientError')
    const port = await listening(server)
    const refused = connect({ port, host: '127.0.0.1', servername: 'bad.test', ca }).on('error', () => undefined)
    closing.push(() => refused.destroy())
    expect((await told)[0]).toMatchObject({ message: 'not this one' })
    await once(dial(port), 'secureConnect')
  })
})

describe('clients and their certificates', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    '%s: what is wrong is told, and ends the connection if it is to',
    async (version) => {
      const stranger = await createCa({ name: 'Somebody' })
      const other = await stranger.issue({ name: 'other', client: true })
      const me = await authority.issue({ name: 'me', client: true })
      const ways = [
        [{}, 'UNABLE_TO_GET_ISSUER_CERT'],
        [{ cert: other.chainPem, key: other.privateKeyPem }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
        [{ cert: me.chainPem, key: me.privateKeyPem }, null],
      ] as const
      for (const rejectUnauthorized of [false, true])
        for (const [own, error] of ways) {
          const server = createServer({ ...identity, ca, requestCert: true, rejectUnauthorized, maxVersion: version })
          const accepted = vi.fn()
          server.on('secureConnection', (socket: TLSSocket) => {
            accepted(socket.authorized, socket.authorizationError)
            socket.on('error', () => undefined).end()
          })
          const port = await listening(server)
          const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...own })
          await closed(client.on('error', () => undefined).resume())
          expect(accepted.mock.calls).toEqual(rejectUnauthorized && error !== null ? [] : [[error === null, error]])
          server.close()
        }
    },
  )
})
