// The counts of a handshake and of a record, both ends together: `npm run bench -- --counts` prints them, and
// test/speed/counts.test.ts holds them. A subject is one row of `handshakes` or `transfers`.

import { nodeProvider } from '../../src/crypto/node.ts'
import { connect, createServer, loadIdentity, pair } from '../../src/index.node.ts'
import type {
  ByteStream,
  ClientOptions,
  CryptoProvider,
  CreateServerOptions,
  TlsConnection,
} from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'
import { memorySessionCache } from '../../src/session/index.ts'
import { counted } from './counting.ts'
import type { Counts } from './counting.ts'

/** Functions of src/ that are counted with the calls of node:crypto. */
const functions = ['parseCertificate', 'parsePublicKey', 'trafficKeys', 'expandLabel']

interface Fixture {
  readonly client: ClientOptions
  readonly server: CreateServerOptions
  /** For clients that have a certificate, and a server that wants it. */
  readonly withCertificate: { readonly client: Partial<ClientOptions>; readonly server: Partial<CreateServerOptions> }
}

/** A CA, a server's certificate, options of both ends. */
const makeFixture = async (provider: CryptoProvider): Promise<Fixture> => {
  const ca = await createCa({ name: 'counts' })
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'] })
  const own = await ca.issue({ names: ['client'], client: true })
  return {
    client: { provider, ca: ca.certificatePem, serverName: 'localhost', groups: ['X25519', 'P-256'] },
    server: { provider, cert: chainPem, key: privateKeyPem },
    withCertificate: {
      client: { identity: await loadIdentity({ cert: own.chainPem, key: own.privateKeyPem }, provider) },
      server: { clientAuth: { mode: 'require', ca: ca.certificatePem } },
    },
  }
}

let made: Promise<Fixture> | undefined
const fixture = (): Promise<Fixture> => (made ??= makeFixture(nodeProvider))

/** Resolves when both ends have done all that they do by themselves. */
const meet = async (
  near: ByteStream,
  far: ByteStream,
  client: ClientOptions,
  accept: (stream: ByteStream) => Promise<TlsConnection>,
) => Promise.all([connect(near, client), accept(far)])

/** A kind of handshake: what it answers with runs one, and that answers with what closes the connection. */
type Handshake = (fixture: Fixture) => () => Promise<() => Promise<unknown>>

const handshakeWith =
  (clientOptions: Partial<ClientOptions>, serverOptions: Partial<CreateServerOptions> = {}): Handshake =>
  ({ client, server }) => {
    const { accept } = createServer({ ...server, ...serverOptions })
    const options = { ...client, ...clientOptions }
    return async () => {
      const [near, far] = pair()
      const [connection, accepted] = await meet(near, far, options, accept)
      // tickets too: a byte comes after them
      await accepted.write(Uint8Array.of(1))
      await connection.read()
      return () => Promise.all([connection.close(), accepted.close()])
    }
  }

/** By name. Each runs three times before it is counted: both ends have met. */
export const handshakes: Readonly<Record<string, Handshake>> = {
  'full, TLS 1.3': handshakeWith({ versions: { min: 'TLS 1.3' } }),
  'full, TLS 1.3, with a client certificate': (given) => {
    const { client, server } = given.withCertificate
    return handshakeWith({ versions: { min: 'TLS 1.3' }, ...client }, server)(given)
  },
  'full, TLS 1.2': handshakeWith({ versions: { max: 'TLS 1.2' } }),
  'resumed, TLS 1.3': (given) => handshakeWith({ versions: { min: 'TLS 1.3' }, sessions: memorySessionCache() })(given),
  'resumed, TLS 1.2': (given) => handshakeWith({ versions: { max: 'TLS 1.2' }, sessions: memorySessionCache() })(given),
}

export const countHandshake = async (kind: Handshake): Promise<Counts> => {
  const run = kind(await fixture())
  for (let warm = 0; warm < 3; warm++) await (await run())()
  let close = async (): Promise<unknown> => undefined
  const counts = await counted(async () => {
    close = await run()
  }, functions)
  await close()
  return counts
}

export interface Transfer {
  /** Bytes of one write(). */
  readonly write: number
  /** Bytes in all. */
  readonly total: number
  /** Whether each write waits for the one before. */
  readonly awaited: boolean
}

export const transfers: Readonly<Record<string, Transfer>> = {
  'writes of 1 KiB': { write: 1024, total: 1 << 20, awaited: false },
  'writes of 1 KiB, each awaited': { write: 1024, total: 1 << 20, awaited: true },
  'writes of 16 KiB': { write: 16_384, total: 1 << 20, awaited: true },
  'writes of 1 MiB': { write: 1 << 20, total: 1 << 20, awaited: true },
}

/** A stream that is never full, and what goes through it: no copies and few promises of its own. */
const tap = (stream: ByteStream) => {
  const written: Uint8Array[] = []
  let tapping = false
  const tapped: ByteStream = {
    ...stream,
    write: (data) => {
      if (!tapping) return stream.write(data)
      written.push(data)
      return nothing
    },
  }
  return { tapped, written, start: () => (tapping = true) }
}
const nothing = Promise.resolve()

export interface TransferCounts {
  /** Per record of 16 KiB of payload. */
  readonly sending: Counts
  readonly receiving: Counts
  /** Writes to the transport for each MiB of payload: system calls, over a socket. */
  readonly writesPerMiB: number
}

/** One direction of an established connection: first all is sent, then all is received. */
export const countTransfer = async ({ write, total, awaited }: Transfer): Promise<TransferCounts> => {
  const { client, server } = await fixture()
  const [near, far] = pair({ highWaterMark: Infinity })
  const { tapped, written, start } = tap(far)
  const [receiver, sender] = await meet(
    near,
    tapped,
    { ...client, versions: { min: 'TLS 1.3' } },
    createServer(server).accept,
  )
  await sender.write(Uint8Array.of(1))
  await receiver.read()
  const data = new Uint8Array(write).fill(0x5a)
  const send = async (): Promise<void> => {
    let last: Promise<void> = nothing
    for (let sent = 0; sent < total; sent += write) {
      last = sender.write(data)
      if (awaited) await last
    }
    await last
    await new Promise(setImmediate) // what was put off to the end of the turn
  }
  start()
  await new Promise((resolve) => setTimeout(resolve, 20)) // what was there before has an end
  await send()
  const before = written.length
  const sending = await counted(send)
  const writes = written.length - before
  const receive = async (): Promise<void> => {
    for (let left = total; left > 0;) left -= (await receiver.read())?.length ?? left
  }
  for (const bytes of written.slice(0, before)) await far.write(bytes)
  await receive()
  const arriving = written.slice(before)
  const receiving = await counted(async () => {
    const done = receive()
    for (const bytes of arriving) await far.write(bytes)
    await done
  })
  receiver.abort()
  sender.abort()
  const records = total / 16_384
  return {
    sending: perRecord(sending, records),
    receiving: perRecord(receiving, records),
    writesPerMiB: writes / (total / (1 << 20)),
  }
}

const perRecord = (counts: Counts, records: number): Counts =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Math.round((count / records) * 100) / 100]))

const columns = (title: string, rows: readonly (readonly [string, Counts])[]): string => {
  const names = [...new Set(rows.flatMap(([, counts]) => Object.keys(counts)))]
  const lines = names.map((name) => `| ${name} | ${rows.map(([, counts]) => counts[name] ?? 0).join(' | ')} |`)
  return [
    `| ${title} | ${rows.map(([name]) => name).join(' | ')} |`,
    `|---|${rows.map(() => '---:|').join('')}`,
    ...lines,
    '',
  ].join('\n')
}

/** Markdown tables of all subjects. */
export const allCounts = async (): Promise<string> => {
  const ofHandshakes: [string, Counts][] = []
  for (const [name, kind] of Object.entries(handshakes)) ofHandshakes.push([name, await countHandshake(kind)])
  const ofTransfers: [string, Counts][] = []
  for (const [name, transfer] of Object.entries(transfers)) {
    const { sending, receiving, writesPerMiB } = await countTransfer(transfer)
    ofTransfers.push(
      [`${name}: sent`, { ...sending, 'transport writes per MiB': writesPerMiB }],
      ['received', receiving],
    )
  }
  return [columns('A handshake, both ends', ofHandshakes), columns('A record of 16 KiB', ofTransfers)].join('\n')
}
