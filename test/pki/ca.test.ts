import { X509Certificate, createPrivateKey } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { TlsError } from '../../src/errors.ts'
import { createCa, createRequest, loadCa, selfSigned } from '../../src/pki/index.ts'
import type { Ca, KeyKind } from '../../src/pki/index.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { verifyChain } from '../../src/x509/index.ts'
import { OpensslDirectory, withOpenssl } from './openssl.ts'
import { rejected } from '../fixtures/rejected.ts'

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())

const clock = (): number => Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const kinds: readonly KeyKind[] = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'ed25519']

describe('three lines', () => {
  test('a CA and a server certificate that node:crypto takes', async () => {
    const ca = await createCa({ name: 'My development CA' })
    const leaf = await ca.issue({ names: ['localhost', '127.0.0.1', '::1'] })
    const [root, server] = [new X509Certificate(ca.certificatePem), new X509Certificate(leaf.chainPem)]
    expect(server.verify(root.publicKey)).toBe(true)
    expect(server.checkIssued(root)).toBe(true)
    expect(server.checkHost('localhost')).toBe('localhost')
    expect(server.checkIP('::1')).toBe('::1')
    expect(server.checkPrivateKey(createPrivateKey(leaf.privateKeyPem))).toBe(true)
    expect([root.ca, server.ca]).toEqual([true, false])
  })
})

describe.each(kinds)('%s', (key) => {
  withOpenssl('openssl verifies root, intermediate, server and client', async () => {
    const root = await createCa({ name: { commonName: 'Root', organization: 'Örg', country: 'DE' }, key })
    const middle = await root.createIntermediate({ name: 'Middle', key })
    const server = await middle.issue({ names: ['a.example', '*.b.example', '10.1.2.3', '2001:db8::7'], key })
    const client = await middle.issue({ name: 'Alice', names: ['alice@example.com'], client: true, key })
    openssl.write('root.pem', root.certificatePem)
    openssl.write('middle.pem', middle.chainPem)
    for (const [name, leaf, purpose, extra] of [
      ['server', server, 'sslserver', ['-verify_hostname', 'x.b.example']],
      ['client', client, 'sslclient', ['-verify_email', 'alice@example.com']],
    ] as const) {
      openssl.write(`${name}.pem`, leaf.certificatePem)
      const { output } = openssl.run(
        'verify',
        '-x509_strict',
        '-purpose',
        purpose,
        ...extra,
        '-CAfile',
        'root.pem',
        '-untrusted',
        'middle.pem',
        `${name}.pem`,
      )
      expect(output).toBe(`${name}.pem: OK\n`)
    }
    const wrong = openssl.run(
      'verify',
      '-purpose',
      'sslclient',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'middle.pem',
      'server.pem',
    )
    expect(wrong.output).toMatch(/unsuitable certificate purpose|unsupported certificate purpose/)
  })
})

describe('certificates', () => {
  let ca: Ca
  const authority = async (): Promise<Ca> => (ca ??= await createCa({ name: 'CA', clock }))

  test('dates are whole seconds by the clock given, and inherited', async () => {
    const leaf = parseCertificate((await (await authority()).issue({ names: ['a.example'], days: 10 })).certificate)
    expect(new Date(leaf.notBefore).toISOString()).toBe('2026-01-02T02:04:05.000Z')
    expect(new Date(leaf.notAfter).toISOString()).toBe('2026-01-12T03:04:05.000Z')
  })

  test('a leaf does not outlive its CA unless told to', async () => {
    const short = await createCa({ name: 'Short', days: 3, clock })
    expect(parseCertificate((await short.issue({ names: ['a.example'] })).certificate).notAfter).toBe(
      Date.UTC(2026, 0, 5, 3, 4, 5),
    )
    const longer = await short.issue({ names: ['a.example'], notAfter: Date.UTC(2060, 0, 1) })
    expect(parseCertificate(longer.certificate).notAfter).toBe(Date.UTC(2060, 0, 1))
  })

  test('serial numbers are 16 bytes, positive and fresh (RFC 5280 section 4.1.2.2)', async () => {
    const [a, b] = await Promise.all([
      (await authority()).issue({ names: ['a'] }),
      (await authority()).issue({ names: ['a'] }),
    ])
    const serials = [a, b].map(({ certificate }) => parseCertificate(certificate).serialNumber)
    for (const serial of serials) expect([serial.length, (serial[0] ?? 0xff) < 0x80]).toEqual([16, true])
    expect(serials[0]).not.toEqual(serials[1])
  })

  test('names of every kind, international ones as A-labels', async () => {
    const names = [
      'Bücher.example',
      '*.Example.COM',
      '192.0.2.1',
      '2001:db8::1',
      '::ffff:192.0.2.1',
      'a@example.com',
      'spiffe://x/y',
    ]
    const leaf = parseCertificate((await (await authority()).issue({ names })).certificate)
    expect(leaf.subjectAltNames?.map(({ kind, value }) => `${kind}:${value}`)).toEqual([
      'dns:xn--bcher-kva.example',
      'dns:*.example.com',
      'ip:192.0.2.1',
      'ip:2001:db8::1',
      'ip:::ffff:c000:201',
      'email:a@example.com',
      'uri:spiffe://x/y',
    ])
  })

  test('a first name that is too long for a common name: empty subject, critical subjectAltName', async () => {
    const leaf = parseCertificate(
      (await (await authority()).issue({ names: [`${'a'.repeat(60)}.example.com`] })).certificate,
    )
    expect(leaf.subject.isEmpty).toBe(true)
    expect(leaf.extension('2.5.29.17')?.critical).toBe(true)
  })

  test('usages, must-staple, locations, and extensions of the caller', async () => {
    const { certificate } = await (
      await authority()
    ).issue({
      names: ['a.example'],
      client: true,
      server: true,
      mustStaple: true,
      crlUrls: ['http://crl.example/1'],
      ocspUrls: ['http://ocsp.example'],
      issuerUrls: ['http://ca.example/ca.der'],
      extensions: [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }],
    })
    const leaf = parseCertificate(certificate)
    expect(leaf.extendedKeyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(leaf.keyUsage).toEqual(['digitalSignature'])
    expect(leaf.tlsFeatures).toEqual([5])
    expect(leaf.crlDistributionPoints?.[0]?.fullName?.[0]?.value).toBe('http://crl.example/1')
    expect(leaf.authorityInfoAccess?.map(({ location }) => location.value)).toEqual([
      'http://ocsp.example',
      'http://ca.example/ca.der',
    ])
    expect(leaf.extension('1.2.3.4')).toMatchObject({ critical: true, value: Uint8Array.of(5, 0) })
  })

  test('name constraints of every kind read back', async () => {
    const constrained = await createCa({
      name: 'C',
      nameConstraints: {
        permitted: ['example.com', '10.0.0.0/9', '@example.org', '2001:db8::/33'],
        excluded: ['bad.example.com'],
      },
    })
    const { permitted, excluded } = parseCertificate(constrained.certificate).nameConstraints ?? {}
    expect(permitted?.map(({ base }) => base.value)).toEqual([
      'example.com',
      '10.0.0.0/255.128.0.0',
      'example.org',
      '2001:db8::/ffff:ffff:8000::',
    ])
    expect(excluded?.map(({ base }) => base.value)).toEqual(['bad.example.com'])
  })

  withOpenssl('openssl enforces the constraints and path length it was given', async () => {
    const root = await createCa({ name: 'Root', pathLength: 0, nameConstraints: { permitted: ['example.com'] } })
    openssl.write('nc.pem', root.certificatePem)
    openssl.write('in.pem', (await root.issue({ names: ['a.example.com'] })).certificatePem)
    const careless = await createCa({ name: 'Root', key: root.privateKeyPem })
    openssl.write('out.pem', (await careless.issue({ names: ['example.org'] })).certificatePem)
    expect((await rejected(root.createIntermediate({ name: 'Middle' }))).message).toMatch(/may have no CA below it/)
    const unlimited = await createCa({ name: 'Root', key: root.privateKeyPem })
    const middle = await unlimited.createIntermediate({ name: 'Middle' })
    openssl.write('mid.pem', middle.certificatePem)
    openssl.write('deep.pem', (await middle.issue({ names: ['a.example.com'] })).certificatePem)
    expect(openssl.run('verify', '-CAfile', 'nc.pem', 'in.pem').output).toBe('in.pem: OK\n')
    expect(openssl.run('verify', '-CAfile', 'nc.pem', 'out.pem').output).toMatch(/permitted subtree violation/)
    expect(openssl.run('verify', '-CAfile', 'nc.pem', '-untrusted', 'mid.pem', 'deep.pem').output).toMatch(
      /path length/,
    )
  })

  test('a self-signed server certificate', async () => {
    const alone = await selfSigned({ names: ['localhost'], key: 'ed25519' })
    const certificate = new X509Certificate(alone.certificatePem)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect([certificate.ca, certificate.checkHost('localhost')]).toEqual([false, 'localhost'])
    expect(alone.chain).toHaveLength(1)
  })

  test.each(kinds)('a saved %s CA and intermediate go on where they were', async (key) => {
    const root = await createCa({ name: 'Saved', key })
    const middle = await root.createIntermediate({ name: 'Saved middle', key })
    const again = await loadCa({ certificatePem: middle.chainPem, privateKeyPem: middle.privateKeyPem })
    const leaf = await again.issue({ names: ['a.example'] })
    expect(leaf.chain).toHaveLength(2)
    expect(new X509Certificate(leaf.certificatePem).verify(new X509Certificate(middle.certificatePem).publicKey)).toBe(
      true,
    )
    const other = await createCa({ name: 'Other', key })
    const mixed = loadCa({ certificatePem: root.certificatePem, privateKeyPem: other.privateKeyPem })
    expect((await rejected(mixed)).code).toBe('key_mismatch')
  })

  test('ML-DSA (RFC 9881) where WebCrypto has it, and a clear error where not', async () => {
    const made = await createCa({ name: 'CA', key: 'ml-dsa-65' }).catch((error: unknown) => error)
    if (made instanceof TlsError) {
      expect(made.code).toBe('unsupported')
      expect(made.message).toMatch(/WebCrypto can't use a key of kind ml-dsa-65/)
      return
    }
    const ca = made as Ca
    const leaf = await ca.issue({ names: ['a.example'], key: 'ml-dsa-44' })
    const result = await verifyChain(leaf.chain, {
      provider: nobleProvider,
      trust: ca.certificate,
      serverName: 'a.example',
    })
    expect(result.ok || result.reason.message).toBe(true)
  })

  test.each([
    ['a CA without a name', () => createCa({ name: '' }), /name: a CA needs one/],
    [
      'a server without names',
      async () => (await authority()).issue({}),
      /names: a server certificate needs at least one/,
    ],
    ['an invalid name', async () => (await authority()).issue({ names: ['a b'] }), /"a b" is not a DNS name/],
    [
      'a label of 64 characters',
      async () => (await authority()).issue({ names: ['a'.repeat(64)] }),
      /is not a DNS name/,
    ],
    ['a country in words', () => createCa({ name: { country: 'Germany' } }), /two capital letters/],
    ['a negative path length', () => createCa({ name: 'x', pathLength: -1 }), /pathLength/],
    [
      'an impossible prefix',
      () => createCa({ name: 'x', nameConstraints: { permitted: ['10.0.0.0/33'] } }),
      /prefix length/,
    ],
    ['no days', () => createCa({ name: 'x', days: 0 }), /days/],
    ['a negative serial number', () => createCa({ name: 'x', serialNumber: Uint8Array.of(0x80) }), /serialNumber/],
    ['a key of another kind', () => createCa({ name: 'x', key: 'dsa' as KeyKind }), /none of the kinds ecdsa-p256/],
    ['a leaf as a CA', async () => loadCa(await (await authority()).issue({ names: ['a'] })), /not that of a CA/],
  ])('refuses %s', async (_, make, sentence) => {
    const error = await rejected(make())
    expect(error.code).toBe('bad_option')
    expect(error.message).toMatch(sentence)
  })
})

describe('requests (RFC 2986)', () => {
  test('a request becomes a certificate with its key and names, and nothing else of it', async () => {
    const ca = await createCa({ name: 'CA' })
    const wish = { oid: '2.5.29.19', critical: true, value: Uint8Array.of(0x30, 3, 1, 1, 0xff) }
    const request = await createRequest({ names: ['a.example', '10.0.0.1'], name: 'A', extensions: [wish] })
    const certificate = parseCertificate((await ca.sign(request.requestPem)).certificate)
    expect(certificate.subject.toString()).toBe('CN=A')
    expect(certificate.subjectAltNames?.map(({ value }) => value)).toEqual(['a.example', '10.0.0.1'])
    expect(certificate.basicConstraints?.ca).toBe(false)
    expect(new X509Certificate(certificate.toPem()).checkPrivateKey(createPrivateKey(request.privateKeyPem))).toBe(true)
    const renamed = parseCertificate((await ca.sign(request.request, { names: ['b.example'] })).certificate)
    expect(renamed.subjectAltNames?.map(({ value }) => value)).toEqual(['b.example'])
  })

  test('a request that is not signed with its key is refused', async () => {
    const ca = await createCa({ name: 'CA' })
    const { request } = await createRequest({ names: ['a.example'], key: 'ed25519' })
    const broken = request.slice()
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1
    expect((await rejected(ca.sign(broken))).message).toMatch(/not signed with the key in it/)
    expect((await rejected(ca.sign(Uint8Array.of(0x30, 0)))).message).toMatch(/not a certificate request/)
    expect((await rejected(ca.sign(ca.certificatePem))).message).toMatch(/no certificate request/)
  })

  withOpenssl.each(['ec', 'rsa', 'ed25519'])(
    'openssl makes a request with an %s key, we sign it, and the other way round',
    async (kind) => {
      const ca = await createCa({ name: 'CA' })
      const newkey =
        kind === 'ec'
          ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
          : ['-newkey', kind === 'rsa' ? 'rsa:2048' : 'ed25519']
      const made = openssl.run(
        'req',
        ...newkey,
        '-nodes',
        '-keyout',
        'k.pem',
        '-out',
        'r.pem',
        '-subj',
        '/CN=theirs',
        '-addext',
        'subjectAltName=DNS:theirs.example',
      )
      expect(made.status).toBe(0)
      const text = new TextDecoder().decode(openssl.bytes('req', '-in', 'r.pem'))
      const signed = parseCertificate((await ca.sign(text)).certificate)
      expect(signed.subjectAltNames?.[0]?.value).toBe('theirs.example')
      openssl.write(
        'ours.pem',
        (
          await createRequest({
            names: ['ours.example'],
            key: kind === 'ec' ? 'ecdsa-p384' : kind === 'rsa' ? 'rsa-2048' : 'ed25519',
          })
        ).requestPem,
      )
      const checked = openssl.run('req', '-in', 'ours.pem', '-verify', '-noout', '-text')
      expect(checked.output).toMatch(/verify OK/i)
      expect(checked.output).toMatch(/DNS:ours\.example/)
    },
  )
})

describe('CRLs', () => {
  withOpenssl('openssl checks a CRL and finds the revoked certificate', async () => {
    const ca = await createCa({ name: 'CA' })
    const [good, bad] = [await ca.issue({ names: ['good.example'] }), await ca.issue({ names: ['bad.example'] })]
    const { crlPem } = await ca.createCrl({
      revoked: [{ certificate: bad.certificatePem, reason: 'keyCompromise' }, { serialNumber: '0A:0B' }],
      number: 7,
    })
    for (const [name, text] of [
      ['crl-ca', ca.certificatePem],
      ['crl', crlPem],
      ['good', good.certificatePem],
      ['bad', bad.certificatePem],
    ] as const) {
      openssl.write(`${name}.pem`, text)
    }
    const text = openssl.run('crl', '-in', 'crl.pem', '-CAfile', 'crl-ca.pem', '-text', '-noout').output
    expect(text).toMatch(/verify OK/)
    expect(text).toMatch(/Serial Number: 0A0B/)
    expect(text).toMatch(/Key Compromise/)
    const check = (name: string): string =>
      openssl.run('verify', '-crl_check', '-CAfile', 'crl-ca.pem', '-CRLfile', 'crl.pem', `${name}.pem`).output
    expect(check('good')).toBe('good.pem: OK\n')
    expect(check('bad')).toMatch(/certificate revoked/)
  })
})
