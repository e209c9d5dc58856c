// connect('host:port') and listen(): over loopback, ports chosen by the system.

import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import * as core from '../../src/core.ts'
import type { TlsError } from '../../src/errors.ts'
import { connect, createServer } from '../../src/index.node.ts'
import type { TlsConnection, TlsListener } from '../../src/index.node.ts'
import { parseAddress } from '../../src/sockets.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { freePort } from '../interop/process.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? undefined)
const open: { close(): unknown }[] = []
const kept = <T extends { close(): unknown }>(one: T): T => (open.push(one), one)
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const echo = async (connection: TlsConnection): Promise<void> => {
  for await (const data of connection) await connection.write(data)
  await connection.close()
}
const listening = async (onConnection = echo, onError?: (error: TlsError) => void): Promise<TlsListener> =>
  kept(await createServer(ecdsa).listen(0, '127.0.0.1', onConnection, onError && { onError }))

describe('connect(address)', () => {
  it('dials, with the name of the address', async () => {
    const { address } = await listening()
    const connection = await connect(`127.0.0.1:${address.port}`, { ca: ecdsa.cert })
    expect(connection.info.verifiedChain).toHaveLength(1)
    await connection.write(bytes('hello'))
    expect(text(await connection.read())).toBe('hello')
    await connection.close()
  })
  it("finds out that the name is not the server's", async () => {
    const { address } = await listening()
    await expect(
      connect(`127.0.0.1:${address.port}`, { ca: ecdsa.cert, serverName: 'other.test' }),
    ).rejects.toMatchObject({
      code: 'certificate_name_mismatch',
    })
  })
  it('reaches IPv6 in brackets', async () => {
    const listener = await createServer(ecdsa)
      .listen(0, '::1', echo)
      .catch(() => undefined)
    if (!listener) return // a machine without IPv6
    kept(listener)
    const connection = await connect(`[::1]:${listener.address.port}`, { ca: ecdsa.cert })
    expect(connection.info.peerCertificates).toHaveLength(1)
    await connection.close()
  })
  it.each([
    [443, /^stream: 443 is not a duplex .*, or "host:port"$/],
    [{ host: 'a.test', port: 443 }, /^stream: an object with host, port is not .*"host:port"$/],
    [Promise.resolve(), /^stream: a promise \(await it\) is not a duplex/],
  ])('says how an address is given to who gives %s', async (target, message) => {
    await expect(connect(target as never, {} as never)).rejects.toMatchObject({
      code: 'bad_option',
      message: expect.stringMatching(message),
    })
  })
  it('says who refused', async () => {
    await expect(connect(`127.0.0.1:${await freePort()}`)).rejects.toMatchObject({
      code: 'transport_failed',
      message: expect.stringMatching(/^could not connect to 127\.0\.0\.1:\d+: ECONNREFUSED/),
    })
  })
  it('gives up after timeoutMs, though the server accepts and says nothing', async () => {
    const silent = createTcpServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    kept(silent)
    const { port } = silent.address() as AddressInfo
    await expect(connect(`127.0.0.1:${port}`, { timeoutMs: 400 })).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/^the handshake did not .* ms \(handshakeTimeout or timeoutMs\)$/),
    })
  })
  it('is cancelled by its signal', async () => {
    const controller = new AbortController()
    controller.abort(new Error('not today'))
    await expect(connect('192.0.2.1:443', { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('not today'),
    })
  })
  it('refuses options before it dials', async () => {
    const wrong: object = { servername: 'a' }
    await expect(connect('192.0.2.1:443', wrong)).rejects.toMatchObject({ code: 'bad_option' })
  })
  it('says to give a stream where there are no sockets', async () => {
    await expect(core.connect('192.0.2.1:443')).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('give its stream'),
    })
    await expect(
      core
        .createServer({ ...ecdsa, provider: (await import('../../src/crypto/node.ts')).nodeProvider })
        .listen(0, echo),
    ).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describe('an address', () => {
  it.each([
    ['example.org:443', { host: 'example.org', port: 443 }],
    ['192.0.2.1:8443', { host: '192.0.2.1', port: 8443 }],
    ['[2001:db8::1]:443', { host: '2001:db8::1', port: 443 }],
    ['[fe80::1%eth0]:443', { host: 'fe80::1%eth0', port: 443 }],
  ])('%s', (address, parsed) => {
    expect(parseAddress(address)).toEqual(parsed)
  })
  it.each([
    'example.org',
    'example.org:',
    ':443',
    '::1:443',
    '[::1]',
    'a:0',
    'a:65536',
    'https://example.org:443',
    'a b:443',
    'a@b:443',
    '',
  ])('that is invalid: %s', (address) => {
    expect(() => parseAddress(address)).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })
})

describe('listen()', () => {
  it('goes on after a client that speaks no TLS and a handler that throws; onError is told of both', async () => {
    const errors: TlsError[] = []
    let first = true
    const listener = await listening(
      async (connection) => {
        if (!first) return echo(connection)
        first = false
        throw new Error('a bug')
      },
      (error) => {
        errors.push(error)
        throw new Error('a bug in onError')
      },
    )
    const { port } = listener.address
    const { connect: dial } = await import('node:net')
    await new Promise<void>((resolve) => {
      const socket = dial(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'))
      socket
        .on('close', () => resolve())
        .on('error', () => {})
        .resume()
    })
    const options = { verifier: anyCertificate }
    const broken = await connect(`127.0.0.1:${port}`, options)
    await expect(broken.read()).rejects.toThrow()
    const connection = await connect(`127.0.0.1:${port}`, options)
    await connection.write(bytes('still there?'))
    expect(text(await connection.read())).toBe('still there?')
    await connection.close()
    expect(errors.map(({ code }) => code).toSorted()).toEqual(['internal_error', 'not_tls'])
  })
  it('takes (port, onConnection), gives the peer, and its hello the address as context', async () => {
    const contexts: unknown[] = []
    const server = createServer({ ...ecdsa, onClientHello: (_, { context }) => void contexts.push(context) })
    const peers: unknown[] = []
    const listener = kept(
      await server.listen(0, async (connection, peer) => {
        peers.push(peer)
        await connection.close()
      }),
    )
    const connection = await connect(`localhost:${listener.address.port}`, { ca: ecdsa.cert })
    expect(await connection.read()).toBeNull()
    await connection.close()
    expect(peers).toEqual(contexts)
    expect(peers).toEqual([{ host: expect.any(String), port: expect.any(Number) }])
  })
  it('rejects for a port that is taken, and for an invalid one', async () => {
    const { address } = await listening()
    await expect(createServer(ecdsa).listen(address.port, '127.0.0.1', echo)).rejects.toMatchObject({
      code: 'transport_failed',
      message: expect.stringContaining('EADDRINUSE'),
    })
    await expect(createServer(ecdsa).listen(-1, echo)).rejects.toMatchObject({ code: 'bad_option' })
    await expect(createServer(ecdsa).listen('443' as never, echo)).rejects.toMatchObject({
      code: 'bad_option',
      message: 'listen: port "443" is not a number from 0 to 65535',
    })
  })
  it('is closed at once where its signal was aborted before', async () => {
    const listener = await createServer(ecdsa).listen(0, '127.0.0.1', echo, { signal: AbortSignal.abort() })
    const connecting = connect(`127.0.0.1:${listener.address.port}`, { ca: ecdsa.cert })
    await expect(connecting).rejects.toMatchObject({ code: 'transport_failed' })
  })
  it('stops by its signal: established connections go on, others are not accepted', async () => {
    const controller = new AbortController()
    const listener = await createServer(ecdsa).listen(0, '127.0.0.1', echo, { signal: controller.signal })
    const connection = await connect(`127.0.0.1:${listener.address.port}`, { ca: ecdsa.cert })
    await connection.write(bytes('and'))
    expect(text(await connection.read())).toBe('and') // so the server has finished its handshake too
    controller.abort()
    await expect(connect(`127.0.0.1:${listener.address.port}`)).rejects.toMatchObject({ code: 'transport_failed' })
    await connection.write(bytes('on'))
    expect(text(await connection.read())).toBe('on')
    await connection.close()
  })
})
