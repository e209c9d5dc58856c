// renegotiate(), disableRenegotiation() and the limits of servers, at both ends and with node:tls at the other (RFC
// 5746).

import { constants } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as nodeTls from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'

import ours from '../../src/node/index.ts'
import { keys } from './differential/stage.ts'

type Tls = Pick<typeof nodeTls, 'connect' | 'createServer'>
const puretls = ours as unknown as Tls
const { cert, key, ca } = keys
const tls12 = { maxVersion: 'TLSv1.2' } as const

const ends: { destroy?(): unknown; close?(): unknown }[] = []
afterEach(() => {
  for (const end of ends.splice(0)) {
    if (end.destroy) end.destroy()
    else end.close?.()
  }
  Object.assign(ours, { CLIENT_RENEG_LIMIT: 3, CLIENT_RENEG_WINDOW: 600 })
})

const meet = async (
  client: Tls,
  server: Tls,
  options: { readonly client?: nodeTls.ConnectionOptions; readonly server?: nodeTls.TlsOptions } = {},
): Promise<readonly [nodeTls.TLSSocket, nodeTls.TLSSocket]> => {
  const listening = server.createServer({ cert, key, ...tls12, ...options.server })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  const accepted = once(listening, 'secureConnection') as Promise<[nodeTls.TLSSocket]>
  const dialed = client.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options.client })
  const [[far]] = await Promise.all([accepted, once(dialed, 'secureConnect')])
  ends.push(dialed, far, listening)
  return [dialed, far]
}

type Asked = Parameters<nodeTls.TLSSocket['renegotiate']>[0]
/** Resolves with what the callback got. */
const renegotiate = (socket: nodeTls.TLSSocket, options: Asked = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject)
    expect(socket.renegotiate(options, resolve)).toBe(true)
  })

/** What one end writes comes out at the other. */
const talk = async (from: nodeTls.TLSSocket, to: nodeTls.TLSSocket): Promise<void> => {
  const heard = once(to, 'data')
  from.write('hello')
  expect(String((await heard)[0])).toBe('hello')
}

/** What a socket tells, until it is closed. */
const endOf = (socket: nodeTls.TLSSocket): Promise<readonly unknown[]> => {
  const told: unknown[] = []
  socket.on('error', (error: NodeJS.ErrnoException) => told.push(error.code))
  return new Promise((resolve) => socket.resume().once('close', () => resolve(told)))
}

describe.each([
  ['puretls/node', 'puretls/node', puretls, puretls],
  ['puretls/node', 'node:tls', puretls, nodeTls],
  ['node:tls', 'puretls/node', nodeTls, puretls],
])('a client of %s and a server of %s', (_client, _server, client, server) => {
  it('renegotiate when the client asks', async () => {
    const [near, far] = await meet(client, server)
    let [secure, secureConnect] = [0, 0]
    far.on('secure', () => secure++)
    near.on('secureConnect', () => secureConnect++)
    for (let i = 0; i < 3; i++) {
      const before = near.getFinished()
      const theirs = once(far, 'secure')
      expect(await renegotiate(near)).toBeNull()
      await theirs
      expect(near.getFinished()).not.toEqual(before)
      expect(near.getFinished()).toEqual(far.getPeerFinished())
      await talk(near, far)
      await talk(far, near)
    }
    expect([secure, secureConnect]).toEqual([3, 3])
  })

  it('renegotiate when the server asks', async () => {
    const [near, far] = await meet(client, server)
    const theirs = once(near, 'secure')
    expect(await renegotiate(far)).toBeNull()
    await theirs
    await talk(near, far)
    await talk(far, near)
  })

  it('the server learns then who the client is', async () => {
    const [near, far] = await meet(client, server, {
      client: { ...keys.client, secureOptions: constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION },
      server: { ca },
    })
    expect([far.authorized, Object.keys(far.getPeerCertificate())]).toEqual([false, []])
    expect(await renegotiate(far, { requestCert: true, rejectUnauthorized: true })).toBeNull()
    expect([far.authorized, far.getPeerCertificate().subject.CN]).toEqual([true, 'me'])
    await talk(near, far)
  })

  it('a stranger stays one, and is told apart', async () => {
    const secureOptions = constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION
    const [, far] = await meet(client, server, { client: { ...keys.strangersClient, secureOptions }, server: { ca } })
    expect(await renegotiate(far, { requestCert: true, rejectUnauthorized: false })).toBeNull()
    expect([far.authorized, far.authorizationError]).toEqual([false, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
  })

  it('an end that does not renegotiate ends it (SSL_OP_NO_RENEGOTIATION)', async () => {
    const off = { secureOptions: constants.SSL_OP_NO_RENEGOTIATION }
    const [asks, refuses] = await meet(client, server, { server: off })
    refuses.on('error', () => undefined)
    await expect(renegotiate(asks)).rejects.toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' })
    const [near] = await meet(client, server, { client: off })
    const error = await new Promise((resolve) => expect(near.renegotiate({}, resolve)).toBe(false))
    expect(error).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' })
  })
})

describe.each([
  ['puretls/node', puretls],
  ['node:tls', nodeTls],
])('a server of puretls/node, and a client of %s', (_, client) => {
  it.each([0, 1, 3])('CLIENT_RENEG_LIMIT %i: one more is an attack, and ends the connection', async (limit) => {
    Object.assign(ours, { CLIENT_RENEG_LIMIT: limit })
    const [near, far] = await meet(client, puretls)
    const told = [endOf(far), endOf(near)]
    let done = 0
    const again = (): void => void near.renegotiate({}, () => (done++, again()))
    again()
    expect(await Promise.all(told)).toEqual([['ERR_TLS_SESSION_ATTACK'], []])
    expect(done).toBe(limit)
  })

  it('CLIENT_RENEG_WINDOW: seconds after which the count begins again', async () => {
    Object.assign(ours, { CLIENT_RENEG_LIMIT: 1, CLIENT_RENEG_WINDOW: 0 })
    const [near] = await meet(client, puretls)
    for (let i = 0; i < 5; i++) expect(await renegotiate(near)).toBeNull()
  })

  it('CLIENT_RENEG_WINDOW: within it they add up, and after it the count begins at one', async () => {
    Object.assign(ours, { CLIENT_RENEG_LIMIT: 2, CLIENT_RENEG_WINDOW: 10 })
    const [near, far] = await meet(client, puretls)
    const { now } = performance
    const start = Math.ceil(performance.now()) // whole numbers: differences are exact
    let passed = 0
    performance.now = () => start + passed
    const told = endOf(far)
    try {
      for (let i = 0; i < 6; i++) {
        // The second of each two comes within the window of the first.
        passed += i % 2 === 0 ? 10_000 : 1000
        expect(await Promise.race([renegotiate(near), told])).toBeNull()
      }
      near.on('error', () => undefined).renegotiate({}, () => undefined)
      expect(await told).toEqual(['ERR_TLS_SESSION_ATTACK'])
    } finally {
      performance.now = now
    }
  })

  it('what the server asks for does not count', async () => {
    Object.assign(ours, { CLIENT_RENEG_LIMIT: 0 })
    const [, far] = await meet(client, puretls)
    for (let i = 0; i < 3; i++) expect(await renegotiate(far)).toBeNull()
  })

  it('disableRenegotiation(): the next one ends the connection', async () => {
    const [near, far] = await meet(client, puretls)
    expect(await renegotiate(near)).toBeNull()
    far.disableRenegotiation()
    const told = [endOf(far), endOf(near)]
    expect(near.renegotiate({}, () => expect.unreachable())).toBe(true)
    expect(await Promise.all(told)).toEqual([['ERR_TLS_RENEGOTIATION_DISABLED'], []])
  })

  it('disableRenegotiation() on data that came in one piece with the request', async () => {
    const [near, far] = await meet(client, puretls)
    const told = [endOf(far), endOf(near)]
    far.on('data', () => far.disableRenegotiation())
    near.cork()
    near.write('enough', () => near.renegotiate({}, () => expect.unreachable()))
    near.uncork()
    expect(await Promise.all(told)).toEqual([['ERR_TLS_RENEGOTIATION_DISABLED'], []])
  })

  it("disableRenegotiation(): the server's own as well", async () => {
    const [near, far] = await meet(client, puretls)
    far.disableRenegotiation()
    const told = [endOf(far), endOf(near)]
    expect(far.renegotiate({}, () => expect.unreachable())).toBe(true)
    expect(await Promise.all(told)).toEqual([['ERR_TLS_RENEGOTIATION_DISABLED'], []])
  })

  it('a client that was asked and shows nothing, where a certificate is required', async () => {
    const secureOptions = constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION
    const [near, far] = await meet(client, puretls, { client: { secureOptions }, server: { ca } })
    near.on('error', () => undefined)
    await expect(renegotiate(far, { requestCert: true, rejectUnauthorized: true })).rejects.toMatchObject({
      code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
    })
  })
})

describe('between ends of puretls/node', () => {
  it('data that is written while it runs arrives, in order', async () => {
    const [near, far] = await meet(puretls, puretls)
    const heard = { near: '', far: '' }
    near.on('data', (data) => (heard.near += String(data)))
    far.on('data', (data) => (heard.far += String(data)))
    const closed = once(near, 'close')
    near.write('1')
    far.write('a')
    near.renegotiate({}, () => near.end('3'))
    near.write('2')
    far.write('b')
    await once(near, 'secure')
    far.end('c')
    await closed
    expect(heard).toEqual({ near: 'abc', far: '123' })
  })

  it('TLS 1.3 has none, and arguments are checked', async () => {
    const [near] = await meet(puretls, puretls, {
      client: { maxVersion: 'TLSv1.3' },
      server: { maxVersion: 'TLSv1.3' },
    })
    const error = await new Promise((resolve) => expect(near.renegotiate({}, resolve)).toBe(false))
    expect(error).toMatchObject({
      code: 'ERR_SSL_WRONG_SSL_VERSION',
      message: 'error:0A00010A:SSL routines::wrong ssl version',
    })
    for (const args of [[], ['x'], [{}, null], [{}, 'x']])
      expect(() => Reflect.apply(near.renegotiate, near, args)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      )
    near.destroy()
    expect(near.renegotiate({}, () => expect.unreachable())).toBeUndefined()
  })
})
