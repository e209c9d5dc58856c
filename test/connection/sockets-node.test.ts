// What Node's sockets report, as connect() and listen() tell it; with sockets that do as they are told.

import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import { nodeSockets } from '../../src/sockets.node.ts'
import { DialAttempt } from '../../src/sockets.ts'

afterEach(() => void vi.restoreAllMocks())

class FakeSocket extends EventEmitter {
  destroyed = false
  destroy(): void {
    this.destroyed = true
  }
}
const netOf = (net: object): void => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(net)
}
const dialling = (connect: (options: object) => void = () => {}, host = '192.0.2.1') => {
  const socket = new FakeSocket()
  netOf({ connect: (options: object) => (connect(options), socket) })
  const attempt = new DialAttempt()
  return { socket, attempt, dialled: nodeSockets.dial({ host, port: 443 }, attempt) }
}

describe('dialling', () => {
  it.each([
    [Object.assign(new Error('long text'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [Object.assign(new Error('long text'), { code: 7 }), 'long text'],
    [new Error('long text'), 'long text'],
    [new RangeError(''), 'RangeError'],
  ])('fails with the code of the error, or its message, or its name (%s)', async (cause, reason) => {
    const { socket, dialled } = dialling()
    socket.emit('error', cause)
    await expect(dialled).rejects.toMatchObject({
      code: 'transport_failed',
      message: `could not connect to 192.0.2.1:443: ${reason}`,
      cause,
    })
  })

  it('shows an IPv6 address in brackets', async () => {
    const { socket, dialled } = dialling(undefined, '2001:db8::1')
    socket.emit('error', new Error('no'))
    await expect(dialled).rejects.toMatchObject({ message: 'could not connect to [2001:db8::1]:443: no' })
  })

  it('tries both families, without delay (RFC 8305)', () => {
    let seen: object | undefined
    const { dialled } = dialling((options) => (seen = options))
    expect(seen).toEqual({ host: '192.0.2.1', port: 443, autoSelectFamily: true, noDelay: true })
    void dialled
  })

  it('that is given up destroys the socket', async () => {
    const { socket, attempt, dialled } = dialling()
    attempt.cancel(new TlsError('aborted', 'not today'))
    await expect(dialled).rejects.toMatchObject({ code: 'aborted', message: 'not today' })
    expect(socket.destroyed).toBe(true)
  })

  it('that was given up while the socket was made destroys it too', async () => {
    const socket = new FakeSocket()
    const attempt = new DialAttempt()
    netOf({ connect: () => (attempt.cancel(new TlsError('aborted', 'not today')), socket) })
    await expect(nodeSockets.dial({ host: '192.0.2.1', port: 443 }, attempt)).rejects.toMatchObject({ code: 'aborted' })
    expect(socket.destroyed).toBe(true)
  })

  it.each(['connect', 'error'])('cannot be given up after %s', async (event) => {
    const { socket, attempt, dialled } = dialling()
    const socketOfNode = Object.assign(socket, { write: () => true, end: () => {}, pause: () => {}, resume: () => {} })
    socketOfNode.emit(event, ...(event === 'error' ? [new Error('no')] : []))
    await dialled.catch(() => {})
    attempt.cancel(new TlsError('aborted', 'too late'))
    expect(socket.destroyed).toBe(false)
  })

  it('leaves one listener for errors, which throws nothing', async () => {
    const { socket, dialled } = dialling()
    Object.assign(socket, { write: () => true, end: () => {}, pause: () => {}, resume: () => {} })
    socket.emit('connect')
    await dialled
    expect(() => socket.emit('error', new Error('later'))).not.toThrow()
  })
})

describe('memory of a socket that was made here', () => {
  it('goes back where it is a socket of the system', async () => {
    const server = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const dialled = await nodeSockets.dial({ host: '127.0.0.1', port }, new DialAttempt())
    expect(dialled).not.toBeInstanceOf(net.Socket)
    expect(Reflect.get(dialled, 'release')).toBeTypeOf('function')
    Reflect.apply(Reflect.get(dialled, 'abort') as () => void, dialled, [])
    server.close()
  })

  it('stays where something else stands in the place of the system', async () => {
    const socket = Object.assign(new FakeSocket(), { write: () => true, end: () => {} })
    netOf({ connect: () => socket })
    const dialled = nodeSockets.dial({ host: '192.0.2.1', port: 443 }, new DialAttempt())
    socket.emit('connect')
    expect(await dialled).toBe(socket)
  })
})

describe('listening', () => {
  class FakeServer extends EventEmitter {
    closed = false
    listened: object | undefined
    address: () => unknown = () => ({ address: '::1', port: 8443 })
    listen(options: object, then: () => void): void {
      this.listened = options
      this.ready = then
    }
    ready: () => void = () => {}
    close(): void {
      this.closed = true
    }
  }
  const listening = (host = '127.0.0.1') => {
    const server = new FakeServer()
    let onSocket: (socket: object) => void = () => {}
    netOf({ createServer: (_: object, then: (socket: object) => void) => ((onSocket = then), server) })
    const told: unknown[] = []
    const listened = nodeSockets.listen(
      { host, port: 0 },
      { onSocket: (_, peer) => void told.push(peer), onError: (error) => void told.push(error) },
    )
    return { server, told, listened, connect: (socket: object) => onSocket(socket) }
  }

  it('fails with the reason', async () => {
    const { server, listened } = listening()
    server.emit('error', Object.assign(new Error('x'), { code: 'EADDRINUSE' }))
    await expect(listened).rejects.toMatchObject({
      code: 'transport_failed',
      message: 'could not listen on 127.0.0.1:0: EADDRINUSE',
    })
  })

  it('tells of an error that comes later, and goes on', async () => {
    const { server, told, listened } = listening()
    server.ready()
    const listener = await listened
    expect(listener.address).toEqual({ host: '::1', port: 8443 })
    server.emit('error', Object.assign(new Error('x'), { code: 'EMFILE' }))
    expect(told).toMatchObject([{ code: 'transport_failed', message: 'could not listen on 127.0.0.1:0: EMFILE' }])
    expect(server.closed).toBe(false)
    listener.close()
    expect(server.closed).toBe(true)
  })

  it('on no host is listening on all', async () => {
    expect(listening('').server.listened).toEqual({ host: undefined, port: 0 })
    expect(listening('localhost').server.listened).toEqual({ host: 'localhost', port: 0 })
  })

  it.each([null, 'a pipe'])('has no address where the server has none (%s)', async (address) => {
    const { server, listened } = listening()
    server.address = () => address
    server.ready()
    expect((await listened).address).toEqual({ host: '', port: 0 })
  })

  it('knows who connects, as far as the socket does', () => {
    const { told, connect } = listening()
    const socket = (more: object) => Object.assign(new FakeSocket(), { write: () => true, end: () => {} }, more)
    connect(socket({ remoteAddress: '192.0.2.7', remotePort: 1234 }))
    connect(socket({}))
    expect(told).toEqual([
      { host: '192.0.2.7', port: 1234 },
      { host: '', port: 0 },
    ])
  })
})
