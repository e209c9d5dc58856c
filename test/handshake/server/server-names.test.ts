// Server names that are no host names (RFC 6066 section 3): no callback sees them. What has characters that may not
// even be shown is illegal_parameter; an address, a name with a port or one that is too long is as no name at all.

import { describe, expect, it } from 'vitest'
import { isAddress, isHostName } from '../../../src/wire/host-name.ts'
import type { ClientHello } from '../../../src/wire/messages.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { clientOf, errorOf, infoOf, meet } from '../../fixtures/engines.ts'

const label = (length: number): string => 'a'.repeat(length)
const longest = `${label(63)}.${label(63)}.${label(63)}.${label(61)}`
const good = [
  'a',
  'server.test',
  'xn--exmple-cua.de',
  'outbound_.80_._.svc.cluster.local',
  '-a.b-',
  'r3---sn.example',
  `${label(63)}.x`,
  longest,
]
const addresses = ['192.0.2.1', '2001:db8::1', '::', '[2001:db8::1]', 'fe80::1%eth0', '1.2.3']
/** Unprintable. */
const bad = ['a\0b', 'server\x07.test', 'a\r\nb', 'a\x1b[2J', 'a b', ' ', '\x7f', 'ex\xe4mple.de']
/** No host names, of characters that may be shown. */
const odd = [
  'a..b',
  '.',
  'a..',
  '.a',
  '*.test',
  'a/b',
  '../a',
  'server.test:443',
  'https://a',
  `${label(64)}.test`,
  `${longest}a`,
  label(256),
  label(16_000),
]

const withName = (name: string) => {
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0))
  const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255)
  const data = concat(u16(bytes.length + 3), Uint8Array.of(0), u16(bytes.length), bytes)
  const shape = (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: hello.extensions?.map((extension) =>
      extension.type === extensionTypes.server_name ? { ...extension, data } : extension,
    ),
  })
  return { shape }
}

describe.each(['TLS 1.3', 'TLS 1.2'] as const)('a server of %s', (version) => {
  const only = { versions: { min: version, max: version } } as const
  /** What the callbacks are told, and what became of the handshake. */
  const ask = async (name: string) => {
    const seen: unknown[] = []
    const { serverEvents, clientEvents } = await meet(
      { ...only, hello: withName(name) },
      {
        ...only,
        onClientHello: ({ serverName }) => void seen.push(serverName),
        alpn: ['x'],
        hello: {
          chooseAlpn: (_, { serverName }) => {
            seen.push(serverName)
            return null
          },
        },
      },
    )
    return { seen, serverEvents, clientEvents }
  }

  it.each(good)('takes %s', async (name) => {
    const { seen, serverEvents } = await ask(name)
    expect(seen).toEqual([name])
    expect(infoOf(serverEvents).serverName).toBe(name)
  })

  it.each([...addresses, ...odd])('goes on without a name for %s, and does not confirm one', async (name) => {
    const { seen, serverEvents, clientEvents } = await ask(name)
    expect(seen).toEqual([undefined])
    expect(infoOf(serverEvents).serverName).toBeUndefined()
    infoOf(clientEvents)
  })

  it('leaves out a final dot', async () => {
    const { seen, serverEvents } = await ask('server.test.')
    expect(seen).toEqual(['server.test'])
    expect(infoOf(serverEvents).serverName).toBe('server.test')
  })

  it.each(bad.map((name) => ({ name })))('refuses $name', async ({ name }) => {
    const { seen, serverEvents } = await ask(name)
    expect(seen).toEqual([])
    expect(errorOf(serverEvents)).toMatchObject({ code: 'illegal_parameter', alert: 'illegal_parameter' })
  })

  it('refuses an empty name, and an empty list', async () => {
    expect(errorOf((await ask('')).serverEvents).alert).toBe('decode_error')
    const shape = (hello: ClientHello): ClientHello => ({
      ...hello,
      extensions: hello.extensions?.map((extension) =>
        extension.type === 0 ? { type: 0, data: new Uint8Array(2) } : extension,
      ),
    })
    expect(errorOf((await meet({ ...only, hello: { shape } }, only)).serverEvents).alert).toBe('decode_error')
  })

  it('a name in the answer of a server is decode_error (the data has to be empty)', async () => {
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) => {
        if (type !== (version === 'TLS 1.3' ? 'EncryptedExtensions' : 'ServerHello')) return fields
        const { extensions = [] } = fields as { readonly extensions?: readonly { readonly type: number }[] }
        return {
          ...fields,
          extensions: extensions.map((extension) =>
            extension.type === 0 ? { type: 0, data: Uint8Array.of(1) } : extension,
          ),
        }
      },
    }
    expect(errorOf((await meet(only, { ...only, seam })).clientEvents).alert).toBe('decode_error')
  })
})

describe('a client', () => {
  it.each([...good, 'server.test.'])('takes %s, and sends it without a final dot', async (serverName) => {
    expect(infoOf((await meet({ serverName })).serverEvents).serverName).toBe(serverName.replace(/\.$/, ''))
  })
  it.each(['192.0.2.1', '2001:db8::1'])('sends no server_name for %s', async (serverName) => {
    const { serverEvents, clientEvents } = await meet({ serverName })
    expect(infoOf(clientEvents).serverName).toBe(serverName)
    expect(infoOf(serverEvents).clientHello?.extensions).not.toContain(extensionTypes.server_name)
  })
  it.each([...bad, ...odd].map((name) => ({ name })))('refuses $name', ({ name }) => {
    expect(() => clientOf({ serverName: name })).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })
})

it('a name is never an address as well', () => {
  for (const name of [...good, ...addresses, ...bad, ...odd]) expect(isHostName(name) && isAddress(name)).toBe(false)
})
