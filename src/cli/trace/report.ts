// What `puretls trace --json` prints.

import { traceJson } from '../../inspect/trace-data.ts'
import type { TraceData } from '../../inspect/trace-data.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'

const side = schema.oneOf(['client', 'server'])
const field = schema.object({
  name: schema.string(),
  offset: schema.integer('in the bytes of the message'),
  length: schema.integer(),
  'value?': { type: ['number', 'string', 'boolean'] },
  'meaning?': schema.string(),
  'section?': schema.string('document and section that define it'),
  'hex?': schema.hex('of a field without fields inside'),
  'fields?': schema.array({ type: 'object' }, 'the fields inside, of the same form'),
})

const connection = schema.object({
  client: schema.nullable(schema.string('address:port, where it is known')),
  server: schema.nullable(schema.string()),
  problems: schema.array(schema.string(), 'what is missing or could not be read'),
  failure: schema.nullable(schema.string('why the handshake failed')),
  version: schema.nullable(schema.string()),
  cipherSuite: schema.nullable(schema.string()),
  records: schema.array(
    schema.object({
      number: schema.integer('from 0'),
      sender: side,
      type: schema.string('content type, inside the encryption where it was opened'),
      length: schema.integer('bytes on the wire'),
      encrypted: schema.boolean(),
      decrypted: schema.boolean(),
      key: schema.nullable(schema.string('the secret that seals it')),
    }),
  ),
  messages: schema.array(
    schema.object({
      sender: side,
      kind: schema.oneOf(['message', 'alert', 'change_cipher_spec', 'application_data', 'undecrypted', 'other']),
      name: schema.string(),
      summary: schema.string('one line'),
      length: schema.integer(),
      records: schema.array(schema.integer()),
      encrypted: schema.boolean(),
      key: schema.nullable(schema.string()),
      fields: field,
    }),
  ),
  secrets: schema.array(
    schema.object({
      name: schema.string(),
      meaning: schema.string(),
      derivation: schema.string(),
      section: schema.string(),
      value: schema.nullable(schema.hex()),
      keys: schema.map(schema.hex()),
      records: schema.array(schema.integer('protected with its key')),
    }),
  ),
})

export const traceSchema: JsonSchema = schema.object({
  source: schema.oneOf(['server', 'capture', 'bytes']),
  problems: schema.array(schema.string()),
  connections: schema.array(connection),
})

/** One connection to be shown. */
export interface Traced {
  readonly data: TraceData
  readonly client: string | undefined
  readonly server: string | undefined
  readonly problems: readonly string[]
  /** What the handshake ended with. */
  readonly failure: Error | undefined
}

export interface TraceReport {
  readonly source: 'server' | 'capture' | 'bytes'
  readonly problems: readonly string[]
  readonly connections: readonly Traced[]
}

export const traceReportJson = ({ source, problems, connections }: TraceReport): unknown => ({
  source,
  problems,
  connections: connections.map(({ data, client, server, problems: lost, failure }) => ({
    client: client ?? null,
    server: server ?? null,
    problems: lost,
    failure: failure?.message ?? null,
    ...traceJson(data),
  })),
})
