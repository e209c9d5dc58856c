// How a command is described. Parser, help, docs/command.md, completion and the schemas are all made from these
// descriptions.

import type { ExitCode, ExitName } from './exit-codes.ts'
import type { Io } from './io.ts'
import type { Output } from './output.ts'
import { failureSchema } from './schema.ts'
import type { JsonSchema } from './schema.ts'

export interface Argument {
  /** In capitals: `HOST[:PORT]`. */
  readonly name: string
  readonly help: string
  readonly required?: boolean
  /** Takes all that follow. Only of the last one. */
  readonly many?: boolean
}

type Kind = 'flag' | 'text' | 'list' | 'number' | 'choice' | 'optional' | 'duration'

export interface Option<T = unknown> {
  readonly kind: Kind
  /** The name of its value, in capitals. */
  readonly value?: string
  readonly help: string
  /** One letter. */
  readonly short?: string
  readonly choices?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** The type only; there is no such property. */
  readonly type?: T
}

interface More {
  readonly short?: string
}

/** `--name`. */
export const flag = (help: string, more: More = {}): Option<boolean> => ({ kind: 'flag', help, ...more })
/** `--name VALUE`. */
export const text = (value: string, help: string, more: More = {}): Option<string | undefined> => ({
  kind: 'text',
  value,
  help,
  ...more,
})
/** `--name VALUE`, any number of times. */
export const list = (value: string, help: string, more: More = {}): Option<readonly string[]> => ({
  kind: 'list',
  value,
  help,
  ...more,
})
/** `--name [VALUE]`: true without a value. */
export const optional = (value: string, help: string, more: More = {}): Option<string | true | undefined> => ({
  kind: 'optional',
  value,
  help,
  ...more,
})
/** A whole number. */
export const number = (
  value: string,
  help: string,
  more: More & { readonly min?: number; readonly max?: number } = {},
): Option<number | undefined> => ({ kind: 'number', value, help, ...more })
/** One of some words. */
export const choice = <const T extends string>(
  choices: readonly T[],
  help: string,
  more: More = {},
): Option<T | undefined> => ({ kind: 'choice', value: choices.join('|'), choices, help, ...more })
/** A time such as `500ms`, `10s`, `5m`, `12h` or `90d`; a bare number is in seconds. Given in milliseconds. */
export const duration = (value: string, help: string, more: More = {}): Option<number | undefined> => ({
  kind: 'duration',
  value,
  help,
  ...more,
})

export type Options = Readonly<Record<string, Option>>
export type Values<O extends Options> = { readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never }

/** What `run` gets. */
export interface Context<O extends Options = Options> {
  readonly options: Values<O>
  readonly args: readonly string[]
  readonly io: Io
  readonly out: Output
  /** `--json` was given. */
  readonly json: boolean
  /** All there are: for what is made from their descriptions. */
  readonly commands: readonly Node[]
}

export interface Example {
  /** As it is typed. */
  readonly run: string
  /** What it is for: one line. */
  readonly says: string
}

export interface Description<O extends Options> {
  /** `connect`, or `cert ca` within a group. */
  readonly name: string
  /** One line, without a full stop: "opens a connection and says what was negotiated". */
  readonly summary: string
  /** Paragraphs, each wrapped by the help. */
  readonly text?: readonly string[]
  readonly args?: readonly Argument[]
  /**
   * By their name in camelCase: `showCerts` is `--show-certs`. `--json`, `--schema` and `--help` are every command's.
   */
  readonly options: O
  readonly examples: readonly Example[]
  /** Of what --json prints: one value, or one a line where there are several. */
  readonly schema: JsonSchema
  /** Those that it can end with, beside `usage` and `internal`. */
  readonly exits: readonly ExitName[]
  readonly run: (context: Context<O>) => Promise<ExitCode>
}

export type Command = Description<Options>

export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly text?: readonly string[]
  readonly commands: readonly Command[]
}

export type Node = Command | CommandGroup

/** Whether it is a group of commands, such as `cert`, rather than a command. */
export const isGroup = (node: Node): node is CommandGroup => 'commands' in node

/** Keeps the types of the options for `run`. */
export const defineCommand = <const O extends Options>(description: Description<O>): Command =>
  description as unknown as Command

/** The whole schema of a command's --json, with that of a failure. */
export const schemaOf = (command: Command): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `puretls ${command.name} --json`,
  anyOf: [command.schema, failureSchema],
})

/** `showCerts` -> `show-certs`. */
export const optionName = (name: string): string =>
  name.replace(/[A-Z0-9]+/g, (part, at: number) =>
    /[A-Z]/.test(part) && at > 0 ? `-${part.toLowerCase()}` : part.toLowerCase(),
  )

/** What every command takes beside its own. */
export const commonOptions: Options = {
  json: flag('prints JSON; its schema: --schema'),
  schema: flag('prints the JSON schema of what --json prints'),
  help: flag('says all this', { short: 'h' }),
}
