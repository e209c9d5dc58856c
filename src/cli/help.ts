// The help of a command, made from its description. docs/command.md is made of the same text.

import { commonOptions, isGroup, optionName } from './command.ts'
import type { Command, CommandGroup, Node, Option } from './command.ts'
import { exitCodes, exitMeanings } from './exit-codes.ts'
import type { ExitName } from './exit-codes.ts'
import { styleFor } from './output.ts'
import type { Style } from './output.ts'

const WIDTH = 100
/** Longer lists of words stand in the help and not beside the option. */
const MAX_CHOICES = 50

/** The whole help of one command or group, without colours unless a style is given. */
export const helpText = (node: Node, style: Style = styleFor(false)): string =>
  (isGroup(node) ? groupHelp(node, style) : commandHelp(node, style)).join('\n')

/** `puretls --help`. */
export const overview = (nodes: readonly Node[], version: string, style: Style = styleFor(false)): string =>
  [
    `puretls ${version}: TLS 1.3 and 1.2, looked at and served`,
    '',
    `${style.bold('Usage:')} puretls COMMAND [options]`,
    '',
    style.bold('Commands:'),
    ...rows(nodes.map(({ name, summary }) => [name, summary])),
    '',
    style.bold('Options:'),
    ...rows([
      ['-h, --help', 'says this; `puretls COMMAND --help` says more'],
      ['--version', 'prints the version'],
    ]),
    '',
    ...wrapped(
      'Colours are for terminals only; NO_COLOR turns them off and FORCE_COLOR on. With --json, every command ' +
        'prints JSON for programs.',
    ),
  ].join('\n')

const groupHelp = ({ name, summary, text = [], commands }: CommandGroup, style: Style): string[] => [
  `puretls ${name}: ${summary}`,
  '',
  `${style.bold('Usage:')} puretls ${name} COMMAND [options]`,
  ...text.flatMap((paragraph) => ['', ...wrapped(paragraph)]),
  '',
  style.bold('Commands:'),
  ...rows(commands.map((command) => [command.name, command.summary])),
  '',
  ...wrapped(`\`puretls ${name} COMMAND --help\` says more of each.`),
]

const commandHelp = (command: Command, style: Style): string[] => {
  const { name, summary, text = [], args = [], examples } = command
  const exits: readonly ExitName[] = ['ok', ...command.exits.filter((one) => one !== 'ok'), 'usage']
  const codes = [...new Set(exits)].toSorted((one, two) => exitCodes[one] - exitCodes[two])
  return [
    `puretls ${name}: ${summary}`,
    '',
    `${style.bold('Usage:')} ${usageLine(command)}`,
    ...text.flatMap((paragraph) => ['', ...wrapped(paragraph)]),
    ...(args.length === 0 ? [] : ['', style.bold('Arguments:'), ...rows(args.map((one) => [one.name, one.help]))]),
    '',
    style.bold('Options:'),
    ...rows(
      [...Object.entries(command.options), ...Object.entries(commonOptions)].map(([key, option]) => [
        optionText(key, option),
        optionHelp(option),
      ]),
    ),
    '',
    style.bold('Examples:'),
    ...examples.flatMap(({ run, says }) => [`  ${style.dim(`# ${says}`)}`, `  ${run}`]),
    '',
    style.bold('Exit codes:'),
    ...rows(codes.map((one) => [String(exitCodes[one]), exitMeanings[one]])),
  ]
}

export const usageLine = ({ name, args = [] }: Command): string =>
  [
    'puretls',
    name,
    '[options]',
    ...args.map(({ name: arg, required = false, many = false }) => {
      const shown = `${arg}${many ? '...' : ''}`
      return required ? shown : `[${shown}]`
    }),
  ].join(' ')

export const optionText = (name: string, { kind, value: given = 'VALUE', short, choices }: Option): string => {
  const value = choices === undefined || given.length <= MAX_CHOICES ? given : 'WORD'
  const long = `${short === undefined ? '' : `-${short}, `}--${optionName(name)}`
  if (kind === 'flag') return long
  return kind === 'optional' ? `${long} [${value}]` : `${long} ${value}`
}

const optionHelp = ({ help, value = '', choices = [] }: Option): string =>
  value.length > MAX_CHOICES && choices.length > 0 ? `${help}: ${choices.join(', ')}` : help

/** Two columns; what does not fit beside a long left side goes under it. */
const rows = (pairs: readonly (readonly [string, string])[]): string[] => {
  const column = Math.min(30, Math.max(...pairs.map(([left]) => left.length)) + 4)
  return pairs.flatMap(([left, right]) => {
    const lines = wrapped(right, WIDTH - column)
    const start = `  ${left}`
    const isLong = start.length > column - 2
    const [first = '', ...rest] = isLong ? ['', ...lines] : lines
    return [
      `${isLong ? start : start.padEnd(column)}${first}`.trimEnd(),
      ...rest.map((line) => ' '.repeat(column) + line),
    ]
  })
}

const wrapped = (text: string, width = WIDTH): string[] => {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
