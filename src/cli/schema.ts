// JSON Schema (2020-12) of what --json prints, written with the commands. Objects allow no other properties, so that a
// test notices what is printed and not described.

export type JsonSchema = Readonly<Record<string, unknown>>

const described = (type: string, description: string | undefined, more: JsonSchema = {}): JsonSchema => ({
  type,
  ...(description === undefined ? {} : { description }),
  ...more,
})

export const schema = {
  string: (description?: string): JsonSchema => described('string', description),
  /** ISO 8601, UTC. */
  time: (description?: string): JsonSchema => described('string', description, { format: 'date-time' }),
  hex: (description?: string): JsonSchema => described('string', description, { pattern: '^([0-9a-f]{2})*$' }),
  boolean: (description?: string): JsonSchema => described('boolean', description),
  integer: (description?: string): JsonSchema => described('integer', description),
  number: (description?: string): JsonSchema => described('number', description),
  oneOf: (values: readonly string[], description?: string): JsonSchema => ({
    enum: values,
    ...(description === undefined ? {} : { description }),
  }),
  array: (items: JsonSchema, description?: string): JsonSchema => described('array', description, { items }),
  nullable: (one: JsonSchema): JsonSchema => ({ anyOf: [one, { type: 'null' }] }),
  /** Any object: values of one kind under names that are not known before. */
  map: (values: JsonSchema, description?: string): JsonSchema =>
    described('object', description, { additionalProperties: values }),
  /** A property whose name ends with `?` may be missing. */
  object: (properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema =>
    described('object', description, {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name.replace(/\?$/, ''), value]),
      ),
      required: Object.keys(properties).filter((name) => !name.endsWith('?')),
      additionalProperties: false,
    }),
  anyOf: (...ones: readonly JsonSchema[]): JsonSchema => ({ anyOf: ones }),
}

/** What every command prints with --json when it fails. */
export const failureSchema: JsonSchema = schema.object({
  error: schema.object({
    code: schema.string('stable, for programs: that of the TlsError, or what went wrong before TLS'),
    message: schema.string('one sentence'),
    'remedy?': schema.string('what to do about it'),
    exitCode: schema.integer(),
  }),
})
