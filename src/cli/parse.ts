// The command line, parsed by commander after the descriptions of commands/. Commander gets no help text, prints
// nothing and ends nothing: what it finds wrong becomes one sentence.

import { Command as Parser, CommanderError, InvalidArgumentError, Option as ParserOption } from 'commander'
import { commonOptions, isGroup, optionName } from './command.ts'
import type { Command, Node, Option, Options } from './command.ts'
import { usage } from './errors.ts'
import type { CliError } from './errors.ts'

/** What a command line asks for. */
export interface Asked {
  readonly command: Command
  readonly options: Readonly<Record<string, unknown>>
  readonly args: readonly string[]
}

/** The command that `argv` names, and how many words it took; or the group that was left without one. */
export const findNode = (
  nodes: readonly Node[],
  argv: readonly string[],
): { readonly node: Node | undefined; readonly words: number } => {
  const [first = '', second = ''] = argv
  const node = nodes.find(({ name }) => name === first)
  if (node === undefined || !isGroup(node)) return { node, words: 1 }
  const command = node.commands.find(({ name }) => name === `${first} ${second}`)
  return command === undefined ? { node, words: 1 } : { node: command, words: 2 }
}

export const parse = (command: Command, argv: readonly string[]): Asked => {
  const parser = parserOf(command)
  try {
    parser.parse([...argv], { from: 'user' })
  } catch (error) {
    throw error instanceof CommanderError ? usageOf(command, error) : error
  }
  const given = parser.opts()
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, option]) => [name, valueOf(name, option, given[keyOf(name)])]),
  )
  return { command, options, args: parser.args }
}

const parserOf = (command: Command): Parser => {
  const parser = new Parser(command.name)
  parser
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .helpOption(false)
    .helpCommand(false)
  for (const { name, required = false, many = false } of command.args ?? []) {
    const dots = many ? '...' : ''
    parser.argument(required ? `<${name}${dots}>` : `[${name}${dots}]`)
  }
  parser.allowExcessArguments(false)
  for (const [name, option] of Object.entries({ ...command.options, ...commonOptions } satisfies Options))
    parser.addOption(parserOption(name, option))
  return parser
}

/** Commander's own name for the value: the option's name in camelCase as it reads it. */
const keyOf = (name: string): string => new ParserOption(`--${optionName(name)}`).attributeName()

const parserOption = (name: string, option: Option): ParserOption => {
  const short = option.short === undefined ? '' : `-${option.short}, `
  const long = `--${optionName(name)}`
  if (option.kind === 'flag') return new ParserOption(`${short}${long}`)
  if (option.kind === 'optional') return new ParserOption(`${short}${long} [value]`)
  const made = new ParserOption(`${short}${long} <value>`)
  if (option.choices !== undefined) return made.choices(option.choices)
  if (option.kind === 'list')
    return made.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
  if (option.kind === 'number') return made.argParser((value: string) => numberOf(value, option))
  if (option.kind === 'duration') return made.argParser(durationOf)
  return made
}

/** Commander keeps `--no-x` as `x: false`. */
const valueOf = (name: string, { kind }: Option, given: unknown): unknown => {
  if (kind === 'flag') return given === !/^no[A-Z]/.test(name)
  return kind === 'list' ? (given ?? []) : given
}

const numberOf = (value: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: Option): number => {
  const read = Number(value)
  if (/^-?\d+$/.test(value) && read >= min && read <= max) return read
  throw new InvalidArgumentError(
    `it takes a whole number${max === Number.MAX_SAFE_INTEGER ? ` of at least ${min}` : ` from ${min} to ${max}`}.`,
  )
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  y: 365 * 86_400_000,
  '': 1000,
}

const durationOf = (value: string): number => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|y)?$/.exec(value) ?? []
  const factor = units[unit]
  if (digits === undefined || factor === undefined)
    throw new InvalidArgumentError('it takes a time such as 500ms, 10s, 5m, 12h or 90d.')
  return Number(digits) * factor
}

const usageOf = (command: Command, error: CommanderError): CliError => {
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/ <value>| \[value\]/g, '')
    .replace(' is invalid. it takes', ' is invalid: it takes')
    .replace(/\.$/, '')
  return usage(`${command.name}: ${message}`, `\`puretls ${command.name} --help\` says what it takes`)
}
