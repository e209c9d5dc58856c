// Certificates of libp2p's handshake: the vectors of its specification, our own, and what has to be refused.

import { generateKeyPair } from '@libp2p/crypto/keys'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createPeerCertificate, peerOf } from '../../src/libp2p/certificate.ts'
import { createCa, selfSigned } from '../../src/pki/index.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { derOctets, derSequence } from '../../src/wire/der.ts'
import { parseCertificate, parseCertificates } from '../../src/x509/index.ts'
import type { Certificate } from '../../src/x509/index.ts'

interface Vector {
  readonly name: string
  readonly certificate: string
  readonly peerId: string | null
}
const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../../vectors/libp2p/certificates.json', import.meta.url), 'utf8'),
)
const signedKey = '1.3.6.1.4.1.53594.1.1'
const parsed = (pem: string): Certificate => {
  const [first] = parseCertificates(pem)
  if (first === undefined) throw new Error('no certificate')
  return first
}
const judge = (...chain: readonly Uint8Array[]) => peerOf(chain, Date.now(), nodeProvider)

describe('the vectors of the specification', () => {
  it('are all there', () => expect(vectors).toHaveLength(4))

  it.each(vectors)('$name', async ({ certificate, peerId }) => {
    const judged = judge(fromHex(certificate))
    if (peerId === null) await expect(judged).rejects.toMatchObject({ code: 'bad_certificate' })
    else expect((await judged).peer.toString()).toBe(peerId)
  })
})

describe('our certificates', () => {
  it.each(['Ed25519', 'secp256k1', 'RSA'] as const)('of an %s peer show its ID', async (type) => {
    const key = await (type === 'RSA' ? generateKeyPair('RSA', 2048) : generateKeyPair(type))
    const { cert } = await createPeerCertificate(key, Date.now)
    const { peer } = await judge(parsed(cert).der)
    expect(peer.publicKey?.equals(key.publicKey) ?? peer.toCID().equals(key.publicKey.toCID())).toBe(true)
  })
})

describe('refuses', () => {
  const own = async (clock = Date.now): Promise<Uint8Array> =>
    parsed((await createPeerCertificate(await generateKeyPair('Ed25519'), clock)).cert).der
  const made = async (...extensions: { oid: string; critical?: boolean; value: Uint8Array }[]): Promise<Uint8Array> =>
    parsed((await selfSigned({ name: 'x', extensions })).certificatePem).der

  it.each<readonly [string, () => Promise<readonly Uint8Array[]>, string, RegExp]>([
    ['no certificate', async () => [], 'bad_certificate', /shows one certificate, and not 0/],
    ['two certificates', async () => [await own(), await own()], 'bad_certificate', /and not 2/],
    [
      'one that is not valid yet',
      async () => [await own(() => Date.now() + 7_200_000)],
      'certificate_expired',
      /not valid now/,
    ],
    ['one without the extension', async () => [await made()], 'bad_certificate', /has no libp2p Public Key/],
    [
      'an unknown critical extension',
      async () => [await made({ oid: '1.2.3.4', critical: true, value: derOctets(new Uint8Array(1)) })],
      'bad_certificate',
      /critical extension that is not known: 1.2.3.4/,
    ],
    [
      'an extension that is no SignedKey',
      async () => [await made({ oid: signedKey, value: fromHex('0500') })],
      'bad_certificate',
      /SignedKey/,
    ],
    [
      'an invalid key',
      async () => [
        await made({
          oid: signedKey,
          value: derSequence(derOctets(Uint8Array.of(8, 9)), derOctets(new Uint8Array(64))),
        }),
      ],
      'bad_certificate',
      /key in the certificate cannot be read/,
    ],
    [
      'one of a CA, though its key is vouched for',
      async () => {
        const ca = await createCa({ name: 'CA' })
        const { value } = parseCertificate(await own()).extension(signedKey) ?? { value: new Uint8Array(0) }
        const { certificatePem } = await ca.issue({ names: ['x.test'], extensions: [{ oid: signedKey, value }] })
        return [parsed(certificatePem).der]
      },
      'bad_certificate',
      /not signed by its own key/,
    ],
    [
      'a changed certificate',
      async () => {
        const der = (await own()).slice()
        der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
        return [der]
      },
      'bad_certificate',
      /not signed by its own key/,
    ],
  ])('%s', async (_, chain, code, says) => {
    const message: unknown = expect.stringMatching(says)
    await expect(judge(...(await chain()))).rejects.toMatchObject({ name: 'TlsError', code, message })
  })

  it.each([1, -1])('an ECDSA key whose length is not the one that its protobuf says: %i', async (more) => {
    const { spki } = parsed((await selfSigned({ name: 'x' })).certificatePem).publicKey
    const key = Uint8Array.of(0x08, 3, 0x12, spki.length + more, ...spki)
    const value = derSequence(derOctets(key), derOctets(new Uint8Array(64)))
    await expect(judge(await made({ oid: signedKey, value }))).rejects.toMatchObject({
      code: 'bad_certificate',
      cause: { message: expect.stringContaining('malformed protobuf') },
    })
  })

  it('one that has expired', async () => {
    const der = await own()
    await expect(peerOf([der], Date.now() + 101 * 365.25 * 86_400_000, nodeProvider)).rejects.toMatchObject({
      code: 'certificate_expired',
    })
  })
})
