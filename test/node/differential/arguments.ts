// Scenarios of the differential test that need no handshake: arguments of every kind, what a socket and a context say
// before they are used, and the ways to make a server.

import { once } from 'node:events'
import * as net from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import type * as tls from 'node:tls'

import type { Scenario } from './scenarios.ts'
import { keys, show } from './stage.ts'
import type { Stage } from './stage.ts'

const { ca, cert, key } = keys
const identity = { cert, key }

/** Values of every kind that an argument might be by mistake. */
const wrongValues: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  NaN,
  2 ** 40,
  10n,
  '',
  'text',
  'a text that is longer than what errors show of it',
  Symbol('x'),
  [],
  {},
  Object.create(null),
  new Date(0),
  new Map(),
  function named() {},
  Buffer.from('x'),
]

const shown = (value: unknown): string =>
  typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' ? String(value) : show(value)

/** The same property of options with one wrong value after the other. */
const valuesOf = (stage: Stage, what: string, call: (value: unknown) => unknown): void => {
  wrongValues.forEach((value, index) =>
    stage.attempt(`${what} ${index}: ${shown(value)}`, () => call(value) && 'taken'),
  )
}

/** Options of a secure context that are checked before they are read. */
const contextOptions = [
  'ca',
  'cert',
  'key',
  'ciphers',
  'ecdhCurve',
  'crl',
  'sessionIdContext',
  'sessionTimeout',
  'ticketKeys',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'clientCertEngine',
  'honorCipherOrder',
  'allowPartialTrustChain',
] as const

const contexts: Scenario = async (stage) => {
  for (const name of contextOptions) valuesOf(stage, name, (value) => stage.tls.createSecureContext({ [name]: value }))
  valuesOf(stage, 'options', (value) => stage.tls.createSecureContext(value as never))
}

const derOf = (pem: string): Buffer => Buffer.from(/-----BEGIN [^-]*-----([^-]*)/.exec(pem)?.[1] ?? '', 'base64')
const pemOf = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`

/** Contents that are cut off, of another kind, or nothing at all, and lists of names with some that nobody knows. */
const contents: Scenario = async (stage) => {
  const cut = derOf(cert).subarray(0, -5)
  const cases: Readonly<Record<string, object>> = {
    'a certificate in DER, cut off': { cert: cut },
    'two certificates in DER': { cert: Buffer.concat([derOf(cert), derOf(cert)]) },
    'a key as the certificate': { cert: key },
    'a key after the certificate': { cert: cert + key },
    'a certificate as the key': { key: cert },
    'no key in the block': { key: pemOf('PRIVATE KEY', Buffer.from('hello')) },
    'an empty key': { key: Buffer.alloc(0) },
    'a key without its last line': { key: key.slice(0, -30) },
    'a CRL that is cut off': { crl: pemOf('X509 CRL', cut) },
    'a certificate as the CRL': { crl: cert },
    'authorities that cannot be read': { ca: [pemOf('CERTIFICATE', cut), 'x', cut, key] },
    'no file of PKCS#12': { pfx: Buffer.from('3080', 'hex') },
    'nothing for PKCS#12': { pfx: Buffer.alloc(0) },
    'text for PKCS#12': { pfx: 'hello' },
    'more ways to compress than there are': { certificateCompression: ['zlib', 'brotli', 'zstd', 'zlib'] },
    'the same way to compress twice': { certificateCompression: ['zlib', 'zlib'] },
    'an unknown way to compress': { certificateCompression: ['zlib', 'x'] },
    'one way to compress': { certificateCompression: 'zlib' },
    'no way to compress': { certificateCompression: [] },
    'an engine without its key': { privateKeyEngine: 'x' },
    'an engine with a key beside it': { privateKeyIdentifier: 'x', privateKeyEngine: 'x', key },
    'a key of an engine that is no text': { privateKeyIdentifier: 1, privateKeyEngine: 'x' },
    'an engine that is no text': { privateKeyIdentifier: 'x', privateKeyEngine: 1 },
  }
  for (const [name, options] of Object.entries(cases))
    stage.attempt(name, () => stage.tls.createSecureContext(options) && 'taken')
  for (const ecdhCurve of [':', 'P-256:', '?none', '?none:P-256', 'P-256:none', 'auto', 'prime256v1', 'x25519/P-256'])
    stage.attempt(`curves ${ecdhCurve}`, () => stage.tls.createSecureContext({ ecdhCurve }) && 'taken')
  for (const ciphers of [
    'TLS_NONE',
    'TLS_NONE:TLS_AES_128_GCM_SHA256',
    '!TLS_AES_128_GCM_SHA256',
    '!TLS_AES_128_GCM_SHA256:ECDHE+AESGCM',
    'TLS_AES_128_GCM_SHA256:!TLS_AES_128_GCM_SHA256',
    'TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384',
    '@SECLEVEL=5',
    '@SECLEVEL=6:ALL',
    'ALL:@SECLEVEL=6',
    'ALL:@SECLEVEL=5',
    '@SECLEVEL=x',
    'ALL@SECLEVEL=0',
    '@STRENGTH',
    'ALL:@STRENGTH',
    'ALL:@OTHER',
    '-ALL',
    '+ALL',
    '!ALL',
    'ALL:!ALL',
    'ALL:-ALL:AES128-SHA',
    'NONE:ALL',
    'AES128 AES256',
  ])
    stage.attempt(`ciphers ${ciphers}`, () => stage.tls.createSecureContext({ ciphers }) && 'taken')
}

const versionsOfContexts: Scenario = async (stage) => {
  const methods = ['TLS', 'TLSv1', 'TLSv1_1', 'TLSv1_2', 'SSLv2', 'SSLv3', 'SSLv23', 'other'].flatMap((name) =>
    ['_method', '_client_method', '_server_method', ''].map((end) => name + end),
  )
  for (const secureProtocol of methods)
    stage.attempt(secureProtocol, () => stage.tls.createSecureContext({ secureProtocol }) && 'taken')
  const given = [undefined, null, '', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3', 'TLSv1.4', 3, ['TLSv1.2']] as never[]
  for (const minVersion of given)
    for (const maxVersion of given)
      stage.attempt(
        `${String(minVersion)} ${String(maxVersion)}`,
        () => stage.tls.createSecureContext({ minVersion, maxVersion }) && 'taken',
      )
  for (const name of ['minVersion', 'maxVersion'])
    for (const version of given)
      stage.attempt(
        `secureProtocol and ${name} ${String(version)}`,
        () => stage.tls.createSecureContext({ secureProtocol: 'TLSv1_2_method', [name]: version }) && 'taken',
      )
}

const servers: Scenario = async (stage) => {
  const names = ['handshakeTimeout', 'ALPNProtocols', 'ticketKeys', 'sessionTimeout', 'SNICallback', 'pskCallback']
  for (const name of [...names, 'pskIdentityHint', 'sessionIdContext'])
    valuesOf(stage, name, (value) => stage.tls.createServer({ [name]: value }))
  valuesOf(stage, 'options', (value) => stage.tls.createServer(value as never))
  const server = stage.tls.createServer(identity)
  valuesOf(stage, 'setSecureContext', (value) => {
    server.setSecureContext(value as never)
    return true
  })
  valuesOf(stage, 'setTicketKeys', (value) => {
    server.setTicketKeys(value as never)
    return true
  })
  valuesOf(stage, 'addContext', (value) => {
    server.addContext('a.test', value as never)
    return true
  })
  stage.attempt('both kinds of ALPN', () => stage.tls.createServer({ ALPNProtocols: ['a'], ALPNCallback: () => 'a' }))
  const shownOf = (options: object): void => {
    const made = stage.tls.createServer(options)
    for (const name of ['requestCert', 'rejectUnauthorized', 'sessionTimeout', 'honorCipherOrder', 'secureOptions'])
      stage.attempt(name, () => Reflect.get(made, name))
    stage.attempt('ALPNProtocols', () => String(Reflect.get(made, 'ALPNProtocols')))
    stage.attempt('sessionIdContext', () => String(Reflect.get(made, 'sessionIdContext')).length)
    stage.attempt('listeners', () => made.listenerCount('secureConnection'))
  }
  shownOf({})
  shownOf({
    requestCert: true,
    rejectUnauthorized: false,
    sessionTimeout: 5,
    honorCipherOrder: false,
    secureOptions: 4,
  })
  shownOf({ requestCert: 'yes', rejectUnauthorized: 0, sessionTimeout: 0, honorCipherOrder: 0, secureOptions: 0 })
  shownOf({ ALPNProtocols: ['a', 'bc'], sessionIdContext: 'mine' })
  shownOf(() => undefined)
}

const protocols: Scenario = async (stage) => {
  const lists = [
    ['a'],
    ['a', ''],
    ['x'.repeat(255)],
    ['x'.repeat(256)],
    [1, null],
    Buffer.from('\u0001a'),
    Buffer.from('\u0001a\u0002bc'),
    Buffer.from('\u0002a'),
    Buffer.from([0]),
    new Uint16Array([0x6101]),
    new DataView(new ArrayBuffer(2)),
  ]
  const convert: (list: unknown, out: object) => void = Reflect.get(stage.tls, 'convertALPNProtocols')
  for (const list of [...lists, ...wrongValues]) {
    const out: { ALPNProtocols?: Uint8Array } = {}
    stage.attempt(shown(list), () => {
      convert(list, out)
      return out.ALPNProtocols && Buffer.from(out.ALPNProtocols).toString('hex')
    })
  }
}

/** The names that a context answers for: asked of a server by clients that look for nothing else. */
const patterns: Scenario = async (stage) => {
  const { server, port } = await stage.listen(identity, (socket) => void socket.on('error', () => undefined).end())
  server.addContext('*.test', keys.other)
  server.addContext('a+b.(x).test', keys.below)
  server.addContext('exact.test', stage.tls.createSecureContext(keys.below))
  server.addContext('exact.test', keys.other)
  for (const servername of ['x.test', 'X.TEST', 'x.y.test', 'test', 'xtest', 'exact.test', 'aab.x.test']) {
    const socket = stage.connect({ port, servername, checkServerIdentity: () => undefined }, [])
    await once(socket, 'secureConnect')
    stage.say(`${servername} ${socket.getPeerCertificate().subjectaltname}`)
    await stage.closed(socket.resume())
  }
}

/** connect() by its many signatures. */
const signatures: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void socket.on('error', () => undefined).end())
  const options = { ca, servername: 'localhost' }
  const { connect } = stage.tls as { connect: (...args: unknown[]) => tls.TLSSocket }
  const ways: readonly (readonly unknown[])[] = [
    [port, options],
    [String(port), options],
    [port, '127.0.0.1', options],
    [port, undefined, options],
    [port, null, options],
    [{ port, host: '127.0.0.1', ...options }],
    [port, '127.0.0.2', { ...options, host: '127.0.0.1' }],
    [1, { ...options, port }],
    [{ port, ...options }, 'not a listener'],
    [port, 'localhost', { ca }],
  ]
  for (const [index, way] of ways.entries())
    for (const listener of [true, false]) {
      const socket = stage.keep(connect(...way, ...(listener ? [() => stage.say(`${index} listener`)] : [])))
      socket.once('secureConnect', () => stage.say(`${index} ${socket.authorized} ${String(socket.servername)}`))
      await once(socket.resume(), 'close')
    }
}

/** Not getEphemeralKeyInfo(): before a handshake it is a segmentation fault in Node. */
const facts = [
  'getProtocol',
  'getCipher',
  'getSharedSigalgs',
  'getPeerCertificate',
  'getPeerX509Certificate',
  'getCertificate',
  'getX509Certificate',
  'getFinished',
  'getPeerFinished',
  'getSession',
  'getTLSTicket',
  'isSessionReused',
  'address',
] as const
const properties = [
  'encrypted',
  'authorized',
  'authorizationError',
  'alpnProtocol',
  'servername',
  'connecting',
  'pending',
  'readyState',
  'bufferSize',
  'bytesRead',
  'bytesWritten',
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
  'allowHalfOpen',
  'readableHighWaterMark',
  'secureConnecting',
] as const

const tellAll = (stage: Stage, who: string, socket: tls.TLSSocket): void => {
  for (const name of facts)
    stage.attempt(`${who} ${name}()`, () => Reflect.apply(Reflect.get(socket, name), socket, []))
  for (const name of properties) stage.attempt(`${who} ${name}`, () => Reflect.get(socket, name))
}

/** What a socket says of itself that is not connected, over a stream, over a socket, and after its end. */
const unconnected: Scenario = async (stage) => {
  const { TLSSocket } = stage.tls as { TLSSocket: new (...args: unknown[]) => tls.TLSSocket }
  const nothing = (): Duplex => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const sockets: Readonly<Record<string, tls.TLSSocket>> = {
    'over nothing': new TLSSocket(undefined, {}),
    'over null': new TLSSocket(null, { allowHalfOpen: true, highWaterMark: 5 }),
    'over a stream': new TLSSocket(nothing()),
    'over a socket': new TLSSocket(new net.Socket(), { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' }),
    'of TLS 1.2': new TLSSocket(nothing(), { maxVersion: 'TLSv1.2' }),
    'a server': new TLSSocket(nothing(), { isServer: true, ...identity }),
  }
  for (const [name, socket] of Object.entries(sockets)) {
    socket.on('error', () => undefined)
    tellAll(stage, name, socket)
    socket.destroy()
    await once(socket, 'close')
    tellAll(stage, `${name}, destroyed,`, socket)
    stage.attempt(`${name} writes`, () => socket.write('x', (error) => stage.say(`${name} ${String(error?.message)}`)))
    stage.attempt(`${name} exports`, () => socket.exportKeyingMaterial(1, 'x', Buffer.of(1)))
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const value of [1, 'text', {}, [], () => undefined])
    stage.attempt(`TLSSocket of ${shown(value)}`, () => void new TLSSocket(value))
}

const argumentsOfSockets: Scenario = async (stage) => {
  const { TLSSocket } = stage.tls as { TLSSocket: new (...args: unknown[]) => tls.TLSSocket }
  const methods: Readonly<Record<string, readonly unknown[]>> = {
    setServername: [],
    setSession: [],
    setMaxSendFragment: [],
    renegotiate: [],
    exportKeyingMaterial: [8],
  }
  for (const [name, before] of Object.entries(methods)) {
    const socket = stage.keep(new TLSSocket(new PassThrough(), {}))
    socket.on('error', () => undefined)
    const call: (...args: unknown[]) => unknown = Reflect.get(socket, name)
    valuesOf(stage, name, (value) => Reflect.apply(call, socket, [...before, value]) !== 0)
    valuesOf(stage, `${name} second`, (value) => Reflect.apply(call, socket, [{}, value]) !== 0)
    valuesOf(stage, `${name} third`, (value) => Reflect.apply(call, socket, [8, 'x', value]) !== 0)
  }
  for (const name of ['ALPNCallback', 'SNICallback', 'pskCallback', 'pskIdentityHint', 'enableTrace', 'ALPNProtocols'])
    for (const isServer of [true, false])
      valuesOf(stage, `${name} ${isServer ? 'server' : 'client'}`, (value) => {
        if (name === 'enableTrace' && value === true) return true
        const socket = new TLSSocket(new PassThrough(), { isServer, ...identity, [name]: value })
        return stage.keep(socket).on('error', () => undefined)
      })
}

export const argumentScenarios: Readonly<Record<string, Scenario>> = {
  'options of contexts, of every type': contexts,
  'contents that cannot be read': contents,
  'versions of contexts': versionsOfContexts,
  'options of servers, of every type': servers,
  'protocols in each form': protocols,
  'names of contexts': patterns,
  'signatures of connect()': signatures,
  'sockets that are not connected': unconnected,
  'arguments of methods, of every type': argumentsOfSockets,
}
