// What a stapled OCSP response says, for reports. Whether it may be believed is the verifier's to judge.

import { parseOcspResponse } from '../x509/ocsp.ts'
import { schema } from './schema.ts'
import type { JsonSchema } from './schema.ts'

export interface StapledStatus {
  /** good, revoked, unknown, or why there is no answer. */
  readonly status: string
  readonly thisUpdate: string | null
  readonly nextUpdate: string | null
  readonly revokedAt: string | null
}

export const stapledSchema: JsonSchema = schema.nullable(
  schema.object(
    {
      status: schema.string('good, revoked, unknown, or why there is no answer'),
      thisUpdate: schema.nullable(schema.time()),
      nextUpdate: schema.nullable(schema.time()),
      revokedAt: schema.nullable(schema.time()),
    },
    'the stapled OCSP response',
  ),
)

/** Null without a response; `malformed` for what can't be read. */
export const stapledStatus = (der: Uint8Array | undefined): StapledStatus | null => {
  if (der === undefined) return null
  const bare = { thisUpdate: null, nextUpdate: null, revokedAt: null }
  try {
    const response = parseOcspResponse(der)
    const answer = response.status === 'successful' ? response.basic.answers[0] : undefined
    if (answer === undefined) return { status: response.status, ...bare }
    return {
      status: answer.status,
      thisUpdate: time(answer.thisUpdate),
      nextUpdate: time(answer.nextUpdate),
      revokedAt: time(answer.revokedAt),
    }
  } catch {
    return { status: 'malformed', ...bare }
  }
}

const time = (value: number | undefined): string | null =>
  value === undefined || Number.isNaN(value) ? null : new Date(value).toISOString()

/** One line for people. */
export const stapledText = (ocsp: StapledStatus | null): string =>
  ocsp === null
    ? 'nothing stapled'
    : `stapled: ${ocsp.status}${ocsp.nextUpdate === null ? '' : `, until ${ocsp.nextUpdate}`}`
