// updateKeys() of a connection (RFC 9846 section 4.7.3): the peer is asked for its own update only by option.

import { expect, it } from 'vitest'
import { connectWith } from '../../src/connect.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { TracedRecord } from '../../src/options.ts'
import { createServerWith } from '../../src/server.ts'
import { pair } from '../../src/stream/pair.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

it.each([
  [undefined, 0],
  [{}, 0],
  [{ requestPeer: false }, 0],
  [{ requestPeer: true }, 1],
])('updateKeys(%j) sends request_update %i', async (options, requestUpdate) => {
  const [near, far] = pair()
  const sent: TracedRecord[] = []
  const [client, server] = await Promise.all([
    connectWith({ provider: nodeProvider })(near, {
      serverName: 'server.test',
      verifier: anyCertificate,
      trace: (record) => sent.push(record),
    }),
    createServerWith({ provider: nodeProvider })(ecdsa).accept(far),
  ])
  await client.updateKeys(options)
  await client.write(Uint8Array.of(7))
  expect(await server.read()).toEqual(Uint8Array.of(7))
  const updates = sent.filter(
    ({ direction, type, content }) => direction === 'sent' && type === 22 && content[0] === 24,
  )
  expect(updates.map(({ content }) => content[4])).toEqual([requestUpdate])
})
