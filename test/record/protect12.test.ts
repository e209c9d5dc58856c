import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { Cipher, CipherName, HashAlgorithm } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import type { TlsErrorCode } from '../../src/errors.ts'
import type { DirectionKeys } from '../../src/keys/prf12.ts'
import { keyLengths, opener12, sealer12 } from '../../src/record/protect12.ts'
import type { Protection12 } from '../../src/record/protect12.ts'
import { pseudoHeader } from '../../src/record/sequence12.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'

const sync = <T>(value: T | Promise<T>): T => {
  if (value instanceof Promise) throw new Error('asynchronous')
  return value
}
const ciphers = new Map<CipherName, Cipher>(nodeProvider.suites.map(({ cipher }) => [cipher.name, cipher]))
const cipherOf = (name: CipherName): Cipher => {
  const cipher = ciphers.get(name)
  if (!cipher) throw new Error(name)
  return cipher
}
const { sha1 } = nodeProvider.hashes
if (!sha1) throw new Error('sha1')

const protectionOf = (name: CipherName, encryptThenMac = false): Protection12 => ({
  cipher: cipherOf(name),
  mac: name.endsWith('cbc') ? sha1 : undefined,
  encryptThenMac,
  random: (length) => new Uint8Array(length).fill(7),
})
const keysOf = (protection: Protection12): DirectionKeys => {
  const { mac, key, iv } = keyLengths(protection)
  return { macKey: new Uint8Array(mac).fill(1), key: new Uint8Array(key).fill(2), iv: new Uint8Array(iv).fill(3) }
}
const pair = (protection: Protection12, maxPlaintext?: number) => ({
  sealer: sync(sealer12(protection, keysOf(protection))),
  opener: sync(opener12(protection, keysOf(protection), maxPlaintext)),
})
const seal = ({ sealer }: ReturnType<typeof pair>, type: number, content: Uint8Array) => {
  const out = new Uint8Array(sealer.sealedLength(content.length))
  sync(sealer.seal(type, content, out))
  return { type: out[0] ?? 0, header: out.slice(0, 5), fragment: out.slice(5) }
}
const codeOf = (action: () => unknown): TlsErrorCode | undefined => {
  try {
    action()
    return undefined
  } catch (error) {
    if (error instanceof TlsError) return error.code
    throw error
  }
}

const kinds: readonly [string, Protection12][] = [
  ...(
    [
      'aes-128-gcm',
      'aes-256-gcm',
      'chacha20-poly1305',
      'aes-128-ccm',
      'aes-128-ccm-8',
      'aes-128-cbc',
      'aes-256-cbc',
    ] as const
  ).map((name): [string, Protection12] => [name, protectionOf(name)]),
  ['aes-128-cbc with encrypt-then-MAC', protectionOf('aes-128-cbc', true)],
]

describe.each(kinds)('%s', (_, protection) => {
  it('opens what it sealed, in order, for every length near a block', () => {
    const both = pair(protection)
    for (let length = 0; length < 70; length++) {
      const content = new Uint8Array(length).fill(length)
      expect(sync(both.opener.open(seal(both, 23, content)))).toEqual({ type: 23, content })
    }
    expect(both.sealer.count).toBe(70)
  })

  it('refuses a change of any byte, of the type, of the order', () => {
    const sealed = seal(pair(protection), 23, Uint8Array.of(1, 2, 3))
    for (let at = 0; at < sealed.fragment.length; at++) {
      const fragment = sealed.fragment.slice()
      fragment[at] = (fragment[at] ?? 0) ^ 1
      expect(codeOf(() => pair(protection).opener.open({ ...sealed, fragment }))).toBe('bad_record_mac')
    }
    expect(codeOf(() => pair(protection).opener.open({ ...sealed, type: 22 }))).toBe('bad_record_mac')
    const both = pair(protection)
    sync(both.opener.open(sealed))
    expect(codeOf(() => both.opener.open(sealed))).toBe('bad_record_mac')
  })

  it('refuses a fragment that is too short', () => {
    for (const length of [0, 1, 7, 8, 15]) {
      const header = Uint8Array.of(23, 3, 3, 0, length)
      expect(codeOf(() => pair(protection).opener.open({ type: 23, header, fragment: new Uint8Array(length) }))).toBe(
        'bad_record_mac',
      )
    }
  })

  it('refuses content over the limit (RFC 5246 section 6.2.1, RFC 8449)', () => {
    const both = pair(protection, 100)
    expect(sync(both.opener.open(seal(both, 23, new Uint8Array(100)))).content).toHaveLength(100)
    expect(codeOf(() => both.opener.open(seal(both, 23, new Uint8Array(101))))).toBe('record_overflow')
    const whole = pair(protection)
    expect(codeOf(() => whole.opener.open(seal(whole, 23, new Uint8Array(16385))))).toBe('record_overflow')
  })

  it('refuses a record of another version', () => {
    const both = pair(protection)
    const sealed = seal(both, 23, Uint8Array.of(1))
    expect(codeOf(() => both.opener.open({ ...sealed, header: Uint8Array.of(23, 3, 1, 0, 1) }))).toBe(
      'protocol_version',
    )
  })
})

describe('sequence numbers', () => {
  it.each([false, true])(
    'of CBC start at 0 with each key and count each record (RFC 5246 section 6.1), encrypt-then-MAC: %s',
    (encryptThenMac) => {
      const numbers: string[] = []
      const mac: HashAlgorithm = {
        ...sha1,
        hmac: (key, ...parts) => {
          numbers.push(toHex(parts[0]?.subarray(0, 8) ?? new Uint8Array(0)))
          return sha1.hmac(key, ...parts)
        },
      }
      const protection = { ...protectionOf('aes-128-cbc', encryptThenMac), mac }
      for (const both of [pair(protection), pair(protection)]) {
        for (let i = 0; i < 3; i++) sync(both.opener.open(seal(both, 23, Uint8Array.of(1))))
        const expected = ['0000000000000000', '0000000000000001', '0000000000000002']
        expect(numbers.splice(0)).toEqual(expected.flatMap((number) => [number, number]))
      }
    },
  )
})

describe('nonces', () => {
  it('GCM sends its sequence number as the explicit nonce (RFC 5288 section 3), ChaCha20 sends none (RFC 7905)', () => {
    const gcm = pair(protectionOf('aes-128-gcm'))
    expect([0, 1, 2].map(() => toHex(seal(gcm, 23, Uint8Array.of(1)).fragment.subarray(0, 8)))).toEqual([
      '0000000000000000',
      '0000000000000001',
      '0000000000000002',
    ])
    const chacha = pair(protectionOf('chacha20-poly1305'))
    expect(seal(chacha, 23, Uint8Array.of(1)).fragment).toHaveLength(1 + 16)
  })

  it('CBC asks for a fresh IV for each record', () => {
    let asked = 0
    const protection = {
      ...protectionOf('aes-128-cbc'),
      random: (length: number) => new Uint8Array(length).fill(++asked),
    }
    const both = pair(protection)
    expect([0, 1].map(() => toHex(seal(both, 23, Uint8Array.of(1)).fragment.subarray(0, 16)))).toEqual([
      '01'.repeat(16),
      '02'.repeat(16),
    ])
  })
})

it('the sequence number is one of 64 bits, the most significant first (RFC 5246 section 6.2.3.1)', () => {
  expect(toHex(pseudoHeader(0x01_02_03_04_05_06_ff, 23, 0x1234))).toBe('00010203040506ff' + '17' + '0303' + '1234')
})

describe('key limits (RFC 9325 section 4.4)', () => {
  it('AES-GCM stops at 2^24.5 records; ChaCha20-Poly1305 practically never', () => {
    expect(pair(protectionOf('aes-128-gcm')).sealer.limit).toBe(23_726_566)
    expect(pair(protectionOf('chacha20-poly1305')).sealer.limit).toBe(2 ** 48)
  })

  it.each(['aes-128-gcm', 'aes-128-cbc'] as const)('at the limit only alerts go out: %s', (name) => {
    const protection = protectionOf(name)
    const sealer = sync(sealer12(protection, keysOf(protection), 3))
    const codes = [23, 23, 23, 23, 21, 23].map((type) =>
      codeOf(() => sealer.seal(type, new Uint8Array(1), new Uint8Array(sealer.sealedLength(1)))),
    )
    expect(codes).toEqual([undefined, undefined, undefined, 'key_limit_reached', undefined, 'key_limit_reached'])
  })
})

describe('node and noble agree', () => {
  it.each(['aes-128-gcm', 'chacha20-poly1305', 'aes-128-cbc'] as const)('%s', (name) => {
    const noble = nobleProvider.suites.find(({ cipher }) => cipher.name === name)?.cipher
    if (!noble) throw new Error(name)
    const protection = protectionOf(name)
    expect(seal(pair(protection), 23, fromHex('00112233'))).toEqual(
      seal(pair({ ...protection, cipher: noble }), 23, fromHex('00112233')),
    )
  })
})
