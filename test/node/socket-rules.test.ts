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
import { derInteger, derOctets, derSequence } from '../../src/wire/der.ts'
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

it('a session of OpenSSL has a cipher of two bytes, as d2i_SSL_SESSION() reads it', () => {
  const sessionOf = (cipher: Uint8Array): Uint8Array =>
    derSequence(derInteger(1), derInteger(0x0303), derOctets(cipher), derOctets(new Uint8Array(0)), derOctets(cipher))
  expect(decodeSslSession(sessionOf(Uint8Array.of(0xc0, 0x2f)))).toMatchObject({ version: 0x0303, cipherSuite: 0xc02f })
  for (const length of [0, 1, 3])
    expect(() => decodeSslSession(sessionOf(new Uint8Array(length)))).toThrow(/a cipher of other than two bytes/)
})
