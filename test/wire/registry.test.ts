// The numbers of IANA's registries (TLS Parameters, TLS ExtensionType Values, HPKE), written here a second time from
// the registries, and the facts of a suite or scheme as its name has them.

import { describe, expect, it } from 'vitest'
import { alertName, alertNumbers } from '../../src/errors.ts'
import { downgradeSentinel, hasSentinel } from '../../src/handshake/downgrade.ts'
import * as numbers from '../../src/wire/numbers.ts'
import * as registry from '../../src/wire/registry.ts'

const table = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    text
      .trim()
      .split(/\s*\n\s*|\s{2,}/)
      .map((row) => row.split(' '))
      .map(([id = '', name = '']) => [name, Number(id)]),
  )
const ids = (rows: readonly { readonly id: number; readonly name: string }[]): Readonly<Record<string, number>> =>
  Object.fromEntries(rows.map(({ id, name }) => [name, id]))

describe('IANA numbers', () => {
  it('of alerts', () => {
    const alerts = table(`
      0 close_notify  10 unexpected_message  20 bad_record_mac  21 decryption_failed  22 record_overflow
      30 decompression_failure  40 handshake_failure  41 no_certificate  42 bad_certificate
      43 unsupported_certificate  44 certificate_revoked  45 certificate_expired  46 certificate_unknown
      47 illegal_parameter  48 unknown_ca  49 access_denied  50 decode_error  51 decrypt_error
      60 export_restriction  70 protocol_version  71 insufficient_security  80 internal_error
      86 inappropriate_fallback  90 user_canceled  100 no_renegotiation  109 missing_extension
      110 unsupported_extension  111 certificate_unobtainable  112 unrecognized_name
      113 bad_certificate_status_response  114 bad_certificate_hash_value  115 unknown_psk_identity
      116 certificate_required  117 general_error  120 no_application_protocol  121 ech_required`)
    expect(alertNumbers).toEqual(alerts)
    for (const [name, number] of Object.entries(alerts)) expect(alertName(number)).toBe(name)
    expect(alertName(255)).toBe('unknown_255')
  })

  it('of content and handshake types', () => {
    expect(registry.contentTypes).toEqual(
      table('20 change_cipher_spec  21 alert  22 handshake  23 application_data  24 heartbeat'),
    )
    expect(registry.handshakeTypes).toEqual(
      table(`
      0 hello_request  1 client_hello  2 server_hello  4 new_session_ticket  5 end_of_early_data
      8 encrypted_extensions  11 certificate  12 server_key_exchange  13 certificate_request  14 server_hello_done
      15 certificate_verify  16 client_key_exchange  20 finished  21 certificate_url  22 certificate_status
      24 key_update  25 compressed_certificate  254 message_hash`),
    )
    expect(registry.contentTypeName(23)).toBe('application_data')
    expect(registry.handshakeTypeName(20)).toBe('finished')
    expect(registry.handshakeTypeName(99)).toBe('unknown(99)')
  })

  it('of extensions, and which of them are known', () => {
    const extensions = table(`
      0 server_name  1 max_fragment_length  5 status_request  10 supported_groups  11 ec_point_formats
      13 signature_algorithms  14 use_srtp  15 heartbeat  16 application_layer_protocol_negotiation
      18 signed_certificate_timestamp  19 client_certificate_type  20 server_certificate_type  21 padding
      22 encrypt_then_mac  23 extended_master_secret  27 compress_certificate  28 record_size_limit
      34 delegated_credential  35 session_ticket  41 pre_shared_key  42 early_data  43 supported_versions  44 cookie
      45 psk_key_exchange_modes  47 certificate_authorities  48 oid_filters  49 post_handshake_auth
      50 signature_algorithms_cert  51 key_share  52 transparency_info  57 quic_transport_parameters
      58 ticket_request  62 tls_flags  0xfd00 ech_outer_extensions  0xfe0d encrypted_client_hello
      0xff01 renegotiation_info`)
    expect(registry.extensionTypes).toEqual(extensions)
    const known = Array.from({ length: 0x10000 }, (_, id) => [registry.knownExtensionName(id), id] as const)
    expect(Object.fromEntries(known.filter(([name]) => name !== undefined))).toEqual(extensions)
    expect([registry.extensionName(51), registry.extensionName(9)]).toEqual(['key_share', 'unknown(9)'])
  })

  it('of cipher suites', () => {
    const suites = table(`
      0x1301 TLS_AES_128_GCM_SHA256  0x1302 TLS_AES_256_GCM_SHA384  0x1303 TLS_CHACHA20_POLY1305_SHA256
      0x1304 TLS_AES_128_CCM_SHA256  0x1305 TLS_AES_128_CCM_8_SHA256
      0xc02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256  0xc02c TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
      0xc02f TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256  0xc030 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
      0xcca8 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256  0xcca9 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
      0xc0ac TLS_ECDHE_ECDSA_WITH_AES_128_CCM  0xc0ae TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
      0xc009 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA  0xc00a TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
      0xc013 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA  0xc014 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
      0xc023 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256  0xc024 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
      0xc027 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256  0xc028 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
      0x009c TLS_RSA_WITH_AES_128_GCM_SHA256  0x009d TLS_RSA_WITH_AES_256_GCM_SHA384
      0x002f TLS_RSA_WITH_AES_128_CBC_SHA  0x0035 TLS_RSA_WITH_AES_256_CBC_SHA
      0x003c TLS_RSA_WITH_AES_128_CBC_SHA256  0x003d TLS_RSA_WITH_AES_256_CBC_SHA256
      0xd001 TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256  0xd002 TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384
      0xccac TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256  0xc035 TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA
      0xc036 TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA  0x008c TLS_PSK_WITH_AES_128_CBC_SHA
      0x008d TLS_PSK_WITH_AES_256_CBC_SHA  0x00a8 TLS_PSK_WITH_AES_128_GCM_SHA256
      0x00a9 TLS_PSK_WITH_AES_256_GCM_SHA384`)
    expect(ids(registry.cipherSuites)).toEqual(suites)
    expect([registry.EMPTY_RENEGOTIATION_INFO_SCSV, registry.FALLBACK_SCSV]).toEqual([0x00ff, 0x5600])
    expect([registry.cipherSuiteName(0x1301), registry.cipherSuiteName(0x0a)]).toEqual([
      'TLS_AES_128_GCM_SHA256',
      '0x000a',
    ])
  })

  it('of groups', () => {
    const groups = table(`
      23 P-256  24 P-384  25 P-521  29 X25519  30 X448  512 MLKEM512  513 MLKEM768  514 MLKEM1024
      4587 SecP256r1MLKEM768  4588 X25519MLKEM768  4589 SecP384r1MLKEM1024`)
    expect(numbers.groupIds).toEqual(groups)
    expect(ids(registry.namedGroups)).toEqual(groups)
    for (const { name, tls13Only } of registry.namedGroups) expect(tls13Only === true).toBe(name.includes('MLKEM'))
    expect([registry.namedGroupName(29), registry.namedGroupName(1)]).toEqual(['X25519', '0x0001'])
  })

  it('of signature schemes', () => {
    expect(ids(registry.signatureSchemes)).toEqual(
      table(`
      0x0201 rsa_pkcs1_sha1  0x0203 ecdsa_sha1  0x0401 rsa_pkcs1_sha256  0x0403 ecdsa_secp256r1_sha256
      0x0501 rsa_pkcs1_sha384  0x0503 ecdsa_secp384r1_sha384  0x0601 rsa_pkcs1_sha512
      0x0603 ecdsa_secp521r1_sha512  0x0804 rsa_pss_rsae_sha256  0x0805 rsa_pss_rsae_sha384
      0x0806 rsa_pss_rsae_sha512  0x0807 ed25519  0x0808 ed448  0x0809 rsa_pss_pss_sha256
      0x080a rsa_pss_pss_sha384  0x080b rsa_pss_pss_sha512  0x0904 mldsa44  0x0905 mldsa65  0x0906 mldsa87`),
    )
    expect(registry.IMPLIED_SCHEMES_12).toEqual([0x0201, 0x0203]) // RFC 5246 section 7.4.1.4.1
    expect([registry.signatureSchemeName(0x0807), registry.signatureSchemeName(7)]).toEqual(['ed25519', '0x0007'])
  })

  it('of versions, and their names', () => {
    const { versions, SSL30, TLS10, TLS12, TLS13 } = registry
    expect(versions).toEqual({ 'TLS 1.0': 0x0301, 'TLS 1.1': 0x0302, 'TLS 1.2': 0x0303, 'TLS 1.3': 0x0304 })
    expect([SSL30, TLS10, TLS12, TLS13]).toEqual([0x0300, 0x0301, 0x0303, 0x0304])
    expect([registry.versionName(0x0302), registry.versionName(0x0305)]).toEqual(['TLS 1.1', '0x0305'])
  })

  it('of small registries', () => {
    const { HOST_NAME, OCSP, UNCOMPRESSED, NAMED_CURVE, NO_COMPRESSION } = numbers
    expect([HOST_NAME, OCSP, UNCOMPRESSED, NAMED_CURVE, NO_COMPRESSION]).toEqual([0, 1, 0, 3, 0])
    expect(numbers.pskModes).toEqual(table('0 psk_ke  1 psk_dhe_ke'))
    expect(numbers.clientCertificateTypes).toEqual(table('1 rsa_sign  64 ecdsa_sign'))
    expect(numbers.hashAlgorithms).toEqual(table('4 sha256'))
    expect(numbers.signatureAlgorithms).toEqual(table('1 rsa  3 ecdsa'))
    expect(numbers.compressionIds).toEqual(table('1 zlib  2 brotli  3 zstd'))
    expect(numbers.kdfIds).toEqual(table('1 sha256  2 sha384'))
    expect(numbers.hpkeKems).toEqual(table('0x10 P256_SHA256  0x20 X25519_SHA256'))
    expect(numbers.hpkeKdfs).toEqual(table('1 sha256  2 sha384  3 sha512'))
    expect(numbers.hpkeAeads).toEqual(table('1 aes-128-gcm  2 aes-256-gcm  3 chacha20-poly1305'))
  })

  it('of GREASE are the sixteen of RFC 8701', () => {
    const grease = Array.from({ length: 0x10000 }, (_, id) => id).filter(registry.isGrease)
    expect(grease).toEqual(Array.from({ length: 16 }, (_, i) => i * 0x1010 + 0x0a0a))
  })
})

describe('facts', () => {
  const usual = /^TLS_(ECDHE_(ECDSA|RSA)_WITH_)?(AES_(128|256)_GCM|CHACHA20_POLY1305)_/

  it.each(registry.cipherSuites.map((suite) => [suite.name, suite] as const))(
    'of %s are in its name',
    (name, suite) => {
      const [, by, cipher = '', end = ''] = /^TLS_(?:(\w+)_WITH_)?(\w+?)(?:_(SHA\d*))?$/.exec(name) ?? []
      const isCbc = cipher.endsWith('CBC')
      const legacy = usual.test(name) ? {} : { legacy: true }
      const hash = end === 'SHA384' ? 'sha384' : 'sha256' // RFC 5246 section 5: the PRF of suites that name none better
      expect(suite).toEqual({
        id: suite.id,
        name,
        version: by === undefined ? 'TLS 1.3' : 'TLS 1.2',
        cipher: cipher.toLowerCase().replaceAll('_', '-'),
        hash,
        ...(by !== undefined && {
          keyExchange: { RSA: 'rsa', PSK: 'psk', ECDHE_PSK: 'ecdhe_psk' }[by] ?? 'ecdhe',
          authentication: by.split('_').at(-1)?.toLowerCase(),
        }),
        ...(isCbc && { mac: end === 'SHA' ? 'sha1' : end.toLowerCase() }),
        ...legacy,
      })
    },
  )

  it.each(registry.signatureSchemes.map((scheme) => [scheme.name, scheme] as const))(
    'of %s are in its name (RFC 9846 section 4.3.3)',
    (name, scheme) => {
      const curve = /secp(\d+)r1/.exec(name)?.[1]
      const types: Readonly<Record<string, string>> = {
        rsa_pkcs1: 'rsa',
        rsa_pss_rsae: 'rsa',
        rsa_pss_pss: 'rsa-pss',
        ecdsa: 'p256', // SHA-1 names no curve
      }
      const family = name.replace(/_(secp\d+r1_)?sha\d+$/, '')
      const sha1 = name.endsWith('sha1')
      expect(scheme).toEqual({
        id: scheme.id,
        name,
        algorithm: name.replace(/_(rsae|pss|secp\d+r1)_sha/, '_sha'),
        keyType: curve === undefined ? (types[family] ?? name) : `p${curve}`,
        tls13: !name.startsWith('rsa_pkcs1') && !sha1,
        ...(sha1 && { legacy: true }),
        ...(name.startsWith('mldsa') && { tls13Only: true }),
      })
    },
  )

  it('the downgrade sentinels are "DOWNGRD" and 1 or 0 (RFC 9846 section 4.2.3)', () => {
    const sentinel = (last: number): Uint8Array => Uint8Array.of(...new TextEncoder().encode('DOWNGRD'), last)
    expect([downgradeSentinel(registry.TLS12), downgradeSentinel(0x0302)]).toEqual([sentinel(1), sentinel(0)])
    const random = (end: Uint8Array): Uint8Array => Uint8Array.of(...new Uint8Array(32 - end.length), ...end)
    expect([0, 1, 2].map((last) => hasSentinel(random(sentinel(last))))).toEqual([true, true, false])
    for (let i = 0; i < 7; i++) {
      const other = sentinel(1)
      other[i] = 0
      expect(hasSentinel(random(other))).toBe(false)
    }
    expect(hasSentinel(random(sentinel(1)).subarray(0, 31))).toBe(false)
  })
})
