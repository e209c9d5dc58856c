// What people meet when two ends do not fit: each has a code of its own, a sentence that says what happened, the fault,
// and the alert that the RFC asks for.

import { beforeAll, describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { AlertName, Fault, TlsErrorCode } from '../../../src/errors.ts'
import type { TlsEngine } from '../../../src/engine/every.ts'
import { TlsError, tlsErrorCodes } from '../../../src/errors.ts'
import type { ClientOptions, ServerOptions } from '../../../src/options.ts'
import { createCa } from '../../../src/pki/index.ts'
import type { Ca } from '../../../src/pki/index.ts'
import { chainVerifier } from '../../../src/x509/chain-verifier.ts'
import { trustStore } from '../../../src/x509/trust.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { clientOf, errorOf, eventsOf, meet, serverOf } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../../fixtures/identities.ts'
import { records } from '../../attacks/wire.ts'
import { plainRecord, tls13 } from '../misbehaving.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a client or server says to bytes that come first. */
const firstWords = (side: 'client' | 'server', bytes: Uint8Array): TlsError => {
  const engine = side === 'client' ? clientOf(tls13) : serverOf(tls13)
  engine.receive(bytes)
  return errorOf(engine.takeEvents())
}

interface Expected {
  readonly code: TlsErrorCode
  readonly fault: Fault
  readonly alert: AlertName | undefined
}

const checkError = (error: TlsError, expected: Expected, sentence: RegExp): void => {
  expect(error).toBeInstanceOf(TlsError)
  expect({ code: error.code, fault: error.fault, alert: error.alert }, error.message).toEqual(expected)
  expect(error.message).toMatch(sentence)
  if (expected.fault !== 'caller') expect(error.message.length).toBeLessThan(400)
}

describe('not TLS at all', () => {
  const expected: Expected = { code: 'not_tls', fault: 'peer-misbehaved', alert: 'protocol_version' }
  it.each<readonly ['client' | 'server', string, Uint8Array, RegExp]>([
    [
      'client',
      'an HTTP server',
      ascii('HTTP/1.1 400 Bad Request\r\n'),
      /the peer sent plain text, starting with HTTP\/1\.1/,
    ],
    [
      'client',
      'an SMTP server',
      ascii('220 mail.example ESMTP\r\n'),
      /plain text, starting with "220 mail.example ESMTP".*STARTTLS/,
    ],
    ['client', 'an SSH server', ascii('SSH-2.0-OpenSSH_9.7\r\n'), /starting with "SSH-2.0-OpenSSH_9.7"/],
    [
      'server',
      'an HTTP client',
      ascii('GET / HTTP/1.1\r\nHost: a\r\n'),
      /the peer sent plain text, starting with "GET \/ HTTP\/1.1": it has to use https$/,
    ],
    ['server', 'an SSL 2.0 hello', Uint8Array.of(0x80, 0x2e, 1, 0, 2, 0, 0x15), /SSL 2\.0.*RFC 6176/],
    ['server', 'noise', Uint8Array.of(0xfe, 0, 0xff, 9, 8, 7), /first byte is 0xfe/],
  ])('%s: %s', (side, _, bytes, sentence) => checkError(firstWords(side, bytes), expected, sentence))
})

describe('wrong version', () => {
  const expected: Expected = { code: 'protocol_version', fault: 'peer-incompatible', alert: 'protocol_version' }
  it('a client of TLS 1.3 alone, a server of TLS 1.2 alone', async () => {
    const { clientEvents, serverEvents } = await meet(tls13, { versions: { max: 'TLS 1.2' } })
    checkError(
      errorOf(serverEvents),
      expected,
      /no common version: the client offers TLS 1\.3, this server speaks TLS 1\.2/,
    )
    checkError(
      errorOf(clientEvents),
      { code: 'alert_received', fault: 'peer-incompatible', alert: undefined },
      /protocol_version: it does not speak the version offered/,
    )
  })

  it('a server that answers with TLS 1.1', () => {
    const hello = concat(Uint8Array.of(2, 0, 0, 38, 3, 2), new Uint8Array(32), Uint8Array.of(0, 0, 0x2f, 0))
    const client = clientOf()
    client.receive(plainRecord(22, hello))
    checkError(
      errorOf(client.takeEvents()),
      expected,
      /the server wants TLS 1\.1, and this client speaks TLS 1\.2 to TLS 1\.3/,
    )
  })
})

describe('nothing in common', () => {
  const handshakeFailure = (code: TlsErrorCode): Expected => ({
    code,
    fault: 'peer-incompatible',
    alert: 'handshake_failure',
  })
  it.each<readonly [string, Partial<ClientOptions>, ServerOptions, Expected, RegExp]>([
    [
      'suites',
      { cipherSuites: ['TLS_AES_128_GCM_SHA256'] },
      { cipherSuites: ['TLS_CHACHA20_POLY1305_SHA256'] },
      handshakeFailure('no_common_cipher_suite'),
      /the client offers TLS_AES_128_GCM_SHA256; this server has TLS_CHACHA20_POLY1305_SHA256/,
    ],
    [
      'groups',
      { groups: ['X25519'] },
      { groups: ['P-256'] },
      handshakeFailure('no_common_group'),
      /the client offers X25519; this server has P-256/,
    ],
    [
      'signatures',
      { signatureSchemes: ['rsa_pss_rsae_sha256'] },
      {},
      handshakeFailure('no_common_signature_scheme'),
      /takes no signature that a certificate/,
    ],
    [
      'protocols',
      { alpn: ['h2'] },
      { alpn: ['http/1.1'] },
      { code: 'no_common_protocol', fault: 'peer-incompatible', alert: 'no_application_protocol' },
      /the client offers h2; this server has http\/1\.1/,
    ],
    [
      'a certificate for the client',
      {},
      { identity: () => undefined },
      { code: 'no_identity', fault: 'peer-incompatible', alert: 'unrecognized_name' },
      /there is no certificate for server\.test/,
    ],
    [
      'a client certificate',
      {},
      { clientAuth: { mode: 'require', verifier: anyCertificate } },
      { code: 'certificate_required', fault: 'peer-incompatible', alert: 'certificate_required' },
      /requires one/,
    ],
    [
      'a client that is let in',
      {},
      { onClientHello: () => 'reject' },
      { code: 'rejected_by_server', fault: 'peer-incompatible', alert: 'handshake_failure' },
      /rejected/,
    ],
  ])('%s', async (_, client, server, expected, sentence) => {
    const { clientEvents, serverEvents } = await meet({ ...tls13, ...client }, { ...tls13, ...server })
    checkError(errorOf(serverEvents), expected, sentence)
    const [told] = eventsOf(clientEvents, 'error')
    expect(told?.error).toMatchObject({ code: 'alert_received', received: expected.alert })
  })
})

describe('certificates', () => {
  let ca: Ca
  let other: Ca
  beforeAll(async () => {
    ca = await createCa({ name: 'Test CA' })
    other = await createCa({ name: 'Another CA' })
  })
  const day = 86_400_000

  const refusal = async (
    identity: { readonly cert: string; readonly key: string },
    client: Partial<ClientOptions> = {},
  ) => {
    const verifier = chainVerifier({ provider: nodeProvider, trust: trustStore([ca.certificatePem]) })
    const { clientEvents, serverEvents } = await meet({ ...tls13, verifier, ...client }, { ...tls13, identity })
    const error = errorOf(clientEvents)
    // the alert is encrypted under keys that the server has
    expect(errorOf(serverEvents)).toMatchObject({ code: 'alert_received', received: error.alert })
    return error
  }
  const issue = async (from: Ca, options: Parameters<Ca['issue']>[0]) => {
    const { chainPem, privateKeyPem } = await from.issue(options)
    return { cert: chainPem, key: privateKeyPem }
  }

  it('a good one is taken', async () => {
    const verifier = chainVerifier({ provider: nodeProvider, trust: trustStore([ca.certificatePem]) })
    const identity = await issue(ca, { names: ['server.test'] })
    const { clientEvents } = await meet({ ...tls13, verifier }, { ...tls13, identity })
    expect(eventsOf(clientEvents, 'handshake')[0]?.info.verifiedChain).toHaveLength(2)
  })

  it('an authority that is not trusted', async () => {
    const error = await refusal(await issue(other, { names: ['server.test'] }))
    checkError(error, { code: 'unknown_ca', fault: 'certificate', alert: 'unknown_ca' }, /Another CA|trust/)
  })

  it('a certificate signed by itself', async () => {
    checkError(
      await refusal(ecdsa),
      { code: 'unknown_ca', fault: 'certificate', alert: 'unknown_ca' },
      /self-signed|itself|trust/,
    )
  })

  it('expired', async () => {
    const identity = await issue(ca, {
      names: ['server.test'],
      notBefore: Date.now() - 3 * day,
      notAfter: Date.now() - day,
    })
    checkError(
      await refusal(identity),
      { code: 'certificate_expired', fault: 'certificate', alert: 'certificate_expired' },
      /expired/,
    )
  })

  it('not valid yet', async () => {
    const identity = await issue(ca, {
      names: ['server.test'],
      notBefore: Date.now() + day,
      notAfter: Date.now() + 2 * day,
    })
    checkError(
      await refusal(identity),
      { code: 'certificate_not_yet_valid', fault: 'certificate', alert: 'certificate_expired' },
      /not valid (before|until)|not yet valid|valid from/,
    )
  })

  it('for another name', async () => {
    const error = await refusal(await issue(ca, { names: ['elsewhere.test'] }))
    checkError(
      error,
      { code: 'certificate_name_mismatch', fault: 'certificate', alert: 'bad_certificate' },
      /server\.test.*elsewhere\.test|elsewhere\.test.*server\.test/,
    )
  })

  it('for clients', async () => {
    const error = await refusal(await issue(ca, { names: ['server.test'], client: true }))
    checkError(
      error,
      { code: 'certificate_usage', fault: 'certificate', alert: 'unsupported_certificate' },
      /server|usage/i,
    )
  })

  it('a verifier that throws something of its own', async () => {
    const verifier = {
      verify: () => {
        throw new Error('pinned to another key')
      },
    }
    const error = await refusal(await issue(ca, { names: ['server.test'] }), { verifier })
    checkError(
      error,
      { code: 'verifier_refused', fault: 'certificate', alert: 'certificate_unknown' },
      /pinned to another key/,
    )
  })
})

describe('the transport', () => {
  const expected: Expected = { code: 'truncated', fault: 'transport', alert: undefined }
  it('ends before anything came', () => {
    const client = clientOf(tls13)
    client.receiveEnd()
    checkError(
      errorOf(client.takeEvents()),
      expected,
      /^the transport ended during the handshake, and no alert says why/,
    )
  })

  it('ends in the middle of a record', () => {
    const server = serverOf(tls13)
    server.receive(Uint8Array.of(22, 3, 1, 1, 0, 1, 0))
    server.receiveEnd()
    checkError(errorOf(server.takeEvents()), expected, /during the handshake/)
  })

  it('ends after the handshake', async () => {
    const { client } = await meet(tls13, tls13)
    client.receiveEnd()
    checkError(
      errorOf(client.takeEvents()),
      expected,
      /^the transport ended without a close_notify: data may be missing$/,
    )
  })
})

describe('the caller', () => {
  it.each<readonly [string, () => unknown, TlsErrorCode, RegExp]>([
    [
      'a suite that does not exist',
      () => clientOf({ cipherSuites: ['TLS_FOO'] }),
      'bad_option',
      /cipherSuites: "TLS_FOO" is not one of/,
    ],
    ['a group that does not exist', () => clientOf({ groups: ['X25518'] }), 'bad_option', /groups: "X25518"/],
    [
      'versions in the wrong order',
      () => clientOf({ versions: { min: 'TLS 1.3', max: 'TLS 1.2' } }),
      'bad_option',
      /min is above max/,
    ],
    ['an invalid server name', () => clientOf({ serverName: 'exämple.de' }), 'bad_option', /A-label/],
    [
      'a key of another certificate',
      () => serverOf({ identity: { cert: ecdsa.cert, key: rsa.key } }),
      'key_mismatch',
      /the key is rsa, the certificate has another public key \(p256\)/,
    ],
    [
      "a key in the certificate's place",
      () => serverOf({ identity: { cert: rsa.key, key: rsa.key } }),
      'bad_option',
      /there is no certificate in it/,
    ],
    ['an invalid key', () => serverOf({ identity: { cert: ecdsa.cert, key: 'hello' } }), 'bad_key', /PEM|key/],
  ])('%s', (_, action, code, sentence) => {
    let thrown: unknown
    try {
      action()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(TlsError)
    if (thrown instanceof TlsError) checkError(thrown, { code, fault: 'caller', alert: undefined }, sentence)
  })

  it('aborting a handshake tells the peer user_canceled and close_notify (RFC 9846 section 6.1)', () => {
    const client = clientOf(tls13)
    client.takeOutput()
    client.abort()
    expect(concat(...client.takeOutput())).toEqual(
      concat(plainRecord(21, Uint8Array.of(1, 90)), plainRecord(21, Uint8Array.of(1, 0))),
    )
    checkError(errorOf(client.takeEvents()), { code: 'aborted', fault: 'caller', alert: 'user_canceled' }, /aborted/)
  })

  it.each<readonly [string, (client: TlsEngine, server: TlsEngine) => TlsEngine, readonly (readonly number[])[]]>([
    [
      'a client that has the ServerHello of TLS 1.2 and has not sent its Finished',
      (client, server) => {
        server.receive(concat(...client.takeOutput()))
        client.receive(concat(...server.takeOutput()).subarray(0, 5 + 4))
        return client
      },
      [
        [1, 90],
        [1, 0],
      ],
    ],
    [
      'a server before the ClientHello',
      (_, server) => server,
      [
        [1, 90],
        [1, 0],
      ],
    ],
    [
      'a server that has answered, whose peer may be done: a fatal alert, which is no clean end',
      (client, server) => {
        server.receive(concat(...client.takeOutput()))
        server.takeOutput()
        return server
      },
      [[2, 80]],
    ],
  ])('aborted in the handshake: %s', (_, prepare, alerts) => {
    const options = { versions: { max: 'TLS 1.2' } } as const
    const engine = prepare(clientOf(options), serverOf({ ...ecdsa, ...options }))
    engine.takeOutput()
    engine.abort()
    expect(records(concat(...engine.takeOutput())).map((record) => [...record.subarray(5)])).toEqual(alerts)
  })
})

describe('the table of codes', () => {
  it.each(tlsErrorCodes)('%s has a fault, and an alert wherever a peer can be told', (code) => {
    const { fault, alert } = new TlsError(code, 'x')
    if (['peer-misbehaved', 'certificate', 'internal'].includes(fault)) expect(alert).toBeDefined()
    else expect(['peer-incompatible', 'caller', 'transport']).toContain(fault)
  })
})
