// What certificates may be signed with (RFC 9846 section 4.3.3 and 4.5.1.2, RFC 5246 section 7.4.2): an end shows a
// chain that the other can verify if it has one, and takes none that it did not offer to verify.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { ClientOptions, ServerOptions } from '../../../src/options.ts'
import { createCa } from '../../../src/pki/index.ts'
import { decodePem } from '../../../src/wire/pem.ts'
import { chainVerifier } from '../../../src/x509/index.ts'
import { errorOf, eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import { anyCertificate } from '../../fixtures/identities.ts'
import { misbehaving } from '../misbehaving.ts'
import { altNames, dns, fixedKeys, make, makeCa, now } from '../../x509/make.ts'
import { derOid, derSequence } from '../../../src/wire/der.ts'

const derOf = (pem: string): Uint8Array => decodePem(pem)[0]?.bytes ?? new Uint8Array(0)
const authorities = Promise.all([createCa({ name: 'ECDSA' }), createCa({ name: 'RSA', key: 'rsa-2048' })])
/** An ECDSA leaf of each authority. */
const made = authorities.then(async (list) => {
  const issued = await Promise.all(list.map((ca) => ca.issue({ names: ['server.test'], client: true, server: true })))
  return {
    roots: list.map(({ certificate }) => certificate),
    identities: issued.map(({ chainPem, privateKeyPem }) => ({ cert: chainPem, key: privateKeyPem })),
  }
})
const ecdsaOnly = ['ecdsa_secp256r1_sha256'] as const
const rsaChains = { certificates: { signatureSchemes: ['rsa_pkcs1_sha256'] as const } }

describe.each(['TLS 1.3', 'TLS 1.2'] as const)('%s', (version) => {
  const only = { versions: { min: version, max: version } }

  it(
    'a server shows the chain that the client can verify, by signature_algorithms_cert before ' +
      'signature_algorithms',
    async () => {
      const { identities } = await made
      for (const order of [identities, identities.toReversed()]) {
        const shown = async (client: Partial<ClientOptions>) =>
          infoOf((await meet({ ...only, ...client }, { ...only, identity: order })).clientEvents).peerCertificates[0]
        expect(await shown({ signatureSchemes: ecdsaOnly })).toEqual(derOf(identities[0]?.cert ?? ''))
        expect(await shown({ signatureSchemes: ecdsaOnly, ...rsaChains })).toEqual(derOf(identities[1]?.cert ?? ''))
        expect(await shown({})).toEqual(derOf(order[0]?.cert ?? ''))
      }
    },
  )

  it('a client shows the chain that the server can verify', async () => {
    const { identities } = await made
    const client = { ...only, identity: identities.toReversed() }
    const shown = async (server: ServerOptions) => {
      const clientAuth = { mode: 'require', verifier: anyCertificate } as const
      return infoOf((await meet(client, { ...only, ...server, clientAuth })).serverEvents).peerCertificates[0]
    }
    expect(await shown({ signatureSchemes: ecdsaOnly })).toEqual(derOf(identities[0]?.cert ?? ''))
    expect(await shown({})).toEqual(derOf(identities[1]?.cert ?? ''))
  })

  it(
    'another chain is better than none: the server goes on, and its client refuses a chain that it did not offer ' +
      'to verify',
    async () => {
      const { roots, identities } = await made
      const identity = identities[1]
      if (!identity) throw new Error('no identity')
      const verifier = chainVerifier({ provider: nodeProvider, trust: roots })
      const server = { ...only, identity }
      const refused = await meet({ ...only, verifier, signatureSchemes: ecdsaOnly }, server)
      expect(errorOf(refused.clientEvents).message).toMatch(/signed with rsa_pkcs1_sha256, which was not offered/)
      infoOf((await meet({ ...only, verifier, signatureSchemes: ecdsaOnly, ...rsaChains }, server)).clientEvents)
      infoOf((await meet({ ...only, verifier }, server)).clientEvents)
    },
  )

  it('an old algorithm may be named for chains without tls12.legacy', async () => {
    const old = { certificates: { signatureSchemes: ['rsa_pkcs1_sha1'] as const } }
    infoOf((await meet({ ...only, ...old }, only)).clientEvents)
  })

  it('a server refuses a client whose chain it did not offer to verify', async () => {
    const { roots, identities } = await made
    const identity = identities[1]
    if (!identity) throw new Error('no identity')
    const clientAuth = { mode: 'require', verifier: chainVerifier({ provider: nodeProvider, trust: roots }) } as const
    const refused = await meet({ ...only, identity }, { ...only, clientAuth, signatureSchemes: ecdsaOnly })
    expect(errorOf(refused.serverEvents).message).toMatch(/signed with rsa_pkcs1_sha256, which was not offered/)
    infoOf((await meet({ ...only, identity }, { ...only, clientAuth })).serverEvents)
  })
})

it('what an anchor is signed with does not count (section 4.5.1.2)', async () => {
  const root = await createCa({ name: 'RSA root', key: 'rsa-2048' })
  const leaf = await root.issue({ names: ['server.test'] })
  const verifier = chainVerifier({ provider: nodeProvider, trust: leaf.certificate, profile: 'path' })
  const server: ServerOptions = { identity: { cert: leaf.certificatePem, key: leaf.privateKeyPem } }
  expect(
    infoOf((await meet({ verifier, signatureSchemes: ecdsaOnly }, server)).clientEvents).verifiedChain,
  ).toHaveLength(1)
})

it('Ed448 is offered by name only: the default profile takes no certificate with it', async () => {
  const offered = async (options: Partial<ClientOptions>): Promise<readonly number[]> => {
    let schemes: readonly number[] = []
    await meet(options, { onClientHello: ({ signatureSchemes }) => void (schemes = signatureSchemes) })
    return schemes
  }
  expect(await offered({})).not.toContain(0x0808)
  expect(await offered({ signatureSchemes: ['ed448'] })).toEqual([0x0808])
})

describe('received chains that nobody offered to verify, by the default lists (section 4.5.1.2)', () => {
  const sha1 = { algorithm: derSequence(derOid('1.2.840.10045.4.1')), hash: 'sha1' }
  const root = makeCa('root', { keys: fixedKeys(1), ...sha1 })
  const keys = fixedKeys(2)
  const leafOf = (spec: object) => make({ issuer: root, keys, extensions: [altNames(dns('server.test'))], ...spec })
  const verifier = chainVerifier({ provider: nodeProvider, trust: root.der, profile: 'path' })
  const clock = () => now
  const serverWith = (leaf: Uint8Array): ServerOptions => {
    const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'der' })
    return { clock, identity: { cert: leaf, key: new Uint8Array(privateKey) } }
  }

  it.each(['TLS 1.3', 'TLS 1.2'] as const)(
    'a chain with SHA-1 is for who takes it, and gets no other (sections 4.3.3 and 4.5.1.2), in %s',
    async (version) => {
      const versions = { min: version, max: version }
      const [old, current] = [leafOf(sha1).der, leafOf({}).der]
      const shown = async (leaves: readonly Uint8Array[], client: Partial<ClientOptions>) => {
        const privateKey = new Uint8Array(keys.privateKey.export({ type: 'pkcs8', format: 'der' }))
        const identity = leaves.map((cert) => ({ cert, key: privateKey }))
        const { clientEvents, serverEvents } = await meet(
          { clock, verifier: anyCertificate, versions, ...client },
          { clock, versions, identity },
        )
        const [error] = eventsOf(serverEvents, 'error')
        return error ? error.error.code : infoOf(clientEvents).peerCertificates[0]
      }
      const both = { certificates: { signatureSchemes: ['ecdsa_sha1', 'ecdsa_secp256r1_sha256'] as const } }
      expect(await shown([old, current], both)).toEqual(current)
      expect(await shown([old], both)).toEqual(old)
      expect(await shown([old, current], {})).toEqual(current)
      expect(await shown([old], {})).toBe('no_common_signature_scheme')
    },
  )

  it.each(['TLS 1.3', 'TLS 1.2'] as const)(
    'SHA-1, which a lenient profile would take, is bad_certificate in %s (section 4.5.1.3)',
    async (version) => {
      const versions = { min: version, max: version }
      const server = { ...serverWith(leafOf(sha1).der), versions }
      // an honest server does not show it unasked
      const data = leafOf(sha1).der
      const seam = misbehaving({
        Certificate: (f) => ({ ...f, entries: [{ data, extensions: [] }], chain: [data] }),
      })
      const showing = { ...serverWith(leafOf({}).der), versions, seam }
      const refused = errorOf((await meet({ clock, verifier, versions }, showing)).clientEvents)
      expect(refused.message).toMatch(/signed with ecdsa_sha1, which was not offered/)
      expect(refused.alert).toBe('bad_certificate')
      const certificates = { signatureSchemes: ['ecdsa_sha1', 'ecdsa_secp256r1_sha256'] as const }
      infoOf((await meet({ clock, verifier, versions, certificates }, server)).clientEvents)
    },
  )

  it('what the trusted root is signed with does not count', async () => {
    infoOf((await meet({ clock, verifier }, serverWith(leafOf({}).der))).clientEvents)
  })

  it('a verifier of the caller learns what was offered', async () => {
    const seen: unknown[] = []
    const own = {
      verify: (request: Parameters<typeof verifier.verify>[0]) => {
        seen.push(request.signatureAlgorithms?.has('ecdsa_sha256'), request.signatureAlgorithms?.has('ed448'))
        return verifier.verify(request)
      },
    }
    infoOf((await meet({ clock, verifier: own }, serverWith(leafOf({}).der))).clientEvents)
    expect(seen).toEqual([true, false])
  })
})
