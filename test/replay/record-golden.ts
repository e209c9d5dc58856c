// `npm run golden:update`: records every flow of vectors/golden/ again, of TLS 1.3 and 1.2. Only where a flow has to
// change on purpose: what changed is in the diff.

import { mkdirSync, writeFileSync } from 'node:fs'
import { nodeProvider } from '../../src/crypto/node.ts'
import { nodeParts } from '../../src/crypto/node-groups.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { act, clientEngine, fixedProvider, flows, Memory, serverEngine } from './golden12.ts'
import type { GoldenFile, GoldenFlow } from './golden12.ts'
import { play, scenarios } from './golden13.ts'

const record12 = (flow: GoldenFlow): GoldenFile => {
  const [clientMemory, serverMemory] = [new Memory(), new Memory()]
  const clientProvider = fixedProvider(nodeProvider, nodeParts.x25519, `${flow.name} client`)
  const serverProvider = fixedProvider(nodeProvider, nodeParts.x25519, `${flow.name} server`)
  const connections = Array.from({ length: flow.connections }, () => {
    const client = clientEngine(flow, clientProvider, clientMemory)
    const server = serverEngine(flow, serverProvider, serverMemory)
    const steps: { from: 'client' | 'server'; bytes: string }[] = []
    for (let quiet = 0; quiet < 2;) {
      for (const [from, engine, memory, other] of [
        ['client', client, clientMemory, server],
        ['server', server, serverMemory, client],
      ] as const) {
        act(from, engine, memory)
        const bytes = concat(...engine.takeOutput())
        quiet = bytes.length === 0 ? quiet + 1 : 0
        if (bytes.length === 0) continue
        steps.push({ from, bytes: toHex(bytes) })
        other.receive(bytes)
      }
    }
    return steps
  })
  return { name: flow.name, about: flow.about, connections }
}

const directory = new URL('../../vectors/golden/', import.meta.url)
mkdirSync(directory, { recursive: true })
const write = (name: string, value: unknown): void => {
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify(value, null, 1)}\n`)
  console.log(name)
}
write('tls13', Object.fromEntries(Object.keys(scenarios).map((name) => [name, play(name)])))
for (const flow of flows) write(flow.name, record12(flow))
