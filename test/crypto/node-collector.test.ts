// When plaintexts leave garbage on V8's heap (src/crypto/node-collector.ts). How often V8 marks its heap is its own
// affair, and is measured by test/bench/collections.ts.

import { describe, expect, it } from 'vitest'
import { CollectorBalance } from '../../src/crypto/node-collector.ts'

/** So many MiB of plaintext in records; how many of them left garbage. */
const receive = (balance: CollectorBalance, mebibytes: number): number => {
  let left = 0
  for (let i = 0; i < mebibytes * 64; i++) if (balance.next(16_384)) left++
  return left
}

/** A balance that has seen one mark-compact after 30 MiB. */
const afterMarking = (): CollectorBalance => {
  const balance = new CollectorBalance()
  receive(balance, 30)
  balance.marked()
  return balance
}

describe('garbage for the collector of Node', () => {
  it('is not left while V8 does not mark its heap', () => {
    expect(receive(new CollectorBalance(), 4096)).toBe(0)
  })

  it('is left by each of the next 1024 MiB once the heap was marked within 64 MiB, and then no more', () => {
    const balance = afterMarking()
    expect(receive(balance, 1024)).toBe(1024 * 64)
    expect(receive(balance, 100)).toBe(0)
  })

  it.each([3, 64, 500])('is not left where the heap was marked after %d MiB', (mebibytes) => {
    const balance = new CollectorBalance()
    receive(balance, mebibytes)
    balance.marked()
    expect(receive(balance, 1)).toBe(0)
  })

  it('counts from the last time that the heap was marked', () => {
    const balance = new CollectorBalance()
    receive(balance, 500)
    balance.marked()
    receive(balance, 30)
    balance.marked()
    expect(receive(balance, 1)).toBe(64)
  })

  it('goes on while the heap is marked a few times all the same', () => {
    const balance = afterMarking()
    for (let i = 0; i < 15; i++) {
      expect(receive(balance, 10)).toBe(640)
      balance.marked()
    }
    expect(receive(balance, 1)).toBe(64)
  })

  it('is given up for 1024 MiB where it does not help', () => {
    const balance = afterMarking()
    for (let i = 0; i < 16; i++) {
      receive(balance, 10)
      balance.marked()
    }
    for (let i = 0; i < 34; i++) {
      expect(receive(balance, 30)).toBe(0)
      balance.marked()
    }
    receive(balance, 30)
    balance.marked()
    expect(receive(balance, 1)).toBe(64)
  })
})
