// Scenarios of the differential test about functions of the application that answer wrongly, twice, late or never, and
// about keys that both ends have.

import { setImmediate as turn } from 'node:timers/promises'
import type * as tls from 'node:tls'

import type { Scenario } from './scenarios.ts'
import { describe, keys } from './stage.ts'

const { cert, key } = keys
const identity = { cert, key }

type Done = (error: unknown, value?: unknown) => void
type Answer = (done: Done) => void

const later =
  (answer: Answer): Answer =>
  (done) =>
    void setImmediate(() => answer(done))

/** A server with a question to the application, whose answers are given one after the other. */
const answering =
  (
    options: (answer: Answer) => tls.TlsOptions,
    prepare: (server: tls.Server, answer: Answer) => void,
    answers: Readonly<Record<string, Answer>>,
    client: tls.ConnectionOptions = {},
  ): Scenario =>
  async (stage) => {
    for (const [name, answer] of Object.entries(answers)) {
      const made = { ...identity, ...options(answer) }
      const { server, port } = await stage.listen(
        made,
        (socket) => void socket.on('error', () => undefined).end('x'),
        [],
      )
      prepare(server, answer)
      server.on('tlsClientError', (error: Error) => stage.say(`${name}: server ${describe(error)}`))
      const socket = stage.connect({ port, checkServerIdentity: () => undefined, ...client }, [])
      socket.on('secureConnect', () =>
        stage.say(`${name}: client ${socket.getPeerCertificate().subjectaltname} ${socket.isSessionReused()}`),
      )
      socket.on('error', (error) => stage.say(`${name}: client ${String(Reflect.get(error, 'code'))}`))
      await stage.closed(socket.resume())
    }
    stage.log.sort()
  }

const other = (make: (options: object) => unknown): unknown => make(keys.other)

const contextAnswers = (make: (options: object) => unknown): Readonly<Record<string, Answer>> => {
  const at: Readonly<Record<string, Answer>> = {
    'a context': (done) => done(null, other(make)),
    none: (done) => done(null),
    null: (done) => done(null, null),
    'something else': (done) => done(null, { context: {} }),
    'an error': (done) => done(new Error('no such name')),
  }
  return {
    ...at,
    ...Object.fromEntries(Object.entries(at).map(([name, answer]) => [`${name}, later`, later(answer)])),
  }
}

const contexts: Scenario = (stage) =>
  answering(
    (answer) => ({ SNICallback: (_name, done) => answer(done as Done) }),
    () => undefined,
    contextAnswers((options) => stage.tls.createSecureContext(options)),
  )(stage)

const contextOfOthers: Scenario = (stage) =>
  answering(
    (answer) => ({ SNICallback: (_name, done) => answer(done as Done) }),
    () => undefined,
    { 'no certificate': (done) => done(null, stage.tls.createSecureContext({})) },
  )(stage)

const protocols: Scenario = async (stage) => {
  for (const chosen of ['a', 'b', 'c', '', undefined, 1, null]) {
    const { server, port } = await stage.listen(
      { ...identity, ALPNCallback: () => chosen as string },
      (socket) => void socket.on('error', () => undefined).end('x'),
      [],
    )
    server.on('tlsClientError', (error: Error) => stage.say(`${String(chosen)}: server ${describe(error)}`))
    const socket = stage.connect({ port, ALPNProtocols: ['a', 'b'] }, [])
    socket.on('secureConnect', () => stage.say(`${String(chosen)}: client ${String(socket.alpnProtocol)}`))
    socket.on('error', (error) => stage.say(`${String(chosen)}: client ${String(Reflect.get(error, 'code'))}`))
    await stage.closed(socket.resume())
  }
  stage.log.sort()
}

const responses: Scenario = answering(
  () => ({ ca: keys.ca }),
  (server, answer) =>
    void server.on('OCSPRequest', (certificate: Buffer, issuer: Buffer, done: Done) => {
      if (certificate.length < 100 || issuer.length < 100) throw new Error('no certificates')
      answer(done)
    }),
  {
    'a response': (done) => done(null, Buffer.from('response')),
    'a response, later': later((done) => done(null, Buffer.from('response'))),
    nothing: (done) => done(null),
    'an error': (done) => done(new Error('no response')),
    'an error, later': later((done) => done(new Error('no response'))),
  },
  { requestOCSP: true },
)

/** Clients and servers whose keys are of each kind, or none. */
const sharedKeys: Scenario = async (stage) => {
  const good = { psk: Buffer.alloc(16, 1), identity: 'me' }
  const server = (_socket: tls.TLSSocket, name: string): unknown =>
    ({ me: good.psk, view: new DataView(new ArrayBuffer(16)), object: { psk: good.psk }, wrong: 'text' })[name] ?? null
  const { server: listening, port } = await stage.listen(
    { ...identity, ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: server as never, pskIdentityHint: 'a hint' },
    (socket) => void socket.on('error', () => undefined).end('x'),
    [],
  )
  listening.on('tlsClientError', (error: Error) => stage.say(`server ${describe(error)}`))
  const answers: Readonly<Record<string, unknown>> = {
    good,
    'another key': { ...good, psk: Buffer.alloc(16, 2) },
    'a view': { psk: new Uint8Array(16), identity: 'view' },
    'an object at the server': { ...good, identity: 'object' },
    'a wrong answer of the server': { ...good, identity: 'wrong' },
    'an identity that is not known': { ...good, identity: 'stranger' },
    'no key': null,
    text: 'text',
    'no identity': { psk: good.psk },
    'a key of a wrong type': { psk: 'text', identity: 'me' },
  }
  for (const [name, answer] of Object.entries(answers)) {
    stage.say(`---- ${name}`)
    const socket = stage.connect(
      {
        port,
        ciphers: 'PSK',
        maxVersion: 'TLSv1.2',
        pskCallback: ((hint: unknown) => {
          stage.say(`hint ${String(hint)}`)
          return answer
        }) as never,
        checkServerIdentity: () => {
          stage.say('asked for the name')
          return undefined
        },
      },
      ['secureConnect', 'error'],
    )
    socket.on('secureConnect', () => stage.say(`${socket.authorized} ${JSON.stringify(socket.getPeerCertificate())}`))
    await stage.closed(socket.resume())
  }
}

/** A session under a key that both ends have: whether the name is asked for again. */
const keysResumed: Scenario = async (stage) => {
  const psk = Buffer.alloc(16, 1)
  const tls12 = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const
  const { port } = await stage.listen(
    { ...tls12, pskCallback: () => psk },
    (socket) => void socket.on('error', () => undefined).end('x'),
    [],
  )
  let session: Buffer | undefined
  for (let i = 0; i < 2; i++) {
    const socket = stage.connect(
      {
        port,
        session,
        ...tls12,
        pskCallback: () => ({ psk, identity: 'me' }),
        checkServerIdentity: () => {
          stage.say('asked for the name')
          return undefined
        },
      },
      [],
    )
    socket.on('secureConnect', () => {
      session = socket.getSession()
      stage.say(`reused ${socket.isSessionReused()} authorized ${socket.authorized}`)
    })
    await stage.closed(socket.resume())
  }
}

/** A server's store of sessions that takes its time: what it has found is waited for. */
const slowStores: Scenario = async (stage) => {
  const { server, port } = await stage.listen(
    { ...identity, maxVersion: 'TLSv1.2', secureOptions: 1 << 14 },
    (socket) => {
      stage.say(`accepted, reused ${socket.isSessionReused()}`)
      socket.on('error', () => undefined).end('x')
    },
    [],
  )
  let stored: Buffer | undefined
  const storing: Promise<void>[] = []
  server.on('newSession', (_id: Buffer, session: Buffer, done: () => void) => {
    stored = session
    const later = turn().then(() => {
      stage.say('stored')
      done()
    })
    storing.push(later)
  })
  server.on('resumeSession', (_id: Buffer, done: Done) => {
    setImmediate(() => {
      stage.say(`found ${stored !== undefined}`)
      done(null, stored)
    })
  })
  let session: Buffer | undefined
  for (let i = 0; i < 2; i++) {
    const socket = stage.connect({ port, session }, [])
    socket.on('session', (given: Buffer) => (session = given))
    await stage.closed(socket.resume())
    await Promise.all(storing)
    // node:tls waits for what is stored as well.
    stage.log.sort()
  }
}

export const callbacks: Readonly<Record<string, Scenario>> = {
  'answers of SNICallback': contexts,
  'a context without a certificate for a name': contextOfOthers,
  'answers of ALPNCallback': protocols,
  'answers to OCSPRequest': responses,
  'answers of pskCallback': sharedKeys,
  'a session under a key of both ends': keysResumed,
  'a store of sessions that takes its time': slowStores,
}
