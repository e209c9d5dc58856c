// What `puretls scan` finds, as JSON.

import { describeCipherSuite, describeGroup } from '../../inspect/describe.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'
import type { ChainFinding } from './chain.ts'
import type { Weakness } from './weakness.ts'
import type { SessionFindings } from './sessions.ts'
import type { HttpsRecordFinding } from './https-record.ts'
import { stapledSchema } from '../stapled.ts'
import type { StapledStatus } from '../stapled.ts'

export type Grade = 'A+' | 'A' | 'A-' | 'B' | 'C' | 'D' | 'F' | 'T' | 'M'

/** From the best to the worst. */
export const grades: readonly Grade[] = ['A+', 'A', 'A-', 'B', 'C', 'D', 'M', 'T', 'F']

export interface GradeReason {
  readonly ceiling: Grade
  readonly reason: string
}

export interface SuiteJson {
  readonly id: number
  readonly name: string
  readonly forwardSecrecy: boolean
  readonly aead: boolean
  readonly weaknesses: readonly string[]
}

export interface ScanReport {
  readonly host: string
  readonly serverName: string
  readonly starttls: string | null
  readonly time: string
  readonly connections: number
  readonly versions: readonly {
    readonly name: string
    readonly offered: boolean
    readonly downgradedTo: string | null
  }[]
  readonly suites: readonly {
    readonly version: string
    readonly order: 'server' | 'client' | null
    readonly suites: readonly SuiteJson[]
  }[]
  readonly groups: readonly {
    readonly version: string
    readonly groups: readonly { readonly id: number; readonly name: string; readonly postQuantum: boolean }[]
  }[]
  readonly diffieHellmanBits: number | null
  readonly signatureSchemes: readonly { readonly version: string; readonly schemes: readonly string[] }[]
  readonly chain: ChainFinding
  readonly ocspStapling: boolean
  readonly ocsp: StapledStatus | null
  readonly scts: boolean
  readonly resumption: SessionFindings['resumption']
  readonly ticketLifetimeSeconds: number | null
  readonly earlyData: number | null
  readonly alpn: readonly string[]
  readonly ech: boolean
  readonly httpsRecord: HttpsRecordFinding | null
  readonly hsts: { readonly maxAge: number; readonly includeSubDomains: boolean; readonly preload: boolean } | null
  readonly http: { readonly status: number; readonly server: string | null } | null
  readonly weaknesses: readonly Weakness[]
  readonly grade: { readonly grade: Grade; readonly reasons: readonly GradeReason[] }
}

export const suiteJson = (id: number): SuiteJson => {
  const { name, forwardSecrecy, aead, weaknesses } = describeCipherSuite(id)
  return { id, name, forwardSecrecy, aead, weaknesses }
}
export const groupJson = (id: number) => {
  const { name, meaning } = describeGroup(id)
  return { id, name, postQuantum: meaning.startsWith('post-quantum') }
}

const { object, array, string, boolean, integer, nullable, oneOf, time } = schema

export const scanSchema: JsonSchema = schema.anyOf(
  object({
    host: string(),
    serverName: string(),
    starttls: nullable(string('the protocol in which TLS was asked for')),
    time: time(),
    connections: integer('that the scan made'),
    versions: array(
      object({
        name: string(),
        offered: boolean(),
        downgradedTo: nullable(string('a lower version that came instead')),
      }),
    ),
    suites: array(
      object({
        version: string(),
        order: nullable(oneOf(['server', 'client'], 'whose order counts; null: one suite only')),
        suites: array(
          object({
            id: integer(),
            name: string(),
            forwardSecrecy: boolean(),
            aead: boolean(),
            weaknesses: array(string()),
          }),
          'by preference',
        ),
      }),
    ),
    groups: array(
      object({
        version: string(),
        groups: array(object({ id: integer(), name: string(), postQuantum: boolean() }), 'by preference'),
      }),
    ),
    diffieHellmanBits: nullable(integer('of the smallest group of DHE')),
    signatureSchemes: array(object({ version: string(), schemes: array(string()) })),
    chain: object({
      certificates: array(
        object({
          subject: string(),
          issuer: string(),
          names: array(string()),
          notBefore: time(),
          notAfter: time(),
          key: string(),
          signature: string(),
          selfSigned: boolean(),
        }),
      ),
      trusted: boolean(),
      reason: nullable(string('why it is not')),
      coversName: boolean(),
      daysLeft: nullable(integer()),
      faults: array(object({ code: string(), message: string() })),
    }),
    ocspStapling: boolean(),
    ocsp: stapledSchema,
    scts: boolean('signed certificate timestamps come with the handshake'),
    resumption: object({
      tickets13: nullable(integer('tickets after a handshake of TLS 1.3')),
      resumed13: nullable(boolean()),
      ticket12: nullable(boolean('TLS 1.2, by ticket')),
      id12: nullable(boolean('TLS 1.2, by session ID')),
    }),
    ticketLifetimeSeconds: nullable(integer()),
    earlyData: nullable(integer('bytes of 0-RTT that tickets allow')),
    alpn: array(string(), 'by preference'),
    ech: boolean('the server has keys of Encrypted Client Hello'),
    httpsRecord: nullable(
      object(
        {
          alpn: array(string(), 'that the record names'),
          port: nullable(integer('another port than that of the URL')),
          ech: boolean('there is an ECH config in it'),
          echAccepted: nullable(boolean('the server takes a hello that is encrypted by it; null: not tried')),
        },
        'with --https-record; null: not asked for, or there is none',
      ),
    ),
    hsts: nullable(object({ maxAge: integer('seconds'), includeSubDomains: boolean(), preload: boolean() })),
    http: nullable(object({ status: integer(), server: nullable(string()) })),
    weaknesses: array(
      object({
        name: string(),
        verdict: oneOf(['vulnerable', 'potentially vulnerable', 'not vulnerable', 'not applicable', 'unknown']),
        because: string(),
        source: string(),
      }),
    ),
    grade: object({
      grade: string('A+ to F, T not trusted, M another name'),
      reasons: array(object({ ceiling: string(), reason: string() })),
    }),
  }),
  object(
    { before: string('when the other scan was made'), after: string(), changes: array(string()) },
    'with --compare, a second line',
  ),
)
