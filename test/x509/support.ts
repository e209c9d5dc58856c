// What the tests of revocation, transparency, pins and DANE share: a small PKI at a fixed time, and how a refusal is
// caught.
import { nodeProvider } from '../../src/crypto/node.ts'
import { createCa } from '../../src/pki/index.ts'
import type { Ca, Issued, LeafOptions } from '../../src/pki/index.ts'
import { verifyChain } from '../../src/x509/index.ts'
import type { PathCheck, VerifyOptions, VerifyResult } from '../../src/x509/index.ts'

/** Milliseconds since the epoch; certificates of these tests are valid then. */
export const now = Date.UTC(2026, 5, 1, 12)
export const clock = (): number => now

export interface SmallPki {
  readonly root: Ca
  readonly middle: Ca
  readonly leaf: Issued
  readonly chain: readonly Uint8Array[]
}

export const smallPki = async (options: Partial<LeafOptions> = {}): Promise<SmallPki> => {
  const root = await createCa({ name: 'Root', clock })
  const middle = await root.createIntermediate({ name: 'Middle' })
  const leaf = await middle.issue({ names: ['a.example'], ...options })
  return { root, middle, leaf, chain: leaf.chain }
}

export const verifyWith = (
  { root, chain }: Pick<SmallPki, 'root' | 'chain'>,
  checks: readonly PathCheck[],
  more: Partial<VerifyOptions> = {},
): Promise<VerifyResult> =>
  verifyChain(chain, {
    provider: nodeProvider,
    trust: root.certificate,
    time: now,
    serverName: 'a.example',
    checks,
    ...more,
  })

/** "ok", or "reason: sentence". */
export const verdict = async (result: Promise<VerifyResult>): Promise<string> => {
  const answer = await result
  return answer.ok ? 'ok' : `${answer.reason.code}: ${answer.reason.message}`
}
