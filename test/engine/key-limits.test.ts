// Limits on what one key protects (RFC 9846 section 5.5): keys change before, whatever is sent in one go.

import { describe, expect, it } from 'vitest'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { createClientEngine } from '../../src/engine/every.ts'
import { delayedProvider } from '../fixtures/delayed-provider.ts'
import { clientConfigOf, connectEngines, eventsOf, meet, serverOf } from '../fixtures/engines.ts'

const megabyte = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) & 0xff)

describe('limits on key usage (RFC 9846 section 5.5)', () => {
  it.each([nodeProvider, webcryptoProvider])(
    '$name: a key seals so many records, its KeyUpdate among them',
    async (provider) => {
      const keyUpdates: string[] = []
      const meeting = await meet(
        {
          provider,
          versions: { min: 'TLS 1.3' },
          limits: { recordsPerKey: 5 },
          trace: ({ type, content, direction, encrypted }) => {
            if (encrypted && type === 22 && content[0] === 24) keyUpdates.push(direction)
          },
        },
        { provider, versions: { min: 'TLS 1.3' } },
      )
      await meeting.client.send(megabyte)
      await meeting.client.send(Uint8Array.of(1))
      await meeting.settle()
      const received = concat(...eventsOf(meeting.serverEvents, 'data').map(({ data }) => data))
      expect(received).toEqual(concat(megabyte, Uint8Array.of(1)))
      // 64 records of data and one more, four with each key: the fifth is the KeyUpdate
      expect(keyUpdates).toEqual(Array.from({ length: 16 }, () => 'sent'))
      expect(eventsOf(meeting.serverEvents, 'keyUpdate').map(({ direction }) => direction)).toEqual(
        Array.from({ length: 16 }, () => 'read'),
      )
    },
  )

  it('who sends over several keys is told when all is sealed, and at once where nothing is waited for', async () => {
    for (const provider of [nodeProvider, delayedProvider(nodeProvider)]) {
      const options = { provider, versions: { min: 'TLS 1.3' }, limits: { recordsPerKey: 5 } } as const
      const meeting = await meet(options, { ...options, limits: {} })
      const sent = meeting.client.send(megabyte)
      expect(sent instanceof Promise).toBe(provider !== nodeProvider)
      await sent
      expect(meeting.client.sealing).toBeUndefined()
      await meeting.settle()
      expect(concat(...eventsOf(meeting.serverEvents, 'data').map(({ data }) => data))).toEqual(megabyte)
    }
  })

  it('no more than 2^48-1 key updates are sent, and a request for one more is ignored (section 4.7.3)', async () => {
    const config = clientConfigOf({ versions: { min: 'TLS 1.3' }, limits: { recordsPerKey: 5 } })
    expect(config.maxKeyUpdates).toBe(2 ** 48 - 1)
    const meeting = await connectEngines(createClientEngine({ ...config, maxKeyUpdates: 2 }), serverOf())
    const { client, server, serverEvents, settle } = meeting
    void server.updateKeys(true)
    await settle()
    void client.updateKeys()
    await settle()
    expect(eventsOf(serverEvents, 'keyUpdate').map(({ direction }) => direction)).toEqual(['write', 'read', 'read'])
    expect(() => client.updateKeys()).toThrow(expect.objectContaining({ code: 'key_limit_reached' }))
    void server.updateKeys(true) // not answered, and no error: the receiver does not count
    for (let more = 0; more < 5; more++) void server.updateKeys()
    void server.send(Uint8Array.of(1))
    void client.send(Uint8Array.of(2))
    await settle()
    expect(eventsOf(serverEvents, 'keyUpdate').filter(({ direction }) => direction === 'read')).toHaveLength(2)
    expect(eventsOf(meeting.clientEvents, 'data').map(({ data }) => data)).toEqual([Uint8Array.of(1)])
    expect(eventsOf(serverEvents, 'data').map(({ data }) => data)).toEqual([Uint8Array.of(2)])
    expect(() => client.send(megabyte)).toThrow(expect.objectContaining({ code: 'key_limit_reached' }))
  })

  it('TLS 1.2 has no KeyUpdate: the connection says so and seals no more', async () => {
    const meeting = await meet({ versions: { max: 'TLS 1.2' }, limits: { recordsPerKey: 5 } })
    expect(() => meeting.client.send(megabyte)).toThrow(expect.objectContaining({ code: 'key_limit_reached' }))
  })
})
