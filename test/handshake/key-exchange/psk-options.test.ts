// Length of external pre-shared keys (RFC 9257 section 6), empty identities and hints (RFC 4279), on both sides and in
// both versions.

import { describe, expect, it } from 'vitest'
import type { ClientOptions, FoundPsk, ServerOptions } from '../../../src/options.ts'
import { utf8Bytes } from '../../../src/wire/texts.ts'
import type { ClientHello } from '../../../src/wire/messages.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { clientOf, errorOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'
import { ecdsa } from '../../fixtures/identities.ts'

const ECDHE = 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'
const PSK = 'TLS_PSK_WITH_AES_128_GCM_SHA256'
const tls13: Partial<ClientOptions> & ServerOptions = { versions: { min: 'TLS 1.3' } }
const tls12 = (suite: string): Partial<ClientOptions> & ServerOptions => ({
  versions: { max: 'TLS 1.2' },
  cipherSuites: [suite],
})
const found = (psk: FoundPsk) => ({ psk: { lookup: () => psk } })
const short = new Uint8Array(15).fill(1)
const long = new Uint8Array(16).fill(1)
const identity = 'sensor 7'

describe.each([
  ['TLS 1.3', tls13],
  ['TLS 1.2', tls12(ECDHE)],
  ['TLS 1.2 without ECDHE', tls12(PSK)],
])('a key in %s (RFC 9257 section 6)', (_, common) => {
  it('of 15 bytes is refused by the client at once', () => {
    expect(() => clientOf({ ...common, psk: { keys: { identity, key: short } } })).toThrow(
      expect.objectContaining({ code: 'bad_option' }),
    )
  })
  it('of 15 bytes ends the handshake where a server looks it up', async () => {
    const { serverEvents } = await meet(
      { ...common, psk: { keys: { identity, key: short, allowShort: true } } },
      { ...common, ...found({ key: short }) },
    )
    expect(errorOf(serverEvents)).toMatchObject({
      code: 'bad_option',
      alert: 'internal_error',
      message: expect.stringMatching('15 bytes'),
    })
  })
  it('of 16 bytes is taken', async () => {
    const { serverEvents } = await meet(
      { ...common, psk: { keys: { identity, key: long } } },
      { ...common, ...found({ key: long }) },
    )
    expect(infoOf(serverEvents).pskIdentity).toEqual(utf8Bytes(identity))
  })
  it('of 1 byte is taken where both ends say allowShort', async () => {
    const psk = { key: Uint8Array.of(7), allowShort: true }
    const { serverEvents } = await meet(
      { ...common, psk: { keys: { identity, ...psk } } },
      { ...common, ...found(psk) },
    )
    expect(infoOf(serverEvents).pskIdentity).toEqual(utf8Bytes(identity))
  })
  it('of no bytes is never taken', () => {
    const psk = { identity, key: new Uint8Array(0), allowShort: true }
    expect(() => clientOf({ ...common, psk: { keys: psk } })).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })
})

describe('an empty identity (RFC 4279 section 2, RFC 9846 section 4.3.11)', () => {
  it('is one in TLS 1.2', async () => {
    const { serverEvents } = await meet(
      { ...tls12(PSK), psk: { keys: { identity: '', key: long } } },
      { ...tls12(PSK), ...found({ key: long }) },
    )
    expect(infoOf(serverEvents).pskIdentity).toEqual(new Uint8Array(0))
  })
  it('is not offered in TLS 1.3', async () => {
    const { serverEvents } = await meet(
      { ...tls13, psk: { keys: { identity: '', key: long } } },
      { ...tls13, ...ecdsa, ...found({ key: long }) },
    )
    expect(infoOf(serverEvents).pskIdentity).toBeUndefined()
  })
  it('cannot be imported (RFC 9258 section 5.1)', () => {
    expect(() => clientOf({ psk: { keys: { identity: '', key: long, imported: true } } })).toThrow(
      expect.objectContaining({ code: 'bad_option' }),
    )
  })
})

describe('a server of TLS 1.2 whose certificate does not fit (RFC 4279 section 2)', () => {
  const both = {
    versions: { max: 'TLS 1.2' },
    cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', ECDHE],
  } as const
  const client: Partial<ClientOptions> = { ...both, psk: { keys: { identity, key: long } } }
  it('takes a PSK suite, though one with certificates stands before it: the curve is not offered', async () => {
    const { serverEvents } = await meet(
      { ...client, groups: ['P-384'] },
      { ...both, ...ecdsa, ...found({ key: long }) },
    )
    expect(infoOf(serverEvents)).toMatchObject({ cipherSuite: ECDHE })
  })
  it('takes a PSK suite where there is no certificate', async () => {
    const { serverEvents } = await meet(client, { ...both, identity: [], ...found({ key: long }) })
    expect(infoOf(serverEvents)).toMatchObject({ cipherSuite: ECDHE })
  })
  it('fails as before without a key', async () => {
    const { serverEvents } = await meet({ ...client, groups: ['P-384'] }, { ...both, ...ecdsa })
    expect(errorOf(serverEvents)).toMatchObject({ code: 'no_common_signature_scheme' })
  })
})

describe('psk.hint (RFC 4279 section 5.2)', () => {
  it.each([ECDHE, PSK])('goes into ServerKeyExchange, and our client ignores it: %s', async (suite) => {
    const sent: Uint8Array[] = []
    const trace: ServerOptions['trace'] = ({ direction, content }) => void (direction === 'sent' && sent.push(content))
    const options = { ...tls12(suite), psk: { ...found({ key: long }).psk, hint: 'north gate' }, trace }
    const { clientEvents } = await meet({ ...tls12(suite), psk: { keys: { identity, key: long } } }, options)
    expect(infoOf(clientEvents).pskIdentity).toEqual(utf8Bytes(identity))
    expect(sent.some((content) => new TextDecoder('latin1').decode(content).includes('north gate'))).toBe(true)
  })
  it('has at most 65535 bytes', () => {
    expect(() => serverOf({ psk: { hint: new Uint8Array(65536) } })).toThrow(
      expect.objectContaining({ code: 'bad_option' }),
    )
  })
})

describe('a ClientHello without signature_algorithms (RFC 9846 section 9.2)', () => {
  const shape = (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: hello.extensions?.filter(({ type }) => type !== extensionTypes.signature_algorithms),
  })
  const offer = { ...tls13, hello: { shape }, psk: { keys: { identity, key: long } } }

  it('is enough for a key that is known', async () => {
    const { serverEvents } = await meet(offer, { ...tls13, ...ecdsa, ...found({ key: long }) })
    expect(infoOf(serverEvents).pskIdentity).toEqual(utf8Bytes(identity))
  })
  it('is missing_extension where the key is not known: a certificate could not be shown', async () => {
    const { serverEvents } = await meet(offer, { ...tls13, ...ecdsa, psk: { lookup: () => undefined } })
    expect(errorOf(serverEvents)).toMatchObject({ code: 'missing_extension', alert: 'missing_extension' })
  })
})

describe('a client whose suites are all with PSK', () => {
  it('has a key for TLS 1.2, or is refused: a ClientHello has a suite at the least', () => {
    const imported = { identity, key: long, hash: 'sha256', context: new Uint8Array(0) } as const
    for (const keys of [undefined, [], imported] as const)
      expect(() => clientOf({ ...tls12(PSK), ...(keys && { psk: { keys: keys as never } }) })).toThrow(
        expect.objectContaining({ code: 'bad_option' }),
      )
    expect(() => clientOf({ ...tls12(PSK), psk: { keys: { identity, key: long } } })).not.toThrow()
    expect(() => clientOf({ cipherSuites: [PSK, 'TLS_AES_128_GCM_SHA256'] })).not.toThrow()
  })
})
