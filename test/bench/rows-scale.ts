// Rows about what grows: connections, bytes, sessions, fragments, and the way to the server.

import { execFileSync, fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import nodeTls from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { RecordFramer } from '../../src/record/framing.ts'
import { memorySessionCache } from '../../src/session/index.ts'
import { blankSession } from '../session/blank.ts'
import { inTurns, spent, valuesInTurns } from './measure.ts'
import { median } from './quantile.ts'
import type { Figure } from './measure.ts'
import type { Row, RowResult } from './rows.ts'
import { ecdsa, full13 } from './setups.ts'
import { inPairs, readySubject } from './subjects.ts'
import type { ReadySubject } from './subjects.ts'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const env = { ...process.env, BENCH_IDENTITY: JSON.stringify(ecdsa) }

const figuresOf = (values: readonly (readonly [string, readonly number[]])[]): readonly Figure[] => {
  const first = median(values[0]?.[1] ?? [])
  return values.map(([name, list]) => {
    const value = median(list)
    const spread = list.length > 2 ? (Math.max(...list) - Math.min(...list)) / 4 / value : 0
    return { name, value, spread, ratio: value / first }
  })
}

const result = (title: string, unit: string, values: readonly (readonly [string, readonly number[]])[]): RowResult => ({
  title,
  unit,
  transport: undefined,
  figures: figuresOf(values),
})

// ---- a server in a process of its own ------------------------------------------------------------------------------

interface Report {
  readonly milliseconds: number
  readonly p99: number
  readonly rss: number
}

const ask = async <T>(child: ChildProcess, message: string): Promise<T> => {
  child.send(message)
  const [answer] = await once(child, 'message')
  return answer as T
}

/** Runs clients against a server of this kind; what the server spent on it. */
const withServer = async (who: string, clients: (port: number) => Promise<void>): Promise<Report> => {
  const child = fork(file('./server-process.ts'), [who], { env, execArgv: ['--expose-gc'] })
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    await ask(child, 'start')
    await clients(port)
    return await ask<Report>(child, 'report')
  } finally {
    child.disconnect()
  }
}

const context = nodeTls.createSecureContext({ ca: ecdsa.ca, ecdhCurve: 'X25519', minVersion: 'TLSv1.3' })

/** Again where the server's queue was full. */
const dial = async (port: number, attempts = 20): Promise<TLSSocket> => {
  const socket = nodeTls.connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext: context })
  socket.on('error', () => {})
  try {
    await once(socket, 'secureConnect')
    return socket
  } catch (error) {
    socket.destroy()
    if (attempts === 0) throw error
    return dial(port, attempts - 1)
  }
}

/** So many connections, 50 handshakes at a time, then rounds of 1 KiB there and back on all of them at once. */
const crowd =
  (count: number, rounds: number) =>
  async (port: number): Promise<void> => {
    const sockets: TLSSocket[] = []
    while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => dial(port)))))
    const message = new Uint8Array(1024)
    const echo = async (socket: TLSSocket): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        socket.write(message)
        for (let left = message.length; left > 0;) left -= ((await once(socket, 'data'))[0] as Buffer).length
      }
    }
    await Promise.all(sockets.map(echo))
    for (const socket of sockets) socket.destroy()
  }

const serverRow = (
  id: string,
  title: string,
  unit: string,
  clients: (port: number) => Promise<void>,
  value: (report: Report) => number,
): Row => ({
  id,
  run: async ({ rounds }) => {
    const values = new Map<string, number[]>([
      ['node:tls', []],
      ['puretls', []],
    ])
    for (let round = 0; round < Math.ceil(rounds / 2); round++) {
      for (const [name, list] of values)
        list.push(value(await withServer(name === 'puretls' ? 'own' : 'node', clients)))
    }
    return [result(title, unit, [...values])]
  },
})

const burst = async (port: number): Promise<void> => {
  const sockets = await Promise.all(Array.from({ length: 2000 }, () => dial(port)))
  for (const socket of sockets) socket.destroy()
}

// ---- memory --------------------------------------------------------------------------------------------------------

const idle: Row = {
  id: 'idle',
  run: async ({ rounds }) => {
    const results: RowResult[] = []
    for (const transport of ['tcp', 'pair'] as const) {
      const values = new Map<string, number[]>([
        ['node:tls', []],
        ['puretls', []],
      ])
      const count = 2000 // what the process itself grows by meanwhile, some 7 MB, was a fifth of it with 500
      for (let round = 0; round < Math.ceil(rounds / 2); round++) {
        for (const [name, list] of values) {
          const args = [
            '--expose-gc',
            file('./idle-process.ts'),
            name === 'puretls' ? 'own' : 'node',
            transport,
            String(count),
          ]
          const bytes = Number(execFileSync(process.execPath, args, { env, encoding: 'utf8' }).split(' ')[0])
          list.push(bytes / count / 1024)
        }
      }
      results.push({
        ...result('Memory of an idle connection, both ends (less is better)', 'KiB', [...values]),
        transport,
      })
    }
    return results
  },
}

// ---- bytes, delay, sessions, fragments -----------------------------------------------------------------------------

/**
 * The cost must be flat: each quarter of a long transfer against the first, in turns with node:tls, whose quarters tell
 * what the machine did. `--full`: 4 GiB each, else 512 MiB.
 */
const long: Row = {
  id: 'long',
  run: async ({ turn, warm }) => {
    const parts = process.argv.includes('--full') ? 256 : 32
    const mebibytes = 16
    const task = { kind: 'long', mebibytes } as const
    const subjects: ReadySubject[] = []
    for (const id of ['node', 'own'] as const) {
      const subject = await readySubject(id, { setup: full13, transport: 'tcp', task, turn, warm })
      if (subject) subjects.push(subject)
    }
    const speeds = await valuesInTurns(subjects, parts)
    for (const subject of subjects) await subject.end()
    const quarter = parts / 4
    return subjects.map(({ name }, index) =>
      result(
        `${(parts * mebibytes) / 1024} GiB through one connection over TCP, ${name}`,
        'MiB/s',
        ['first', 'second', 'third', 'last'].map((which, i) => [
          `${which} quarter`,
          speeds[index]?.slice(i * quarter, (i + 1) * quarter) ?? [],
        ]),
      ),
    )
  },
}

const delayed: Row = {
  id: 'delay',
  run: async ({ rounds, turn, warm }) => {
    const task = { kind: 'first-answer' } as const
    const title = 'Handshake of both ends and one answer, round trips of 50 ms (less is better)'
    const figures = await inPairs(['node', 'own'], { setup: full13, transport: 'delayed', task, turn, warm }, rounds)
    return [{ title, unit: 'ms', transport: undefined, figures }]
  },
}

const session = {
  ...blankSession,
  version: 0x0304,
  cipherSuite: 0x1301,
  secret: new Uint8Array(32),
  createdAt: 0,
  authenticatedAt: 0,
}

const sessions: Row = {
  id: 'sessions',
  run: async ({ rounds }) => {
    const cost = async (servers: number): Promise<number> => {
      const cache = memorySessionCache({ servers })
      for (let n = 0; n < servers; n++) void cache.put(`server ${n}`, session)
      const time = await spent(() => {
        for (let n = 0; n < 100_000; n++) {
          const key = `server ${(n * 7919) % servers}`
          void cache.take(key)
          void cache.put(key, session)
        }
      })
      return time * 10 // nanoseconds for one, of 100,000
    }
    const subjects = [256, 100_000].map((size) => ({ name: `${size} servers`, measure: () => cost(size) }))
    const figures = await inTurns(subjects, rounds)
    return [
      {
        title: 'A session taken from a cache and put back (less is better)',
        unit: 'ns',
        transport: undefined,
        figures,
      },
    ]
  },
}

const fragments: Row = {
  id: 'fragments',
  run: async ({ rounds }) => {
    const record = new Uint8Array(5 + 16_384)
    record.set([23, 3, 3, 0x40, 0])
    const cost = (size: number, records: number) => async (): Promise<number> => {
      const framer = new RecordFramer()
      const time = await spent(() => {
        for (let n = 0; n < records; n++) {
          for (let at = 0; at < record.length; at += size) {
            framer.push(record.subarray(at, at + size))
            framer.next()
          }
        }
      })
      return (time * 1e6) / (records * record.length)
    }
    const subjects = [
      { name: 'byte by byte, 512 KiB', measure: cost(1, 32) },
      { name: 'byte by byte, 2 MiB', measure: cost(1, 128) },
      { name: 'in 1,460 bytes, 2 MiB', measure: cost(1460, 128) },
    ]
    const figures = await inTurns(subjects, rounds)
    return [{ title: 'Records cut from a stream (less is better)', unit: 'ns per byte', transport: undefined, figures }]
  },
}

const perSecond =
  (count: number) =>
  ({ milliseconds }: Report): number =>
    (count * 1000) / milliseconds

export const scaleRows: readonly Row[] = [
  serverRow(
    'crowd-1000',
    'A server with 1,000 connections: handshake and 10 echoes each',
    'connections/s',
    crowd(1000, 10),
    perSecond(1000),
  ),
  serverRow(
    'crowd-3000',
    'A server with 3,000 connections: handshake and 10 echoes each',
    'connections/s',
    crowd(3000, 10),
    perSecond(3000),
  ),
  serverRow(
    'burst',
    "A burst of 2,000 handshakes: p99 of the server's event-loop delay (less is better)",
    'ms',
    burst,
    ({ p99 }) => p99,
  ),
  idle,
  long,
  delayed,
  sessions,
  fragments,
]
