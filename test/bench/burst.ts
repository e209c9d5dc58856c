// node test/bench/burst.ts: 2,000 clients that connect at once, with and without the gate (`handshakesPerTurn`): how
// late timers of the server's event loop are meanwhile. The clients run in a worker, with an event loop of their own.

import { connect as dial, createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createServer } from '../../src/index.node.ts'
import { clientOf } from '../fixtures/engines.ts'
import { ecdsa } from '../fixtures/identities.ts'

const CONNECTIONS = Number(process.env['BURST'] ?? 2000)

/** Sends a ClientHello over each of so many sockets, all connected before the first one speaks. */
const burst = async (port: number): Promise<void> => {
  const sockets = await Promise.all(
    Array.from(
      { length: CONNECTIONS },
      () =>
        new Promise<ReturnType<typeof dial>>((resolve, reject) => {
          const socket = dial(port, '127.0.0.1', () => resolve(socket))
          socket.on('error', reject)
        }),
    ),
  )
  const hellos = sockets.map(() => clientOf({ groups: ['X25519'] }).takeOutput())
  const answered = sockets.map((socket) => new Promise((resolve) => socket.once('data', resolve)))
  for (const [index, socket] of sockets.entries()) for (const bytes of hellos[index] ?? []) socket.write(bytes)
  await Promise.all(answered)
  for (const socket of sockets) socket.destroy()
}

/** Milliseconds of event loop delay while the burst is answered, and how long that took. */
const measure = async (handshakesPerTurn: number): Promise<{ p99: number; most: number; whole: number }> => {
  const server = createServer({ ...ecdsa, handshakesPerTurn })
  const listener = createTcpServer((socket) => {
    socket.on('error', () => {})
    server.accept(socket).catch(() => {})
  })
  await new Promise<void>((resolve) => listener.listen({ port: 0, host: '127.0.0.1', backlog: CONNECTIONS }, resolve))
  const { port } = listener.address() as AddressInfo
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const worker = new Worker(new URL(import.meta.url), { workerData: port })
  await new Promise<void>((resolve) => worker.once('online', () => resolve()))
  const start = performance.now()
  delay.enable()
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  delay.disable()
  const whole = performance.now() - start
  await worker.terminate()
  listener.close()
  return { p99: delay.percentile(99) / 1e6, most: delay.max / 1e6, whole }
}

if (isMainThread) {
  console.log(`${CONNECTIONS} connections at once; milliseconds`)
  console.log(
    `${'handshakesPerTurn'.padEnd(20)}${['p99 delay', 'max delay', 'all'].map((head) => head.padStart(12)).join('')}`,
  )
  for (const perTurn of [8, Infinity]) {
    const { p99, most, whole } = await measure(perTurn)
    const columns = [p99.toFixed(1), most.toFixed(1), whole.toFixed(0)].map((text) => text.padStart(12))
    console.log(`${String(perTurn).padEnd(20)}${columns.join('')}`)
  }
  process.exit(0)
} else {
  await burst(workerData as number)
  parentPort?.postMessage('done')
}
