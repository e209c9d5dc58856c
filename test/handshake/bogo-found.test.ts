// Rules that BoringSSL's runner (test/conformance/bogo) found broken here, each with a test of our own.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { loadIdentity } from '../../src/identity.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { createCa } from '../../src/pki/index.ts'
import { decodeSession, memoryReplayGuard, rotatingTicketKeys } from '../../src/session/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { encodeMessage, messages13 } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { errorOf, eventsOf, infoOf, meet } from '../fixtures/engines.ts'
import { ecdsa } from '../fixtures/identities.ts'

const tls13: TestClientOptions & TestServerOptions = { versions: { min: 'TLS 1.3' } }
const tls12: TestClientOptions & TestServerOptions = { versions: { max: 'TLS 1.2' } }
const tickets = () => ({ protector: rotatingTicketKeys({ provider: nodeProvider }) })
const sessionOf = (events: Parameters<typeof eventsOf>[0]): Uint8Array =>
  eventsOf(events, 'session')[0]?.session ?? new Uint8Array(0)

describe('key usage of the certificate that signs (RFC 9846 section 4.5.1.2, RFC 5280 section 4.2.1.3)', () => {
  it.each([tls13, tls12])(
    'a server whose certificate is for keyEncipherment only is refused, and does not show it: %j',
    async (version) => {
      const ca = await createCa({ name: 'key usage' })
      // keyUsage with bit 2 only: keyEncipherment
      const leaf = await ca.issue({
        names: ['server.test'],
        extensions: [{ oid: '2.5.29.15', critical: true, value: Uint8Array.of(3, 2, 5, 0x20) }],
      })
      const own = await meet(version, { ...version, cert: leaf.chainPem, key: leaf.privateKeyPem })
      expect(errorOf(own.serverEvents)).toMatchObject({
        code: expect.stringMatching(/^no_common_(signature_scheme|cipher_suite)$/),
      })
      const identity = await loadIdentity({ cert: leaf.chainPem, key: leaf.privateKeyPem }, nodeProvider)
      const { leaf: unrestricted } = await loadIdentity(ecdsa, nodeProvider)
      const { clientEvents } = await meet(version, { ...version, identity: { ...identity, leaf: unrestricted } })
      expect(errorOf(clientEvents)).toMatchObject({ code: 'certificate_usage' })
    },
  )
})

describe('early data (RFC 9846 section 4.3.10)', () => {
  it('accepted under another suite than that of the PSK is illegal_parameter', async () => {
    const server: TestServerOptions = {
      ...tls13,
      tickets: tickets(),
      earlyData: { maxBytes: 1024, replayGuard: memoryReplayGuard() },
    }
    const first = await meet(tls13, server)
    // the session says AES-256: the hash differs from what was agreed, so the claim is made on a suite of the same hash
    const session = decodeSession(sessionOf(first.clientEvents))
    const { clientEvents } = await meet(
      { ...tls13, session: { ...session, cipherSuite: 0x1303 }, earlyData: Uint8Array.of(1) },
      {
        ...server,
        seam: {
          outgoing: ({ type, fields }) =>
            type === 'EncryptedExtensions'
              ? { extensions: [{ type: extensionTypes.early_data, data: new Uint8Array(0) }] }
              : fields,
        },
      },
    )
    expect(errorOf(clientEvents)).toMatchObject({ code: 'illegal_parameter' })
  })
})

describe('server_name (RFC 6066 section 3)', () => {
  it('is acknowledged in a full handshake and not in a resumed one', async () => {
    const acknowledged: boolean[] = []
    const server: TestServerOptions = {
      ...tls13,
      tickets: tickets(),
      seam: {
        outgoing: ({ type, fields }) => {
          if (type === 'EncryptedExtensions' && 'extensions' in fields && Array.isArray(fields.extensions)) {
            acknowledged.push(
              fields.extensions.some(
                (extension: { readonly type: number }) => extension.type === extensionTypes.server_name,
              ),
            )
          }
          return fields
        },
      },
    }
    const first = await meet(tls13, server)
    const second = await meet({ ...tls13, session: sessionOf(first.clientEvents) }, server)
    expect(infoOf(second.clientEvents).resumed).toBe(true)
    expect(acknowledged).toEqual([true, false])
  })
})

describe('flights (RFC 9846 section 5.1)', () => {
  it('a server that begins another message behind HelloRetryRequest is refused', async () => {
    const { clientEvents } = await meet(
      { ...tls13, groups: ['X25519', 'P-256'] },
      {
        ...tls13,
        groups: ['P-256'],
        seam: { outgoing: ({ type, fields }) => (type === 'ServerHello' ? behind(fields) : fields) },
      },
    )
    expect(errorOf(clientEvents)).toMatchObject({ code: 'unexpected_message' })
  })

  /** The message, and the first two bytes of another. */
  const behind = (fields: object): readonly Uint8Array[] => {
    const whole = encodeMessage(messages13, 'ServerHello', fields as never)
    return [concat(whole, whole.subarray(0, 2))]
  }
})

describe('KeyUpdate (RFC 9846 section 4.7.3)', () => {
  it('several requests in a row are answered once', async () => {
    const meeting = await meet(tls13, tls13)
    for (let i = 0; i < 5; i++) await meeting.client.updateKeys(true)
    await meeting.settle()
    const written = eventsOf(meeting.serverEvents, 'keyUpdate').filter(({ direction }) => direction === 'write')
    expect(written).toHaveLength(1)
    await meeting.server.send(Uint8Array.of(1))
    await meeting.client.updateKeys(true)
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'keyUpdate').filter(({ direction }) => direction === 'write')).toHaveLength(2)
  })
})

describe('NewSessionTicket (RFC 9846 section 4.7.1)', () => {
  const ticketWith = (data: Uint8Array): TestServerOptions => ({
    ...tls13,
    tickets: tickets(),
    seam: {
      outgoing: ({ type, fields }) =>
        type === 'NewSessionTicket' ? { ...fields, extensions: [{ type: extensionTypes.tls_flags, data }] } : fields,
    },
  })

  it('flags that are not known are no reason to refuse it', async () => {
    expect(eventsOf((await meet(tls13, ticketWith(Uint8Array.of(1, 0x40)))).clientEvents, 'session')).toHaveLength(2)
  })

  it.each([
    ['no flags at all', Uint8Array.of(0), 'decode_error'],
    ['flags that end in zeros', Uint8Array.of(2, 1, 0), 'illegal_parameter'],
  ] as const)('%s: %s', async (_, data, code) => {
    expect(errorOf((await meet(tls13, ticketWith(data))).clientEvents)).toMatchObject({ code })
  })

  it('may come in ever so many records', async () => {
    const server: TestServerOptions = { ...tls13, tickets: tickets(), limits: { maxRecordSize: 64 } }
    const { clientEvents } = await meet(tls13, {
      ...server,
      tickets: { ...tickets(), applicationData: () => new Uint8Array(8000) },
    })
    expect(eventsOf(clientEvents, 'session')).toHaveLength(2)
  })
})

describe('verifyConnection', () => {
  it.each([tls13, tls12])('looks at resumed handshakes too, on both sides: %j', async (version) => {
    const seen: [string, boolean][] = []
    const server: TestServerOptions = {
      ...version,
      tickets: tickets(),
      verifyConnection: ({ resumed }) => void seen.push(['server', resumed]),
    }
    const client: TestClientOptions = {
      ...version,
      verifyConnection: ({ resumed }) => void seen.push(['client', resumed]),
    }
    const first = await meet(client, server)
    await meet({ ...client, session: sessionOf(first.clientEvents) }, server)
    expect(seen.filter(([, resumed]) => !resumed)).toHaveLength(2)
    expect(seen.filter(([, resumed]) => resumed)).toHaveLength(2)
  })

  it('refuses by throwing, with the alert of the error', async () => {
    const refused = await meet({ ...tls13, verifyConnection: () => Promise.reject(new Error('not today')) }, tls13)
    expect(errorOf(refused.clientEvents)).toMatchObject({ code: 'verifier_refused', message: 'not today' })
    expect(errorOf(refused.serverEvents)).toMatchObject({ code: 'alert_received', received: 'certificate_unknown' })
  })
})

describe('early data with a session that allows none (RFC 9846 section 4.7.1)', () => {
  it('is not offered, not even an empty one', async () => {
    const server: TestServerOptions = { ...tls13, tickets: tickets() }
    const first = await meet(tls13, server)
    const { clientEvents } = await meet(
      { ...tls13, session: sessionOf(first.clientEvents), earlyData: new Uint8Array(0) },
      server,
    )
    expect(infoOf(clientEvents)).toMatchObject({ resumed: true, earlyData: 'none' })
  })
})
