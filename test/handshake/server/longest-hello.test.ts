// The longest ClientHello that there can be fits under the default limit (RFC 9846 section 4.2.2).

import { describe, expect, it } from 'vitest'
import { clientOf, errorOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'
import type { ClientHello } from '../../../src/wire/messages.ts'
import { through } from '../../attacks/wire.ts'

/**
 * Fills the vectors of the hello: 32 bytes of session ID, 2^16-2 bytes of suites, 255 compression methods and 2^16-1
 * bytes of extensions.
 */
const fill = (hello: ClientHello): ClientHello => {
  const used = hello.extensions?.reduce((sum, { data }) => sum + 4 + data.length, 0) ?? 0
  return {
    ...hello,
    sessionId: new Uint8Array(32).fill(1),
    cipherSuites: [...hello.cipherSuites, ...Array<number>(0x7fff - hello.cipherSuites.length).fill(0xfafa)],
    compressionMethods: new Uint8Array(255),
    extensions: [...(hello.extensions ?? []), { type: 0xfafa, data: new Uint8Array(0xffff - 4 - used) }],
  }
}

describe('a ClientHello of 131,396 bytes', () => {
  it('is taken', () => {
    const versions = { versions: { max: 'TLS 1.2' } } as const
    let length = 0
    const client = clientOf({
      ...versions,
      hello: { shape: fill },
      trace: ({ type, direction, content }) => {
        if (type === 22 && direction === 'sent' && length < 131_400) length += content.length
      },
    })
    const events = through(client, serverOf(versions), (wire) => [wire])
    expect(length).toBe(131_400)
    expect(infoOf(events.server).version).toBe('TLS 1.2')
  })

  it('is too large where the limit says so', async () => {
    const { serverEvents } = await meet({}, { limits: { maxHandshakeMessage: 4096 }, groups: ['X25519'] })
    expect(infoOf(serverEvents).version).toBe('TLS 1.3')
    const { serverEvents: refused } = await meet(
      { versions: { max: 'TLS 1.2' }, hello: { shape: fill } },
      { limits: { maxHandshakeMessage: 131_395 } },
    )
    expect(errorOf(refused)).toMatchObject({ code: 'message_too_large' })
  })
})
