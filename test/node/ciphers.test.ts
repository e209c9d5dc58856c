// OpenSSL's table of cipher suites against ours: names, and the version that brought each. And parameters of
// finite-field Diffie-Hellman, which node:tls checks and this library checks too, though it has no suite for them.

import { execFileSync } from 'node:child_process'
import nodeTls from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import { describeCipher, describeGroup, getCiphers, sharedSigalgName } from '../../src/node/ciphers.ts'
import { createSecureContext } from '../../src/node/index.ts'
import { cipherSuites, signatureSchemes } from '../../src/wire/registry.ts'
import { derInteger, derSequence } from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { hasOpenssl } from '../pki/openssl.ts'

describe.runIf(hasOpenssl)('the suites of OpenSSL', () => {
  const command = ['ciphers', '-stdname', '-v', 'ALL:COMPLEMENTOFALL@SECLEVEL=0']
  const rows = (hasOpenssl ? execFileSync('openssl', command, { encoding: 'utf8' }) : '')
    .trim()
    .split('\n')
    .map((line) => /^(\S+) +- (\S+) +(\S+)/.exec(line) ?? [])
  const byName = new Map(
    rows.map(([, standardName = '', name = '', version = '']) => [standardName, { name, version }]),
  )

  it('have the same names and versions here', () => {
    const common = cipherSuites.filter(({ name }) => byName.has(name))
    expect(common.length).toBeGreaterThan(28)
    for (const { name: standardName } of common) {
      const { name, version } = byName.get(standardName) ?? {}
      const shown = version === 'TLSv1' ? 'TLSv1.0' : version
      expect(describeCipher(standardName)).toEqual({ name, standardName, version: shown })
    }
  })
  it('getCiphers() has them in lower case, sorted', () => {
    const ours = getCiphers()
    expect(ours).toEqual([...new Set(ours)].toSorted())
    const native = new Set(nodeTls.getCiphers())
    // TLS_ECDHE_PSK with GCM is of RFC 8442, which OpenSSL does not have; node:tls leaves out what no build enables.
    const odd = /^ecdhe-psk-aes(128|256)-gcm|ccm/
    expect(ours.filter((name) => !native.has(name) && !odd.test(name))).toEqual([])
  })
})

it('getSharedSigalgs() names an algorithm as OpenSSL does', () => {
  expect(
    signatureSchemes
      .filter(({ name }) => /^(rsa|ecdsa|ed)/.test(name))
      .map(({ name }) => [name, sharedSigalgName(name)]),
  ).toMatchInlineSnapshot(`
    [
      [
        "ecdsa_secp256r1_sha256",
        "ECDSA+SHA256",
      ],
      [
        "ed25519",
        "Ed25519+UNDEF",
      ],
      [
        "rsa_pss_rsae_sha256",
        "RSA-PSS+SHA256",
      ],
      [
        "ecdsa_secp384r1_sha384",
        "ECDSA+SHA384",
      ],
      [
        "rsa_pss_rsae_sha384",
        "RSA-PSS+SHA384",
      ],
      [
        "ecdsa_secp521r1_sha512",
        "ECDSA+SHA512",
      ],
      [
        "rsa_pss_rsae_sha512",
        "RSA-PSS+SHA512",
      ],
      [
        "rsa_pss_pss_sha256",
        "RSA-PSS+SHA256",
      ],
      [
        "rsa_pss_pss_sha384",
        "RSA-PSS+SHA384",
      ],
      [
        "rsa_pss_pss_sha512",
        "RSA-PSS+SHA512",
      ],
      [
        "ed448",
        "Ed448+UNDEF",
      ],
      [
        "rsa_pkcs1_sha256",
        "RSA+SHA256",
      ],
      [
        "rsa_pkcs1_sha384",
        "RSA+SHA384",
      ],
      [
        "rsa_pkcs1_sha512",
        "RSA+SHA512",
      ],
      [
        "ecdsa_sha1",
        "ECDSA+SHA1",
      ],
      [
        "rsa_pkcs1_sha1",
        "RSA+SHA1",
      ],
    ]
  `)
  expect(sharedSigalgName('0x1234')).toBe('0x1234+UNDEF')
})

it('getEphemeralKeyInfo() shows the curve and its bits', () => {
  expect(['P-256', 'P-384', 'P-521', 'X25519', 'X448', 'X25519MLKEM768'].map(describeGroup)).toEqual([
    { type: 'ECDH', name: 'prime256v1', size: 256 },
    { type: 'ECDH', name: 'secp384r1', size: 384 },
    { type: 'ECDH', name: 'secp521r1', size: 521 },
    { type: 'ECDH', name: 'X25519', size: 253 },
    { type: 'ECDH', name: 'X448', size: 448 },
    {},
  ])
})

describe('dhparam', () => {
  /** The largest number of so many bits. */
  const numberOf = (bits: number): Uint8Array =>
    new Uint8Array(Math.ceil(bits / 8)).fill(0xff).with(0, 0xff >> ((8 - (bits % 8)) % 8))
  /** DHParameter of PKCS#3 with a number of so many bits in the prime's place. */
  const parameters = (bits: number): Uint8Array => derSequence(derInteger(numberOf(bits)), derInteger(2))
  const pem = (bits: number): string => encodePem('DH PARAMETERS', parameters(bits))
  const make = (dhparam: string | Buffer) => () => createSecureContext({ dhparam })

  it('of fewer than 1024 bits is refused', () => {
    for (const bits of [512, 1023]) {
      expect(make(pem(bits))).toThrow('DH parameter is less than 1024 bits')
      expect(make(Buffer.from(parameters(bits)))).toThrow('DH parameter is less than 1024 bits')
    }
  })
  it('of fewer than 2048 bits gives a warning, and from there on none', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    for (const bits of [1024, 2047]) {
      make(pem(bits))()
      expect(warn.mock.calls.splice(0)).toEqual([['DH parameter is less than 2048 bits', 'SecurityWarning']])
    }
    for (const bits of [2048, 2049, 4096]) make(Buffer.from(pem(bits)))()
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })
  it('that is invalid is refused', () => {
    for (const der of [Uint8Array.of(0x31, 0), Uint8Array.of(0x30, 3, 4, 1, 0), Uint8Array.of(0x30, 3, 2, 1, 0)])
      expect(make(encodePem('DH PARAMETERS', der))).toThrow('Failed to set DH parameter')
    expect(make('no PEM at all')).toThrow('Failed to set DH parameter')
  })
})
