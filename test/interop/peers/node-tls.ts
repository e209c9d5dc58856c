// node:tls, in this process.

import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'
import { EXPORTER_LABEL } from '../peer.ts'
import type { Files, Peer, PeerReport, PeerSetup } from '../peer.ts'

const options = (
  setup: PeerSetup,
  files: Files,
  identity: { readonly cert: string; readonly key: string } | undefined,
) => {
  const version = setup.version === 'TLS 1.3' ? ('TLSv1.3' as const) : ('TLSv1.2' as const)
  return {
    minVersion: version,
    maxVersion: version,
    ca: readFileSync(files.ca),
    ...(setup.groups && { ecdhCurve: setup.groups.join(':') }),
    ...(setup.ciphers12 && { ciphers: setup.ciphers12 }),
    ...(identity && { cert: readFileSync(identity.cert), key: readFileSync(identity.key) }),
  }
}

/** The first line that comes. */
const line = (socket: tls.TLSSocket): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '')
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('node:tls: closed before a line came')))
  })

/** Without a context, which the types do not allow and Node does: in TLS 1.2 it is not the same as an empty one. */
const exporterOf = (socket: tls.TLSSocket): string => {
  const material: Buffer = Reflect.apply(socket.exportKeyingMaterial, socket, [32, EXPORTER_LABEL])
  return material.toString('hex')
}

/** OpenSSL 3.5. */
const hasMlKem = Number(process.versions.openssl.split('.')[1]) >= 5

export const nodeTls: Peer = {
  name: 'node:tls',
  certificates: ['ecdsa', 'rsa', 'ed25519'],
  groups: ['X25519', 'P-256', 'P-384', 'P-521', ...(hasMlKem ? ['X25519MLKEM768'] : [])],
  groupsByName: hasMlKem ? ['SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'MLKEM512', 'MLKEM768', 'MLKEM1024'] : [],
  choosesGroups: true,
  updatesKeys: { client: false, server: false },
  exporter: true,
  keyLog: true,
  cookieAlone: true,

  find: async () => `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,

  serve: async (setup, files) => {
    const keyLog: string[] = []
    const server = tls.createServer({
      ...options(setup, files, files.server[setup.certificate ?? 'ecdsa']),
      requestCert: setup.requireClientCertificate ?? false,
      rejectUnauthorized: setup.requireClientCertificate ?? false,
    })
    server.on('keylog', (entry: Buffer) => keyLog.push(entry.toString('latin1').trim()))
    const report = new Promise<PeerReport>((resolve, reject) => {
      server.on('tlsClientError', reject)
      server.on('secureConnection', (socket) => {
        const exporter = exporterOf(socket)
        line(socket).then((received) => {
          socket.write(`echo:${received}\n`)
          socket.on('end', () => socket.end())
          socket.on('close', () => resolve({ received, exporter, keyLog }))
        }, reject)
      })
    })
    report.catch(() => {}) // told by report()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(address && typeof address === 'object' ? address.port : 0)
      })
    })
    return { port, report: () => report, stop: () => new Promise((resolve) => server.close(() => resolve())) }
  },

  dial: async (port, setup, files) => {
    const keyLog: string[] = []
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ...options(setup, files, setup.certificate && files.client[setup.certificate]),
    })
    socket.on('keylog', (entry: Buffer) => keyLog.push(entry.toString('latin1').trim()))
    const answer = line(socket)
    answer.catch(() => {}) // awaited below
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    })
    const exporter = exporterOf(socket)
    socket.write(`${setup.message}\n`)
    const received = await answer
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end()
    await closed
    return { received, exporter, keyLog }
  },
}
