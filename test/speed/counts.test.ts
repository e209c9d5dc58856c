// What a handshake and a record may cost, in counts that are the same on every machine. A bound is what the code does
// now: whoever makes it dearer has to say why, and whoever makes it cheaper lowers the bound.

import { describe, expect, it } from 'vitest'

import { countHandshake, countTransfer, handshakes, transfers } from '../bench/counts.ts'
import type { Counts } from '../bench/counting.ts'

type Bounds = Readonly<Record<string, number>>

/**
 * Both ends together, with the tickets of the server and one byte of data. ECDSA signatures have 70 to 72 bytes each:
 * there is room for the longest.
 */
const ofHandshakes: Readonly<Record<string, Bounds>> = {
  'full, TLS 1.3': {
    createSecretKey: 10,
    createHmac: 0,
    createHash: 2,
    'Hash copies': 10,
    hash: 96,
    createCipheriv: 6,
    createDecipheriv: 4,
    createPublicKey: 2,
    sign: 1,
    verify: 1,
    generateKeyPairSync: 2,
    diffieHellman: 2,
    randomFillSync: 5,
    parseCertificate: 0,
    expandLabel: 38,
    arrays: 90,
    'bytes allocated': 9230,
    promises: 44,
    views: 220,
    'bytes copied': 11240,
  },
  'full, TLS 1.3, with a client certificate': {
    createSecretKey: 10,
    createHmac: 0,
    createHash: 2,
    'Hash copies': 14,
    hash: 98,
    createCipheriv: 6,
    createDecipheriv: 4,
    createPublicKey: 2,
    createPrivateKey: 0,
    sign: 2,
    verify: 2,
    generateKeyPairSync: 2,
    diffieHellman: 2,
    randomFillSync: 5,
    parseCertificate: 0,
    expandLabel: 38,
    arrays: 110,
    'bytes allocated': 23200,
    promises: 44,
    views: 245,
    'bytes copied': 30480,
  },
  'full, TLS 1.2': {
    createSecretKey: 5,
    createHmac: 0,
    createHash: 2,
    'Hash copies': 4,
    hash: 50,
    createCipheriv: 4,
    createDecipheriv: 3,
    createPublicKey: 2,
    sign: 1,
    verify: 1,
    generateKeyPairSync: 2,
    diffieHellman: 2,
    randomFillSync: 3,
    parseCertificate: 0,
    arrays: 110,
    'bytes allocated': 7680,
    promises: 44,
    views: 181,
    'bytes copied': 8610,
  },
  'resumed, TLS 1.3': {
    createSecretKey: 10,
    createHmac: 0,
    createHash: 2,
    'Hash copies': 8,
    hash: 114,
    createCipheriv: 5,
    createDecipheriv: 5,
    createPublicKey: 2,
    sign: 0,
    verify: 0,
    generateKeyPairSync: 2,
    diffieHellman: 2,
    randomFillSync: 4,
    parseCertificate: 0,
    expandLabel: 42,
    arrays: 74,
    'bytes allocated': 6580,
    promises: 44,
    views: 241,
    'bytes copied': 8150,
  },
  'resumed, TLS 1.2': {
    createSecretKey: 5,
    createHmac: 0,
    createHash: 2,
    'Hash copies': 4,
    hash: 34,
    createCipheriv: 3,
    createDecipheriv: 4,
    createPublicKey: 0,
    sign: 0,
    verify: 0,
    generateKeyPairSync: 0,
    diffieHellman: 0,
    randomFillSync: 2,
    parseCertificate: 0,
    arrays: 77,
    'bytes allocated': 4160,
    promises: 42,
    views: 152,
    'bytes copied': 4520,
  },
}

interface TransferBounds {
  readonly sending: Bounds
  readonly receiving: Bounds
  readonly writesPerMiB: number
}

/**
 * Per record of 16 KiB. Copies cost least of all: one of 16 KiB within the cache is a tenth of what a second update()
 * of the cipher costs, or memory that the collector has to give back. What is received counts the pair's own copy.
 */
const ofTransfers: Readonly<Record<string, TransferBounds>> = {
  'writes of 1 KiB': {
    sending: { promises: 1, 'bytes copied': 65_560, arrays: 1.3, views: 4.4, createCipheriv: 1.02 },
    receiving: { promises: 4.5, 'bytes copied': 16_420, arrays: 0.3, views: 6.5, createDecipheriv: 1.02 },
    writesPerMiB: 17,
  },
  'writes of 1 KiB, each awaited': {
    sending: { promises: 18, 'bytes copied': 65_560, arrays: 1.3, views: 4.4, createCipheriv: 1.02 },
    receiving: { promises: 4.5, 'bytes copied': 16_420, arrays: 0.3, views: 6.5, createDecipheriv: 1.02 },
    writesPerMiB: 17,
  },
  'writes of 16 KiB': {
    sending: { promises: 3, 'bytes copied': 48_940, arrays: 1.3, views: 3.3, createCipheriv: 1 },
    receiving: { promises: 4.5, 'bytes copied': 16_410, arrays: 0.3, views: 6.4, createDecipheriv: 1 },
    writesPerMiB: 17,
  },
  'writes of 1 MiB': {
    sending: { promises: 0.7, 'bytes copied': 32_790, arrays: 0.1, views: 4.2, createCipheriv: 1 },
    receiving: { promises: 3, 'bytes copied': 16_410, arrays: 0.1, views: 6.1, createDecipheriv: 1 },
    writesPerMiB: 4,
  },
}

/** Those that grew, with both numbers. */
const grown = (counts: Counts, bounds: Bounds): readonly string[] =>
  Object.entries(bounds).flatMap(([name, most]) =>
    (counts[name] ?? 0) > most ? [`${name}: ${counts[name]} (was ${most})`] : [],
  )

/** The least of three counts: the test runner has promises of its own, now and then. */
const least = (runs: readonly Counts[]): Counts =>
  Object.fromEntries(
    Object.keys(runs[0] ?? {}).map((name) => [name, Math.min(...runs.map((run) => run[name] ?? Infinity))]),
  )

const thrice = async <T>(count: () => Promise<T>): Promise<readonly T[]> => [
  await count(),
  await count(),
  await count(),
]

describe('counts of a handshake', () => {
  it.each(Object.keys(ofHandshakes))('%s', async (name) => {
    const kind = handshakes[name]
    if (!kind) throw new Error(`no handshake ${name}`)
    const counts = least(await thrice(() => countHandshake(kind)))
    expect(grown(counts, ofHandshakes[name] ?? {})).toEqual([])
  })
})

describe('counts of a record', () => {
  it.each(Object.keys(ofTransfers))('%s', async (name) => {
    const [transfer, bounds] = [transfers[name], ofTransfers[name]]
    if (!transfer || !bounds) throw new Error(`no transfer ${name}`)
    const runs = await thrice(() => countTransfer(transfer))
    expect(grown(least(runs.map(({ sending }) => sending)), bounds.sending)).toEqual([])
    expect(grown(least(runs.map(({ receiving }) => receiving)), bounds.receiving)).toEqual([])
    expect(Math.min(...runs.map(({ writesPerMiB }) => writesPerMiB))).toBeLessThanOrEqual(bounds.writesPerMiB)
  })
})
