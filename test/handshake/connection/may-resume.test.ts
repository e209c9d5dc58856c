// Until when a session may go on, to the millisecond, and who is asked (RFC 9846 section 4.7.1).

import { describe, expect, it, vi } from 'vitest'
import { isFresh, mayResume, MAX_CLOCK_DIFFERENCE } from '../../../src/handshake/connection/may-resume.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { decodeSession, rotatingTicketKeys } from '../../../src/session/index.ts'
import type { SessionState } from '../../../src/session/state.ts'
import type { CertificateVerifier } from '../../../src/x509/verifier.ts'
import { clientConfigOf, eventsOf, meet } from '../../fixtures/engines.ts'
import { anyCertificate } from '../../fixtures/identities.ts'

const made = await meet(
  { versions: { min: 'TLS 1.3' } },
  { tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) } },
)
const [event] = eventsOf(made.clientEvents, 'session')
const state: SessionState = decodeSession(event?.session ?? new Uint8Array(0))
const START = 1_000_000_000
const session = (change: Partial<SessionState>): SessionState => ({
  ...state,
  createdAt: START,
  authenticatedAt: START,
  lifetime: 3600,
  validUntil: 0,
  ...change,
})
const config = (now: number, resumption: object = {}) => {
  const base = clientConfigOf({ clock: () => now })
  return { ...base, resumption: { ...base.resumption, maxAge: 10_000_000, ...resumption } }
}

describe('a session is fresh', () => {
  const span = (
    change: Partial<SessionState>,
    around: readonly number[],
    resumption: object = {},
  ): readonly boolean[] => around.map((now) => isFresh(config(now, resumption), session(change)))

  it('for its lifetime, and as long before as clocks may differ', () => {
    expect(span({}, [START - MAX_CLOCK_DIFFERENCE - 1, START - MAX_CLOCK_DIFFERENCE, START])).toEqual([
      false,
      true,
      true,
    ])
    expect(span({}, [START + 3_600_000, START + 3_600_001])).toEqual([true, false])
  })
  it('for maxAge after its certificates were checked, however often it was renewed', () => {
    const renewed = { createdAt: START + 9_000_000 }
    expect(span(renewed, [START + 10_000_000, START + 10_000_001])).toEqual([true, false])
    expect(span({ authenticatedAt: START + MAX_CLOCK_DIFFERENCE }, [START - 1, START])).toEqual([false, true])
  })
  it('until the first of its certificates ends', () => {
    const ending = { validUntil: START + 5000 }
    expect(span(ending, [START + 5000, START + 5001])).toEqual([true, false])
  })
  it('in TLS 1.2 with extended master secret, or if it need not have it', () => {
    const old = { version: 0x0303, extendedMasterSecret: false }
    expect(span(old, [START])).toEqual([false])
    expect(span({ ...old, extendedMasterSecret: true }, [START])).toEqual([true])
    expect(span(old, [START], { withoutExtendedMasterSecret: true })).toEqual([true])
  })
})

describe('before a session goes on', () => {
  const asked = (
    verifier: CertificateVerifier | undefined,
    peer: 'client' | 'server',
    change: Partial<SessionState> = {},
    resumption: object = {},
  ): boolean => {
    const step = mayResume(config(START + 7, resumption), peer, verifier, session(change)).next()
    if (!step.done) throw new Error('it waits')
    return step.value
  }

  it('the verifier is asked about the chain, with the name of a server and none of a client', () => {
    const ask = vi.fn(() => true)
    const verifier = { ...anyCertificate, mayResume: ask }
    expect(asked(verifier, 'server', { serverName: 'a.test' })).toBe(true)
    expect(asked(verifier, 'client', { serverName: 'a.test' })).toBe(true)
    expect(asked(verifier, 'server', { serverName: '' })).toBe(true)
    const about = { time: START + 7, verifiedAt: START }
    expect(ask.mock.calls).toMatchObject([
      [{ peer: 'server', serverName: 'a.test', ...about }],
      [{ peer: 'client', serverName: undefined, ...about }],
      [{ peer: 'server', serverName: undefined, ...about }],
    ])
    expect(asked(verifier, 'server', { peerCertificates: [] })).toBe(true)
    expect(ask).toHaveBeenCalledTimes(3)
  })
  it('only true is consent, of the verifier and of the application', () => {
    for (const answer of [false, undefined, 1, 'yes', () => true]) {
      expect(asked({ ...anyCertificate, mayResume: () => answer as boolean }, 'server')).toBe(false)
      expect(asked(anyCertificate, 'server', {}, { mayResume: () => answer })).toBe(false)
    }
    const throwing = (): boolean => {
      throw new Error('no')
    }
    expect(asked({ ...anyCertificate, mayResume: throwing }, 'server')).toBe(false)
    expect(asked(undefined, 'server', {}, { mayResume: throwing })).toBe(false)
    expect(asked(undefined, 'server')).toBe(true)
  })
  it('the application hears what the session is, in its words', () => {
    const ask = vi.fn(() => true)
    const facts = { serverName: 'a.test', alpn: 'h2', pskIdentity: Uint8Array.of(1) }
    expect(asked(undefined, 'client', facts, { mayResume: ask })).toBe(true)
    expect(asked(undefined, 'client', { version: 0x0303, extendedMasterSecret: true }, { mayResume: ask })).toBe(true)
    expect(ask.mock.calls).toMatchObject([
      [{ ...facts, version: 'TLS 1.3', peerCertificates: state.peerCertificates, authenticatedAt: START }],
      [{ version: 'TLS 1.2', alpn: undefined, pskIdentity: undefined }],
    ])
  })
})
