// More scenarios of the differential test: what happens at each phase of a connection, streams under load, and errors
// of certificates and of the wire.

import { once } from 'node:events'
import * as net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createCa } from '../../../src/pki/index.ts'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type * as tls from 'node:tls'

import type { Scenario } from './scenarios.ts'
import { clientEvents, describe, keys } from './stage.ts'
import type { Stage } from './stage.ts'

const { ca, cert, key } = keys
const identity = { cert, key }
const versions = ['TLSv1.2', 'TLSv1.3'] as const
type Version = (typeof versions)[number]

const quiet = <T extends net.Socket>(socket: T): T => socket.on('error', () => undefined)

/** Both ends of a connection whose handshake is done. */
const connected = async (
  stage: Stage,
  server: tls.TlsOptions,
  client: tls.ConnectionOptions,
  watched: readonly string[] = [],
): Promise<{ readonly client: tls.TLSSocket; readonly accepted: tls.TLSSocket; readonly server: tls.Server }> => {
  const listening = await stage.listen({ ...identity, ...server })
  const coming = once(listening.server, 'secureConnection') as Promise<[tls.TLSSocket]>
  const socket = stage.connect({ port: listening.port, ...client }, watched)
  const [[accepted]] = await Promise.all([coming, once(socket, 'secureConnect')])
  return { client: socket, accepted: quiet(accepted), server: listening.server }
}

/** A client that does something at a moment of its life. */
const at =
  (event: string, act: (socket: tls.TLSSocket) => void): Scenario =>
  async (stage) => {
    const { port } = await stage.listen(identity, (socket) => void quiet(socket).resume())
    const socket = stage.connect({ port })
    if (event === 'now') act(socket)
    else socket.once(event, () => act(socket))
    await stage.closed(socket)
    stage.say(
      `destroyed ${socket.destroyed} pending ${socket.pending} ${socket.readyState} ${String(socket.bufferSize)}`,
    )
    stage.log.sort()
  }

const moments: Readonly<Record<string, Scenario>> = Object.fromEntries(
  ['now', 'connect', 'secureConnect'].flatMap((event) => [
    [`destroy() at ${event}`, at(event, (socket) => void socket.destroy())],
    [`destroy(error) at ${event}`, at(event, (socket) => void socket.destroy(new Error('mine')))],
    [`end() at ${event}`, at(event, (socket) => void socket.end())],
    [`end(data) at ${event}`, at(event, (socket) => void socket.end('bye', () => undefined))],
  ]),
)

/** A wire that breaks in the middle of something. */
const broken =
  (act: (raw: net.Socket) => void, client: tls.ConnectionOptions = {}): Scenario =>
  async (stage) => {
    const { server, port } = await stage.listen(identity, (socket) => void quiet(socket).resume())
    const raws: net.Socket[] = []
    server.on('connection', (raw: net.Socket) => raws.push(quiet(raw)))
    const coming = once(server, 'secureConnection')
    const socket = stage.connect({ port, ...client }, clientEvents.slice(3))
    await Promise.all([coming, once(socket, 'secureConnect')])
    socket.write('something')
    await turn()
    const failed = Promise.race([once(socket, 'close'), new Promise((resolve) => socket.once('error', resolve))])
    for (const raw of raws) act(raw)
    await failed
    await turn()
    stage.say(`destroyed ${socket.destroyed}`)
    socket.destroy()
    for (const raw of raws) raw.destroy()
    await stage.closed(socket)
    stage.log.sort()
  }

const halfOpen: Scenario = async (stage) => {
  const { client, accepted } = await connected(
    stage,
    { allowHalfOpen: true } as object,
    { allowHalfOpen: true } as object,
    ['data', 'end', 'finish', 'close'],
  )
  accepted.on('data', (data) => stage.say(`server heard ${String(data)}`))
  accepted.end('from the server')
  await once(client, 'end')
  stage.say(`${client.readyState} ${client.writable}`)
  client.end('still from the client')
  await stage.closed(client)
  stage.log.sort()
}

const paused: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void quiet(socket).end('x'.repeat(100)))
  const socket = stage.connect({ port }, ['secureConnect', 'end', 'close'])
  socket.pause()
  await once(socket, 'secureConnect')
  await turn()
  stage.say(`paused ${socket.isPaused()}`)
  let length = 0
  socket.on('data', (data: Buffer) => (length += data.length))
  await turn()
  stage.say(`read ${length}`)
  socket.resume()
  await stage.closed(socket)
  stage.say(`read ${length}`)
}

const encodings: Scenario = async (stage) => {
  const { client, accepted } = await connected(stage, {}, {})
  client.setEncoding('utf8')
  const text = 'ä€😀'
  let heard = ''
  client.on('data', (data: string) => {
    heard += data
    stage.say(typeof data)
  })
  for (const byte of Buffer.from(text)) {
    accepted.write(Buffer.of(byte))
    await turn()
  }
  accepted.end(Buffer.from(text).toString('base64'), 'base64')
  await once(client, 'end')
  stage.log.splice(0)
  stage.say(heard)
}

const backpressure: Scenario = async (stage) => {
  const { client, accepted } = await connected(stage, {}, { highWaterMark: 1024 } as object)
  const chunk = Buffer.alloc(1 << 16, 7)
  const results = Array.from({ length: 64 }, () => accepted.write(chunk))
  stage.say(`full ${results.includes(false)} needs drain ${accepted.writableNeedDrain}`)
  stage.say(`marks ${client.readableHighWaterMark} ${client.writableHighWaterMark}`)
  const drained = once(accepted, 'drain')
  let length = 0
  const sink = new PassThrough({ highWaterMark: 512 })
  sink.on('data', (data: Buffer) => (length += data.length))
  const piped = pipeline(client, sink)
  await drained
  accepted.end()
  await piped
  stage.say(`read ${length}, buffered ${accepted.bufferSize}`)
}

const echoed: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void quiet(socket).pipe(socket))
  const socket = stage.connect({ port }, ['end', 'close'])
  const parts = Array.from({ length: 50 }, (_, index) => Buffer.alloc(5000, index))
  let length = 0
  socket.on('data', (data: Buffer) => (length += data.length))
  Readable.from(parts).pipe(socket)
  await stage.closed(socket)
  stage.say(`read ${length} ${socket.bytesRead} ${socket.bytesWritten}`)
}

const iterated: Scenario = async (stage) => {
  const { port } = await stage.listen(identity, (socket) => void quiet(socket).end('in parts'))
  const socket = stage.connect({ port }, ['end', 'close'])
  for await (const chunk of socket) stage.say(String(chunk))
  await stage.closed(socket)
}

const timeouts: Scenario = async (stage) => {
  const { client, accepted } = await connected(stage, {}, { timeout: 60_000 }, ['timeout', 'close'])
  accepted.resume()
  stage.say(`${client.timeout}`)
  client.setTimeout(30)
  await once(client, 'timeout')
  stage.say(`${client.timeout} destroyed ${client.destroyed}`)
  client.setTimeout(0)
  client.destroy()
  await stage.closed(client)
}

const keylogs =
  (version: Version): Scenario =>
  async (stage) => {
    const { server, port } = await stage.listen(identity, (socket) => void quiet(socket).end('x'))
    const labels = (name: string) => (line: Buffer) => stage.say(`${name} ${String(line).split(' ')[0]}`)
    server.on('keylog', labels('server'))
    const socket = stage.connect({ port, maxVersion: version }, ['secureConnect', 'session', 'data', 'end'])
    socket.on('keylog', labels('client'))
    await stage.closed(socket)
    stage.log.sort()
  }

const order =
  (version: Version): Scenario =>
  async (stage) => {
    const { port } = await stage.listen(identity, (socket) => void quiet(socket).end('x'))
    // Not `session`: with node:tls tickets leave after what a server writes at once, here before.
    const events = ['lookup', 'connect', 'ready', 'secure', 'secureConnect', 'data', 'end', 'finish', 'close']
    const socket = stage.connect({ port, maxVersion: version, requestOCSP: true }, [...events, 'OCSPResponse'])
    let sessions = 0
    socket.on('session', () => sessions++)
    await stage.closed(socket)
    const again = stage.connect({ port, maxVersion: version, session: Buffer.from('no session') }, ['secureConnect'])
    again.resume()
    await stage.closed(again)
    stage.say(`${sessions} sessions`)
    const servers = stage.log.filter((line) => line.startsWith('server'))
    stage.log.splice(0, stage.log.length, ...stage.log.filter((line) => !servers.includes(line)), ...servers)
  }

/** What a server's sessions say on a second connection. */
const again =
  (version: Version): Scenario =>
  async (stage) => {
    const { port } = await stage.listen(identity, (socket) => void quiet(socket).end('x'))
    const visit = async (session?: Buffer): Promise<Buffer | undefined> => {
      let last = session
      let count = 0
      const socket = stage.connect({ port, maxVersion: version, session }, [])
      socket.on('session', (given: Buffer) => {
        count++
        last = given
      })
      socket.on('secureConnect', () => stage.say(`reused ${socket.isSessionReused()}`))
      socket.resume()
      await stage.closed(socket)
      stage.say(session ? `sessions again ${count}` : `sessions ${count > 0}`)
      return last
    }
    const session = await visit()
    await visit(session)
    await visit(session)
  }

const closing: Scenario = async (stage) => {
  const { client, accepted, server } = await connected(stage, {}, {}, ['data', 'end', 'close'])
  server.close((error) => stage.say(`closed ${describe(error)}`))
  const closed = once(server, 'close')
  await turn()
  stage.say(`listening ${server.listening}`)
  accepted.write('still here')
  await once(client, 'data')
  client.end()
  accepted.resume()
  await stage.closed(client)
  await closed
  stage.attempt('close again', () => void server.close((error) => stage.say(describe(error))))
  await turn()
}

const authority = await createCa({ name: 'Revoking CA' })
const gone = await authority.issue({ names: ['localhost'] })
const early = await authority.issue({ names: ['localhost'], notBefore: Date.UTC(2090, 0), notAfter: Date.UTC(2091, 0) })
const clientOnly = await authority.issue({ name: 'localhost', client: true })
const { crlPem: crl } = await authority.createCrl({
  revoked: [{ certificate: gone.certificate }],
})

const judged =
  (server: tls.TlsOptions, client: tls.ConnectionOptions): Scenario =>
  async (stage) => {
    const { port } = await stage.listen({ ...identity, ...server }, (socket) => void quiet(socket).end('x'))
    const socket = stage.connect({ port, ca: [ca, authority.certificatePem], ...client })
    socket.on('secureConnect', () => stage.say(`authorized ${socket.authorized} ${String(socket.authorizationError)}`))
    await stage.closed(socket)
    stage.say(`at last ${socket.authorized} ${String(socket.authorizationError)}`)
    stage.log.sort()
  }

const identityOf = ({ chainPem, privateKeyPem }: typeof gone): tls.TlsOptions => ({
  cert: chainPem,
  key: privateKeyPem,
})

const certificates: Readonly<Record<string, Scenario>> = {
  'a certificate that is not valid yet': judged(identityOf(early), {}),
  'a certificate for clients': judged(identityOf(clientOnly), { checkServerIdentity: () => undefined }),
  'an authority that cannot be read': judged({}, { ca: 'no certificate' }),
  'no authority at all': judged({}, { ca: [] }),
  'a check of the name of the caller': judged({}, { checkServerIdentity: () => new Error('I do not like it') }),
  'no list of the authority': judged({}, { crl }),
  'a certificate that was revoked': judged(identityOf(gone), { crl }),
  'the same, let pass': judged(identityOf(gone), { crl, rejectUnauthorized: false }),
  ...Object.fromEntries(
    versions.map((version) => [
      `a client certificate that is asked for and missing, ${version}`,
      judged({ requestCert: true, ca }, { maxVersion: version }),
    ]),
  ),
  ...Object.fromEntries(
    versions.map((version) => [
      `a client certificate of a stranger, ${version}`,
      judged({ requestCert: true, ca }, { maxVersion: version, ...keys.strangersClient }),
    ]),
  ),
  'a suite of TLS 1.2 that only one end has': judged(
    { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
    { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
  ),
  'a group that only one end has': judged({ ecdhCurve: 'P-256' }, { ecdhCurve: 'P-384' }),
  'a signature algorithm that only one end has': judged({}, { sigalgs: 'RSA-PSS+SHA256' }),
}

/** A client that is no TLS, or none any more, against a server. */
const strange =
  (...chunks: readonly (Buffer | string)[]): Scenario =>
  async (stage) => {
    const { server, port } = await stage.listen(identity)
    const raw = stage.keep(net.connect(port, '127.0.0.1'))
    quiet(raw).resume()
    for (const chunk of chunks) raw.write(chunk)
    await once(server, 'tlsClientError')
    stage.log.sort()
  }

const strangeServer =
  (answer: Buffer): Scenario =>
  async (stage) => {
    const port = await stage.listenPlain((socket) => {
      quiet(socket).once('data', () => void socket.write(answer))
    })
    await stage.closed(stage.connect({ port }))
  }

const record = (type: number, ...content: number[]): Buffer => Buffer.of(type, 3, 3, 0, content.length, ...content)

const wires: Readonly<Record<string, Scenario>> = {
  'a record of an unknown type, to the server': strange(record(99, 1, 2, 3)),
  'an alert first, to the server': strange(record(21, 2, 40)),
  'close_notify first, to the server': strange(record(21, 1, 0)),
  'application data first, to the server': strange(record(23, 1, 2, 3)),
  'a hello that is cut, to the server': strange(record(22, 1, 0, 0, 2, 3, 3)),
  'a record that is too long, to the server': strange(
    Buffer.concat([Buffer.of(22, 3, 1, 0xff, 0xff), Buffer.alloc(99)]),
  ),
  'an HTTP proxy request, to the server': strange('CONNECT a:443 HTTP/1.1\r\n\r\n'),
  'an alert, to the client': strangeServer(record(21, 2, 40)),
  'unrecognized_name, to the client': strangeServer(record(21, 2, 112)),
  'protocol_version, to the client': strangeServer(record(21, 2, 70)),
  'close_notify, to the client': strangeServer(record(21, 1, 0)),
  'application data, to the client': strangeServer(record(23, 1, 2, 3)),
  'a record of an unknown type, to the client': strangeServer(record(99, 1, 2, 3)),
}

export const phases: Readonly<Record<string, Scenario>> = {
  ...moments,
  ...certificates,
  ...wires,
  'a wire that is cut': broken((raw) => raw.destroy()),
  'a wire that is reset': broken((raw) => void raw.resetAndDestroy()),
  'a wire that ends in TLS 1.2': broken((raw) => void raw.end(), { maxVersion: 'TLSv1.2' }),
  'rubbish on the wire': broken((raw) => void raw.write(Buffer.alloc(100, 0x67))),
  'a record that does not open': broken(
    (raw) => void raw.write(Buffer.concat([Buffer.of(23, 3, 3, 0, 40), Buffer.alloc(40)])),
  ),
  'half-closed both ways': halfOpen,
  'paused before the handshake': paused,
  'text in pieces': encodings,
  'more than the wire takes': backpressure,
  'a pipe there and back': echoed,
  'for await': iterated,
  'the option timeout': timeouts,
  'keys for the log in TLS 1.2': keylogs('TLSv1.2'),
  'keys for the log in TLS 1.3': keylogs('TLSv1.3'),
  'the order of all events in TLS 1.2': order('TLSv1.2'),
  'the order of all events in TLS 1.3': order('TLSv1.3'),
  'a session again and again in TLS 1.2': again('TLSv1.2'),
  'a session again and again in TLS 1.3': again('TLSv1.3'),
  'a server that closes while somebody is there': closing,
}
