// puretls/cli: the command for programs. `run(argv, io)` is `puretls ARGV`, in this process and with streams of your
// own.

export { commands } from './commands/index.ts'
export { run } from './run.ts'
export { processIo, sinkOf } from './io.ts'
export type { Io, Sink } from './io.ts'
export { exitCodes } from './exit-codes.ts'
export type { ExitCode, ExitName } from './exit-codes.ts'
export { isGroup, schemaOf } from './command.ts'
export type { Argument, Command, CommandGroup, Example, Node, Option } from './command.ts'
export { helpText } from './help.ts'
export type { JsonSchema } from './schema.ts'
