// `puretls trace`: gathers records, from a connection of its own or from a file, and shows them.

import { appendFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { nodeProvider } from '../../crypto/node.ts'
import { createTrace } from '../../inspect/trace.ts'
import type { ClientOptions } from '../../index.node.ts'
import type { Context, Options } from '../command.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readText } from '../files.ts'
import { closeTls, openTls } from '../open.ts'
import { parseTarget } from '../target.ts'
import { tracedLines } from './print.ts'
import { traceReportJson } from './report.ts'
import type { TraceReport } from './report.ts'
import { isFile, readSource } from './source.ts'

export interface TraceOptions {
  readonly keylog: string | undefined
  readonly fields: boolean
  readonly bytes: boolean
  readonly secrets: boolean
  readonly connection: number | undefined
  readonly servername: string | undefined
  readonly alpn: readonly string[]
  readonly tls12: boolean
  readonly group: readonly string[]
  readonly suite: readonly string[]
  readonly timeout: number | undefined
}

export const runTrace = async (context: Context<Options>): Promise<ExitCode> => {
  const { io, out, args } = context
  const options = context.options as unknown as TraceOptions
  const source = args[0] ?? ''
  const report = (await isFile(io, source))
    ? await readSource(io, source, options.keylog === undefined ? undefined : await readText(io, options.keylog))
    : await ofServer(context, source, options)
  const shown = pick(report, options.connection)
  await out.json(traceReportJson(shown))
  for (const problem of shown.problems) await out.warn(`warning: ${problem}`)
  for (const [index, traced] of shown.connections.entries()) {
    await out.print(...(index > 0 ? [''] : []), ...tracedLines(traced, options, out.style))
  }
  const failure = shown.connections.find((traced) => traced.failure)?.failure
  if (failure) throw failure
  if (shown.connections.length === 0)
    throw new CliError('input', `${source}: there is no TLS connection in it`, { code: 'no_tls' })
  return exitCodes.ok
}

const pick = (report: TraceReport, wanted: number | undefined): TraceReport => {
  if (wanted === undefined) return report
  const found = report.connections[wanted - 1]
  if (!found) throw usage(`--connection ${wanted}: there are ${report.connections.length}`)
  return { ...report, connections: [found] }
}

/** How long tickets of TLS 1.3 are waited for, behind the handshake; milliseconds. */
const TICKET_WAIT = 300

const words = (given: readonly string[]): readonly string[] =>
  given
    .flatMap((one) => one.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '')

const ofServer = async ({ io, out }: Context<Options>, source: string, options: TraceOptions): Promise<TraceReport> => {
  const target = parseTarget(source, 443)
  const trace = createTrace('client')
  const client: Omit<ClientOptions, 'serverName'> = {
    provider: trace.watch(nodeProvider),
    trace: trace.record,
    keyLog: trace.keyLog,
    ...(options.alpn.length > 0 && { alpn: words(options.alpn) }),
    ...(options.tls12 && { versions: { max: 'TLS 1.2' } }),
    ...(options.group.length > 0 && { groups: words(options.group) }),
    ...(options.suite.length > 0 && { cipherSuites: words(options.suite) }),
  }
  await out.progress(`connecting to ${target.shown} ...`)
  let failure: Error | undefined
  try {
    const connection = await openTls(io, {
      target,
      serverName: options.servername,
      timeoutMs: options.timeout ?? 15_000,
      client,
    })
    if (connection.info.version === 'TLS 1.3') await new Promise((done) => setTimeout(done, TICKET_WAIT))
    await closeTls(connection)
  } catch (error) {
    if (!(error instanceof Error) || trace.records.length === 0) throw error
    failure = error
  }
  await out.progress(undefined)
  if (options.keylog !== undefined)
    await appendFile(resolve(io.cwd, options.keylog), trace.keyLogLines.map((line) => `${line}\n`).join(''), {
      mode: 0o600,
    })
  const traced = { data: trace.data(), client: undefined, server: target.shown, problems: [], failure }
  return { source: 'server', problems: [], connections: [traced] }
}
