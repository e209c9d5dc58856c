// What `puretls connect` says of a connection: as JSON, with the schema of it.

import { toHex } from '../../wire/bytes.ts'
import { decodeEchConfigList } from '../../wire/ech.ts'
import { parseSct, splitSctList } from '../../x509/sct.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { certificateJson, certificateSchema } from '../certificates.ts'
import type { CertificateJson } from '../certificates.ts'
import { mendOf } from '../mend.ts'
import { schema } from '../schema.ts'
import { stapledSchema, stapledStatus } from '../stapled.ts'
import type { StapledStatus } from '../stapled.ts'
import type { JsonSchema } from '../schema.ts'
import type { Attempt, AttemptSettings, Times } from './attempt.ts'

export interface ConnectReport {
  readonly host: string
  readonly port: number
  readonly address: string | null
  readonly serverName: string
  readonly starttls: string | null
  readonly handshake: null | {
    readonly version: string
    readonly cipherSuite: string
    readonly group: string | null
    readonly signatureScheme: string | null
    readonly alpn: string | null
    readonly resumed: boolean
    readonly earlyData: string
    readonly earlyDataRefusal: string | null
    readonly helloRetryRequest: boolean
    readonly echAccepted: boolean
    readonly extendedMasterSecret: boolean
    readonly secureRenegotiation: boolean
    readonly psk: boolean
    readonly certificateCompression: string | null
    readonly ownSignatureScheme: string | null
  }
  readonly verified: boolean
  readonly verification: {
    readonly ok: boolean
    readonly skipped: boolean
    readonly reason: string | null
    readonly message: string | null
    readonly remedy: string | null
    readonly chain: readonly string[]
  }
  readonly certificates: readonly CertificateJson[]
  readonly ocsp: StapledStatus | null
  readonly scts: readonly {
    readonly source: 'certificate' | 'tls'
    readonly logId: string
    readonly timestamp: string
  }[]
  readonly sessions: { readonly tickets: number }
  readonly times: Times
  readonly roundTrips: { readonly before: number; readonly handshake: number }
}

const nullableString = (description: string): JsonSchema => schema.nullable(schema.string(description))

export const reportSchema: JsonSchema = schema.object({
  host: schema.string(),
  port: schema.integer(),
  address: nullableString('the IP address that answered; null through a proxy'),
  serverName: schema.string('the name asked for (SNI), which the certificate has to have'),
  starttls: nullableString('the protocol that was spoken before TLS'),
  handshake: schema.nullable(
    schema.object(
      {
        version: schema.oneOf(['TLS 1.2', 'TLS 1.3']),
        cipherSuite: schema.string('IANA name'),
        group: nullableString('of the key exchange'),
        signatureScheme: nullableString("of the server's signature"),
        alpn: nullableString('application protocol'),
        resumed: schema.boolean(),
        earlyData: schema.oneOf(['accepted', 'rejected', 'none']),
        earlyDataRefusal: nullableString('why early data was rejected or not sent'),
        helloRetryRequest: schema.boolean(),
        echAccepted: schema.boolean(),
        extendedMasterSecret: schema.boolean(),
        secureRenegotiation: schema.boolean(),
        psk: schema.boolean('an external pre-shared key was used'),
        certificateCompression: nullableString('algorithm'),
        ownSignatureScheme: nullableString('of the client certificate'),
      },
      'what was negotiated; null where the handshake was broken off',
    ),
  ),
  verified: schema.boolean('the certificate was accepted'),
  verification: schema.object({
    ok: schema.boolean(),
    skipped: schema.boolean('there was no certificate to verify: PSK or a resumed session'),
    reason: nullableString('stable, for programs'),
    message: nullableString('why it was refused'),
    remedy: nullableString('what to do about it'),
    chain: schema.array(schema.string(), 'subjects of the path that holds, leaf first'),
  }),
  certificates: schema.array(certificateSchema, 'as the server sent them, leaf first'),
  ocsp: stapledSchema,
  scts: schema.array(
    schema.object({
      source: schema.oneOf(['certificate', 'tls']),
      logId: schema.hex(),
      timestamp: schema.time(),
    }),
    'signed certificate timestamps',
  ),
  sessions: schema.object({ tickets: schema.integer('sessions that the server offered for resumption') }),
  times: schema.object(
    {
      'lookup?': schema.number(),
      'tcp?': schema.number(),
      'proxy?': schema.number(),
      'starttls?': schema.number(),
      'serverHello?': schema.number('from the ClientHello to the first record of the server'),
      'finished?': schema.number('from there to the end of the handshake'),
      total: schema.number(),
    },
    'milliseconds',
  ),
  roundTrips: schema.object({ before: schema.integer('TCP, proxy and STARTTLS'), handshake: schema.integer('of TLS') }),
})

export const reportOf = (settings: AttemptSettings, done: Attempt, tickets: number, now: number): ConnectReport => {
  const { info, refusal, certificates } = done
  const isJudged = certificates.length > 0 && info?.resumed !== true
  const remedy = refusal && mendOf({ error: refusal, chain: certificates, serverName: settings.serverName })
  return {
    host: settings.target.host,
    port: settings.target.port,
    address: done.address ?? null,
    serverName: settings.serverName,
    starttls: settings.starttls ?? null,
    handshake:
      info === undefined
        ? null
        : {
            version: info.version,
            cipherSuite: info.cipherSuite,
            group: info.group ?? null,
            signatureScheme: info.signatureScheme ?? null,
            alpn: info.alpn ?? null,
            resumed: info.resumed,
            earlyData: info.earlyData,
            earlyDataRefusal: info.earlyDataRefusal ?? null,
            helloRetryRequest: info.helloRetryRequest,
            echAccepted: info.echAccepted,
            extendedMasterSecret: info.extendedMasterSecret,
            secureRenegotiation: info.secureRenegotiation,
            psk: info.pskIdentity !== undefined,
            certificateCompression: info.certificateCompression ?? null,
            ownSignatureScheme: info.ownSignatureScheme ?? null,
          },
    verified: refusal === undefined,
    verification: {
      ok: refusal === undefined,
      skipped: !isJudged,
      reason: refusal?.reason ?? null,
      message: refusal?.message ?? null,
      remedy: remedy ?? null,
      chain: refusal === undefined ? (info?.verifiedChain ?? []).map(({ subject }) => subject.toString()) : [],
    },
    certificates: certificates.map((certificate) => certificateJson(certificate, now)),
    ocsp: stapledStatus(info?.ocspResponse),
    scts: sctsOf(certificates[0], info?.scts ?? []),
    sessions: { tickets },
    times: Object.fromEntries(
      Object.entries(done.times).map(([name, time]: [string, number]) => [name, Math.round(time * 100) / 100]),
    ) as unknown as Times,
    roundTrips: done.roundTrips,
  }
}

const sctsOf = (leaf: Certificate | undefined, fromTls: readonly Uint8Array[]): ConnectReport['scts'] => {
  const embedded = orNothing(() => leaf?.sctList && splitSctList(leaf.sctList)) ?? []
  const one = (source: 'certificate' | 'tls') => (bytes: Uint8Array) => {
    const sct = orNothing(() => parseSct(bytes))
    return sct === undefined
      ? []
      : [{ source, logId: toHex(sct.logId), timestamp: new Date(sct.timestamp).toISOString() }]
  }
  return [...embedded.flatMap(one('certificate')), ...fromTls.flatMap(one('tls'))]
}

/** What is malformed is not listed: the verifier judges it. */
const orNothing = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** The names that an ECHConfigList shows to everybody. */
export const publicNames = (list: Uint8Array): readonly string[] =>
  decodeEchConfigList(list).map(({ publicName }) => publicName)
