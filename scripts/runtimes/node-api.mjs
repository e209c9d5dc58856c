// A transport for conformance.mjs over puretls/node, whose options, events and errors are those of node:tls. workerd has
// no net.Server: a server in it is a TLSSocket over one end of a pair of streams.
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { connect, createSecureContext, TLSSocket } from 'puretls/node'

const tlsVersion = (version) => version.replace('TLS ', 'TLSv')

const optionsOf = ({ versions, alpn, clientAuth, ...others }) => ({
  ...others,
  minVersion: tlsVersion(versions.min),
  maxVersion: tlsVersion(versions.max),
  ...(alpn ? { ALPNProtocols: alpn } : {}),
  ...(clientAuth ? { ca: clientAuth.ca, requestCert: true, rejectUnauthorized: true } : {}),
})

const codes = {
  CERT_HAS_EXPIRED: 'certificate_expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_name_mismatch',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown_ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown_ca',
}

/** An error of node:tls as the one of puretls that it stands for. */
const translated = (error) => {
  const { cause, code, message } = error
  if (cause?.name === 'TlsError') return cause
  return code in codes ? Object.assign(new Error(message), { name: 'TlsError', code: codes[code] }) : error
}

const rethrow = (error) => {
  throw translated(error)
}

const infoOf = (socket) => {
  const { raw } = socket.getPeerCertificate()
  return {
    version: socket.getProtocol().replace('TLSv', 'TLS '),
    alpn: socket.alpnProtocol,
    resumed: socket.isSessionReused(),
    peerCertificates: raw === undefined ? [] : [raw],
  }
}

const ended = async (socket) => void socket.end()

/** A TLSSocket in the form of a connection of puretls, once its handshake is done. */
const connectionOf = async (socket, event) => {
  // It may come before anybody reads.
  let failure
  socket.on('error', (error) => {
    failure = error
  })
  await once(socket, event).catch(rethrow)
  const info = infoOf(socket)
  return {
    info,
    write: (data) =>
      new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(translated(error)) : resolve()))),
    closeWrite: () => ended(socket),
    close: async () => (socket.writableEnded ? undefined : ended(socket)),
    [Symbol.asyncIterator]: async function* () {
      try {
        if (!failure) yield* socket.iterator({ destroyOnReturn: false })
      } catch (error) {
        rethrow(error)
      }
      if (failure) rethrow(failure)
    },
  }
}

/** The last session of each cache that conformance.mjs made. */
const saved = new WeakMap()

/** `place`: where to connect to, a port or a stream. */
const connectTo = (place, { serverName, sessions, ...options }) => {
  const session = sessions && saved.get(sessions)
  const socket = connect({ ...place, ...optionsOf(options), servername: serverName, ...(session ? { session } : {}) })
  if (sessions) socket.on('session', (session) => saved.set(sessions, session))
  return connectionOf(socket, 'secureConnect')
}

const prepare = (options) => {
  const all = optionsOf(options)
  return { ...all, isServer: true, secureContext: createSecureContext(all) }
}

/** Both ends in memory. */
export const nodeInMemory = {
  name: 'memory, puretls/node',
  prepare,
  open: async (options) => {
    const [near, far] = duplexPair()
    const socket = new TLSSocket(far, options.isServer ? options : prepare(options))
    return {
      near: (client) => connectTo({ socket: near }, client),
      far: connectionOf(socket, 'secure'),
      close: async () => {
        socket.destroy()
        near.destroy()
      },
    }
  },
}
