// What options are without being given, and the first and last value that each number may have.

import { describe, expect, it } from 'vitest'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import { checkOptions } from '../../src/checked-options.ts'
import { mergeOptions } from '../../src/options/merge.ts'
import { memoryReplayGuard, rotatingTicketKeys } from '../../src/session/index.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { clientConfigOf, serverConfigOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

const badOption = (says: RegExp) =>
  expect.objectContaining({ code: 'bad_option', message: expect.stringMatching(says) as unknown })
const names = (rows: readonly { readonly name: string }[]): readonly string[] => rows.map(({ name }) => name)

describe('without options', () => {
  it('a client and a server have the same', () => {
    for (const config of [clientConfigOf(), serverConfigOf()]) {
      expect(config).toMatchObject({
        minVersion: 0x0303,
        maxVersion: 0x0304,
        recordSizeLimit: undefined,
        maxHandshakeMessage: 132_096,
        recordsPerKey: Number.MAX_SAFE_INTEGER,
        maxKeyUpdates: 2 ** 48 - 1,
        maxRecordSize: 16_384,
        padding: undefined,
        legacy: false,
        requireExtendedMasterSecret: false,
        halfClose: true,
        renegotiation: 'never',
        pskModes: [1],
        resumption: { maxAge: 7 * 86_400_000, mayResume: undefined, withoutExtendedMasterSecret: false },
        exposeTrafficSecrets: false,
        alpn: [],
        grease: false,
        delegatedSchemes: [],
        clock: Date.now,
      })
      expect(names(config.groups)).toEqual(['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'P-521'])
      expect(names(config.suites).filter((name) => /CBC|CCM|PSK|TLS_RSA/.test(name))).toEqual([])
      expect(names(config.schemes).filter((name) => /sha1$|ed448/.test(name))).toEqual([])
    }
  })

  it('a client', () => {
    expect(clientConfigOf()).toMatchObject({
      sendServerName: true,
      pskRequired: false,
      tickets: true,
      ticketRequest: undefined,
      compatibilityMode: true,
      postHandshakeAuth: false,
      permuteExtensions: false,
      fallback: false,
      falseStart: false,
      requestOcsp: true,
      requestScts: true,
      maxFragmentLength: undefined,
      ech: undefined,
    })
    expect(names(clientConfigOf().keyShares)).toEqual(['X25519MLKEM768', 'X25519'])
    expect(names(clientConfigOf({ groups: ['P-256', 'X25519'] }).keyShares)).toEqual(['P-256'])
    const reads = { ...anyCertificate, readsOcsp: false }
    expect(clientConfigOf({ verifier: reads }).requestOcsp).toBe(false)
    expect(clientConfigOf({ verifier: reads, certificates: { requestOcsp: true } }).requestOcsp).toBe(true)
  })

  it('a server', () => {
    expect(serverConfigOf()).toMatchObject({
      preferServerOrder: true,
      maxEarlyData: 0,
      earlyDataWindow: 10,
      replayGuard: undefined,
      cookie: false,
      clientAuth: undefined,
    })
    const protector = rotatingTicketKeys({ provider: nodeProvider })
    const tickets = (given: NonNullable<ServerOptions['tickets']>) => serverConfigOf({ tickets: given }).tickets
    expect(tickets({ protector })).toMatchObject({ count: 2, resumedCount: 1, lifetime: 86_400, renewAfter: 43_200 })
    expect(tickets({ protector, count: 3 })).toMatchObject({ count: 3, resumedCount: 1 })
    expect(tickets({ protector, lifetimeSeconds: 7 })).toMatchObject({ renewAfter: 4 })
    expect(tickets({ protector, count: 0 })).toBeUndefined()
    expect(tickets(false)).toBeUndefined()
  })
})

describe('a number', () => {
  const client: Readonly<Record<string, (value: number) => Partial<ClientOptions>>> = {
    'limits.recordSizeLimit': (recordSizeLimit) => ({ limits: { recordSizeLimit } }),
    'limits.maxHandshakeMessage': (maxHandshakeMessage) => ({ limits: { maxHandshakeMessage } }),
    'limits.recordsPerKey': (recordsPerKey) => ({ limits: { recordsPerKey } }),
    'limits.maxRecordSize': (maxRecordSize) => ({ limits: { maxRecordSize } }),
    'resumption.maxAgeSeconds': (maxAgeSeconds) => ({ resumption: { maxAgeSeconds } }),
  }
  const protector = rotatingTicketKeys({ provider: nodeProvider })
  const server: Readonly<Record<string, (value: number) => ServerOptions>> = {
    'tickets.count': (count) => ({ tickets: { protector, count } }),
    'tickets.resumedCount': (resumedCount) => ({ tickets: { protector, resumedCount } }),
    'tickets.lifetimeSeconds': (lifetimeSeconds) => ({ tickets: { protector, lifetimeSeconds } }),
    'tickets.renewAfterSeconds': (renewAfterSeconds) => ({ tickets: { protector, renewAfterSeconds } }),
    'earlyData.maxBytes': (maxBytes) => ({ earlyData: { maxBytes, replayGuard: memoryReplayGuard() } }),
    'earlyData.windowSeconds': (windowSeconds) => ({ earlyData: { windowSeconds } }),
  }
  const week = 7 * 86_400

  it.each([
    ['limits.recordSizeLimit', 64, 16_385],
    ['limits.maxHandshakeMessage', 4096, 2 ** 24 - 1],
    ['limits.recordsPerKey', 2, Number.MAX_SAFE_INTEGER],
    ['limits.maxRecordSize', 64, 16_384],
    ['resumption.maxAgeSeconds', 1, week],
    ['tickets.count', 0, 255],
    ['tickets.resumedCount', 0, 255],
    ['tickets.lifetimeSeconds', 1, week],
    ['tickets.renewAfterSeconds', 0, week],
    ['earlyData.maxBytes', 0, 2 ** 32 - 1],
    ['earlyData.windowSeconds', 1, 600],
  ])('%s goes from %d to %d', (option, least, most) => {
    const config = (value: number): unknown => {
      const [forClient, forServer] = [client[option], server[option]]
      if (forClient) clientConfigOf(forClient(value))
      return serverConfigOf({ ...(forClient?.(value) as ServerOptions | undefined), ...forServer?.(value) })
    }
    for (const value of [least, most]) expect(config(value)).toBeDefined()
    const refused = badOption(new RegExp(`^${option}: `))
    for (const value of [least - 1, least + 0.5, most + 1]) expect(() => config(value)).toThrow(refused)
  })

  it.each([
    [512, 1],
    [1024, 2],
    [2048, 3],
    [4096, 4],
  ] as const)('maxFragmentLength %d is code %d (RFC 6066 section 4)', (maxFragmentLength, code) => {
    expect(clientConfigOf({ tls12: { maxFragmentLength } }).maxFragmentLength).toBe(code)
  })
})

describe('options that contradict each other are refused', () => {
  const { cert, key } = ecdsa
  const old = { versions: { max: 'TLS 1.2' } } as const
  const identity = ecdsa

  it.each<readonly [RegExp, Partial<ClientOptions>]>([
    [/^identity: /, { identity, cert }],
    [/^identity: /, { identity, key }],
    [/^ca: a verifier/, { ca: cert }],
    [/^earlyData: TLS 1.2/, { ...old, earlyData: new Uint8Array(1) }],
    [/^hello.postHandshakeAuth: TLS 1.2/, { ...old, hello: { postHandshakeAuth: true } }],
    [/^versions: min/, { versions: { min: 'TLS 1.3', max: 'TLS 1.2' } }],
    [/^cipherSuites: none is left/, { ...old, cipherSuites: ['TLS_AES_128_GCM_SHA256'] }],
    [/^groups: "P-256" stands in the list twice/, { groups: ['P-256', 'P-256'] }],
    [/^psk.modes: "psk_ke" stands/, { psk: { modes: ['psk_ke', 'psk_ke'] } }],
    [/^tls12.renegotiation: /, { tls12: { renegotiation: 'always' as 'once' } }],
  ])('of a client: %s', (says, options) => {
    expect(() => clientConfigOf(options)).toThrow(badOption(says))
  })

  it.each<readonly [RegExp, ServerOptions]>([
    [/^identity: /, { identity, cert }],
    [/^identity: /, { identity, key }],
    [/^earlyData: TLS 1.2/, { ...old, earlyData: { maxBytes: 1 } }],
    [/^earlyData: clients can send it only/, { tickets: false, earlyData: { maxBytes: 1 } }],
    [/^clientAuth: with mode/, { clientAuth: { mode: 'request-unverified', ca: cert } }],
    [/^clientAuth: with mode/, { clientAuth: { mode: 'require-unverified', verifier: anyCertificate } }],
    [/^clientAuth: ca or verifier/, { clientAuth: { mode: 'require' } }],
  ])('of a server: %s', (says, options) => {
    expect(() => serverConfigOf(options)).toThrow(badOption(says))
  })

  it('and what does not is taken', () => {
    expect(serverConfigOf({ ...old, earlyData: { maxBytes: 0 } }).maxEarlyData).toBe(0)
    expect(serverConfigOf({ tickets: false, earlyData: { maxBytes: 0 } }).tickets).toBeUndefined()
    const psk = { lookup: () => undefined }
    const early = { maxBytes: 1, replayGuard: memoryReplayGuard() }
    expect(serverConfigOf({ psk, tickets: false, earlyData: early }).maxEarlyData).toBe(1)
    expect(clientConfigOf({ ...old, hello: { postHandshakeAuth: false } }).postHandshakeAuth).toBe(false)
  })
})

describe('options over options', () => {
  it('take precedence, groups member by member', () => {
    const before = { alpn: ['a'], hello: { cookie: true, grease: true }, limits: { recordSizeLimit: 64 }, clock: 1 }
    expect(mergeOptions(before, { hello: { cookie: false }, clock: { x: 1 } })).toEqual({
      alpn: ['a'],
      hello: { cookie: false, grease: true },
      limits: { recordSizeLimit: 64 },
      clock: { x: 1 },
    })
    expect(mergeOptions({ tickets: { count: 1 } }, { tickets: false })).toEqual({ tickets: false })
    expect(mergeOptions({ tickets: false }, { tickets: { count: 1 } })).toEqual({ tickets: { count: 1 } })
    expect(before.hello).toEqual({ cookie: true, grease: true })
  })

  it('of an identity or an authority replace what says it in another way', () => {
    expect(mergeOptions({ cert: 1, key: 2, ca: 3 }, { identity: 4 })).toEqual({ identity: 4, ca: 3 })
    expect(mergeOptions({ identity: 4 }, { cert: 1, key: 2 })).toEqual({ cert: 1, key: 2 })
    expect(mergeOptions({ verifier: 1 }, { ca: 2 })).toEqual({ ca: 2 })
    expect(mergeOptions({ ca: 2 }, { verifier: 1 })).toEqual({ verifier: 1 })
    expect(mergeOptions({ cert: 1, key: 2 }, { identity: undefined })).toEqual({ cert: 1, key: 2, identity: undefined })
  })
})

describe('the check of options', () => {
  const known = {
    name: 'string',
    size: 'number',
    on: 'boolean',
    data: 'bytes',
    call: 'function',
    many: 'list',
  } as const
  const others = { thing: 'object', either: ['one', 'two'], free: 'any', group: { inner: 'number' } } as const
  const check = (options: unknown, hints = {}): void => checkOptions(options, { ...known, ...others }, hints)

  it.each<readonly [string, unknown]>([
    ['name', 'a'],
    ['size', 0],
    ['on', false],
    ['data', new Uint8Array(0)],
    ['call', () => {}],
    ['many', []],
    ['thing', {}],
    ['thing', () => {}],
    ['either', 'two'],
    ['free', null],
    ['group', { inner: 1 }],
    ['group', { inner: undefined }],
    ['name', undefined],
  ])('takes %s: %s', (name, value) => expect(() => check({ [name]: value })).not.toThrow())

  it.each<readonly [string, unknown, RegExp]>([
    ['name', 1, /^name: 1; it has to be a text$/],
    ['size', NaN, /^size: NaN; it has to be a number$/],
    ['size', '1', /^size: "1"; it has to be a number$/],
    ['size', new Date(0), /^size: a Date; it has to be a number$/],
    ['on', null, /^on: null; it has to be true or false$/],
    ['data', [1], /^data: a list; it has to be a Uint8Array$/],
    ['call', {}, /^call: an object; it has to be a function$/],
    ['many', { length: 0 }, /^many: an object; it has to be a list$/],
    ['thing', [], /^thing: a list; it has to be an object$/],
    ['thing', null, /^thing: null; it has to be an object$/],
    ['either', 'three', /^either: "three"; it has to be "one" or "two"$/],
    ['either', ['one'], /^either: a list/],
    ['group', true, /^group: true; it has to be an object$/],
    ['group', { inner: 'x' }, /^group.inner: "x"; it has to be a number$/],
    ['group', { iner: 1 }, /^group.iner: unknown option; did you mean group.inner\?$/],
    ['size', '-----BEGIN', /^size: \(PEM\); it has/],
    ['size', 'x'.repeat(100), /^size: "x{59}\.\.\.; it has/],
    ['size', 'ä\n', /^size: "\?\\n"; it has/],
    ['nmae', 'a', /^nmae: unknown option; did you mean name\?$/],
    ['Na-me', 'a', /^Na-me: unknown option; did you mean name\?$/],
    ['inner', 1, /^inner: unknown option; did you mean group.inner\?$/],
    ['somethingElse', 1, /^somethingElse: unknown option$/],
    ['toString', 1, /^toString: unknown option/],
  ])('refuses %s: %s', (name, value, says) => {
    expect(() => check({ [name]: value })).toThrow(badOption(says))
  })

  it('goes by the hints: what is needed, what others call it, what may be a switch', () => {
    expect(() => check({}, { required: ['name'] })).toThrow(badOption(/^name: it is needed$/))
    expect(() => check({ name: undefined }, { required: ['name'] })).toThrow(badOption(/needed/))
    expect(() => check({ group: {} }, { required: [] })).not.toThrow()
    expect(() => check({ label: 'a' }, { elsewhere: { label: 'name' } })).toThrow(badOption(/did you mean name\?/))
    expect(() => check({ label: 'a' }, { elsewhere: { label: 'gone' } })).toThrow(badOption(/^label: unknown option$/))
    expect(() => check({ lable: 'a' }, { nearby: ['label'] })).toThrow(badOption(/did you mean label\?/))
    expect(() => check({ old: 1 }, { misplaced: () => 'use name' })).toThrow(badOption(/^old: use name$/))
    for (const value of [true, false]) check({ group: value }, { switches: new Set(['group']) })
    expect(() => check({ group: 1 }, { switches: new Set(['group']) })).toThrow(badOption(/^group: 1/))
    expect(() => checkOptions({}, { a: 'any' }, { required: ['a'] }, 'outer')).toThrow(
      badOption(/^outer.a: it is needed/),
    )
    expect(() => checkOptions(7, {}, {}, 'outer')).toThrow(badOption(/^outer: 7; it has to be an object/))
    expect(() => check(null)).toThrow(badOption(/^options: null/))
  })
})
