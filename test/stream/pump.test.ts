// The pump with an engine that needs no cryptography: what only a strange peer or a strange stream brings about.

import { expect, it, onTestFinished, vi } from 'vitest'

import { establish } from '../../src/connection.ts'
import { pair } from '../../src/stream/pair.ts'
import type { ByteStream } from '../../src/stream/types.ts'
import { turns } from './compliance.ts'
import { FakeEngine } from './fake-engine.ts'

/** A frame of the fake engine that it answers with 1000 bytes. */
const askForAnswer = Uint8Array.of(6, 0, 0, 0, 0)

it('stops reading a peer who makes the engine answer and never takes the answers', async () => {
  const [near, far] = pair()
  let stuck = false
  let reads = 0
  const deaf: ByteStream = {
    ...near,
    write: (data) => (stuck ? new Promise(() => undefined) : near.write(data)),
    read: () => {
      reads++
      return near.read()
    },
  }
  const [client] = await Promise.all([
    establish(deaf, () => new FakeEngine('client')),
    establish(far, () => new FakeEngine('server')),
  ])
  stuck = true
  reads = 0
  for (let i = 0; i < 5000; i++) void far.write(askForAnswer)
  await turns(5)
  expect(reads).toBeGreaterThan(60)
  expect(reads).toBeLessThan(80)
  const reading = client.read()
  client.abort()
  await expect(reading).rejects.toMatchObject({ code: 'aborted' })
})

it('treats what is no bytes from a stream as a mistake of the stream', async () => {
  const [near] = pair()
  const odd: ByteStream = { ...near, read: () => Promise.resolve('text' as unknown as Uint8Array) }
  await expect(establish(odd, () => new FakeEngine('client'))).rejects.toMatchObject({ code: 'bad_option' })
})

it('survives a stream whose abort throws', async () => {
  const broken: ByteStream = {
    read: () => Promise.reject(new Error('no')),
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
    abort: () => {
      throw new Error('nor this')
    },
  }
  await expect(establish(broken, () => new FakeEngine('client'))).rejects.toMatchObject({
    code: 'transport_failed',
    cause: { message: 'no' },
  })
})

it('passes empty chunks over', async () => {
  const [near, far] = pair()
  let empty = true
  const spaced: ByteStream = {
    ...near,
    read: async () => {
      empty = !empty
      return empty ? new Uint8Array() : near.read()
    },
  }
  const [client, server] = await Promise.all([
    establish(spaced, () => new FakeEngine('client')),
    establish(far, () => new FakeEngine('server')),
  ])
  await server.write(Uint8Array.of(1, 2))
  expect(await client.read()).toEqual(Uint8Array.of(1, 2))
})

it('a write that fails after the close_notify of the peer fails at once: no alert can come that says why', async () => {
  const [near, far] = pair()
  let broken = false
  const breaking: ByteStream = {
    ...near,
    write: (data) => (broken ? Promise.reject(new Error('broken')) : near.write(data)),
  }
  const [client, server] = await Promise.all([
    establish(breaking, () => new FakeEngine('client')),
    establish(far, () => new FakeEngine('server')),
  ])
  await server.closeWrite()
  expect(await client.read()).toBeNull()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  broken = true
  void client.write(Uint8Array.of(1)).catch(() => undefined)
  const still = turns(20).then(() => 'open')
  expect(await Promise.race([client.closed, still])).toMatchObject({ code: 'transport_failed' })
})
