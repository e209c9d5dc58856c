// A secure context keeps the config of its last connection. What a program changes in it, or asks for in the next
// connection, counts all the same. The peers are node:tls.

import { constants } from 'node:crypto'
import { once } from 'node:events'
import * as nodeTls from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'

import type { Context } from '../../src/node/context.ts'
import { connect, createSecureContext, createServer } from '../../src/node/index.ts'
import type { TLSSocket } from '../../src/node/index.ts'
import { closeAll, closing, listening } from './closing.ts'
import { keys } from './differential/stage.ts'

const made = vi.hoisted(() => ({ client: 0, server: 0 }))
vi.mock(import('../../src/config.ts'), async (original) => {
  const config = await original()
  return {
    ...config,
    clientConfig: (...given) => {
      made.client++
      return config.clientConfig(...given)
    },
    serverConfig: (...given) => {
      made.server++
      return config.serverConfig(...given)
    },
  }
})

const { ca, cert, key } = keys
afterEach(async () => {
  await closeAll()
  Object.assign(made, { client: 0, server: 0 })
})

type Facts = Readonly<Record<string, unknown>>

const factsOf = (socket: TLSSocket | nodeTls.TLSSocket): Facts => ({
  protocol: socket.getProtocol(),
  cipher: socket.getCipher().name,
  group: (socket.getEphemeralKeyInfo() as { readonly name?: string }).name,
  alpn: socket.alpnProtocol,
  authorized: socket.authorized,
  reused: socket.isSessionReused(),
})

describe('a client', () => {
  const meet = async (options: object = {}): Promise<{ dial: (more?: object) => Promise<Facts>; context: Context }> => {
    const peers: nodeTls.TLSSocket[] = []
    const server = nodeTls.createServer(
      { cert, key, ALPNProtocols: ['two', 'one'], ca, requestCert: true, rejectUnauthorized: false },
      (socket) => peers.push(socket.on('error', () => undefined)),
    )
    const port = await listening(server)
    const secureContext = createSecureContext({ ca, ...options })
    const dial = async (more: object = {}): Promise<Facts> => {
      const arrived = once(server, 'secureConnection')
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext, ...more })
      closing.push(() => socket.destroy())
      await Promise.all([once(socket, 'secureConnect'), arrived])
      const peer = peers.at(-1)
      return { ...factsOf(socket), shown: peer?.getPeerCertificate().subject?.CN, sni: peer?.servername }
    }
    return { dial, context: (secureContext as unknown as { context: Context }).context }
  }

  it('has its config made once, for whatever names', async () => {
    const { dial } = await meet()
    expect(await dial()).toEqual(await dial())
    expect(await dial({ servername: 'other.test', checkServerIdentity: () => undefined })).toMatchObject({
      sni: 'other.test',
    })
    expect(await dial({ servername: '', checkServerIdentity: () => undefined })).toMatchObject({ sni: false })
    expect(made.client).toBe(1)
  })

  it.each<readonly [string, (context: Context) => void, Facts]>([
    ['versions', (context) => context.setMaxProto(0x0303), { protocol: 'TLSv1.2' }],
    ['suites', (context) => context.chooseCiphers('TLS_CHACHA20_POLY1305_SHA256', 'x'), { cipher: /CHACHA20/ }],
    ['groups', (context) => context.setECDHCurve('P-384'), { group: 'secp384r1' }],
    [
      'key and certificate',
      (context) => {
        context.setCert(keys.client.cert)
        context.setKey(keys.client.key)
      },
      { shown: 'me' },
    ],
    ['authorities', (context) => context.addCACert(keys.strangersCa), { authorized: true }],
  ])('whose %s change has the new ones in the next connection', async (_, change, after) => {
    const { dial, context } = await meet()
    const before = await dial()
    change(context)
    const now = await dial()
    for (const [name, value] of Object.entries(after)) {
      if (value instanceof RegExp) expect(now[name]).toMatch(value)
      else expect(now[name]).toBe(value)
      if (name !== 'authorized') expect(now[name]).not.toEqual(before[name])
    }
  })

  it('that no longer trusts the server says so', async () => {
    const { dial } = await meet()
    expect(await dial()).toMatchObject({ authorized: true })
    const stranger = createSecureContext({ ca: keys.strangersCa })
    expect(await dial({ secureContext: stranger, rejectUnauthorized: false })).toMatchObject({ authorized: false })
    expect(await dial()).toMatchObject({ authorized: true })
  })

  it('asks for the protocols of each connection', async () => {
    const { dial } = await meet()
    expect(await dial({ ALPNProtocols: ['one'] })).toMatchObject({ alpn: 'one' })
    expect(await dial()).toMatchObject({ alpn: false })
    expect(await dial({ ALPNProtocols: ['one', 'two'] })).toMatchObject({ alpn: 'two' })
  })

  it('with options of the library itself has them in that connection alone', async () => {
    const { dial } = await meet()
    expect(await dial({ puretls: { groups: ['P-256'] } })).toMatchObject({ group: 'prime256v1' })
    expect(await dial()).not.toMatchObject({ group: 'prime256v1' })
  })
})

describe('a server', () => {
  const meet = async (
    options: object = {},
  ): Promise<{ dial: (more?: nodeTls.ConnectionOptions) => Promise<Facts>; context: Context }> => {
    const server = createServer({ cert, key, ALPNProtocols: ['one'], ...options }, (socket) => {
      socket.on('error', () => undefined).write('x')
    })
    const port = await listening(server)
    let session: Buffer | undefined
    const dial = async (more: nodeTls.ConnectionOptions = {}): Promise<Facts> => {
      const socket = nodeTls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, session, ...more })
      closing.push(() => socket.destroy())
      session = undefined
      socket.on('session', (given: Buffer) => (session = given))
      await Promise.all([once(socket, 'secureConnect'), once(socket, 'data')])
      return factsOf(socket)
    }
    return { dial, context: (server as unknown as { _sharedCreds: { context: Context } })._sharedCreds.context }
  }

  it('has its config made once, and goes on with sessions', async () => {
    const { dial } = await meet()
    expect(await dial()).toMatchObject({ reused: false, alpn: false })
    expect(await dial()).toMatchObject({ reused: true })
    expect(await dial({ ALPNProtocols: ['one'] })).toMatchObject({ alpn: 'one' })
    expect(made.server).toBe(1)
  })

  it.each<readonly [string, (context: Context) => void, Facts]>([
    ['versions', (context) => context.setMaxProto(0x0303), { protocol: 'TLSv1.2' }],
    ['suites', (context) => context.chooseCiphers('TLS_CHACHA20_POLY1305_SHA256', 'x'), { cipher: /CHACHA20/ }],
    ['groups', (context) => context.setECDHCurve('P-384'), { group: 'secp384r1' }],
    ['flags', (context) => context.setOptions(constants.SSL_OP_NO_TICKET), { reused: false }],
    ['ticket keys', (context) => context.setTicketKeys(new Uint8Array(48)), { reused: false }],
  ])('whose %s change has the new ones in the next connection', async (_, change, after) => {
    const { dial, context } = await meet()
    await dial() // whose session would be resumed, as above
    change(context)
    const now = await dial()
    for (const [name, value] of Object.entries(after)) {
      if (value instanceof RegExp) expect(now[name]).toMatch(value)
      else expect(now[name]).toBe(value)
    }
  })

  it('that asks for certificates, or chooses by name, makes a config each time', async () => {
    const { dial } = await meet({ requestCert: true, ca, rejectUnauthorized: false })
    await dial(keys.client)
    await dial()
    expect(made.server).toBe(2)
  })
})
