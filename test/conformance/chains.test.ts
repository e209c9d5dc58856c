// A slice of the chains of test/conformance/chains: where puretls, Go and OpenSSL differ, a written reason names what
// each says.

import { expect, test } from 'vitest'
import { present } from '../interop/process.ts'
import { Peers } from './chains/peers.ts'
import { differing, judgeAll, summary } from './chains/run.ts'

const hasPeers = (await present('go', 'version')) && (await present('openssl', 'version'))

test.skipIf(!hasPeers)(
  'every difference from Go and OpenSSL on 256 chains has its reason',
  async () => {
    const peers = new Peers()
    try {
      await peers.start()
      const outcomes = await judgeAll(peers, 1, 256)
      expect(differing(outcomes).filter((line) => line.includes('WITHOUT A REASON'))).toEqual([])
      expect(summary(outcomes)).toMatch(/^chains: agree \d+ of 256, differ \d+ for a written reason, 0 without$/)
      for (const verdicts of ['+++++', '-----']) {
        expect(outcomes.filter(({ answer }) => answer.verdicts === verdicts).length).toBeGreaterThan(30)
      }
    } finally {
      await peers.stop()
    }
  },
  600_000,
)
