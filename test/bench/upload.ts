// `node test/bench/upload.ts [CHECKOUT ...]`: what a client spends that only sends, over TCP to a server of node:tls in
// another process: some handshakes and 192 MiB first, then 512 MiB that are measured. `handed`: it is given a socket,
// where it would dial. Fresh processes, figures and checkouts as with collections.ts.
//   --sizes N[,N]           bytes of a write (default: 16384,1048576)
//   --runs N                processes of each (default: 4)

import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { AddressInfo } from 'node:net'
import nodeTls from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type * as Puretls from '../../src/index.node.ts'
import { handshakes, load } from './checkouts.ts'
import { messageOf } from './contenders/messages.ts'
import { spent } from './measure.ts'
import { ecdsa } from './setups.ts'
import { begin, compareTraced, end } from './traced.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '16384,1048576' },
    runs: { type: 'string', default: '4' },
    of: { type: 'string' }, // in a process of one contender
    port: { type: 'string' },
    ca: { type: 'string' },
  },
})

const MIB = 1 << 20
const FIRST = 192
const MEASURED = 512
const HANDSHAKES = 300

interface Sender {
  /** Resolves when there is room for more. */
  write(data: Uint8Array): unknown
  close(): unknown
}

type Dial = (port: number, ca: string) => Promise<Sender>

const handed = (port: number) => connectTcp(port, '127.0.0.1')

const nodeLike = async (socket: TLSSocket): Promise<Sender> => {
  await once(socket, 'secureConnect')
  return {
    write: (data) => (socket.write(data) ? undefined : once(socket, 'drain')),
    close: () => socket.destroy(),
  }
}

const own = async (connecting: Promise<Puretls.TlsConnection>): Promise<Sender> => {
  const connection = await connecting
  return { write: (data) => connection.write(data), close: () => connection.abort() }
}

const dials: Readonly<Record<string, (checkout: string) => Promise<Dial>>> = {
  node: async () => (port, ca) => nodeLike(nodeTls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca })),
  'node, handed': async () => (port, ca) =>
    nodeLike(nodeTls.connect({ socket: handed(port), servername: 'localhost', ca })),
  own: async (checkout) => {
    const { connect } = (await load(checkout, 'src/index.node.ts')) as typeof Puretls
    return (port, ca) => own(connect(`127.0.0.1:${port}`, { serverName: 'localhost', ca }))
  },
  'own, handed': async (checkout) => {
    const { connect } = (await load(checkout, 'src/index.node.ts')) as typeof Puretls
    return (port, ca) => own(connect(handed(port), { serverName: 'localhost', ca }))
  },
  'ownNode, handed': async (checkout) => {
    const { connect } = (await load(checkout, 'src/node/index.ts')) as typeof nodeTls
    return (port, ca) => nodeLike(connect({ socket: handed(port), servername: 'localhost', ca }))
  },
}

/** In the process of one contender. */
const upload = async (checkout: string, id: string): Promise<void> => {
  const dial = await dials[id]?.(checkout)
  if (!dial) throw new Error(`no contender ${id}`)
  const open = (): Promise<Sender> => dial(Number(options.port), options.ca ?? '')
  await handshakes({ open }, HANDSHAKES)
  const size = Number(options.sizes)
  const sender = await open()
  const send = async (mebibytes: number): Promise<void> => {
    for (let left = mebibytes * MIB; left > 0; left -= size) await sender.write(messageOf(size))
  }
  await send(FIRST)
  begin()
  end(await spent(() => send(MEASURED)), MEASURED)
}

const compare = async (size: string): Promise<void> => {
  const server = nodeTls.createServer({ cert: ecdsa.cert, key: ecdsa.key }, (socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  console.log(`writes of ${size} bytes`)
  await compareTraced({
    script: fileURLToPath(import.meta.url),
    args: ['--sizes', size, '--port', String(port), `--ca=${ecdsa.ca}`],
    ids: Object.keys(dials),
    checkouts: positionals,
    runs: Number(options.runs),
  })
  server.close()
}

if (options.of === undefined) for (const size of options.sizes.split(',')) await compare(size)
else await upload(positionals[0] ?? '.', options.of)
process.exit()
