// What can't become a sound certificate, request, CRL or OCSP response is refused by name: values of the wrong kind or
// out of range, and values that contradict each other.

import { beforeAll, describe, expect, test } from 'vitest'
import { createCa, createLeafCache, createRequest, loadCa, selfSigned } from '../../src/pki/index.ts'
import type { Ca, Certified, Issued } from '../../src/pki/index.ts'
import { derElement, derSequence } from '../../src/wire/der.ts'
import { parseCertificate, parseCrl } from '../../src/x509/index.ts'
import { rejected } from '../fixtures/rejected.ts'

let ca: Ca
let leaf: Issued
beforeAll(async () => {
  ca = await createCa({ name: 'Root' })
  leaf = await ca.issue({ names: ['a.example'] })
})

/** As of a caller without types. */
const issue = (options: object): Promise<Certified> => ca.issue({ names: ['a.example'], ...options } as never)
const named = (name: unknown): Promise<Certified> => issue({ name: 'x', names: [name] })

type Row = readonly [what: string, run: () => unknown, says: RegExp]
const refused = (rows: readonly Row[]): void =>
  test.each(rows)('%s', async (_, run, says) => {
    const error = await rejected(run)
    expect(error.code).toBe('bad_option')
    expect(error.message).toMatch(says)
  })

describe('names (RFC 5280 section 4.2.1.6)', () => {
  refused([
    ...['dns', 'email', 'uri', 'ip', 'registeredId'].map((kind): Row => [
      `${kind} without a value`,
      () => named({ kind }),
      /has to be a text/,
    ]),
    ['an otherName without bytes', () => named({ kind: 'otherName', oid: '1.2.3' }), /Uint8Array/],
    [
      'an otherName whose bytes are no DER',
      () => named({ kind: 'otherName', oid: '1.2.3', bytes: Uint8Array.of(1, 2, 3) }),
      /otherName/,
    ],
    [
      'a directory name that is no DER',
      () => named({ kind: 'directory', name: { der: Uint8Array.of(1, 2, 3) } }),
      /distinguished name/,
    ],
    ['an empty directory name', () => named({ kind: 'directory', name: '' }), /without anything/],
    ['a relative URI', () => named({ kind: 'uri', value: '/path' }), /not a URI/],
    ['a mailbox with a colon', () => named('mailto:a@b.example'), /e-mail/],
    ['a mailbox that ends in a dot', () => named('a.@b.example'), /e-mail/],
    ...[
      'ü@b.example',
      'ü.example/path',
      'ü.example:443',
      'ü?x',
      'ü#x',
      'ü\\x',
      'a%41.exämple',
      'a.exa\nmple',
      'a\t.example',
    ].map((value): Row => [
      `the domain ${JSON.stringify(value)}, of which a URL's parser takes a part`,
      () => named({ kind: 'dns', value }),
      /not a DNS name/,
    ]),
  ])

  test('domains beyond ASCII are still A-labels', async () => {
    const made = await ca.issue({ names: ['bücher.example', 'a。b.example', 'ü@bücher.example'] })
    expect(parseCertificate(made.certificate).subjectAltNames?.map(({ value }) => value)).toEqual([
      'xn--bcher-kva.example',
      'a.b.example',
      '1.3.6.1.5.5.7.8.9',
    ])
  })
})

describe('names that a request asks for (RFC 5280 section 4.2.1.6)', () => {
  const asked = async (tag: number, value: string): Promise<unknown> => {
    const names = derSequence(derElement(tag, new TextEncoder().encode(value)))
    const { requestPem } = await createRequest({ name: 'x', extensions: [{ oid: '2.5.29.17', value: names }] })
    return ca.issue({ request: requestPem })
  }
  refused(
    ['a\0.example', 'a.example:443', '*', '*.*.example', '10.0.0.1', 'a.example.', ' '].map((value): Row => [
      `the domain ${JSON.stringify(value)}`,
      () => asked(0x82, value),
      /not a/,
    ]),
  )
  refused([
    ['a relative URI', () => asked(0x86, '/path'), /URI/],
    ['a mailbox without "@"', () => asked(0x81, 'a'), /email/],
    ['an empty directory name', () => asked(0xa4, '0\0'), /without anything/],
  ])

  test('those that are names are taken over', async () => {
    await asked(0x82, 'A_b.example')
    await asked(0x81, '"a b"@b.example')
    await asked(0x86, 'urn:x')
  })
})

describe('subjects (RFC 5280 section 4.1.2.6)', () => {
  refused([
    ['X.680 section 41.4: "@" in a PrintableString', () => issue({ name: { serialNumber: 'a@b' } }), /serialNumber/],
    ['RFC 2247: two labels in one domain component', () => issue({ name: { domainComponents: ['a.b'] } }), /domainC/],
    ['an e-mail address without "@"', () => issue({ name: { emailAddress: 'a' } }), /emailAddress/],
    ['a unit that is no text', () => issue({ name: { organizationalUnit: [1] } }), /organizationalUnit/],
    ['a unit that is a number', () => issue({ name: { organizationalUnit: 1 } }), /organizationalUnit/],
  ])
})

describe('certificates', () => {
  refused([
    ['section 4.2.1.4: a policy twice', () => issue({ policies: ['1.2.3', { oid: '1.2.3' }] }), /twice/],
    ['RFC 5480 section 3: an EC key that enciphers', () => issue({ keyUsage: ['keyEncipherment'] }), /p256/],
    ['RFC 8410 section 5: Ed25519 that agrees', () => issue({ key: 'ed25519', keyUsage: ['keyAgreement'] }), /ed25519/],
    ['RFC 3279 section 2.3.1: RSA that agrees', () => issue({ key: 'rsa-2048', keyUsage: ['keyAgreement'] }), /rsa/],
    ['section 4.2.1.3: encipherOnly alone', () => issue({ keyUsage: ['encipherOnly'] }), /keyAgreement/],
    ['a CA that staples', () => issue({ name: 'x', ca: true, mustStaple: true }), /RFC 7633/],
    ['a CA that delegates', () => issue({ name: 'x', ca: true, delegation: true }), /RFC 9345/],
    [
      'RFC 9345 section 4.2: delegation without digitalSignature',
      () => issue({ delegation: true, keyUsage: ['keyAgreement'] }),
      /digitalSignature/,
    ],
    ['a path length of 33 bits', () => createCa({ name: 'x', pathLength: 2 ** 32 }), /pathLength/],
    [
      'a constraint on every directory name',
      () => createCa({ name: 'x', nameConstraints: { permittedDirectories: [''] } }),
      /without anything/,
    ],
    [
      'a request and a key',
      async () => issue({ request: (await createRequest({ names: ['b.example'] })).requestPem, key: 'ed25519' }),
      /request/,
    ],
    [
      'a request that one signs oneself',
      async () =>
        selfSigned({
          names: ['a.example'],
          request: (await createRequest({ names: ['b.example'] })).requestPem,
        } as never),
      /request/,
    ],
    ['a request of a CA that staples', () => createRequest({ name: 'x', ca: true, mustStaple: true }), /RFC 7633/],
    [
      'a request of a CA that signs nothing',
      () => createRequest({ name: 'x', ca: true, keyUsage: ['cRLSign'] }),
      /keyCertSign/,
    ],
    ['a cache that keeps what has expired', () => createLeafCache(ca, { renewBeforeMs: -1 }), /renewBeforeMs/],
  ])

  test('empty lists say nothing, and no extension is empty for them', async () => {
    const made = await ca.issue({ names: ['a.example'], policies: [], crlUrls: [], ocspUrls: [], issuerUrls: [] })
    const oids = (der: Uint8Array): readonly string[] => parseCertificate(der).extensions.map(({ oid }) => oid)
    expect(oids(made.certificate)).toEqual(oids(leaf.certificate))
  })

  test('loadCa: each certificate of the chain is of the issuer of the one before it', async () => {
    const [middle, other] = [await ca.createIntermediate({ name: 'Middle' }), await createCa({ name: 'Other' })]
    const load = (chain: string): Promise<unknown> => loadCa({ cert: chain, key: middle.privateKeyPem })
    await load(middle.certificatePem + ca.certificatePem)
    expect(await rejected(() => load(middle.certificatePem + other.certificatePem))).toMatchObject({
      code: 'bad_option',
      message: expect.stringMatching(/certificate 2 is not of the issuer/),
    })
  })
})

describe('CRLs (RFC 5280 section 5) and OCSP responses', () => {
  const crl = (options: object): Promise<unknown> => ca.createCrl(options)
  const revoke = (...revoked: object[]): Promise<unknown> => crl({ revoked })
  const ocsp = (options: object, answer: object = {}): Promise<unknown> =>
    ca.createOcspResponse({ answers: [{ certificate: leaf.certificate, ...answer }], ...options })
  const day = 86_400_000
  refused([
    ['days of none', () => crl({ days: 0 }), /days/],
    ['days below none', () => crl({ days: -1 }), /days/],
    ['a list that ends before it begins', () => crl({ thisUpdate: 5 * day, nextUpdate: 4 * day }), /nextUpdate/],
    ['section 5.2.5: a scope that says nothing', () => crl({ scope: { urls: [] } }), /scope/],
    [
      'section 5.3.1: removed from a complete list',
      () => revoke({ serialNumber: '1', reason: 'removeFromCRL' }),
      /del/,
    ],
    ['a reason of null', () => revoke({ serialNumber: '1', reason: null }), /reason/],
    ['a serial number twice', () => revoke({ serialNumber: '0a' }, { serialNumber: '00:0A' }), /twice/],
    [
      'a certificate and a serial number',
      () => revoke({ certificate: leaf.certificate, serialNumber: '1' }),
      /certificate is given/,
    ],
    [
      'section 4.2.1.3: by a CA without cRLSign',
      async () => (await createCa({ name: 'x', keyUsage: ['keyCertSign'] })).createCrl(),
      /cRLSign/,
    ],
    ['OCSP for hours below none', () => ocsp({ hours: -1 }), /hours/],
    ['OCSP that ends before it begins', () => ocsp({ thisUpdate: 5 * day, nextUpdate: 4 * day }), /nextUpdate/],
    ['RFC 9654 section 2.1: an empty nonce', () => ocsp({ nonce: new Uint8Array() }), /nonce/],
    ['RFC 9654 section 2.1: a nonce of 129 bytes', () => ocsp({ nonce: new Uint8Array(129) }), /nonce/],
    ['a reason for what is good', () => ocsp({}, { reason: 'keyCompromise' }), /revoked/],
    ['a moment for what is unknown', () => ocsp({}, { status: 'unknown', revokedAt: 0 }), /revoked/],
  ])

  test('a key given as serial number is not printed', async () => {
    const [, secret = 'none'] = leaf.privateKeyPem.split('\n')
    const { message } = await rejected(() => revoke({ serialNumber: leaf.privateKeyPem }))
    expect(message).not.toContain(secret.slice(0, 20))
    expect(message).toMatch(/serialNumber/)
  })

  test('section 5.3.1: a delta CRL removes', async () => {
    const extensions = [{ oid: '2.5.29.27', critical: true, value: Uint8Array.of(2, 1, 1) }]
    const made = await ca.createCrl({ revoked: [{ serialNumber: '1', reason: 'removeFromCRL' }], extensions })
    expect(parseCrl(made.crl).entries.get('01')?.reason).toBe('removeFromCRL')
  })
})
