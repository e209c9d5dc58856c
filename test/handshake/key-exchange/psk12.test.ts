import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../../src/crypto/noble.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { concat, equalBytes } from '../../../src/wire/bytes.ts'
import { utf8Bytes } from '../../../src/wire/texts.ts'
import { cipherSuites } from '../../../src/wire/registry.ts'
import { errorOf, eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import { misbehaving } from '../../attacks/wire.ts'
import { delayedProvider } from '../../fixtures/delayed-provider.ts'

const tls12: TestClientOptions & TestServerOptions = { versions: { max: 'TLS 1.2' } }
const key = new Uint8Array(32).fill(5)
const client = (cipherSuite: string): TestClientOptions => ({
  ...tls12,
  cipherSuites: [cipherSuite],
  psk: { keys: { identity: 'sensor 7', key } },
})
const server = (cipherSuite: string): TestServerOptions => ({
  ...tls12,
  cipherSuites: [cipherSuite],
  psk: { lookup: (identity) => (equalBytes(identity, utf8Bytes('sensor 7')) ? { key } : undefined) },
})
const suites = cipherSuites.filter(({ authentication }) => authentication === 'psk').map(({ name }) => name)
const ECDHE = 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'
const PSK = 'TLS_PSK_WITH_AES_128_GCM_SHA256'

describe.each([
  ['node', nodeProvider],
  ['noble', nobleProvider],
  ['delayed node', delayedProvider(nodeProvider)],
])('with the %s provider', (_, provider) => {
  it.each(suites)('%s', async (suite) => {
    const meeting = await meet({ ...client(suite), provider }, { ...server(suite), provider })
    const info = infoOf(meeting.clientEvents)
    expect(info).toMatchObject({ pskIdentity: utf8Bytes('sensor 7') })
    expect(infoOf(meeting.serverEvents)).toMatchObject({ pskIdentity: utf8Bytes('sensor 7') })
    expect(info).toMatchObject({
      cipherSuite: suite,
      group: suite.includes('ECDHE') ? 'X25519' : undefined,
      peerCertificates: [],
      resumed: false,
    })
    expect(infoOf(meeting.serverEvents).cipherSuite).toBe(suite)
    void meeting.client.send(Uint8Array.of(1))
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'data')).toHaveLength(1)
    expect(meeting.client.channelBinding('tls-exporter')).toEqual(meeting.server.channelBinding('tls-exporter'))
  })
})

describe('pre-shared keys in TLS 1.2 (RFC 4279, RFC 5489)', () => {
  it('an identity that is not known ends the handshake', async () => {
    const { serverEvents } = await meet(
      { ...client(ECDHE), psk: { keys: { identity: 'somebody', key } } },
      server(ECDHE),
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'unknown_psk_identity', alert: 'unknown_psk_identity' })
  })

  it.each([ECDHE, PSK])('another key ends it at Finished: %s', async (suite) => {
    const { serverEvents, clientEvents } = await meet(
      { ...client(suite), psk: { keys: { identity: 'sensor 7', key: new Uint8Array(32) } } },
      server(suite),
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'bad_record_mac' })
    expect(eventsOf(clientEvents, 'handshake')).toEqual([])
  })

  it('without a key the suites are neither offered nor taken', async () => {
    const both = { cipherSuites: [ECDHE, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }
    let offered: readonly number[] = []
    const noKey = await meet(
      { ...tls12, ...both },
      { ...tls12, ...both, onClientHello: ({ cipherSuites: seen }) => void (offered = seen) },
    )
    expect(offered).toEqual([0xc02b])
    expect(infoOf(noKey.clientEvents).cipherSuite).toBe('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')
    const onlyClient = await meet({ ...client(ECDHE), ...both }, { ...tls12, ...both })
    expect(infoOf(onlyClient.clientEvents).cipherSuite).toBe('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')
    const withKey = await meet({ ...client(ECDHE), ...both }, { ...server(ECDHE), ...both })
    expect(infoOf(withKey.clientEvents).cipherSuite).toBe(ECDHE)
  })

  it('the suites are off by default and with legacy', async () => {
    let offered: readonly number[] = []
    await meet(
      { ...tls12, tls12: { legacy: true }, psk: { keys: { identity: 'x', key } } },
      { ...tls12, onClientHello: ({ cipherSuites: seen }) => void (offered = seen) },
    )
    const ids = cipherSuites.filter(({ authentication }) => authentication === 'psk').map(({ id }) => id)
    expect(offered.filter((id) => ids.includes(id))).toEqual([])
  })

  it('a hint is read and not needed (RFC 4279 section 5.2)', async () => {
    const seam = misbehaving({
      ServerHelloDone: () => [Uint8Array.of(12, 0, 0, 4, 0, 2, 0x68, 0x69), Uint8Array.of(14, 0, 0, 0)],
    })
    expect(infoOf((await meet(client(PSK), { ...server(PSK), seam })).clientEvents).cipherSuite).toBe(PSK)
  })

  it.each<[string, Parameters<typeof misbehaving>[0], string]>([
    [
      'a Certificate',
      {
        ServerKeyExchange: ({ body }: { readonly body: Uint8Array }) => [
          Uint8Array.of(11, 0, 0, 3, 0, 0, 0),
          concat(Uint8Array.of(12, 0, 0, body.length), body),
        ],
      },
      'unexpected_message',
    ],
    ['no ServerKeyExchange with ECDHE', { ServerKeyExchange: () => [] }, 'unexpected_message'],
    [
      'a group that was not offered',
      {
        ServerKeyExchange: ({ body }: { readonly body: Uint8Array }) => ({
          body: body.map((byte, i) => (i === 4 ? 0x19 : byte)),
        }),
      },
      'illegal_parameter',
    ],
    [
      'bytes after the parameters',
      { ServerKeyExchange: ({ body }: { readonly body: Uint8Array }) => ({ body: concat(body, Uint8Array.of(0)) }) },
      'decode_error',
    ],
  ])('a client refuses %s', async (_, change, code) => {
    const { clientEvents } = await meet(
      { ...client(ECDHE), groups: ['X25519'] },
      { ...server(ECDHE), seam: misbehaving(change) },
    )
    expect(errorOf(clientEvents).code).toBe(code)
  })
})
