// `puretls connect --watch`: connects again and again, and says what has changed since the last time.

import type { Context, Options } from '../command.ts'
import { explain } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Attempt, AttemptSettings } from './attempt.ts'
import { reportLines } from './print.ts'
import type { ConnectReport } from './report.ts'

type Facts = Readonly<Record<string, string>>

/** What is compared; times and what is left of a certificate's life are not. */
const factsOf = (report: ConnectReport): Facts => {
  const { handshake, certificates, verification, ocsp } = report
  const pairs: [string, string | boolean | null | undefined][] = [
    ['address', report.address],
    ['version', handshake?.version],
    ['cipher suite', handshake?.cipherSuite],
    ['key exchange', handshake?.group],
    ['signature', handshake?.signatureScheme],
    ['ALPN', handshake?.alpn],
    ['ECH', handshake?.echAccepted],
    ...certificates.map(({ sha256, subject, notAfter }, at): [string, string] => [
      `certificate ${at}`,
      `${subject}, until ${notAfter}, sha256 ${sha256}`,
    ]),
    ['verification', verification.ok ? 'ok' : verification.message],
    ['OCSP', ocsp?.status],
  ]
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, value === undefined || value === null ? 'none' : String(value)]),
  )
}

/** Lines such as `version: TLS 1.3 -> TLS 1.2`. */
export const changesOf = (before: Facts, now: Facts): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name}: ${before[name] ?? 'none'} -> ${now[name] ?? 'none'}`)

export const watch = async (
  { io, out }: Context<Options>,
  settings: AttemptSettings,
  everyMs: number,
  connect: () => Promise<{ readonly done: Attempt; readonly report: ConnectReport }>,
): Promise<ExitCode> => {
  let before: Facts | undefined
  while (!io.signal.aborted) {
    const at = new Date(io.clock()).toISOString()
    const seen = await observed(connect)
    if (io.signal.aborted) break
    const changes = before === undefined ? [] : changesOf(before, seen.facts)
    await out.json({
      at,
      ...(seen.report === undefined ? { failure: seen.facts['failure'] } : { report: seen.report }),
      changes,
    })
    if (before === undefined)
      await out.print(
        ...(seen.report === undefined ? [seen.facts['failure'] ?? ''] : reportLines(seen.report, out.style)),
        '',
      )
    else if (changes.length > 0)
      await out.print(`${at} ${out.style.yellow('changed')}`, ...changes.map((change) => `  ${change}`))
    before = seen.facts
    await out.progress(
      `${at} ${changes.length === 0 ? 'as before' : 'changed'}; next look at ${settings.target.shown} in ` +
        `${everyMs / 1000} s`,
    )
    await pause(everyMs, io.signal)
  }
  return exitCodes.ok
}

/** A failure is something to tell and not the end. */
const observed = async (
  connect: () => Promise<{ readonly done: Attempt; readonly report: ConnectReport }>,
): Promise<{ readonly facts: Facts; readonly report?: ConnectReport }> => {
  try {
    const { done, report } = await connect()
    await done.connection?.close({ timeoutMs: 1000 }).catch(() => {})
    return { facts: factsOf(report), report }
  } catch (thrown) {
    const error = explain(thrown)
    if (error.exit === 'internal' || error.exit === 'usage') throw error
    return { facts: { failure: error.message } }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
