import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { ja3, ja3String, ja4, ja4Raw } from '../../src/inspect/index.ts'
import { annotateMessage, createTrace } from '../../src/inspect/trace-entry.ts'
import type { ClientHelloFields } from '../../src/inspect/index.ts'
import { concat } from '../../src/wire/bytes.ts'
import { encodeMessage, messages13 } from '../../src/wire/messages.ts'
import { TLS13 } from '../../src/wire/registry.ts'
import { infoOf, meet } from '../fixtures/engines.ts'

const hex = (text: string): readonly number[] => text.split(',').map((id) => Number.parseInt(id, 16))

/** A hello of which only what fingerprints look at is given. */
const helloOf = (
  parts: Partial<ClientHelloFields> & { readonly legacyVersion?: number; readonly pointFormats?: Uint8Array },
): ClientHelloFields => {
  const { legacyVersion = 0x0303, pointFormats } = parts
  const raw = encodeMessage(messages13, 'ClientHello', {
    legacyVersion,
    random: new Uint8Array(32),
    sessionId: new Uint8Array(0),
    cipherSuites: parts.cipherSuites ?? [1],
    compressionMethods: Uint8Array.of(0),
    extensions: pointFormats ? [{ type: 11, data: concat(Uint8Array.of(pointFormats.length), pointFormats) }] : [],
  })
  return {
    serverName: undefined,
    alpn: [],
    cipherSuites: [],
    versions: [],
    groups: [],
    signatureSchemes: [],
    extensions: [],
    raw,
    ...parts,
  }
}

describe('fingerprints of a ClientHello', () => {
  it('JA3: the example of its description', () => {
    const hello = helloOf({
      legacyVersion: 769,
      cipherSuites: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
      extensions: [0, 10, 11],
      groups: [23, 24, 25],
      pointFormats: Uint8Array.of(0),
    })
    expect(ja3String(hello)).toBe('769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0')
    expect(ja3(hello, nodeProvider)).toBe('ada70206e40642a3e4461f35503241d5')
  })

  const chrome = helloOf({
    versions: [0x0a0a, 0x0304, 0x0303],
    alpn: ['h2', 'http/1.1'],
    cipherSuites: hex('1a1a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035'),
    extensions: hex('2a2a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015'),
    signatureSchemes: hex('0403,0804,0401,0503,0805,0501,0806,0601'),
  })

  it('JA4: the example of its description, GREASE and order left out', () => {
    expect(ja4(chrome, nodeProvider)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1')
    expect(ja4Raw(chrome)).toMatch(/^t13d1516h2_002f,0035,009c,.*_0005,000a,.*ff01_0403,0804,/)
    expect(ja4({ ...chrome, extensions: chrome.extensions.toReversed() }, nodeProvider)).toBe(
      't13d1516h2_8daaf6152771_e5627efa2ab1',
    )
  })

  it.each([
    [{ alpn: [] }, 't13d151600'],
    [{ alpn: ['\xab'] }, 't13d1516ab'],
    [{ versions: [0x0303] }, 't12d1516h2'],
    [{ cipherSuites: [], extensions: [], signatureSchemes: [] }, 't13i0000h2_000000000000_000000000000'],
  ])('JA4 of %j begins with %s', (parts, start) => {
    expect(ja4({ ...chrome, ...parts }, nodeProvider).startsWith(start)).toBe(true)
  })

  it('onClientHello gives what they need', async () => {
    const seen: string[] = []
    await meet({}, { onClientHello: (hello) => void seen.push(ja4(hello, nodeProvider)) })
    expect(seen[0]).toMatch(/^t13d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/)
  })
})

describe('the annotated trace', () => {
  it('names every byte of every handshake message, once and in order', async () => {
    const trace = createTrace('client')
    const { clientEvents } = await meet({ trace: trace.record, groups: ['X25519', 'P-256'] }, { groups: ['P-256'] })
    expect(infoOf(clientEvents).helloRetryRequest).toBe(true)
    const messages = trace.records.filter(({ type }) => type === 22).map(({ content }) => content)
    expect(messages.length).toBeGreaterThan(4)
    for (const content of messages) {
      for (let offset = 0; offset < content.length;) {
        const [, high = 0, middle = 0, low = 0] = content.subarray(offset)
        const raw = content.subarray(offset, offset + 4 + ((high << 16) | (middle << 8) | low))
        const runs = annotateMessage(raw, TLS13).filter(({ start, end }) => end > start)
        expect(runs.map(({ start }) => start)).toEqual([0, ...runs.slice(0, -1).map(({ end }) => end)])
        expect(runs.at(-1)?.end).toBe(raw.length)
        expect(runs.every(({ label }) => label !== 'rest' && !label.includes('malformed'))).toBe(true)
        offset += raw.length
      }
    }
  })

  it('prints names instead of numbers', async () => {
    const trace = createTrace('client')
    await meet({ trace: trace.record }, {})
    const printed = trace.toString()
    for (const name of [
      'ClientHello',
      'TLS_AES_128_GCM_SHA256',
      'X25519MLKEM768',
      'supported_versions: TLS 1.3',
      'name: "server.test"',
      'EncryptedExtensions',
      'CertificateVerify',
      'ecdsa_secp256r1_sha256',
      'Finished',
    ]) {
      expect(printed).toContain(name)
    }
  })
})
