// `puretls tickets show` and `puretls tickets keys`.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeProvider } from '../../crypto/node.ts'
import type { ClientOptions, ConnectionInfo } from '../../index.node.ts'
import { createTrace } from '../../inspect/trace.ts'
import { leavesOf } from '../../inspect/fields.ts'
import type { TraceData } from '../../inspect/trace-data.ts'
import type { Context, Options } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { writeOutput } from '../files.ts'
import { closeTls, openTls } from '../open.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'
import { parseTarget } from '../target.ts'

export const keysSchema: JsonSchema = schema.object({
  secret: schema.nullable(schema.hex('null if it was written to a file')),
  file: schema.nullable(schema.string()),
})

export const runKeys = async ({ io, out, options }: Context<Options>): Promise<ExitCode> => {
  const { out: file, force } = options as unknown as { readonly out: string | undefined; readonly force: boolean }
  const secret = randomBytes(32).toString('hex')
  if (file !== undefined) await writeOutput(io, file, `${secret}\n`, { mode: 0o600, force })
  await out.json({ secret: file === undefined ? secret : null, file: file ?? null })
  await out.print(file === undefined ? secret : `written to ${file}`)
  return exitCodes.ok
}

export const ticketsSchema: JsonSchema = schema.object({
  host: schema.string(),
  version: schema.string(),
  tickets: schema.array(
    schema.object({
      lifetimeSeconds: schema.integer('0 says nothing (TLS 1.2)'),
      length: schema.integer('bytes of the ticket'),
      nonceLength: schema.nullable(schema.integer('TLS 1.3')),
      maxEarlyData: schema.nullable(schema.integer('bytes; null: none')),
    }),
  ),
  sessionId: schema.boolean('TLS 1.2: the server gave a session ID to resume by'),
  resumed: schema.boolean('a second connection resumed the session'),
  resumedTwice: schema.nullable(schema.boolean('the same ticket worked a second time; null: not tried')),
  earlyData: schema.boolean('tickets allow early data'),
})

interface TicketsOptions {
  readonly tls12: boolean
  readonly servername: string | undefined
  readonly wait: number | undefined
  readonly requests: number | undefined
  readonly timeout: number | undefined
}

interface Visit {
  readonly info: ConnectionInfo
  readonly data: TraceData
  readonly sessions: readonly Uint8Array[]
}

export const runTickets = async ({ io, out, args, options }: Context<Options>): Promise<ExitCode> => {
  const { tls12, servername, wait = 500, requests, timeout = 15_000 } = options as unknown as TicketsOptions
  const target = parseTarget(args[0] ?? '', 443)
  const visit = async (session?: Uint8Array): Promise<Visit> => {
    const trace = createTrace('client')
    const sessions: Uint8Array[] = []
    const client: Omit<ClientOptions, 'serverName'> & { readonly onSession: (session: Uint8Array) => void } = {
      trace: trace.record,
      provider: nodeProvider,
      onSession: (one) => void sessions.push(one),
      tls12: { legacy: true },
      ...(tls12 && { versions: { max: 'TLS 1.2' } }),
      ...(requests !== undefined && { tickets: { newSession: requests, resumption: requests } }),
      ...(session && { session }),
    }
    const connection = await openTls(io, { target, serverName: servername, timeoutMs: timeout, client })
    const { info } = connection
    if (info.version === 'TLS 1.3') await sleep(wait)
    await closeTls(connection)
    return { info, data: trace.data(), sessions }
  }
  await out.progress(`connecting to ${target.shown} ...`)
  const first = await visit()
  const session = first.sessions.at(-1)
  const second = session && (await visit(session))
  const third = session && second?.info.resumed === true ? await visit(session) : undefined
  await out.progress(undefined)
  const tickets = ticketsOf(first.data)
  const report = {
    host: target.shown,
    version: first.info.version,
    tickets,
    sessionId: first.info.version === 'TLS 1.2' && session !== undefined && tickets.length === 0,
    resumed: second?.info.resumed === true,
    resumedTwice: third ? third.info.resumed : null,
    earlyData: tickets.some(({ maxEarlyData }) => maxEarlyData !== null),
  }
  await out.json(report)
  const rows = tickets.map(
    ({ lifetimeSeconds, length, maxEarlyData }, i) =>
      `ticket ${i + 1}    ${length} bytes, ` +
      `${lifetimeSeconds === 0 ? 'no lifetime' : `${lifetimeSeconds} s`}${
        maxEarlyData === null ? '' : ', early data of ' + `${maxEarlyData} ` + 'bytes'
      }`,
  )
  await out.print(
    `${out.style.bold(report.host)}  ${report.version}`,
    ...(rows.length > 0 ? rows : [report.sessionId ? 'no tickets; a session ID' : 'no tickets']),
    `resumed     ${report.resumed ? 'yes' : 'no'}`,
    ...(report.resumedTwice === null
      ? []
      : [`used twice  ${report.resumedTwice ? 'yes: the ticket worked again' : 'no: a ticket works once'}`]),
  )
  return report.resumed ? exitCodes.ok : exitCodes.negative
}

const ticketsOf = ({ items }: TraceData) =>
  items
    .filter(({ name }) => name === 'NewSessionTicket')
    .map(({ field }) => {
      const leaves = leavesOf(field)
      const value = (name: string): number | undefined => {
        const found = leaves.find((leaf) => leaf.name === name)?.value
        return typeof found === 'number' ? found : undefined
      }
      const length = (name: string): number | undefined => {
        const found = field.children.find((child) => child.name === name)
        const inside = found && leavesOf(found).find(({ name: leaf }) => leaf === 'length')
        return typeof inside?.value === 'number' ? inside.value : undefined
      }
      return {
        lifetimeSeconds: value('lifetime') ?? value('lifetimeHint') ?? 0,
        length: length('ticket') ?? 0,
        nonceLength: length('nonce') ?? null,
        maxEarlyData: value('early_data') ?? null,
      }
    })
