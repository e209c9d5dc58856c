// Certificate compression (RFC 8879): both directions, both codec entry points, and each rule of sections 3 and 4
// broken once.

import * as zlibOfNode from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { zlib as webZlib } from '../../../src/compression/index.ts'
import { brotli, certificateCodecs, zlib } from '../../../src/compression/index.node.ts'
import type { CertificateCompression } from '../../../src/compression/index.node.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { createServerEngine, serverConfig } from '../../../src/engine/every.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { encodeMessage, HEADER_LENGTH, messages13 } from '../../../src/wire/messages.ts'
import type { Certificate13, CompressedCertificate } from '../../../src/wire/messages.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../../fixtures/identities.ts'
import { misbehaving, raw, tls13, withExtension, withoutExtension } from '../misbehaving.ts'

const each = [...certificateCodecs, webZlib].map((codec) => [codec.name, codec] as const)

it('this runtime has every algorithm of RFC 8879 section 7.3', () => {
  expect(each.map(([name]) => name)).toEqual(['brotli', 'zstd', 'zlib', 'zlib'])
})

it.each(each)('%s gives no byte more than it is asked for (section 4)', async (_, codec) => {
  for (const length of [2, 100]) {
    const data = new Uint8Array(length).fill(5)
    const compressed = (await codec.compress?.(data)) ?? data
    const decompress = async (most: number) => codec.decompress?.(compressed, most)
    expect(new Uint8Array((await decompress(length)) ?? [])).toEqual(data)
    await expect(decompress(length - 1)).rejects.toThrow()
  }
})

/** Types of the handshake messages that a server sends. */
const sentBy = (): { readonly names: string[]; readonly seam: NonNullable<TestServerOptions['seam']> } => {
  const names: string[] = []
  return { names, seam: { outgoing: ({ type, fields }) => (names.push(type), fields) } }
}

const counting = (codec: CertificateCompression): CertificateCompression & { readonly calls: () => number } => {
  let calls = 0
  return {
    ...codec,
    compress: (data) => {
      calls++
      return codec.compress?.(data) ?? data
    },
    calls: () => calls,
  }
}

describe('a compressed server certificate', () => {
  it.each(each)('%s is taken instead of the plain one', async (_, codec) => {
    const { names, seam } = sentBy()
    const certificateCompression = [codec]
    const { clientEvents, serverEvents } = await meet(
      { ...tls13, certificates: { compression: certificateCompression } },
      { ...tls13, certificates: { compression: certificateCompression }, seam },
    )
    expect(infoOf(clientEvents)).toMatchObject({
      certificateCompression: codec.name,
      peerCertificates: [expect.any(Uint8Array)],
    })
    expect(infoOf(serverEvents).certificateCompression).toBeUndefined()
    expect(names).toContain('CompressedCertificate')
    expect(names).not.toContain('Certificate')
  })

  it('the two zlibs understand each other', async () => {
    const one = await meet(
      { ...tls13, certificates: { compression: [zlib] } },
      { ...tls13, certificates: { compression: [webZlib] } },
    )
    const other = await meet(
      { ...tls13, certificates: { compression: [webZlib] } },
      { ...tls13, certificates: { compression: [zlib] } },
    )
    expect([infoOf(one.clientEvents), infoOf(other.clientEvents)].map((info) => info.certificateCompression)).toEqual([
      'zlib',
      'zlib',
    ])
  })

  it("the sender's order decides among what the peer offers (section 3)", async () => {
    const { clientEvents } = await meet(
      { ...tls13, certificates: { compression: [zlib, brotli] } },
      { ...tls13, certificates: { compression: certificateCodecs } },
    )
    expect(infoOf(clientEvents).certificateCompression).toBe('brotli')
  })

  it.each<readonly [string, readonly CertificateCompression[], readonly CertificateCompression[]]>([
    ['only the server has a codec', [], [zlib]],
    ['only the client has a codec', [zlib], []],
    ['they have none in common', [zlib], [brotli]],
    ['the server can only expand', [zlib], [{ id: 1, name: 'zlib', decompress: (data) => data }]],
    ['the client can only compress', [{ id: 1, name: 'zlib', compress: (data) => data }], [zlib]],
  ])('plain where %s', async (_, client, server) => {
    const { names, seam } = sentBy()
    const { clientEvents } = await meet(
      { ...tls13, certificates: { compression: client } },
      { ...tls13, certificates: { compression: server }, seam },
    )
    expect(infoOf(clientEvents).certificateCompression).toBeUndefined()
    expect(names).toContain('Certificate')
  })

  it('not in TLS 1.2 (section 3)', async () => {
    const certificateCompression = certificateCodecs
    const { clientEvents } = await meet(
      { certificates: { compression: certificateCompression } },
      { versions: { max: 'TLS 1.2' }, certificates: { compression: certificateCompression } },
    )
    expect(infoOf(clientEvents)).toMatchObject({ version: 'TLS 1.2' })
    expect(infoOf(clientEvents).certificateCompression).toBeUndefined()
  })

  it('is compressed once for all connections of a server, and again where its content differs', async () => {
    const codec = counting(zlib)
    const identity = { ...ecdsa, ocspResponse: Uint8Array.of(0x30, 0) }
    const config = serverConfig({ ...tls13, identity, provider: nodeProvider, certificates: { compression: [codec] } })
    for (const requestOcsp of [true, false, true, false, true]) {
      const client = clientOf({ ...tls13, certificates: { requestOcsp, compression: [zlib] } })
      infoOf((await connectEngines(client, createServerEngine(config))).clientEvents)
    }
    expect(codec.calls()).toBe(2)
  })
})

describe('a compressed client certificate', () => {
  const clientAuth = { mode: 'require' as const, verifier: anyCertificate }

  it('in the handshake, with the codecs of CertificateRequest', async () => {
    const certificateCompression = [zlib]
    const { clientEvents, serverEvents } = await meet(
      { ...tls13, ...ecdsa, certificates: { compression: certificateCompression } },
      { ...tls13, clientAuth, certificates: { compression: certificateCompression } },
    )
    infoOf(clientEvents)
    expect(infoOf(serverEvents)).toMatchObject({
      certificateCompression: 'zlib',
      peerCertificates: [expect.any(Uint8Array)],
    })
  })

  it('after the handshake (RFC 9846 section 4.7.2)', async () => {
    const certificateCompression = [zlib]
    const { names, seam } = sentBy()
    const meeting = await meet(
      {
        ...tls13,
        ...ecdsa,
        certificates: { compression: certificateCompression },
        hello: { postHandshakeAuth: true },
        seam,
      },
      {
        ...tls13,
        clientAuth: { ...clientAuth, mode: 'request' },
        certificates: { compression: certificateCompression },
      },
    )
    names.length = 0
    meeting.serverEvents.length = 0
    await meeting.server.requestClientCertificate()
    await meeting.settle()
    expect(names).toEqual(['CompressedCertificate', 'CertificateVerify', 'Finished'])
    expect(eventsOf(meeting.serverEvents, 'clientCertificate')[0]?.peerCertificates).toHaveLength(1)
  })

  it('an empty list is not compressed', async () => {
    const { names, seam } = sentBy()
    const certificateCompression = [zlib]
    const { serverEvents } = await meet(
      { ...tls13, certificates: { compression: certificateCompression }, seam },
      {
        ...tls13,
        clientAuth: { ...clientAuth, mode: 'request' },
        certificates: { compression: certificateCompression },
      },
    )
    expect(infoOf(serverEvents).peerCertificates).toEqual([])
    expect(names).toContain('Certificate')
  })
})

/** A server that sends `change` of its CompressedCertificate to a client that takes `codec`. */
const answeredWith = async (
  change: (honest: CompressedCertificate) => object,
  codec: CertificateCompression = zlib,
  client: TestClientOptions = {},
) => {
  const seam = misbehaving({
    CompressedCertificate: (fields) => [raw('CompressedCertificate', { ...fields, ...change(fields) })],
  })
  const certificateCompression = [codec]
  const { clientEvents } = await meet(
    { ...tls13, certificates: { compression: certificateCompression }, ...client },
    { ...tls13, certificates: { compression: certificateCompression }, seam },
  )
  return errorOf(clientEvents)
}

const body = (message: Certificate13): Uint8Array =>
  encodeMessage(messages13, 'Certificate', message).subarray(HEADER_LENGTH)
const certificate = (data: Uint8Array): CompressedCertificate => ({
  algorithm: 1,
  uncompressedLength: data.length,
  compressed: zlibOfNode.deflateSync(data),
})

describe('CompressedCertificate (RFC 8879 section 4)', () => {
  it('an algorithm that was not offered is illegal_parameter', async () => {
    expect(await answeredWith(() => ({ algorithm: 2 }))).toMatchObject({
      code: 'illegal_parameter',
      alert: 'illegal_parameter',
    })
  })

  it.each<readonly [string, (honest: CompressedCertificate) => object]>([
    ['one byte less than announced', ({ uncompressedLength }) => ({ uncompressedLength: uncompressedLength + 1 })],
    ['one byte more than announced', ({ uncompressedLength }) => ({ uncompressedLength: uncompressedLength - 1 })],
    ['an announced length of 0', () => ({ uncompressedLength: 0 })],
    ['what is no zlib stream', () => ({ compressed: Uint8Array.of(1, 2, 3) })],
    ['half a stream', ({ compressed }) => ({ compressed: compressed.subarray(0, compressed.length >> 1) })],
    ['a length over maxHandshakeMessage', () => certificate(new Uint8Array(132_097))],
    [
      'a bomb: 12 MB that say they are a kilobyte',
      () => ({ ...certificate(new Uint8Array(12_000_000)), uncompressedLength: 1000 }),
    ],
  ])('%s is bad_certificate', async (_, change) => {
    for (const codec of [zlib, webZlib]) {
      const error = await answeredWith(change, zlib, { certificates: { compression: [codec] } })
      expect(error).toMatchObject({ code: 'bad_compressed_certificate', alert: 'bad_certificate' })
    }
  })

  it.each(certificateCodecs.map((codec) => [codec.name, codec] as const))(
    'bytes behind the end of a %s stream are bad_certificate',
    async (_, codec) => {
      const error = await answeredWith(
        ({ compressed }) => ({ compressed: concat(compressed, Uint8Array.of(0)) }),
        codec,
      )
      expect(error).toMatchObject({ code: 'bad_compressed_certificate', alert: 'bad_certificate' })
    },
  )

  it('a zstd frame that asks for a window of 128 MiB is bad_certificate (section 5)', async () => {
    const zstd = certificateCodecs.find(({ name }) => name === 'zstd')
    const announced = 4
    const frame = (windowLog: number): Uint8Array =>
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, (announced << 3) | 1, 0, 0, 0, 0, 0, 9)
    const answered = (windowLog: number) =>
      answeredWith(() => ({ uncompressedLength: announced, compressed: frame(windowLog) }), zstd)
    expect(await answered(27)).toMatchObject({ code: 'bad_compressed_certificate', alert: 'bad_certificate' })
    expect(await answered(23)).toMatchObject({ code: 'decode_error' }) // it expands, and is no Certificate
  })

  it.each<readonly [string, NonNullable<CertificateCompression['compress']>]>([
    [
      'throws',
      () => {
        throw new Error('out of order')
      },
    ],
    ['rejects', () => Promise.reject(new Error('out of order'))],
    ['gives nothing', () => new Uint8Array(0)],
  ])('a codec that %s ends the handshake with internal_error', async (_, compress) => {
    const { serverEvents } = await meet(
      { ...tls13, certificates: { compression: [zlib] } },
      { ...tls13, certificates: { compression: [{ ...zlib, compress }] } },
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'internal_error', alert: 'internal_error' })
  })

  it('what expands to no Certificate is decode_error', async () => {
    expect(await answeredWith(() => certificate(Uint8Array.of(0, 0, 0, 9)))).toMatchObject({ code: 'decode_error' })
  })

  it('an empty Certificate inside is decode_error, as outside (RFC 9846 section 4.5.1.3)', async () => {
    const empty = body({ context: new Uint8Array(0), entries: [] })
    expect(await answeredWith(() => certificate(empty))).toMatchObject({ code: 'decode_error' })
  })

  it('an empty compressed message is decode_error', async () => {
    expect(await answeredWith(() => ({ compressed: new Uint8Array(0) }))).toMatchObject({ code: 'decode_error' })
  })

  it('one that nobody asked for is unexpected_message', async () => {
    const compressed = (fields: Certificate13): readonly Uint8Array[] => [
      raw('CompressedCertificate', certificate(body(fields))),
    ]
    const { clientEvents } = await meet(tls13, { ...tls13, seam: misbehaving({ Certificate: compressed }) })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'unexpected_message' })
  })

  it('a shaped hello without the extension asks for none', async () => {
    const compressed = (fields: Certificate13): readonly Uint8Array[] => [
      raw('CompressedCertificate', certificate(body(fields))),
    ]
    const { clientEvents } = await meet(
      {
        ...tls13,
        certificates: { compression: [zlib] },
        hello: {
          shape: (hello) => ({
            ...hello,
            extensions: withoutExtension(hello.extensions, extensionTypes.compress_certificate),
          }),
        },
      },
      { ...tls13, seam: misbehaving({ Certificate: compressed }) },
    )
    expect(errorOf(clientEvents)).toMatchObject({ code: 'unexpected_message' })
  })
})

describe('compress_certificate (RFC 8879 section 3)', () => {
  it.each<readonly [string, readonly number[], string]>([
    ['an empty list', [0], 'decode_error'],
    ['half an algorithm', [1, 0], 'decode_error'],
    ['an algorithm twice', [4, 0, 1, 0, 1], 'illegal_parameter'],
  ])('%s is %3$s', async (_, data, code) => {
    const { serverEvents } = await meet(
      {
        ...tls13,
        seam: misbehaving({
          ClientHello: (hello) => ({
            ...hello,
            extensions: withExtension(hello.extensions, extensionTypes.compress_certificate, Uint8Array.from(data)),
          }),
        }),
      },
      tls13,
    )
    expect(errorOf(serverEvents)).toMatchObject({ code })
  })

  it.each<readonly [string, readonly CertificateCompression[]]>([
    ['two codecs of one id', [zlib, { ...brotli, id: 1 }]],
    ['the id 0, which is reserved', [{ ...zlib, id: 0 }]],
    ['an id of more than 16 bits', [{ ...zlib, id: 65_536 }]],
    [
      'more codecs than the extension has room for',
      Array.from({ length: 128 }, (_, index) => ({ ...zlib, id: index + 1 })),
    ],
  ])('bad_option for %s', async (_, certificateCompression) => {
    await expect(meet({ ...tls13, certificates: { compression: certificateCompression } })).rejects.toMatchObject({
      code: 'bad_option',
    })
  })
})
