// Contenders of a checkout of this repository, for those that compare two of them.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Contender, Opener, Setup, Transport } from './contenders/types.ts'

/** `id`: a name of its contenders/index.ts. */
export const openerOf = async (checkout: string, id: string, setup: Setup, transport: Transport): Promise<Opener> => {
  const { href } = pathToFileURL(resolve(checkout, 'test/bench/contenders/index.ts'))
  const contenders = (await import(href)) as Readonly<Record<string, Contender | undefined>>
  const opener = await contenders[id]?.prepare(setup, transport)
  if (!opener) throw new Error(`no contender ${id}`)
  return opener
}

/** So many connections, one after the other, and their ends. */
export const handshakes = async ({ open }: Opener, times: number): Promise<void> => {
  for (let i = 0; i < times; i++) {
    await (await open()).close()
    if (i % 10 === 9) await new Promise(setImmediate) // what closing puts off
  }
}
