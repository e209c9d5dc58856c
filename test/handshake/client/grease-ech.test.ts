// An encrypted_client_hello that nobody can open looks like one that somebody can (RFC 9849 section 6.2), and a
// server's store of sessions is asked for what a client offers.

import { describe, expect, it } from 'vitest'
import { concat } from '../../../src/wire/bytes.ts'
import { decodeEch } from '../../../src/wire/ech.ts'
import { decodeMessage, messages13 } from '../../../src/wire/messages.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { clientOf, infoOf, meet } from '../../fixtures/engines.ts'

const outerOf = () => {
  const record = concat(...clientOf({ hello: { ech: { unusable: 'grease' } } }).takeOutput())
  const { extensions } = decodeMessage(messages13, 'ClientHello', record.subarray(5))
  const data = extensions?.find(({ type }) => type === extensionTypes.encrypted_client_hello)?.data
  const ech = decodeEch(data ?? new Uint8Array(0))
  if (ech === 'inner') throw new Error('not an outer one')
  return ech
}

describe('GREASE ECH (RFC 9849 section 6.2)', () => {
  it('has the length of a padded inner hello and its tag, one of four, and an encapsulated key', () => {
    const lengths = new Set<number>()
    for (let i = 0; i < 64; i++) {
      const { payload, enc } = outerOf()
      expect(enc).toHaveLength(32)
      lengths.add(payload.length)
    }
    expect([...lengths].toSorted((a, b) => a - b)).toEqual([144, 176, 208, 240])
  })
})

describe('a store of TLS 1.2 sessions', () => {
  it('is asked for the session ID of the hello, and not where there is none (RFC 5246 section 7.4.1.2)', async () => {
    const asked: number[] = []
    const sessions = { get: (id: Uint8Array) => void asked.push(id.length), set: () => undefined }
    const server = { tickets: false, sessions } as const
    infoOf((await meet({ versions: { max: 'TLS 1.2' } }, { ...server, versions: { max: 'TLS 1.2' } })).clientEvents)
    expect(asked).toEqual([])
    infoOf((await meet({}, { ...server, versions: { max: 'TLS 1.2' } })).clientEvents)
    expect(asked).toEqual([32]) // that of a client which speaks TLS 1.3 as well
  })
})
