// A server in a process of its own, so that its processor time, memory and event loop can be told from those of its
// clients. It echoes. Started by rows-scale.ts: node server-process.ts node|own, with the identity as JSON in the
// environment.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import nodeTls from 'node:tls'
import { createServer } from '../../src/index.node.ts'

const { cert, key } = JSON.parse(process.env['BENCH_IDENTITY'] ?? '{}')
const delay = monitorEventLoopDelay({ resolution: 1 })
let start = process.cpuUsage()

const serveNode = (): Promise<number> => {
  const server = nodeTls.createServer({ cert, key, ecdhCurve: 'X25519' }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => socket.write(data))
  })
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}

const serveOwn = async (): Promise<number> => {
  const server = createServer({ cert, key, groups: ['X25519'] })
  const listener = await server.listen(0, '127.0.0.1', async (connection) => {
    try {
      for await (const data of connection) await connection.write(data)
    } catch {
      // the clients go away as they like
    }
  })
  return listener.address.port
}

process.on('message', (message) => {
  if (message === 'start') {
    globalThis.gc?.()
    delay.reset()
    delay.enable()
    start = process.cpuUsage()
    process.send?.({})
    return
  }
  const { user, system } = process.cpuUsage(start)
  delay.disable()
  globalThis.gc?.()
  process.send?.({
    milliseconds: (user + system) / 1000,
    p99: delay.percentile(99) / 1e6,
    rss: process.memoryUsage.rss(),
  })
})
process.on('disconnect', () => process.exit())

process.send?.({ port: await (process.argv[2] === 'node' ? serveNode() : serveOwn()) })
