// How a connection lets go of its transport: what is told, to whom, and in which order.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import { Ending, transportError } from '../../src/stream/ending.ts'
import { Outbox } from '../../src/stream/outbox.ts'
import { Pump } from '../../src/stream/pump.ts'
import { pair } from '../../src/stream/pair.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import { turns } from './compliance.ts'
import { FakeEngine } from './fake-engine.ts'

const never = (): Promise<never> => new Promise(() => {})
const done = (): Promise<void> => Promise.resolve()

interface Told {
  readonly transport: ByteStream
  readonly calls: string[]
}
const transportOf = (more: Partial<ByteStream> = {}): Told => {
  const calls: string[] = []
  const transport: ByteStream = {
    read: never,
    write: () => (calls.push('write'), done()),
    close: () => (calls.push('close'), done()),
    abort: () => void calls.push('abort'),
    ...more,
  }
  return { transport, calls }
}
const endingOf = (transport: ByteStream, readEnded: () => Promise<void> = done) => {
  const outbox = new Outbox(transport, () => {})
  return { outbox, ending: new Ending(transport, outbox, 1000, readEnded) }
}
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let is = false
  void promise.then(() => (is = true))
  await turns(5)
  return is
}

describe('the end of a transport', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  it('waits for what is being sealed, then for the last bytes, then closes', async () => {
    const { transport, calls } = transportOf()
    const { outbox, ending } = endingOf(transport)
    let seal: () => void = () => {}
    const ended = ending.end(() => new Promise((resolve) => (seal = resolve)))
    expect(ending.begun).toBe(true)
    await turns(5)
    expect(calls).toEqual([])
    outbox.put([Uint8Array.of(1)])
    seal()
    expect(await ended).toBeUndefined()
    expect(calls).toEqual(['write', 'close'])
    expect(await settled(ending.gone)).toBe(true)
  })

  it('comes once, however often it is asked for', async () => {
    const { transport, calls } = transportOf()
    const { ending } = endingOf(transport)
    expect(ending.begun).toBe(false)
    await Promise.all([ending.end(done), ending.end(done)])
    expect(calls).toEqual(['close'])
  })

  it('gives the peer closeTimeout to end its side, and then aborts', async () => {
    const { transport, calls } = transportOf()
    const { ending } = endingOf(transport, never)
    expect(await ending.end(done)).toBeUndefined()
    await vi.advanceTimersByTimeAsync(999)
    expect([calls, ending.aborted, await settled(ending.gone)]).toEqual([['close'], false, false])
    await vi.advanceTimersByTimeAsync(1)
    expect([calls, ending.aborted, await settled(ending.gone)]).toEqual([['close', 'abort'], true, true])
  })

  it('a peer that ended its side in time is not aborted', async () => {
    const { transport, calls } = transportOf()
    const { ending } = endingOf(transport)
    await ending.end(done)
    await vi.advanceTimersByTimeAsync(5000)
    expect(calls).toEqual(['close'])
    expect(ending.aborted).toBe(false)
  })

  it('a transport that takes nothing for closeTimeout is aborted, and the failure is told', async () => {
    const { transport, calls } = transportOf({ write: never })
    const { outbox, ending } = endingOf(transport)
    outbox.put([Uint8Array.of(1)])
    const ended = ending.end(done)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await ended).toMatchObject({ code: 'timeout', message: expect.stringMatching(/1000 ms/) })
    expect(calls).toEqual(['abort'])
  })

  it('as long as the transport takes bytes it may take its time', async () => {
    let take: () => void = () => {}
    const { transport } = transportOf({ write: () => new Promise((resolve) => (take = resolve)) })
    const { outbox, ending } = endingOf(transport)
    outbox.put([new Uint8Array(60_000), new Uint8Array(60_000), new Uint8Array(60_000)])
    const ended = ending.end(done)
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(900)
      take()
    }
    expect(await ended).toBeUndefined()
  })

  it('an abort stops what waits, whatever the stream does about it', async () => {
    const { transport } = transportOf({
      write: never,
      abort: () => {
        throw new Error('nor this')
      },
    })
    const { outbox, ending } = endingOf(transport)
    outbox.put([Uint8Array.of(1)])
    const drained = outbox.drained()
    ending.abort('reason')
    await expect(drained).rejects.toBe('reason')
    expect([ending.aborted, await settled(ending.gone)]).toEqual([true, true])
  })
})

describe('what a stream failed with', () => {
  it('is a TlsError as it is, and the cause of one otherwise', () => {
    const own = new TlsError('aborted', 'x')
    expect(transportError(own)).toBe(own)
    const other = new Error('no')
    expect(transportError(other)).toMatchObject({ code: 'transport_failed', cause: other })
    expect(transportError('text')).toMatchObject({ message: 'the stream under TLS failed: text', cause: 'text' })
  })
})

describe('a connection that is aborted', () => {
  const connected = async () => {
    const [near, far] = pair()
    const [client, server] = [new Pump(new FakeEngine('client'), near), new Pump(new FakeEngine('server'), far)]
    await Promise.all([client.handshake, server.handshake])
    return { client, server, far }
  }
  const reason = (code: 'aborted' | 'internal_error') => new TlsError(code, 'enough')

  it('in its handshake tells the peer, and lets the stream end in order', async () => {
    const [near, far] = pair()
    const client = new Pump(new FakeEngine('client'), near)
    client.abort(reason('aborted'))
    const got: (number | undefined)[] = []
    for (let chunk = await far.read(); chunk; chunk = await far.read()) for (const byte of chunk) got.push(byte)
    expect(got).toEqual([1, 0, 0, 0, 0, 4, 0, 0, 0, 0]) // hello, alert
    await expect(client.handshake).rejects.toMatchObject({ code: 'aborted' })
  })

  it('in its handshake gives the stream its alert before abort() returns, for the process may end then', async () => {
    const { transport, calls } = transportOf()
    const client = new Pump(new FakeEngine('client'), transport)
    await turns(1)
    expect(calls).toEqual(['write'])
    client.abort(reason('aborted'))
    expect(calls).toEqual(['write', 'write'])
    await expect(client.handshake).rejects.toMatchObject({ code: 'aborted' })
  })

  it('for a fault of this end tells the peer as well', async () => {
    const { client, server } = await connected()
    client.abort(reason('internal_error'))
    await expect(server.read()).rejects.toMatchObject({ code: 'alert_received' })
    await server.closed
    expect(await client.closed).toMatchObject({ code: 'internal_error' })
  })

  it('after it tells nothing, which would pass for a clean end, and breaks the stream', async () => {
    const { client, far } = await connected()
    while (client.session === undefined) await turns(1)
    client.abort(reason('aborted'))
    await expect(far.read()).rejects.toMatchObject({ message: 'the other end was aborted' })
    expect(await client.closed).toMatchObject({ code: 'aborted' })
  })

  it('is aborted once', async () => {
    const { client } = await connected()
    client.abort(reason('aborted'))
    client.abort(reason('internal_error'))
    expect(client.failure).toMatchObject({ code: 'aborted' })
  })
})

describe('close()', () => {
  it('ends whoever reads, and asks for what is being sealed', async () => {
    const [near, far] = pair()
    const engine = new FakeEngine('client', { delayed: true })
    const [client, server] = [new Pump(engine, near), new Pump(new FakeEngine('server'), far)]
    await Promise.all([client.handshake, server.handshake])
    const reading = client.read()
    const closing = client.close()
    await expect(reading).rejects.toMatchObject({ code: 'closed' })
    expect(await server.read()).toBeNull()
    await server.close()
    await closing
    expect(await client.closed).toBeUndefined()
    await expect(client.read()).rejects.toMatchObject({ code: 'closed' })
  })

  it('waits for the alert that a provider still seals, and sends it before the stream ends', async () => {
    const [near, far] = pair()
    class Late extends FakeEngine {
      override sealing: Promise<void> | undefined = undefined
      #late: Uint8Array[] = []
      override takeOutput(): readonly Uint8Array[] {
        const output = super.takeOutput()
        if (this.sealing || !output.some(([type]) => type === 4)) return [...this.#late.splice(0), ...output]
        this.sealing = turns(3).then(() => {
          this.#late = [...output]
          this.sealing = undefined
        })
        return []
      }
    }
    const [client, server] = [new Pump(new Late('client'), near), new Pump(new FakeEngine('server'), far)]
    await Promise.all([client.handshake, server.handshake])
    client.abort(new TlsError('internal_error', 'enough'))
    await expect(server.read()).rejects.toMatchObject({ code: 'alert_received' })
  })
})

describe('an engine that fails while it is asked for something', () => {
  class Failing extends FakeEngine {
    readonly #fail = (): never => {
      this.abort(new TlsError('internal_error', 'no')) // its alert waits to be taken
      throw new TlsError('key_limit_reached', 'no more')
    }
    override updateKeys = this.#fail
    override send = this.#fail
  }

  it.each<readonly [string, (client: Pump) => Promise<void>]>([
    ['updateKeys', (client) => client.updateKeys(false, {})],
    ['a write', (client) => client.write(Uint8Array.of(1))],
  ])('still has its alert sent: %s', async (_, call) => {
    const [near, far] = pair()
    const [client, server] = [new Pump(new Failing('client'), near), new Pump(new FakeEngine('server'), far)]
    await Promise.all([client.handshake, server.handshake])
    await expect(call(client)).rejects.toMatchObject({ code: 'key_limit_reached' })
    await expect(server.read()).rejects.toMatchObject({ code: 'alert_received' })
  })
})
