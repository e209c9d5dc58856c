// The shortest form of each extension and message, as the presentation language of its RFC has it, and what is shorter
// by one step: that is decode_error.

import { describe, expect, it } from 'vitest'
import {
  decodeEch,
  decodeEchConfigList,
  encodeEchConfig,
  hasMandatoryExtension,
  outerExtensions,
} from '../../src/wire/ech.ts'
import { concat, fromHex } from '../../src/wire/bytes.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import type { Codec } from '../../src/wire/codec.ts'
import * as extensions from '../../src/wire/extensions.ts'
import { decodeMessage, encodeMessage, messages12, messages13 } from '../../src/wire/messages.ts'

const bytes = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', ''))
const decodeError = expect.objectContaining({ code: 'decode_error' })

type Rows = readonly (readonly [name: string, good: string, ...bad: readonly string[]])[]

const tables: Readonly<Record<string, readonly [Readonly<Record<string, Codec<unknown>>>, Rows]>> = {
  ClientHello: [
    extensions.clientHelloExtensions,
    [
      ['server_name', '0004 00 0001 61', '0000', '0003 00 0000', '0004 00 0001 61 00'],
      ['max_fragment_length', '01', '', '0101'],
      ['status_request', '01', ''],
      ['supported_groups', '0002 001d', '0000', '0001 00', '0003 001d00'],
      ['ec_point_formats', '01 00', '00', ''],
      ['signature_algorithms', '0002 0403', '0000', '0001 04'],
      ['application_layer_protocol_negotiation', '0002 01 61', '0000', '0001 00', '0003 01 61 00'],
      ['signed_certificate_timestamp', '', '00'],
      ['client_certificate_type', '01 00', '00'],
      ['server_certificate_type', '01 00', '00'],
      ['encrypt_then_mac', '', '00'],
      ['extended_master_secret', '', '00'],
      ['compress_certificate', '02 0001', '00', '01 00'],
      ['record_size_limit', '0040', '40', '004000'],
      ['delegated_credential', '0002 0403', '0000'],
      [
        'pre_shared_key',
        `0007 0001 61 00000000 0021 20 ${'00'.repeat(32)}`,
        `0006 0000 00000000 0021 20 ${'00'.repeat(32)}`,
        `0000 0021 20 ${'00'.repeat(32)}`,
        '0007 0001 61 00000000 0000',
      ],
      ['early_data', '', '00'],
      ['supported_versions', '02 0304', '00', '01 03'],
      ['cookie', '0001 61', '0000'],
      ['psk_key_exchange_modes', '01 01', '00'],
      ['certificate_authorities', '0003 0001 61', '0000', '0002 0000'],
      ['post_handshake_auth', '', '00'],
      ['signature_algorithms_cert', '0002 0403', '0000'],
      ['key_share', '0000', '0004 001d 0000'],
      ['key_share', '0005 001d 0001 61', '0005 001d 0001'],
      ['ticket_request', '0000', '00', '000000'],
      ['renegotiation_info', '00', ''],
    ],
  ],
  ServerHello: [
    extensions.serverHelloExtensions,
    [
      ['key_share', '001d 0001 61', '001d 0000'],
      ['pre_shared_key', '0000', '00', '000000'],
      ['supported_versions', '0304', '03'],
    ],
  ],
  HelloRetryRequest: [
    extensions.helloRetryRequestExtensions,
    [
      ['key_share', '001d', '001d0000'],
      ['cookie', '0001 61', '0000'],
      ['encrypted_client_hello', '00'.repeat(8), '00'.repeat(7), '00'.repeat(9)],
    ],
  ],
  'ServerHello of TLS 1.2': [
    extensions.serverHello12Extensions,
    [
      ['server_name', '', '00'],
      ['max_fragment_length', '01', ''],
      ['status_request', '', '00'],
      ['ec_point_formats', '01 00', '00'],
      ['application_layer_protocol_negotiation', '0002 01 61', '0000', '0001 00'],
      ['signed_certificate_timestamp', '0003 0001 61', '0000', '0002 0000'],
      ['encrypt_then_mac', '', '00'],
      ['extended_master_secret', '', '00'],
      ['session_ticket', '', '00'],
      ['renegotiation_info', '00', '', '01'],
    ],
  ],
  EncryptedExtensions: [
    extensions.encryptedExtensionsExtensions,
    [
      ['server_name', '', '00'],
      ['supported_groups', '0002 001d', '0000'],
      ['client_certificate_type', '00', ''],
      ['server_certificate_type', '00', ''],
      ['early_data', '', '00'],
      ['ticket_request', '00', '', '0000'],
    ],
  ],
  CertificateRequest: [
    extensions.certificateRequestExtensions,
    [
      ['signature_algorithms', '0002 0403', '0000'],
      ['compress_certificate', '02 0001', '00'],
      ['certificate_authorities', '0003 0001 61', '0000'],
      ['oid_filters', '0000', '0003 00 0000'],
      ['oid_filters', '0004 01 61 0000', '0003 01 61 00'],
    ],
  ],
  CertificateEntry: [
    extensions.certificateEntryExtensions,
    [
      ['status_request', '01 000001 61', '01 000000'],
      ['signed_certificate_timestamp', '0003 0001 61', '0000'],
    ],
  ],
  NewSessionTicket: [
    extensions.newSessionTicketExtensions,
    [
      ['early_data', '00000000', '000000'],
      ['tls_flags', '01 01', '00'],
    ],
  ],
}

describe.each(Object.entries(tables))('extensions of %s', (_, [table, rows]) => {
  it.each(rows)('%s: %s', (name, good, ...bad) => {
    const codec = table[name]
    if (!codec) throw new Error(name)
    const value = decode(codec, bytes(good), name)
    expect(encode(codec, value)).toEqual(bytes(good))
    for (const hex of bad) expect(() => decode(codec, bytes(hex), name)).toThrow(decodeError)
  })
})

describe('values with a rule of their own', () => {
  const illegal = expect.objectContaining({ code: 'illegal_parameter' })
  const read = (codec: Codec<unknown>, hex: string): unknown => decode(codec, bytes(hex), 'x')

  it('record_size_limit is 64 at the least (RFC 8449 section 4)', () => {
    const { record_size_limit: codec } = extensions.clientHelloExtensions
    expect(read(codec, '0040')).toBe(64)
    expect(() => read(codec, '003f')).toThrow(illegal)
  })
  it('compress_certificate names an algorithm once (RFC 8879 section 3)', () => {
    const { compress_certificate: codec } = extensions.clientHelloExtensions
    expect(read(codec, '04 0001 0002')).toEqual([1, 2])
    expect(() => read(codec, '04 0001 0001')).toThrow(illegal)
  })
  it('tls_flags do not end in zero', () => {
    const { tls_flags: codec } = extensions.newSessionTicketExtensions
    expect(read(codec, '02 00 01')).toEqual(Uint8Array.of(0, 1))
    expect(() => read(codec, '02 01 00')).toThrow(illegal)
  })
  it('request_update is 0 or 1 (RFC 9846 section 4.7.3)', () => {
    expect(['00', '01'].map((hex) => read(messages13.KeyUpdate, hex))).toEqual([
      { requestUpdate: false },
      { requestUpdate: true },
    ])
    expect(() => read(messages13.KeyUpdate, '02')).toThrow(illegal)
    expect([true, false].map((requestUpdate) => encode(messages13.KeyUpdate, { requestUpdate })[0])).toEqual([1, 0])
  })
})

const hello = `0303 ${'11'.repeat(32)}`
const messageTables: readonly (readonly [string, Readonly<Record<string, Codec<unknown>>>, Rows])[] = [
  [
    'TLS 1.3',
    messages13,
    [
      ['ClientHello', `${hello} 00 0002 1301 01 00`, `${hello} 00 0000 01 00`, `${hello} 00 0002 1301 00`],
      [
        'ClientHello',
        `${hello} 20 ${'22'.repeat(32)} 0002 1301 01 00 0000`,
        `${hello} 21 ${'22'.repeat(33)} 0002 1301 01 00`,
      ],
      ['ServerHello', `${hello} 00 1301 00 0000`, `${hello} 00 1301`, `${hello} 00 1301 00 00`],
      ['EncryptedExtensions', '0000', '', '0001 00'],
      ['Certificate', '00 000000', '00'],
      ['Certificate', '00 000006 000001 61 0000', '00 000005 000000 0000'],
      ['CompressedCertificate', '0001 000000 000001 61', '0001 000000 000000'],
      ['CertificateRequest', '00 0004 000d 0000', '00 0000'],
      ['CertificateVerify', '0403 0000', '0403'],
      ['NewSessionTicket', '00000000 00000000 00 0001 61 0000', '00000000 00000000 00 0000 0000'],
      ['EndOfEarlyData', '', '00'],
      ['KeyUpdate', '00', '', '0000'],
    ],
  ],
  [
    'TLS 1.2',
    messages12,
    [
      ['HelloRequest', '', '00'],
      ['Certificate', '000000', '000003 000000'],
      ['Certificate', '000004 000001 61', '000003 000001'],
      [
        'CertificateRequest',
        '01 01 0002 0403 0000',
        '00 0002 0403 0000',
        '01 01 0000 0000',
        '01 01 0002 0403 0002 0000',
      ],
      ['CertificateRequest', '01 01 0002 0403 0003 0001 61', '01 01 0002 0403 0003 0001'],
      ['ServerHelloDone', '', '00'],
      ['NewSessionTicket', '00000000 0000', '00000000'],
      ['CertificateStatus', '01 000001 61', '01 000000'],
    ],
  ],
]

describe.each(messageTables)('messages of %s', (_, table, rows) => {
  it.each(rows)('%s: %s', (name, good, ...bad) => {
    const codec = table[name]
    if (!codec) throw new Error(name)
    const value = decode(codec, bytes(good), name)
    expect(encode(codec, value)).toEqual(bytes(good))
    for (const hex of bad) expect(() => decode(codec, bytes(hex), name)).toThrow(decodeError)
  })
})

it('a message has its type and length in front (RFC 9846 section 4)', () => {
  const verifyData = new Uint8Array(0x010203)
  const message = encodeMessage(messages13, 'Finished', { verifyData })
  expect(message.subarray(0, 4)).toEqual(Uint8Array.of(20, 1, 2, 3))
  expect(decodeMessage(messages13, 'Finished', message).verifyData).toHaveLength(0x010203)
})

describe('Encrypted Client Hello (RFC 9849 section 4 and 5)', () => {
  const config = '01 0020 0001 61 0004 0001 0001 00 01 62 0000'
  const configs = (contents: string): Uint8Array => {
    const body = bytes(contents)
    const one = concat(Uint8Array.of(0xfe, 0x0d, body.length >> 8, body.length), body)
    return concat(Uint8Array.of(one.length >> 8, one.length), one)
  }

  it('an ECHConfig has a key, a suite and a name', () => {
    const [read] = decodeEchConfigList(configs(config))
    expect(read).toMatchObject({ configId: 1, kem: 0x20, publicName: 'b', suites: [{ kdf: 1, aead: 1 }] })
    if (read) expect(encodeEchConfig(read)).toEqual(configs(config).subarray(2))
    for (const bad of [
      '01 0020 0000 0004 0001 0001 00 01 62 0000',
      '01 0020 0001 61 0000 00 01 62 0000',
      '01 0020 0001 61 0004 0001 0001 00 00 0000',
      '01 0020 0001 61 0004 0001 0001 00 01 62 0008 0001 0000 0001 0000',
    ])
      expect(() => decodeEchConfigList(configs(bad))).toThrow(decodeError)
    expect(
      decodeEchConfigList(configs(config.replace(/0000$/, '0008 0001 0000 0002 0000')))[0]?.extensions,
    ).toHaveLength(2)
  })

  it('an extension from 0x8000 on has to be understood', () => {
    const mandatory = (type: string): boolean[] =>
      decodeEchConfigList(configs(config.replace(/0000$/, `0004 ${type} 0000`))).map(hasMandatoryExtension)
    expect([mandatory('7fff'), mandatory('8000'), mandatory('ffff')]).toEqual([[false], [true], [true]])
  })

  it('the extension is inner and nothing, or outer with a payload', () => {
    expect(decodeEch(bytes('01'))).toBe('inner')
    expect(decodeEch(bytes('00 0001 0001 05 0000 0001 61'))).toMatchObject({ configId: 5, suite: { kdf: 1, aead: 1 } })
    for (const bad of ['', '01 00', '00 0001 0001 05 0000 0000'])
      expect(() => decodeEch(bytes(bad))).toThrow(decodeError)
    expect(() => decodeEch(bytes('02'))).toThrow(expect.objectContaining({ code: 'illegal_parameter' }))
  })

  it('a reference names an extension at the least', () => {
    expect(decode(outerExtensions, bytes('02 0033'), 'x')).toEqual([0x33])
    for (const bad of ['00', '01 00', '03 003300'])
      expect(() => decode(outerExtensions, bytes(bad), 'x')).toThrow(decodeError)
  })
})
