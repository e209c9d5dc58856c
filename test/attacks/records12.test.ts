import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { CbcCipher, HashAlgorithm } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import type { DirectionKeys } from '../../src/keys/prf12.ts'
import { opener12, sealer12 } from '../../src/record/protect12.ts'
import type { Opener, Sealer } from '../../src/record/protection.ts'
import { pseudoHeader } from '../../src/record/sequence12.ts'
import { concat } from '../../src/wire/bytes.ts'

const APPLICATION_DATA = 23
const cipher = nodeProvider.suites
  .map((suite) => suite.cipher)
  .find((one): one is CbcCipher => one.name === 'aes-128-cbc')
if (!cipher) throw new Error('no AES-CBC')

const keys = (mac: HashAlgorithm): DirectionKeys => ({
  macKey: new Uint8Array(mac.outputLength).fill(1),
  key: new Uint8Array(16).fill(2),
  iv: new Uint8Array(0),
})
const protection = (mac: HashAlgorithm, encryptThenMac = false) => ({
  cipher,
  mac,
  encryptThenMac,
  random: (length: number) => new Uint8Array(length).fill(3),
})
const sync = <T>(value: T | Promise<T>): T => {
  if (value instanceof Promise) throw new Error('asynchronous')
  return value
}
const openerFor = (mac: HashAlgorithm, encryptThenMac = false): Opener =>
  sync(opener12(protection(mac, encryptThenMac), keys(mac)))
const sealerFor = (mac: HashAlgorithm, encryptThenMac = false): Sealer =>
  sync(sealer12(protection(mac, encryptThenMac), keys(mac)))

/** A MAC-then-encrypt record of exactly these plaintext blocks. */
const recordOf = (blocks: Uint8Array) => {
  const iv = new Uint8Array(16).fill(3)
  const fragment = concat(iv, sync(cipher.importKey(new Uint8Array(16).fill(2))).encrypt(iv, blocks))
  return {
    type: APPLICATION_DATA,
    header: Uint8Array.of(APPLICATION_DATA, 3, 3, fragment.length >> 8, fragment.length & 0xff),
    fragment,
  }
}

/** Content with its right MAC, `padding` bytes after it (the last of which says so), in `total` bytes. */
const withPadding = (
  mac: HashAlgorithm,
  total: number,
  padding: number,
  change: (plaintext: Uint8Array) => void = () => {},
): Uint8Array => {
  const content = new Uint8Array(total - mac.outputLength - padding - 1).fill(0x61)
  const tag = mac.hmac(keys(mac).macKey, pseudoHeader(0, APPLICATION_DATA, content.length), content)
  const plaintext = concat(content, tag, new Uint8Array(padding + 1).fill(padding))
  change(plaintext)
  return plaintext
}

const refusal = (opener: Opener, record: ReturnType<typeof recordOf>): TlsError | undefined => {
  try {
    sync(opener.open(record))
    return undefined
  } catch (error) {
    if (error instanceof TlsError) return error
    throw error
  }
}

const macs = ['sha1', 'sha256', 'sha384'] as const
const hashOf = (name: (typeof macs)[number]): HashAlgorithm => {
  const hash = nodeProvider.hashes[name]
  if (!hash) throw new Error(name)
  return hash
}

/** Counts compressions: how often the hash's block function runs. */
const counting = (hash: HashAlgorithm): { readonly hash: HashAlgorithm; readonly taken: () => number } => {
  let compressions = 0
  const blocks = (length: number): number => Math.ceil((length + 1 + hash.blockLength / 8) / hash.blockLength)
  const sum = (parts: readonly Uint8Array[]): number => parts.reduce((total, { length }) => total + length, 0)
  return {
    hash: {
      ...hash,
      digest: (...parts) => {
        compressions += blocks(sum(parts))
        return hash.digest(...parts)
      },
      hmac: (key, ...parts) => {
        compressions += blocks(hash.blockLength + sum(parts)) + blocks(hash.blockLength + hash.outputLength)
        return hash.hmac(key, ...parts)
      },
    },
    taken: () => {
      const taken = compressions
      compressions = 0
      return taken
    },
  }
}

describe.each(macs)('Lucky 13 with HMAC-%s', (name) => {
  it.each([304, 320, 336, 352, 368])(
    'every padding of a record with %s bytes inside costs the same number of compressions',
    (total) => {
      const { hash, taken } = counting(hashOf(name))
      const seen = new Map<number, string>()
      const note = (what: string, blocks: Uint8Array): TlsError | undefined => {
        const opener = openerFor(hash)
        taken()
        const error = refusal(opener, recordOf(blocks))
        seen.set(taken(), what)
        return error
      }
      for (let padding = 0; padding < 256; padding++) {
        if (total - hash.outputLength - padding - 1 < 0) continue
        expect(note(`padding ${padding}`, withPadding(hashOf(name), total, padding))).toBeUndefined()
        const badMac = withPadding(
          hashOf(name),
          total,
          padding,
          (plaintext) => void (plaintext[0] = (plaintext[0] ?? 0) ^ 1),
        )
        expect(note(`bad MAC with padding ${padding}`, badMac)?.code).toBe('bad_record_mac')
      }
      for (let last = 1; last < 256; last++) {
        const garbage = new Uint8Array(total).fill(0x5a)
        garbage[total - 1] = last
        expect(note(`bad padding ${last}`, garbage)?.code).toBe('bad_record_mac')
      }
      expect([...seen.keys()]).toHaveLength(1)
    },
  )

  it('a bad MAC and a bad padding give the same error', () => {
    const mac = hashOf(name)
    const badMac = refusal(openerFor(mac), recordOf(withPadding(mac, 128, 3, (plaintext) => void (plaintext[0] = 0))))
    const badPadding = refusal(
      openerFor(mac),
      recordOf(withPadding(mac, 128, 3, (plaintext) => void (plaintext[126] = 9))),
    )
    expect(badMac).toMatchObject({ code: 'bad_record_mac', alert: 'bad_record_mac' })
    expect(badPadding?.message).toBe(badMac?.message)
    // the MAC is right where one byte of padding leaves it, and the padding says more than there is
    for (const last of [9, 255]) {
      const blocks = withPadding(mac, 128, 0, (plaintext) => void (plaintext[127] = last))
      expect(refusal(openerFor(mac), recordOf(blocks))?.message).toBe(badMac?.message)
    }
  })
})

describe('POODLE', () => {
  it('every byte of the padding is looked at', () => {
    const mac = hashOf('sha1')
    const padding = 107
    expect(refusal(openerFor(mac), recordOf(withPadding(mac, 128, padding)))).toBeUndefined()
    for (let at = 1; at <= padding; at++) {
      const changed = withPadding(
        mac,
        128,
        padding,
        (plaintext) => void (plaintext[127 - at] = (plaintext[127 - at] ?? 0) ^ 0x80),
      )
      expect(refusal(openerFor(mac), recordOf(changed))?.code).toBe('bad_record_mac')
    }
  })

  it('a padding longer than the record is none', () => {
    const mac = hashOf('sha1')
    for (const length of [32, 48, 64]) {
      const plaintext = new Uint8Array(length).fill(255)
      expect(refusal(openerFor(mac), recordOf(plaintext))?.code).toBe('bad_record_mac')
    }
  })

  it('records that are no whole blocks, or too short, are refused', () => {
    const mac = hashOf('sha1')
    for (const length of [0, 15, 16, 31, 47, 48 - 1]) {
      const fragment = new Uint8Array(length)
      const header = Uint8Array.of(APPLICATION_DATA, 3, 3, 0, length)
      expect(refusal(openerFor(mac), { type: APPLICATION_DATA, header, fragment })?.code).toBe('bad_record_mac')
      expect(refusal(openerFor(mac, true), { type: APPLICATION_DATA, header, fragment })?.code).toBe('bad_record_mac')
    }
  })
})

describe('encrypt-then-MAC (RFC 7366)', () => {
  it('nothing is decrypted that is not authentic', () => {
    const mac = hashOf('sha256')
    let decrypted = 0
    const watched: CbcCipher = {
      ...cipher,
      importKey: (raw) => {
        const key = sync(cipher.importKey(raw))
        return { ...key, decrypt: (iv, blocks) => (decrypted++, key.decrypt(iv, blocks)) }
      },
    }
    const sealer = sealerFor(mac, true)
    const out = new Uint8Array(sealer.sealedLength(100))
    void sealer.seal(APPLICATION_DATA, new Uint8Array(100), out)
    const good = { type: APPLICATION_DATA, header: out.slice(0, 5), fragment: out.slice(5) }
    const opener = (): Opener => sync(opener12({ ...protection(mac, true), cipher: watched }, keys(mac)))
    expect(refusal(opener(), good)).toBeUndefined()
    expect(decrypted).toBe(1)
    for (let at = 0; at < good.fragment.length; at++) {
      const fragment = good.fragment.slice()
      fragment[at] = (fragment[at] ?? 0) ^ 1
      expect(refusal(opener(), { ...good, fragment })?.code).toBe('bad_record_mac')
    }
    expect(decrypted).toBe(1)
  })
})
