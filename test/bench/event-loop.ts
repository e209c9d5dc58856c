// `npm run bench:event-loop`: how long a server's event loop is held up while RSA handshakes come in at a fixed rate,
// with signatures made at once and in the runtime's threads. Clients run in a worker, over TCP on loopback.
// `--rate 500` handshakes a second, `--seconds 5`.

import { connect as dial, createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

import { nodeProvider, nodeThreadProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { connect, createServer } from '../../src/index.node.ts'
import { createCa } from '../../src/pki/index.ts'

interface Load {
  readonly port: number
  readonly ca: string
  /** Handshakes a second. */
  readonly rate: number
  readonly seconds: number
}

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '500' }, seconds: { type: 'string', default: '5' } },
})

/** Starts handshakes at the rate, whether or not those before are done, and counts those that were. */
const load = async ({ port, ca, rate, seconds }: Load): Promise<number> => {
  let done = 0
  const one = async (): Promise<void> => {
    try {
      const connection = await connect(dial(port, '127.0.0.1'), {
        ca,
        serverName: 'localhost',
        groups: ['X25519'],
        handshakeTimeout: 60_000,
      })
      done++
      connection.abort()
    } catch {
      // counts as not done
    }
  }
  const all: Promise<void>[] = []
  const begin = performance.now()
  while (performance.now() - begin < seconds * 1000) {
    const due = Math.floor(((performance.now() - begin) / 1000) * rate)
    while (all.length < due) all.push(one())
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await Promise.all(all)
  return done
}

const measure = async (provider: CryptoProvider, rate: number, seconds: number) => {
  const ca = await createCa({ name: 'event loop' })
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'], key: 'rsa-2048' })
  const server = createServer({ provider, cert: chainPem, key: privateKeyPem, tickets: false })
  const listener = createTcpServer({ noDelay: true }, (socket) => {
    server.accept(socket).then(
      (connection) => connection.read().catch(() => {}),
      () => {},
    )
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const run = async (given: Load): Promise<number> => {
    const worker = new Worker(new URL(import.meta.url), { workerData: given })
    return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  }
  await run({ port, ca: ca.certificatePem, rate: 50, seconds: 1 }) // warm
  delay.enable()
  const before = process.cpuUsage()
  const done = await run({ port, ca: ca.certificatePem, rate, seconds })
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  listener.close()
  const ms = (ns: number): string => (ns / 1e6).toFixed(1)
  return {
    provider: provider.name,
    'handshakes done': done,
    'p50 ms': ms(delay.percentile(50)),
    'p99 ms': ms(delay.percentile(99)),
    'longest ms': ms(delay.max),
    'processor s, with the clients': ((user + system) / 1e6).toFixed(1),
  }
}

if (isMainThread) {
  const [rate, seconds] = [Number(values.rate), Number(values.seconds)]
  const rows = []
  for (const provider of [nodeProvider, nodeThreadProvider]) rows.push(await measure(provider, rate, seconds))
  const table = rows.map((row) => `| ${Object.values(row).join(' | ')} |`)
  const heads = Object.keys(rows[0] ?? {})
  const lines = [`| ${heads.join(' | ')} |`, `|${heads.map(() => '---:').join('|')}|`, ...table]
  process.stdout.write(`${rate} RSA-2048 handshakes a second for ${seconds} s\n\n${lines.join('\n')}\n`)
} else {
  parentPort?.postMessage(await load(workerData as Load))
}
