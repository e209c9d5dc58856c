// The names of cipher suites, which the table keeps as products of exchanges and ciphers.

import { describe, expect, it } from 'vitest'
import { describeCipherSuite } from '../../src/inspect/index.ts'
import { ianaSuites } from '../../src/inspect/names/suites.ts'
import { cipherSuites } from '../../src/wire/registry.ts'

describe('the registry of cipher suites', () => {
  it.each([
    [0x0000, 'TLS_NULL_WITH_NULL_NULL'],
    [0x001b, 'TLS_DH_anon_WITH_3DES_EDE_CBC_SHA'],
    [0x001e, 'TLS_KRB5_WITH_DES_CBC_SHA'],
    [0x002b, 'TLS_KRB5_EXPORT_WITH_RC4_40_MD5'],
    [0x0039, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA'],
    [0x0046, 'TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA'],
    [0x0060, 'TLS_RSA_EXPORT1024_WITH_RC4_56_MD5'],
    [0x006d, 'TLS_DH_anon_WITH_AES_256_CBC_SHA256'],
    [0x0083, 'TLS_GOSTR341001_WITH_NULL_GOSTR3411'],
    [0x009f, 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'],
    [0x00b9, 'TLS_RSA_PSK_WITH_NULL_SHA384'],
    [0x00c7, 'TLS_SM4_CCM_SM3'],
    [0x00ff, 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV'],
    [0x1307, 'TLS_AEGIS_128L_SHA256'],
    [0x5600, 'TLS_FALLBACK_SCSV'],
    [0xc019, 'TLS_ECDH_anon_WITH_AES_256_CBC_SHA'],
    [0xc022, 'TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA'],
    [0xc03b, 'TLS_ECDHE_PSK_WITH_NULL_SHA384'],
    [0xc071, 'TLS_ECDHE_PSK_WITH_ARIA_256_CBC_SHA384'],
    [0xc09b, 'TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384'],
    [0xc0ab, 'TLS_PSK_DHE_WITH_AES_256_CCM_8'],
    [0xc0b5, 'TLS_SHA384_SHA384'],
    [0xc0ff, 'TLS_ECJPAKE_WITH_AES_128_CCM_8'],
    [0xc106, 'TLS_GOSTR341112_256_WITH_MAGMA_MGM_S'],
    [0xccae, 'TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256'],
    [0xd005, 'TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256'],
  ])('has %i as %s', (id, name) => {
    expect(describeCipherSuite(id).name).toBe(name)
  })

  it.each([0x001c, 0x0047, 0x006e, 0x00c8, 0x1308, 0xc000, 0xc0b6, 0xc107, 0xcc16, 0xd004])('has no %i', (id) => {
    expect(ianaSuites().get(id)).toBeUndefined()
  })

  it('has 367, no name twice, and the suites that this library speaks by the same names', () => {
    expect(ianaSuites().size).toBe(367)
    expect(new Set(ianaSuites().values()).size).toBe(367)
    for (const { id, name } of cipherSuites) expect(ianaSuites().get(id)).toBe(name)
  })
})
