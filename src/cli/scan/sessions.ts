// What is only seen in whole handshakes: chain, resumption, early data, staples, protocols, ECH, HTTP's headers.

import { setTimeout as sleep } from 'node:timers/promises'
import { nodeProvider } from '../../crypto/node.ts'
import type { ClientOptions, ConnectionInfo } from '../../index.node.ts'
import { createTrace } from '../../inspect/trace.ts'
import { findField, leavesOf } from '../../inspect/fields.ts'
import type { TraceData } from '../../inspect/trace-data.ts'
import { cipherSuites, signatureSchemes } from '../../wire/registry.ts'
import { TlsError } from '../../errors.ts'
import { closeTls, openTls } from '../open.ts'
import { CliError } from '../errors.ts'
import type { Prober } from './prober.ts'

export interface Visit {
  readonly info: ConnectionInfo
  readonly data: TraceData
  readonly sessions: readonly Uint8Array[]
  readonly http: HttpAnswer | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

type Extra = Omit<ClientOptions, 'serverName'>

/** How long tickets of TLS 1.3 and the rest of an HTTP head are waited for; milliseconds. */
const TICKET_WAIT = 200

/** One handshake; undefined if there is none. With `http`, a request for /. */
export const visit = (prober: Prober, client: Extra, http = false): Promise<Visit | undefined> =>
  prober.slot(async () => {
    const trace = createTrace('client')
    const sessions: Uint8Array[] = []
    const { serverName, timeoutMs } = prober.settings
    try {
      const connection = await openTls(prober.io, {
        ...prober.settings,
        client: {
          provider: nodeProvider,
          tls12: { legacy: true },
          trace: trace.record,
          ...client,
          ...onSession(sessions),
        } as Extra,
      })
      const answer = http ? await within(timeoutMs, askHttp(connection, serverName)) : undefined
      if (connection.info.version === 'TLS 1.3') await sleep(TICKET_WAIT)
      await closeTls(connection) // a server may forget a session whose connection broke off
      return { info: connection.info, data: trace.data(), sessions, http: answer }
    } catch (error) {
      if (error instanceof TlsError || (error instanceof CliError && error.code === 'timeout')) return undefined
      throw error
    }
  })

const onSession = (sessions: Uint8Array[]) => ({ onSession: (session: Uint8Array) => void sessions.push(session) })

const within = <T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> =>
  Promise.race([work.catch(() => undefined), sleep(timeoutMs, undefined, { ref: false })])

const askHttp = async (
  connection: { write(data: Uint8Array): Promise<void>; read(): Promise<Uint8Array | null> },
  host: string,
): Promise<HttpAnswer | undefined> => {
  await connection.write(
    new TextEncoder().encode(
      `GET / HTTP/1.1\r\nhost: ${host}\r\nuser-agent: puretls-scan\r\naccept-encoding: gzip, ` +
        `deflate\r\nconnection: close\r\n\r\n`,
    ),
  )
  let text = ''
  while (!text.includes('\r\n\r\n') && text.length < 65_536) {
    const chunk = await connection.read()
    if (chunk === null) break
    text += new TextDecoder('latin1').decode(chunk)
  }
  const [first = '', ...lines] = text.split('\r\n\r\n')[0]?.split('\r\n') ?? []
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(first)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) return undefined
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status, headers }
}

export interface SessionFindings {
  readonly first: Visit | undefined
  readonly chain: readonly Uint8Array[]
  readonly resumption: {
    readonly tickets13: number | null
    readonly resumed13: boolean | null
    readonly ticket12: boolean | null
    readonly id12: boolean | null
  }
  readonly ticketLifetimeSeconds: number | null
  readonly earlyData: number | null
  readonly alpn: readonly string[]
  /** DER. */
  readonly stapled: Uint8Array | undefined
  readonly scts: boolean
  readonly ech: boolean
  readonly schemes13: readonly string[]
  readonly http: HttpAnswer | undefined
  /** A ticket of TLS 1.2 as it is, and the suite. */
  readonly ticket: { readonly ticket: Uint8Array; readonly suite: number } | undefined
}

const protocols = ['h2', 'http/1.1', 'http/1.0', 'smtp', 'imap', 'pop3', 'ftp', 'dot', 'mqtt', 'acme-tls/1']

export const findSessions = async (
  prober: Prober,
  speaks: { readonly tls12: boolean; readonly tls13: boolean },
): Promise<SessionFindings> => {
  await prober.say('certificates, sessions and protocols')
  const only12 = { versions: { max: 'TLS 1.2' } } as const
  const only13 = { versions: { min: 'TLS 1.3' } } as const
  const asksHttp = prober.settings.starttls === undefined
  const http = await visit(prober, { alpn: ['http/1.1'] }, asksHttp)
  const http11 = http?.http ? http : await visit(prober, {}, asksHttp)
  const thirteen = speaks.tls13 ? await visit(prober, { ...only13, hello: { ech: {} } }) : undefined
  const twelve = speaks.tls12 ? await visit(prober, only12) : undefined
  const session13 = thirteen?.sessions.at(-1)
  const again13 = session13 && (await visit(prober, { ...only13, session: session13 }))
  const ticketMessage = messageOf(twelve?.data, 'NewSessionTicket')
  const session12 = twelve?.sessions.at(-1)
  const again12 = ticketMessage && session12 ? await visit(prober, { ...only12, session: session12 }) : undefined
  const byId = speaks.tls12 ? await visit(prober, { ...only12, tickets: false }) : undefined
  const idSession = byId?.sessions.at(-1)
  const againId = idSession && (await visit(prober, { ...only12, tickets: false, session: idSession }))
  const first = thirteen ?? twelve ?? http11
  return {
    first,
    chain: first?.info.peerCertificates ?? [],
    resumption: {
      tickets13: thirteen ? thirteen.data.items.filter(({ name }) => name === 'NewSessionTicket').length : null,
      resumed13: thirteen ? again13?.info.resumed === true : null,
      ticket12: twelve ? again12?.info.resumed === true : null,
      id12: twelve ? againId?.info.resumed === true : null,
    },
    ticketLifetimeSeconds: numberIn(thirteen?.data, 'lifetime') ?? numberIn(twelve?.data, 'lifetimeHint') ?? null,
    earlyData: numberIn(thirteen?.data, 'early_data') ?? null,
    alpn: await alpnOf(prober, first),
    stapled: first?.info.ocspResponse,
    scts: (first?.info.scts.length ?? 0) > 0,
    ech: hasRetryConfigs(thirteen?.data),
    schemes13: speaks.tls13 ? await schemes13(prober, first) : [],
    http: http11?.http,
    ticket: ticketOf(twelve, ticketMessage),
  }
}

const messageOf = (data: TraceData | undefined, name: string) => data?.items.find((item) => item.name === name)

const numberIn = (data: TraceData | undefined, name: string): number | undefined => {
  const item = messageOf(data, 'NewSessionTicket')
  const value = item && leavesOf(item.field).find((leaf) => leaf.name === name)?.value
  return typeof value === 'number' ? value : undefined
}

const ticketOf = (twelve: Visit | undefined, message: ReturnType<typeof messageOf>): SessionFindings['ticket'] => {
  const field = message && findField(message.field, 'ticket')
  const leaf = field && leavesOf(field).find(({ name }) => name !== 'length')
  const suite = cipherSuites.find(({ name }) => name === twelve?.info.cipherSuite)?.id
  return message && leaf && suite !== undefined
    ? { ticket: message.bytes.slice(leaf.start, leaf.end), suite }
    : undefined
}

/** A server that gets an ECH it can't open, and has keys, tells them (RFC 9849 section 7.1). */
const hasRetryConfigs = (data: TraceData | undefined): boolean => {
  const item = messageOf(data, 'EncryptedExtensions')
  return item !== undefined && findField(item.field, 'encrypted_client_hello') !== undefined
}

const alpnOf = async (prober: Prober, first: Visit | undefined): Promise<readonly string[]> => {
  if (!first) return []
  const found: string[] = []
  let left = protocols
  while (left.length > 0) {
    const answer = await visit(prober, { alpn: left })
    const chosen = answer?.info.alpn
    if (chosen === undefined || !left.includes(chosen)) break
    found.push(chosen)
    left = left.filter((name) => name !== chosen)
  }
  return found
}

const schemes13 = async (prober: Prober, first: Visit | undefined): Promise<readonly string[]> => {
  const found: string[] = []
  let left = signatureSchemes.filter(({ tls13 }) => tls13).map(({ name }) => name)
  while (first && left.length > 0) {
    const answer = await visit(prober, { versions: { min: 'TLS 1.3' }, signatureSchemes: left })
    const scheme = left.find((name) => name === answer?.info.signatureScheme)
    if (scheme === undefined) break
    found.push(scheme)
    left = left.filter((name) => name !== scheme)
  }
  return found
}
