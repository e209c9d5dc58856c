// The features of puretls/client and puretls/server, one by one: what each does where it is passed, which options it is
// needed for, and what becomes of a peer that uses what is not there.

import { beforeAll, describe, expect, it } from 'vitest'
import * as client from '../../src/client-entry.ts'
import type { ClientFeature, ClientOptions } from '../../src/client-entry.ts'
import { zlib } from '../../src/compression/index.ts'
import { everyClientPart } from '../../src/config/every-client.ts'
import { everyServerPart } from '../../src/config/every.ts'
import { nodeProvider as provider } from '../../src/crypto/node.ts'
import { joined } from '../../src/engine/endpoints.ts'
import { everyFeature } from '../../src/handshake/client/every-feature.ts'
import { everyFeature as everyServerFeature } from '../../src/handshake/server/every-feature.ts'
import { loadIdentityWith } from '../../src/identity.ts'
import type { ConnectionInfo } from '../../src/info.ts'
import { createCa, issueDelegatedCredential } from '../../src/pki/index.ts'
import * as server from '../../src/server-entry.ts'
import type { CreateServerOptions, ServerFeature, TlsServer } from '../../src/server-entry.ts'
import { memorySessionCache, memoryStore, rotatingTicketKeys, sharedSessions } from '../../src/session/index.ts'
import { pair } from '../../src/stream/pair.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { extensionTypes, isGrease } from '../../src/wire/registry.ts'
import { pathVerifier } from '../../src/x509/path-verifier.ts'

const ca = await createCa({ name: 'features' })
const verifier = pathVerifier({ provider, trust: ca.certificatePem })
const refusing = (option: string, feature: string) =>
  expect.objectContaining({ code: 'bad_option', message: expect.stringMatching(`^${option}: .*\`${feature}\``) })

let identity: CreateServerOptions
let own: Awaited<ReturnType<ReturnType<typeof loadIdentityWith>>>
beforeAll(async () => {
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'] })
  identity = { provider, cert: chainPem, key: privateKeyPem }
  const issued = await ca.issue({ names: ['client.example'], client: true })
  own = await loadIdentityWith(provider)({ cert: issued.chainPem, key: issued.privateKeyPem })
})

type Client = readonly [readonly ClientFeature[], Partial<ClientOptions>?]
type Server = readonly [readonly ServerFeature[], Partial<CreateServerOptions>?]
type Met = {
  readonly ofClient: ConnectionInfo
  readonly ofServer: ConnectionInfo
  readonly session: Uint8Array | undefined
}

/** One for each description of one: tickets of a server are for that server. */
const servers = new WeakMap<Server, TlsServer>()
const serverOf = (far: Server): TlsServer => {
  const [features, options] = far
  const known = servers.get(far) ?? server.createServerWith(...features)({ ...identity, ...options })
  servers.set(far, known)
  return known
}

const meet = async ([features, options]: Client, far: Server): Promise<Met> => {
  const [near, other] = pair()
  const { accept } = serverOf(far)
  const given = { provider, serverName: 'localhost', verifier, ...options } as const
  const [connection, accepted] = await Promise.all([client.connectWith(...features)(near, given), accept(other)])
  await accepted.write(Uint8Array.of(1))
  await connection.read()
  const { session } = connection
  await Promise.all([connection.close(), accepted.close()])
  return { ofClient: connection.info, ofServer: accepted.info, session }
}

const attempt = (options: Partial<ClientOptions>): Promise<unknown> => {
  const [stream] = pair()
  return client.connect(stream, { provider, serverName: 'localhost', verifier, ...options })
}

describe('every feature', () => {
  it('is what the single ones are together', () => {
    const ofClient = Object.values(client).filter((value) => 'handshake' in value)
    const all = joined<object, object, object>(ofClient)
    expect(all.config).toEqual(everyFeature.config)
    expect(all.config).toEqual(everyClientPart)
    expect(all.handshake).toEqual(everyFeature.handshake)
    const { createServer: _1, createServerWith: _2, TlsError: _3, generateEchKeys: _4, ...ofServer } = server
    const whole = joined<object, object, object>(Object.values(ofServer))
    expect(whole.config).toEqual(everyServerFeature.config)
    expect(whole.config).toEqual(everyServerPart)
    expect(whole.handshake).toEqual(everyServerFeature.handshake)
  })
})

describe('explanations', () => {
  const speaking = (kinds: readonly ClientFeature[]) => client.connectOver([], ...kinds)
  const answered = async (kinds: readonly ClientFeature[], answer: Uint8Array): Promise<string> => {
    const [near, far] = pair()
    const opening = speaking(kinds)(near, { provider, serverName: 'localhost', verifier })
    await far.write(answer)
    return opening.then(String, String)
  }
  const misspelt = async (kinds: readonly ClientFeature[], options: object): Promise<string> => {
    const [near] = pair()
    return speaking(kinds)(near, { provider, serverName: 'localhost', verifier, ...options }).then(String, String)
  }

  it('guess which option is meant; without them it is refused with the names that there are', async () => {
    expect(await misspelt([client.explanations], { rejectUnauthorized: false })).toContain('did you mean verifier?')
    expect(await misspelt([], { rejectUnauthorized: false })).toMatch(
      /rejectUnauthorized: unknown option; there are .*verifier/,
    )
    expect(await misspelt([client.explanations], { handshakeTimout: 1 })).toContain('did you mean handshakeTimeout?')
    expect(await misspelt([], { handshakeTimout: 1 })).toContain('handshakeTimout: unknown option')
    expect(await misspelt([], { limits: { padd: 1 } })).toMatch(/limits\.padd: unknown option; there are padding,/)
    expect(await misspelt([], { alpn: 'h2' })).toContain('alpn: "h2"; it has to be a list')
    expect(await misspelt([], { tickets: true })).toContain('needs the feature `sessions`')
  })

  it('tell what an alert means, and what is no TLS', async () => {
    const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 40)
    expect(await answered([client.explanations], alert)).toMatch(/the alert handshake_failure: no suite, group/)
    expect(await answered([], alert)).toMatch(/the alert handshake_failure$/)
    const plain = new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(await answered([client.explanations], plain)).toContain('plain text, starting with HTTP/1.1')
    expect(await answered([], plain)).toMatch(/not_tls.*first byte is 0x48/)
  })

  it('are in connect, and in connectWith', async () => {
    for (const connect of [client.connect, client.connectWith(client.tls12)]) {
      const [near] = pair()
      const given = { provider, serverName: 'localhost', verifier, hostname: 'localhost' }
      await expect(connect(near, given)).rejects.toThrow('did you mean serverName?')
    }
  })
})

describe('sessions of a client', () => {
  it('are kept and resumed', async () => {
    const sessions = memorySessionCache()
    const [near, far] = [[[client.sessions], { sessions }], [[server.sessions]]] as const
    expect((await meet(near, far)).ofClient.resumed).toBe(false)
    expect((await meet(near, far)).ofClient.resumed).toBe(true)
  })

  it('are kept in TLS 1.2 as well', async () => {
    const near = [[client.sessions, client.tls12], { sessions: memorySessionCache() }] as const
    const far = [[server.sessions, server.tls12], { versions: { max: 'TLS 1.2' } }] as const
    expect((await meet(near, far)).ofClient.resumed).toBe(false)
    expect((await meet(near, far)).ofClient).toMatchObject({ resumed: true, version: 'TLS 1.2' })
  })

  it('carry early data', async () => {
    const far = [[server.sessions], { earlyData: { maxBytes: 1024 } }] as const
    const sessions = memorySessionCache()
    await meet([[client.sessions], { sessions }], far)
    const again = await meet([[client.sessions], { sessions, earlyData: Uint8Array.of(1, 2) }], far)
    expect(again.ofClient.earlyData).toBe('accepted')
  })

  it.each([
    ['session', { session: new Uint8Array(1) }],
    ['sessions', { sessions: memorySessionCache() }],
    ['tickets', { tickets: { newSession: 1, resumption: 1 } }],
    ['earlyData', { earlyData: new Uint8Array(1) }],
    ['resumption', { resumption: { maxAgeSeconds: 60 } }],
  ])('are asked for by the option %s', async (option, options) => {
    await expect(attempt(options)).rejects.toEqual(refusing(option, 'sessions'))
  })

  it('are not there without: tickets are ignored, in both versions', async () => {
    const { ofClient, session } = await meet([[], { tickets: false }], [[server.sessions]])
    expect(ofClient).toMatchObject({ resumed: false, earlyData: 'none', earlyDataRefusal: undefined })
    expect(session).toBeUndefined()
    const old = await meet([[client.tls12]], [[server.sessions, server.tls12], { versions: { max: 'TLS 1.2' } }])
    expect(old.ofClient.version).toBe('TLS 1.2')
    expect(old.session).toBeUndefined()
  })
})

describe('sessions of a server', () => {
  it.each([
    ['tickets', { tickets: { count: 1 } }],
    ['sessions', { sessions: sharedSessions(memoryStore()) }],
    ['earlyData', { earlyData: { maxBytes: 1 } }],
    ['resumption', { resumption: { maxAgeSeconds: 60 } }],
  ])('are asked for by the option %s', (option, options) => {
    expect(() => server.createServer({ ...identity, ...options })).toThrow(refusing(option, 'sessions'))
  })

  it('are not there without: no ticket is given, and a session offered leads to a full handshake', async () => {
    const keys = rotatingTicketKeys({ provider })
    const sessions = memorySessionCache()
    const near = [[client.sessions, client.tls12], { sessions, earlyData: Uint8Array.of(1) }] as const
    const { session } = await meet(near, [
      [server.sessions],
      { tickets: { protector: keys }, earlyData: { maxBytes: 9 } },
    ])
    expect(session).toBeDefined()
    const again = await meet(near, [[]])
    expect(again.ofClient).toMatchObject({ resumed: false, earlyData: 'rejected' })
    expect(again.ofServer).toMatchObject({ resumed: false, earlyData: 'rejected', earlyDataRefusal: 'disabled' })
    expect(again.session).toBeUndefined()
    const old = [[client.sessions, client.tls12], { sessions: memorySessionCache() }] as const
    expect((await meet(old, [[server.tls12], { versions: { max: 'TLS 1.2' } }])).session).toBeUndefined()
  })

  it('are not there without, and the offer is checked all the same (RFC 9846 section 4.3.9)', async () => {
    const psk = { keys: { identity: 'us', key: new Uint8Array(32) } }
    const shape = (hello: ClientHello): ClientHello => ({
      ...hello,
      extensions: hello.extensions?.filter(({ type }) => type !== extensionTypes.psk_key_exchange_modes),
    })
    const near = [[client.externalPsks, client.helloShaping], { psk, hello: { shape } }] as const
    await expect(meet(near, [[]])).rejects.toMatchObject({ alert: 'missing_extension' })
  })
})

describe('external keys', () => {
  const key = new Uint8Array(32).fill(7)
  const psk = { keys: { identity: 'us', key } }
  const lookup = { psk: { lookup: (identity: Uint8Array) => (identity.length === 2 ? { key } : undefined) } }

  it('stand for a certificate', async () => {
    const { ofClient } = await meet([[client.externalPsks], { psk }], [[server.externalPsks], lookup])
    expect(ofClient.pskIdentity).toEqual(new TextEncoder().encode('us'))
    const required = { psk: { ...psk, required: true } }
    await expect(meet([[client.externalPsks], required], [[]])).rejects.toMatchObject({ code: 'missing_extension' })
  })

  it('come after a session', async () => {
    const near = [[client.externalPsks, client.sessions], { psk, sessions: memorySessionCache() }] as const
    const far = [[server.externalPsks, server.sessions], lookup] as const
    expect((await meet(near, far)).ofClient.resumed).toBe(false)
    expect((await meet(near, far)).ofClient.resumed).toBe(true)
  })

  it('are asked for by their options', async () => {
    await expect(attempt({ psk })).rejects.toEqual(refusing('psk.keys', 'externalPsks'))
    await expect(attempt({ psk: { required: true } })).rejects.toEqual(refusing('psk.required', 'externalPsks'))
  })

  it('are asked for by the options of a server', () => {
    expect(() => server.createServer({ ...identity, ...lookup })).toThrow(refusing('psk.lookup', 'externalPsks'))
    expect(() => server.createServer({ ...identity, psk: { hint: 'us' } })).toThrow(
      refusing('psk.hint', 'externalPsks'),
    )
  })

  it('are not there without, on either side: the server shows its certificate', async () => {
    expect((await meet([[]], [[server.externalPsks], lookup])).ofClient.pskIdentity).toBeUndefined()
    expect((await meet([[client.externalPsks], { psk }], [[]])).ofClient.pskIdentity).toBeUndefined()
  })
})

describe('certificates of a client', () => {
  const asking = (mode: 'request' | 'require') => [[server.clientAuth], { clientAuth: { mode, verifier } }] as const

  it('come loaded, or as options', async () => {
    const { ofServer } = await meet([[client.clientCertificates], { identity: own }], asking('require'))
    expect(ofServer.verifiedChain).toHaveLength(2)
    // identityOptions is more than clientCertificates, in any order
    const { chainPem, privateKeyPem } = await ca.issue({ names: ['client.example'], client: true })
    const options = { cert: chainPem, key: privateKeyPem }
    for (const features of [
      [client.identityOptions, client.clientCertificates],
      [client.clientCertificates, client.identityOptions],
    ]) {
      expect((await meet([features, options], asking('require'))).ofServer.verifiedChain).toHaveLength(2)
    }
  })

  it('are asked for by their options', async () => {
    await expect(attempt({ identity: own })).rejects.toEqual(refusing('identity', 'clientCertificates'))
    await expect(attempt({ hello: { postHandshakeAuth: true } })).rejects.toEqual(
      refusing('hello.postHandshakeAuth', 'clientCertificates'),
    )
    const [stream] = pair()
    const connect = client.connectWith(client.clientCertificates)
    const unread = { cert: ca.certificatePem, key: 'no key' }
    await expect(connect(stream, { provider, serverName: 'localhost', verifier, ...unread })).rejects.toEqual(
      refusing('cert', 'identityOptions'),
    )
  })

  it('are not there without: a server that asks gets an empty list (RFC 9846 section 4.5.1)', async () => {
    expect((await meet([[]], asking('request'))).ofServer.peerCertificates).toEqual([])
    await expect(meet([[]], asking('require'))).rejects.toMatchObject({ code: 'certificate_required' })
    const old = { clientAuth: { mode: 'request', verifier }, versions: { max: 'TLS 1.2' } } as const
    expect((await meet([[client.tls12]], [[server.tls12, server.clientAuth], old])).ofServer.peerCertificates).toEqual(
      [],
    )
  })

  it('are asked for after the handshake by a server that can', async () => {
    const [near, far] = pair()
    const clientAuth = { mode: 'after-handshake', verifier } as const
    const given = {
      provider,
      serverName: 'localhost',
      verifier,
      identity: own,
      hello: { postHandshakeAuth: true },
    } as const
    const [connection, accepted] = await Promise.all([
      client.connectWith(client.clientCertificates)(near, given),
      server
        .createServerWith(server.clientAuth)({ ...identity, clientAuth })
        .accept(far),
    ])
    const asked = accepted.requestClientCertificate()
    const reading = connection.read()
    expect((await asked).verifiedChain).toHaveLength(2)
    await accepted.close()
    await reading
    await connection.close()
  })

  it('are asked for by no server without the feature, and by none of its options', async () => {
    const clientAuth = { mode: 'request', verifier } as const
    expect(() => server.createServer({ ...identity, clientAuth })).toThrow(refusing('clientAuth', 'clientAuth'))
    const [near, far] = pair()
    const given = {
      provider,
      serverName: 'localhost',
      verifier,
      identity: own,
      hello: { postHandshakeAuth: true },
    } as const
    const [connection, accepted] = await Promise.all([
      client.connectWith(client.clientCertificates)(near, given),
      server.createServer(identity).accept(far),
    ])
    await expect(accepted.requestClientCertificate()).rejects.toMatchObject({ code: 'wrong_state' })
    await Promise.all([connection.close(), accepted.close()])
    expect(accepted.info.peerCertificates).toEqual([])
  })
})

describe('certificate compression', () => {
  const certificates = { compression: [zlib] }
  const both = [client.certificateCompression, server.certificateCompression] as const

  it('shrinks the certificates of both sides', async () => {
    const clientAuth = { mode: 'require', verifier } as const
    const near = [[both[0], client.clientCertificates], { certificates, identity: own }] as const
    const { ofClient, ofServer } = await meet(near, [[both[1], server.clientAuth], { certificates, clientAuth }])
    expect(ofClient.certificateCompression).toBe('zlib')
    expect(ofServer.certificateCompression).toBe('zlib')
  })

  it('is asked for by its option', async () => {
    await expect(attempt({ certificates })).rejects.toEqual(
      refusing('certificates.compression', 'certificateCompression'),
    )
    expect(() => server.createServer({ ...identity, certificates })).toThrow(
      refusing('certificates.compression', 'certificateCompression'),
    )
  })

  it('is not used where one side has it not', async () => {
    expect((await meet([[both[0]], { certificates }], [[]])).ofClient.certificateCompression).toBeUndefined()
    expect((await meet([[]], [[both[1]], { certificates }])).ofClient.certificateCompression).toBeUndefined()
  })
})

describe('delegated credentials', () => {
  const certificates = { delegatedCredentials: true }
  const delegatedIdentity = async () => {
    const holder = await ca.issue({ names: ['localhost'], delegation: true })
    const { delegatedCredential, privateKeyPem } = await issueDelegatedCredential({ ...holder, key: 'ed25519' })
    return {
      identity: { cert: holder.chainPem, key: privateKeyPem, delegatedCredential },
      cert: undefined,
      key: undefined,
    }
  }
  const both = [client.delegatedCredentials, server.delegatedCredentials] as const

  it('sign in place of the certificate', async () => {
    const far = (await delegatedIdentity()) as never
    expect((await meet([[both[0]], { certificates }], [[both[1]], far])).ofClient.delegatedUntil).toBeGreaterThan(0)
  })

  it('are asked for by their option, and by an identity that has one', async () => {
    await expect(attempt({ certificates })).rejects.toEqual(
      refusing('certificates.delegatedCredentials', 'delegatedCredentials'),
    )
    expect(() => server.createServer({ ...identity, certificates })).toThrow(
      refusing('certificates.delegatedCredentials', 'delegatedCredentials'),
    )
    const far = (await delegatedIdentity()) as never
    const [near, other] = pair()
    const { accept } = server.createServer({ ...identity, ...(far as object) })
    const connecting = client.connect(near, { provider, serverName: 'localhost', verifier })
    await Promise.all([
      expect(accept(other)).rejects.toEqual(refusing('identity', 'delegatedCredentials')),
      expect(connecting).rejects.toMatchObject({ received: 'internal_error' }),
    ])
  })

  it('are not used by a client that takes none', async () => {
    const far = (await delegatedIdentity()) as never
    await expect(meet([[]], [[both[1]], far])).rejects.toMatchObject({ code: 'no_common_signature_scheme' })
  })
})

describe('a shaped hello', () => {
  const seen = async (features: readonly ClientFeature[], hello: ClientOptions['hello']) => {
    const { ofServer } = await meet([features, { ...(hello && { hello }) }], [[]])
    return ofServer.clientHello
  }

  it('has reserved values, another order, or what the application makes of it', async () => {
    const greased = await seen([client.helloShaping], { grease: true, permuteExtensions: true })
    expect(greased?.cipherSuites.some(isGrease)).toBe(true)
    expect(greased?.extensions.some(isGrease)).toBe(true)
    const shape = { shape: (hello: object) => ({ ...hello, cipherSuites: [0x1301] }) as never }
    expect((await seen([client.helloShaping], shape))?.cipherSuites).toEqual([0x1301])
  })

  it.each([
    ['hello.grease', { grease: true }],
    ['hello.permuteExtensions', { permuteExtensions: true }],
    ['hello.shape', { shape: (hello: never) => hello } as never],
  ] as const)('is asked for by the option %s', async (option, hello) => {
    await expect(attempt({ hello })).rejects.toEqual(refusing(option, 'helloShaping'))
  })

  it('is not there without: no value is reserved, and the order is always the same', async () => {
    const [one, other] = [await seen([], undefined), await seen([], { grease: false })]
    expect(one?.cipherSuites.some(isGrease)).toBe(false)
    expect(one?.extensions).toEqual(other?.extensions)
  })
})
