// `puretls connect`: one connection (or two, with --resume and --early-data), reported; then stdin and stdout go
// through, if something is piped in.

import type { TlsConnection } from '../../index.node.ts'
import { memorySessionCache } from '../../session/client-cache.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { Context, Options } from '../command.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput } from '../files.ts'
import { createOutput } from '../output.ts'
import type { Output } from '../output.ts'
import { attempt } from './attempt.ts'
import type { Attempt, AttemptSettings } from './attempt.ts'
import { Input, passThrough } from './pass-through.ts'
import { reportLines } from './print.ts'
import { reportOf } from './report.ts'
import type { ConnectReport } from './report.ts'
import { settingsOf } from './settings.ts'
import type { ConnectFlags } from './settings.ts'
import { watch } from './watch.ts'

export interface ConnectOptionValues extends ConnectFlags {
  readonly resume: boolean
  readonly earlyData: string | undefined
  readonly showcerts: boolean
  readonly pem: boolean
  readonly noInput: boolean
  readonly watch: number | undefined
}

/** How long a server may take to offer a session, for --resume; milliseconds. */
const SESSION_WAIT = 3000
/** For the report alone: two round trips and a little, at most this. */
const MAX_REPORT_WAIT = 1000

export const runConnect = async (context: Context<Options>, flags: ConnectOptionValues): Promise<ExitCode> => {
  const { io, out, args, json } = context
  const settings = await settingsOf(io, args[0] ?? '', flags)
  if (flags.watch !== undefined) return watch(context, settings, flags.watch, () => reported(context, settings, flags))
  const { done, report } = await reported(context, settings, flags)
  try {
    if (flags.pem) await out.raw(done.certificates.map((certificate) => certificate.toPem()).join(''))
    else if (json || flags.noInput || !io.stdinIsPiped || !mayTalk(done, flags))
      await tell(out, report, done.certificates, flags)
    else await tellAndTalk(context, done, report, flags)
    return done.refusal === undefined || flags.insecure ? exitCodes.ok : exitCodes.verification
  } finally {
    await done.connection?.close({ timeoutMs: 1000 }).catch(() => {})
  }
}

/** Nothing is sent to a server that was not verified. */
const mayTalk = (done: Attempt, flags: ConnectOptionValues): boolean =>
  done.connection !== undefined && (done.refusal === undefined || flags.insecure) && !flags.showcerts

const tell = async (
  out: Output,
  report: ConnectReport,
  certificates: readonly Certificate[],
  flags: ConnectOptionValues,
): Promise<void> => {
  await out.json(report)
  await out.print(...reportLines(report, out.style))
  if (flags.showcerts) await out.print('', ...certificates.map((certificate) => certificate.toPem().trimEnd()))
}

/** The report goes to stderr, if data goes through stdout; it goes to stdout if there is none. */
const tellAndTalk = async (
  { io, out }: Context<Options>,
  done: Attempt,
  report: ConnectReport,
  flags: ConnectOptionValues,
): Promise<void> => {
  const connection = done.connection as TlsConnection
  const input = new Input(io.stdin)
  const server = connection.read()
  server.catch(() => {})
  const first = await Promise.race([
    input.first.then(({ done: ended }) => (ended === true ? 'nothing' : 'data')),
    server.then((data) => (data === null ? 'nothing' : 'data')),
    aborted(io.signal),
  ])
  if (first === 'nothing') {
    await tell(out, report, done.certificates, flags)
    return
  }
  const aside = createOutput({ ...io, stdout: io.stderr }, false)
  await aside.print(...reportLines(report, aside.style))
  await passThrough(io, connection, input, server)
}

const aborted = (signal: AbortSignal): Promise<'nothing'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('nothing')
    signal.addEventListener('abort', () => resolve('nothing'), { once: true })
  })

/** The connection to report of: the second one, with --resume and --early-data. */
const reported = async (
  { io, out }: Context<Options>,
  settings: AttemptSettings,
  flags: ConnectOptionValues,
): Promise<{ readonly done: Attempt; readonly report: ConnectReport }> => {
  let tickets = 0
  const offered = signalled()
  const onSession = (): void => {
    tickets++
    offered.tell()
  }
  const progress = (what: string): Promise<void> => out.progress(`${what} ${settings.target.shown} ...`)
  await progress('connecting to')
  const second =
    flags.resume || flags.earlyData !== undefined ? await withSession(io, settings, flags, progress) : settings
  const done = await attempt(io, { ...second, onSession })
  // Tickets of TLS 1.3 come behind the handshake.
  if (done.info?.version === 'TLS 1.3')
    await within(offered.told, Math.min(MAX_REPORT_WAIT, 50 + 2 * (done.times.serverHello ?? 0)))
  await out.progress(undefined)
  return { done, report: reportOf(settings, done, tickets, io.clock()) }
}

/** Makes a first connection for the session that it gives. */
const withSession = async (
  io: Context['io'],
  settings: AttemptSettings,
  flags: ConnectOptionValues,
  progress: (what: string) => Promise<void>,
): Promise<AttemptSettings> => {
  const early = flags.earlyData === undefined ? undefined : await readInput(io, flags.earlyData)
  if (early?.length === 0) throw usage(`--early-data: ${flags.earlyData} is empty`)
  const sessions = memorySessionCache()
  const client = { ...settings.client, sessions }
  const offered = signalled()
  const first = await attempt(io, { ...settings, client, onRefusal: 'fail', onSession: offered.tell })
  if (first.connection === undefined) throw first.refusal ?? new CliError('handshake', 'the first connection failed')
  await progress('waiting for a session of')
  if (sessions.size === 0) await within(offered.told, SESSION_WAIT)
  await first.connection.close({ timeoutMs: 1000 }).catch(() => {})
  if (sessions.size === 0) {
    throw new CliError('handshake', `${settings.target.shown} offered no session to resume`, { code: 'no_session' })
  }
  await progress('connecting again to')
  return { ...settings, onRefusal: 'fail', client: { ...client, ...(early === undefined ? {} : { earlyData: early }) } }
}

const signalled = (): { readonly tell: () => void; readonly told: Promise<void> } => {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { tell: resolve, told: promise }
}

/** Until then, or so many milliseconds. */
const within = async (then: Promise<void>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    then,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    }),
  ])
  clearTimeout(timer)
}
