// Weaknesses that the server is asked about: each test is a hello or two more, and stops where the answer is known.

import { connect as connectNode } from 'node:tls'
import { alertName } from '../../errors.ts'
import { describeVersion } from '../../inspect/describe.ts'
import { equalBytes } from '../../wire/bytes.ts'
import {
  contentTypes,
  extensionTypes,
  FALLBACK_SCSV,
  SSL30,
  TLS10,
  TLS12,
  TLS13,
  versions,
} from '../../wire/registry.ts'
import { openTransport } from '../open.ts'
import type { SuiteFinding } from './protocols.ts'
import type { Prober } from './prober.ts'
import { rawRecord } from './raw.ts'
import { robot } from './robot.ts'
import { helloOf, notBelow13, said, shortWait } from './weakness.ts'
import type { Known, Weakness } from './weakness.ts'

type Old = SuiteFinding | undefined

/** Those that ask the server. */
export const probedWeaknesses = async (prober: Prober, known: Known): Promise<readonly Weakness[]> => {
  const old = known.suites
    .filter(({ version, suites }) => version !== TLS13 && suites.length > 0)
    .toSorted((a, b) => b.version - a.version)[0]
  await prober.say('known weaknesses')
  return [
    await heartbleed(prober, old),
    await ccsInjection(prober, old),
    await ticketbleed(prober, known),
    await robot(prober, known),
    await crime(prober, old),
    secureRenegotiation(old),
    await clientRenegotiation(prober, old),
    await fallback(prober, known),
  ]
}

const heartbleed = async (prober: Prober, old: Old): Promise<Weakness> => {
  const [name, source] = ['Heartbleed', 'CVE-2014-0160']
  if (!old) return notBelow13(name, source)
  return prober.raw(async (connection) => {
    const extensions = [{ type: extensionTypes.heartbeat, data: Uint8Array.of(1) }]
    const answer = helloOf(
      await connection.exchange({
        version: old.version,
        suites: old.suites,
        serverName: prober.settings.serverName,
        extensions,
      }),
    )
    if (!answer) return { name, source, verdict: 'unknown', because: 'no answer to a hello with heartbeat' }
    if (!answer.heartbeat) return { name, source, verdict: 'not vulnerable', because: 'no heartbeat extension' }
    // a request that claims 16384 bytes of payload and has none (RFC 6520 section 4)
    connection.send(rawRecord(contentTypes.heartbeat, old.version, Uint8Array.of(1, 64, 0)))
    const got = await connection.record(shortWait(prober))
    const leaks = typeof got === 'object' && got.type === contentTypes.heartbeat && got.content.length > 3
    return {
      name,
      source,
      verdict: leaks ? 'vulnerable' : 'not vulnerable',
      because: leaks
        ? `it answered with ${got.content.length} bytes that were never sent`
        : 'a false length is ignored',
    }
  })
}

/** A ChangeCipherSpec before the key exchange must be refused; OpenSSL up to 1.0.1g took it. */
const ccsInjection = async (prober: Prober, old: Old): Promise<Weakness> => {
  const [name, source] = ['CCS injection', 'CVE-2014-0224']
  if (!old) return notBelow13(name, source)
  return prober.raw(async (connection) => {
    const answer = helloOf(
      await connection.exchange({ version: old.version, suites: old.suites, serverName: prober.settings.serverName }),
    )
    if (!answer?.done)
      return { name, source, verdict: 'unknown', because: 'the server did not wait for a key exchange' }
    const ccs = rawRecord(contentTypes.change_cipher_spec, old.version, Uint8Array.of(1))
    connection.send(ccs)
    const first = await connection.record(shortWait(prober))
    if (first !== 'silent')
      return {
        name,
        source,
        verdict: 'not vulnerable',
        because: `an early ChangeCipherSpec is refused (${said(first)})`,
      }
    connection.send(ccs)
    const second = await connection.record(shortWait(prober))
    // one that took the first has keys now, and can't decrypt the second
    const took =
      typeof second === 'object' && second.type === contentTypes.alert && [20, 21].includes(second.content[1] ?? 0)
    if (took) return { name, source, verdict: 'vulnerable', because: 'an early ChangeCipherSpec changes its keys' }
    // A program may close on such an error without the alert: Node.js 0.10 on OpenSSL 1.0.1e does.
    return {
      name,
      source,
      verdict: second === 'closed' ? 'potentially vulnerable' : 'not vulnerable',
      because:
        second === 'closed'
          ? 'an early ChangeCipherSpec is taken in silence, and what follows it ends the connection'
          : `a second one is refused (${said(second)})`,
    }
  })
}

/** F5's servers copied a short session ID into 32 bytes of memory. */
const ticketbleed = async (prober: Prober, { ticket, suites, versions: found }: Known): Promise<Weakness> => {
  const [name, source] = ['ticketbleed', 'CVE-2016-9244']
  if (!found.some(({ id, offered }) => id >= SSL30 && id !== TLS13 && offered)) return notBelow13(name, source)
  if (!ticket)
    return {
      name,
      source,
      verdict: 'not vulnerable',
      because: suites.some(({ version }) => version === TLS12)
        ? 'no session ticket'
        : 'no TLS 1.2, and so no ticket of it',
    }
  const sessionId = Uint8Array.from({ length: 16 }, (_, i) => 0x50 + i)
  const answer = helloOf(await prober.ask({ version: TLS12, suites: [ticket.suite], ticket: ticket.ticket, sessionId }))
  const echoed = answer?.hello.sessionId ?? new Uint8Array(0)
  const leaks = echoed.length === 32 && equalBytes(echoed.subarray(0, 16), sessionId)
  return {
    name,
    source,
    verdict: leaks ? 'vulnerable' : 'not vulnerable',
    because: leaks
      ? 'a session ID of 16 bytes comes back with 16 more'
      : `a session ID of 16 bytes comes back with ${echoed.length}`,
  }
}

const crime = async (prober: Prober, old: Old): Promise<Weakness> => {
  const [name, source] = ['CRIME', 'CVE-2012-4929']
  if (!old) return notBelow13(name, source)
  const answer = helloOf(await prober.ask({ version: old.version, suites: old.suites, compression: [1, 64, 0] }))
  if (!answer) return { name, source, verdict: 'unknown', because: 'no answer to a hello with compression' }
  const method = answer.hello.compressionMethod
  return {
    name,
    source,
    verdict: method === 0 ? 'not vulnerable' : 'vulnerable',
    because: method === 0 ? 'no compression' : `compression method ${method} is taken`,
  }
}

const secureRenegotiation = (old: Old): Weakness => {
  const [name, source] = ['insecure renegotiation', 'CVE-2009-3555']
  if (!old) return notBelow13(name, source)
  const secure =
    old.hellos[0]?.hello.extensions?.some(({ type }) => type === extensionTypes.renegotiation_info) === true
  return {
    name,
    source,
    verdict: secure ? 'not vulnerable' : 'vulnerable',
    because: secure ? 'RFC 5746 is supported' : 'RFC 5746 is not supported',
  }
}

/** A client that may renegotiate at will makes the server work. */
const clientRenegotiation = async (prober: Prober, old: Old): Promise<Weakness> => {
  const [name, source] = ['client renegotiation', 'CVE-2011-1473']
  if (!old) return notBelow13(name, source)
  const taken = await prober.slot(() => renegotiates(prober, old))
  if (taken === undefined) return { name, source, verdict: 'unknown', because: 'no handshake to renegotiate in' }
  return {
    name,
    source,
    verdict: taken ? 'vulnerable' : 'not vulnerable',
    because: taken ? 'the server renegotiates when a client asks for it' : 'the server refuses it',
  }
}

const renegotiates = async ({ io, settings }: Prober, { version }: SuiteFinding): Promise<boolean | undefined> => {
  const stream = await openTransport(io, settings)
  const most = version === TLS12 ? 'TLSv1.2' : version === versions['TLS 1.1'] ? 'TLSv1.1' : 'TLSv1'
  return new Promise((resolve) => {
    const socket = connectNode({
      socket: stream,
      rejectUnauthorized: false,
      minVersion: most,
      maxVersion: most,
      ciphers: 'ALL:@SECLEVEL=0',
      servername: /[a-z]/i.test(settings.serverName) && !settings.serverName.includes(':') ? settings.serverName : '',
    })
    let connected = false
    const end = (answer: boolean | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      stream.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end(connected ? false : undefined), shortWait({ settings } as Prober))
    socket.on('error', () => end(connected ? false : undefined)).on('close', () => end(connected ? false : undefined))
    socket.on('secureConnect', () => {
      connected = true
      socket.renegotiate({ rejectUnauthorized: false }, (error) => end(error === null || error === undefined))
    })
  })
}

/** RFC 7507: a client that fell back is to be told if the server can do better. */
const fallback = async (prober: Prober, known: Known): Promise<Weakness> => {
  const [name, source] = ['downgrade', 'RFC 7507']
  const spoken = known.versions.filter(({ id, offered }) => offered && id >= TLS10).map(({ id }) => id)
  const lower = spoken.filter((id) => id !== TLS13 && id < Math.max(...spoken)).toSorted((a, b) => b - a)[0]
  if (lower === undefined)
    return { name, source, verdict: 'not vulnerable', because: 'there is no lower version to fall back to' }
  const suites = known.suites.find(({ version }) => version === lower)?.suites ?? []
  const answer = await prober.ask({ version: lower, suites: [...suites, FALLBACK_SCSV] })
  if (answer.kind === 'alert' && alertName(answer.description) === 'inappropriate_fallback')
    return {
      name,
      source,
      verdict: 'not vulnerable',
      because: `a fall back to ${describeVersion(lower).name} is refused`,
    }
  // a client of TLS 1.3 sees the downgrade in the random (RFC 9846 section 4.2.3)
  if (answer.kind === 'hello' && lower === TLS12)
    return {
      name,
      source,
      verdict: 'not vulnerable',
      because: 'no FALLBACK_SCSV; the only fall back is from TLS 1.3, which is protected otherwise',
    }
  if (answer.kind === 'hello')
    return {
      name,
      source,
      verdict: 'potentially vulnerable',
      because: `a fall back to ${describeVersion(lower).name} is taken in spite of FALLBACK_SCSV`,
    }
  return { name, source, verdict: 'not vulnerable', because: `refused (${answer.kind})` }
}
