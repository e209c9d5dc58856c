// Two servers behind a balancer, one Redis: every machine resumes every other's sessions, one 0-RTT flight is accepted
// once however often it is replayed, and Redis going away costs early data and nothing else (RFC 9846 section 8).

import { once } from 'node:events'
import net from 'node:net'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChildProcess } from 'node:child_process'
import { createClient } from 'redis'
import { connect } from '../../src/index.node.ts'
import { decodeSession, redisStore } from '../../src/session/index.ts'
import { clientOf } from '../fixtures/engines.ts'
import { anyCertificate } from '../fixtures/identities.ts'
import { freePort, hasRedis, startBalancer, startMachine, startRedis, stop } from './machines.ts'
import type { Balancer, Machine } from './machines.ts'

const required = process.env['CI'] === 'true'

interface Answer {
  readonly text: string
  readonly session: Uint8Array | undefined
  readonly earlyData: string
}

describe.skipIf(!hasRedis() && !required)('a fleet with one Redis (redis-server)', { timeout: 240_000 }, () => {
  let redisPort = 0
  let redis: ChildProcess
  let machines: Machine[] = []
  let balancer: Balancer

  beforeAll(async () => {
    redisPort = await freePort()
    redis = await startRedis(redisPort)
    const environment = { FLEET_REDIS: `${redisPort}`, FLEET_SECRET: randomBytes(32).toString('hex') }
    machines = await Promise.all([startMachine(environment), startMachine(environment)])
    balancer = await startBalancer(machines.map(({ port }) => port))
  })

  afterAll(async () => {
    balancer?.close()
    await Promise.all([...machines.map(({ child }) => child), ...(redis ? [redis] : [])].map(stop))
  })

  const ask = async (session?: Uint8Array, earlyData?: Uint8Array): Promise<Answer> => {
    const socket = net.connect(balancer.port, '127.0.0.1')
    await once(socket, 'connect')
    const connection = await connect(socket, {
      serverName: 'server.test',
      verifier: anyCertificate,
      versions: { min: 'TLS 1.3' },
      ...(session && { session }),
      ...(earlyData && { earlyData }),
    })
    let text = ''
    for await (const chunk of connection) text += new TextDecoder().decode(chunk)
    const result = { text, session: connection.session, earlyData: connection.info.earlyData }
    await connection.close()
    return result
  }

  const freshSession = async (): Promise<Uint8Array> => (await ask()).session ?? new Uint8Array(0)

  /**
   * Makes the guard believe that this Redis has been up for an hour: a fresh one is in quarantine for half a minute.
   */
  const letAnHourPass = async (): Promise<void> => {
    const client = createClient({ url: `redis://127.0.0.1:${redisPort}` })
    await client.connect()
    const store = redisStore(client)
    const hourAgo = new TextEncoder().encode(String(Date.now() - 3_600_000))
    await store.set(`puretls:0rtt:since:${await store.instance?.()}`, hourAgo, 86400)
    client.destroy()
  }

  /** Sends one flight as it is, and waits for the first bytes of the answer. */
  const replay = async (flight: readonly Uint8Array[]): Promise<void> => {
    const socket = net.connect(balancer.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    for (const bytes of flight) socket.write(bytes)
    await Promise.race([once(socket, 'data'), once(socket, 'close')])
    socket.destroy()
  }

  const replayAll = async (flight: readonly Uint8Array[], times: number): Promise<void> => {
    const worker = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await replay(flight)
    }
    await Promise.all(Array.from({ length: 50 }, () => worker(times / 50)))
  }

  const acceptedSoFar = async (): Promise<number> => {
    const counts = await Promise.all(machines.map((machine) => machine.counts()))
    return counts.reduce((sum, { accepted }) => sum + accepted, 0)
  }

  const flightOf = (session: Uint8Array): readonly Uint8Array[] =>
    clientOf({
      session: { ...decodeSession(session) },
      earlyData: Uint8Array.of(7),
      versions: { min: 'TLS 1.3' },
    }).takeOutput()

  it('1,000 connections resume, whichever machine they reach', async () => {
    let session = await freshSession()
    let resumed = 0
    for (let i = 0; i < 1000; i++) {
      const answer = await ask(session)
      if (answer.text === 'resumed') resumed++
      session = answer.session ?? session
    }
    expect(resumed).toBe(1000)
  })

  it('of 10,000 replays of one 0-RTT flight, sent to both at once, exactly one is accepted', async () => {
    // a fresh store may have forgotten
    expect((await ask(await freshSession(), Uint8Array.of(1))).earlyData).toBe('rejected')
    await letAnHourPass()
    expect((await ask(await freshSession(), Uint8Array.of(1))).earlyData).toBe('accepted')
    const flight = flightOf(await freshSession())
    const before = await acceptedSoFar()
    await replayAll(flight, 10_000)
    expect((await acceptedSoFar()) - before).toBe(1)
  })

  it('Redis is killed and restarted under load: every connection completes, and no replay is accepted', async () => {
    await letAnHourPass()
    const flight = flightOf(await freshSession())
    const before = await acceptedSoFar()
    await replay(flight) // accepted, and then Redis forgets it
    const answers: Promise<Answer>[] = []
    const load = async (connections: number): Promise<void> => {
      for (let i = 0; i < connections; i++) {
        const answer = ask(await freshSession())
        answers.push(answer)
        await answer
      }
    }
    const replays = replayAll(flight, 1000)
    await Promise.all([load(20), load(20)])
    await stop(redis)
    await Promise.all([load(20), load(20), replayAll(flight, 200)])
    redis = await startRedis(redisPort)
    await Promise.all([load(20), load(20), replayAll(flight, 500), replays])
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(answers.map(() => 'resumed'))
    expect((await acceptedSoFar()) - before).toBe(1)
  })
})
