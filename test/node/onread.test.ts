// `onread`: how what comes is cut to the caller's memory, and how its callback pauses.

import { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { readInto } from '../../src/node/onread.ts'

const text = (bytes: Uint8Array, length: number): string => Buffer.from(bytes.subarray(0, length)).toString()

/** A socket that is read by `onread` with memory of so many bytes, and what the callback heard. */
const reader = (size: number, answer: (heard: readonly string[]) => boolean | undefined) => {
  const socket = new Socket()
  const read = vi.spyOn(socket, '_read').mockImplementation(() => undefined)
  const heard: string[] = []
  readInto(socket, {
    buffer: Buffer.alloc(size),
    callback: (length, buffer) => {
      heard.push(text(buffer, length))
      return answer(heard)
    },
  })
  return { socket, heard, read }
}

describe('onread', () => {
  it('is called again until all is delivered, in order', () => {
    const { socket, heard } = reader(4, () => true)
    expect(socket.push(Buffer.from('0123456789'))).toBe(true)
    expect(heard).toEqual(['0123', '4567', '89'])
    socket.push(Buffer.from('abcd'))
    expect(heard.slice(3)).toEqual(['abcd'])
  })
  it('with a function asks for memory before there is something, and again after each piece', () => {
    const buffer = vi.fn(() => Buffer.alloc(2))
    const socket = new Socket()
    const pieces: unknown[] = []
    readInto(socket, { buffer, callback: (length, given) => void pieces.push([text(given, length), given]) })
    expect(buffer).toHaveBeenCalledOnce()
    socket.push(Buffer.from('abc'))
    expect(buffer).toHaveBeenCalledTimes(3)
    expect(pieces).toEqual(buffer.mock.results.slice(0, 2).map(({ value }, index) => [['ab', 'c'][index], value]))
  })
  it('that answers false hears no more until resume(), and the end comes after all', async () => {
    const { socket, heard, read } = reader(2, (all) => all.length !== 1 && all.length !== 3)
    const onEnd = vi.fn()
    socket.on('end', onEnd)
    expect(socket.push(Buffer.from('abcdefgh'))).toBe(false)
    expect(heard).toEqual(['ab'])
    socket.push(null)
    await new Promise((resolve) => setImmediate(resolve))
    expect([heard.length, onEnd.mock.calls.length, socket.readableEnded]).toEqual([1, 0, false])
    read.mockClear()
    socket.resume()
    expect(heard).toEqual(['ab', 'cd', 'ef'])
    expect(read).not.toHaveBeenCalled() // paused again
    socket.resume()
    expect(heard).toEqual(['ab', 'cd', 'ef', 'gh'])
    expect(read).toHaveBeenCalledWith(0)
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce(), 60_000)
  })
  it('is held back by pause() of the socket as well', () => {
    const { socket, heard } = reader(8, () => undefined)
    expect(socket.pause()).toBe(socket)
    expect(socket.push(Buffer.from('later'))).toBe(false)
    expect(heard).toEqual([])
    expect(socket.resume()).toBe(socket)
    expect(heard).toEqual(['later'])
  })
})
