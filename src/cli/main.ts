#!/usr/bin/env node
// The command `puretls`, as package.json's `bin` names it.

import { exitCodes } from './exit-codes.ts'
import { processIo } from './io.ts'
import { run } from './run.ts'

const stop = new AbortController()
const interrupt = (): void => {
  if (stop.signal.aborted) process.exit(exitCodes.interrupted)
  stop.abort()
}
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)

const io = processIo(stop.signal)
const code = await run(process.argv.slice(2), io)
// An open stdin or socket must not keep a command alive that is done.
process.exit(code)
