// RFC 9846 sections 4.4 to 4.6: which messages come after ServerHello, in which order, and what stands in them. Tests
// are named after the section.

import { describe, expect, it } from 'vitest'
import { memorySessionCache } from '../../src/session/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import type { Messages13 } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { clientOf, connectEngines, errorOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../fixtures/identities.ts'
import { expectRefusal, misbehaving, oneSuite, raw, refusedBy, tls13, withExtension } from './misbehaving.ts'
import { dataOf, hellosOf, recorder, takingEarlyData } from './recorded.ts'

const clientAuth = { mode: 'request', verifier: anyCertificate } as const
const key = new Uint8Array(32).fill(5)
const psk = { keys: { identity: 'a device', key } } as const
const lookup = () => ({ key })

/** The types of what each side sent in a handshake, without tickets. */
const sentIn = async (client: TestClientOptions, server: TestServerOptions) => {
  const { ofClient, ofServer, meeting } = await hellosOf(
    { ...tls13, ...client },
    { ...tls13, tickets: false, ...server },
  )
  return { client: ofClient.types(), server: ofServer.types(), ofClient, ofServer, meeting }
}

describe("a server's flight", () => {
  it('has EncryptedExtensions right after ServerHello, if there is nothing to say (section 4.4.1)', async () => {
    const { server, ofServer } = await sentIn({ hello: { sendServerName: false } }, {})
    expect(server.slice(0, 2)).toEqual(['ServerHello', 'EncryptedExtensions'])
    expect(ofServer.sent('EncryptedExtensions')).toHaveLength(1)
  })
  it('has CertificateRequest right after EncryptedExtensions (section 4.4.2)', async () => {
    const { server } = await sentIn({}, { clientAuth })
    expect(server).toEqual([
      ...['ServerHello', 'EncryptedExtensions', 'CertificateRequest'],
      ...['Certificate', 'CertificateVerify', 'Finished'],
    ])
  })
  it('has a Certificate and its CertificateVerify, unless a PSK was chosen (section 4.5.1 and 4.5.2)', async () => {
    const { server } = await sentIn({}, {})
    expect(server.slice(2)).toEqual(['Certificate', 'CertificateVerify', 'Finished'])
    const byKey = await sentIn({ psk }, { psk: { lookup } })
    expect(byKey.server.slice(2)).toEqual(['Finished'])
  })
  it('names in a CertificateRequest what may sign (section 4.4.2)', async () => {
    const { ofServer } = await sentIn({}, { clientAuth, signatureSchemes: ['ed25519'] })
    const [request] = ofServer.sent('CertificateRequest')
    expect(request && dataOf(request, extensionTypes.signature_algorithms)).toEqual(Uint8Array.of(0, 2, 8, 7))
  })
  it('has its own certificate first, whatever else is in the chain (section 4.5.1)', async () => {
    const own = { cert: [ecdsa.cert, rsa.cert].join(''), key: ecdsa.key }
    const { ofServer, meeting } = await sentIn({}, own)
    const [message] = ofServer.sent('Certificate')
    const [leaf] = infoOf(meeting.clientEvents).peerCertificates
    expect(message?.entries).toHaveLength(2)
    expect(message?.entries[0]?.data).toEqual(leaf)
    expect(() => serverOf({ ...own, key: rsa.key })).toThrow(expect.objectContaining({ code: 'key_mismatch' }))
  })
  it('has a certificate in its list: an identity without one is refused (section 4.5.1)', async () => {
    for (const cert of [[], ''])
      expect(() => serverOf({ cert, key: ecdsa.key })).toThrow(/no certificate in it|no PEM block/)
    const identity = async () => []
    await refusedBy('server', {}, { identity }, 'no_identity', 'unrecognized_name')
  })
  it('has a staple for a client that asks, and for no other (section 4.5.1)', async () => {
    const ocspResponse = Uint8Array.of(0x30, 3, 0x0a, 1, 6)
    const stapled = async (requestOcsp: boolean) => {
      const { ofServer } = await sentIn({ certificates: { requestOcsp } }, { identity: { ...ecdsa, ocspResponse } })
      return ofServer.sent('Certificate')[0]?.entries.map((entry) => dataOf(entry, extensionTypes.status_request))
    }
    expect(await stapled(true)).toEqual([concat(Uint8Array.of(1, 0, 0, 5), ocspResponse)]) // a CertificateStatus
    expect(await stapled(false)).toEqual([undefined])
  })
  it('says nothing of status_request_v2, which TLS 1.3 ignores (section 4.5.1.1)', async () => {
    const v2 = { type: 17, data: Uint8Array.of(0, 7, 2, 0, 4, 0, 0, 0, 0) }
    const shape = <T extends { readonly extensions?: readonly object[] | undefined }>(hello: T): T => ({
      ...hello,
      extensions: [...(hello.extensions ?? []), v2],
    })
    const { ofServer } = await sentIn({ hello: { shape } }, { clientAuth })
    const blocks = [
      ...ofServer.sent('EncryptedExtensions'),
      ...ofServer.sent('CertificateRequest'),
      ...ofServer.sent('Certificate').flatMap(({ entries }) => entries),
    ]
    expect(blocks.length).toBeGreaterThan(2)
    expect(blocks.map((block) => dataOf(block, 17))).toEqual(blocks.map(() => undefined))
  })
  it('is signed by a scheme that the client listed, or there is no handshake (section 4.5.2)', async () => {
    const schemeOf = async (signatureSchemes: readonly string[]) =>
      (await sentIn({ signatureSchemes }, rsa)).ofServer.sent('CertificateVerify')[0]?.scheme
    expect(await schemeOf(['rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha256'])).toBe(0x0805)
    expect(await schemeOf(['rsa_pss_rsae_sha512', 'rsa_pss_rsae_sha256'])).toBe(0x0806)
    await refusedBy('server', { signatureSchemes: ['ed25519'] }, rsa, 'no_common_signature_scheme', 'handshake_failure')
  })
  it('shows the certificate whose key fits a scheme of the client (section 4.5.1.2)', async () => {
    const identity = [ecdsa, rsa, ed25519]
    for (const [scheme, id] of [
      ['ed25519', 0x0807],
      ['rsa_pss_rsae_sha256', 0x0804],
      ['ecdsa_secp256r1_sha256', 0x0403],
    ] as const) {
      const { ofServer } = await sentIn({ signatureSchemes: [scheme] }, { identity })
      expect(ofServer.sent('CertificateVerify').map((message) => message.scheme)).toEqual([id])
    }
  })
})

describe("a client's flight", () => {
  it('has no Certificate where none was asked for (section 4.5.1)', async () => {
    expect((await sentIn(rsa, {})).client).toEqual(['ClientHello', 'Finished'])
  })
  it('has Certificate, CertificateVerify and Finished where one was (section 4.5.1 and 4.5.2)', async () => {
    const { client } = await sentIn(rsa, { clientAuth })
    expect(client).toEqual(['ClientHello', 'Certificate', 'CertificateVerify', 'Finished'])
  })
  it('has Finished after an empty Certificate (section 4.5.1)', async () => {
    const { client, ofClient, meeting } = await sentIn({}, { clientAuth })
    infoOf(meeting.serverEvents)
    expect(client).toEqual(['ClientHello', 'Certificate', 'Finished'])
    expect(ofClient.sent('Certificate')[0]?.entries).toEqual([])
  })
  it('is signed by a scheme of the CertificateRequest, or is empty (section 4.5.2)', async () => {
    const schemeOf = async (signatureSchemes: readonly string[]) =>
      (await sentIn(rsa, { ...ecdsa, clientAuth, signatureSchemes })).ofClient.sent('CertificateVerify')[0]?.scheme
    expect(await schemeOf(['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha512'])).toBe(0x0806)
    expect(await schemeOf(['rsa_pss_rsae_sha256', 'ecdsa_secp256r1_sha256'])).toBe(0x0804)
    expect(await schemeOf(['ecdsa_secp256r1_sha256'])).toBeUndefined()
  })
  it('has no staple, also where the server asks for one (section 4.5.1.1)', async () => {
    const asking = misbehaving({
      CertificateRequest: (fields) => ({
        ...fields,
        extensions: withExtension(fields.extensions, extensionTypes.status_request),
      }),
    })
    const client = recorder()
    const meeting = await meet({ ...tls13, ...rsa, seam: client.seam }, { ...tls13, clientAuth, seam: asking })
    infoOf(meeting.serverEvents)
    expect(client.sent('Certificate')[0]?.entries.map(({ extensions }) => extensions)).toEqual([[]])
  })
})

describe('CertificateVerify of a client', () => {
  it('left out is unexpected_message (section 4.5.2)', async () => {
    const seam = misbehaving({ CertificateVerify: () => [] })
    await refusedBy('server', { ...rsa, seam }, { clientAuth }, 'unexpected_message', 'unexpected_message')
  })
})

describe('records after Finished', () => {
  it('of the server are under its application keys, alerts about the client too (section 4.5.3)', async () => {
    const seam = misbehaving({ CertificateVerify: (fields) => ({ ...fields, signature: new Uint8Array(8) }) })
    const [client, server] = [clientOf({ ...oneSuite, ...rsa, seam }), serverOf({ ...oneSuite, clientAuth })]
    const meeting = await connectEngines(client, server)
    // the client has the keys of the application since the server's Finished, and no others
    expectRefusal('server', meeting, 'bad_signature', 'decrypt_error')
    expect(errorOf(meeting.clientEvents)).toMatchObject({ code: 'alert_received', received: 'decrypt_error' })
  })
})

describe('EndOfEarlyData', () => {
  it('from a server is unexpected_message, in the handshake and after it (section 4.6)', async () => {
    const end = raw('EndOfEarlyData', {})
    for (const violation of [
      { EncryptedExtensions: (fields: Messages13['EncryptedExtensions']) => [raw('EncryptedExtensions', fields), end] },
      { NewSessionTicket: () => [end] },
    ])
      await refusedBy(
        'client',
        {},
        { ...takingEarlyData(), seam: misbehaving(violation) },
        'unexpected_message',
        'unexpected_message',
      )
  })
  it('is sent by a client alone, and not where early data was refused (section 4.6)', async () => {
    const [sessions, options] = [memorySessionCache(), takingEarlyData()]
    await hellosOf({ ...tls13, sessions }, options)
    const earlyData = Uint8Array.of(1, 2, 3)
    const taken = await hellosOf({ ...tls13, sessions, earlyData }, options)
    expect(infoOf(taken.meeting.serverEvents).earlyData).toBe('accepted')
    expect(taken.ofClient.types()).toEqual(['ClientHello', 'EndOfEarlyData', 'Finished'])
    expect(taken.ofServer.types()).not.toContain('EndOfEarlyData')
    const refused = await hellosOf({ ...tls13, sessions, earlyData }, { ...options, earlyData: undefined } as never)
    expect(infoOf(refused.meeting.serverEvents).earlyData).toBe('rejected')
    expect(refused.ofClient.types()).toEqual(['ClientHello', 'Finished'])
  })
})
