// Contenders of a checkout of this repository, for those that compare two of them.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Contender, Opener, Setup, Transport } from './contenders/types.ts'

/** A module of a checkout. */
export const load = async (checkout: string, path: string): Promise<unknown> =>
  import(pathToFileURL(resolve(checkout, path)).href)

/** `id`: a name of its contenders/index.ts. */
export const openerOf = async (checkout: string, id: string, setup: Setup, transport: Transport): Promise<Opener> => {
  const contenders = await load(checkout, 'test/bench/contenders/index.ts')
  const contender = (contenders as Readonly<Record<string, Contender | undefined>>)[id]
  const opener = await contender?.prepare(setup, transport)
  if (!opener) throw new Error(`no contender ${id}`)
  return opener
}

/** So many connections, one after the other, and their ends. */
export const handshakes = async ({ open }: { open(): Promise<{ close(): unknown }> }, times: number): Promise<void> => {
  for (let i = 0; i < times; i++) {
    await (await open()).close()
    if (i % 10 === 9) await new Promise(setImmediate) // what closing puts off
  }
}
