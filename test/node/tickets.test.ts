// Session tickets in OpenSSL's form: node:tls, nginx and puretls/node with the same keys go on with each other's
// sessions.

import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import * as nodeTls from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

import ours from '../../src/node/index.ts'
import { fromOpenSsl, toOpenSsl } from '../../src/node/openssl-sessions.ts'
import type { SessionRules } from '../../src/node/openssl-sessions.ts'
import { decodeSslSession, encodeSslSession } from '../../src/node/ssl-session.ts'
import { decodeSession, encodeSession } from '../../src/session/state.ts'
import { blankSession } from '../session/blank.ts'
import { Child, freePort, present } from '../interop/process.ts'
import { keys } from './differential/stage.ts'

const { ca, cert, key } = keys
const versions = ['TLSv1.2', 'TLSv1.3'] as const
type Module = Pick<typeof nodeTls, 'connect' | 'createServer'>
const modules: Readonly<Record<string, Module>> = { 'node:tls': nodeTls, 'puretls/node': ours as unknown as Module }
const moduleOf = (name: string): Module => modules[name] ?? nodeTls

const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const end of opened.splice(0)) await end()
})

const listen = async (name: string, options: object): Promise<Server> => {
  const server = moduleOf(name).createServer({ cert, key, sessionIdContext: 'fleet', ...options }, (socket) => {
    socket.on('error', () => undefined).resume()
    socket.write('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(() => server.close())
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

interface Visit {
  readonly reused: boolean
  readonly authorized: boolean
  readonly session: Buffer | undefined
}

/** One connection of a client of node:tls, long enough for a session to come. */
const visit = async (port: number, options: nodeTls.ConnectionOptions): Promise<Visit> => {
  const socket = nodeTls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options })
  let session: Buffer | undefined
  const told = new Promise<void>((resolve) => socket.once('session', () => resolve()))
  const greeted = once(socket, 'data')
  socket.on('session', (given: Buffer) => (session = given))
  await once(socket, 'secureConnect')
  const { authorized } = socket
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const reused = socket.isSessionReused()
  if (socket.getProtocol() === 'TLSv1.2') session = socket.getSession()
  else if (!reused) await told
  await greeted
  socket.on('error', () => undefined).destroy()
  return { reused, authorized, session }
}

const pairs = Object.keys(modules).flatMap((from) => Object.keys(modules).map((to) => [from, to] as const))
const cases = versions.flatMap((version) => pairs.map(([from, to]) => [version, from, to] as const))

describe('a fleet with the same ticket keys', () => {
  it.each(cases)('%s: a session of %s goes on at %s', async (version, from, to) => {
    const ticketKeys = randomBytes(48)
    const [first, second] = await Promise.all([from, to].map((name) => listen(name, { ticketKeys })))
    if (!first || !second) throw new Error('no server')
    const only = { minVersion: version, maxVersion: version }
    const { session } = await visit(portOf(first), only)
    expect(await visit(portOf(second), { ...only, session })).toMatchObject({ reused: true, authorized: true })
  })

  it.each(cases)('%s: who the client is goes with it, from %s to %s', async (version, from, to) => {
    const options = { ticketKeys: randomBytes(48), requestCert: true, ca }
    const [first, second] = await Promise.all([from, to].map((name) => listen(name, options)))
    if (!first || !second) throw new Error('no server')
    const only = { minVersion: version, maxVersion: version, ...keys.client }
    const { session } = await visit(portOf(first), only)
    const accepted = once(second, 'secureConnection') as Promise<[nodeTls.TLSSocket]>
    expect((await visit(portOf(second), { ...only, session })).reused).toBe(true)
    const [socket] = await accepted
    expect(socket.authorized).toBe(true)
  })

  it.each(cases)('%s: another sessionIdContext is not continued, from %s to %s', async (version, from, to) => {
    const ticketKeys = randomBytes(48)
    const [first, second] = [
      await listen(from, { ticketKeys }),
      await listen(to, { ticketKeys, sessionIdContext: 'b' }),
    ]
    const only = { minVersion: version, maxVersion: version }
    const { session } = await visit(portOf(first), only)
    expect((await visit(portOf(second), { ...only, session })).reused).toBe(false)
  })

  it.each(versions)('%s: a session without a certificate is none where a certificate is asked for', async (version) => {
    const ticketKeys = randomBytes(48)
    const first = await listen('node:tls', { ticketKeys })
    const second = await listen('puretls/node', { ticketKeys, requestCert: true, rejectUnauthorized: false, ca })
    const only = { minVersion: version, maxVersion: version, ...keys.client }
    const { session } = await visit(portOf(first), only)
    const accepted = once(second, 'secureConnection') as Promise<[nodeTls.TLSSocket]>
    expect((await visit(portOf(second), { ...only, session })).reused).toBe(false)
    expect((await accepted)[0].authorized).toBe(true)
  })

  it.each(versions)('%s: a client that is not trusted here has to prove itself again', async (version) => {
    const ticketKeys = randomBytes(48)
    const theirs = { requestCert: true, ca: [ca, keys.strangersCa] }
    const first = await listen('node:tls', { ticketKeys, ...theirs })
    const second = await listen('puretls/node', { ticketKeys, ...theirs, ca, rejectUnauthorized: false })
    const only = { minVersion: version, maxVersion: version, ...keys.strangersClient }
    const { session } = await visit(portOf(first), only)
    const accepted = once(second, 'secureConnection') as Promise<[nodeTls.TLSSocket]>
    expect((await visit(portOf(second), { ...only, session })).reused).toBe(false)
    expect((await accepted)[0].authorized).toBe(false)
  })

  it('a client that was not authorized is not by a ticket of ours, at a server of node:tls', async () => {
    const options = { ticketKeys: randomBytes(48), requestCert: true, rejectUnauthorized: false, ca }
    const [first, second] = [await listen('puretls/node', options), await listen('node:tls', options)]
    const only = { maxVersion: 'TLSv1.2', ...keys.strangersClient } as const
    const { session } = await visit(portOf(first), only)
    const accepted = once(second, 'secureConnection') as Promise<[nodeTls.TLSSocket]>
    expect((await visit(portOf(second), { ...only, session })).reused).toBe(true)
    expect((await accepted)[0].authorized).toBe(false)
  })

  it.each(pairs)('sessions by ID in a store that %s fills and %s reads', async (from, to) => {
    const stored = new Map<string, Buffer>()
    const [first, second] = await Promise.all([from, to].map((name) => listen(name, { secureOptions: 1 << 14 })))
    if (!first || !second) throw new Error('no server')
    first.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      stored.set(id.toString('hex'), Buffer.from(session))
      done()
    })
    second.on('resumeSession', (id: Buffer, done: (error: null, session?: Buffer) => void) => {
      done(null, stored.get(id.toString('hex')))
    })
    const only = { maxVersion: 'TLSv1.2' } as const
    const { session } = await visit(portOf(first), only)
    expect(stored.size).toBe(1)
    expect((await visit(portOf(second), { ...only, session })).reused).toBe(true)
  })
})

const hasNginx = await present('nginx', '-v')

describe.runIf(hasNginx)('with nginx', () => {
  const sha1 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha1').update(Buffer.concat(parts)).digest()

  /** nginx's session ID context: of its kind of server and its certificates. */
  const nginxContext = (): Buffer => sha1(Buffer.from('HTTP'), sha1(new X509Certificate(cert).raw))

  /** nginx has the key of AES before that of the HMAC in its files of 48 bytes. */
  const nginxKeys = (all: Buffer): Buffer =>
    all.length === 80 ? all : Buffer.concat([all.subarray(0, 16), all.subarray(32), all.subarray(16, 32)])

  const startNginx = async (ticketKeys: Buffer): Promise<number> => {
    const folder = mkdtempSync(join(tmpdir(), 'puretls-nginx-'))
    const port = await freePort()
    const file = (name: string, content: string | Buffer): string => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
      .join(' ')
    const config = file(
      'nginx.conf',
      `
      daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
      events {}
      http {
        access_log off; ${temporary}
        server {
          listen 127.0.0.1:${port} ssl; server_name localhost;
          ssl_protocols TLSv1.2 TLSv1.3;
          ssl_certificate ${file('cert.pem', cert)}; ssl_certificate_key ${file('key.pem', key)};
          ssl_session_ticket_key ${file('ticket.key', nginxKeys(ticketKeys))};
          location / { return 200 "hello"; }
        }
      }`,
    )
    const child = new Child('nginx', ['-e', `${folder}/error.log`, '-c', config])
    opened.push(async () => {
      await child.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    await listening(port, child)
    return port
  }

  const listening = async (port: number, child: Child): Promise<void> => {
    for (let tries = 0; ; tries++) {
      try {
        const socket = connectPlain(port, '127.0.0.1')
        await once(socket, 'connect')
        return void socket.destroy()
      } catch {
        if (tries > 200) throw new Error(`nginx does not listen: ${child.output}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  it.each(versions.flatMap((version) => [48, 80].map((size) => [version, size] as const)))(
    '%s: keys of %i bytes, from nginx to puretls/node and back',
    async (version, size) => {
      const ticketKeys = randomBytes(size)
      const port = await startNginx(ticketKeys)
      const server = await listen('puretls/node', { ticketKeys, sessionIdContext: ['fleet', nginxContext()] })
      const like = await listen('puretls/node', { ticketKeys, sessionIdContext: nginxContext() })
      const only = { minVersion: version, maxVersion: version }
      const fromNginx = await visit(port, only)
      expect((await visit(portOf(server), { ...only, session: fromNginx.session })).reused).toBe(true)
      const fromOurs = await visit(portOf(like), only)
      expect((await visit(port, { ...only, session: fromOurs.session })).reused).toBe(true)
    },
  )
})

describe('SSL_SESSION', () => {
  const context = new Uint8Array(Buffer.from('fleet'))
  const rules = (changes: Partial<SessionRules> = {}): SessionRules => ({
    contexts: [context],
    requestCert: false,
    choosesByName: false,
    judge: () => ({ error: undefined, chain: [] }),
    ...changes,
  })
  const request = { fingerprint: 'now', serverName: 'localhost' }
  const theirs = {
    version: 0x0303,
    cipherSuite: 0xc02f,
    sessionId: new Uint8Array(0),
    masterKey: new Uint8Array(48).fill(7),
    time: 1_700_000_000,
    timeout: 300,
    peer: undefined,
    sessionIdContext: context,
    verifyResult: 0,
    hostname: new Uint8Array(0),
    pskIdentity: new Uint8Array(0),
    flags: 1,
    ageAdd: 0xfedcba98,
    maxEarlyData: 0,
    alpn: new Uint8Array(Buffer.from('h2')),
    applicationData: new Uint8Array(0),
  }
  const read = (session: object, by = rules(), asked = request) => {
    const found = fromOpenSsl(encodeSslSession({ ...theirs, ...session }), by, asked)
    return found instanceof Uint8Array ? decodeSession(found) : found
  }

  it('is read as it was written', () => {
    expect(decodeSslSession(encodeSslSession(theirs))).toEqual(theirs)
  })

  it('of another maker gets the policy and the name of the connection that it is looked up for', () => {
    expect(read({})).toMatchObject({
      secret: theirs.masterKey,
      cipherSuite: 0xc02f,
      createdAt: 1_700_000_000_000,
      authenticatedAt: 1_700_000_000_000,
      lifetime: 300,
      ageAdd: 0xfedcba98,
      alpn: 'h2',
      serverName: 'localhost',
      fingerprint: 'now',
      extendedMasterSecret: true,
    })
  })

  it('of another maker is not continued under a name that it may not be for, nor for an external key', () => {
    expect(read({}, rules({ choosesByName: true }))).toBeUndefined()
    expect(read({}, rules({ choosesByName: true }), { ...request, serverName: '' })).toMatchObject({ serverName: '' })
    expect(read({ hostname: Buffer.from('other') })).toMatchObject({ serverName: 'other' })
    expect(read({ pskIdentity: Buffer.from('me') })).toBeUndefined()
  })

  it('says what was found wrong with the client', () => {
    const peer = new Uint8Array(new X509Certificate(cert).raw)
    const asks = rules({ requestCert: true })
    expect(read({ peer, verifyResult: 20 }, asks)).toBeUndefined()
    expect(read({ peer }, asks)).toMatchObject({ peerCertificates: [peer] })
    expect(read({}, asks)).toBeUndefined()
  })

  it('carries all of a session of ours, also where a server of OpenSSL renewed it', () => {
    const peer = new Uint8Array(new X509Certificate(cert).raw)
    const state = {
      ...blankSession,
      version: 0x0304,
      cipherSuite: 0x1301,
      secret: new Uint8Array(32).fill(1),
      createdAt: 1_700_000_000_123,
      authenticatedAt: 1_600_000_000_456,
      lifetime: 7200,
      serverName: 'localhost',
      fingerprint: 'then',
      peerCertificates: [peer, Uint8Array.of(1, 2)],
      verifiedChain: [peer, Uint8Array.of(3)],
      validUntil: 1_900_000_000_000,
    }
    const sealed = toOpenSsl(encodeSession(state), rules())
    if (sealed instanceof Promise) throw new Error('not at once')
    const opened = fromOpenSsl(sealed, rules(), request)
    expect(opened instanceof Uint8Array && decodeSession(opened)).toEqual(state)
    const renewed = { time: 1_700_000_100, masterKey: new Uint8Array(32).fill(2), ageAdd: 5 }
    const again = fromOpenSsl(encodeSslSession({ ...decodeSslSession(sealed), ...renewed }), rules(), request)
    expect(again instanceof Uint8Array && decodeSession(again)).toEqual({
      ...state,
      secret: renewed.masterKey,
      createdAt: 1_700_000_100_000,
      ageAdd: 5,
    })
  })

  it('is refused where it is something else', () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x30, 0), randomBytes(40)]) {
      expect(() => decodeSslSession(bytes)).toThrow(/SSL_SESSION/)
    }
  })
})
