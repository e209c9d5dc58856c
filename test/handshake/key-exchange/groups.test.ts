// Groups that have to be asked for, and key shares that are left out.

import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../../src/crypto/noble.ts'
import type { ClientHelloInfo, ClientOptions } from '../../../src/options.ts'
import { clientHelloExtensions, decodeExtensions } from '../../../src/wire/extensions.ts'
import { decodeMessage, messages13 } from '../../../src/wire/messages.ts'
import { errorOf, infoOf, meet } from '../../fixtures/engines.ts'

const plainMlKem = ['MLKEM512', 'MLKEM768', 'MLKEM1024'] as const

describe('ML-KEM without a curve (draft-ietf-tls-mlkem)', () => {
  it.each(plainMlKem)('%s, where both name it', async (group) => {
    const { clientEvents, serverEvents } = await meet({ groups: [group] }, { groups: [group] })
    expect([infoOf(clientEvents).group, infoOf(serverEvents).group]).toEqual([group, group])
  })
  it.each(plainMlKem)('%s, by HelloRetryRequest and with providers that differ', async (group) => {
    const { clientEvents } = await meet({ groups: ['X25519', group], provider: nobleProvider }, { groups: [group] })
    expect(infoOf(clientEvents)).toMatchObject({ group, helloRetryRequest: true })
  })
  it.each(plainMlKem)('%s is neither offered nor taken by default', async (group) => {
    let hello: ClientHelloInfo | undefined
    infoOf((await meet({}, { onClientHello: (info) => void (hello = info) })).serverEvents)
    expect(hello?.groups.filter((id) => id >= 0x0200 && id <= 0x0202)).toEqual([])
    expect(errorOf((await meet({ groups: [group] }, {})).serverEvents)).toMatchObject({ code: 'no_common_group' })
  })
  it('is not for TLS 1.2', async () => {
    const { clientEvents } = await meet(
      { groups: ['MLKEM768', 'P-256'] },
      { groups: ['MLKEM768', 'P-256'], versions: { max: 'TLS 1.2' } },
    )
    expect(infoOf(clientEvents).group).toBe('P-256')
  })
})

describe('serverGroups (draft-ietf-tls-key-share-prediction)', () => {
  const shareFor = async (options: Partial<ClientOptions>): Promise<readonly number[]> => {
    let raw: Uint8Array = new Uint8Array(0)
    infoOf((await meet(options, { onClientHello: (hello) => void (raw = hello.raw) })).clientEvents)
    const { extensions = [] } = decodeMessage(messages13, 'ClientHello', raw)
    return (decodeExtensions(clientHelloExtensions, extensions, 'ClientHello').key_share ?? []).map(
      ({ group }) => group,
    )
  }
  const [x25519, p256, p384, hybrid] = [0x001d, 0x0017, 0x0018, 0x11ec]
  it.each<[string, Partial<ClientOptions>, readonly number[]]>([
    ['the first of ours, whatever their order', { hello: { serverGroups: [p384, p256] } }, [p256]],
    ['no hybrid where the server has none, nor a second share', { hello: { serverGroups: [x25519] } }, [x25519]],
    ['before keyShares', { hello: { keyShares: ['P-384'], serverGroups: [p256] } }, [p256]],
    ['unknown numbers are ignored', { hello: { serverGroups: [0x0a0a, p384] } }, [p384]],
    ['without a group in common as if nothing was said', { hello: { serverGroups: [0x0a0a] } }, [hybrid, x25519]],
    ['the same with keyShares', { hello: { keyShares: ['P-384'], serverGroups: [0x0a0a] } }, [p384]],
  ])('%s', async (_, options, expected) => {
    expect(await shareFor(options)).toEqual(expected)
  })
})

describe('no key shares (RFC 9846 section 4.3.8)', () => {
  it('lets the server choose by HelloRetryRequest', async () => {
    const { clientEvents } = await meet({ hello: { keyShares: [] } }, {})
    expect(infoOf(clientEvents)).toMatchObject({ group: 'X25519MLKEM768', helloRetryRequest: true })
  })
})
