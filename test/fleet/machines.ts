// What the fleet test is made of: Redis, server processes, and a TCP balancer that sends connections round robin.

import { fork, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0

export const freePort = async (): Promise<number> => {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** A Redis that keeps nothing on disk. Resolves when it takes connections. */
export const startRedis = async (port: number): Promise<ChildProcess> => {
  const child = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'])
  for await (const line of child.stdout) if (String(line).includes('Ready to accept')) break
  child.stdout.resume()
  return child
}

export const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

export interface Machine {
  readonly child: ChildProcess
  readonly port: number
  readonly counts: () => Promise<{ readonly accepted: number; readonly failed: number }>
}

export const startMachine = async (environment: Readonly<Record<string, string>>): Promise<Machine> => {
  const child = fork(fileURLToPath(new URL('server.ts', import.meta.url)), {
    env: { ...process.env, ...environment },
    execArgv: [],
  })
  const [{ port }] = await once(child, 'message')
  return {
    child,
    port,
    counts: async () => {
      const answer = once(child, 'message')
      child.send('counts')
      const [counts] = await answer
      return counts
    },
  }
}

export interface Balancer {
  readonly port: number
  readonly close: () => void
}

export const startBalancer = async (ports: readonly number[]): Promise<Balancer> => {
  let next = 0
  const listener = net.createServer((incoming) => {
    const outgoing = net.connect(ports[next++ % ports.length] ?? 0, '127.0.0.1')
    incoming.pipe(outgoing).pipe(incoming)
    incoming.on('error', () => outgoing.destroy()).on('close', () => outgoing.destroy())
    outgoing.on('error', () => incoming.destroy()).on('close', () => incoming.destroy())
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return { port: (listener.address() as AddressInfo).port, close: () => listener.close() }
}
