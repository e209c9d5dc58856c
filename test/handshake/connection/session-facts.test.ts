// How long a session may be resumed, and what of a peer's certificates it keeps (RFC 9846 section 4.7.1): each bound to
// the last byte and second.

import { describe, expect, it } from 'vitest'
import type { CommonConfig } from '../../../src/config.ts'
import { sessionFacts, sessionLifetime } from '../../../src/handshake/connection/session-facts.ts'
import type { SessionFacts } from '../../../src/handshake/connection/session-facts.ts'
import type { KnownPeer } from '../../../src/handshake/auth/authentication.ts'
import type { ConnectionInfo } from '../../../src/info.ts'
import { blankSession } from '../../session/blank.ts'

const now = 1_800_000_000_000
const config = { clock: () => now, resumption: { maxAge: 1_000_000 } } as unknown as CommonConfig
const facts = (more: Partial<SessionFacts> = {}): SessionFacts => ({ ...blankSession, authenticatedAt: now, ...more })
const lifetime = (more: Partial<SessionFacts> = {}, wanted = 5000): number =>
  sessionLifetime(config, facts(more), wanted)

describe('a session may be resumed', () => {
  it('for as long as was wanted, and as its age allows', () => {
    expect([lifetime({}, 999), lifetime({}, 1000), lifetime({}, 1001)]).toEqual([999, 1000, 1000])
    expect(lifetime({ authenticatedAt: now - 999_000 })).toBe(1)
    expect(lifetime({ authenticatedAt: now - 999_001 })).toBe(0)
    expect(lifetime({ authenticatedAt: now - 2_000_000 })).toBe(0)
  })

  it('until the first certificate behind it ends; 0 stands for none', () => {
    expect(lifetime({ validUntil: now + 10_999 })).toBe(10)
    expect(lifetime({ validUntil: now - 1 })).toBe(0)
    expect(lifetime({ validUntil: 0 })).toBe(1000)
  })

  it('if its facts fit a ticket: 47,000 bytes of them, and a name of 255', () => {
    const bytes = (length: number): Uint8Array => new Uint8Array(length)
    const most = {
      peerCertificates: [bytes(20_000), bytes(10_000)],
      verifiedChain: [bytes(10_000)],
      ocspResponse: bytes(5000),
      scts: [bytes(1000), bytes(500)],
      pskIdentity: bytes(500),
    }
    expect(lifetime(most)).toBe(1000)
    for (const name of ['ocspResponse', 'pskIdentity'] as const)
      expect(lifetime({ ...most, [name]: bytes(most[name].length + 1) })).toBe(0)
    for (const name of ['peerCertificates', 'verifiedChain', 'scts'] as const)
      expect(lifetime({ ...most, [name]: [...most[name], bytes(1)] })).toBe(0)
    expect([lifetime({ serverName: 'a'.repeat(255) }), lifetime({ serverName: 'a'.repeat(256) })]).toEqual([1000, 0])
  })
})

describe('of a peer', () => {
  const certificate = (fill: number, length: number, notAfter = now + 1) => ({
    der: new Uint8Array(length).fill(fill),
    notAfter,
  })
  const info = { version: 'TLS 1.3', scts: [], group: 'X25519' } as unknown as ConnectionInfo
  const peerOf = (sent: readonly { der: Uint8Array }[], chain: readonly object[], signature = {}): KnownPeer => {
    const certificates = sent.map(({ der }) => der)
    return { by: 'certificate', peer: { certificates, chain, leaf: sent[0] }, signature } as unknown as KnownPeer
  }
  const [leaf, issuer, other] = [certificate(1, 1000), certificate(2, 1000, now + 500), certificate(3, 1000)]

  it('the leaf and what was verified is kept, and how long all of it holds', () => {
    const kept = sessionFacts(config, peerOf([leaf, other, issuer], [leaf, issuer]), info)
    expect(kept).toMatchObject({
      peerCertificates: [leaf.der, issuer.der],
      verifiedChain: [leaf.der, issuer.der],
      validUntil: now + 1,
      authenticatedAt: now,
      ownIdentity: '',
    })
    const ended = certificate(4, 10, now - 1)
    expect(sessionFacts(config, peerOf([ended], [ended]), info).validUntil).toBe(0)
    expect(sessionFacts(config, peerOf([leaf], [certificate(1, 1, now)]), info).validUntil).toBe(now)
    const delegated = sessionFacts(
      config,
      peerOf([issuer], [issuer], { scheme: 'ed25519', delegatedUntil: now + 7 }),
      info,
    )
    expect(delegated).toMatchObject({ validUntil: now + 7, signatureScheme: 'ed25519' })
  })

  it('without a chain, the leaf and what follows it up to 47,000 bytes', () => {
    const [a, b, c] = [certificate(5, 20_000), certificate(6, 26_000), certificate(7, 1)]
    const kept = (sent: readonly { der: Uint8Array }[]): readonly number[] =>
      sessionFacts(config, peerOf(sent, []), info).peerCertificates.map(({ length }) => length)
    expect(kept([leaf, a, b])).toEqual([1000, 20_000, 26_000])
    expect(kept([leaf, a, b, c])).toEqual([1000, 20_000, 26_000])
    expect(kept([leaf, a, c, b])).toEqual([1000, 20_000, 1])
  })

  it('a TLS 1.2 session has the group, and one of TLS 1.3 has not: each resumption makes its own', () => {
    const peer = peerOf([leaf], [leaf])
    expect(sessionFacts(config, peer, info).group).toBe('')
    expect(sessionFacts(config, peer, { ...info, version: 'TLS 1.2' }).group).toBe('X25519')
    expect(sessionFacts(config, peer, { ...info, version: 'TLS 1.2', group: undefined }).group).toBe('')
  })

  it('an external key has its identity kept; a session its own facts, and not those of this connection', () => {
    const identity = Uint8Array.of(1, 2)
    const external = { by: 'psk', psk: { identity, session: undefined } } as unknown as KnownPeer
    expect(sessionFacts(config, external, info)).toMatchObject({ pskIdentity: identity, peerCertificates: [] })
    const session = { ...blankSession, authenticatedAt: 5, validUntil: 9, ownIdentity: 'me', signatureScheme: 's' }
    const resumed = { by: 'psk', psk: { identity: undefined, session } } as unknown as KnownPeer
    expect(sessionFacts(config, resumed, info, { ownIdentity: 'somebody else' })).toMatchObject({
      authenticatedAt: 5,
      validUntil: 9,
      ownIdentity: 'me',
      signatureScheme: 's',
    })
    expect(sessionFacts(config, external, info, { ownIdentity: 'me' }).ownIdentity).toBe('me')
  })
})
