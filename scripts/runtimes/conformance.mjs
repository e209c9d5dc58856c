// What docs/runtimes.md has a row for: the same checks in every runtime, with nothing but the installed package and
// the globals that all runtimes have. scripts/runtimes.ts puts this file beside the installed tarball.
import { createCa } from 'puretls/pki'
import { memorySessionCache } from 'puretls/session'

const day = 86_400_000

/** In a function, as workerd gives no random values while modules are loaded. */
const certify = async () => {
  const ca = await createCa({ name: 'Runtimes' })
  const stranger = await createCa({ name: 'A stranger' })
  const issue = async (options) => {
    const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'], ...options })
    return { cert: chainPem, key: privateKeyPem }
  }
  return {
    ca: ca.certificatePem,
    stranger: stranger.certificatePem,
    ecdsa: await issue({ key: 'ecdsa-p256' }),
    rsa: await issue({ key: 'rsa-2048' }),
    ed25519: await issue({ key: 'ed25519' }),
    expired: await issue({ notBefore: Date.now() - 2 * day, notAfter: Date.now() - day }),
    otherName: await issue({ names: ['other.example'] }),
    client: await issue({ names: ['client.example'], client: true }),
  }
}

const assert = (holds, what) => {
  if (!holds) throw new Error(what)
}

const echo = async (connection) => {
  for await (const data of connection) await connection.write(data)
  await connection.close()
}

/** Connects by `transport`, sends `message`, expects it back; gives what both sides know of the connection. */
const exchange = async (transport, server, client, message = new Uint8Array([1, 2, 3])) => {
  const { near, far, close } = await transport.open(server)
  // Both ends are awaited: a server whose client refuses it fails as well, and must not do so unseen.
  const served = far.then(async (connection) => {
    await echo(connection)
    return connection.info
  })
  served.catch(() => {})
  try {
    const connection = await near({ serverName: 'localhost', ...client })
    const written = connection.write(message).then(() => connection.closeWrite())
    written.catch(() => {})
    let received = 0
    for await (const data of connection) {
      for (const byte of data) assert(byte === message[received++], `another byte came back at ${received - 1}`)
    }
    await written
    await connection.close()
    assert(received === message.length, `${received} of ${message.length} bytes came back`)
    return { client: connection.info, server: await served }
  } finally {
    await close()
  }
}

const authenticates = (identity) => async (transport, common, certified) => {
  const { ca, [identity]: own } = certified
  const { client } = await exchange(transport, { ...common, ...own }, { ...common, ca })
  assert(client.version === common.versions.min, `the version is ${client.version}`)
}

const refuses = (identity, authority, code) => async (transport, common, certified) => {
  const { [authority]: ca, [identity]: own } = certified
  try {
    await exchange(transport, { ...common, ...own }, { ...common, ca })
  } catch (error) {
    assert(error.name === 'TlsError' && error.code === code, `${error.code ?? error.name}: ${error.message}`)
    return
  }
  throw new Error('it was accepted')
}

const resumes = async (transport, common, { ca, ecdsa }) => {
  const sessions = memorySessionCache()
  const resumed = []
  const server = transport.prepare({ ...common, ...ecdsa })
  for (let i = 0; i < 2; i++) {
    const { client } = await exchange(transport, server, { ...common, ca, sessions })
    resumed.push(client.resumed)
  }
  assert(resumed.join() === 'false,true', `resumed: ${resumed.join()}`)
}

const clientCertificate = async (transport, common, { ca, ecdsa, client }) => {
  const server = { ...common, ...ecdsa, clientAuth: { mode: 'require', ca } }
  const seen = await exchange(transport, server, { ...common, ...client, ca })
  assert(seen.server.peerCertificates.length > 0, 'the server saw no certificate')
  const alert = common.versions.min === 'TLS 1.3' ? 'certificate_required' : 'handshake_failure'
  try {
    await exchange(transport, server, { ...common, ca })
  } catch (error) {
    assert(error.received === alert, `${error.code ?? error.name}: ${error.message}`)
    return
  }
  throw new Error('a client without a certificate was let in')
}

const mebibyte = new Uint8Array(1 << 20).map((_, index) => index % 251)
const echoesMebibyte = (transport, common, { ca, ecdsa }) =>
  exchange(transport, { ...common, ...ecdsa }, { ...common, ca }, mebibyte)

const agreesOnProtocol = async (transport, common, { ca, ecdsa }) => {
  const server = { ...common, ...ecdsa, alpn: ['h2', 'http/1.1'] }
  const { client } = await exchange(transport, server, { ...common, ca, alpn: ['http/1.1'] })
  assert(client.alpn === 'http/1.1', `the protocol is ${client.alpn}`)
}

export const checks = [
  ['a server with an ECDSA P-256 key', authenticates('ecdsa')],
  ['a server with an RSA key', authenticates('rsa')],
  ['a server with an Ed25519 key', authenticates('ed25519')],
  ['1 MiB there and back', echoesMebibyte],
  ['resumption', resumes],
  ['ALPN', agreesOnProtocol],
  ['client certificates: with one, and refused without', clientCertificate],
  ['refuses a chain to an unknown CA', refuses('ecdsa', 'stranger', 'unknown_ca')],
  ['refuses an expired certificate', refuses('expired', 'ca', 'certificate_expired')],
  ['refuses a certificate of another name', refuses('otherName', 'ca', 'certificate_name_mismatch')],
]

/** Both ends in memory. */
export const inMemory = ({ connect, createServer, pair }) => ({
  name: 'memory',
  prepare: createServer,
  open: async (options) => {
    const server = typeof options.accept === 'function' ? options : createServer(options)
    const [near, far] = pair()
    return { near: (client) => connect(near, client), far: server.accept(far), close: async () => {} }
  },
})

/** Over sockets of the runtime's own: `createServer().listen()` and `connect('localhost:port')`. */
export const overLoopback = ({ connect, createServer }) => ({
  name: 'loopback',
  prepare: createServer,
  open: async (options) => {
    const server = typeof options.listen === 'function' ? options : createServer(options)
    let accepted
    let failed
    const far = new Promise((resolve, reject) => {
      accepted = resolve
      failed = reject
    })
    let finish = () => {}
    const finished = new Promise((resolve) => {
      finish = resolve
    })
    const onConnection = async (connection) => {
      accepted(connection)
      await finished
    }
    const listener = await server.listen(0, '127.0.0.1', onConnection, { onError: failed })
    return {
      near: (client) => connect(`127.0.0.1:${listener.address.port}`, client),
      far,
      close: async () => {
        finish()
        await listener.close()
      },
    }
  },
})

/** Rows `{ transport, version, check, result }`; `result` is 'yes', or what went wrong. */
export const run = async (transports, provider) => {
  const certified = await certify()
  const rows = []
  for (const transport of transports) {
    for (const version of ['TLS 1.3', 'TLS 1.2']) {
      const common = { versions: { min: version, max: version }, ...(provider === undefined ? {} : { provider }) }
      for (const [check, perform] of checks) {
        const row = { transport: transport.name, version, check }
        try {
          await perform(transport, common, certified)
          rows.push({ ...row, result: 'yes' })
        } catch (error) {
          rows.push({ ...row, result: `no: ${error.code ?? error.name}: ${error.message}` })
        }
      }
    }
  }
  return rows
}
