// What idle connections keep on the heap, and closed ones for a while, both ends in this process.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Opener } from './contenders/types.ts'

setFlagsFromString('--expose-gc')
const gc: (options?: object) => void = globalThis.gc ?? runInNewContext('gc')

/**
 * All garbage is gone, and the pages that are left are full: what a process has come to that was idle for a while. With
 * an ordinary collection the half-empty pages of the handshakes count as well, more or less of them each time.
 */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) {
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Opens so many connections that have carried 1 KiB both ways; they live as long as the answer. */
export const openIdle = async ({ open }: Opener, count: number): Promise<readonly unknown[]> => {
  const links: unknown[] = []
  for (let i = 0; i < count; i++) {
    const link = await open()
    await link.echo(1, 1024)
    links.push(link)
  }
  return links
}

/** Bytes of heap, and of array buffers outside of it, for each idle connection. */
export const heapPerConnection = async (opener: Opener, count: number): Promise<number> => {
  const used = async (): Promise<number> => {
    await settle()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  await openIdle(opener, 20)
  const before = await used()
  const links = await openIdle(opener, count)
  const grown = (await used()) - before
  return grown / links.length
}

/**
 * Bytes of each closed connection that only a full collection of garbage gives back: what the young generation's
 * collector has to copy twice, and a long-lived process pays for again and again.
 */
export const promotedPerConnection = async ({ open }: Opener, count: number): Promise<number> => {
  const run = async (connections: number): Promise<void> => {
    for (let i = 0; i < connections; i++) {
      await (await open()).close()
      if (i % 10 === 9) await new Promise(setImmediate)
    }
  }
  await run(count) // the code is warm
  await settle()
  const before = process.memoryUsage().heapUsed
  await run(count)
  for (let i = 0; i < 2; i++) gc({ type: 'minor' })
  return (process.memoryUsage().heapUsed - before) / count
}
