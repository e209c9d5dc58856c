import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCa } from '../../src/pki/index.ts'
import type { Ca, KeyKind } from '../../src/pki/index.ts'
import { derOctets } from '../../src/wire/der.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { certificateText } from '../../src/inspect/print-certificate.ts'
import { encodeSct, joinSctList } from '../../src/x509/sct.ts'
import { OpensslDirectory, withOpenssl } from '../pki/openssl.ts'

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())

/** OpenSSL 3.2 and later print "C=DE" where earlier ones print "C = DE", and indent a hex dump otherwise. */
const normal = (text: string): string => text.replaceAll(' = ', '=').replace(/ +$/gm, '')
const theirs = (pem: string): string => {
  openssl.write('c.pem', pem)
  return normal(openssl.run('x509', '-in', 'c.pem', '-noout', '-text').output)
}
const ours = (pem: { readonly certificate: Uint8Array }): string =>
  normal(certificateText(parseCertificate(pem.certificate)))

let ca: Ca
beforeAll(async () => {
  ca = await createCa({
    name: { commonName: 'Root', organization: 'Org', country: 'DE' },
    pathLength: 2,
    nameConstraints: {
      permitted: ['example.com', '10.0.0.0/8', '2001:db8::/32', '@example.org'],
      excluded: ['2001:db9::/32'],
    },
  })
})

describe('certificateText', () => {
  withOpenssl('is what openssl x509 -text prints, for a CA', () => {
    expect(ours(ca)).toBe(theirs(ca.certificatePem))
  })

  withOpenssl.each(['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'ed25519'] as readonly KeyKind[])(
    'is what openssl x509 -text prints, for a leaf with %s',
    async (key) => {
      const leaf = await ca.issue({
        key,
        names: ['a.example.com', '10.1.2.3', '2001:db8::7', 'a@example.org', 'https://a.example.com/'],
        client: true,
        server: true,
        mustStaple: true,
        crlUrls: ['http://crl.example.com/1'],
        ocspUrls: ['http://ocsp.example.com'],
        issuerUrls: ['http://ca.example.com/ca.der'],
        serialNumber: key === 'ed25519' ? Uint8Array.of(0x12, 0x34) : Uint8Array.from({ length: 17 }, (_, i) => i + 1),
      })
      expect(ours(leaf)).toBe(theirs(leaf.certificatePem))
    },
  )

  withOpenssl('is what openssl x509 -text prints, for timestamps of certificate transparency', async () => {
    const scts = [0, 1].map((i) =>
      encodeSct({
        logId: new Uint8Array(32).fill(i + 1),
        timestamp: Date.UTC(2026, 2, 4, 5, 6, 7, 89),
        extensions: new Uint8Array(),
        hashAlgorithm: 4,
        signatureAlgorithm: 3,
        signature: Uint8Array.from({ length: 70 }, (_, j) => j),
      }),
    )
    const leaf = await ca.issue({
      names: ['a.example.com'],
      extensions: [{ oid: '1.3.6.1.4.1.11129.2.4.2', value: derOctets(joinSctList(scts)) }],
    })
    expect(ours(leaf)).toBe(theirs(leaf.certificatePem))
  })

  test('RFC 6962 section 3.2: a timestamp that no date has is printed as a number', async () => {
    const sct = encodeSct({
      logId: new Uint8Array(32),
      timestamp: 9e15,
      extensions: new Uint8Array(),
      hashAlgorithm: 4,
      signatureAlgorithm: 3,
      signature: new Uint8Array(70),
    })
    const leaf = await ca.issue({
      names: ['a.example.com'],
      extensions: [{ oid: '1.3.6.1.4.1.11129.2.4.2', value: derOctets(joinSctList([sct])) }],
    })
    expect(certificateText(parseCertificate(leaf.certificate))).toMatch(/Timestamp *: 9000000000000000 ms after 1970/)
  })

  test('control characters, malformed and unknown extensions, and unknown keys do no harm', async () => {
    const leaf = await ca.issue({
      names: ['a.example.com'],
      name: 'a\u001b[31m\nSubject: b',
      extensions: [
        { oid: '2.5.29.37', value: Uint8Array.of(0x30, 1) },
        { oid: '1.2.3.4', critical: true, value: Uint8Array.of(0xab, 0xcd) },
      ],
    })
    const text = certificateText(parseCertificate(leaf.certificate))
    expect(text).toMatch(/Subject: CN = a\\1B\[31m\\0ASubject: b\n/)
    expect(text).toMatch(/<malformed: .*longer than what holds it/)
    expect(text).toMatch(/ {12}1\.2\.3\.4: critical\n {16}ab:cd\n/)
    const x25519 = (await ca.issue({ names: ['a.example.com'], key: 'ed25519' })).certificate.slice()
    const at = x25519.findIndex((byte, i) => byte === 0x2b && x25519[i + 1] === 0x65 && x25519[i + 2] === 0x70)
    x25519[at + 2] = 0x6e
    expect(certificateText(parseCertificate(x25519))).toMatch(/Public Key Algorithm: not supported\n {16}30:2a:30:05/)
  })
})
