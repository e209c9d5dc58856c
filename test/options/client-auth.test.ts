// Which authorities a server names to its clients (RFC 9846 section 4.3.4): those that were given, or else the subjects
// of `ca`, or else those of the verifier, or none.

import { describe, expect, it } from 'vitest'
import type { ServerOptions } from '../../src/options.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { serverConfigOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'

const subjectOf = (pem: string): Uint8Array => {
  const [block] = decodePem(pem)
  if (!block) throw new Error('no certificate')
  return parseCertificate(block.bytes).subject.der
}
const name = subjectOf(rsa.cert)
const other = subjectOf(ecdsa.cert)
const authorities = (clientAuth: NonNullable<ServerOptions['clientAuth']>): readonly Uint8Array[] | undefined =>
  serverConfigOf({ clientAuth }).clientAuth?.authorities

describe('clientAuth', () => {
  it('names the authorities that are given, whoever judges', () => {
    const verifier = { ...anyCertificate, authorities: [other] }
    expect(authorities({ mode: 'require', verifier, ca: ecdsa.cert, authorities: [name] })).toEqual([name])
    expect(authorities({ mode: 'request-unverified', authorities: [name] })).toEqual([name])
  })

  it('else the subjects of ca', () => {
    const verifier = { ...anyCertificate, authorities: [name] }
    expect(authorities({ mode: 'require', ca: [ecdsa.cert, rsa.cert], verifier })).toEqual([other, name])
  })

  it("else the verifier's own, and of one that has none, none", () => {
    expect(authorities({ mode: 'request', verifier: { ...anyCertificate, authorities: [name] } })).toEqual([name])
    expect(authorities({ mode: 'request', verifier: { verify: anyCertificate.verify } })).toEqual([])
    expect(authorities({ mode: 'request-unverified' })).toEqual([])
  })

  it.each([
    ['request', false, true],
    ['require', true, true],
    ['after-handshake', false, false],
    ['request-unverified', false, true],
    ['require-unverified', true, true],
  ] as const)('mode %s: required %s, asked in the handshake %s', (mode, required, inHandshake) => {
    const given = mode.endsWith('unverified') ? {} : { verifier: anyCertificate }
    expect(serverConfigOf({ clientAuth: { mode, ...given } }).clientAuth).toMatchObject({
      required,
      inHandshake,
      acceptPsk: false,
    })
  })
})
