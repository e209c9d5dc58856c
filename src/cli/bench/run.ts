// `puretls bench`: full handshakes, then resumed ones, with what each step took.

import { connect } from '../../index.node.ts'
import type { ClientOptions } from '../../index.node.ts'
import { dangerouslyAcceptAnyCertificate } from '../../x509/accept-any.ts'
import type { Context, Options } from '../command.ts'
import { CliError } from '../errors.ts'
import { dial, limited, orAborted } from '../dial.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'
import { parseTarget } from '../target.ts'
import type { Target } from '../target.ts'

const times = schema.object({ median: schema.number('milliseconds'), p95: schema.number(), max: schema.number() })
const kind = schema.object({
  handshakes: schema.integer(),
  perSecond: schema.number('with as many at a time as asked for'),
  tcp: times,
  serverHello: times,
  handshake: times,
  firstByte: schema.nullable(times),
})

export const benchSchema: JsonSchema = schema.object({
  host: schema.string(),
  version: schema.string(),
  cipherSuite: schema.string(),
  group: schema.nullable(schema.string()),
  parallel: schema.integer(),
  full: kind,
  resumed: schema.nullable(kind),
})

interface BenchOptions {
  readonly count: number | undefined
  readonly parallel: number | undefined
  readonly tls12: boolean
  readonly group: readonly string[]
  readonly suite: readonly string[]
  readonly http: boolean
  readonly servername: string | undefined
  readonly timeout: number | undefined
}

interface Sample {
  readonly tcp: number
  readonly serverHello: number
  readonly handshake: number
  readonly firstByte: number | undefined
  readonly resumed: boolean
  readonly version: string
  readonly cipherSuite: string
  readonly group: string | undefined
}

const words = (given: readonly string[]): readonly string[] =>
  given.flatMap((one) => one.split(',')).filter((one) => one !== '')

export const runBench = async ({ io, out, args, options: given }: Context<Options>): Promise<ExitCode> => {
  const options = given as unknown as BenchOptions
  const target = parseTarget(args[0] ?? '', 443)
  const count = options.count ?? 20
  const parallel = Math.min(options.parallel ?? 1, count)
  const sessions: Uint8Array[] = []
  const client: Omit<ClientOptions, 'serverName'> = {
    verifier: dangerouslyAcceptAnyCertificate,
    ...(options.tls12 && { versions: { max: 'TLS 1.2' } }),
    ...(options.group.length > 0 && { groups: words(options.group) }),
    ...(options.suite.length > 0 && { cipherSuites: words(options.suite) }),
  }
  const one = (session: Uint8Array | undefined): Promise<Sample> =>
    measured(io, target, options, { ...client, ...(session && { session }) }, sessions)

  const full = await rounds(count, parallel, async (i) => {
    await out.progress(`full handshake ${i + 1} of ${count}`)
    return one(undefined)
  })
  const resumed: { readonly samples: Sample[]; perSecond: number } = { samples: [], perSecond: 0 }
  if (sessions.length > 0) {
    const again = await rounds(count, parallel, async (i) => {
      await out.progress(`resumed handshake ${i + 1} of ${count}`)
      return one(sessions.length > 1 ? sessions.shift() : sessions[0])
    })
    resumed.samples.push(...again.samples.filter((sample) => sample.resumed))
    resumed.perSecond = again.perSecond
  }
  await out.progress(undefined)
  const [first] = full.samples
  if (!first) throw new CliError('connection', `${target.shown}: no handshake was done`)
  const report = {
    host: target.shown,
    version: first.version,
    cipherSuite: first.cipherSuite,
    group: first.group ?? null,
    parallel,
    full: summary(full.samples, full.perSecond),
    resumed: resumed.samples.length > 0 ? summary(resumed.samples, resumed.perSecond) : null,
  }
  await out.json(report)
  await out.print(
    `${out.style.bold(report.host)}  ${report.version}, ` +
      `${report.cipherSuite}${report.group === null ? '' : `, ${report.group}`}`,
    '',
  )
  await out.print(
    columns(['', 'a second', 'TCP', 'answer', 'handshake', '95 %', ...(options.http ? ['first byte'] : [])]),
    line('full', report.full),
    report.resumed ? line('resumed', report.resumed) : 'resumed   the server gave no session, or resumed none',
  )
  return exitCodes.ok
}

/** `parallel` workers until `count` are done. */
const rounds = async (
  count: number,
  parallel: number,
  work: (i: number) => Promise<Sample>,
): Promise<{ readonly samples: Sample[]; readonly perSecond: number }> => {
  const samples: Sample[] = []
  let next = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (next < count) samples.push(await work(next++))
    }),
  )
  return { samples, perSecond: round((samples.length * 1000) / (performance.now() - began)) }
}

const measured = async (
  io: Io,
  target: Target,
  options: BenchOptions,
  client: Omit<ClientOptions, 'serverName'>,
  sessions: Uint8Array[],
): Promise<Sample> => {
  const timeoutMs = options.timeout ?? 15_000
  const dialled = await dial(io, target, { timeoutMs })
  let answered: number | undefined
  const got: Uint8Array[] = []
  const began = performance.now()
  try {
    const connection = await limited(
      io,
      timeoutMs,
      `the handshake with ${target.shown} was not done within ${timeoutMs / 1000} s`,
      (signal) =>
        orAborted(
          signal,
          connect(dialled.stream, {
            ...client,
            serverName: options.servername ?? target.host,
            signal,
            trace: ({ direction }) => void (direction === 'received' && (answered ??= performance.now())),
            onSession: (session) => void got.push(session),
          }),
        ),
    )
    const done = performance.now()
    const { info } = connection
    let firstByte: number | undefined
    if (options.http) {
      await connection.write(
        new TextEncoder().encode(`GET / HTTP/1.1\r\nhost: ${target.host}\r\nconnection: close\r\n\r\n`),
      )
      await connection.read()
      firstByte = performance.now() - began
    } else if (info.version === 'TLS 1.3' && got.length === 0) {
      // tickets of TLS 1.3 come behind the handshake: half a round trip later, at most
      await Promise.race([connection.read().catch(() => null), new Promise((resolve) => setTimeout(resolve, 20))])
    }
    sessions.push(...got.slice(-1))
    connection.abort()
    return {
      tcp: dialled.times.tcp ?? 0,
      serverHello: (answered ?? done) - began,
      handshake: done - began,
      firstByte,
      resumed: info.resumed,
      version: info.version,
      cipherSuite: info.cipherSuite,
      group: info.group,
    }
  } finally {
    dialled.stream.destroy()
  }
}

const round = (value: number): number => Math.round(value * 100) / 100

const spread = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0)
  return { median: at(0.5), p95: at(0.95), max: at(1) }
}

const summary = (samples: readonly Sample[], perSecond: number) => {
  const first = samples.flatMap(({ firstByte }) => firstByte ?? [])
  return {
    handshakes: samples.length,
    perSecond,
    tcp: spread(samples.map(({ tcp }) => tcp)),
    serverHello: spread(samples.map(({ serverHello }) => serverHello)),
    handshake: spread(samples.map(({ handshake }) => handshake)),
    firstByte: first.length > 0 ? spread(first) : null,
  }
}

const line = (
  name: string,
  { perSecond, tcp, serverHello, handshake, firstByte }: ReturnType<typeof summary>,
): string => {
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  const measured = [tcp.median, serverHello.median, handshake.median, handshake.p95]
  return columns([name, perSecond.toFixed(1), ...measured.map(ms), ...(firstByte ? [ms(firstByte.median)] : [])])
}

const columns = ([first = '', ...rest]: readonly string[]): string =>
  `${first.padEnd(10)}${rest.map((cell) => cell.padStart(11)).join('')}`
