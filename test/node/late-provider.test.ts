// TLSSocket and Server over a provider whose every call answers on a later turn of the event loop, as that of a runtime
// which signs or verifies elsewhere does: nothing is lost, told twice or out of order for it.

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type * as NodeProvider from '../../src/crypto/node.ts'
import { connect, createSecureContext, createServer, TLSSocket } from '../../src/node/index.ts'
import type { ConnectionOptions, TlsOptions } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { closeAll, closing, listening } from './closing.ts'

vi.mock('../../src/crypto/node.ts', async (original) => {
  const { delayedProvider } = await import('../fixtures/delayed-provider.ts')
  const module: typeof NodeProvider = await original()
  const { nodeProvider } = module
  const late: typeof nodeProvider = {
    ...delayedProvider(nodeProvider),
    // A secure context loads its keys at once; what they sign comes later.
    signer: (key) => {
      const signer = nodeProvider.signer(key)
      if (signer instanceof Promise) throw new Error('not at once')
      return { ...signer, sign: async (algorithm, message) => signer.sign(algorithm, message) }
    },
  }
  return { ...module, nodeProvider: late }
})

const authority = await createCa({ name: 'Late CA' })
const leaf = await authority.issue({ names: ['localhost'] })
const me = await authority.issue({ name: 'me', client: true })
const stranger = await createCa({ name: 'Stranger' })
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
const ca = authority.certificatePem
const ders = (pem: string): readonly Uint8Array[] => decodePem(pem).map(({ bytes }) => bytes)

afterEach(closeAll)

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))
const serve = async (options: TlsOptions, onSocket: (socket: TLSSocket) => void): Promise<number> =>
  listening(createServer({ ...identity, ...options }, (socket) => onSocket(socket.on('error', () => undefined))))
const dial = (port: number, options: ConnectionOptions = {}): TLSSocket => {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options })
  closing.push(() => socket.destroy())
  return socket
}

it('a verdict on a chain comes later, and is the same', async () => {
  const verdict = async (pem: string, chain: string): Promise<unknown> => {
    const found = createSecureContext({ ca: pem }).context.judge.judge(ders(chain), 'server', Date.now())
    expect(found).toBeInstanceOf(Promise)
    const { error, chain: proved } = await found
    return error?.code ?? proved.length
  }
  expect(await verdict(ca, leaf.chainPem)).toBe(2)
  const other = await createCa({ name: 'Late CA' })
  expect(await verdict(other.certificatePem, leaf.chainPem)).toBe('CERT_SIGNATURE_FAILURE')
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  const only = { minVersion: version, maxVersion: version }

  it('what is written before, in and after the handshake arrives in order, and then the end', async () => {
    const port = await serve(only, (socket) => void socket.pipe(socket))
    const client = dial(port)
    const done: number[] = []
    const write = (index: number): void => void client.write(`${index};`, () => done.push(index))
    write(0)
    client.once('connect', () => write(1))
    client.once('secureConnect', () => {
      for (let index = 2; index < 20; index++) write(index)
      client.end('end')
    })
    let heard = ''
    client.on('data', (data: Buffer) => (heard += String(data)))
    await once(client, 'end')
    expect(heard).toBe(`${Array.from({ length: 20 }, (_, index) => `${index};`).join('')}end`)
    expect(done).toEqual(Array.from({ length: 20 }, (_, index) => index))
    await closed(client)
    expect([client.bytesWritten, client.bytesRead]).toEqual([heard.length, heard.length])
  })

  it('a large write is cut to fragments, and is done once', async () => {
    const lengths: number[] = []
    const port = await serve(only, (socket) => {
      socket.on('data', (data: Buffer) => lengths.push(data.length)).on('end', () => socket.end())
    })
    const client = dial(port)
    await once(client, 'secureConnect')
    client.setMaxSendFragment(1000)
    const callback = vi.fn()
    client.write(Buffer.alloc(5500), callback)
    client.end()
    await closed(client.resume())
    expect([Math.max(...lengths), lengths.reduce((sum, length) => sum + length, 0)]).toEqual([1000, 5500])
    expect(callback).toHaveBeenCalledOnce()
  })

  it('certificates of both ends are judged before anybody is told, on resumed connections as well', async () => {
    const seen: unknown[] = []
    const port = await serve({ ...only, requestCert: true, rejectUnauthorized: false, ca }, (socket) => {
      seen.push([socket.isSessionReused(), socket.authorized, socket.authorizationError])
      socket.end('hello')
    })
    const visit = async (options: ConnectionOptions): Promise<Buffer | undefined> => {
      const client = dial(port, options)
      let session: Buffer | undefined
      client.on('session', (given: Buffer) => (session = given))
      client.once('secureConnect', () => seen.push([client.isSessionReused(), client.authorized]))
      const [data] = (await once(client, 'data')) as [Buffer]
      expect(String(data)).toBe('hello')
      await closed(client)
      return session
    }
    const own = { cert: me.chainPem, key: me.privateKeyPem }
    const session = await visit(own)
    await visit({ ...own, session })
    const first = [
      [false, true, null],
      [false, true],
    ]
    const again = [
      [true, true, null],
      [true, true],
    ]
    expect(new Set(seen.splice(0, 2))).toEqual(new Set(first))
    expect(new Set(seen)).toEqual(new Set(again))
  })

  it('a session is judged by what is trusted now', async () => {
    const port = await serve(only, (socket) => void socket.end('hello'))
    const client = dial(port)
    const [session] = (await once(client.resume(), 'session')) as [Buffer]
    const other = dial(port, { ca: stranger.certificatePem, session, rejectUnauthorized: false })
    await once(other, 'secureConnect')
    expect(other.authorized).toBe(false)
    const refused = dial(port, { ca: stranger.certificatePem, session })
    const [error] = (await once(refused, 'error')) as [Error]
    expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  })

  it('a server that is not trusted is refused, and what is destroyed meanwhile tells nothing more', async () => {
    const port = await serve(only, (socket) => void socket.resume())
    const client = dial(port, { ca: stranger.certificatePem })
    const [error] = (await once(client, 'error')) as [Error]
    expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    const heard = vi.fn()
    const gone = dial(port)
    for (const event of ['secure', 'secureConnect', 'session', 'error']) gone.on(event, heard)
    await once(gone, 'connect')
    setImmediate(() => gone.destroy())
    const written = vi.fn()
    gone.write('never', written)
    await closed(gone)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(heard).not.toHaveBeenCalled()
    expect(written.mock.calls).toEqual([[expect.any(Error)]])
  })

  it('data and an end that come with the last flight are kept until it was looked at', async () => {
    const [near, far] = duplexPair()
    const server = new TLSSocket(far, { isServer: true, ...identity, ...only })
    server.end('at once')
    const client = connect({ socket: near, ca, servername: 'localhost' })
    let heard = ''
    client.on('data', (data: Buffer) => (heard += String(data)))
    await once(client, 'end')
    expect(heard).toBe('at once')
  })
})

it('a renegotiation waits for its turn, and data goes on after it', async () => {
  const port = await serve({ maxVersion: 'TLSv1.2' }, (socket) => void socket.pipe(socket))
  const client = dial(port)
  await once(client, 'secureConnect')
  const before = client.getFinished()
  await new Promise<void>((resolve, reject) => client.renegotiate({}, (error) => (error ? reject(error) : resolve())))
  expect(client.getFinished()).not.toEqual(before)
  client.write('after')
  const [data] = (await once(client, 'data')) as [Buffer]
  expect(String(data)).toBe('after')
})
