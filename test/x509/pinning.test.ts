import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { selfSigned } from '../../src/pki/index.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { pinCheck, spkiPin } from '../../src/x509/pinning.ts'
import { tofuVerifier } from '../../src/x509/tofu.ts'
import type { TofuOptions, TofuStore } from '../../src/x509/tofu.ts'
import { now, smallPki, verdict, verifyWith } from './support.ts'
import type { SmallPki } from './support.ts'

let pki: SmallPki
beforeAll(async () => {
  pki = await smallPki()
})
const pin = (der: Uint8Array): string => spkiPin(parseCertificate(der), nodeProvider)
const other = `sha256/${createHash('sha256').update('other').digest('base64')}`

describe('pins (RFC 7469 section 2.6)', () => {
  const check = (pins: readonly string[], where?: 'leaf' | 'chain'): Promise<string> =>
    verdict(verifyWith(pki, [pinCheck({ pins, ...(where && { where }) })]))

  test('the pin is what openssl and browsers make of the key', () => {
    const { spki } = parseCertificate(pki.leaf.certificate)
    expect(pin(pki.leaf.certificate)).toBe(`sha256/${createHash('sha256').update(spki).digest('base64')}`)
  })

  test('leaf, intermediate or anchor; a spare beside it', async () => {
    for (const der of [pki.leaf.certificate, pki.middle.certificate, pki.root.certificate])
      expect(await check([other, pin(der)])).toBe('ok')
  })

  test('no match is refused, with the pins that were found', async () => {
    expect(await check([other])).toMatch(/^refused: no key of the chain .* is pinned; it has sha256\//)
    expect(await check([pin(pki.root.certificate)], 'leaf')).toMatch(/^refused/)
    expect(await check([pin(pki.leaf.certificate)], 'leaf')).toBe('ok')
  })

  test('a pin does not make an unverified chain good', async () => {
    const { certificate } = await selfSigned({ names: ['a.example'] })
    expect(
      await verdict(verifyWith({ root: pki.root, chain: [certificate] }, [pinCheck({ pins: [pin(certificate)] })])),
    ).toMatch(/^unknown_ca/)
  })

  test("what is no pin is the caller's mistake", () => {
    for (const pins of [[], ['abc'], ['sha256/AAAA'], [`sha1/${other.slice(7)}`]]) {
      expect(() => pinCheck({ pins })).toThrow(expect.objectContaining({ code: 'bad_option' }))
    }
  })
})

describe('trust on first use', () => {
  const visit = async (
    options: Omit<TofuOptions, 'provider'>,
    chain: readonly Uint8Array[],
    serverName: string | undefined = 'a.example',
  ): Promise<string> => {
    try {
      await tofuVerifier({ provider: nodeProvider, ...options }).verify({
        chain,
        peer: 'server',
        serverName,
        time: now,
      })
      return 'ok'
    } catch (error) {
      if (error instanceof TlsError) return `${error.code}: ${error.message}`
      throw error
    }
  }

  test('the first key is kept, then demanded, per name', async () => {
    const store = new Map<string, string>()
    const [first, second] = [await selfSigned({ names: ['x'] }), await selfSigned({ names: ['x'] })]
    expect(await visit({ store }, [first.certificate])).toBe('ok')
    expect([...store]).toEqual([['a.example', pin(first.certificate)]])
    expect(await visit({ store }, [first.certificate], 'A.Example')).toBe('ok')
    expect(await visit({ store }, [second.certificate])).toMatch(
      /^certificate_unknown: the key of a\.example has changed/,
    )
    expect(await visit({ store }, [second.certificate], 'b.example')).toBe('ok')
    expect(store.size).toBe(2)
  })

  test('an asynchronous store, another name, and a question at first use', async () => {
    const kept = new Map<string, string>()
    const store: TofuStore = { get: async (name) => kept.get(name), set: async (name, value) => kept.set(name, value) }
    const { certificate } = await selfSigned({ names: ['x'] })
    expect(await visit({ store, onFirstUse: async () => false }, [certificate])).toMatch(/new and was not accepted/)
    expect(kept.size).toBe(0)
    expect(
      await visit({ store, onFirstUse: () => true, nameOf: ({ serverName }) => `${serverName}:853` }, [certificate]),
    ).toBe('ok')
    expect([...kept.keys()]).toEqual(['a.example:853'])
  })

  test('without a name there is nothing to keep it under; garbage is refused', async () => {
    const verifier = tofuVerifier({ provider: nodeProvider, store: new Map() })
    expect(() => verifier.verify({ chain: pki.chain, peer: 'client', serverName: undefined, time: now })).toThrow(
      /needs a name/,
    )
    expect(await visit({ store: new Map() }, [Uint8Array.of(1)])).toMatch(/^bad_certificate/)
  })
})
