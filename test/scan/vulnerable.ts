// A server that has the weaknesses of servers long gone, for the tests of the scan: it speaks only as far as the scan
// listens.

import { constants, createPrivateKey, privateDecrypt } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { concat } from '../../src/wire/bytes.ts'
import { decode, encode, opaque, struct, u16 } from '../../src/wire/codec.ts'
import { decodeMessage, encodeMessage, messages12 } from '../../src/wire/messages.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { parsePem } from './pem.ts'
import { rsa } from '../fixtures/identities.ts'

export interface Weak {
  readonly ssl2?: boolean
  /** The versions that it takes. */
  readonly versions?: readonly number[]
  readonly suites?: readonly number[]
  readonly heartbleed?: boolean
  readonly ccs?: boolean
  readonly robot?: boolean
  readonly compression?: boolean
  readonly secureRenegotiation?: boolean
  readonly fallbackScsv?: boolean
  /** Bits of its Diffie-Hellman group. */
  readonly dhBits?: number
  readonly sameDhKey?: boolean
}

const record = (type: number, version: number, content: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(type, version >> 8, version & 255, content.length >> 8, content.length & 255), content)
const alert = (version: number, description: number): Uint8Array => record(21, version, Uint8Array.of(2, description))
const dhExchange = struct({ p: opaque(2), g: opaque(2), ys: opaque(2), scheme: u16, signature: opaque(2) })
const dhExchangeOld = struct({ p: opaque(2), g: opaque(2), ys: opaque(2), signature: opaque(2) })
const isDhe = (suite: number): boolean => [0x14, 0x33, 0x39, 0x9e, 0x16].includes(suite)

/** Listens on a port of the system's choice. */
export const weakServer = (weak: Weak): Promise<{ readonly port: number; readonly stop: () => void }> =>
  new Promise((resolve) => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      const state = { bytes: new Uint8Array(0) as Uint8Array, version: 0, ccs: 0 }
      socket
        .on('error', () => {})
        .on('data', (chunk: Uint8Array) => {
          state.bytes = concat(state.bytes, chunk)
          for (let more = true; more;) more = step(socket, state, weak)
        })
    }).listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        stop: () => {
          server.close()
          for (const socket of sockets) socket.destroy()
        },
      })
    })
  })

interface State {
  bytes: Uint8Array
  version: number
  ccs: number
}

/** Takes one record; false if none is whole. */
const step = (socket: Socket, state: State, weak: Weak): boolean => {
  const [first = 0, , , high = 0, low = 0] = state.bytes
  if (first >= 128) {
    if (weak.ssl2) socket.end(Uint8Array.of(0x80, 11, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0))
    else socket.destroy()
    return false
  }
  const end = 5 + high * 256 + low
  if (state.bytes.length < 5 || state.bytes.length < end) return false
  const content = state.bytes.slice(5, end)
  state.bytes = state.bytes.slice(end)
  if (first === 22 && content[0] === 1 && state.version === 0) hello(socket, state, content, weak)
  else if (first === 24) {
    if (weak.heartbleed) socket.write(record(24, state.version, concat(Uint8Array.of(2, 64, 0), new Uint8Array(200))))
  } else if (first === 20) {
    state.ccs++
    if (!weak.ccs) socket.end(alert(state.version, 10))
    else if (state.ccs > 1) socket.end(alert(state.version, 20))
  } else if (first === 22 && content[0] === 16 && state.ccs === 0) exchange(socket, state, content, weak)
  return true
}

const hello = (socket: Socket, state: State, raw: Uint8Array, weak: Weak): void => {
  const { versions = [0x0303], suites = [0x2f], secureRenegotiation = true, fallbackScsv = true } = weak
  const message = decodeMessage(messages12, 'ClientHello', raw)
  const version = Math.max(...versions.filter((one) => one <= message.legacyVersion))
  const best = Math.max(...versions)
  if (!Number.isFinite(version) || message.extensions?.some(({ type }) => type === 43))
    return void socket.end(alert(0x0301, 70))
  if (fallbackScsv && version < best && message.cipherSuites.includes(0x5600))
    return void socket.end(alert(version, 86))
  const suite = suites.find((id) => message.cipherSuites.includes(id))
  if (suite === undefined) return void socket.end(alert(version, 40))
  state.version = version
  const offered = (wanted: number): boolean => message.extensions?.some(({ type }) => type === wanted) === true
  const extensions: RawExtension[] = [
    ...(secureRenegotiation && offered(0xff01) ? [{ type: 0xff01, data: Uint8Array.of(0) }] : []),
    ...(weak.heartbleed !== undefined && offered(15) ? [{ type: 15, data: Uint8Array.of(1) }] : []),
  ]
  const answer = encodeMessage(messages12, 'ServerHello', {
    legacyVersion: version,
    random: new Uint8Array(32),
    sessionId: new Uint8Array(0),
    cipherSuite: suite,
    compressionMethod: weak.compression && message.compressionMethods.includes(1) ? 1 : 0,
    extensions: extensions.length > 0 ? extensions : undefined,
  })
  const certificate = encodeMessage(messages12, 'Certificate', { chain: [parsePem(rsa.cert)] })
  const key = isDhe(suite) ? [keyExchange(version, weak)] : []
  const done = encodeMessage(messages12, 'ServerHelloDone', {})
  socket.write(concat(...[answer, certificate, ...key, done].map((one) => record(22, version, one))))
}

let counter = 0
const keyExchange = (version: number, { dhBits = 2048, sameDhKey = false }: Weak): Uint8Array => {
  const p = new Uint8Array(dhBits / 8).fill(0xff)
  const ys = new Uint8Array(dhBits / 8).fill(7)
  if (!sameDhKey) ys[3] = counter++ & 255
  const params = { p, g: Uint8Array.of(2), ys, signature: new Uint8Array(64) }
  const body = version >= 0x0303 ? encode(dhExchange, { ...params, scheme: 0x0401 }) : encode(dhExchangeOld, params)
  return concat(Uint8Array.of(12, 0, body.length >> 8, body.length & 255), body)
}

/** Bleichenbacher's oracle: another alert for what does not begin with 00 02. */
const exchange = (socket: Socket, { version }: State, raw: Uint8Array, weak: Weak): void => {
  if (raw.length !== 4 + 2 + 256) return void socket.end(alert(version, 50)) // of another key exchange
  const sealed = decode(opaque(2), raw.subarray(4), 'ClientKeyExchange')
  const key = createPrivateKey(rsa.key)
  const opened = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, sealed)
  const right = opened[0] === 0 && opened[1] === 2
  socket.end(alert(version, weak.robot && !right ? 51 : 20))
}
