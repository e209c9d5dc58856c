// The handle under a TLSSocket, with an engine that needs no cryptography: what waits for the handshake, what is held
// back, and what ends it.

import type { Duplex } from 'node:stream'
import { duplexPair } from 'node:stream'
import { Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EngineEvent, TlsEngine } from '../../src/engine/types.ts'
import { TlsError } from '../../src/errors.ts'
import { TlsHandle } from '../../src/node/handle.ts'
import type { HandleOwner } from '../../src/node/handle.ts'
import { FakeEngine } from '../stream/fake-engine.ts'

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0)) end()
})
const turns = async (count = 3): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

interface End {
  readonly handle: TlsHandle
  readonly stream: Duplex
  readonly owner: { [K in keyof HandleOwner]: ReturnType<typeof vi.fn<HandleOwner[K]>> }
}

const endOf = (stream: Duplex, make: () => TlsEngine): End => {
  const owner = {
    makeEngine: vi.fn(make),
    onHandshake: vi.fn(),
    onRenegotiated: vi.fn(),
    onData: vi.fn<HandleOwner['onData']>(() => true),
    onEnd: vi.fn(),
    onSession: vi.fn(),
    onTlsError: vi.fn(),
    onTransportError: vi.fn(),
    onTransportClose: vi.fn(),
    verifyError: vi.fn(() => null),
  }
  const handle = new TlsHandle(owner, stream)
  ended.push(() => stream.destroy())
  return { handle, stream, owner }
}

/** Its seals take a turn of the event loop each, in order. */
class SlowEngine extends FakeEngine {
  #last: Promise<void> = Promise.resolve()
  override send(data: Uint8Array): Promise<void> {
    const copy = data.slice()
    return (this.#last = this.#last
      .then(() => new Promise<void>((resolve) => setImmediate(resolve)))
      .then(() => super.send(copy)))
  }
  override closeWrite(): Promise<void> {
    return (this.#last = this.#last.then(() => super.closeWrite()))
  }
}

/** Its provider can be at work for as long as a test wants. */
class WaitingEngine extends FakeEngine {
  #waits: Promise<void> | undefined
  failure: TlsError | undefined
  override takeEvents(): readonly EngineEvent[] {
    return [...super.takeEvents(), ...(this.failure ? [{ type: 'error' as const, error: this.failure }] : [])]
  }
  override get pending(): Promise<void> | undefined {
    return this.#waits
  }
  override get blocked(): boolean {
    return this.#waits !== undefined
  }
  /** Gives the function that ends the wait. */
  wait(): () => void {
    let done = (): void => undefined
    this.#waits = new Promise((resolve) => (done = resolve))
    return () => {
      this.#waits = undefined
      done()
    }
  }
}

/** A client and a server that have not begun. */
const ends = (slow = false): readonly [client: End, server: End] => {
  const [near, far] = duplexPair()
  return [
    endOf(near, () => (slow ? new SlowEngine('client') : new FakeEngine('client'))),
    endOf(far, () => (slow ? new SlowEngine('server') : new FakeEngine('server'))),
  ]
}
const begin = async (...both: readonly End[]): Promise<void> => {
  for (const { handle } of both) {
    handle.transport.start()
    handle.start()
    handle.readStart()
  }
  await turns()
}
const heard = ({ owner }: End): string => owner.onData.mock.calls.map(([data]) => data.toString()).join('|')
const canceled = expect.objectContaining({ code: 'ECANCELED', syscall: 'write' })

describe.each([false, true])('a handle whose engine seals later: %s', (slow) => {
  it('keeps what is written before the handshake is done, in order, and counts it', async () => {
    const [client, server] = ends(slow)
    const order: string[] = []
    for (const text of ['one', 'three'])
      client.handle.write(Buffer.from(text), (error) => order.push(`${text} ${error}`))
    expect([client.handle.bytesWritten, client.handle.writeQueueSize]).toEqual([8, 8])
    await begin(client, server)
    await turns(10)
    expect([client.owner.onHandshake.mock.calls.length, server.owner.onHandshake.mock.calls.length]).toEqual([1, 1])
    expect(heard(server).replaceAll('|', '')).toBe('onethree')
    expect(order.map((line) => line.split(' ')[0])).toEqual(['one', 'three'])
    expect(order.join()).not.toContain('ECANCELED')
    expect([client.handle.writeQueueSize, server.handle.bytesRead]).toEqual([0, 8])
  })
  it('cuts what is written to its fragments, and calls back once', async () => {
    const [client, server] = ends(slow)
    await begin(client, server)
    await turns(5)
    client.handle.maxFragment = 4
    const callback = vi.fn()
    client.handle.write(Buffer.from('0123456789'), callback)
    await turns(15)
    expect(heard(server)).toBe('0123|4567|89')
    expect(callback).toHaveBeenCalledOnce()
    expect(callback.mock.calls[0]?.[0] ?? undefined).toBeUndefined()
  })
  it('ends its direction with shutdown(), and both learn of the ends in their places', async () => {
    const [client, server] = ends(slow)
    await begin(client, server)
    await turns(5)
    client.handle.write(Buffer.from('last'), () => undefined)
    const done = vi.fn()
    expect(client.handle.shutdown({ oncomplete: done })).toBe(0)
    await turns(15)
    expect(done).toHaveBeenCalledWith(0)
    expect(heard(server)).toBe('last')
    expect(server.owner.onEnd.mock.calls).toEqual([[false]])
    expect([server.handle.peerEnded, client.handle.peerEnded]).toEqual([true, false])
    expect(client.owner.onEnd).not.toHaveBeenCalled()
  })
  it('tells of an end of the stream alone as truncated after the handshake, and as no more before it', async () => {
    const [client, server] = ends(slow)
    await begin(client, server)
    await turns(5)
    server.stream.end()
    await turns(5)
    expect(client.owner.onEnd.mock.calls).toEqual([[true]])
    const [early, other] = ends(slow)
    await begin(early)
    other.stream.end()
    await turns(5)
    expect(early.owner.onEnd.mock.calls).toEqual([[false]])
  })
})

describe('a handle that is held', () => {
  it('sends nothing and tells nothing until it is released', async () => {
    const [client, server] = ends()
    server.owner.onHandshake.mockImplementation(() => server.handle.hold())
    await begin(client, server)
    expect([server.owner.onHandshake.mock.calls.length, client.owner.onHandshake.mock.calls.length]).toEqual([1, 0])
    const callback = vi.fn()
    server.handle.write(Buffer.from('waits'), callback)
    await turns()
    expect([heard(client), callback.mock.calls.length, server.handle.writeQueueSize]).toEqual(['', 0, 5])
    server.handle.release()
    await turns(5)
    expect(client.owner.onHandshake).toHaveBeenCalledOnce()
    expect(heard(client)).toBe('waits')
    expect(callback).toHaveBeenCalledOnce()
  })
})

describe('a handle that fails or is closed', () => {
  it('whose engine cannot be made tells why, and everything that waits is cancelled later', async () => {
    const [client] = ends()
    client.owner.makeEngine.mockImplementation(() => {
      throw new Error('contradiction')
    })
    const callback = vi.fn()
    client.handle.write(Buffer.from('x'), callback)
    client.handle.start()
    expect(client.owner.onTlsError.mock.calls).toEqual([[expect.objectContaining({ name: 'TlsError' })]])
    expect(callback).not.toHaveBeenCalled()
    await turns()
    expect(callback.mock.calls).toEqual([[canceled]])
    const late = vi.fn()
    client.handle.write(Buffer.from('y'), late)
    await turns()
    expect(late.mock.calls).toEqual([[canceled]])
  })
  it('starts once, and not after it is closed', async () => {
    const [client, server] = ends()
    client.handle.start()
    client.handle.start()
    expect(client.owner.makeEngine).toHaveBeenCalledOnce()
    server.handle.silence()
    server.handle.start()
    expect(server.owner.makeEngine).not.toHaveBeenCalled()
    const done = vi.fn()
    client.handle.close(done)
    await turns()
    expect([done.mock.calls.length, client.stream.destroyed]).toEqual([1, true])
    await new Promise<void>((resolve) => server.handle.close(resolve))
  })
  it('hears nothing of its peer any more, and cancels what waits', async () => {
    const [client, server] = ends()
    await begin(client)
    const callback = vi.fn()
    client.handle.write(Buffer.from('waits'), callback)
    client.handle.silence()
    await begin(server)
    await turns()
    expect(client.owner.onHandshake).not.toHaveBeenCalled()
    expect(callback.mock.calls).toEqual([[canceled]])
  })
  it('tells an error of the peer once, and no truncation after it', async () => {
    const [client, server] = ends()
    await begin(client, server)
    server.handle.engine?.abort(new TlsError('internal_error', 'broken'))
    server.handle.look()
    await turns()
    expect(client.owner.onTlsError).toHaveBeenCalledOnce()
    server.stream.end()
    await turns()
    expect(client.owner.onTlsError).toHaveBeenCalledOnce()
    expect(client.owner.onEnd.mock.calls.flat()).not.toContain(true)
  })
})

describe('a stream that ends while the provider is at work', () => {
  it.each([false, true])('is looked at when the provider is done; the connection fails then: %s', async (fails) => {
    const [near, far] = duplexPair()
    const engine = new WaitingEngine('client')
    const client = endOf(near, () => engine)
    const server = endOf(far, () => new FakeEngine('server'))
    await begin(client, server)
    await turns()
    expect(client.owner.onHandshake).toHaveBeenCalledOnce()
    const finish = engine.wait()
    server.stream.end()
    await turns()
    expect(client.owner.onEnd).not.toHaveBeenCalled()
    if (fails) {
      engine.failure = new TlsError('bad_signature', 'a late signature is wrong')
      client.handle.look()
    }
    finish()
    await turns()
    expect(client.owner.onTlsError.mock.calls.length).toBe(fails ? 1 : 0)
    expect(client.owner.onEnd.mock.calls).toEqual([[!fails]])
  })
})

describe('what comes before the engine is there', () => {
  it('is kept for it', async () => {
    const [client, server] = ends()
    server.handle.transport.start()
    await begin(client)
    expect(server.owner.makeEngine).not.toHaveBeenCalled()
    await begin(server)
    expect(client.owner.onHandshake).toHaveBeenCalledOnce()
  })
})

describe('reading', () => {
  it('stops when the owner has enough, until readStart()', async () => {
    const [client, server] = ends()
    server.owner.onData.mockReturnValueOnce(false)
    await begin(client, server)
    client.handle.write(Buffer.from('one'), () => undefined)
    await turns()
    expect([heard(server), server.handle.reading]).toEqual(['one', false])
    client.handle.write(Buffer.from('two'), () => undefined)
    await turns()
    expect(heard(server)).toBe('one')
    expect(server.handle.readStart()).toBe(0)
    await turns()
    expect([heard(server), server.handle.reading]).toEqual(['one|two', true])
    expect(server.handle.readStop()).toBe(0)
    expect(server.stream.isPaused()).toBe(true)
  })
})

describe('what libraries look for', () => {
  it('over a stream leads to the class that Node puts around one; over a socket to the socket', () => {
    const [client] = ends()
    expect(client.handle.socket).toBeUndefined()
    expect(client.handle._parentWrap?.constructor.name).toBe('JSStreamSocket')
    expect([client.handle.fd, client.handle.getAsyncId()]).toEqual([-1, 0])
    const plain = new Socket()
    const { handle } = endOf(plain, () => new FakeEngine('client'))
    expect([handle.socket, handle._parentWrap]).toEqual([plain, plain])
    expect([handle.fd, handle.getAsyncId()]).toEqual([-1, 0])
    const [ref, unref] = [vi.spyOn(plain, 'ref'), vi.spyOn(plain, 'unref')]
    handle.ref()
    handle.unref()
    expect([ref.mock.calls.length, unref.mock.calls.length]).toEqual([1, 1])
    client.handle.ref()
    client.handle.unref()
  })
})
