// The HTTPS record of a name (RFC 9460), which node:dns does not look up: one question over UDP, over TCP where the
// answer was cut off. For --ech, whose configs are in it (RFC 9848).

import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { getServers } from 'node:dns'
import { connect } from 'node:net'
import { TlsError } from '../errors.ts'
import { Reader } from '../wire/codec.ts'
import { CliError } from './errors.ts'
import { limited, orAborted } from './dial.ts'
import type { Io } from './io.ts'
import { parseTarget } from './target.ts'

export interface HttpsRecord {
  /** 0: an alias, whose target is asked instead. */
  readonly priority: number
  /** '' is the owner itself. */
  readonly target: string
  readonly alpn: readonly string[]
  readonly port: number | undefined
  /** ECHConfigList. */
  readonly ech: Uint8Array | undefined
}

const HTTPS = 65
const MAX_ALIASES = 8

/** Names of other ports stand under a prefix (RFC 9460 section 9.1). */
export const httpsOwner = (host: string, port: number): string => (port === 443 ? host : `_${port}._https.${host}`)

/** Records in order of preference; none if the name has none. `resolver` is HOST[:PORT]; default: the machine's
 * first. */
export const lookUpHttps = async (
  io: Io,
  owner: string,
  resolver: string | undefined,
  timeoutMs: number,
): Promise<readonly HttpsRecord[]> => {
  const server = parseTarget(resolver ?? getServers()[0] ?? '127.0.0.1', 53)
  const late = `the name server ${server.shown} did not answer within ${timeoutMs / 1000} s`
  return limited(io, timeoutMs, late, async (signal) => {
    let name = owner
    for (let aliases = 0; aliases < MAX_ALIASES; aliases++) {
      const records = await ask(name, server, signal)
      const [first] = records.toSorted((a, b) => a.priority - b.priority)
      if (first?.priority !== 0) return records.toSorted((a, b) => a.priority - b.priority)
      name = first.target
    }
    throw new CliError('connection', `the HTTPS record of ${owner} is an alias of an alias without end`, {
      code: 'dns',
    })
  })
}

const ask = async (
  name: string,
  server: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<readonly HttpsRecord[]> => {
  const question = query(name)
  const answer = await orAborted(signal, overUdp(question, server, signal))
  const isCutOff = ((answer[2] ?? 0) & 2) !== 0
  return readAnswer(isCutOff ? await orAborted(signal, overTcp(question, server, signal)) : answer, name)
}

const query = (name: string): Uint8Array => {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')])
  // recursion desired, one question, and an OPT record for answers of up to 1232 bytes (RFC 6891)
  return Uint8Array.from([
    ...randomBytes(2),
    1,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    1,
    ...labels,
    0,
    0,
    HTTPS,
    0,
    1,
    0,
    0,
    41,
    0x04,
    0xd0,
    0,
    0,
    0,
    0,
    0,
    0,
  ])
}

const overUdp = (
  question: Uint8Array,
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const end = (): void => {
      signal.removeEventListener('abort', end)
      socket.close()
    }
    signal.addEventListener('abort', end, { once: true })
    socket.on('message', (message) => {
      if (message[0] !== question[0] || message[1] !== question[1]) return
      end()
      resolve(new Uint8Array(message))
    })
    socket.on('error', (error) => {
      end()
      reject(error)
    })
    // Connected, so that answers of others are dropped and an unreachable port is told.
    socket.connect(port, host, () => socket.send(question))
  })

const overTcp = (
  question: Uint8Array,
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    let bytes = Buffer.alloc(0)
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    socket.on('error', reject)
    socket.on('close', () =>
      reject(new CliError('connection', `the name server ${host} closed the connection`, { code: 'dns' })),
    )
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return
      resolve(new Uint8Array(bytes.subarray(2, 2 + bytes.readUInt16BE(0))))
      socket.destroy()
    })
    socket.write(Buffer.concat([Buffer.from([question.length >> 8, question.length & 0xff]), question]))
  })

const codes: Readonly<Record<number, string>> = {
  1: 'a format error',
  2: 'a failure of the server',
  4: 'not implemented',
  5: 'refused',
}

/** Throws CliError for what is no answer. */
export const readAnswer = (message: Uint8Array, name: string): readonly HttpsRecord[] => {
  try {
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
    const code = view.getUint8(3) & 15
    if (code === 3) return []
    if (code !== 0)
      throw new CliError(
        'connection',
        `looking up the HTTPS record of ${name}: ${codes[code] ?? `response code ${code}`}`,
        { code: 'dns' },
      )
    let at = 12
    for (let left = view.getUint16(4); left > 0; left--) at = skipName(message, at) + 4
    const records: HttpsRecord[] = []
    for (let left = view.getUint16(6); left > 0; left--) {
      at = skipName(message, at)
      const type = view.getUint16(at)
      const length = view.getUint16(at + 8)
      if (at + 10 + length > message.length) throw new RangeError()
      if (type === HTTPS) records.push(readRecord(message.subarray(at + 10, at + 10 + length)))
      at += 10 + length
    }
    return records
  } catch (error) {
    if (error instanceof RangeError || error instanceof TlsError)
      throw new CliError('connection', `the name server's answer for ${name} cannot be read`, { code: 'dns' })
    throw error
  }
}

const skipName = (message: Uint8Array, start: number): number => {
  let at = start
  for (;;) {
    const length = message[at]
    if (length === undefined) throw new RangeError()
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    at += 1 + length
  }
}

/** RFC 9460 section 2.2. Names in RDATA are not compressed. */
const readRecord = (data: Uint8Array): HttpsRecord => {
  const reader = new Reader(data, 'HTTPS record')
  const number = (): number => {
    const [high = 0, low = 0] = reader.take(2)
    return high * 256 + low
  }
  const priority = number()
  const labels: string[] = []
  for (let length = reader.take(1)[0] ?? 0; length > 0; length = reader.take(1)[0] ?? 0)
    labels.push(Buffer.from(reader.take(length)).toString('latin1'))
  const values = new Map<number, Uint8Array>()
  while (reader.remaining > 0) {
    const key = number()
    values.set(key, reader.take(number()))
  }
  const port = values.get(3)
  return {
    priority,
    target: labels.join('.'),
    alpn: alpnOf(values.get(1)),
    port: port?.length === 2 ? (port[0] ?? 0) * 256 + (port[1] ?? 0) : undefined,
    ech: values.get(5),
  }
}

const alpnOf = (value: Uint8Array = new Uint8Array(0)): readonly string[] => {
  const names: string[] = []
  for (let at = 0; at < value.length; at += 1 + (value[at] ?? 0))
    names.push(Buffer.from(value.subarray(at + 1, at + 1 + (value[at] ?? 0))).toString('latin1'))
  return names
}
