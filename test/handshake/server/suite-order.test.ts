// Which suite a server chooses: by its order, strictly or with an ear for ChaCha20, by the client's, or the client's
// within a group.

import { describe, expect, it } from 'vitest'
import type { ClientOptions, ServerOptions } from '../../../src/options.ts'
import { infoOf, meet, serverOf } from '../../fixtures/engines.ts'

const suites13 = {
  aes128: 'TLS_AES_128_GCM_SHA256',
  aes256: 'TLS_AES_256_GCM_SHA384',
  chacha: 'TLS_CHACHA20_POLY1305_SHA256',
}
const suites12 = {
  aes128: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  aes256: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  chacha: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
}
const chosen = async (client: Partial<ClientOptions>, server: ServerOptions): Promise<string> =>
  infoOf((await meet(client, server)).serverEvents).cipherSuite

describe.each([
  ['TLS 1.3', suites13],
  ['TLS 1.2', suites12],
] as const)('%s', (version, { aes128, aes256, chacha }) => {
  const only = { versions: { min: version, max: version } }
  const client = (...cipherSuites: readonly string[]): Partial<ClientOptions> => ({ ...only, cipherSuites })
  const server = (options: ServerOptions): ServerOptions => ({ ...only, ...options })

  it('the server has its way', async () => {
    expect(await chosen(client(aes128, aes256, chacha), server({ cipherSuites: [aes256, aes128, chacha] }))).toBe(
      aes256,
    )
  })
  it('but a client that puts ChaCha20 first gets it, and one that puts it second does not', async () => {
    const options = server({ cipherSuites: [aes256, aes128, chacha] })
    expect(await chosen(client(chacha, aes128), options)).toBe(chacha)
    expect(await chosen(client(aes128, chacha, aes256), options)).toBe(aes256)
  })
  it('unless the order is strict', async () => {
    expect(
      await chosen(
        client(chacha, aes128),
        server({ cipherSuites: [aes256, aes128, chacha], hello: { preferServerOrder: 'strict' } }),
      ),
    ).toBe(aes128)
  })
  it('the client has its way with preferServerOrder: false', async () => {
    expect(
      await chosen(
        client(aes128, aes256),
        server({ cipherSuites: [aes256, aes128], hello: { preferServerOrder: false } }),
      ),
    ).toBe(aes128)
  })
  it.each([true, 'strict'] as const)(
    'the client chooses among suites that the server wants alike: preferServerOrder %s',
    async (preferServerOrder) => {
      const options = server({ cipherSuites: [[aes256, chacha], aes128], hello: { preferServerOrder } })
      expect(await chosen(client(aes128, chacha, aes256), options)).toBe(chacha)
      expect(await chosen(client(aes128, aes256, chacha), options)).toBe(aes256)
      expect(await chosen(client(aes128), options)).toBe(aes128)
    },
  )
  it('a client may give groups too; what it sends is their order', async () => {
    expect(
      await chosen({ ...only, cipherSuites: [[aes128, aes256]] }, server({ cipherSuites: [[aes256, aes128]] })),
    ).toBe(aes128)
  })
})

it('names in a group are checked', () => {
  expect(() => serverOf({ cipherSuites: [['TLS_NO_SUCH_SUITE']] })).toThrow(
    expect.objectContaining({ code: 'bad_option' }),
  )
})
