// Which of several identities a client or a server shows (RFC 9846 section 4.5.1.2 and 4.5.1.3, RFC 5246 section 7.4.4
// and 7.4.6).

import { beforeAll, describe, expect, it } from 'vitest'
import type { CertificateRequestInfo, IdentityOptions } from '../../../src/options.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { createCa } from '../../../src/pki/index.ts'
import { clientHelloExtensions, encodeExtensions } from '../../../src/wire/extensions.ts'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import { decodePem } from '../../../src/wire/pem.ts'
import { errorOf, infoOf, meet } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../../fixtures/identities.ts'
import { misbehaving } from '../misbehaving.ts'

interface Issued {
  readonly identity: IdentityOptions
  /** The distinguished name of the root above it (DER). */
  readonly root: Uint8Array
  readonly leaf: Uint8Array
}

let north: Issued
let south: Issued

const issued = async (name: string): Promise<Issued> => {
  const ca = await createCa({ name })
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['server.test'] })
  const [leaf = new Uint8Array(0)] = decodePem(chainPem).map(({ bytes }) => bytes)
  return { identity: { cert: chainPem, key: privateKeyPem }, root: parseCertificate(leaf).issuer.der, leaf }
}

beforeAll(async () => {
  north = await issued('North')
  south = await issued('South')
})

type Version = Pick<TestClientOptions & TestServerOptions, 'versions'>
const versions: readonly Version[] = [{ versions: { min: 'TLS 1.3' } }, { versions: { max: 'TLS 1.2' } }]

/** The key type of the certificate that the client sent; undefined if it sent none. */
const clientShows = async (
  version: Version,
  client: TestClientOptions,
  server: TestServerOptions = {},
): Promise<string | undefined> => {
  const { clientEvents, serverEvents } = await meet(
    { ...version, ...client },
    { clientAuth: { mode: 'request', verifier: anyCertificate }, ...server },
  )
  infoOf(clientEvents)
  const [leaf] = infoOf(serverEvents).peerCertificates
  return leaf && parseCertificate(leaf).publicKey.type
}

describe.each(versions)('a client with several identities: %j', (version) => {
  it('shows the first that fits', async () => {
    expect(await clientShows(version, { identity: [ecdsa, rsa, ed25519] })).toBe('p256')
    expect(await clientShows(version, { identity: [ed25519, ecdsa] })).toBe('ed25519')
  })

  it.each<readonly [readonly string[], string | undefined]>([
    [['rsa_pss_rsae_sha256'], 'rsa'],
    [['ed25519', 'rsa_pss_rsae_sha256'], 'rsa'],
    [['ed25519'], 'ed25519'],
    [['ecdsa_secp384r1_sha384'], undefined],
  ])('by the schemes of the server: %j', async (signatureSchemes, shown) => {
    // any curve with any ECDSA scheme in TLS 1.2
    const expected = shown === undefined && version.versions?.max ? 'p256' : shown
    expect(await clientShows(version, { identity: [ecdsa, rsa, ed25519] }, { signatureSchemes })).toBe(expected)
  })

  it('one of an authority that the server names is preferred to the others', async () => {
    const seen: CertificateRequestInfo[] = []
    const identity = (request: CertificateRequestInfo) => (seen.push(request), [north.identity, south.identity])
    const { serverEvents } = await meet(
      { ...version, identity },
      { clientAuth: { mode: 'request', verifier: anyCertificate, authorities: [south.root] } },
    )
    expect(infoOf(serverEvents).peerCertificates[0]).toEqual(south.leaf)
    expect(seen).toMatchObject([{ authorities: [south.root] }])
  })

  it('where the server names others, the first is shown all the same', async () => {
    const { serverEvents } = await meet(
      { ...version, identity: [north.identity, ecdsa] },
      { clientAuth: { mode: 'request', verifier: anyCertificate, authorities: [south.root] } },
    )
    expect(infoOf(serverEvents).peerCertificates[0]).toEqual(north.leaf)
  })

  it.each([true, false])(
    'one that is only for its issuers is kept back from others: server names authorities %s',
    async (names) => {
      const reserved = { ...north.identity, onlyForItsIssuers: true }
      const authorities = names ? [south.root] : []
      expect(
        await clientShows(
          version,
          { identity: reserved },
          { clientAuth: { mode: 'request', verifier: anyCertificate, authorities } },
        ),
      ).toBeUndefined()
      expect(
        await clientShows(
          version,
          { identity: [reserved, rsa] },
          { clientAuth: { mode: 'request', verifier: anyCertificate, authorities } },
        ),
      ).toBe('rsa')
      const named = { mode: 'request' as const, verifier: anyCertificate, authorities: [south.root, north.root] }
      expect(await clientShows(version, { identity: [rsa, reserved] }, { clientAuth: named })).toBe('p256')
    },
  )

  it('a function that gives nothing, or an empty list, is a client without certificate', async () => {
    expect(await clientShows(version, { identity: () => undefined })).toBeUndefined()
    expect(await clientShows(version, { identity: () => Promise.resolve([]) })).toBeUndefined()
    expect(await clientShows(version, { identity: [] })).toBeUndefined()
  })

  it('a key that does not belong to its certificate is refused, wherever it is in the list', async () => {
    await expect(meet({ ...version, identity: [ecdsa, { cert: rsa.cert, key: ecdsa.key }] })).rejects.toMatchObject({
      code: 'key_mismatch',
    })
  })
})

describe.each(versions)('a server with several identities: %j', (version) => {
  const naming = (...names: readonly Uint8Array[]): TestClientOptions => ({
    seam: misbehaving({
      ClientHello: (hello) => ({
        ...hello,
        extensions: [
          ...encodeExtensions(clientHelloExtensions, { certificate_authorities: names }),
          ...(hello.extensions ?? []),
        ],
      }),
    }),
  })
  /** The hello that went out was not the one that was hashed, so only the server's choice is looked at. */
  const serverShows = async (
    client: TestClientOptions,
    identity: readonly IdentityOptions[],
  ): Promise<Uint8Array | undefined> => {
    let shown: Uint8Array | undefined
    const verifier = {
      ...anyCertificate,
      verify: (request: Parameters<typeof anyCertificate.verify>[0]) => (
        (shown = request.chain[0]),
        anyCertificate.verify(request)
      ),
    }
    await meet({ ...version, ...client, verifier }, { identity })
    return shown
  }

  it('one of an authority that the client names is preferred to the others (RFC 9846 section 4.3.4)', async () => {
    expect(await serverShows({}, [north.identity, south.identity])).toEqual(north.leaf)
    expect(await serverShows(naming(south.root), [north.identity, south.identity])).toEqual(south.leaf)
  })

  it('one that is only for its issuers is kept back from others', async () => {
    const reserved = { ...north.identity, onlyForItsIssuers: true }
    expect(await serverShows({}, [reserved, south.identity])).toEqual(south.leaf)
    expect(await serverShows(naming(north.root), [reserved, south.identity])).toEqual(north.leaf)
    const { serverEvents } = await meet({ ...version }, { identity: [reserved] })
    expect(errorOf(serverEvents)).toMatchObject({ code: 'no_common_signature_scheme', alert: 'handshake_failure' })
  })
})
