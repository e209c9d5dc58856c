// What can be asked of the issuing side: keys that are there already, requests, every plain option, and what it
// refuses.
import { X509Certificate, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signerFor } from '../../src/crypto/key-input.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { createCa, createLeafCache, createRequest, loadCa, parseRequest, selfSigned } from '../../src/pki/index.ts'
import type { Ca, Issuer, KeyKind } from '../../src/pki/index.ts'
import { parseCertificate, verifyChain } from '../../src/x509/index.ts'
import { OpensslDirectory, withOpenssl } from './openssl.ts'
import { rejected } from '../fixtures/rejected.ts'

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())
let ca: Ca
beforeAll(async () => {
  ca = await createCa({ name: 'Root' })
})

/** Ed448 is for no web server (Baseline Requirements section 6.1.1.3), which the default profile knows. */
const isEd448 = ([leaf = new Uint8Array()]: readonly Uint8Array[]): boolean =>
  parseCertificate(leaf).publicKey.type === 'ed448'
const good = async (chain: readonly Uint8Array[], trust: string, serverName = 'a.example'): Promise<string> => {
  const result = await verifyChain(chain, {
    provider: nodeProvider,
    trust,
    serverName,
    profile: isEd448(chain) ? 'rfc5280' : 'web-pki',
  })
  return result.ok ? 'good' : result.reason.message
}
const opensslSays = (leafPem: string, rootPem: string, ...more: readonly string[]): string => {
  openssl.write('root.pem', rootPem)
  openssl.write('leaf.pem', leafPem)
  return openssl.run('verify', '-x509_strict', ...more, '-CAfile', 'root.pem', 'leaf.pem').output
}

test('an RSASSA-PSS key whose parameters have another salt than TLS is no key to issue with', async () => {
  const parameters = { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256' }
  // its declarations have the length as text, and Node takes a number
  const keyOf = (saltLength: number) =>
    generateKeyPairSync('rsa-pss', { ...parameters, saltLength: saltLength as never }).privateKey.export({
      format: 'pem',
      type: 'pkcs8',
    })
  const making = async (saltLength: number) => createCa({ name: 'PSS', key: keyOf(saltLength).toString() })
  await expect(making(20)).rejects.toMatchObject({ code: 'bad_key', message: expect.stringMatching(/20 bytes.*32/) })
  const own = await making(32)
  expect(await good((await own.issue({ names: ['a.example'] })).chain, own.certificatePem)).toBe('good')
})

describe('keys that are there already', () => {
  const pairs = {
    'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    'RSASSA-PSS': () =>
      generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384' }),
    Ed25519: () => generateKeyPairSync('ed25519'),
    Ed448: () => generateKeyPairSync('ed448'),
  }
  describe.each(Object.entries(pairs))('%s', (_, make) => {
    const { privateKey, publicKey } = make()
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const der = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))

    withOpenssl('as the key of a CA, a leaf, a self-signed certificate and a request', async () => {
      for (const key of [pem, Buffer.from(pem), der, privateKey]) {
        const own = await createCa({ name: 'Own', key })
        const leaf = await own.issue({ names: ['a.example'], key })
        expect(await good(leaf.chain, own.certificatePem)).toBe('good')
        expect(opensslSays(leaf.certificatePem, own.certificatePem)).toBe('leaf.pem: OK\n')
        expect(createPrivateKey(leaf.privateKeyPem).equals(privateKey)).toBe(true)
        expect(
          new X509Certificate((await selfSigned({ names: ['a.example'], key })).certificatePem).publicKey.equals(
            publicKey,
          ),
        ).toBe(true)
        const request = await createRequest({ names: ['a.example'], key })
        openssl.write('request.pem', request.requestPem)
        expect(openssl.run('req', '-in', 'request.pem', '-verify', '-noout').output).toMatch(/OK/)
        expect(await parseRequest(request.requestPem).verify()).toBe(true)
        expect(await good((await ca.issue({ request: request.request })).chain, ca.certificatePem)).toBe('good')
      }
    })
    test('as a public key only', async () => {
      const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
      const forms = [publicKey.export({ format: 'pem', type: 'spki' }).toString(), spki, publicKey]
      for (const form of forms) {
        const made = await ca.issue({ names: ['a.example'], publicKey: form })
        expect(parseCertificate(made.certificate).spki).toEqual(spki)
        expect('privateKey' in made).toBe(false)
        expect(await good(made.chain, ca.certificatePem)).toBe('good')
      }
    })
    withOpenssl('in a request that openssl made', async () => {
      openssl.write('key.pem', pem)
      openssl.run(
        'req',
        '-new',
        '-key',
        'key.pem',
        '-subj',
        '/CN=theirs',
        '-addext',
        'subjectAltName=DNS:a.example',
        '-out',
        'theirs.pem',
      )
      const made = await ca.issue({ request: openssl.bytes('req', '-in', 'theirs.pem') })
      expect(await good(made.chain, ca.certificatePem)).toBe('good')
    })
  })

  test('a CA behind a Signer, with and without its public key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const full = await signerFor(privateKey, nodeProvider)
    const { publicKey: _, ...signer } = full
    const first = await createCa({ name: 'HSM', key: full })
    const second = await createCa({ name: 'HSM', key: signer, publicKey })
    for (const own of [first, second, await loadCa({ cert: first.certificate, key: signer })]) {
      expect('privateKey' in own).toBe(false)
      const middle = await own.createIntermediate({ name: 'Middle', key: signer, publicKey })
      const leaf = await middle.issue({ names: ['a.example'] })
      expect(await good(leaf.chain, own.certificatePem)).toBe('good')
      expect((await own.createCrl()).crlPem).toContain('X509 CRL')
    }
    expect((await rejected(() => createCa({ name: 'HSM', key: signer }))).message).toContain('publicKey')
  })

  withOpenssl.each([
    [{ name: 'ECDSA', namedCurve: 'P-256' }],
    [{ name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }],
    [{ name: 'Ed25519' }],
  ])('a CA behind a CryptoKey that can not be exported, %o', async (algorithm) => {
    const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair
    const own = await createCa({ name: 'Own', key: pair.privateKey, publicKey: pair.publicKey })
    const leaf = await own.issue({ names: ['a.example'] })
    expect(await good(leaf.chain, own.certificatePem)).toBe('good')
    expect(opensslSays(leaf.certificatePem, own.certificatePem)).toBe('leaf.pem: OK\n')
    const other = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair
    expect((await rejected(() => loadCa({ cert: own.certificate, key: other.privateKey }))).code).toBe('key_mismatch')
  })

  test('no error has key text in it', async () => {
    const pem = ca.privateKeyPem
    const secret = pem.split('\n')[1] ?? ''
    const runs: (() => Promise<unknown>)[] = [
      () => ca.issue({ names: ['a.example'], key: pem.replace('-----BEGIN', '----BEGIN') }),
      () => ca.issue({ names: ['a.example'], key: pem.replaceAll('\n', '\\n') }),
      () => ca.issue({ names: ['a.example'], key: secret }),
      () => ca.issue({ names: [pem] }),
      () => ca.issue({ name: pem, names: ['a.example'] }),
      () => ca.issue({ names: ['a.example'], publicKey: pem }),
      () => ca.issue({ request: pem }),
      () => ca.issue({ names: ['a.example'], policies: [pem] }),
      () => createCa({ name: 'x', nameConstraints: { permitted: [pem] } }),
      () => loadCa({ cert: pem, key: pem }),
      () => loadCa({ certificatePem: ca.certificatePem, privateKeyPem: `${pem}${pem}` }),
    ]
    for (const run of runs) {
      const error = await rejected(run)
      expect(`${error.message} ${String(error.cause)}`).not.toContain(secret.slice(0, 20))
    }
  })
})

describe('requests (RFC 2986)', () => {
  test('say what they ask for', async () => {
    const made = await createRequest({
      name: { commonName: 'A', organization: 'O' },
      names: ['a.example', '10.0.0.1'],
      ca: true,
      keyUsage: ['keyCertSign'],
      purposes: ['clientAuth'],
    })
    const request = parseRequest(made.requestPem)
    expect(request.subject.toString()).toContain('CN=A')
    expect(request.names.map(({ kind, value }) => `${kind}:${value}`)).toEqual(['dns:a.example', 'ip:10.0.0.1'])
    expect([request.keyUsage, request.basicConstraints?.ca]).toEqual([['keyCertSign'], true])
    expect(request.extendedKeyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(request.publicKey.type).toBe('p256')
  })
  withOpenssl('of openssl, with a challenge password', () => {
    openssl.write(
      'challenge.cnf',
      '[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\n[dn]\nCN=x\n[at]\nchallengePassword=let me in\n',
    )
    const der = openssl.bytes(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'k.pem',
      '-config',
      'challenge.cnf',
      '-outform',
      'DER',
    )
    expect(parseRequest(der).challengePassword).toBe('let me in')
  })
  test('that were changed are not signed any more, and no bytes give another error than bad_option', async () => {
    const { request } = await createRequest({ names: ['a.example'] })
    for (let at = 0; at < request.length; at++) {
      const changed = Uint8Array.from(request)
      changed[at] = (changed[at] ?? 0) ^ 0x55
      try {
        expect(await parseRequest(changed).verify()).toBe(false)
      } catch (error) {
        if (!(error instanceof TlsError)) throw error
      }
    }
    expect(
      (await rejected(() => ca.issue({ request: request.with(request.length - 1, 1 ^ (request.at(-1) ?? 0)) }))).code,
    ).toBe('bad_option')
  })
  test('give names and key, and nothing else, unless the CA says so', async () => {
    const wish = await createRequest({ name: 'A', names: ['a.example'], ca: true, keyUsage: ['keyCertSign'] })
    const leaf = parseCertificate((await ca.issue({ request: wish.requestPem })).certificate)
    expect([leaf.basicConstraints?.ca, leaf.keyUsage]).toEqual([false, ['digitalSignature']])
    const own = parseCertificate(
      (await ca.issue({ request: wish.requestPem, ca: true, name: 'A', pathLength: 0 })).certificate,
    )
    expect([own.basicConstraints, own.keyUsage]).toEqual([{ ca: true, pathLength: 0 }, ['keyCertSign', 'cRLSign']])
  })
})

describe('plain options', () => {
  test('policies, usages, places and every kind of name', async () => {
    const made = await ca.issue({
      name: {
        commonName: 'x',
        organizationalUnit: ['A', 'B'],
        domainComponents: ['org', 'example'],
        emailAddress: 'x@example.org',
        serialNumber: '12',
      },
      names: [
        'a.example',
        '*.b.example',
        '::1',
        'me@example.org',
        'spiffe://example.org/a',
        'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
        'bücher.example',
        'jörg@example.org',
        { kind: 'registeredId', value: '1.2.3.4' },
        { kind: 'directory', name: 'Somebody' },
        { kind: 'otherName', oid: '1.3.6.1.4.1.311.20.2.3', bytes: Uint8Array.of(0x0c, 1, 0x61) },
      ],
      keyUsage: ['digitalSignature', 'nonRepudiation'],
      policies: ['2.23.140.1.2.1', { oid: '1.2.3', cps: 'https://example.org/cps', notice: 'Only for tests' }],
      crlUrls: ['http://example.org/crl'],
      ocspUrls: ['http://example.org/ocsp'],
      issuerUrls: ['http://example.org/ca'],
    })
    const leaf = parseCertificate(made.certificate)
    expect(leaf.subject.toString()).toContain('OU=B')
    expect(leaf.subjectAltNames?.map(({ kind }) => kind)).toEqual([
      'dns',
      'dns',
      'ip',
      'email',
      'uri',
      'uri',
      'dns',
      'otherName',
      'registeredId',
      'directory',
      'otherName',
    ])
    expect(leaf.keyUsage).toEqual(['digitalSignature', 'nonRepudiation'])
    expect(leaf.certificatePolicies?.map(({ oid }) => oid)).toEqual(['2.23.140.1.2.1', '1.2.3'])
    expect(await good(made.chain, ca.certificatePem)).toBe('good')
  })
  withOpenssl('are what openssl reads', async () => {
    const made = await ca.issue({
      names: ['a.example'],
      policies: [{ oid: '1.2.3', cps: 'https://example.org/cps', notice: 'Only for tests' }],
    })
    openssl.write('policy.pem', made.certificatePem)
    const { output } = openssl.run('x509', '-in', 'policy.pem', '-noout', '-text')
    expect(output).toContain('CPS: https://example.org/cps')
    expect(output).toContain('Explicit Text: Only for tests')
    expect(opensslSays(made.certificatePem, ca.certificatePem)).toBe('leaf.pem: OK\n')
  })
  test('a date of 2050 and later, up to 9999 (RFC 5280 section 4.1.2.5)', async () => {
    const root = await createCa({ name: 'Long', notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) })
    const leaf = parseCertificate(
      (await root.issue({ names: ['a.example'], notAfter: Date.UTC(2050, 0, 1) })).certificate,
    )
    expect([parseCertificate(root.certificate).notAfter, leaf.notAfter]).toEqual([
      Date.UTC(9999, 11, 31, 23, 59, 59),
      Date.UTC(2050, 0, 1),
    ])
    expect(leaf.hasUntimelyTimes).toBe(false)
  })

  describe('nothing outside the name constraints of the CA (RFC 5280 section 4.2.1.10)', async () => {
    const root = await createCa({
      name: 'Narrow',
      nameConstraints: {
        permitted: ['example.com', '10.0.0.0/8'],
        excluded: ['bad.example.com'],
        permittedDirectories: [{ organization: 'Org' }],
      },
    })
    const middle = await root.createIntermediate({
      name: { organization: 'Org', commonName: 'Middle' },
      nameConstraints: { permitted: ['a.example.com'] },
    })
    const name = { organization: 'Org', commonName: 'leaf' }
    test.each([
      ['the CA itself', root],
      ['a saved one', await loadCa(root)],
    ] as const)('%s', async (_, from) => {
      await from.issue({ name, names: ['a.example.com', '10.1.2.3', 'user@example.org', 'https://example.org/'] })
      await from.sign((await createRequest({ name, names: ['a.example.com'] })).request)
      for (const one of ['a.example.org', '11.0.0.1', '*.bad.example.com', '2001:db8::1'])
        expect(await rejected(() => from.issue({ name, names: [one] }))).toMatchObject({
          code: 'bad_option',
          message: expect.stringMatching(/may not certify this/),
        })
      expect(
        await rejected(() => from.issue({ name: { organization: 'Other' }, names: ['a.example.com'] })),
      ).toMatchObject({ code: 'bad_option' })
    })
    test('an intermediate has its own', async () => {
      for (const from of [middle, await loadCa({ cert: middle.chainPem, key: middle.privateKeyPem })]) {
        await from.issue({ name, names: ['a.example.com'] })
        expect(await rejected(() => from.issue({ name, names: ['b.example.com'] }))).toMatchObject({
          code: 'bad_option',
        })
      }
      const below = await (
        await createCa({ name: 'Root', pathLength: 2 })
      ).createIntermediate({ name: 'M', pathLength: 1, nameConstraints: { excluded: ['example.com'] } })
      const lowest = await below.createIntermediate({ name: 'L' })
      expect(await rejected(() => lowest.issue({ names: ['b.example.com'] }))).toMatchObject({ code: 'bad_option' })
    })
    test('a request as well, and an intermediate', async () => {
      const { request } = await createRequest({ name, names: ['a.example.org'] })
      expect(await rejected(() => root.sign(request))).toMatchObject({
        code: 'bad_option',
        message: expect.stringMatching(/may not certify this/),
      })
      expect(await rejected(() => root.createIntermediate({ name: 'Outside' }))).toMatchObject({ code: 'bad_option' })
    })
  })

  const wrong: readonly (readonly [string, (from: Ca) => Promise<unknown>])[] = [
    ['an IP range without a prefix', () => createCa({ name: 'x', nameConstraints: { permitted: ['10.0.0.0/'] } })],
    ['an IP range with two', () => createCa({ name: 'x', nameConstraints: { permitted: ['10.0.0.0/8/8'] } })],
    [
      'an IP range with bits beyond its prefix',
      () => createCa({ name: 'x', nameConstraints: { permitted: ['10.0.0.1/8'] } }),
    ],
    ['an IP range of a name', () => createCa({ name: 'x', nameConstraints: { permitted: ['example.com/8'] } })],
    ['a prefix that is no number', () => createCa({ name: 'x', nameConstraints: { excluded: ['10.0.0.0/0x8'] } })],
    ['a constraint with a wildcard', () => createCa({ name: 'x', nameConstraints: { permitted: ['*.example.com'] } })],
    ['the year 1940', (from) => from.issue({ names: ['a'], notBefore: Date.UTC(1940, 0, 1) })],
    ['the year 10000', (from) => from.issue({ names: ['a'], notAfter: Date.UTC(10000, 0, 1) })],
    ['no date at all', (from) => from.issue({ names: ['a'], notAfter: Number.NaN })],
    ['a serial number of zero', (from) => from.issue({ names: ['a'], serialNumber: Uint8Array.of(0) })],
    ['a serial number of 21 bytes', (from) => from.issue({ names: ['a'], serialNumber: new Uint8Array(21).fill(1) })],
    ['two @', (from) => from.issue({ names: ['a@b@c'] })],
    ['a name of digits', (from) => from.issue({ names: ['123'] })],
    ['a last label of digits', (from) => from.issue({ names: ['host.1'] })],
    ['a port', (from) => from.issue({ names: ['a.example:443'] })],
    ['a path length without a CA', (from) => from.issue({ names: ['a'], pathLength: 1 })],
    ['a leaf that signs certificates', (from) => from.issue({ names: ['a'], keyUsage: ['keyCertSign'] })],
    ['no key usage', (from) => from.issue({ names: ['a'], keyUsage: [] })],
    ['a CA that signs none', () => createCa({ name: 'x', keyUsage: ['cRLSign'] })],
    ['a purpose that there is not', (from) => from.issue({ names: ['a'], purposes: ['everything'] })],
    ['a policy that is no identifier', (from) => from.issue({ names: ['a'], policies: ['everything'] })],
    ['a place that is no URL', (from) => from.issue({ names: ['a'], crlUrls: ['example.org'] })],
    ['a name in broken DER', (from) => from.issue({ names: ['a'], name: Uint8Array.of(0x30, 1) })],
    ['the public key of a private one', (from) => from.issue({ names: ['a'], publicKey: from.privateKeyPem })],
  ]
  test.each(wrong)('%s is refused', async (_, run) => expect((await rejected(() => run(ca))).code).toBe('bad_option'))

  test("CRLs and OCSP responses for another CA's certificate are refused", async () => {
    const other = await (await createCa({ name: 'Other' })).issue({ names: ['a.example'] })
    expect((await rejected(() => ca.createCrl({ revoked: [{ certificate: other.certificate }] }))).message).toContain(
      'another issuer',
    )
    expect(
      (await rejected(() => ca.createOcspResponse({ answers: [{ certificate: Buffer.from(other.certificatePem) }] })))
        .message,
    ).toContain('another issuer')
  })
})

describe('leaf cache', () => {
  const counting = (from: Ca): { readonly issuer: Issuer; readonly made: () => number } => {
    let made = 0
    return {
      issuer: { ...from, issue: (...args: Parameters<Ca['issue']>) => (made++, from.issue(...args)) } as Issuer,
      made: () => made,
    }
  }
  test('makes a certificate once, for one key, and drops the one used longest ago', async () => {
    const { issuer, made } = counting(ca)
    const leaves = createLeafCache(issuer, { capacity: 2 })
    const [first, again] = await Promise.all([leaves.issue('a.example'), leaves.issue('A.example')])
    expect(first.identity).toBe(again.identity)
    const second = await leaves.issue('b.example')
    expect(second.privateKeyPem).toBe(first.privateKeyPem)
    expect(await good(second.chain, ca.certificatePem, 'b.example')).toBe('good')
    await leaves.issue('a.example')
    await leaves.issue('c.example')
    expect([made(), leaves.size]).toEqual([3, 2])
    await leaves.issue('a.example')
    expect(made()).toBe(3)
    await leaves.issue('b.example')
    expect(made()).toBe(4)
    leaves.clear()
    expect(leaves.size).toBe(0)
  })
  test('makes it again before it expires, and does not keep a failure', async () => {
    let time = Date.now()
    const { issuer, made } = counting(ca)
    const leaves = createLeafCache(issuer, { days: 1, clock: () => time, renewBeforeMs: 60_000 })
    await leaves.issue('a.example')
    time += 86_400_000 - 61_000
    await leaves.issue('a.example')
    time += 2000
    await leaves.issue('a.example')
    expect(made()).toBe(2)
    await rejected(() => leaves.issue('not a name'))
    expect(leaves.size).toBe(1)
    expect((await rejected(async () => createLeafCache(ca, { capacity: 0 }))).code).toBe('bad_option')
  })
  test.each<KeyKind>(['ed25519', 'rsa-2048'])('with a key of kind %s', async (key) => {
    const leaf = await createLeafCache(ca, { key }).issue('a.example')
    expect(await good(leaf.chain, ca.certificatePem)).toBe('good')
    expect(createPublicKey(leaf.privateKeyPem).asymmetricKeyType).toBe(key === 'ed25519' ? 'ed25519' : 'rsa')
  })
})
