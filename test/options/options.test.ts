// Options as they are given: names, kinds, contradictions; what is refused says which option and what to do.

import { describe, expect, expectTypeOf, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import * as core from '../../src/core.ts'
import { clientEngine, serverConfig, clientConfig } from '../../src/engine/every.ts'
import { TlsError } from '../../src/errors.ts'
import { connect, createServer, dangerouslyAcceptAnyCertificate, pair } from '../../src/index.node.ts'
import { mergeOptions } from '../../src/options/merge.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import type { AnyOf, CipherSuiteName, GroupName, SignatureSchemeName } from '../../src/wire/names.ts'
import { cipherSuites, namedGroups, signatureSchemes, TLS12, TLS13 } from '../../src/wire/registry.ts'
import { clientConfigOf, errorOf, infoOf, meet, serverConfigOf } from '../fixtures/engines.ts'
import { ecdsa } from '../fixtures/identities.ts'

const client = { provider: nodeProvider, verifier: dangerouslyAcceptAnyCertificate, serverName: 'server.test' }
/** What a caller without types could give. */
const clientOf = (options: object): unknown => clientConfig({ ...client, ...options })
const serverOf = (options: object): unknown => serverConfig({ provider: nodeProvider, ...ecdsa, ...options })
const refusing = (message: string | RegExp): object =>
  expect.objectContaining({
    code: 'bad_option',
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  })

describe('a verifier that has no verify()', () => {
  it('is refused when it is given, and not in each handshake', () => {
    const verifier = () => true
    expect(() => clientOf({ verifier })).toThrow(refusing('verifier: a function; it has to be an object with verify()'))
    expect(() => serverOf({ clientAuth: { mode: 'require', verifier } })).toThrow(
      refusing('clientAuth.verifier: a function; it has to be an object with verify()'),
    )
  })
})

describe('an unknown option is refused, with the likely name', () => {
  it.each([
    ['servername', 'serverName'],
    ['ALPNProtocols', 'alpn'],
    ['rejectUnauthorized', 'verifier'],
    ['minVersion', 'versions.min'],
    ['legacy', 'tls12.legacy'],
    ['ech', 'hello.ech'],
    ['keyshares', 'hello.keyShares'],
    ['handshakeTimeoutt', 'handshakeTimeout'],
    ['ps', 'psk'],
  ])('of a client: %s is %s', (given, likely) => {
    expect(() => clientOf({ [given]: true })).toThrow(refusing(`${given}: unknown option; did you mean ${likely}?`))
  })
  it.each(['xy', 'q', 'identitatem'])('and none where no name is near: %s', (given) => {
    expect(() => clientOf({ [given]: true })).toThrow(refusing(new RegExp(`^${given}: unknown option$`)))
  })
  it.each([
    ['shapeHello', 'hello.shape', undefined],
    ['rejectUnauthorized', 'verifier', 'clientAuth.mode'],
    ['checkServerIdentity', 'verifier', 'clientAuth.verifier'],
    ['InsecureSkipVerify', 'verifier', 'clientAuth.verifier'],
    ['RootCAs', 'ca', 'clientAuth.ca'],
    ['rootCas', 'ca', 'clientAuth.ca'],
    ['ClientCAs', 'ca', 'clientAuth.ca'],
    ['trust', 'ca', 'clientAuth.ca'],
    ['ca', undefined, 'clientAuth.ca'],
    ['verifier', undefined, 'clientAuth.verifier'],
    ['servername', 'serverName', 'identity'],
    ['server_hostname', 'serverName', 'identity'],
    ['NextProtos', 'alpn', 'alpn'],
    ['ALPNProtocols', 'alpn', 'alpn'],
    ['minVersion', 'versions.min', 'versions.min'],
    ['MaxVersion', 'versions.max', 'versions.max'],
    ['secureProtocol', 'versions', 'versions'],
    ['ciphers', 'cipherSuites', 'cipherSuites'],
    ['cipher_list', 'cipherSuites', 'cipherSuites'],
    ['ecdhCurve', 'groups', 'groups'],
    ['CurvePreferences', 'groups', 'groups'],
    ['sigalgs', 'signatureSchemes', 'signatureSchemes'],
    ['requestCert', 'identity', 'clientAuth'],
    ['ClientAuth', 'identity', 'clientAuth'],
    ['GetCertificate', 'identity', 'identity'],
    ['pfx', 'identity', 'identity'],
    ['certfile', undefined, 'cert'],
    ['privateKey', undefined, 'key'],
    ['KeyLogWriter', 'keyLog', 'keyLog'],
    ['ClientSessionCache', 'sessions', 'sessions'],
    ['ticketKeys', undefined, 'tickets'],
    ['sessionTimeout', undefined, 'tickets.lifetimeSeconds'],
    ['enableTrace', 'trace', 'trace'],
    ['pskCallback', 'psk', 'psk'],
    ['maxFragmentLength', 'limits.maxRecordSize', 'limits.maxRecordSize'],
  ])('as others call it: %s is %s of a client, %s of a server', (given, ofClient, ofServer) => {
    const refusal = (likely: string): object => refusing(`${given}: unknown option; did you mean ${likely}?`)
    if (ofClient !== undefined) expect(() => clientOf({ [given]: true })).toThrow(refusal(ofClient))
    if (ofServer !== undefined) expect(() => serverOf({ [given]: true })).toThrow(refusal(ofServer))
  })
  it.each([
    [{ hello: { grees: true } }, 'hello.grees: unknown option; did you mean hello.grease?'],
    [
      { hello: { ech: { configlist: '' } } },
      'hello.ech.configlist: unknown option; did you mean hello.ech.configList?',
    ],
    [{ tls12: { legcy: true } }, 'did you mean tls12.legacy?'],
    [
      { psk: { keys: { identity: 'a', key: new Uint8Array(16), allowshort: true } } },
      'did you mean psk.keys.allowShort?',
    ],
    [{ identity: { ...ecdsa, ocspresponse: new Uint8Array(1) } }, 'did you mean identity.ocspResponse?'],
    [{ versions: { minimum: 'TLS 1.3' } }, /^versions\.minimum: unknown option/],
    [{ xyzzyPlugh: 1 }, /^xyzzyPlugh: unknown option$/],
  ])('in groups too: %o', (options, message) => {
    expect(() => clientOf(options)).toThrow(refusing(message))
  })
  it('of a server, also in update() and accept()', async () => {
    expect(() => serverOf({ tickets: { lifetime: 5 } })).toThrow(refusing('tickets.lifetime: unknown option'))
    const server = createServer(ecdsa)
    const wrong: object = { ...ecdsa, sni: true }
    expect(() => server.update(wrong as ServerOptions)).toThrow(refusing('sni: unknown option'))
    const [near] = pair()
    const misspelt: object = { closetimeout: 5 }
    await expect(server.accept(near, misspelt)).rejects.toMatchObject({
      message: expect.stringContaining('did you mean closeTimeout?'),
    })
  })
  it('of connect(), and the stream is closed', async () => {
    const [near, far] = pair()
    const wrong: object = { ...client, timeout: 5 }
    await expect(connect(near, wrong as ClientOptions)).rejects.toMatchObject({
      message: expect.stringContaining('did you mean handshakeTimeout?'),
    })
    await expect(far.read()).rejects.toThrow()
  })
  it('in puretls/core and in the engine, which has no options of a connection', async () => {
    const [near] = pair()
    const wrong: object = { ...client, servername: 'a' }
    await expect(core.connect(near, wrong as ClientOptions)).rejects.toMatchObject({ code: 'bad_option' })
    const signal: object = { ...client, signal: new AbortController().signal }
    expect(() => clientEngine(signal as ClientOptions)).toThrow(refusing('signal: an option of connect() and accept()'))
  })
  it('as text that cannot do harm', () => {
    expect(() => clientOf({ ['\u001b[31m'.repeat(100)]: 1 })).toThrow(refusing(/^[\x20-\x7e]{1,120}$/))
  })
})

describe('a value of another kind is refused', () => {
  it.each([
    [{ alpn: 'h2' }, 'alpn: "h2"; it has to be a list'],
    [{ hello: { grease: 1 } }, 'hello.grease: 1; it has to be true or false'],
    [{ hello: true }, 'hello: true; it has to be an object'],
    [{ keyLog: {} }, 'keyLog: an object; it has to be a function'],
    [{ earlyData: 'GET /' }, 'earlyData: "GET /"; it has to be a Uint8Array'],
    [{ serverName: 7 }, 'serverName: 7'],
  ])('%o', (options, message) => {
    expect(() => clientOf(options)).toThrow(refusing(message))
  })
  it.each([undefined, null, 'options', 7, []])('no options at all: %s', (options) => {
    expect(() => createServer(options as unknown as ServerOptions)).toThrow(refusing('options: '))
  })
  it('but undefined is as if it was not given', () => {
    expect(() => clientOf({ alpn: undefined, hello: undefined, tls12: { legacy: undefined } })).not.toThrow()
  })
})

describe('serverName (RFC 9525)', () => {
  const nameless = { provider: nodeProvider, verifier: dangerouslyAcceptAnyCertificate }
  it('is required', () => {
    const wrong: object = nameless
    expect(() => clientConfig(wrong as ClientOptions)).toThrow(refusing('serverName: required'))
  })
  it("may be false with a verifier of one's own, or a PSK", () => {
    expect(clientConfig({ ...nameless, serverName: false }).serverName).toBeUndefined()
    const defaults = { verifier: () => dangerouslyAcceptAnyCertificate }
    const psk = { keys: { identity: 'a', key: new Uint8Array(16) } }
    expect(clientConfig({ provider: nodeProvider, serverName: false, psk }, defaults).serverName).toBeUndefined()
    expect(() => clientConfig({ provider: nodeProvider, serverName: false }, defaults)).toThrow(
      refusing('serverName: false needs'),
    )
  })
})

describe('cipherSuites and versions that leave no suite', () => {
  it.each([
    [{ cipherSuites: [] }],
    [{ versions: { max: 'TLS 1.2' }, cipherSuites: ['TLS_AES_128_GCM_SHA256'] }],
    [{ versions: { min: 'TLS 1.3' }, cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }],
  ])('%o', (options) => {
    expect(() => clientOf(options)).toThrow(refusing('cipherSuites: none is left'))
    expect(() => serverOf(options)).toThrow(refusing('cipherSuites: none is left'))
  })
  it('are told apart from suites that the certificate does not fit', async () => {
    const { serverEvents } = await meet(
      { versions: { max: 'TLS 1.2' }, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] },
      {
        versions: { max: 'TLS 1.2' },
        cipherSuites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'],
        psk: { lookup: () => undefined },
      },
    )
    expect(errorOf(serverEvents)).toMatchObject({
      code: 'no_common_cipher_suite',
      message: expect.stringMatching(/this server has none that its certificate fits$/),
    })
  })
})

describe('alpn (RFC 7301 section 3.1)', () => {
  it('takes names of 1 to 255 bytes', async () => {
    const alpn = ['x'.repeat(255), '\u00ff', 'y']
    for (const protocol of alpn) {
      const { clientEvents, serverEvents } = await meet({ alpn }, { alpn: [protocol] })
      expect([infoOf(clientEvents).alpn, infoOf(serverEvents).alpn]).toEqual([protocol, protocol])
    }
  })
  it.each([[''], ['x'.repeat(256)], ['\u0100']])('refuses others', (protocol) => {
    expect(() => clientOf({ alpn: ['h2', protocol] })).toThrow(refusing('not 1 to 255 bytes long'))
    expect(() => serverOf({ alpn: ['h2', protocol] })).toThrow(refusing('not 1 to 255 bytes long'))
  })
})

describe('contradictions are refused when they are given', () => {
  it.each([
    [{ ca: ecdsa.cert }, 'ca: a verifier of your own'],
    [{ identity: ecdsa, ...ecdsa }, 'identity: cert and key'],
    [{ versions: { max: 'TLS 1.2' }, earlyData: Uint8Array.of(1) }, 'earlyData: TLS 1.2'],
    [{ versions: { max: 'TLS 1.2' }, hello: { postHandshakeAuth: true } }, 'hello.postHandshakeAuth: TLS 1.2'],
    [{ versions: { min: 'TLS 1.3', max: 'TLS 1.2' } }, 'versions: min is above max'],
    [
      { versions: { min: 'TLS 1.3' }, cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] },
      'cipherSuites: none is left',
    ],
    [{ groups: ['X25519'], hello: { keyShares: ['P-256'] } }, 'hello.keyShares'],
  ])('of a client: %o', (options, message) => {
    expect(() => clientOf(options)).toThrow(refusing(message))
  })
  it.each([
    [{ cert: undefined, key: undefined }, 'cert: a server needs'],
    [{ earlyData: { maxBytes: 1 }, tickets: false }, 'earlyData: clients can send it only'],
    [{ earlyData: { maxBytes: 1 }, versions: { max: 'TLS 1.2' } }, 'earlyData: TLS 1.2'],
    [{ clientAuth: { mode: 'require-unverified', ca: ecdsa.cert } }, 'clientAuth: with mode'],
  ])('of a server: %o', (options, message) => {
    expect(() => serverOf(options)).toThrow(refusing(message))
  })
  it('suites of one version alone narrow the versions', async () => {
    const suites12 = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256']
    expect(clientConfigOf({ cipherSuites: suites12 })).toMatchObject({ minVersion: TLS12, maxVersion: TLS12 })
    expect(serverConfigOf({ cipherSuites: ['TLS_AES_128_GCM_SHA256'] })).toMatchObject({
      minVersion: TLS13,
      maxVersion: TLS13,
    })
    expect(infoOf((await meet({ cipherSuites: suites12 })).clientEvents).version).toBe('TLS 1.2')
  })
})

describe('what onClientHello answers', () => {
  it('is merged group by group', () => {
    const merged = mergeOptions<ServerOptions>(
      { ...ecdsa, hello: { cookie: true }, tls12: { legacy: true } },
      { identity: ecdsa, hello: { grease: true } },
    )
    expect(merged).toEqual({ identity: ecdsa, hello: { cookie: true, grease: true }, tls12: { legacy: true } })
  })
  it('fails the handshake if it has an unknown option', async () => {
    const answer: object = { alpm: ['h2'] }
    const { serverEvents } = await meet({}, { onClientHello: () => answer })
    expect(errorOf(serverEvents)).toMatchObject({
      code: 'bad_option',
      message: expect.stringContaining('did you mean alpn?'),
    })
  })
})

describe('names that an editor completes', () => {
  it('are those of the registry, and any other text', () => {
    expectTypeOf<'X25519'>().toExtend<GroupName>()
    expectTypeOf<'x25519'>().not.toExtend<GroupName>()
    expectTypeOf<(typeof cipherSuites)[number]['name']>().toEqualTypeOf<CipherSuiteName>()
    expectTypeOf<(typeof namedGroups)[number]['name']>().toEqualTypeOf<GroupName>()
    expectTypeOf<(typeof signatureSchemes)[number]['name']>().toEqualTypeOf<SignatureSchemeName>()
    expectTypeOf<string>().toExtend<AnyOf<GroupName>>()
    expectTypeOf<NonNullable<ClientOptions['groups']>[number]>().toEqualTypeOf<AnyOf<GroupName>>()
    expectTypeOf<ClientOptions>().not.toHaveProperty('seam')
    expectTypeOf<NonNullable<ServerOptions['versions']>['min']>().toEqualTypeOf<'TLS 1.2' | 'TLS 1.3' | undefined>()
    // @ts-expect-error serverName is required
    const incomplete: ClientOptions = { alpn: ['h2'] }
    expect(incomplete.alpn).toEqual(['h2'])
  })
  it('each has a row', () => {
    const rows = { suites: cipherSuites.length, groups: namedGroups.length, schemes: signatureSchemes.length }
    const names = {
      suites: Object.keys(suiteNames).length,
      groups: Object.keys(groupNames).length,
      schemes: Object.keys(schemeNames).length,
    }
    expect(names).toEqual(rows)
  })
})

const listed = <N extends string>(rows: readonly { readonly name: N }[]): Readonly<Record<string, N>> =>
  Object.fromEntries(rows.map(({ name }) => [name, name]))
const suiteNames = listed(cipherSuites)
const groupNames = listed(namedGroups)
const schemeNames = listed(signatureSchemes)

describe('a printed TlsError', () => {
  it('is its code, its sentence and a short cause', () => {
    const error = new TlsError('unknown_ca', 'no path to a trusted authority', {
      cause: new Error(`bad\u001b[31m ${'x'.repeat(500)}`),
    })
    expect(String(error)).toMatch(
      /^TlsError \[unknown_ca\]: no path to a trusted authority \(cause: bad \[31m x{180,200}\.\.\.\)$/,
    )
    const inspected: unknown = Reflect.get(error, Symbol.for('nodejs.util.inspect.custom')).call(error)
    expect(inspected).toMatch(/^TlsError \[unknown_ca\]: no path.*\n {4}at /)
  })
  it('shows no bytes', () => {
    const error = new TlsError('ech_required', 'other keys', {
      echRetryConfigs: new Uint8Array(99).fill(7),
      cause: new Uint8Array(9),
    })
    expect(String(error)).toBe('TlsError [ech_required]: other keys')
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'TlsError',
      code: 'ech_required',
      message: 'other keys',
      fault: 'peer-incompatible',
      alert: 'ech_required',
    })
  })
})
