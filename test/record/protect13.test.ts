// Protected records of TLS 1.3 (RFC 9846 section 5.2 and 5.4) at their lengths: what is sealed by hand, opened.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { AeadCipher } from '../../src/crypto/provider.ts'
import { opener13, sealer13 } from '../../src/record/protect13.ts'
import type { OpenedRecord } from '../../src/record/protection.ts'

const suite = nodeProvider.suites.find(({ id }) => id === 0x1301)
const cipher = suite?.cipher as AeadCipher
const hash = nodeProvider.hashes.sha256
if (!hash) throw new Error('no SHA-256')
const secret = { hash, secret: new Uint8Array(32).fill(1) }
const HEADER = 5

const opened = async (fragment: Uint8Array, maxContent?: number): Promise<OpenedRecord> => {
  const header = Uint8Array.of(23, 3, 3, fragment.length >> 8, fragment.length & 0xff)
  return (await opener13(cipher, secret)).open({ type: 23, header, fragment }, maxContent)
}
const sealed = async (type: number, content: Uint8Array): Promise<Uint8Array> => {
  const sealer = await sealer13(cipher, secret)
  const out = new Uint8Array(sealer.sealedLength(content.length))
  await sealer.seal(type, content, out)
  return out.slice(HEADER)
}
const refused = (code: string) => expect.objectContaining({ name: 'TlsError', code }) as unknown

describe('a protected record', () => {
  it('has its content, its type and a tag', async () => {
    const record = await sealed(22, Uint8Array.of(1, 2, 3))
    expect(record).toHaveLength(3 + 1 + 16)
    expect(await opened(record)).toEqual({ type: 22, content: Uint8Array.of(1, 2, 3) })
  })

  it('is padded with zeros, whatever stood where it is written (section 5.4)', async () => {
    const seals: Uint8Array[] = []
    const importKey: AeadCipher['importKey'] = async (raw) => {
      const key = await cipher.importKey(raw)
      return {
        ...key,
        open: key.open.bind(key),
        seal: (nonce, data, plaintext, out) => {
          seals.push(plaintext.slice())
          return key.seal(nonce, data, plaintext, out)
        },
      }
    }
    const sealer = await sealer13({ ...cipher, importKey }, secret, { padding: () => 5 })
    await sealer.seal(23, Uint8Array.of(1, 2, 3), new Uint8Array(sealer.sealedLength(3)).fill(0xff))
    expect(seals.map((inner) => [...inner])).toEqual([[1, 2, 3, 23, 0, 0, 0, 0, 0]])
  })

  it('ends long before its sequence number would wrap (section 5.3)', async () => {
    const ciphers = nodeProvider.suites.filter(({ id }) => id >> 8 === 0x13).map((one) => one.cipher as AeadCipher)
    expect(ciphers.length).toBeGreaterThan(3)
    for (const one of ciphers) expect((await sealer13(one, secret)).limit).toBeLessThanOrEqual(2 ** 48)
  })

  it.each([
    [16_640, 'bad_record_mac'],
    [16_641, 'record_overflow'],
  ])('of %i bytes: %s (section 5.2)', async (length, code) => {
    await expect((async () => opened(new Uint8Array(length)))()).rejects.toEqual(refused(code))
  })

  it('holds 2^14 bytes at most, or what was negotiated (RFC 8449 section 4)', async () => {
    for (const [length, maxContent] of [
      [16_384, undefined],
      [100, 100],
    ] as const)
      expect((await opened(await sealed(23, new Uint8Array(length)), maxContent)).content).toHaveLength(length)
    const over = async () => opened(await sealed(23, new Uint8Array(101)), 100)
    await expect(over()).rejects.toEqual(refused('record_overflow'))
  })

  it('of nothing but padding is unexpected (section 5.4)', async () => {
    for (const length of [0, 5]) {
      const bare = async () => opened(await sealed(0, new Uint8Array(length)))
      await expect(bare()).rejects.toEqual(refused('unexpected_message'))
    }
  })

  it('is not taken under another type in the clear', async () => {
    const opener = await opener13(cipher, secret)
    const record = { type: 22, header: new Uint8Array(HEADER), fragment: new Uint8Array(40) }
    expect(() => opener.open(record)).toThrow(refused('unexpected_message') as Error)
  })
})
