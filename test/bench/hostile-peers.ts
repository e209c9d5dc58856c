// What a peer can make a server of puretls compute with bytes that cost it little, against node:tls (OpenSSL) with the
// same bytes in the same run: a ClientHello of 16,000 extensions that nobody knows, and records without content, 31 for
// each byte of data (as many in a row as OpenSSL takes).

import { createCipheriv } from 'node:crypto'
import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { DirectionSecrets } from '../../src/engine/every.ts'
import { connect, createServer } from '../../src/index.node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { clientOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

const ROUNDS = 100
const UNKNOWN_EXTENSIONS = 16_000
const EMPTY_PER_BYTE = 31
const DATA_BYTES = 300

/** A server over one stream; `done` is called when it has read all data, or refuses to go on. */
interface Contender {
  readonly name: string
  serve(stream: Duplex, done: () => void): void
}

const secureContext = createSecureContext(ecdsa)
const contenders: readonly Contender[] = [
  {
    name: 'puretls',
    serve: (stream, done) => {
      const count = async (): Promise<void> => {
        let received = 0
        const connection = await createServer({ ...ecdsa, handshakesPerTurn: Infinity }).accept(stream)
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

/** A ClientHello for TLS 1.3 with extensions that mean nothing, in as few records as it needs. */
const crowdedHello = (): Uint8Array => {
  const unknown = Array.from({ length: UNKNOWN_EXTENSIONS }, (_, i) => ({ type: 0x4000 + i, data: new Uint8Array(0) }))
  const client = clientOf({
    groups: ['X25519'],
    versions: { min: 'TLS 1.3' },
    hello: { shape: (hello) => ({ ...hello, extensions: [...unknown, ...(hello.extensions ?? [])] }) },
  })
  return concat(...client.takeOutput())
}

/** Milliseconds from the last byte of a ClientHello to the first of the answer. */
const answerTime = ({ serve }: Contender, hello: Uint8Array): Promise<number> =>
  new Promise((resolve) => {
    const [near, far] = duplexPair()
    serve(far, () => {})
    setImmediate(() => {
      const start = performance.now()
      near.once('data', () => {
        resolve(performance.now() - start)
        near.destroy()
      })
      near.write(hello)
    })
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

const fastest = async (measure: () => Promise<number>): Promise<number> => {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await measure())
  return least
}

export interface PeerResult {
  readonly what: string
  /** Milliseconds of each. */
  readonly puretls: number
  readonly node: number
}

/** Each input, by both in turn. */
export const measureHostilePeers = async (): Promise<readonly PeerResult[]> => {
  const hello = crowdedHello()
  const [ours, theirs] = contenders
  if (!ours || !theirs) return []
  const both = async (what: string, measure: (contender: Contender) => Promise<number>): Promise<PeerResult> => ({
    what,
    puretls: await fastest(() => measure(ours)),
    node: await fastest(() => measure(theirs)),
  })
  return [
    await both('ClientHello with 16,000 unknown extensions', (contender) => answerTime(contender, hello)),
    await both('31 empty records per byte, 300 bytes', readTime),
  ]
}
