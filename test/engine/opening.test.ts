// Records that a provider opens later (src/engine/opening.ts): several at a time, handed on in order.

import { describe, expect, it } from 'vitest'
import { delayedProvider } from '../fixtures/delayed-provider.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { TlsEngine } from '../../src/engine/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { withAeadKeys } from '../fixtures/aead-keys.ts'
import { errorOf, eventsOf, meet } from '../fixtures/engines.ts'
import type { Meeting } from '../fixtures/engines.ts'

/** Openings that wait until they are let go. */
class Gate {
  holding = false
  readonly held: (() => void)[] = []

  readonly provider = withAeadKeys((key) => ({
    open: async (nonce, additionalData, sealed) => {
      if (this.holding) await new Promise<void>((resolve) => this.held.push(resolve))
      return key.open(nonce, additionalData, sealed)
    },
  }))

  async release(index: number): Promise<void> {
    this.held[index]?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const held = async (version: 'TLS 1.2' | 'TLS 1.3'): Promise<{ readonly gate: Gate; readonly meeting: Meeting }> => {
  const gate = new Gate()
  const versions = { min: version, max: version }
  const meeting = await meet({ versions }, { versions, provider: gate.provider })
  await meeting.settle()
  gate.holding = true
  return { gate, meeting }
}

const taken = (engine: TlsEngine): Uint8Array => concat(...engine.takeOutput())

const numbersOf = (engine: TlsEngine): readonly number[] =>
  eventsOf(engine.takeEvents(), 'data').map(({ data }) => data[0] ?? -1)

describe.each(['TLS 1.3', 'TLS 1.2'] as const)('%s: records that are opened later', (version) => {
  it('are opened together, at most eight, and handed on in the order in which they came', async () => {
    const { gate, meeting } = await held(version)
    for (let i = 0; i < 10; i++) void meeting.client.send(Uint8Array.of(i))
    meeting.server.receive(taken(meeting.client))
    expect(gate.held).toHaveLength(8)
    await gate.release(1)
    await gate.release(2)
    expect(numbersOf(meeting.server)).toEqual([])
    await gate.release(0)
    expect(numbersOf(meeting.server)).toEqual([0, 1, 2])
    expect(gate.held).toHaveLength(10)
    for (let i = 9; i >= 3; i--) await gate.release(i)
    expect(numbersOf(meeting.server)).toEqual([3, 4, 5, 6, 7, 8, 9])
    expect(meeting.server.blocked).toBe(false)
  })

  it('one that is not authentic ends the connection in its turn: what came before it is handed on', async () => {
    const { gate, meeting } = await held(version)
    const records = [0, 1, 2, 3].map((i) => {
      void meeting.client.send(Uint8Array.of(i))
      return taken(meeting.client)
    })
    const last = (records[2]?.length ?? 0) - 1
    records[2]?.set([(records[2][last] ?? 0) ^ 1], last)
    meeting.server.receive(concat(...records))
    await gate.release(2)
    await gate.release(3)
    expect(meeting.server.takeEvents()).toEqual([])
    await gate.release(1)
    await gate.release(0)
    const events = meeting.server.takeEvents()
    expect(eventsOf(events, 'data').map(({ data }) => data[0])).toEqual([0, 1])
    expect(errorOf(events)).toMatchObject({ code: 'bad_record_mac' })
  })

  it('a header that is none is told of in its turn', async () => {
    const { gate, meeting } = await held(version)
    void meeting.client.send(Uint8Array.of(0))
    meeting.server.receive(concat(taken(meeting.client), Uint8Array.of(23, 3, 3, 255, 255, 0)))
    expect(meeting.server.takeEvents()).toEqual([])
    await gate.release(0)
    const events = meeting.server.takeEvents()
    expect(eventsOf(events, 'data')).toHaveLength(1)
    expect(errorOf(events)).toMatchObject({ code: 'record_overflow' })
  })

  it('nothing is told of what comes after close_notify', async () => {
    const { gate, meeting } = await held(version)
    void meeting.client.closeWrite()
    meeting.server.receive(concat(taken(meeting.client), Uint8Array.of(23, 3, 3, 0, 17), new Uint8Array(17)))
    await gate.release(1)
    await gate.release(0)
    expect(meeting.server.takeEvents()).toEqual([{ type: 'end' }])
  })
})

it.each([nodeProvider, delayedProvider(nodeProvider)])(
  'records behind a KeyUpdate are opened with the new keys (RFC 9846 section 5.2): a client with $name',
  async (provider) => {
    const gate = new Gate()
    const versions = { min: 'TLS 1.3' } as const
    const meeting = await meet({ versions, provider }, { versions, provider: delayedProvider(gate.provider) })
    await meeting.settle()
    const { client, server } = meeting
    await Promise.all([
      client.send(Uint8Array.of(0)),
      client.updateKeys(),
      client.send(Uint8Array.of(1)),
      client.updateKeys(),
      client.send(Uint8Array.of(2)),
      client.send(Uint8Array.of(3)),
    ])
    server.receive(taken(client))
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'error')).toEqual([])
    expect(eventsOf(meeting.serverEvents, 'data').map(({ data }) => data[0])).toEqual([0, 1, 2, 3])
    expect(eventsOf(meeting.serverEvents, 'keyUpdate')).toHaveLength(2)
  },
)

it('a ChangeCipherSpec after the handshake is refused in its turn (RFC 9846 section 5)', async () => {
  const { gate, meeting } = await held('TLS 1.3')
  void meeting.client.send(Uint8Array.of(0))
  meeting.server.receive(concat(taken(meeting.client), Uint8Array.of(20, 3, 3, 0, 1, 1)))
  await gate.release(0)
  const events = meeting.server.takeEvents()
  expect(eventsOf(events, 'data')).toHaveLength(1)
  expect(errorOf(events)).toMatchObject({ code: 'unexpected_message', alert: 'unexpected_message' })
})
