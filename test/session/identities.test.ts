// A session belongs to the two ends that made it: who they were is in it, and is asked again before it is resumed (RFC
// 9846 section 4.7.1), on both sides and in both versions.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import { createCa } from '../../src/pki/index.ts'
import { decodeSession, encodeSession, memorySessionCache, sharedTicketKeys } from '../../src/session/index.ts'
import { chainVerifier, ocspCheck, trustStore } from '../../src/x509/index.ts'
import type { CertificateVerifier } from '../../src/x509/index.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { daneVerifier, parseTlsa, pinCheck, spkiPin, tofuVerifier } from '../../src/x509/pins.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { errorOf, eventsOf, infoOf, meet } from '../fixtures/engines.ts'
import type { Meeting } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../fixtures/identities.ts'

const provider = nodeProvider
const DAY = 86_400_000
const versions = ['TLS 1.3', 'TLS 1.2'] as const
const only = (version: (typeof versions)[number]): Partial<ClientOptions> & ServerOptions => ({
  versions: { min: version, max: version },
})
const derOf = (pem: string): Uint8Array => decodePem(pem)[0]?.bytes ?? new Uint8Array(0)
const tickets = () => ({
  protector: sharedTicketKeys({ provider, secret: new Uint8Array(32).fill(7), lifetimeSeconds: 604_800 }),
  lifetimeSeconds: 604_800,
  renewAfterSeconds: 0,
})
const sessionOf = ({ clientEvents }: Meeting): Uint8Array => {
  const session = eventsOf(clientEvents, 'session').at(-1)
  if (!session) throw new Error('no session came')
  return session.session
}

describe.each(versions)('a session is not resumed under another identity of the client: %s', (version) => {
  const server: ServerOptions = {
    ...only(version),
    ...ecdsa,
    tickets: tickets(),
    clientAuth: { mode: 'request', verifier: anyCertificate },
  }
  const alice = { identity: ecdsa }
  const bob = { identity: rsa }

  it('out of one cache: alice resumes as alice, bob and nobody do not (CVE-2016-5419)', async () => {
    const sessions = memorySessionCache()
    const go = async (who: Partial<ClientOptions>) =>
      infoOf((await meet({ ...only(version), sessions, ...who }, server)).serverEvents)
    const resumed = []
    for (const who of [alice, bob, undefined, alice, bob, undefined]) {
      const info = await go(who ?? {})
      resumed.push(info.resumed)
      expect(info.peerCertificates).toEqual(who ? [derOf(who.identity.cert)] : [])
    }
    expect(resumed).toEqual([false, false, false, true, true, true])
  })

  it('nor given by hand, nor by a function that now answers otherwise', async () => {
    let now: ClientOptions['identity'] = ecdsa
    let asked = 0
    const options: Partial<ClientOptions> = {
      ...only(version),
      identity: () => (asked++, typeof now === 'function' ? undefined : now),
    }
    const session = sessionOf(await meet(options, server))
    expect(infoOf((await meet({ ...options, session }, server)).serverEvents)).toMatchObject({ resumed: true })
    expect(asked).toBe(2) // it is asked for each connection, resumed ones too
    now = rsa
    const as = infoOf((await meet({ ...options, session }, server)).serverEvents)
    expect(as).toMatchObject({ resumed: false, peerCertificates: [derOf(rsa.cert)] })
    now = undefined
    expect(infoOf((await meet({ ...options, session }, server)).serverEvents)).toMatchObject({
      resumed: false,
      peerCertificates: [],
    })
    expect(
      infoOf(
        (
          await meet(
            { ...only(version), ...bob, session: sessionOf(await meet({ ...only(version), ...alice }, server)) },
            server,
          )
        ).serverEvents,
      ).resumed,
    ).toBe(false)
  })

  it('and says who we were', async () => {
    const first = await meet({ ...only(version), ...alice }, server)
    const again = await meet({ ...only(version), ...alice, session: sessionOf(first) }, server)
    const digest = parseCertificate(derOf(ecdsa.cert)).fingerprint(provider)
    for (const { clientEvents, serverEvents } of [first, again]) {
      expect(infoOf(clientEvents).ownIdentity).toBe(digest)
      expect(infoOf(serverEvents).ownIdentity).toBe(digest)
    }
    expect(infoOf((await meet({ ...only(version) }, server)).clientEvents).ownIdentity).toBeUndefined()
  })
})

describe('fingerprints of verifiers', () => {
  const trust = derOf(ecdsa.cert)
  const chain = (more: object = {}): CertificateVerifier => chainVerifier({ provider, trust, ...more })
  const pin = spkiPin(parseCertificate(trust), provider)

  it.each<[string, CertificateVerifier, CertificateVerifier]>([
    ['the same options', chain(), chain()],
    ['the default profile by name', chain(), chain({ profile: 'web-pki' })],
    ['the same roots in a store', chain(), chain({ trust: trustStore(trust) })],
    ['roots in another order', chain({ trust: [trust, derOf(rsa.cert)] }), chain({ trust: [derOf(rsa.cert), trust] })],
    ['the same pins', chain({ checks: [pinCheck({ pins: [pin] })] }), chain({ checks: [pinCheck({ pins: [pin] })] })],
    ['the default check by name', chain(), chain({ checks: [ocspCheck()] })],
    [
      'functions that the caller names',
      chain({ acceptAnchor: () => true, fingerprint: 'a' }),
      chain({ acceptAnchor: () => true, fingerprint: 'a' }),
    ],
    [
      'the same TLSA records',
      daneVerifier({ provider, records: [parseTlsa(`3 1 1 ${'0'.repeat(64)}`)] }),
      daneVerifier({ provider, records: [parseTlsa(`3 1 1 ${'0'.repeat(64)}`)] }),
    ],
  ])('are equal for %s', (_, one, other) => {
    expect(one.fingerprint).toBe(other.fingerprint)
  })

  it.each<[string, CertificateVerifier, CertificateVerifier]>([
    ['other roots', chain(), chain({ trust: derOf(rsa.cert) })],
    ['another profile', chain(), chain({ profile: 'rfc5280' })],
    ['no default check', chain(), chain({ defaultChecks: false })],
    ['another check', chain({ checks: [ocspCheck()] }), chain({ checks: [ocspCheck({ mode: 'hard' })] })],
    [
      'other pins',
      chain({ checks: [pinCheck({ pins: [pin] })] }),
      chain({ checks: [pinCheck({ pins: [pin], where: 'leaf' })] }),
    ],
    ['functions of the caller', chain({ acceptAnchor: () => true }), chain({ acceptAnchor: () => true })],
    [
      'functions of another name',
      chain({ acceptAnchor: () => true, fingerprint: 'a' }),
      chain({ acceptAnchor: () => true, fingerprint: 'b' }),
    ],
    [
      'other TLSA records',
      daneVerifier({ provider, records: [parseTlsa(`3 1 1 ${'0'.repeat(64)}`)] }),
      daneVerifier({ provider, records: [parseTlsa(`3 1 1 ${'1'.repeat(64)}`)] }),
    ],
    [
      'stores of keys that are not the same',
      tofuVerifier({ provider, store: new Map() }),
      tofuVerifier({ provider, store: new Map() }),
    ],
  ])('differ for %s', (_, one, other) => {
    expect(one.fingerprint).not.toBe(other.fingerprint)
  })

  it.each(versions)('a server of other authorities for clients resumes no session of another: %s', async (version) => {
    const judging = (certificate: Uint8Array): ServerOptions => ({
      ...only(version),
      tickets: tickets(),
      clientAuth: { mode: 'require', verifier: chain({ trust: certificate }) },
    })
    const client = { ...only(version), identity: ecdsa }
    const session = sessionOf(await meet(client, judging(trust)))
    const again = await meet({ ...client, session }, judging(trust))
    expect(infoOf(again.serverEvents)).toMatchObject({ resumed: true, peerCertificates: [trust] })
    const stranger = await meet({ ...client, session }, judging(derOf(rsa.cert)))
    expect(errorOf(stranger.serverEvents)).toMatchObject({ code: 'unknown_ca' })
  })

  it('a verifier without one is never equal to one of another process', async () => {
    const here = await meet({ ...only('TLS 1.3'), verifier: { verify: anyCertificate.verify } }, { tickets: tickets() })
    const script = fileURLToPath(new URL('./other-process.ts', import.meta.url))
    const child = spawnSync(process.execPath, [script, Buffer.from(sessionOf(here)).toString('base64')], {
      encoding: 'utf8',
    })
    expect(child.stderr).toBe('')
    expect(child.stdout.trim()).toBe('resumed: false')
  })

  it('trust on first use asks its store again: a key that was removed is not resumed with', async () => {
    const store = new Map<string, string>()
    const client: Partial<ClientOptions> = { ...only('TLS 1.3'), verifier: tofuVerifier({ provider, store }) }
    const server: ServerOptions = { ...only('TLS 1.3'), tickets: tickets() }
    const session = sessionOf(await meet(client, server))
    expect(infoOf((await meet({ ...client, session }, server)).clientEvents).resumed).toBe(true)
    store.clear()
    expect(infoOf((await meet({ ...client, session }, server)).clientEvents).resumed).toBe(false)
  })
})

describe.each(versions)('how long a session follows one proof: %s', (version) => {
  const start = Date.UTC(2026, 5, 1)
  const authority = createCa({ name: 'authority', clock: () => start - DAY, days: 3650 })
  const member = async (end: number) => {
    const ca = await authority
    const issued = await ca.issue({
      names: ['server.test'],
      client: true,
      server: true,
      notBefore: start - DAY,
      notAfter: end,
    })
    return { identity: { cert: issued.chainPem, key: issued.privateKeyPem } }
  }
  /**
   * Days on which a client comes back, each time with the last session, its own clock the same; when it was resumed.
   */
  const comeBack = async (
    side: 'client' | 'server',
    days: number,
    change: { readonly end?: number; readonly options?: Partial<ClientOptions> & ServerOptions } = {},
  ) => {
    let now = start
    const clock = (): number => now
    const ca = await authority
    const identity = await member(change.end ?? start + 365 * DAY)
    const judge = chainVerifier({ provider, trust: ca.certificate, profile: 'path' })
    let asked = 0
    const verifier: CertificateVerifier = { ...judge, verify: (request) => (asked++, judge.verify(request)) }
    const client: Partial<ClientOptions> =
      side === 'client' ? { verifier, ...change.options } : { ...identity, verifier: anyCertificate }
    const server: ServerOptions =
      side === 'client' ? { ...identity } : { ...ecdsa, clientAuth: { mode: 'require', verifier }, ...change.options }
    let session: Uint8Array | undefined
    const resumed: boolean[] = []
    for (let day = 0; day < days; day++) {
      // the end that is not looked at takes whatever comes
      const offered =
        session &&
        (side === 'client'
          ? session
          : encodeSession({
              ...decodeSession(session),
              createdAt: now,
              authenticatedAt: now,
              validUntil: 0,
              lifetime: 604_800,
            }))
      const { clientEvents, serverEvents } = await meet(
        { ...only(version), clock, ...client, ...(offered && { session: offered }) },
        { ...only(version), clock, tickets: tickets(), ...server },
      )
      if (eventsOf(serverEvents, 'error').length > 0 || eventsOf(clientEvents, 'error').length > 0) break
      resumed.push(infoOf(serverEvents).resumed)
      session = eventsOf(clientEvents, 'session').at(-1)?.session ?? session
      now += DAY - 1000
    }
    return { resumed, asked }
  }

  it.each(['client', 'server'] as const)(
    'seven days on a %s, however often it is renewed (RFC 9846 section 4.7.1)',
    async (side) => {
      const { resumed, asked } = await comeBack(side, 17)
      expect(resumed.flatMap((one, day) => (one ? [] : [day]))).toEqual([0, 8, 16])
      expect(asked).toBe(3)
    },
  )

  it.each(['client', 'server'] as const)('less by option on a %s', async (side) => {
    const { resumed } = await comeBack(side, 4, { options: { resumption: { maxAgeSeconds: 86_400 } } })
    expect(resumed).toEqual([false, true, false, true])
  })

  it.each(['client', 'server'] as const)('never beyond the end of a certificate on a %s', async (side) => {
    const { resumed, asked } = await comeBack(side, 5, { end: start + 2 * DAY - 60_000 })
    expect(resumed).toEqual([false, true]) // and then the verifier says that it has expired
    expect(asked).toBe(2)
  })

  it.each(['client', 'server'] as const)('as the application says on a %s: revocation', async (side) => {
    const seen: unknown[] = []
    let good = true
    const mayResume: NonNullable<NonNullable<ClientOptions['resumption']>['mayResume']> = (session) => {
      seen.push([
        session.version,
        session.verifiedChain.length,
        session.authenticatedAt,
        session.peerCertificates.length > 0,
      ])
      const answer = good
      good = false
      return answer
    }
    expect((await comeBack(side, 3, { options: { resumption: { mayResume } } })).resumed).toEqual([false, true, false])
    expect(seen).toEqual([
      [version, 2, start, true],
      [version, 2, start, true],
    ])
    const failing = async () => Promise.reject(new Error('the list cannot be reached'))
    expect((await comeBack(side, 3, { options: { resumption: { mayResume: failing } } })).resumed).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe.each(versions)('facts of the first handshake: %s', (version) => {
  it('the verified chain and the certificates in it, on both sides; what nobody looked at is left out', async () => {
    const junk = [derOf(ed25519.cert), derOf(rsa.cert)]
    const server: ServerOptions = {
      ...only(version),
      identity: { cert: [derOf(ecdsa.cert), ...junk], key: ecdsa.key },
      tickets: tickets(),
      clientAuth: { mode: 'require', verifier: chainVerifier({ provider, trust: derOf(ecdsa.cert) }) },
    }
    const client: Partial<ClientOptions> = {
      ...only(version),
      verifier: chainVerifier({ provider, trust: derOf(ecdsa.cert) }),
      identity: { cert: [derOf(ecdsa.cert), ...junk], key: ecdsa.key },
    }
    const first = await meet(client, server)
    const again = await meet({ ...client, session: sessionOf(first) }, server)
    for (const side of ['clientEvents', 'serverEvents'] as const) {
      const [before, after] = [infoOf(first[side]), infoOf(again[side])]
      expect(before.peerCertificates).toHaveLength(3)
      expect(after).toMatchObject({ resumed: true, peerCertificates: [derOf(ecdsa.cert)] })
      expect(after.verifiedChain.map(({ der }) => der)).toEqual(before.verifiedChain.map(({ der }) => der))
      expect(after.verifiedChain).toHaveLength(1)
    }
  })

  it('peerCertificates of the server outlive a chain of tickets, each of which comes of the one before', async () => {
    const server: ServerOptions = {
      ...only(version),
      tickets: tickets(),
      clientAuth: { mode: 'require', verifier: anyCertificate },
    }
    const client: Partial<ClientOptions> = { ...only(version), identity: rsa }
    let meeting = await meet(client, server)
    for (let i = 0; i < 3; i++) {
      meeting = await meet({ ...client, session: sessionOf(meeting) }, server)
      expect(infoOf(meeting.serverEvents)).toMatchObject({ resumed: true, peerCertificates: [derOf(rsa.cert)] })
      expect(infoOf(meeting.clientEvents)).toMatchObject({ resumed: true, peerCertificates: [derOf(ecdsa.cert)] })
    }
  })

  it('junk certificates of a client that nobody judges are bounded in a ticket', async () => {
    const cert = [derOf(ecdsa.cert), ...Array.from({ length: 100 }, () => derOf(rsa.cert))]
    const server: ServerOptions = { ...only(version), tickets: tickets(), clientAuth: { mode: 'require-unverified' } }
    const client: Partial<ClientOptions> = { ...only(version), identity: { cert, key: ecdsa.key } }
    const session = sessionOf(await meet(client, server))
    expect(decodeSession(session).ticket.length).toBeLessThan(50_000)
    const { serverEvents } = await meet({ ...client, session }, server)
    expect(infoOf(serverEvents)).toMatchObject({ resumed: true })
    expect(infoOf(serverEvents).peerCertificates[0]).toEqual(derOf(ecdsa.cert))
  })

  it("machines of a fleet whose clocks differ by up to an hour resume each other's sessions", async () => {
    const now = Date.UTC(2026, 5, 1)
    const at = (difference: number): ServerOptions => ({
      ...only(version),
      tickets: tickets(),
      clock: () => now + difference,
    })
    const session = sessionOf(await meet({ ...only(version), clock: () => now }, at(0)))
    const back = async (difference: number) =>
      infoOf((await meet({ ...only(version), clock: () => now, session }, at(difference))).serverEvents).resumed
    expect(await back(-5_000)).toBe(true)
    expect(await back(-3_599_000)).toBe(true)
    expect(await back(-3_700_000)).toBe(false)
  })
})

describe.each(versions)('clientAuth that requires a certificate, and psk (RFC 9846 section 4.4.2): %s', (version) => {
  const key = new Uint8Array(32).fill(5)
  const suites =
    version === 'TLS 1.2'
      ? { cipherSuites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }
      : {}
  const psk: ServerOptions['psk'] = {
    lookup: (identity) => (new TextDecoder().decode(identity) === 'sensor 7' ? { key } : undefined),
  }
  const server = (acceptPsk?: boolean): ServerOptions => ({
    ...only(version),
    ...suites,
    tickets: tickets(),
    psk,
    clientAuth: { mode: 'require', verifier: anyCertificate, ...(acceptPsk === undefined ? {} : { acceptPsk }) },
  })
  const client: Partial<ClientOptions> = { ...only(version), ...suites, psk: { keys: { identity: 'sensor 7', key } } }

  it('are refused together unless it is said that the key is enough', async () => {
    for (const accept of [undefined, false])
      await expect(meet(client, server(accept))).rejects.toMatchObject({ code: 'bad_option' })
    await expect(meet(client, server())).rejects.toThrow(/acceptPsk/)
    await expect(meet(client, { ...server(), clientAuth: { mode: 'require-unverified' } })).rejects.toMatchObject({
      code: 'bad_option',
    })
  })

  it('where it is enough, a client with neither stays out, and a session of one with the key goes on', async () => {
    const { psk: _, ...nobody } = client
    const suite = version === 'TLS 1.2' ? { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] } : {}
    const refused = await meet({ ...nobody, ...suite }, server(true))
    expect(eventsOf(refused.serverEvents, 'error')[0]?.error.code).toBe(
      version === 'TLS 1.3' ? 'certificate_required' : 'client_certificate_missing',
    )
    const first = await meet(client, server(true))
    expect(infoOf((await meet({ ...client, session: sessionOf(first) }, server(true))).serverEvents)).toMatchObject({
      resumed: true,
    })
  })
})

it.each(versions)('the identity of an external key: %s', async (version) => {
  const key = new Uint8Array(32).fill(5)
  const suites = version === 'TLS 1.2' ? { cipherSuites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'] } : {}
  const server: ServerOptions = {
    ...only(version),
    ...suites,
    tickets: tickets(),
    psk: { lookup: (identity) => (new TextDecoder().decode(identity) === 'sensor 7' ? { key } : undefined) },
  }
  const client: Partial<ClientOptions> = { ...only(version), ...suites, psk: { keys: { identity: 'sensor 7', key } } }
  const first = await meet(client, server)
  const again = await meet({ ...client, session: sessionOf(first) }, server)
  for (const events of [again.clientEvents, again.serverEvents]) {
    expect(infoOf(events)).toMatchObject({
      resumed: true,
      pskIdentity: new TextEncoder().encode('sensor 7'),
      ownIdentity: undefined,
    })
  }
})
