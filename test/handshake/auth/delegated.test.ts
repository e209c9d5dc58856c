// Delegated credentials (RFC 9345): both ends, and each rule of sections 4.1 and 4.2 broken once.

import { createPrivateKey, sign } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { IdentityOptions } from '../../../src/options.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { createCa, issueDelegatedCredential } from '../../../src/pki/index.ts'
import type { Issued } from '../../../src/pki/index.ts'
import {
  delegationContent,
  encodeDelegatedCredential,
  readDelegatedCredential,
} from '../../../src/x509/delegated-credential.ts'
import type { DelegatedCredential } from '../../../src/x509/delegated-credential.ts'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { rotatingTicketKeys } from '../../../src/session/index.ts'
import { errorOf, eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../../fixtures/identities.ts'
import { misbehaving, tls13 } from '../misbehaving.ts'

const DAY = 86_400
const none = new Uint8Array(0)
const taking = { ...tls13, certificates: { delegatedCredentials: true } } as const

let holder: Issued
let plainHolder: Issued
let delegated: IdentityOptions
let fallback: IdentityOptions

beforeAll(async () => {
  const ca = await createCa({ name: 'Delegation' })
  holder = await ca.issue({ names: ['server.test'], delegation: true, server: true, client: true })
  plainHolder = await ca.issue({ names: ['server.test'] })
  const { delegatedCredential, privateKeyPem } = await issueDelegatedCredential({ ...holder, key: 'ed25519' })
  delegated = { cert: holder.chainPem, key: privateKeyPem, delegatedCredential }
  fallback = { cert: holder.chainPem, key: holder.privateKeyPem }
})

describe('a server with a delegated credential (section 4.1.1)', () => {
  it('signs with its key for a client that takes it, and the client says until when', async () => {
    const { clientEvents } = await meet(taking, { identity: [delegated, fallback] })
    const info = infoOf(clientEvents)
    expect(info.signatureScheme).toBe('ed25519')
    const { validTime } = readDelegatedCredential(delegated.delegatedCredential ?? none)
    expect(info.delegatedUntil).toBe(parseCertificate(holder.certificate).notBefore + 1000 * validTime)
  })

  it('a session that began with one goes on only where credentials are still taken', async () => {
    const server = {
      identity: [delegated, fallback],
      tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
    }
    const { clientEvents } = await meet(taking, server)
    const session = eventsOf(clientEvents, 'session')[0]?.session ?? none
    const resumed = infoOf((await meet({ ...taking, session }, server)).clientEvents)
    const { signatureScheme, delegatedUntil } = infoOf(clientEvents)
    expect(delegatedUntil).toBeGreaterThan(0)
    expect(resumed).toMatchObject({ resumed: true, signatureScheme, delegatedUntil })
    expect(infoOf((await meet({ ...tls13, session }, server)).clientEvents).resumed).toBe(false)
  })

  it.each<readonly [string, TestClientOptions]>([
    ['does not ask', tls13],
    ['speaks TLS 1.2', { certificates: { delegatedCredentials: true }, versions: { max: 'TLS 1.2' } }],
    ['takes no such key', { ...tls13, certificates: { delegatedCredentials: ['ecdsa_secp384r1_sha384'] } }],
  ])('uses its other identity where the client %s', async (_, client) => {
    const { clientEvents } = await meet(client, { identity: [delegated, fallback] })
    expect(infoOf(clientEvents)).toMatchObject({ signatureScheme: 'ecdsa_secp256r1_sha256' })
    expect(infoOf(clientEvents).delegatedUntil).toBeUndefined()
  })

  it('does not show one that has ended', async () => {
    const { clientEvents } = await meet(taking, {
      identity: [delegated, fallback],
      clock: () => Date.now() + 2 * DAY * 1000,
    })
    expect(infoOf(clientEvents).signatureScheme).toBe('ecdsa_secp256r1_sha256')
  })

  it('has no identity for a client that takes the key but not the signature on it', async () => {
    const { serverEvents } = await meet(
      { ...taking, signatureSchemes: ['ed25519'] },
      { identity: [delegated, fallback] },
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'no_common_signature_scheme' })
  })

  it.each<readonly [string, (given: IdentityOptions) => IdentityOptions, string]>([
    ['a key of another credential', (given) => ({ ...given, key: ecdsa.key }), 'key_mismatch'],
    ['the key of the certificate', (given) => ({ ...given, key: holder.privateKeyPem }), 'key_mismatch'],
    [
      'half a credential',
      (given) => ({ ...given, delegatedCredential: (given.delegatedCredential ?? none).subarray(0, 40) }),
      'decode_error',
    ],
    [
      'a scheme of rsaEncryption keys (section 4)',
      (given) => ({ ...given, delegatedCredential: changed((dc) => ({ ...dc, scheme: 0x0804 })) }),
      'bad_option',
    ],
    [
      'a scheme of another kind of key',
      (given) => ({ ...given, delegatedCredential: changed((dc) => ({ ...dc, scheme: 0x0403 })) }),
      'bad_option',
    ],
  ])('%s is refused with the config', async (_, change, code) => {
    await expect(meet(taking, { identity: change(delegated) })).rejects.toMatchObject({ code })
  })
})

/** The credential with other fields, and the holder's signature over them. */
const changed = (change: (honest: DelegatedCredential) => DelegatedCredential, signer: Issued = holder): Uint8Array => {
  const fields = change(readDelegatedCredential(delegated.delegatedCredential ?? none))
  const content = delegationContent('server', signer.certificate, fields, fields.algorithm)
  return encodeDelegatedCredential({
    ...fields,
    signature: sign('sha256', content, createPrivateKey(signer.privateKeyPem)),
  })
}

/** Sends `bytes` as the credential of the leaf. */
const withCredential = (bytes: Uint8Array): NonNullable<TestClientOptions['seam']> =>
  misbehaving({
    Certificate: (fields) => ({
      ...fields,
      entries: fields.entries.map((entry, index) =>
        index > 0 ? entry : { ...entry, extensions: [{ type: 34, data: bytes }] },
      ),
    }),
  })

/** What a client makes of a server that sends `bytes` as its credential, with everything after it honest. */
const refusal = async (bytes: Uint8Array, client: TestClientOptions = taking, cert = holder.chainPem) => {
  const seam = withCredential(bytes)
  const { clientEvents } = await meet(client, { identity: [{ ...delegated, cert }, { ...fallback }], seam })
  return errorOf(clientEvents)
}

describe('validating a delegated credential (section 4.1.3)', () => {
  it('what is re-signed without a change is taken, so the refusals below are for what was changed', async () => {
    await expect(refusal(changed((dc) => dc))).rejects.toThrow(/no error/)
  })

  it.each<readonly [string, (honest: DelegatedCredential) => DelegatedCredential, RegExp]>([
    ['that has ended', (dc) => ({ ...dc, validTime: 0 }), /it ended at/],
    ['for longer than seven days', (dc) => ({ ...dc, validTime: dc.validTime + 7 * DAY }), /more than 604800 seconds/],
    ['for a scheme that was not offered', (dc) => ({ ...dc, scheme: 0x0403 }), /not offered for credentials/],
    ['for rsa_pss_rsae (section 4)', (dc) => ({ ...dc, scheme: 0x0804 }), /not offered for credentials/],
    ['signed with a scheme that was not offered', (dc) => ({ ...dc, algorithm: 0x0401 }), /which was not offered/],
    [
      "signed with a scheme that is not of the certificate's key",
      (dc) => ({ ...dc, algorithm: 0x0503 }),
      /not of the certificate's key/,
    ],
    ['whose key is not one', (dc) => ({ ...dc, spki: Uint8Array.of(0x30, 0) }), /its key cannot be read/],
    [
      'whose key is of another kind',
      (dc) => ({ ...dc, spki: parseCertificate(holder.certificate).spki }),
      /a key of type p256 for ed25519/,
    ],
  ])('one %s is illegal_parameter', async (_, change, message) => {
    const error = await refusal(changed(change), { ...tls13, certificates: { delegatedCredentials: ['ed25519'] } })
    expect(error).toMatchObject({
      code: 'illegal_parameter',
      alert: 'illegal_parameter',
      message: expect.stringMatching(message),
    })
  })

  it('one with another signature is illegal_parameter', async () => {
    const honest = readDelegatedCredential(delegated.delegatedCredential ?? none)
    const error = await refusal(encodeDelegatedCredential({ ...honest, validTime: honest.validTime - 1 }))
    expect(error).toMatchObject({ code: 'illegal_parameter', message: expect.stringMatching(/does not verify/) })
  })

  it('one made for a client is illegal_parameter from a server: the context differs (section 4)', async () => {
    const { delegatedCredential, privateKeyPem } = await issueDelegatedCredential({
      ...holder,
      key: 'ed25519',
      signer: 'client',
    })
    const { clientEvents } = await meet(taking, {
      identity: { cert: holder.chainPem, key: privateKeyPem, delegatedCredential },
    })
    expect(errorOf(clientEvents)).toMatchObject({
      code: 'illegal_parameter',
      message: expect.stringMatching(/does not verify/),
    })
  })

  it('a certificate without DelegationUsage delegates nothing (section 4.2)', async () => {
    const error = await refusal(
      changed((dc) => dc, plainHolder),
      taking,
      plainHolder.chainPem,
    )
    expect(error).toMatchObject({ code: 'illegal_parameter', message: expect.stringMatching(/no DelegationUsage/) })
  })

  it('half a credential is decode_error', async () => {
    expect(await refusal((delegated.delegatedCredential ?? none).subarray(0, 30))).toMatchObject({
      code: 'decode_error',
    })
  })

  it("CertificateVerify by another scheme than the credential's is illegal_parameter", async () => {
    const seam = misbehaving({ CertificateVerify: (fields) => ({ ...fields, scheme: 0x0403 }) })
    const { clientEvents } = await meet(taking, { identity: delegated, seam })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'illegal_parameter' })
  })

  it('CertificateVerify by the key of the certificate is refused', async () => {
    const bytes = delegated.delegatedCredential ?? none
    const seam = withCredential(bytes)
    const { clientEvents } = await meet(taking, { identity: fallback, seam })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'illegal_parameter' })
  })

  it('one that was not asked for is unexpected_message (section 4.1.1)', async () => {
    expect(await refusal(delegated.delegatedCredential ?? none, tls13)).toMatchObject({ code: 'unexpected_message' })
  })
})

describe('a client with a delegated credential (section 4.1.2)', () => {
  const clientAuth = { mode: 'require', verifier: anyCertificate } as const
  let identity: IdentityOptions
  beforeAll(async () => {
    const { delegatedCredential, privateKeyPem } = await issueDelegatedCredential({
      ...holder,
      signer: 'client',
      lifetimeSeconds: 7 * DAY,
    })
    identity = { cert: holder.chainPem, key: privateKeyPem, delegatedCredential }
  })

  it('is who its certificate says', async () => {
    const { serverEvents } = await meet(
      { ...tls13, identity },
      { ...ecdsa, clientAuth, certificates: { delegatedCredentials: true } },
    )
    expect(infoOf(serverEvents)).toMatchObject({
      signatureScheme: 'ecdsa_secp256r1_sha256',
      delegatedUntil: expect.any(Number),
      peerCertificates: [holder.certificate],
    })
  })

  it.each<Partial<TestServerOptions>>([
    {},
    { versions: { max: 'TLS 1.2' }, certificates: { delegatedCredentials: true } },
  ])('sends none to a server that does not take it: %j', async (server) => {
    const { serverEvents } = await meet(
      { identity },
      { ...ecdsa, clientAuth: { ...clientAuth, mode: 'request' }, ...server },
    )
    expect(infoOf(serverEvents).peerCertificates).toEqual([])
  })

  it('a server that did not ask refuses it with unexpected_message', async () => {
    const bytes = identity.delegatedCredential ?? none
    const seam = withCredential(bytes)
    const { serverEvents } = await meet({ ...tls13, identity: fallback, seam }, { ...ecdsa, clientAuth })
    expect(errorOf(serverEvents)).toMatchObject({ code: 'unexpected_message' })
  })
})

describe('issueDelegatedCredential', () => {
  it.each<readonly [string, () => typeof holder, object, RegExp]>([
    ['a certificate that may not delegate', () => plainHolder, {}, /DelegationUsage/],
    ['a lifetime over seven days', () => holder, { lifetimeSeconds: 7 * DAY + 1 }, /lifetime/],
    ['no lifetime at all', () => holder, { lifetimeSeconds: 0 }, /lifetime/],
    ['an RSA key', () => holder, { key: 'rsa-2048' }, /not for delegated credentials/],
  ])('refuses %s', async (_, from, options, message) => {
    await expect(issueDelegatedCredential({ ...from(), ...options })).rejects.toMatchObject({
      code: 'bad_option',
      message: expect.stringMatching(message),
    })
  })

  it('never goes beyond the certificate (section 3)', async () => {
    const { notBefore, notAfter } = parseCertificate(holder.certificate)
    const { delegatedCredential } = await issueDelegatedCredential({ ...holder, clock: () => notAfter - 1000 })
    expect(readDelegatedCredential(delegatedCredential).validTime).toBe((notAfter - notBefore) / 1000)
  })

  it('delegatedCredentials: a scheme of rsaEncryption keys is bad_option', async () => {
    await expect(
      meet({ ...tls13, certificates: { delegatedCredentials: ['rsa_pss_rsae_sha256'] } }),
    ).rejects.toMatchObject({ code: 'bad_option' })
  })
})
