// Limits on what one key protects (RFC 9846 section 5.5): keys change before, whatever is sent in one go.

import { describe, expect, it } from 'vitest'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { eventsOf, meet } from '../fixtures/engines.ts'

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

  it('TLS 1.2 has no KeyUpdate: the connection says so and seals no more', async () => {
    const meeting = await meet({ versions: { max: 'TLS 1.2' }, limits: { recordsPerKey: 5 } })
    expect(() => meeting.client.send(megabyte)).toThrow(expect.objectContaining({ code: 'key_limit_reached' }))
  })
})
