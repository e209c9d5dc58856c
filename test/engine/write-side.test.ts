// What an engine lets out once its direction has ended (RFC 9846 sections 6.1 and 6.2).

import { describe, expect, it } from 'vitest'
import { OutputQueue } from '../../src/engine/output.ts'
import { WriteSide } from '../../src/engine/write-side.ts'
import { plaintextSealer } from '../../src/record/protection.ts'
import { concat } from '../../src/wire/bytes.ts'
import { clientConfigOf, clientOf, errorOf, eventsOf, meet } from '../fixtures/engines.ts'

const [alert, handshake, data] = [21, 22, 23]
const side = (): WriteSide => new WriteSide(clientConfigOf(), () => {})
const typesOf = (out: readonly Uint8Array[]): readonly (number | undefined)[] => out.map(([type]) => type)
const tryAll = (write: WriteSide): void => {
  write.handshake(Uint8Array.of(24, 0, 0, 1, 0))
  void write.seal(data, Uint8Array.of(1))
  void write.close(Uint8Array.of(1, 0))
}

describe('nothing goes out', () => {
  it('after the alert that ends the direction', () => {
    const write = side()
    write.handshake(Uint8Array.of(1, 0, 0, 0))
    void write.close(Uint8Array.of(2, 40))
    expect(write.closed).toBe(true)
    tryAll(write)
    expect(typesOf(write.take())).toEqual([handshake, alert])
    tryAll(write)
    expect(write.take()).toEqual([])
  })

  it('after the connection failed but what was sealed before', () => {
    const write = side()
    void write.seal(data, Uint8Array.of(1))
    write.handshake(Uint8Array.of(1, 0, 0, 0))
    write.stop()
    expect(write.closed).toBe(true)
    tryAll(write)
    expect(typesOf(write.take())).toEqual([data, handshake])
  })

  it.each(['sent', 'received'])('after an error alert was %s, and nothing is taken in (section 6)', async (how) => {
    const versions = { min: 'TLS 1.3' } as const
    const { client, server, clientEvents, serverEvents, settle } = await meet({ versions }, { versions })
    const [failed, events] = how === 'sent' ? [client, clientEvents] : [server, serverEvents]
    void server.send(Uint8Array.of(7))
    const late = concat(...server.takeOutput())
    client.abort()
    await settle()
    expect(errorOf(events)).toMatchObject({ code: how === 'sent' ? 'aborted' : 'alert_received' })
    expect(() => failed.send(Uint8Array.of(1))).toThrow(errorOf(events))
    expect(() => failed.updateKeys()).toThrow(errorOf(events))
    void failed.closeWrite()
    failed.receive(late)
    failed.receiveEnd()
    await settle()
    expect([failed.takeOutput(), failed.takeEvents(), failed.closed]).toEqual([[], [], true])
    expect(eventsOf(events, 'data')).toEqual([])
    expect(eventsOf(events, 'error')).toHaveLength(1)
  })
})

it('what is being sealed is said, until it can be taken', async () => {
  const queue = new OutputQueue()
  let seal: () => void = () => {}
  const sealer = {
    ...plaintextSealer(0x0303),
    immediate: false,
    seal: () => new Promise<void>((resolve) => (seal = resolve)),
  }
  const limits = { maxFragment: 100, maxContent: 100 }
  const sealed = queue.seal(sealer, data, Uint8Array.of(1), limits)
  const { sealing } = queue
  expect(sealing).toBeInstanceOf(Promise)
  expect(queue.take()).toEqual([])
  seal()
  await Promise.all([sealed, sealing])
  expect(queue.sealing).toBeUndefined()
  expect(queue.take()).toHaveLength(1)
})

it('there is no channel binding, and no keying material, before the handshake is done', () => {
  const client = clientOf()
  const early = expect.objectContaining({ code: 'wrong_state' })
  expect(() => client.channelBinding('tls-exporter')).toThrow(early)
  expect(() => client.exportKeyingMaterial(32, 'EXPERIMENTAL test')).toThrow(early)
})
