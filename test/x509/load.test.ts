import { beforeAll, describe, expect, test } from 'vitest'
import { connect, createServer, loadIdentity, pair } from '../../src/index.node.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { createCa } from '../../src/pki/index.ts'
import type { Ca, Issued } from '../../src/pki/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { constructedTag, derElement, derOid, derSequence, tags } from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { extensionOids } from '../../src/x509/oids.ts'
import { crlCheck, parseCertificates, parseCrls, purposeOids, trustStore, verifyChain } from '../../src/x509/index.ts'
import { OpensslDirectory, withOpenssl } from '../pki/openssl.ts'

let ca: Ca
let leaf: Issued
let crlPem: string
beforeAll(async () => {
  ca = await createCa({ name: 'Root' })
  leaf = await ca.issue({ names: ['a.example'] })
  crlPem = (await ca.createCrl()).crlPem
})

const thrown = (run: () => unknown): TlsError => {
  try {
    run()
  } catch (error) {
    if (error instanceof TlsError) return error
    throw error
  }
  throw new Error('accepted')
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'))

describe('certificates, keys, CRLs and anchors in every form', () => {
  const forms: readonly (readonly [string, (pem: string, der: Uint8Array) => string | Uint8Array])[] = [
    ['PEM text', (pem) => pem],
    ['PEM text after a byte order mark', (pem) => `\ufeff${pem}`],
    ['PEM bytes', bytes],
    ['PEM in a Buffer', (pem) => Buffer.from(pem)],
    ['PEM bytes after text that begins with a 0', (pem) => bytes(`0 is the first\n${pem}`)],
    ['PEM bytes in UTF-16', utf16],
    ['DER', (_, der) => der],
  ]

  test.each(forms)('%s', async (_, form) => {
    const cert = form(leaf.certificatePem, leaf.certificate)
    const anchor = form(ca.certificatePem, ca.certificate)
    const key = form(leaf.privateKeyPem, leaf.privateKey)
    const [crl] = parseCrls(form(crlPem, parseCrls(crlPem)[0]?.der ?? new Uint8Array()))
    expect(parseCertificates(cert).map(({ der }) => der)).toEqual([leaf.certificate])
    expect(parseCertificates([cert, anchor])).toHaveLength(2)
    const options = { provider: nodeProvider, trust: anchor, serverName: 'a.example' }
    expect((await verifyChain([leaf.certificate], { ...options, checks: [crlCheck({ crls: crl ?? [] })] })).ok).toBe(
      true,
    )
    const identity = await loadIdentity({ cert, key })
    for (const given of [{ cert, key }, { cert: [cert], key }, { identity }]) {
      const [near, far] = pair()
      const accepted = createServer(given).accept(far)
      const connection = await connect(near, { serverName: 'a.example', ca: [anchor] })
      expect(connection.info.peerCertificates).toHaveLength(1)
      await Promise.all([connection.close(), (await accepted).close()])
    }
  })

  test('what is something else is named', () => {
    expect(thrown(() => parseCertificates(leaf.privateKeyPem)).message).toContain('it has a block "PRIVATE KEY"')
    expect(thrown(() => parseCertificates(encodePem('PKCS7', Uint8Array.of(1)))).message).toContain(
      'openssl pkcs7 -print_certs',
    )
    expect(thrown(() => parseCertificates([])).code).toBe('bad_option')
    expect(thrown(() => parseCertificates(7 as unknown as string)).message).toContain('got number')
    expect(thrown(() => parseCrls(leaf.certificatePem)).message).toContain('no CRL in it')
    expect(thrown(() => parseCertificates(bytes('hello'))).code).toBe('bad_certificate')
    expect(thrown(() => trustStore(bytes(leaf.privateKeyPem)).anchors).code).toBe('bad_option')
  })

  test('a list of which nothing can be read is an error and never an empty store', () => {
    expect(
      thrown(() => trustStore(encodePem('CERTIFICATE', Uint8Array.of(0x30, 0)), { skipUnreadable: true }).anchors)
        .message,
    ).toContain('no trust anchor')
    expect(trustStore([]).anchors).toEqual([])
  })
})

describe('TRUSTED CERTIFICATE blocks', () => {
  const oidList = (...oids: readonly string[]): Uint8Array => derSequence(...oids.map(derOid))
  const rejecting = (...oids: readonly string[]): Uint8Array => derElement(constructedTag(0), ...oids.map(derOid))
  const { serverAuth, clientAuth, anyExtendedKeyUsage } = purposeOids
  const block = (...fields: readonly Uint8Array[]): string =>
    encodePem('TRUSTED CERTIFICATE', concat(ca.certificate, derSequence(...fields)))
  const verify = async (trust: string) => {
    const result = await verifyChain([leaf.certificate], { provider: nodeProvider, trust, serverName: 'a.example' })
    return result.ok ? 'ok' : result.reason.code
  }

  test.each<[string, () => string, string]>([
    ['without settings', () => encodePem('TRUSTED CERTIFICATE', ca.certificate), 'ok'],
    ['with empty settings', () => block(), 'ok'],
    ['trusted for servers', () => block(oidList(serverAuth, clientAuth)), 'ok'],
    [
      'trusted for any purpose, with an alias',
      () => block(oidList(anyExtendedKeyUsage), derElement(tags.utf8String, bytes('mine'))),
      'ok',
    ],
    ['trusted for clients only', () => block(oidList(clientAuth)), 'anchor_refused'],
    ['trusted for nothing', () => block(oidList()), 'anchor_refused'],
    ['rejected for servers', () => block(rejecting(serverAuth)), 'anchor_refused'],
    ['rejected for clients', () => block(rejecting(clientAuth)), 'ok'],
  ])('%s', async (_, pem, verdict) => expect(await verify(pem())).toBe(verdict))

  test('what an anchor is trusted for stands above the extended key usage in its certificate', async () => {
    const forClients = await createCa({
      name: 'Clients',
      extensions: [{ oid: extensionOids.extendedKeyUsage, value: oidList(clientAuth) }],
    })
    const { certificate } = await forClients.issue({ names: ['a.example'], purposes: ['serverAuth'] })
    const trusted = derSequence(oidList(serverAuth))
    const verdict = async (trust: string, purpose: string | string[]) => {
      const result = await verifyChain([certificate], { provider: nodeProvider, trust, purpose })
      return result.ok ? 'ok' : result.reason.code
    }
    const withSettings = encodePem('TRUSTED CERTIFICATE', concat(forClients.certificate, trusted))
    expect(await verdict(forClients.certificatePem, 'serverAuth')).toBe('certificate_usage')
    expect(await verdict(withSettings, 'serverAuth')).toBe('ok')
    expect(await verdict(withSettings, ['serverAuth', 'codeSigning'])).toBe('ok')
    expect(await verdict(withSettings, 'clientAuth')).toBe('certificate_usage')
  })

  test('a CA that is not trusted for the purpose is not trusted below another anchor either', async () => {
    const between = await ca.createIntermediate({ name: 'Between' })
    const again = await ca.createIntermediate({ name: 'Between', key: between.privateKey })
    const { certificate } = await between.issue({ names: ['a.example'] })
    const verdict = async (...settings: Uint8Array[]) => {
      const owned = encodePem('TRUSTED CERTIFICATE', concat(again.certificate, derSequence(...settings)))
      const trust = [ca.certificatePem, owned]
      const result = await verifyChain([certificate, between.certificate], { provider: nodeProvider, trust })
      return result.ok ? 'ok' : result.reason.code
    }
    expect(await verdict()).toBe('ok')
    expect(await verdict(rejecting(clientAuth))).toBe('ok')
    expect(await verdict(rejecting(serverAuth))).toBe('anchor_refused')
    expect(await verdict(oidList(clientAuth))).toBe('anchor_refused')
  })

  withOpenssl('as openssl writes them', async () => {
    const openssl = new OpensslDirectory()
    try {
      openssl.write('ca.pem', ca.certificatePem)
      const trusted = openssl.bytes('x509', '-in', 'ca.pem', '-trustout', '-addtrust', 'serverAuth', '-setalias', 'x')
      const rejected = openssl.bytes('x509', '-in', 'ca.pem', '-trustout', '-addreject', 'serverAuth')
      expect(await verify(new TextDecoder().decode(trusted))).toBe('ok')
      expect(await verify(new TextDecoder().decode(rejected))).toBe('anchor_refused')
      expect(parseCertificates(trusted)[0]?.der).toEqual(ca.certificate)
    } finally {
      openssl.remove()
    }
  })
})
