// Memory of sockets: what was written goes back when the system has taken it, what was read by a socket that nobody
// else has when it was looked at, and only where nobody could see that.

import { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'

import { fromNode, fromOwnSocket } from '../../src/stream/node.ts'
import { sockets } from './duplexes.ts'
import { bytesOf } from './compliance.ts'

const isGone = (bytes: Uint8Array): boolean => bytes.buffer.byteLength === 0 && bytes.length === 0

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(setImmediate)
}

const withSockets = async (
  run: (line: { readonly near: Socket; readonly far: Socket }) => Promise<void>,
): Promise<void> => {
  const { near, far, release } = await sockets.make()
  try {
    if (!(near instanceof Socket) || !(far instanceof Socket)) throw new Error('these are no sockets')
    await run({ near, far })
  } finally {
    release()
  }
}

describe('the memory of a socket of our own', () => {
  it('goes back when what was read was looked at', () =>
    withSockets(async ({ near, far }) => {
      const stream = fromOwnSocket(near)
      far.write(bytesOf(10_000))
      const chunk = await stream.read()
      expect(chunk).toEqual(bytesOf(10_000))
      stream.release?.(chunk ?? new Uint8Array(0))
      expect(chunk && isGone(chunk)).toBe(true)
    }))

  it('goes back when the system has taken what was written, and the bytes arrive', () =>
    withSockets(async ({ near, far }) => {
      const [out, back] = [fromOwnSocket(near), fromNode(far)]
      const chunks = [bytesOf(20_000), bytesOf(30_000), bytesOf(100)]
      await out.writev?.([...chunks])
      const single = bytesOf(40_000)
      await out.write(single)
      let got = new Uint8Array(0)
      while (got.length < 90_100) got = new Uint8Array([...got, ...((await back.read()) ?? [])])
      await until(() => isGone(single))
      expect(chunks.map(isGone)).toEqual([true, true, false]) // a small one is not worth a call
      expect(got).toEqual(new Uint8Array([...bytesOf(20_000), ...bytesOf(30_000), ...bytesOf(100), ...bytesOf(40_000)]))
    }))

  it('stays where somebody hooked write(), and may have kept it', () =>
    withSockets(async ({ near, far }) => {
      const kept: Uint8Array[] = []
      const write = near.write.bind(near)
      Object.assign(near, {
        write: (chunk: Uint8Array, ...rest: []) => {
          kept.push(chunk)
          return write(chunk, ...rest)
        },
      })
      const [out, back] = [fromOwnSocket(near), fromNode(far)]
      await out.write(bytesOf(20_000))
      for (let left = 20_000; left > 0;) left -= (await back.read())?.length ?? left
      await new Promise(setImmediate)
      expect(kept).toEqual([bytesOf(20_000)])
    }))

  it('stays where somebody else listens', () =>
    withSockets(async ({ near, far }) => {
      const kept: Uint8Array[] = []
      const stream = fromOwnSocket(near)
      near.on('data', (chunk: Uint8Array) => kept.push(chunk))
      far.write(bytesOf(10_000))
      const chunk = await stream.read()
      stream.release?.(chunk ?? new Uint8Array(0))
      expect(kept.map((bytes) => new Uint8Array(bytes))).toEqual([bytesOf(10_000)])
    }))

  it('stays, of what was read, where the socket is of somebody else', () =>
    withSockets(async ({ near, far }) => {
      const stream = fromNode(near)
      far.write(bytesOf(10_000))
      const chunk = await stream.read()
      stream.release?.(chunk ?? new Uint8Array(0))
      expect(chunk).toEqual(bytesOf(10_000))
    }))
})

/** Whether the memory of what was written to `near` is gone when all of it has arrived. */
const isGoneWhenWritten = async ({ near, far }: { near: Socket; far: Socket }): Promise<boolean> => {
  const [out, back] = [fromNode(near), fromNode(far)]
  const written = bytesOf(20_000)
  await out.write(written)
  const got: Uint8Array[] = []
  for (let left = 20_000; left > 0; left -= got.at(-1)?.length ?? 0) got.push((await back.read()) ?? new Uint8Array(0))
  expect(Buffer.concat(got)).toEqual(Buffer.from(bytesOf(20_000)))
  for (let i = 0; i < 3; i++) await new Promise(setImmediate)
  return isGone(written)
}

describe('the memory of what a socket that was handed in has taken', () => {
  it('goes back', () => withSockets(async (line) => expect(await isGoneWhenWritten(line)).toBe(true)))

  it('stays where somebody hooked write(), and may have kept it', () =>
    withSockets(async (line) => {
      line.near.write = line.near.write.bind(line.near)
      expect(await isGoneWhenWritten(line)).toBe(false)
    }))

  it.each(['bun', 'deno'])('stays in %s, of whose sockets it is not known', async (runtime) => {
    Object.defineProperty(process.versions, runtime, { value: '1', configurable: true })
    vi.resetModules()
    try {
      const { isSystemSocket } = await import('../../src/stream/system-socket.ts')
      await withSockets(async ({ near }) => expect(isSystemSocket(near)).toBe(false))
    } finally {
      Reflect.deleteProperty(process.versions, runtime)
      vi.resetModules()
    }
  })

  it('stays where the socket is of a class made of it', () =>
    withSockets(async (line) => {
      Object.setPrototypeOf(line.near, class extends Socket {}.prototype as object)
      expect(await isGoneWhenWritten(line)).toBe(false)
    }))

  it.each([
    ['a class', class TCP {}],
    ['a bound function', function TCP() {}.bind(undefined)],
    ['nothing', undefined],
  ])('stays where its handle is made in JavaScript, by %s', (_, constructor) =>
    withSockets(async (line) => {
      const handle: unknown = Reflect.get(line.near, '_handle')
      if (typeof handle !== 'object' || handle === null) throw new Error('a socket of Node has no handle')
      const get = (target: object, name: string | symbol): unknown => {
        const value: unknown = Reflect.get(target, name)
        if (name === 'constructor') return constructor
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      }
      Reflect.set(line.near, '_handle', new Proxy(handle, { get, getPrototypeOf: () => ({}) }))
      expect(await isGoneWhenWritten(line)).toBe(false)
    }),
  )
})

describe('a socket that takes all at once', () => {
  it('lets other events have their turn between 128 KiB and more', () =>
    withSockets(async ({ near, far }) => {
      const stream = fromNode(near)
      far.resume()
      let turns = 0
      const count = (): void => {
        turns++
        if (turns < 100) setImmediate(count)
      }
      setImmediate(count)
      for (let i = 0; i < 16; i++) await stream.write(bytesOf(65_536))
      expect(turns).toBeGreaterThanOrEqual(8)
    }))
})
