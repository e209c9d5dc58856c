// Scenarios of the differential test. Each is run on node:tls and on puretls/node, and writes down events, codes and
// words.

import { once } from 'node:events'
import * as net from 'node:net'
import { duplexPair } from 'node:stream'
import type * as tls from 'node:tls'

import { clientEvents, keys, show } from './stage.ts'
import type { Stage } from './stage.ts'

export type Scenario = (stage: Stage) => Promise<void>

const { ca, cert, key } = keys
const identity = { cert, key }
const versions = ['TLSv1.2', 'TLSv1.3'] as const

/** A method by its name: some have wrong types here, others are not in @types/node. */
const method = (socket: tls.TLSSocket, name: string, ...args: readonly unknown[]): unknown =>
  Reflect.apply(Reflect.get(socket, name) as () => unknown, socket, args)

/** What node:tls takes without a context, against its types. */
const exporter = (socket: tls.TLSSocket, ...args: readonly unknown[]): unknown =>
  method(socket, 'exportKeyingMaterial', ...args)

const quiet = (socket: tls.TLSSocket): tls.TLSSocket => socket.on('error', () => undefined)

/** A question, an answer, and the end, in one version. */
const conversation =
  (version: (typeof versions)[number]): Scenario =>
  async (stage) => {
    const { port } = await stage.listen(identity, (socket) => {
      quiet(socket).on('data', (data) => socket.end(`answer to ${String(data)}`))
    })
    const socket = stage.connect({ port, minVersion: version, maxVersion: version })
    socket.write('question')
    await stage.closed(socket)
    stage.say(`read ${socket.bytesRead}, written ${socket.bytesWritten}`)
  }

/** A handshake that fails, or does not: what both ends say. */
const meeting =
  (server: tls.TlsOptions, client: tls.ConnectionOptions): Scenario =>
  async (stage) => {
    const accepted = await stage.listen({ ...identity, ...server }, (socket) => {
      quiet(socket)
      stage.say(`server authorized ${socket.authorized} ${String(socket.authorizationError)}`)
      socket.end('hello')
    })
    const socket = stage.connect({ port: accepted.port, ...client })
    socket.on('secureConnect', () => stage.say(`authorized ${socket.authorized} ${String(socket.authorizationError)}`))
    await stage.closed(socket)
    stage.log.sort() // what two ends do has no order between them
  }

/** What one function throws for options that are wrong. */
const refusal =
  (...list: readonly object[]): Scenario =>
  async (stage) => {
    for (const options of list) {
      stage.attempt(
        `createSecureContext(${show(options)})`,
        () => stage.tls.createSecureContext(options) && 'a context',
      )
      stage.attempt(`createServer(${show(options)})`, () => stage.tls.createServer(options) && 'a server')
    }
  }

/** A server that behaves badly before the handshake is done. */
const badServer =
  (behave: (socket: net.Socket) => void): Scenario =>
  async (stage) => {
    const port = await stage.listenPlain((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => behave(socket))
    })
    await stage.closed(stage.connect({ port }))
  }

/** A client that does not speak TLS. */
const badClient =
  (behave: (socket: net.Socket) => void): Scenario =>
  async (stage) => {
    const { server, port } = await stage.listen(identity)
    const socket = stage.keep(net.connect(port, '127.0.0.1', () => behave(socket)))
    socket.on('error', () => undefined).resume()
    await once(server, 'tlsClientError')
  }

const questions: Scenario = async (stage) => {
  const { port, server } = await stage.listen(
    { ...identity, ALPNProtocols: ['a', 'b'] },
    (socket) => void quiet(socket).resume(),
  )
  const accepted = once(server, 'secureConnection')
  const socket = stage.connect({ port, ALPNProtocols: ['b'], ecdhCurve: 'P-256' }, [])
  stage.attempt('protocol before', () => socket.getProtocol())
  stage.attempt('cipher before', () => socket.getCipher())
  stage.attempt('certificate before', () => socket.getPeerCertificate())
  stage.attempt('exporter before', () => exporter(socket, 8, 'x'))
  await Promise.all([accepted, once(socket, 'secureConnect')])
  stage.attempt('protocol', () => socket.getProtocol())
  stage.attempt('cipher', () => socket.getCipher())
  stage.attempt('ephemeral', () => socket.getEphemeralKeyInfo())
  stage.attempt('alpn', () => socket.alpnProtocol)
  stage.attempt('servername', () => socket.servername)
  stage.attempt('encrypted', () => socket.encrypted)
  stage.attempt('reused', () => socket.isSessionReused())
  stage.attempt('own certificate', () => socket.getCertificate())
  stage.attempt('finished', () => socket.getFinished()?.length)
  stage.attempt('peer finished', () => socket.getPeerFinished()?.length)
  stage.attempt('exporter', () => exporter(socket, 8, 'x'))
  stage.attempt('exporter length', () => exporter(socket, -1, 'x'))
  stage.attempt('exporter label', () => exporter(socket, 8, 1))
  stage.attempt('exporter context', () => exporter(socket, 8, 'x', 'y'))
  stage.attempt('fragment', () => socket.setMaxSendFragment(1024))
  stage.attempt('fragment too small', () => socket.setMaxSendFragment(100))
  stage.attempt('fragment no number', () => socket.setMaxSendFragment('x' as never))
  stage.attempt('state', () => socket.readyState)
  stage.attempt('pending', () => socket.pending)
  stage.attempt('renegotiate', () => socket.renegotiate('x' as never, () => undefined))
  stage.attempt('instance', () => socket instanceof net.Socket)
  socket.destroy()
  await stage.closed(socket)
  for (const name of [
    'getProtocol',
    'getCipher',
    'getPeerCertificate',
    'getCertificate',
    'isSessionReused',
    'getSession',
  ] as const) {
    stage.attempt(`${name} after it`, () => socket[name]())
  }
}

const certificates: Scenario = async (stage) => {
  const { port, server } = await stage.listen(keys.below, (socket) => void quiet(socket).resume())
  const accepted = once(server, 'secureConnection')
  const socket = stage.connect({ port }, [])
  await Promise.all([accepted, once(socket, 'secureConnect')])
  const certificate = socket.getPeerCertificate(true)
  for (const name of [
    'subject',
    'issuer',
    'subjectaltname',
    'ca',
    'bits',
    'valid_from',
    'fingerprint256',
    'serialNumber',
    'ext_key_usage',
    'asn1Curve',
    'nistCurve',
  ]) {
    stage.say(`${name} ${show(Reflect.get(certificate, name))}`)
  }
  stage.say(`issuer ${certificate.issuerCertificate.subject.CN}`)
  stage.say(`raw ${certificate.raw.length}`)
  stage.say(`keys ${Object.keys(certificate).toSorted().join(' ')}`)
  stage.say(`plain ${Object.keys(socket.getPeerCertificate()).toSorted().join(' ')}`)
  stage.say(`x509 ${socket.getPeerX509Certificate()?.subjectAltName}`)
}

const resumption =
  (version: (typeof versions)[number]): Scenario =>
  async (stage) => {
    const { port } = await stage.listen({ ...identity, ca, requestCert: true, rejectUnauthorized: true }, (socket) => {
      stage.say(`server reused ${socket.isSessionReused()} authorized ${socket.authorized}`)
      quiet(socket).on('data', () => socket.end('x'))
    })
    const options = { port, maxVersion: version, ...keys.client }
    const first = stage.connect(options, [])
    let session: Buffer | undefined
    first.on('session', (given) => (session = given))
    first.write('x')
    first.resume()
    await stage.closed(first)
    const second = stage.connect({ ...options, session }, [])
    await once(second, 'secureConnect')
    stage.say(
      `client reused ${second.isSessionReused()} authorized ${second.authorized} ` +
        `${second.getPeerCertificate().subjectaltname}`,
    )
    second.resume().write('x')
    await stage.closed(second)
  }

const names: Scenario = async (stage) => {
  const { server, port } = await stage.listen(identity, (socket) => {
    stage.say(`server name ${String(socket.servername)}`)
    quiet(socket).end()
  })
  stage.attempt('no name', () => server.addContext('', identity))
  server.addContext('*.test', keys.other)
  for (const servername of ['other.test', 'localhost', 'a.b.test']) {
    const socket = stage.connect({ port, servername, checkServerIdentity: () => undefined }, [])
    await once(socket, 'secureConnect')
    stage.say(`${servername}: ${socket.getPeerCertificate().subjectaltname}`)
    socket.resume()
    await stage.closed(socket)
  }
}

const listeners: Scenario = async (stage) => {
  const { port } = await stage.listen(
    {
      ...identity,
      SNICallback: (name, done) =>
        name === 'bad.test' ? done(new Error('no such name')) : done(null, stage.tls.createSecureContext(keys.other)),
      ALPNCallback: ({ servername, protocols }) => {
        stage.say(`asked for ${servername} ${protocols.join()}`)
        return protocols[1]
      },
    },
    (socket) => quiet(socket).end(),
  )
  const good = stage.connect({ port, servername: 'other.test', ALPNProtocols: ['a', 'b'] }, [])
  await once(good, 'secureConnect')
  stage.say(`agreed on ${String(good.alpnProtocol)}`)
  good.resume()
  await stage.closed(good)
  await stage.closed(stage.connect({ port, servername: 'bad.test', ALPNProtocols: ['a', 'b'] }, ['error', 'close']))
}

const endings: Record<string, (client: tls.TLSSocket, server: tls.TLSSocket) => void> = {
  'the client ends': (client) => client.end('bye'),
  'the client destroys': (client) => client.destroy(),
  'the client destroys with an error': (client) => client.destroy(new Error('mine')),
  'the client destroys soon': (client) => client.destroySoon(),
  'the server ends': (_client, server) => server.end('bye'),
  'the server destroys': (_client, server) => server.destroy(),
  'a write after the end': (client) => {
    client.end()
    client.write('late')
  },
  'a time without traffic': (client) => client.setTimeout(20, () => client.destroy()),
}

const ending =
  (act: (client: tls.TLSSocket, server: tls.TLSSocket) => void): Scenario =>
  async (stage) => {
    const sockets: tls.TLSSocket[] = []
    const { server, port } = await stage.listen(identity, (socket) => void sockets.push(quiet(socket).resume()))
    const both = once(server, 'secureConnection')
    const client = stage.connect({ port }, clientEvents.slice(3))
    await Promise.all([both, once(client, 'secureConnect')])
    const [other] = sockets
    if (other) act(client, other)
    await stage.closed(client)
  }

const overStreams: Scenario = async (stage) => {
  const [near, far] = duplexPair()
  const server = new stage.tls.TLSSocket(far, { isServer: true, ...identity })
  server.on('data', (data) => server.end(`got ${String(data)}`))
  const client = stage.tls.connect({ socket: near, host: 'localhost', ca })
  stage.watch('client', client, ['connect', 'secureConnect', 'data', 'end'])
  client.write('over a pair')
  await once(client, 'end')
}

const roles: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => {
    stage.attempt('setServername', () => method(socket, 'setServername', 'x'))
    quiet(socket).end()
  })
  const socket = stage.connect({ port }, [])
  stage.attempt('setServername of a number', () => method(socket, 'setServername', 1))
  stage.attempt('setSession of a number', () => method(socket, 'setSession', 1))
  socket.resume()
  await stage.closed(socket)
}

const refused: Scenario = async (stage) => {
  const port = await stage.listenPlain((socket) => socket.destroy())
  stage.end()
  const socket = stage.connect({ port })
  await stage.closed(socket)
}

const slow: Scenario = async (stage) => {
  const { server, port } = await stage.listen({ ...identity, handshakeTimeout: 30 })
  stage.keep(net.connect(port, '127.0.0.1')).on('error', () => undefined)
  await once(server, 'tlsClientError')
}

const wrongConnects: Scenario = async (stage) => {
  const { connect } = stage.tls
  stage.attempt('checkServerIdentity', () => connect({ port: 1, checkServerIdentity: 'x' as never }))
  stage.attempt('minDHSize', () => connect({ port: 1, minDHSize: 'x' as never }))
  stage.attempt('minDHSize 0', () => connect({ port: 1, minDHSize: 0 }))
  stage.attempt('enableTrace', () => connect({ port: 1, enableTrace: 'x' as never }))
  stage.attempt('pskCallback', () => connect({ port: 1, pskCallback: 'x' as never }))
  stage.attempt('ALPNProtocols', () => connect({ port: 1, ALPNProtocols: [''] }))
  stage.attempt('no port', () => connect({} as never))
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  'a conversation in TLS 1.2': conversation('TLSv1.2'),
  'a conversation in TLS 1.3': conversation('TLSv1.3'),
  'an authority that is not trusted': meeting({}, { ca: keys.strangersCa }),
  'the same, without rejectUnauthorized': meeting({}, { ca: keys.strangersCa, rejectUnauthorized: false }),
  'rejectUnauthorized null does not turn verification off': meeting(
    {},
    { ca: keys.strangersCa, rejectUnauthorized: null as never },
  ),
  'a name that is not in the certificate': meeting({}, { servername: 'elsewhere.test' }),
  'a certificate that has expired': meeting(keys.expired, {}),
  'a certificate that signs itself': meeting(keys.selfSigned, {}),
  'a chain without its intermediate': meeting(keys.alone, {}),
  'an intermediate in ca is no anchor': meeting(keys.below, { ca: keys.intermediate }),
  'an intermediate in ca with allowPartialTrustChain': meeting(keys.below, {
    ca: keys.intermediate,
    allowPartialTrustChain: true,
  }),
  'no suite in common': meeting(
    { ciphers: 'TLS_AES_256_GCM_SHA384' },
    { ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' },
  ),
  'no version in common': meeting({ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }),
  'no protocol in common': meeting({ ALPNProtocols: ['a'] }, { ALPNProtocols: ['b'] }),
  'a client certificate that is good': meeting({ ca, requestCert: true }, keys.client),
  'a client certificate of a stranger': meeting(
    { ca, requestCert: true, rejectUnauthorized: false },
    keys.strangersClient,
  ),
  'a client without a certificate, let in': meeting({ ca, requestCert: true, rejectUnauthorized: false }, {}),
  'a client without a certificate in TLS 1.2': meeting({ ca, requestCert: true }, { maxVersion: 'TLSv1.2' }),
  'a server that ends in the handshake': badServer((socket) => socket.end()),
  'a server that resets in the handshake': badServer((socket) => void socket.resetAndDestroy()),
  'a server that speaks HTTP': badServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  'nobody listens': refused,
  'a client that speaks HTTP': badClient((socket) => void socket.write('GET / HTTP/1.1\r\n\r\n')),
  'a client that sends rubbish': badClient((socket) => void socket.write(Buffer.alloc(200, 0xee))),
  'a client that ends': badClient((socket) => void socket.end()),
  'a client that resets': badClient((socket) => void socket.resetAndDestroy()),
  'a client that is slow': slow,
  'what can be asked of a connection': questions,
  'certificates as objects': certificates,
  'a session of TLS 1.2': resumption('TLSv1.2'),
  'a session of TLS 1.3': resumption('TLSv1.3'),
  'contexts by name': names,
  'SNICallback and ALPNCallback': listeners,
  'TLS over a duplex': overStreams,
  'what only a client can do': roles,
  'connect() with wrong options': wrongConnects,
  ...Object.fromEntries(Object.entries(endings).map(([name, act]) => [`an ending: ${name}`, ending(act)])),
  'options of a wrong type': refusal(
    { ca: 1 },
    { cert: {} },
    { key: true },
    { key: [1] },
    { key, cert, passphrase: 1 },
    { ciphers: 1 },
    { ciphers: ':' },
    { ecdhCurve: 1 },
    { sigalgs: 1 },
    { sigalgs: '' },
    { crl: 1 },
    { dhparam: 1 },
    { sessionIdContext: 1 },
    { sessionTimeout: 'x' },
    { sessionTimeout: -1 },
    { ticketKeys: 'x' },
    { ticketKeys: Buffer.alloc(3) },
    { minVersion: 'x' },
    { maxVersion: 'TLSv9' },
    { secureProtocol: 'x' },
    { secureProtocol: 'SSLv2_method' },
    { secureProtocol: 'TLS_method', minVersion: 'TLSv1.2' },
    { privateKeyIdentifier: 'x' },
    { clientCertEngine: 1 },
  ),
  'values that cannot be read': refusal(
    { cert: 'x' },
    { key: 'x' },
    { cert, key: keys.other.key },
    { ciphers: 'NONE-SUCH' },
    { ecdhCurve: 'none' },
    { sigalgs: 'none' },
    { pfx: Buffer.from('x') },
  ),
  'values that are nothing': refusal(
    { ca: null },
    { cert: '' },
    { key: null },
    { ciphers: '' },
    { crl: null },
    { dhparam: null },
    { sigalgs: null },
    { ticketKeys: null },
    { minVersion: null },
    { sessionTimeout: null },
    { secureProtocol: '' },
    { pfx: null },
    { passphrase: null },
  ),
}
