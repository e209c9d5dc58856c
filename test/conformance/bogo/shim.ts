// The program that BoGo's runner starts for each test (see README.md): a TCP client to the runner that speaks TLS as
// client or server by the flags, echoes what it reads with each byte inverted, and tells by its exit code how it went.

import { appendFileSync } from 'node:fs'
import { clientEngine, serverEngine } from '../../../src/engine/every.ts'
import { asTlsError, TlsError } from '../../../src/errors.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { TicketProtector } from '../../../src/session/interfaces.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { CheckFailed, checkHandshake, checkMessages, checkRefusal, checkTickets, type Situation } from './checks.ts'
import { Exchange } from './exchange.ts'
import { type CommandLine, Defect, type Flags, numberOf, parseCommandLine, textOf, Unimplemented } from './flags.ts'
import { type Link, openLink } from './link.ts'
import {
  type Carried,
  clientOptions,
  initialWrite,
  noNotes,
  offersEarlyData,
  serverOptions,
  writesAfter,
} from './options.ts'

const exitCodes = { failed: 1, unimplemented: 89, mustFail: 90 } as const

export async function main(argv: readonly string[]): Promise<number> {
  try {
    const line = parseCommandLine(argv)
    if (line.initial.on.has('is-handshaker-supported')) {
      console.log('No')
      return 0
    }
    await connections(line)
    return 0
  } catch (error) {
    return report(error)
  }
}

/** The runner counts 90 as a failure even where it wants one: a defect of ours must not pass for a rejection. */
function report(caught: unknown): number {
  const thrown = caught instanceof TlsError && caught.cause instanceof Unimplemented ? caught.cause : caught
  if (thrown instanceof Unimplemented) {
    console.error(`unimplemented: ${thrown.message}`)
    const log = process.env['BOGO_UNIMPLEMENTED']
    if (log) appendFileSync(log, `${thrown.message}\n`)
    return exitCodes.unimplemented
  }
  if (thrown instanceof CheckFailed) {
    console.error(`check failed: ${thrown.message}`)
    return exitCodes.failed
  }
  const error = asTlsError(thrown)
  const received = error.received === undefined ? '' : ` received:${error.received}`
  console.error(`error:${error.code} alert:${error.alert ?? 'none'}${received}: ${error.message}`)
  if (error.code !== 'internal_error' && !(error.cause instanceof Defect)) return exitCodes.failed
  console.error(error.stack)
  return exitCodes.mustFail
}

async function connections(line: CommandLine): Promise<void> {
  const carried = fresh()
  const count = numberOf(line.initial, 'resume-count') ?? 0
  for (let i = 0; i <= count; i++) {
    const flags = i === 0 ? line.initial : line.resume
    if (i > 0 && !flags.on.has('server') && carried.session === undefined) throw new CheckFailed('No session to offer.')
    await connection(flags, line.retry, carried, i > 0)
    carried.delay += 1000 * (numberOf(flags, 'resumption-delay') ?? 0)
  }
}

function fresh(): Carried {
  const sessions = new Map<string, Uint8Array>()
  return {
    provider: nodeProvider,
    protector: tickets(),
    sessions: {
      get: (id) => sessions.get(toHex(id)),
      set: (id, session) => void sessions.set(toHex(id), session),
    },
    session: undefined,
    start: Date.now(),
    delay: 0,
  }
}

/** Tickets that are names of what is kept here. */
function tickets(): TicketProtector {
  const sealed = new Map<string, Uint8Array>()
  return {
    seal: (session) => {
      const ticket = nodeProvider.random(32)
      sealed.set(toHex(ticket), session)
      return ticket
    },
    open: (ticket) => sealed.get(toHex(ticket)),
  }
}

async function connection(flags: Flags, retry: Flags, carried: Carried, resumption: boolean): Promise<void> {
  const later = flags.on.has('async') ? inAMoment : at
  const noted = noNotes()
  const engine = flags.on.has('server')
    ? serverEngine(serverOptions(flags, carried, noted, later))
    : clientEngine(clientOptions(flags, retry, carried, noted, later))
  const link = await openLink(
    numberOf(flags, 'port') ?? 0,
    flags.on.has('ipv6'),
    BigInt(textOf(flags, 'shim-id') ?? '0'),
    flags.on.has('async'),
  )
  const exchange = new Exchange(engine, link)
  try {
    await converse({ flags, exchange, noted, resumption }, retry, carried)
    carried.session = exchange.sessions.at(-1)
  } catch (error) {
    checkRefusal(error, flags)
    throw error
  } finally {
    await leave(exchange, link)
  }
}

const at = <T>(value: T): T => value
const inAMoment = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(() => resolve(value)))

/** Whatever has to go still goes out, the alert of a failure above all. */
async function leave(exchange: Exchange, link: Link): Promise<void> {
  await link.write(exchange.engine.takeOutput())
  await link.finish()
}

async function converse(situation: Situation, retry: Flags, carried: Carried): Promise<void> {
  const { exchange } = situation
  let { flags } = situation
  const early = !flags.on.has('server') && situation.resumption && offersEarlyData(flags, carried)
  let written = false
  const implicit = flags.on.has('implicit-handshake')
  if (!implicit || early) {
    // early data is written by the handshake, if it does not wait for a message
    if (early) await writeEarly(situation)
    await exchange.handshake()
    if (flags.on.has('handshake-twice')) await exchange.complete()
    if (early && exchange.info?.earlyData === 'rejected') flags = retry
    written = early && exchange.info?.earlyData !== 'none'
    if (!implicit) checkHandshake({ ...situation, flags })
  }
  if (flags.on.has('handshake-never-done') && exchange.info) throw new CheckFailed('Handshake unexpectedly completed.')
  await writeSecrets(situation, flags)
  if (flags.on.has('send-alert'))
    return exchange.abort(new TlsError('aborted', 'as the test wants', { alert: 'decompression_failure' }))
  if (!written) await writeFirst(exchange, flags)
  if (!flags.on.has('shim-shuts-down')) await echo(exchange, flags)
  checkTickets({ ...situation, flags })
  await shutDown(exchange, flags)
  checkMessages(situation.noted, flags)
}

async function writeEarly({ exchange, noted, flags }: Situation): Promise<void> {
  const type = writesAfter(flags)
  if (type === undefined) return
  await exchange.until(() => noted.messages.text.includes(`read hs ${type}\n`))
  await exchange.write(initialWrite(flags))
}

async function writeSecrets({ exchange, noted }: Situation, flags: Flags): Promise<void> {
  const length = numberOf(flags, 'export-keying-material')
  if (length !== undefined) {
    const context = flags.on.has('use-export-context')
      ? new TextEncoder().encode(textOf(flags, 'export-context'))
      : undefined
    await exchange.write(exchange.engine.exportKeyingMaterial(length, textOf(flags, 'export-label') ?? '', context))
  }
  if (flags.on.has('export-traffic-secrets')) {
    const own = flags.on.has('server') ? ['CLIENT', 'SERVER'] : ['SERVER', 'CLIENT']
    const [read, write] = own.map((end) => noted.keyLog.get(`${end}_TRAFFIC_SECRET_0`) ?? new Uint8Array(0))
    if (!read || !write) return
    await exchange.write(Uint8Array.of(read.length & 255, read.length >> 8))
    await exchange.write(read)
    await exchange.write(write)
  }
  if (flags.on.has('tls-unique')) await exchange.write(exchange.engine.channelBinding('tls-unique'))
}

const recordSizes = [0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769]

async function writeFirst(exchange: Exchange, flags: Flags): Promise<void> {
  const first = initialWrite(flags)
  const held = flags.on.has('read-with-unfinished-write')
  if (first.length > 0) {
    if (!exchange.agreed) await exchange.handshake(false)
    await (held ? exchange.startWrite(first) : exchange.write(first))
  }
  if (!flags.on.has('write-different-record-sizes')) return
  for (const size of recordSizes) await exchange.write(new Uint8Array(size).fill(0x42))
}

async function echo(exchange: Exchange, flags: Flags): Promise<void> {
  if (flags.on.has('write-different-record-sizes')) return
  const size = numberOf(flags, 'read-size') ?? 512
  for (;;) {
    if (flags.on.has('key-update-before-read')) {
      await exchange.engine.updateKeys(false)
      await exchange.flush()
    }
    const data = await exchange.read(size, () => {
      if (flags.on.has('use-exporter-between-reads')) exchange.engine.exportKeyingMaterial(1, '')
    })
    if (data === null) return
    await exchange.releaseWrite()
    if (flags.on.has('key-update')) await exchange.engine.updateKeys(false)
    await exchange.write(data.map((byte) => byte ^ 0xff))
  }
}

/** Without -check-close-notify BoringSSL's shim sends nothing at the end, and asks for nothing. */
async function shutDown(exchange: Exchange, flags: Flags): Promise<void> {
  if (!flags.on.has('check-close-notify')) return
  await exchange.closeWrite()
  const data = flags.on.has('shim-shuts-down') ? await exchange.read(512) : null
  if (data !== null) throw new TlsError('unexpected_message', 'application data on shutdown')
  if (!exchange.closedCleanly) throw new CheckFailed('Unexpected SSL_shutdown result: -1 != 1')
}
