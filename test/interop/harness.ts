// Interop tests' common ground: certificates in a temporary directory, puretls on one end of a loopback connection and
// another implementation on the other. Absent peers are skipped by name; with CI set, they fail.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as dialTcp, createServer as listenTcp } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from '../../src/index.node.ts'
import type {
  ConnectionInfo,
  ConnectOptions,
  ServerOptions,
  TlsConnection,
  TracedRecord,
} from '../../src/index.node.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { createCa } from '../../src/pki/index.ts'
import type { KeyKind } from '../../src/pki/index.ts'
import { EXPORTER_LABEL } from './peer.ts'
import type { CertificateKind, Files, Peer, PeerReport, PeerSetup } from './peer.ts'
import { stopChildren } from './process.ts'

export interface Environment {
  readonly files: Files
  /** PEM: the authority, and the identities of either role. */
  readonly ca: string
  readonly server: Readonly<Record<CertificateKind, { readonly cert: string; readonly key: string }>>
  readonly client: Readonly<Record<CertificateKind, { readonly cert: string; readonly key: string }>>
  /** Ends every process and removes the directory; for afterAll. */
  dispose(): Promise<void>
}

const kinds: Readonly<Record<CertificateKind, KeyKind>> = { ecdsa: 'ecdsa-p256', rsa: 'rsa-2048', ed25519: 'ed25519' }

export const createEnvironment = async (): Promise<Environment> => {
  const directory = mkdtempSync(join(tmpdir(), 'puretls-interop-'))
  const authority = await createCa({ name: 'puretls interop' })
  const save = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const issue = async (role: 'server' | 'client', kind: CertificateKind) => {
    const key = kinds[kind]
    const issued = await authority.issue(
      role === 'server' ? { names: ['localhost', '127.0.0.1'], key } : { name: `client ${kind}`, client: true, key },
    )
    const pem = { cert: issued.chainPem, key: issued.privateKeyPem }
    return { pem, file: { cert: save(`${role}-${kind}.crt`, pem.cert), key: save(`${role}-${kind}.key`, pem.key) } }
  }
  const all = async (role: 'server' | 'client') => {
    const [ecdsa, rsa, ed25519] = [await issue(role, 'ecdsa'), await issue(role, 'rsa'), await issue(role, 'ed25519')]
    return {
      pem: { ecdsa: ecdsa.pem, rsa: rsa.pem, ed25519: ed25519.pem },
      file: { ecdsa: ecdsa.file, rsa: rsa.file, ed25519: ed25519.file },
    }
  }
  const [server, client] = [await all('server'), await all('client')]
  return {
    files: { directory, ca: save('ca.crt', authority.certificatePem), server: server.file, client: client.file },
    ca: authority.certificatePem,
    server: server.pem,
    client: client.pem,
    dispose: async () => {
      await stopChildren()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Runs `body` for a peer that is here. One that is not is skipped on a user's machine, and an error with CI set. */
export const requirePeer = async (peer: Peer): Promise<boolean> => {
  const version = await peer.find()
  if (version !== undefined) return true
  if (process.env['CI']) throw new Error(`${peer.name} is not on this machine, and CI requires it`)
  return false
}

/** What one connection came to, seen from our end. */
export interface Exchange {
  readonly info: ConnectionInfo
  /** The line we got. */
  readonly received: string
  /** True if the peer's close_notify came. */
  readonly closedCleanly: boolean
  readonly exporter: string
  readonly keyLog: readonly string[]
  /** KeyUpdate messages that passed, by direction. */
  readonly keyUpdates: { readonly sent: number; readonly received: number }
  readonly peer: PeerReport
}

interface Watch {
  readonly keyLog: string[]
  readonly updates: { sent: number; received: number }
  readonly options: { readonly keyLog: (line: string) => void; readonly trace: (record: TracedRecord) => void }
}

const watch = (): Watch => {
  const keyLog: string[] = []
  const updates = { sent: 0, received: 0 }
  return {
    keyLog,
    updates,
    options: {
      keyLog: (line) => keyLog.push(line),
      trace: ({ direction, type, content, encrypted }) => {
        if (encrypted && type === 22 && content[0] === 24) updates[direction]++
      },
    },
  }
}

export interface OurChanges {
  /** We change our keys, and ask for the peer's, before our line. */
  readonly updateKeys?: boolean
}

const text = new TextDecoder('latin1')
const bytes = (line: string): Uint8Array => new TextEncoder().encode(`${line}\n`)

/** Reads to the end of the next line; the rest is dropped. */
const readLine = async (connection: TlsConnection): Promise<string> => {
  let line = ''
  while (!line.includes('\n')) {
    const data = await connection.read()
    if (data === null) throw new Error('the peer closed before a line came')
    line += text.decode(data)
  }
  return line.slice(0, line.indexOf('\n')).trimEnd()
}

const openSocket = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = dialTcp(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })

/** puretls as the client of a peer's server. */
export const dialPeer = async (
  environment: Environment,
  peer: Peer,
  setup: PeerSetup,
  options: Partial<ConnectOptions>,
  changes: OurChanges = {},
): Promise<Exchange> => {
  const { keyLog, updates, options: watching } = watch()
  const server = await peer.serve(setup, environment.files)
  try {
    const connection = await connect(await openSocket(server.port), {
      serverName: 'localhost',
      ca: environment.ca,
      versions: { min: setup.version, max: setup.version },
      ...watching,
      ...options,
    })
    const exporter = toHex(connection.exportKeyingMaterial(32, EXPORTER_LABEL))
    if (changes.updateKeys) await connection.updateKeys({ requestPeer: true })
    await connection.write(bytes(`hello from puretls to ${peer.name}`))
    const received = await readLine(connection)
    await connection.closeWrite()
    const end = await connection.read().catch((error: unknown) => error)
    await connection.close()
    const report = await server.report()
    return {
      info: connection.info,
      received,
      closedCleanly: end === null,
      exporter,
      keyLog,
      keyUpdates: updates,
      peer: report,
    }
  } finally {
    await server.stop()
  }
}

/** puretls as the server of a peer's client. */
export const servePeer = async (
  environment: Environment,
  peer: Peer,
  setup: PeerSetup,
  options: ServerOptions,
  changes: OurChanges = {},
): Promise<Exchange> => {
  const { keyLog, updates, options: watching } = watch()
  const server = createServer({ versions: { min: setup.version, max: setup.version }, ...watching, ...options })
  const listener = listenTcp()
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve))
  const port = await new Promise<number>((resolve) => {
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      resolve(address && typeof address === 'object' ? address.port : 0)
    })
  })
  try {
    const report = peer.dial(port, { message: `hello from ${peer.name} to puretls`, ...setup }, environment.files)
    report.catch(() => {}) // awaited below, after our own end has told
    const connection = await server.accept(await accepted)
    const exporter = toHex(connection.exportKeyingMaterial(32, EXPORTER_LABEL))
    const received = await readLine(connection)
    if (changes.updateKeys) await connection.updateKeys({ requestPeer: true })
    await connection.write(bytes(`echo:${received}`))
    const end = await connection.read().catch((error: unknown) => error)
    await connection.close()
    return {
      info: connection.info,
      received,
      closedCleanly: end === null,
      exporter,
      keyLog,
      keyUpdates: updates,
      peer: await report,
    }
  } finally {
    listener.close()
  }
}
