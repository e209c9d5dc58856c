import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { run } from '../../src/crypto/maybe.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { createRequest } from '../../src/pki/index.ts'
import type { RawExtension } from '../../src/pki/index.ts'
import { derOctets } from '../../src/wire/der.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { decodeBase64, decodePem, encodeBase64 } from '../../src/wire/pem.ts'
import { trustStore } from '../../src/x509/trust.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import type { Certificate } from '../../src/x509/certificate.ts'
import { ctLogsFromJson, sctCheck } from '../../src/x509/sct-check.ts'
import type { CtLog, SctCheckOptions, ValidSct } from '../../src/x509/sct-check.ts'
import { encodeSct, joinSctList, parseSct, precertificateTbs, sctSignedData, splitSctList } from '../../src/x509/sct.ts'
import type { Sct, SctEntry } from '../../src/x509/sct.ts'
import { now, smallPki, verdict, verifyWith } from './support.ts'
import type { SmallPki } from './support.ts'

const day = 86_400_000
interface TestLog extends CtLog {
  readonly privateKey: KeyObject
}
const makeLog = (name: string, operator: string, type: 'ec' | 'rsa' = 'ec'): TestLog => {
  const pair =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    name,
    operator,
    privateKey: pair.privateKey,
    key: new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })),
  }
}
const logs = [makeLog('one', 'A'), makeLog('two', 'B', 'rsa'), makeLog('three', 'B')]
const [one, two, three] = logs as [TestLog, TestLog, TestLog]

/** A log at work: signs with node:crypto what the section says, put together here by hand from the parts. */
const timestamp = (
  log: TestLog,
  entry: SctEntry,
  signed: Uint8Array,
  issuerSpki: Uint8Array,
  at = now - day,
): Uint8Array => {
  const body = Buffer.alloc(12)
  body.writeBigUInt64BE(BigInt(at), 2)
  body.writeUInt16BE(entry === 'x509' ? 0 : 1, 10)
  const length = Buffer.from([signed.length >> 16, (signed.length >> 8) & 0xff, signed.length & 0xff])
  const issuer = entry === 'x509' ? [] : [createHash('sha256').update(issuerSpki).digest()]
  const message = Buffer.concat([body, ...issuer, length, signed, Buffer.alloc(2)])
  const isRsa = log.privateKey.asymmetricKeyType === 'rsa'
  const sct: Sct = {
    logId: new Uint8Array(createHash('sha256').update(log.key).digest()),
    timestamp: at,
    extensions: new Uint8Array(),
    hashAlgorithm: 4,
    signatureAlgorithm: isRsa ? 1 : 3,
    signature: new Uint8Array(sign('sha256', message, log.privateKey)),
  }
  return encodeSct(sct)
}

let pki: SmallPki
let middleSpki: Uint8Array
let request: string
beforeAll(async () => {
  pki = await smallPki()
  middleSpki = parseCertificate(pki.middle.certificate).spki
  request = (await createRequest({ names: ['a.example'] })).requestPem
})

/** The certificate with and without its SCT list: same key, serial number and dates. */
const signed = async (days: number, scts?: readonly Uint8Array[]): Promise<Certificate> => {
  const list: RawExtension[] =
    scts === undefined ? [] : [{ oid: '1.3.6.1.4.1.11129.2.4.2', value: derOctets(joinSctList(scts)) }]
  const { certificate } = await pki.middle.sign(request, { days, serialNumber: Uint8Array.of(7), extensions: list })
  return parseCertificate(certificate)
}

const embedding = async (days: number, using: readonly TestLog[], at?: number): Promise<SmallPki> => {
  const bare = await signed(days)
  const leaf = await signed(
    days,
    using.map((log) => timestamp(log, 'precert', bare.tbs, middleSpki, at)),
  )
  return { ...pki, chain: [leaf.der, pki.middle.certificate] }
}

const check = (
  from: SmallPki,
  options: Partial<SctCheckOptions> = {},
  more: Parameters<typeof verifyWith>[2] = {},
): Promise<string> => verdict(verifyWith(from, [sctCheck({ logs, ...options })], more))

describe('timestamps (RFC 6962)', () => {
  test('section 3.2: the TBS of the precertificate is the one without the list', async () => {
    const bare = await signed(90)
    const leaf = await signed(90, [timestamp(one, 'precert', bare.tbs, middleSpki)])
    expect(precertificateTbs(leaf)).toEqual(bare.tbs)
    expect(leaf.tbs).not.toEqual(bare.tbs)
    expect(
      sctSignedData({ timestamp: 1, extensions: new Uint8Array() }, 'precert', leaf, middleSpki, nodeProvider).length,
    ).toBe(12 + 32 + 3 + bare.tbs.length + 2)
  })

  test('in the certificate: two of two operators, three for a long life', async () => {
    expect(await check(await embedding(90, [one, two]))).toBe('ok')
    expect(await check(await embedding(300, [one, two]))).toMatch(
      /^refused: .*2 valid timestamps of different logs, where 3 are needed/,
    )
    expect(await check(await embedding(300, [one, two, three]))).toBe('ok')
    expect(await check(await embedding(90, [two, three]))).toMatch(/all timestamps are of one operator/)
    expect(await check(await embedding(90, [one, one]))).toMatch(/1 valid timestamps/)
  })

  test('in the TLS extension, and in the OCSP response', async () => {
    const sct = (log: TestLog): Uint8Array => timestamp(log, 'x509', pki.leaf.certificate, middleSpki)
    expect(await check(pki, {}, { scts: [sct(one), sct(two)] })).toBe('ok')
    expect(await check(pki, {}, { scts: [sct(one)] })).toMatch(/1 valid timestamps/)
    const extensions = [{ oid: '1.3.6.1.4.1.11129.2.4.5', value: derOctets(joinSctList([sct(two)])) }]
    const ocspResponse = await pki.middle.createOcspResponse({
      answers: [{ certificate: pki.leaf.certificate, extensions }],
    })
    expect(await check(pki, {}, { scts: [sct(one)], ocspResponse })).toBe('ok')
  })

  test('what does not count, each with its reason', async () => {
    const leaf = pki.leaf.certificate
    const good = timestamp(one, 'x509', leaf, middleSpki)
    const withSecond = (second: Uint8Array, options: Partial<SctCheckOptions> = {}): Promise<string> =>
      check(pki, options, { scts: [good, second] })
    const changed = timestamp(two, 'x509', leaf, middleSpki)
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1
    const sha1 = parseSct(timestamp(two, 'x509', leaf, middleSpki))
    expect(await withSecond(timestamp(makeLog('new', 'C'), 'x509', leaf, middleSpki))).toMatch(
      /a log that is not listed/,
    )
    expect(await withSecond(timestamp(two, 'x509', leaf, middleSpki, now + day))).toMatch(
      /one of two is from the future/,
    )
    expect(await withSecond(timestamp(two, 'x509', pki.root.certificate, middleSpki))).toMatch(
      /signature of one of two is wrong/,
    )
    expect(await withSecond(timestamp(two, 'precert', parseCertificate(leaf).tbs, middleSpki))).toMatch(
      /signature of one of two is wrong/,
    )
    expect(await withSecond(changed)).toMatch(/signature of one of two is wrong/)
    expect(await withSecond(encodeSct({ ...(sha1 as Sct), hashAlgorithm: 2 }))).toMatch(
      /algorithm that is not accepted/,
    )
    const retired = [one, { ...two, retiredAt: now - 2 * day }]
    expect(await withSecond(timestamp(two, 'x509', leaf, middleSpki), { logs: retired })).toMatch(
      /after its retirement/,
    )
    expect(await withSecond(timestamp(two, 'x509', leaf, middleSpki, now - 3 * day), { logs: retired })).toBe('ok')
    expect(await withSecond(Uint8Array.of(1, 2, 3))).toMatch(/1 valid timestamps/)
  })

  test("a policy of one's own", async () => {
    expect(await check(pki, { policy: () => undefined })).toBe('ok')
    expect(await check(pki, { policy: () => 'never' })).toMatch(/^refused: .*never/)
  })

  test.each([
    ['an empty list', [0, 0]],
    ['an empty timestamp', [0, 2, 0, 0]],
    ['a list that is cut off', [0, 9, 0, 1, 0]],
    ['bytes after the list', [0, 3, 0, 1, 5, 9]],
  ])('section 3.3: %s is refused', (_, list) => {
    expect(() => splitSctList(Uint8Array.from(list))).toThrow(TlsError)
  })

  test('a timestamp that is cut off anywhere is refused, and no bytes throw anything but TlsError', () => {
    const bytes = timestamp(one, 'x509', pki.leaf.certificate, middleSpki)
    for (let length = 1; length < bytes.length; length++)
      expect(() => parseSct(bytes.subarray(0, length))).toThrow(TlsError)
    expect(parseSct(bytes) && encodeSct(parseSct(bytes) as Sct)).toEqual(bytes)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (input) => {
        for (const parse of [parseSct, splitSctList]) {
          try {
            parse(input)
          } catch (error) {
            expect(error).toBeInstanceOf(TlsError)
          }
        }
      }),
    )
  })
})

describe('the certificates and the log of certificate-transparency-go', () => {
  const data: Record<
    'ca' | 'certificate' | 'certificateWithSct' | 'certificateSct' | 'precertificateSct' | 'logKey',
    string
  > = JSON.parse(readFileSync(new URL('../../vectors/ct/certificate-transparency-go.json', import.meta.url), 'utf8'))
  const read = (pem: string): Certificate => parseCertificate(decodePem(pem)[0]?.bytes ?? new Uint8Array())
  const [anchor] = trustStore(data.ca).anchors
  const log: CtLog = { name: 'test log', operator: 'Google', key: decodeBase64(data.logKey) ?? new Uint8Array() }
  /** Without path verification: those certificates have keys of 1024 bits. */
  const counted = (certificate: string, scts: readonly Uint8Array[]): readonly ValidSct[] => {
    let valid: readonly ValidSct[] = []
    const check = sctCheck({ logs: [log], policy: (found) => void (valid = found) })
    if (anchor === undefined) throw new Error('no anchor')
    const validate = (): never => {
      throw new Error('no signer is expected')
    }
    const rest = {
      pool: [],
      validate,
      provider: nodeProvider,
      time: now,
      serverName: undefined,
      ocspResponse: undefined,
      scts,
    }
    void run(check({ path: [read(certificate), read(data.ca)], anchor, ...rest }))
    return valid
  }

  test('a timestamp of a certificate', () => {
    expect(counted(data.certificate, [fromHex(data.certificateSct)]).map(({ source }) => source)).toEqual(['tls'])
    expect(counted(data.certificate, [fromHex(data.precertificateSct)])).toEqual([])
    expect(counted(data.certificateWithSct, [fromHex(data.certificateSct)]).map(({ source }) => source)).toEqual([
      'certificate',
    ])
  })

  test('a timestamp of a precertificate, in the certificate that was made of it', () => {
    const [one] = counted(data.certificateWithSct, [])
    expect(one?.source).toBe('certificate')
    expect(one && encodeSct(one.sct)).toEqual(fromHex(data.precertificateSct))
  })
})

describe('a log list (log_list.json, version 3)', () => {
  const json = (state: object): string =>
    JSON.stringify({
      version: '3',
      operators: [
        {
          name: 'A',
          logs: [{ description: 'one', key: encodeBase64(one.key), state }],
          tiled_logs: [{ description: 'two', key: encodeBase64(two.key), state: { usable: {} } }],
        },
      ],
    })

  test('names, keys, operators, and when a log was retired', () => {
    expect(ctLogsFromJson(json({ usable: { timestamp: '2020-01-01T00:00:00Z' } }))).toEqual([
      { name: 'one', operator: 'A', key: one.key },
      { name: 'two', operator: 'A', key: two.key },
    ])
    expect(ctLogsFromJson(json({ retired: { timestamp: '2020-01-01T00:00:00Z' } }))[0]).toMatchObject({
      retiredAt: Date.UTC(2020, 0, 1),
    })
    expect(ctLogsFromJson(json({ rejected: {} }))).toHaveLength(1)
  })

  test("what is no log list is the caller's mistake", () => {
    expect(() => ctLogsFromJson('{}')).toThrow(expect.objectContaining({ code: 'bad_option' }))
    expect(() => ctLogsFromJson('not JSON')).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })
})
