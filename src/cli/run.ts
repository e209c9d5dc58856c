// One run of the command: finds what is asked for, runs it, and ends with an exit code whatever happens.

import { commands } from './commands/index.ts'
import { isGroup, schemaOf } from './command.ts'
import type { CommandGroup, Context, Node } from './command.ts'
import { explain, usage } from './errors.ts'
import { exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import { helpText, overview } from './help.ts'
import { closest } from './closest.ts'
import type { Io } from './io.ts'
import { createOutput, hasColours, styleFor } from './output.ts'
import type { Output } from './output.ts'
import { findNode, parse } from './parse.ts'
import { version } from './version.ts'

/** `puretls ARGV`. Never rejects: what goes wrong is a sentence on `io.stderr` and an exit code. */
export const run = async (argv: readonly string[], io: Io): Promise<ExitCode> => {
  const json = beforeDashes(argv).includes('--json')
  const out = createOutput(io, json)
  try {
    return await dispatch(argv, io, out, json)
  } catch (thrown) {
    return await failed(thrown, io, out)
  }
}

const beforeDashes = (argv: readonly string[]): readonly string[] => {
  const end = argv.indexOf('--')
  return end === -1 ? argv : argv.slice(0, end)
}

const dispatch = async (argv: readonly string[], io: Io, out: Output, json: boolean): Promise<ExitCode> => {
  const style = styleFor(hasColours(io.stdout, io.env))
  const [first] = argv
  if (first === undefined || first === '--help' || first === '-h')
    return printed(out, overview(commands, version, style))
  if (first === '--version' || first === '-V') return printed(out, version)
  if (first === 'help') return dispatch(argv.length === 1 ? ['--help'] : [...argv.slice(1), '--help'], io, out, json)
  const { node, words } = findNode(commands, argv)
  if (node === undefined) throw unknown(first, commands, 'puretls --help')
  const rest = argv.slice(words)
  if (isGroup(node)) return groupAlone(node, rest, out, helpText(node, style))
  const asked = beforeDashes(rest)
  if (asked.includes('--help') || asked.includes('-h')) return printed(out, helpText(node, style))
  if (asked.includes('--schema')) return printed(out, JSON.stringify(schemaOf(node), undefined, 2))
  const { options, args } = parse(node, rest)
  const context: Context = { options, args, io, out, json, commands }
  return node.run(context)
}

const printed = async (out: Output, text: string): Promise<ExitCode> => {
  await out.raw(`${text}\n`)
  return exitCodes.ok
}

const groupAlone = (group: CommandGroup, rest: readonly string[], out: Output, help: string): Promise<ExitCode> => {
  const [word] = rest
  if (word === '--help' || word === '-h') return printed(out, help)
  const hint = `puretls ${group.name} --help`
  if (word === undefined || word.startsWith('-')) {
    throw usage(
      `${group.name}: which of its commands? ` +
        `${group.commands.map(({ name }) => name.slice(group.name.length + 1)).join(', ')}`,
      `\`${hint}\` says what each does`,
    )
  }
  throw unknown(`${group.name} ${word}`, group.commands, hint)
}

const unknown = (word: string, nodes: readonly Node[], hint: string): Error => {
  const near = closest(
    word,
    nodes.map(({ name }) => name),
  )
  return usage(
    `there is no command "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    `\`${hint}\` lists them`,
  )
}

const failed = async (thrown: unknown, io: Io, out: Output): Promise<ExitCode> => {
  if (io.signal.aborted) return exitCodes.interrupted
  const error = explain(thrown)
  await out.progress(undefined)
  const style = styleFor(hasColours(io.stderr, io.env))
  await out.warn(`${style.red('error:')} ${error.message}`)
  if (error.remedy !== undefined) await out.warn(`${style.dim('hint:')} ${error.remedy}`)
  if (io.env['PURETLS_DEBUG'] && error.cause instanceof Error) await out.warn(error.cause.stack ?? String(error.cause))
  const { code, message, remedy, exitCode } = error
  await out.json({ error: { code, message, ...(remedy === undefined ? {} : { remedy }), exitCode } })
  return exitCode
}
