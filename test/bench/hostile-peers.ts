// What a peer can make a server of puretls compute with bytes that cost it little, against node:tls (OpenSSL) with the
// same bytes in the same run: ClientHellos full of what nobody knows, and records without content, 31 for each byte of
// data (as many in a row as OpenSSL takes).

import { createCipheriv } from 'node:crypto'
import process from 'node:process'
import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { DirectionSecrets } from '../../src/engine/every.ts'
import { connect, createServer } from '../../src/index.node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { hostileHellos } from './hostile-hellos.ts'

const ROUNDS = 100
/** Answers to a hostile hello in a turn. */
const PER_TURN = 20
const TURNS = 15
const WARM_UP = 3
const EMPTY_PER_BYTE = 31
const DATA_BYTES = 300

/** A server over one stream; `done` is called when it has read all data, or refuses to go on. */
interface Contender {
  readonly name: string
  serve(stream: Duplex, done: () => void): void
}

const secureContext = createSecureContext(ecdsa)
const server = createServer({ ...ecdsa, handshakesPerTurn: Infinity })
export const contenders: readonly Contender[] = [
  {
    name: 'puretls',
    serve: (stream, done) => {
      const count = async (): Promise<void> => {
        let received = 0
        const connection = await server.accept(stream)
        for await (const data of connection) if ((received += data.length) >= DATA_BYTES) return done()
      }
      count().catch(() => done())
    },
  },
  {
    name: 'node:tls',
    serve: (stream, done) => {
      let received = 0
      const socket = new TLSSocket(stream as never, { isServer: true, secureContext })
      socket.on('data', (data: Uint8Array) => {
        if ((received += data.length) >= DATA_BYTES) done()
      })
      socket.on('error', () => done())
    },
  },
]

/** Until a server answered the last of these, or refused one. */
export const answered = ({ serve }: Contender, flights: readonly Uint8Array[]): Promise<void> =>
  new Promise((resolve) => {
    const [near, far] = duplexPair()
    const left = flights.slice()
    serve(far, () => {})
    const next = (): void => {
      const flight = left.shift()
      if (flight) return void near.write(flight)
      near.destroy()
      resolve()
    }
    near.on('data', next)
    near.on('error', () => {})
    next()
  })

/** Application data in TLS 1.3 records under these keys: `EMPTY_PER_BYTE` without content before each byte. */
const sparseRecords = ({ key, iv, sequenceNumber }: DirectionSecrets): Uint8Array => {
  const records: Uint8Array[] = []
  let sequence = sequenceNumber
  const put = (data: Uint8Array): void => {
    const header = Uint8Array.of(23, 3, 3, 0, data.length + 17)
    const nonce = Buffer.from(iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence++) >>> 0, 8)
    const cipher = createCipheriv('aes-128-gcm', key, nonce)
    cipher.setAAD(header)
    records.push(header, cipher.update(concat(data, Uint8Array.of(23))), cipher.final(), cipher.getAuthTag())
  }
  for (let byte = 0; byte < DATA_BYTES; byte++) {
    for (let empty = 0; empty < EMPTY_PER_BYTE; empty++) put(new Uint8Array(0))
    put(Uint8Array.of(byte & 255))
  }
  return concat(...records)
}

/** Milliseconds that a server takes to read them. */
const readTime = async ({ serve }: Contender): Promise<number> => {
  const [near, far] = duplexPair()
  let finish: () => void = () => {}
  const done = new Promise<void>((resolve) => (finish = resolve))
  serve(far, () => finish())
  const connection = await connect(near, {
    serverName: 'server.test',
    verifier: anyCertificate,
    provider: nodeProvider,
    cipherSuites: ['TLS_AES_128_GCM_SHA256'],
    dangerouslyExposeTrafficSecrets: true,
  })
  await new Promise((resolve) => setTimeout(resolve, 5)) // tickets
  const wire = sparseRecords(connection.dangerousTrafficSecrets().write)
  const start = performance.now()
  near.write(wire)
  await done // all data came, or the server refused the rest
  const time = performance.now() - start
  near.destroy()
  connection.abort()
  return time
}

/** Milliseconds of the processor, of all threads, so that the collector's count too. */
const processorTime = async (work: () => Promise<unknown>): Promise<number> => {
  const start = process.cpuUsage()
  for (let i = 0; i < PER_TURN; i++) await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000 / PER_TURN
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

export interface PeerResult {
  readonly what: string
  /** Milliseconds of each. */
  readonly puretls: number
  readonly node: number
  /** Median of the turns. */
  readonly ratio: number
}

/** Each input, by both in turns; the first turns, in which code is compiled, do not count. */
export const measureHostilePeers = async (only = ''): Promise<readonly PeerResult[]> => {
  const [ours, theirs] = contenders
  if (!ours || !theirs) return []
  const both = async (what: string, work: (contender: Contender) => Promise<unknown>): Promise<PeerResult> => {
    const turns: { readonly puretls: number; readonly node: number }[] = []
    for (let turn = -WARM_UP; turn < TURNS; turn++) {
      const puretls = await processorTime(() => work(ours))
      const node = await processorTime(() => work(theirs))
      if (turn >= 0) turns.push({ puretls, node })
    }
    return {
      what,
      puretls: median(turns.map(({ puretls }) => puretls)),
      node: median(turns.map(({ node }) => node)),
      ratio: median(turns.map(({ puretls, node }) => puretls / node)),
    }
  }
  const results: PeerResult[] = []
  for (const { what, flights } of hostileHellos().filter((hello) => hello.what.includes(only))) {
    results.push(await both(what, (contender) => answered(contender, flights)))
  }
  const sparse = '31 empty records per byte, 300 bytes'
  if (sparse.includes(only)) results.push(await sparseResult(sparse, ours, theirs))
  return results
}

/** The wire is made anew for each connection, so only reading it is timed: the least of all rounds. */
const sparseResult = async (what: string, ours: Contender, theirs: Contender): Promise<PeerResult> => {
  let [puretls, node] = [Infinity, Infinity]
  for (let round = 0; round < ROUNDS; round++) {
    puretls = Math.min(puretls, await readTime(ours))
    node = Math.min(node, await readTime(theirs))
  }
  return { what, puretls, node, ratio: puretls / node }
}
