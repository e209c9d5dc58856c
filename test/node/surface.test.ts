// Each option, event, method and property of node:tls, shown to have its effect. docs/node-tls.md names these tests.

import { constants, createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import * as net from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'

import tls, {
  connect,
  createSecureContext,
  createServer,
  getCiphers,
  SecureContext,
  Server,
  TLSSocket,
} from '../../src/node/index.ts'
import type { ConnectionOptions, TlsOptions } from '../../src/node/index.ts'
import { createCa, createPkcs12 } from '../../src/pki/index.ts'

const authority = await createCa({ name: 'Surface CA' })
const leaf = await authority.issue({ names: ['localhost', '127.0.0.1'] })
const other = await authority.issue({ names: ['other.test'] })
const me = await authority.issue({ name: 'me', client: true })
const ca = authority.certificatePem
const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Pair {
  readonly server: Server
  readonly client: TLSSocket
  readonly accepted: TLSSocket
}

const listen = async (options: TlsOptions): Promise<{ server: Server; port: number }> => {
  const server = createServer({ ...identity, ...options })
  server.on('secureConnection', (socket) => {
    closing.push(() => socket.destroy())
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

const dial = (options: ConnectionOptions): TLSSocket => {
  const client = connect({ host: '127.0.0.1', servername: 'localhost', ca, ...options })
  closing.push(() => client.destroy())
  return client
}

/** Both ends of a connection whose handshake is done. */
const meet = async (serverOptions: TlsOptions = {}, clientOptions: ConnectionOptions = {}): Promise<Pair> => {
  const { server, port } = await listen(serverOptions)
  const coming = once(server, 'secureConnection')
  const client = dial({ port, ...clientOptions })
  const [[accepted]] = await Promise.all([coming, once(client, 'secureConnect')])
  return { server, client, accepted: accepted as TLSSocket }
}

const failure = async (serverOptions: TlsOptions, clientOptions: ConnectionOptions): Promise<unknown> => {
  const { port } = await listen(serverOptions)
  const [error] = await once(dial({ port, ...clientOptions }), 'error')
  return error
}

const sessionOf = async (port: number, options: ConnectionOptions = {}): Promise<Buffer> => {
  const client = dial({ port, ...options })
  const [session] = (await once(client.resume(), 'session')) as [Buffer]
  client.end()
  return session
}

const isReused = async (port: number, session: Buffer, options: ConnectionOptions = {}): Promise<boolean> => {
  const client = dial({ port, session, ...options })
  await once(client, 'secureConnect')
  return client.isSessionReused()
}

/** Encrypted for 'secret'. Of 256 wrong passphrases one leaves padding that looks right, which is another error. */
const encryptedKey = (): string => {
  const form = { format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'secret' } as const
  for (;;) {
    const pem = String(createPrivateKey(identity.key).export(form))
    const isPaddingWrong = ['wrong', ''].every((passphrase) => {
      try {
        return createPrivateKey({ key: pem, passphrase }) === undefined
      } catch (error) {
        return /bad decrypt/.test(String(error))
      }
    })
    if (isPaddingWrong) return pem
  }
}

describe('options of a secure context', () => {
  it('option ca, cert and key: PEM and DER, text and bytes, one and several', async () => {
    const der = Buffer.from(/-----BEGIN CERTIFICATE-----([^-]*)/.exec(identity.cert)?.[1] ?? '', 'base64')
    const keyDer = createPrivateKey(identity.key).export({ format: 'der', type: 'pkcs8' })
    const { client } = await meet({ cert: [der], key: [keyDer] }, { ca: [Buffer.from(ca), other.chainPem] })
    expect(client.authorized).toBe(true)
  })
  it('option key and passphrase: an encrypted key, alone and in the object form', () => {
    const pem = encryptedKey()
    createSecureContext({ cert: identity.cert, key: pem, passphrase: 'secret' })
    createSecureContext({ cert: identity.cert, key: [{ pem, passphrase: 'secret' }], passphrase: 'wrong' })
    expect(() => createSecureContext({ cert: identity.cert, key: pem, passphrase: 'wrong' })).toThrow(/bad decrypt/)
    expect(() => createSecureContext({ cert: identity.cert, key: pem })).toThrow(/bad decrypt/)
  })
  it('option pfx: key, certificate and passphrase out of PKCS#12', async () => {
    const pfx = await createPkcs12({ ...identity, password: 'secret' } as never)
    const { client } = await meet({ cert: undefined, key: undefined, pfx, passphrase: 'secret' })
    expect(client.authorized).toBe(true)
    expect(() => createSecureContext({ pfx, passphrase: 'wrong' })).toThrow('mac verify failure')
  })
  it('option crl: a certificate that was revoked', async () => {
    const { crlPem } = await authority.createCrl({ revoked: [{ certificate: leaf.chainPem }] })
    expect(await failure({}, { crl: crlPem })).toMatchObject({ code: 'CERT_REVOKED' })
    const empty = await authority.createCrl()
    expect((await meet({}, { crl: [empty.crlPem] })).client.authorized).toBe(true)
  })
  it('option puretls.ca: judged by the verifier of the library, which checks stapled OCSP responses', async () => {
    const own = { ca: undefined, puretls: { ca } }
    expect((await meet({}, own)).client.getProtocol()).toBe('TLSv1.3')
    const strict = await authority.issue({ names: ['localhost'], mustStaple: true })
    const unstapled = { cert: strict.chainPem, key: strict.privateKeyPem }
    expect((await meet(unstapled)).client.authorized).toBe(true)
    expect(await failure(unstapled, own)).toMatchObject({ cause: { code: 'bad_certificate_status' } })
  })
  it('option puretls.clientAuth.ca: client certificates are judged by the verifier of the library', async () => {
    const server = { puretls: { clientAuth: { mode: 'require', ca } } } as const
    const { accepted } = await meet(server, { cert: me.chainPem, key: me.privateKeyPem })
    expect(accepted.getProtocol()).toBe('TLSv1.3')
    const { server: refusing, port } = await listen(server)
    const refused = once(refusing, 'tlsClientError')
    dial({ port, cert: leaf.chainPem, key: leaf.privateKeyPem }).on('error', () => undefined)
    expect((await refused)[0]).toMatchObject({ cause: { code: 'certificate_usage' } })
  })
  it('option ciphers: words and names of both versions', async () => {
    const { client } = await meet({ ciphers: 'ECDHE+AESGCM:!AES256' }, { maxVersion: 'TLSv1.2' })
    expect(client.getCipher()).toMatchObject({ name: 'ECDHE-ECDSA-AES128-GCM-SHA256', version: 'TLSv1.2' })
    const { client: newer } = await meet({}, { ciphers: 'TLS_AES_128_GCM_SHA256' })
    expect(newer.getCipher().name).toBe('TLS_AES_128_GCM_SHA256')
    expect(getCiphers()).toContain('tls_aes_128_gcm_sha256')
  })
  it('option honorCipherOrder: the order of the server, or of the client', async () => {
    const first = 'ECDHE-ECDSA-AES128-GCM-SHA256'
    const second = 'ECDHE-ECDSA-AES256-GCM-SHA384'
    const server = { ciphers: `${first}:${second}`, maxVersion: 'TLSv1.2' }
    const client = { ciphers: `${second}:${first}`, maxVersion: 'TLSv1.2' }
    expect((await meet(server, client)).client.getCipher().name).toBe(first)
    expect((await meet({ ...server, honorCipherOrder: false }, client)).client.getCipher().name).toBe(second)
  })
  it('option ecdhCurve: the group of the key agreement', async () => {
    const { client } = await meet({}, { ecdhCurve: 'P-384' })
    expect(client.getEphemeralKeyInfo()).toEqual({ type: 'ECDH', name: 'secp384r1', size: 384 })
  })
  it('option sigalgs: what is signed with', async () => {
    const { accepted } = await meet({}, { sigalgs: 'ECDSA+SHA256' })
    expect(accepted.getSharedSigalgs()).toEqual(['ECDSA+SHA256'])
  })
  it('option minVersion, maxVersion, secureProtocol and secureOptions: the version', async () => {
    expect((await meet({ maxVersion: 'TLSv1.2' })).client.getProtocol()).toBe('TLSv1.2')
    expect((await meet({}, { minVersion: 'TLSv1.3' })).client.getProtocol()).toBe('TLSv1.3')
    expect((await meet({ secureProtocol: 'TLSv1_2_method' })).client.getProtocol()).toBe('TLSv1.2')
    expect((await meet({ secureOptions: constants.SSL_OP_NO_TLSv1_3 })).client.getProtocol()).toBe('TLSv1.2')
  })
  it('option dhparam: checked, though there is no suite that would use it', () => {
    expect(() => createSecureContext({ dhparam: 1 as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
    createSecureContext({ dhparam: 'auto' })
  })
  it('option certificateCompression: certificates compressed in TLS 1.3', async () => {
    const { client } = await meet({ certificateCompression: ['zlib'] }, { certificateCompression: ['zlib'] })
    expect(client._handle?.engine?.info?.certificateCompression).toBe('zlib')
  })
  it('option ticketKeys, sessionIdContext and sessionTimeout: whose sessions go on', async () => {
    const ticketKeys = Buffer.alloc(48, 7)
    const [one, two] = [
      await listen({ ticketKeys, sessionIdContext: 'a' }),
      await listen({ ticketKeys, sessionIdContext: 'a' }),
    ]
    const apart = await listen({ ticketKeys, sessionIdContext: 'b' })
    const stranger = await listen({ sessionIdContext: 'a' })
    expect(await isReused(two.port, await sessionOf(one.port))).toBe(true)
    expect(await isReused(apart.port, await sessionOf(one.port))).toBe(false)
    expect(await isReused(stranger.port, await sessionOf(one.port))).toBe(false)
    expect(one.server.getTicketKeys()).toEqual(ticketKeys)
    two.server.setTicketKeys(Buffer.alloc(48, 8))
    expect(await isReused(two.port, await sessionOf(one.port))).toBe(false)
    expect(() => createSecureContext({ sessionTimeout: -1 })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    )
  })
  it('option privateKeyEngine, privateKeyIdentifier and clientCertEngine: refused', () => {
    expect(() => createSecureContext({ privateKeyEngine: 'x', privateKeyIdentifier: 'y' })).toThrow(
      'Custom engines not supported',
    )
    expect(() => createSecureContext({ clientCertEngine: 'x' })).toThrow('Custom engines not supported')
  })
  it('option secureContext: used as it is, whatever stands beside it', async () => {
    const secureContext = createSecureContext({ ca })
    expect((await meet({}, { secureContext, ca: undefined })).client.authorized).toBe(true)
    expect((await meet({}, { secureContext, ca: other.chainPem })).client.authorized).toBe(true)
  })
})

describe('options of connections and servers', () => {
  it('option requestCert and rejectUnauthorized: whose certificate is judged', async () => {
    const { accepted } = await meet(
      { ca, requestCert: true, rejectUnauthorized: false },
      { cert: me.chainPem, key: me.privateKeyPem },
    )
    expect(accepted).toMatchObject({ authorized: true, authorizationError: null })
    expect(accepted.getPeerCertificate().subject.CN).toBe('me')
  })
  it('option ALPNProtocols: names, or their wire format', async () => {
    const { client, accepted } = await meet(
      { ALPNProtocols: ['a', 'b'] },
      { ALPNProtocols: Buffer.from('\u0001b') as never },
    )
    expect([client.alpnProtocol, accepted.alpnProtocol]).toEqual(['b', 'b'])
  })
  it('option requestOCSP, events OCSPRequest and OCSPResponse: a response is stapled', async () => {
    const { server, port } = await listen({ ca })
    server.on('OCSPRequest', (certificate: Buffer, issuer: Buffer, done: (error: null, response: Buffer) => void) => {
      expect([certificate.length > 100, issuer.length > 100]).toEqual([true, true])
      done(null, Buffer.from('a response'))
    })
    const client = dial({ port, requestOCSP: true })
    const [response] = await once(client, 'OCSPResponse')
    expect(String(response)).toBe('a response')
  })
  it('option enableTrace and method enableTrace(): records on standard error', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await meet({}, { enableTrace: true })
    const written = (): string => write.mock.calls.join('')
    await vi.waitFor(() => expect(written()).toMatch(/Sent TLS Record\n[^]*ClientHello/), 30_000)
    const { client, accepted } = await meet({}, {})
    write.mockClear()
    client.enableTrace()
    accepted.write('late')
    await once(client, 'data')
    await vi.waitFor(() => expect(written()).toContain('Received TLS Record'), 30_000)
    write.mockRestore()
  })
  it('option pskCallback and pskIdentityHint: keys that both ends have', async () => {
    const psk = Buffer.alloc(32, 1)
    const { port } = await listen({
      cert: undefined,
      key: undefined,
      ciphers: 'PSK',
      pskIdentityHint: 'hint',
      pskCallback: (_socket, name) => (name === 'me' ? psk : null),
    })
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
      const client = dial({
        port,
        ciphers: 'PSK',
        maxVersion,
        pskCallback: () => ({ psk, identity: 'me' }),
        checkServerIdentity: () => undefined,
      })
      await once(client, 'secureConnect')
      expect(client.authorized).toBe(true)
    }
  })
  it('option host, port, lookup, timeout and minDHSize of connect()', async () => {
    const { port } = await listen({})
    const lookup = vi.fn((_name: string, _options: object, done: (error: null, list: object[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }]),
    )
    const client = dial({ port, host: 'localhost', lookup: lookup as never, timeout: 12_345, minDHSize: 2048 })
    await once(client, 'secureConnect')
    expect(lookup).toHaveBeenCalledOnce()
    expect(client.timeout).toBe(12_345)
  })
  it('option path: a Unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'puretls-'))
    const path = join(directory, 's')
    const server = createServer(identity, (socket) => socket.end('by a path')).listen(path)
    await once(server, 'listening')
    closing.push(
      () => server.close(),
      () => rmSync(directory, { recursive: true }),
    )
    const [data] = await once(connect({ path, ca, servername: 'localhost' }), 'data')
    expect(String(data)).toBe('by a path')
  })
  it('option socket and isServer: over a stream that is there', async () => {
    const [near, far] = duplexPair()
    const server = new TLSSocket(far, { isServer: true, ...identity })
    const client = connect({ socket: near, ca, host: 'localhost' })
    await once(client, 'secureConnect')
    expect(server.encrypted).toBe(true)
  })
  it('option server: whose events a socket of it emits', async () => {
    const { server, accepted } = await meet()
    expect(accepted.server).toBe(server)
  })
  it('option session, methods getSession() and setSession(): a session goes on', async () => {
    const { port } = await listen({})
    const session = await sessionOf(port)
    const client = dial({ port })
    client.setSession(session)
    await once(client, 'secureConnect')
    expect(client.isSessionReused()).toBe(true)
    expect(client.getSession()).toBeInstanceOf(Buffer)
    expect(client.getTLSTicket()).toBeInstanceOf(Buffer)
  })
  it('option checkServerIdentity and servername: asked about the certificate with its issuers', async () => {
    const check = vi.fn((_name: string, certificate: { issuerCertificate?: { subject: object } }) => {
      expect(certificate.issuerCertificate?.subject).toEqual({ CN: 'Surface CA' })
      return undefined
    })
    await meet({}, { servername: 'localhost', checkServerIdentity: check as never })
    expect(check).toHaveBeenCalledOnce()
  })
  it('options onread, highWaterMark, signal, allowHalfOpen, noDelay and keepAlive of the stream', async () => {
    const { server, port } = await listen({})
    server.on('secureConnection', (socket) => socket.write('into memory'))
    const signal = AbortSignal.timeout(60_000)
    const read = await new Promise<string>((resolve) => {
      const buffer = Buffer.alloc(64)
      const client = dial({
        port,
        signal,
        highWaterMark: 1024,
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: true,
        onread: { buffer, callback: (count) => resolve(buffer.toString('utf8', 0, count)) },
      })
      expect([client.readableHighWaterMark, client.allowHalfOpen]).toEqual([1024, true])
    })
    expect(read).toBe('into memory')
  })
})

describe('events, methods and properties', () => {
  it('events secure, secureConnect, session and keylog of a socket', async () => {
    const { port } = await listen({})
    const client = dial({ port })
    const seen: string[] = []
    for (const event of ['connect', 'ready', 'secure', 'secureConnect', 'session'])
      client.on(event, () => seen.push(event))
    const lines: string[] = []
    client.on('keylog', (line: Buffer) => lines.push(String(line)))
    await once(client.resume(), 'session')
    expect(seen.slice(0, 5)).toEqual(['connect', 'ready', 'secureConnect', 'secure', 'session'])
    expect(lines.some((line) => /^CLIENT_TRAFFIC_SECRET_0 .*\n$/.test(line))).toBe(true)
  })
  it('events secureConnection, tlsClientError, keylog, newSession and resumeSession of a server', async () => {
    const { server, port } = await listen({ secureOptions: constants.SSL_OP_NO_TICKET, maxVersion: 'TLSv1.2' })
    const stored = new Map<string, Buffer>()
    const keylog = vi.fn()
    server.on('keylog', keylog)
    server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      stored.set(id.toString('hex'), session)
      setImmediate(done)
    })
    server.on('resumeSession', (id: Buffer, done: (error: null, session?: Buffer) => void) =>
      setImmediate(done, null, stored.get(id.toString('hex'))),
    )
    const session = await sessionOf(port)
    expect(await isReused(port, session)).toBe(true)
    expect(stored.size).toBe(1)
    expect(keylog).toHaveBeenCalled()
    net.connect(port, '127.0.0.1').end('rubbish')
    const [error] = await once(server, 'tlsClientError')
    expect(error).toBeInstanceOf(Error)
  })
  it('methods addContext() and setSecureContext() of a server', async () => {
    const { server, port } = await listen({})
    server.addContext('*.test', { cert: other.chainPem, key: other.privateKeyPem })
    const client = dial({ port, servername: 'other.test' })
    await once(client, 'secureConnect')
    expect(client.getPeerCertificate().subjectaltname).toBe('DNS:other.test')
    server.setSecureContext({ cert: other.chainPem, key: other.privateKeyPem })
    const later = dial({ port, servername: 'other.test' })
    await once(later, 'secureConnect')
    expect(later.authorized).toBe(true)
  })
  it('methods that tell of certificates', async () => {
    const { client, accepted } = await meet()
    expect(client.getPeerCertificate(true).issuerCertificate.subject.CN).toBe('Surface CA')
    expect(client.getPeerX509Certificate()?.subjectAltName).toContain('localhost')
    expect(accepted.getCertificate()).toMatchObject({ subjectaltname: 'DNS:localhost, IP Address:127.0.0.1' })
    expect(accepted.getX509Certificate()?.subjectAltName).toContain('localhost')
    expect(client.getCertificate()).toEqual({})
  })
  it('methods getFinished(), getPeerFinished() and exportKeyingMaterial(): the same at both ends', async () => {
    const { client, accepted } = await meet()
    expect(client.getFinished()).toEqual(accepted.getPeerFinished())
    expect(client.getPeerFinished()).toEqual(accepted.getFinished())
    expect(client.exportKeyingMaterial(20, 'x', Buffer.from('y'))).toEqual(
      accepted.exportKeyingMaterial(20, 'x', Buffer.from('y')),
    )
  })
  it('method setMaxSendFragment(): records of that size', async () => {
    const { client, accepted } = await meet()
    const raw: number[] = []
    expect([client.setMaxSendFragment(511), client.setMaxSendFragment(512)]).toEqual([false, true])
    accepted.on('data', (data: Buffer) => raw.push(data.length))
    client.end(Buffer.alloc(2000))
    await once(accepted, 'end')
    expect(Math.max(...raw)).toBeLessThanOrEqual(512)
    expect(raw.reduce((sum, length) => sum + length, 0)).toBe(2000)
  })
  it('method setKeyCert(): another certificate, chosen in ALPNCallback', async () => {
    const { client } = await meet(
      {
        ALPNCallback(this: TLSSocket, { protocols }: { protocols: string[] }) {
          this.setKeyCert({ cert: other.chainPem, key: other.privateKeyPem })
          return protocols[0]
        },
      } as TlsOptions,
      { ALPNProtocols: ['x'], checkServerIdentity: () => undefined },
    )
    expect(client.getPeerCertificate().subjectaltname).toBe('DNS:other.test')
  })
  it('functions and values of the module', () => {
    expect(tls.getCACertificates('bundled').length).toBeGreaterThan(50)
    expect(tls.rootCertificates.length).toBeGreaterThan(50)
    expect(tls.getCertificateCompressionAlgorithms()).toContain('zlib')
    expect(tls).toMatchObject({
      DEFAULT_MIN_VERSION: 'TLSv1.2',
      DEFAULT_MAX_VERSION: 'TLSv1.3',
      DEFAULT_ECDH_CURVE: 'auto',
      CLIENT_RENEG_LIMIT: 3,
      CLIENT_RENEG_WINDOW: 600,
    })
    expect(tls.DEFAULT_CIPHERS).toContain('TLS_AES_256_GCM_SHA384')
    expect(tls.checkServerIdentity('a.test', { subject: { CN: 'b.test' } } as never)).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    expect(createSecureContext()).toBeInstanceOf(SecureContext)
  })
  it('setDefaultCACertificates(): trusted where ca is not given', async () => {
    const before = tls.getCACertificates('default')
    try {
      tls.setDefaultCACertificates([ca])
      expect((await meet({}, { ca: undefined })).client.authorized).toBe(true)
    } finally {
      tls.setDefaultCACertificates(before)
    }
  })
  it('the defaults of the module, changed by a program, count from then on', async () => {
    const { DEFAULT_MAX_VERSION } = tls
    try {
      tls.DEFAULT_MAX_VERSION = 'TLSv1.2'
      expect((await meet()).client.getProtocol()).toBe('TLSv1.2')
    } finally {
      tls.DEFAULT_MAX_VERSION = DEFAULT_MAX_VERSION
    }
  })
  it('Server and TLSSocket are called without new, and are what net has', async () => {
    const server = tls.Server(identity)
    const socket = tls.TLSSocket(new net.Socket(), {})
    expect([
      server instanceof Server,
      server instanceof net.Server,
      socket instanceof TLSSocket,
      socket instanceof net.Socket,
    ]).toEqual([true, true, true, true])
    socket.destroy()
  })
})
