// What TLSSocket and its server do at their bounds: the longest handshake message, a question that is answered twice,
// writes after the end, and connections that begin paused.

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { connect, createSecureContext, createServer, TLSSocket } from '../../src/node/index.ts'
import type { ConnectionOptions } from '../../src/node/index.ts'
import { decodeSslSession } from '../../src/node/ssl-session.ts'
import { createCa } from '../../src/pki/index.ts'
import { derElement, derInteger, derOctets, derSequence } from '../../src/wire/der.ts'
import { closeAll, closing, listening } from './closing.ts'

const authority = await createCa({ name: 'Rules CA' })
const leaf = await authority.issue({ names: ['localhost'] })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem
afterEach(closeAll)

const dial = (port: number, options: ConnectionOptions = {}): TLSSocket => {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options })
  closing.push(() => socket.destroy())
  return socket.on('error', () => undefined)
}

describe('a handshake message', () => {
  const MIB = 1 << 20
  /** The beginning of one, in a record of its own. */
  const begun = (type: number, length: number): Uint8Array =>
    Uint8Array.of(22, 3, 3, 0, 4, type, length >> 16, (length >> 8) & 0xff, length & 0xff)

  it.each([
    ['ServerHello, at a client', 2, false],
    ['ClientHello, at a server', 1, true],
  ] as const)('may be 1 MiB long and no byte more: %s', async (_, type, isServer) => {
    for (const [length, refused] of [
      [MIB, false],
      [MIB + 1, true],
    ] as const) {
      const [near, far] = duplexPair()
      far.resume()
      const socket = isServer
        ? new TLSSocket(near, { isServer, secureContext: createSecureContext(identity) })
        : connect({ socket: near, servername: 'localhost', ca })
      closing.push(() => socket.destroy())
      let error: unknown
      for (const event of ['error', '_tlsError']) socket.on(event, (thrown: unknown) => (error ??= thrown))
      far.write(begun(type, length))
      for (let i = 0; i < 20; i++) await turn()
      expect(error instanceof Error, `${length} bytes`).toBe(refused)
    }
  })
})

describe('a context', () => {
  it('whose bounds of the version are set later speaks no other, and takes no heir for itself', async () => {
    const port = await listening(createServer({ ...identity, maxVersion: 'TLSv1.2' }))
    const secureContext = createSecureContext({ ca })
    const { context } = secureContext as unknown as {
      context: Record<'setMinProto' | 'setMaxProto', (version: number) => void> &
        Record<'getMinProto' | 'getMaxProto', () => number> & { readonly _external: undefined }
    }
    context.setMinProto(0x0304)
    expect([context.getMinProto(), context.getMaxProto()]).toEqual([0x0304, 0x0304])
    const refused = dial(port, { secureContext })
    const [error] = (await once(refused.removeAllListeners('error'), 'error')) as [Error]
    expect(error.message).toMatch(/protocol version/)
    context.setMinProto(0x0303)
    context.setMaxProto(0x0303)
    expect([context.getMinProto(), context.getMaxProto()]).toEqual([0x0303, 0x0303])
    const taken = dial(port, { secureContext })
    await once(taken, 'secureConnect')
    expect(taken.getProtocol()).toBe('TLSv1.2')
    expect(context._external).toBeUndefined()
    expect(() => (Object.create(context) as typeof context)._external).toThrow(TypeError)
  })
})

describe('suites that no version of the options has', () => {
  const none = { ciphers: 'TLS_AES_128_GCM_SHA256', maxVersion: 'TLSv1.2', ca, servername: 'localhost' } as const
  const codeWith = async (own: object): Promise<unknown> => {
    const [near] = duplexPair()
    let code: unknown
    try {
      const socket = connect({ ...none, socket: near, ...own })
      closing.push(() => socket.destroy())
      socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
      for (let i = 0; i < 10; i++) await turn()
    } catch (error) {
      code = Reflect.get(Object(error), 'code')
    }
    return code
  }
  it('are an error, unless options of the library say which there are', async () => {
    const refused = await codeWith({})
    expect(refused).toMatch(/^ERR_SSL_NO_/)
    expect(await codeWith({ puretls: { alpn: ['h2'] } })).toBe(refused)
    expect(await codeWith({ puretls: { versions: { max: 'TLS 1.3' } } })).toBeUndefined()
    expect(await codeWith({ puretls: { cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] } })).toBeUndefined()
  })
})

describe('a server', () => {
  it('whose SNICallback answers twice ends the connection with ERR_MULTIPLE_CALLBACK', async () => {
    const server = createServer({
      ...identity,
      SNICallback: (_, done) => {
        done(null)
        done(null)
      },
    })
    const told = once(server, 'tlsClientError') as Promise<[NodeJS.ErrnoException]>
    dial(await listening(server))
    expect((await told)[0].code).toBe('ERR_MULTIPLE_CALLBACK')
  })

  it('whose ALPNCallback throws ends the connection with what it threw', async () => {
    for (const thrown of [new RangeError('no protocol today'), 'no protocol today']) {
      const server = createServer({
        ...identity,
        ALPNCallback: () => {
          throw thrown
        },
      })
      const told = once(server, 'tlsClientError') as Promise<[Error]>
      dial(await listening(server), { ALPNProtocols: ['h2'] })
      expect((await told)[0]).toMatchObject({ name: thrown instanceof Error ? 'RangeError' : 'Error' })
      expect((await told)[0].message).toBe('no protocol today')
    }
  })

  it('whose sigalgs have none in common with the client says so, as OpenSSL does', async () => {
    const server = createServer({ ...identity, sigalgs: 'ecdsa_secp256r1_sha256' })
    const told = once(server, 'tlsClientError') as Promise<[NodeJS.ErrnoException]>
    dial(await listening(server), { sigalgs: 'rsa_pss_rsae_sha256' })
    const [error] = await told
    expect(error).toMatchObject({
      code: 'ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS',
      reason: 'no shared signature algorithms',
    })
    expect(error.message).toMatch(/0A000178/i)
  })

  it('has a pskIdentityHint of 256 bytes at most', async () => {
    for (const length of [256, 257]) {
      const pskIdentityHint = 'x'.repeat(length)
      const options = { ciphers: 'PSK', pskCallback: () => null, pskIdentityHint, maxVersion: 'TLSv1.2' } as const
      const server = createServer(options)
      const told = once(server, 'tlsClientError') as Promise<[NodeJS.ErrnoException]>
      const client = dial(await listening(server), {
        ...options,
        pskCallback: () => ({ psk: Buffer.alloc(16), identity: 'x' }),
      } as never)
      const code = (await told)[0].code
      if (length === 257) expect(code).toBe('ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED')
      else expect(code).not.toBe('ERR_TLS_PSK_SET_IDENTITY_HINT_FAILED')
      client.destroy()
    }
  })

  it('with pauseOnConnect gives sockets that read nothing until they are resumed', async () => {
    const server = createServer({ ...identity, pauseOnConnect: true })
    const coming = once(server, 'secureConnection') as Promise<[TLSSocket]>
    const client = dial(await listening(server))
    await once(client, 'secureConnect')
    const [socket] = await coming
    closing.push(() => socket.destroy())
    expect(socket.isPaused()).toBe(true)
    let read = ''
    socket.on('data', (chunk) => (read += String(chunk)))
    await new Promise<void>((resolve) => client.write('hello', () => resolve()))
    for (let i = 0; i < 20; i++) await turn()
    expect(read).toBe('')
    socket.resume()
    await once(socket, 'data')
    expect(read).toBe('hello')
  })
})

describe('a socket', () => {
  const both = async (): Promise<readonly [client: TLSSocket, accepted: TLSSocket]> => {
    const server = createServer(identity)
    const coming = once(server, 'secureConnection') as Promise<[TLSSocket]>
    const client = dial(await listening(server))
    const [[accepted]] = await Promise.all([coming, once(client, 'secureConnect')])
    closing.push(() => accepted.destroy())
    return [client, accepted]
  }
  const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))

  it('that is closed takes no write, and its counts stay', async () => {
    const [client, accepted] = await both()
    client.write('hello')
    expect(String((await once(accepted, 'data'))[0])).toBe('hello')
    const dispatched = Reflect.get(client, '_bytesDispatched') as number
    expect(dispatched).toBe(client.bytesWritten)
    expect(dispatched).toBe(5)
    client.destroy()
    await closed(client)
    expect([client.bytesWritten, Reflect.get(client, '_bytesDispatched')]).toEqual([dispatched, dispatched])
    const error = await new Promise<unknown>((resolve) => client._write(Buffer.from('more'), 'latin1', resolve))
    expect(error).toMatchObject({ code: 'ERR_SOCKET_CLOSED', message: 'Socket is closed' })
  })

  it('that is closed ends nothing, is connected to nothing, and has no ssl', async () => {
    const [client] = await both()
    client.destroy()
    await closed(client)
    expect(await new Promise((resolve) => client._final(resolve))).toBeUndefined()
    expect(() => client.connect(1)).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }))
    client._destroySSL()
    expect(client.ssl).toBeNull()
  })

  it('whose signal was aborted before connects to nothing, without an error', () => {
    const socket = new TLSSocket(undefined as never, { signal: AbortSignal.abort() } as never)
    socket.on('error', () => undefined)
    expect(socket.connect(1)).toBe(socket)
  })

  it('whose handshake is finished once more says so, as in node:tls, and a closed one does not', async () => {
    const [client] = await both()
    let told = 0
    client.on('secure', () => told++)
    client._finishInit()
    expect(told).toBe(1)
    client.destroy()
    client._finishInit()
    expect(told).toBe(1)
  })
})

describe('a session of OpenSSL', () => {
  const NONE = new Uint8Array(0)
  const sessionOf = (version: number, cipher: Uint8Array, ...more: readonly Uint8Array[]): Uint8Array =>
    derSequence(derInteger(version), derInteger(0x0303), derOctets(cipher), derOctets(NONE), derOctets(cipher), ...more)
  const suite = Uint8Array.of(0xc0, 0x2f)

  it('has a cipher of two bytes, as d2i_SSL_SESSION() reads it', () => {
    expect(decodeSslSession(sessionOf(1, suite))).toMatchObject({ version: 0x0303, cipherSuite: 0xc02f })
    for (const length of [0, 1, 3])
      expect(() => decodeSslSession(sessionOf(1, new Uint8Array(length)))).toThrow(/a cipher of other than two bytes/)
  })
  it('has the format that there is, and fields that are not known here are read over', () => {
    for (const version of [0, 2]) expect(() => decodeSslSession(sessionOf(version, suite))).toThrow(/another format/)
    const compression = derElement(0x8b, Uint8Array.of(0))
    const time = derElement(0xa1, derInteger(77))
    expect(decodeSslSession(sessionOf(1, suite, compression, time))).toMatchObject({ time: 77, timeout: 0 })
  })
})
