// A client with `psk.required`: no server is taken that does not prove an external key (RFC 9846 section 2.2, RFC 9257
// section 4.1).

import { describe, expect, it } from 'vitest'
import { generateEchKeys } from '../../../src/ech.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { rotatingTicketKeys } from '../../../src/session/index.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'

const key = new Uint8Array(32).fill(1)
/** Long enough that the random identity which stands for it under ECH (RFC 9849 section 6.1.2) is never the same. */
const identity = 'a key that both have'
const keys = { identity, key }
const required: TestClientOptions = { psk: { keys, required: true } }
const tickets = { protector: rotatingTicketKeys({ provider: nodeProvider }) }
const knowing: TestServerOptions = {
  psk: { lookup: (asked) => (new TextDecoder().decode(asked) === identity ? { key } : undefined) },
  tickets,
}
const suite12 = 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'

describe('psk.required', () => {
  it('takes a server that has the key, and a ticket of that connection', async () => {
    const first = await meet(required, knowing)
    expect(infoOf(first.clientEvents).pskIdentity).toBeDefined()
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const second = await meet({ ...required, session }, knowing)
    expect(infoOf(second.clientEvents)).toMatchObject({ version: 'TLS 1.3', pskIdentity: expect.anything() })
  })

  it.each([
    [1024, true],
    [1025, false],
  ])('a ticket holds an identity of up to 1024 bytes; of %i: %s', async (length, held) => {
    const long = 'i'.repeat(length)
    const client: TestClientOptions = { psk: { keys: { identity: long, key } } }
    const server: TestServerOptions = {
      ...knowing,
      psk: { lookup: (asked) => (asked.length === length ? { key } : undefined) },
    }
    const first = await meet(client, server)
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const second = await meet({ ...client, session }, server)
    expect([infoOf(first.clientEvents).resumed, infoOf(second.clientEvents).resumed]).toEqual([false, held])
    expect(infoOf(second.serverEvents).pskIdentity).toBeDefined()
  })

  it('refuses a server that shows a certificate instead', async () => {
    const { clientEvents } = await meet(required, {})
    expect(errorOf(clientEvents)).toMatchObject({ code: 'missing_extension', alert: 'missing_extension' })
  })

  it('refuses it after HelloRetryRequest as well', async () => {
    const { clientEvents } = await meet({ ...required, groups: ['X25519', 'P-256'] }, { groups: ['P-256'] })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'missing_extension' })
  })

  it('does not offer the ticket of a connection that a certificate began', async () => {
    const first = await meet({ psk: { keys } }, { tickets })
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const second = await meet({ psk: { keys }, session }, { tickets })
    expect(infoOf(second.clientEvents)).toMatchObject({ resumed: true, pskIdentity: undefined })
    const third = await meet({ ...required, session }, { tickets })
    expect(errorOf(third.clientEvents)).toMatchObject({ code: 'missing_extension' })
  })

  it('refuses TLS 1.2 without a suite for it, and speaks it with one', async () => {
    const refused = await meet(required, { versions: { max: 'TLS 1.2' } })
    expect(errorOf(refused.serverEvents)).toMatchObject({ code: 'protocol_version' })
    const suites = {
      cipherSuites: [suite12, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    } as const
    const taken = await meet({ ...required, ...suites }, { ...knowing, ...suites, versions: { max: 'TLS 1.2' } })
    expect(infoOf(taken.clientEvents).cipherSuite).toBe(suite12)
    const withoutKey = await meet({ ...required, ...suites }, { ...suites, versions: { max: 'TLS 1.2' } })
    expect(errorOf(withoutKey.serverEvents)).toMatchObject({ code: 'no_common_cipher_suite' })
  })

  it('does not stand in the way of retry configurations (RFC 9849 section 6.1.6)', async () => {
    const [wrong, right] = [
      await generateEchKeys({ publicName: 'localhost', provider: nodeProvider }),
      await generateEchKeys({ publicName: 'localhost', provider: nodeProvider }),
    ]
    const { clientEvents } = await meet(
      { ...required, hello: { ech: { configList: wrong.configList } } },
      { ...knowing, hello: { ech: { keys: [right] } } },
    )
    expect(errorOf(clientEvents)).toMatchObject({ code: 'ech_required' })
  })

  it.each([
    ['no keys', { psk: { required: true } }],
    ['a key for TLS 1.2 alone', { psk: { required: true, keys: { identity: '', key } } }],
    [
      'an imported key and TLS 1.2 alone',
      { psk: { required: true, keys: { ...keys, imported: true } }, cipherSuites: [suite12] },
    ],
  ] satisfies readonly (readonly [string, TestClientOptions])[])('%s: bad_option', (_, options) => {
    expect(() => clientOf(options)).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })
})
