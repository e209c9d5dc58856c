// Key exchange across providers, and the shares that RFC 9846 and draft-ietf-tls-ecdhe-mlkem have refused.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffieHellmanGroup } from '../../src/crypto/groups.ts'
import type { DiffieHellman } from '../../src/crypto/groups.ts'
import { nobleP256 } from '../../src/crypto/noble-groups.ts'
import type { CryptoProvider, KeyExchangeGroup } from '../../src/crypto/provider.ts'
import { subtleExchange } from '../../src/crypto/webcrypto-groups.ts'
import { TlsError } from '../../src/errors.ts'
import { hpkeKeyPair } from '../../src/keys/hpke-suites.ts'
import { concat, fromHex } from '../../src/wire/bytes.ts'
import { namedGroupName, namedGroups } from '../../src/wire/registry.ts'
import { providers, refusal } from './subjects.ts'

const groupOf = (provider: CryptoProvider, id: number): KeyExchangeGroup => {
  const group = provider.groups.find((each) => each.id === id)
  if (!group) throw new RangeError(`${provider.name} has no group ${id}`)
  return group
}

/** Client's share, server's share, secret; bytes. */
const lengths: Readonly<Record<string, readonly [number, number, number]>> = {
  X25519MLKEM768: [1216, 1120, 64],
  SecP256r1MLKEM768: [1249, 1153, 64],
  SecP384r1MLKEM1024: [1665, 1665, 80],
  X25519: [32, 32, 32],
  'P-256': [65, 65, 32],
  'P-384': [97, 97, 48],
  'P-521': [133, 133, 66],
  X448: [56, 56, 56],
  MLKEM512: [800, 768, 32],
  MLKEM768: [1184, 1088, 32],
  MLKEM1024: [1568, 1568, 32],
}

const pairs = providers.flatMap((client) => providers.map((server) => ({ client, server })))

describe('groups', () => {
  it.each(providers)('$name has every group of the registry, X25519MLKEM768 and X25519 first', ({ groups }) => {
    expect(new Set(groups.map(({ id }) => id))).toEqual(new Set(namedGroups.map(({ id }) => id)))
    expect(groups).toHaveLength(namedGroups.length)
    expect(groups.slice(0, 2).map(({ id }) => namedGroupName(id))).toEqual(['X25519MLKEM768', 'X25519'])
  })

  describe.each(pairs)('$client.name as client, $server.name as server', ({ client, server }) => {
    it.each(namedGroups)('agree on a secret with $name', async ({ id, name }) => {
      const exchange = await groupOf(client, id).start()
      const { share, secret } = await groupOf(server, id).respond(exchange.share)
      expect([exchange.share.length, share.length, secret.length]).toEqual(lengths[name])
      expect(await exchange.complete(share)).toEqual(secret)
    })
  })

  it.each(providers)('$name makes a new key for each exchange', async ({ groups }) => {
    for (const group of groups) {
      const [first, second] = [await group.start(), await group.start()]
      expect(first.share).not.toEqual(second.share)
      const [a, b] = [await group.respond(first.share), await group.respond(first.share)]
      expect(a.share).not.toEqual(b.share)
      expect(a.secret).not.toEqual(b.secret)
    }
  })
})

/** Both ends refuse the share: `server` is for its length as a client's share, `client` as a server's. */
const refused = async (
  group: KeyExchangeGroup,
  { toServer, toClient }: { toServer: Uint8Array; toClient: Uint8Array },
) => {
  const exchange = await group.start()
  const answers = [await refusal(() => group.respond(toServer)), await refusal(() => exchange.complete(toClient))]
  expect(answers.map(({ code }) => code)).toEqual(['illegal_parameter', 'illegal_parameter'])
}
const bothWays = (share: Uint8Array) => ({ toServer: share, toClient: share })

const littleEndian = (value: bigint, length: number): Uint8Array =>
  fromHex(value.toString(16).padStart(2 * length, '0')).reverse()

const p25519 = 2n ** 255n - 19n
const order8 = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]
/**
 * Every encoding of a point of order 1, 2, 4 or 8 on the curve or its twist (RFC 7748 section 6.1), also not reduced.
 */
const smallOrder25519 = [0n, 1n, ...order8, p25519 - 1n, p25519, p25519 + 1n].map((u) => littleEndian(u, 32))

const p448 = 2n ** 448n - 2n ** 224n - 1n
const smallOrder448 = [0n, 1n, p448 - 1n, p448, p448 + 1n].map((u) => littleEndian(u, 56))

const weierstrass = [
  { id: 0x0017, length: 65 },
  { id: 0x0018, length: 97 },
  { id: 0x0019, length: 133 },
]

/** Order of each curve (FIPS 186-5, SP 800-186 section 3.2.1), and bytes of a private key. */
const orders = {
  'P-256': [0x0017, 32, 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'],
  'P-384': [0x0018, 48, `${'f'.repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`],
  'P-521': [0x0019, 66, `01${'f'.repeat(65)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`],
} as const

const bigEndian = (value: bigint, length: number): Uint8Array => littleEndian(value, length).reverse()

describe.each(providers)('RFC 9180 section 7.1.2: private keys that $name restores', (provider) => {
  it.each(Object.entries(orders))('%s: 1 to the order less 1', async (_, [id, length, hex]) => {
    const order = BigInt(`0x${hex}`)
    const restoring = async (value: bigint) => groupOf(provider, id).restore?.(bigEndian(value, length))
    for (const value of [1n, order - 1n]) expect((await restoring(value))?.share).toHaveLength(2 * length + 1)
    for (const value of [0n, order, order + 1n, (1n << BigInt(8 * length)) - 1n])
      await expect(restoring(value)).rejects.toThrow()
  })

  it.each(['X25519', 'X448', 'P-256', 'P-384', 'P-521'])('%s: of its length alone', async (name) => {
    const { id = 0 } = namedGroups.find((group) => group.name === name) ?? {}
    const [, , length = 0] = lengths[name] ?? []
    const group = groupOf(provider, id)
    for (const wrong of [0, length - 1, length + 1])
      expect((await refusal(async () => group.restore?.(new Uint8Array(wrong).fill(1)))).code).toBe('bad_key')
    expect((await group.restore?.(new Uint8Array(length).fill(1)))?.share).toHaveLength(lengths[name]?.[0] ?? 0)
  })

  it.each([0x10, 0x20])('HPKE KEM %i: others are bad_key', async (kem) => {
    const order = BigInt(`0x${orders['P-256'][2]}`)
    const scalars = kem === 0x10 ? [0n, order, order + 1n, (1n << 256n) - 1n] : []
    const wrong = [...scalars.map((value) => bigEndian(value, 32)), ...[0, 31, 33].map((size) => new Uint8Array(size))]
    for (const key of wrong) {
      const { code, message } = await refusal(async () => hpkeKeyPair(provider, kem, key))
      expect(code).toBe('bad_key')
      expect(message).toContain('an HPKE private key')
    }
  })
})

it('a private key that is restored later is read at once, and may be wiped by its owner', async () => {
  const late: DiffieHellman = { ...nobleP256, fromPrivate: async (key) => nobleP256.fromPrivate(key) }
  const group = diffieHellmanGroup(subtleExchange('p256', late))
  const given = new Uint8Array(32).fill(5)
  const expected = await diffieHellmanGroup(nobleP256).restore?.(given.slice())
  const restoring = group.restore?.(given)
  given.fill(0)
  const restored = await restoring
  const { share } = await diffieHellmanGroup(nobleP256).start()
  expect(restored?.share).toEqual(expected?.share)
  expect(await restored?.complete(share)).toEqual(await expected?.complete(share))
})

describe.each(providers)('RFC 9846 section 7.4.2: a shared secret of $name keeps its leading zeros', (provider) => {
  it.each([
    ['P-256', 32, 119],
    ['P-384', 48, 405],
    ['P-521', 66, 5],
    ['X25519', 32, 45],
  ] as const)('%s', async (name, length, scalar) => {
    const { id = 0 } = namedGroups.find((group) => group.name === name) ?? {}
    const restored = async (value: number) => groupOf(provider, id).restore?.(bigEndian(BigInt(value), length))
    const [own, peer] = [await restored(7), await restored(scalar)]
    const secret = await own?.complete(peer?.share ?? new Uint8Array(0))
    expect([secret?.length, secret?.[0]]).toEqual([length, 0])
    expect(await peer?.complete(own?.share ?? new Uint8Array(0))).toEqual(secret)
  })
})

describe('RFC 9846 section 7.4.2: the all-zero check is our own, whatever the primitive does', () => {
  const withSecret = (id: number, secret: Uint8Array) => {
    const key = { publicKey: new Uint8Array(32), agree: () => secret }
    return diffieHellmanGroup({ id, publicKeyLength: 32, generate: () => key, fromPrivate: () => key })
  }

  it.each([0x001d, 0x001e])('group %i', async (id) => {
    await refused(withSecret(id, new Uint8Array(32)), bothWays(new Uint8Array(32)))
    const last = new Uint8Array(32)
    last[31] = 1
    expect((await withSecret(id, last).respond(new Uint8Array(32))).secret).toEqual(last)
  })
})

describe.each(providers)('$name refuses', (provider) => {
  const group = (id: number) => groupOf(provider, id)

  it('RFC 9846 section 7.4.2: X25519 points of small order (all-zero secret)', async () => {
    for (const share of smallOrder25519) await refused(group(0x001d), bothWays(share))
  })

  it('RFC 9846 section 7.4.2: X448 points of small order (all-zero secret)', async () => {
    for (const share of smallOrder448) await refused(group(0x001e), bothWays(share))
  })

  it.each(weierstrass)('RFC 9846 section 4.3.8.2: a point that is not on the curve, group $id', async ({ id }) => {
    const { share } = await group(id).start()
    const broken = share.slice()
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
    await refused(group(id), bothWays(broken))
  })

  it.each(weierstrass)(
    'RFC 9846 section 4.3.8.2: coordinates that are not below the field prime, group $id',
    async ({ id, length }) => {
      const share = new Uint8Array(length).fill(0xff)
      share[0] = 4
      await refused(group(id), bothWays(share))
      share.fill(0, 1)
      await refused(group(id), bothWays(share))
    },
  )

  it.each(weierstrass)(
    'RFC 9846 section 4.3.8.2: compressed, hybrid and infinite points, group $id',
    async ({ id, length }) => {
      const { share } = await group(id).start()
      const odd = (share.at(-1) ?? 0) & 1
      const compressed = share.slice(0, (length + 1) / 2)
      compressed[0] = 2 + odd
      const hybrid = share.slice()
      hybrid[0] = 6 + odd
      const padded = concat(compressed, new Uint8Array(length - compressed.length))
      for (const bad of [compressed, hybrid, padded, Uint8Array.of(0), share.subarray(1)]) {
        await refused(group(id), bothWays(bad))
      }
    },
  )

  it('RFC 9846 section 4.3.8: shares of a wrong length, in every group', async () => {
    for (const each of provider.groups) {
      const exchange = await each.start()
      const { share } = await each.respond(exchange.share)
      const variants = (good: Uint8Array) => [
        good.slice(1),
        good.slice(0, -1),
        concat(good, Uint8Array.of(0)),
        new Uint8Array(0),
      ]
      const toClient = variants(share)
      for (const [i, toServer] of variants(exchange.share).entries()) {
        await refused(each, { toServer, toClient: toClient[i] ?? new Uint8Array(0) })
      }
    }
  })

  it(
    'draft-ietf-tls-ecdhe-mlkem section 4.2, draft-ietf-tls-mlkem section 4: an encapsulation key with a ' +
      'coefficient that is not reduced',
    async () => {
      for (const [id, at] of [
        [0x11ec, 0],
        [0x11eb, 65],
        [0x11ed, 97],
        [0x0200, 0],
        [0x0201, 0],
        [0x0202, 0],
      ] as const) {
        const { share } = await group(id).start()
        const bad = share.slice()
        bad.set([0xff, 0xff, 0xff], at)
        expect((await refusal(() => group(id).respond(bad))).code).toBe('illegal_parameter')
      }
    },
  )

  it('draft-ietf-tls-ecdhe-mlkem section 4.3: a bad ECDH half of a hybrid, on both ends', async () => {
    for (const [id, from, to] of [
      [0x11ec, -32, undefined],
      [0x11eb, 1, 65],
      [0x11ed, 1, 97],
    ] as const) {
      const exchange = await group(id).start()
      const { share } = await group(id).respond(exchange.share)
      const [toServer, toClient] = [exchange.share.slice(), share.slice()]
      toServer.subarray(from, to).fill(0)
      toClient.subarray(from, to).fill(0)
      await refused(group(id), { toServer, toClient })
    }
  })

  it('FIPS 203 section 6.3: a changed ciphertext gives another secret (implicit rejection)', async () => {
    const exchange = await group(0x11ec).start()
    const { share, secret } = await group(0x11ec).respond(exchange.share)
    const changed = share.slice()
    changed[500] = (changed[500] ?? 0) ^ 1
    const other = await exchange.complete(changed)
    expect(other).toHaveLength(64)
    expect(other.subarray(0, 32)).not.toEqual(secret.subarray(0, 32))
    expect(other.subarray(32)).toEqual(secret.subarray(32))
  })

  it('any bytes: with illegal_parameter or not at all, and never another error', async () => {
    const small = provider.groups.filter(({ id }) => id === 0x001d || id === 0x0017)
    for (const each of small) {
      const { share } = await each.start()
      const bytes = fc.uint8Array({ minLength: share.length - 1, maxLength: share.length + 1 })
      await fc.assert(
        fc.asyncProperty(bytes, async (random) => {
          const outcome = await Promise.resolve()
            .then(() => each.respond(random))
            .catch((error: unknown) => error)
          if (outcome instanceof TlsError) expect(outcome.code).toBe('illegal_parameter')
          else expect(outcome).toMatchObject({ share: expect.any(Uint8Array), secret: expect.any(Uint8Array) })
        }),
        { numRuns: 40 },
      )
    }
  })
})
