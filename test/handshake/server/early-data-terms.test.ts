// When a server takes early data (RFC 9846 sections 4.3.10, 8 and 8.3), each term alone, to the last millisecond.

import { describe, expect, it } from 'vitest'
import type { EarlyTerms, ServerHandshake } from '../../../src/handshake/server/received-hello.ts'
import { sessionsPart } from '../../../src/handshake/server/server-sessions13.ts'
import type { ReplayGuard } from '../../../src/session/index.ts'
import { blankSession } from '../../session/blank.ts'
import { serverConfigOf } from '../../fixtures/engines.ts'

const asked: (readonly [Uint8Array, number])[] = []
const replayGuard: ReplayGuard = {
  firstSeen: (key, seconds) => {
    asked.push([key, seconds])
    return true
  },
}
const config = serverConfigOf({ earlyData: { maxBytes: 100, replayGuard } })
const [suite, other] = config.suites
if (!suite || !other) throw new Error('two suites are needed')
const binder = Uint8Array.of(7)
const session = { ...blankSession, cipherSuite: suite.id, maxEarlyData: 100, alpn: 'a' }

interface Change {
  readonly terms?: Partial<EarlyTerms>
  readonly psk?: object
  readonly session?: Partial<typeof session>
  readonly config?: Partial<typeof config>
}

const refusal = (change: Change = {}): unknown => {
  const psk = { index: 0, ageSkew: 0, binder, session: { ...session, ...change.session }, ...change.psk }
  const terms = { retried: false, suite, psk, alpn: 'a', ...change.terms } as unknown as EarlyTerms
  const hs = { config: { ...config, ...change.config } } as unknown as ServerHandshake
  const step = sessionsPart.whyNoEarlyData(hs, terms).next()
  expect(step.done).toBe(true)
  return step.value
}

const window = config.earlyDataWindow * 1000

describe('early data', () => {
  it('is taken with the first key, under the same suite and protocol, in time, once', () => {
    asked.length = 0
    expect(refusal()).toBeUndefined()
    expect(asked).toEqual([[binder, 2 * config.earlyDataWindow + 1]])
  })

  it.each<readonly [string, Change]>([
    ['disabled', { config: { maxEarlyData: 0 } }],
    ['disabled', { config: { replayGuard: undefined } }],
    ['not_resumed', { terms: { psk: undefined } }],
    ['not_resumed', { psk: { index: 1 } }],
    ['not_resumed', { psk: { session: undefined } }],
    ['session_forbids', { session: { maxEarlyData: 0 } }],
    ['cipher_suite', { terms: { suite: other } }],
    ['alpn', { terms: { alpn: 'b' } }],
    ['alpn', { terms: { alpn: undefined } }],
    ['hello_retry_request', { terms: { retried: true } }],
    ['ticket_age', { psk: { ageSkew: window + 1 } }],
    ['ticket_age', { psk: { ageSkew: -window - 1 } }],
    ['replay', { config: { replayGuard: { firstSeen: () => false } } }],
    ['replay', { config: { replayGuard: { firstSeen: () => 1 as unknown as boolean } } }],
  ])('is refused: %s (%o)', (reason, change) => {
    expect(refusal(change)).toBe(reason)
  })

  it.each<Change>([
    { session: { maxEarlyData: 1 } },
    { session: { alpn: '' }, terms: { alpn: undefined } },
    { psk: { ageSkew: window } },
    { psk: { ageSkew: -window } },
  ])('is taken at the edge: %o', (change) => {
    expect(refusal(change)).toBeUndefined()
  })
})
