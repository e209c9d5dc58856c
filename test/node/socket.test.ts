// TLSSocket where it is asked for something that node:tls does in native code, or not at all.

import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as dialPlain, createServer as createPlainServer } from 'node:net'
import type { Socket } from 'node:net'
import { duplexPair, PassThrough } from 'node:stream'
import { TLSSocket as NativeTLSSocket } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect, createSecureContext, createServer, TLSSocket } from '../../src/node/index.ts'
import type { ConnectionOptions } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { closeAll, closing, listening } from './closing.ts'

const authority = await createCa({ name: 'Socket CA' })
const middle = await authority.createIntermediate({ name: 'Socket Intermediate' })
const leaf = await middle.issue({ names: ['localhost'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem
const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code')

afterEach(closeAll)

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))
const dial = (port: number, options: ConnectionOptions = {}): TLSSocket => {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options })
  closing.push(() => socket.destroy())
  return socket.on('error', () => undefined)
}

describe('resetAndDestroy()', () => {
  it('resets the connection underneath, when there is one', async () => {
    for (const when of ['now', 'secureConnect'] as const) {
      const heard = vi.fn()
      const server = createServer(identity)
      const port = await listening(server)
      const coming = once(server, 'connection') as Promise<[Socket]>
      const client = dial(port)
      if (when === 'secureConnect') {
        server.on('secureConnection', (socket: Socket) => socket.on('error', (error) => heard(codeOf(error))).resume())
        await Promise.all([once(client, 'secureConnect'), once(server, 'secureConnection')])
      }
      expect(client.resetAndDestroy()).toBe(client)
      if (when === 'now') expect(client.destroyed).toBe(false)
      const [raw] = await coming
      await closed(client)
      if (!raw.closed) await closed(raw)
      if (when === 'secureConnect') expect(heard.mock.calls).toEqual([['ECONNRESET']])
    }
  })
  it('is an error on a socket without one', async () => {
    const socket = new TLSSocket(new PassThrough())
    const failed = once(socket, '_tlsError')
    expect(socket.resetAndDestroy()).toBe(socket)
    expect(codeOf((await failed)[0])).toBe('ERR_SOCKET_CLOSED')
    expect(socket.destroyed).toBe(true)
  })
})

describe('a signal that is aborted before the socket is made', () => {
  it.each([undefined, new PassThrough()])(
    'destroys it at once, and the events are those of node:tls',
    async (below) => {
      const eventsOf = async (socket: Socket): Promise<unknown[]> => {
        const events: unknown[] = []
        for (const name of ['_tlsError', 'error', 'connect', 'secureConnect', 'end', 'close']) {
          socket.on(name, (...details: unknown[]) =>
            events.push([name, ...details.map((detail) => codeOf(detail) ?? detail)]),
          )
        }
        await closed(socket)
        return [...events, socket.destroyed, socket.connecting]
      }
      const options = { signal: AbortSignal.abort() }
      const [ours, theirs] = await Promise.all(
        [TLSSocket, NativeTLSSocket].map((Kind) => eventsOf(new Kind(below as never, options as never))),
      )
      expect(theirs).toContainEqual(['close'])
      expect(ours).toEqual(theirs)
    },
  )
})

describe('connect() of a socket that was made without a stream', () => {
  it.each(['with', 'without'])('%s a callback', async (given) => {
    const port = await listening(createServer(identity))
    const callback = vi.fn()
    const socket = new TLSSocket(null as never, { ca, servername: 'localhost' } as never)
    closing.push(() => socket.destroy())
    const connected = once(socket, 'connect')
    socket.connect(port, '127.0.0.1', ...(given === 'with' ? [callback] : []))
    await connected
    expect(callback.mock.calls).toEqual(given === 'with' ? [[]] : [])
    expect(socket.remotePort).toBe(port)
  })
})

describe('what a socket holds', () => {
  it.each([TLSSocket, NativeTLSSocket])('of its handle is gone once it is closed: %o', async (Kind) => {
    const socket = new Kind(duplexPair()[0] as never, {})
    const held = (): unknown[] => [Reflect.get(socket, '_handle'), Reflect.get(socket, 'ssl')]
    expect(held()).not.toContain(null)
    socket.destroy()
    await closed(socket)
    expect(held()).toEqual([null, null])
  })
})

describe('a stream that is closed', () => {
  it('closes a socket that has read its end, and was left open by its own', async () => {
    const [near, far] = duplexPair()
    const server = new TLSSocket(far, { isServer: true, ...identity, allowHalfOpen: true } as never)
    near.allowHalfOpen = true
    const client = connect({ socket: near, ca, servername: 'localhost', allowHalfOpen: true })
    await once(client, 'secureConnect')
    server.end()
    await once(client.resume(), 'end')
    expect(client.destroyed).toBe(false)
    near.destroy()
    await closed(client)
  })
})

describe('what is trusted', () => {
  it('by `ca` are its authorities alone, and the default ones without it', async () => {
    const tls = (await import('../../src/node/index.ts')).default
    const before = tls.getCACertificates('default')
    const stranger = await createCa({ name: 'Stranger' })
    tls.setDefaultCACertificates([ca])
    try {
      const port = await listening(createServer(identity, (socket) => socket.end()))
      const outcome = async (options: ConnectionOptions): Promise<unknown> => {
        const client = dial(port, { rejectUnauthorized: false, ...options })
        await once(client, 'secureConnect')
        return client.authorizationError
      }
      expect(await outcome({ ca: undefined })).toBeNull()
      expect(await outcome({ ca })).toBeNull()
      expect(await outcome({ ca: stranger.certificatePem })).toBe('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')
    } finally {
      tls.setDefaultCACertificates(before)
    }
  })
  it('is known at once where a context is changed after it was used', () => {
    const { context } = createSecureContext({ cert: leaf.certificatePem, key: leaf.privateKeyPem })
    const chain = decodePem(leaf.chainPem).map(({ bytes }) => bytes)
    const lengths = (): readonly number[] => context.identities.map(({ certificates }) => certificates.length)
    expect([lengths(), context.authorities.length]).toEqual([[1], 0])
    context.addCACert(middle.certificatePem)
    expect([lengths(), context.authorities.length]).toEqual([[2], 1])
    const verdict = (): unknown => {
      const found = context.judge.judge(chain, 'server', Date.now())
      return found instanceof Promise ? 'later' : (found.error?.code ?? found.chain.length)
    }
    expect(verdict()).toBe('UNABLE_TO_GET_ISSUER_CERT')
    context.addCACert(ca)
    expect(verdict()).toBe(3)
    expect(context.trust.find(context.authorities[1] ?? (null as never))).toBeDefined()
    const other = createSecureContext({ ca: middle.certificatePem }).context
    const otherVerdict = (): unknown => {
      const found = other.judge.judge(chain, 'server', Date.now())
      return found instanceof Promise ? 'later' : (found.error?.code ?? found.chain.length)
    }
    expect(otherVerdict()).toBe('UNABLE_TO_GET_ISSUER_CERT')
    other.setAllowPartialTrustChain()
    expect(otherVerdict()).toBe(2)
  })
  it('is shown as the issuer that was proved, of several with its name', async () => {
    const port = await listening(createServer(identity, (socket) => socket.end('x')))
    const namesake = await createCa({ name: 'Socket CA' })
    const client = dial(port, { ca: [namesake.certificatePem, ca] })
    await once(client, 'secureConnect')
    const issuer = client.getPeerCertificate(true).issuerCertificate.issuerCertificate
    expect(issuer.fingerprint256).toBe(new X509Certificate(ca).fingerprint256)
  })
})

describe('a handshake that the other end leaves', () => {
  it('is told once, though alerts and ends follow each other', async () => {
    const alert = Buffer.of(21, 3, 3, 0, 2, 2, 40)
    const port = await listening(
      createPlainServer((socket) => {
        socket.on('error', () => undefined).once('data', () => socket.end(Buffer.concat([alert, alert])))
      }),
    )
    const onError = vi.fn()
    const client = dial(port).on('error', (error) => onError(codeOf(error)))
    await closed(client)
    expect(onError.mock.calls.length).toBe(1)
    expect(client._hadError).toBe(true)
    const quiet = await listening(createPlainServer((socket) => void socket.resume().end()))
    const left = dial(quiet)
    await closed(left)
    expect(left._hadError).toBe(true)
  })
  it('with close_notify before any hello is an error at a server', async () => {
    const server = createServer(identity)
    const port = await listening(server)
    const raw = dialPlain(port, '127.0.0.1', () => raw.write(Buffer.of(21, 3, 3, 0, 2, 1, 0)))
    closing.push(() => raw.destroy())
    const [error] = await once(server, 'tlsClientError')
    expect(codeOf(error)).toBe('ERR_SSL_UNEXPECTED_MESSAGE')
  })
})
