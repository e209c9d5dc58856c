// Hellos as a scan sends them: any version, suite and extension, whether this library speaks them or not; and what
// comes back until the server has said all that it says in the clear. No key exchange is completed here.

import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TlsError } from '../../errors.ts'
import { describeCipherSuite } from '../../inspect/describe.ts'
import { readServerHello, offers } from '../../inspect/hellos.ts'
import { serverKeyExchangeCodecs } from '../../inspect/key-exchange.ts'
import { splitMessages } from '../../inspect/seen.ts'
import { concat } from '../../wire/bytes.ts'
import { decode, encode } from '../../wire/codec.ts'
import { clientHelloExtensions, decodeExtension, helloRetryRequestExtensions } from '../../wire/extensions.ts'
import type { RawExtension } from '../../wire/extensions.ts'
import { HOST_NAME } from '../../wire/numbers.ts'
import { encodeMessage, messages12, messages13 } from '../../wire/messages.ts'
import type { ServerHello } from '../../wire/messages.ts'
import {
  contentTypes,
  EMPTY_RENEGOTIATION_INFO_SCSV,
  extensionTypes,
  handshakeTypes,
  SSL30,
  TLS10,
  TLS12,
  TLS13,
  versions,
} from '../../wire/registry.ts'

/** What a hello of the scan offers. */
export interface Offer {
  readonly version: number
  readonly suites: readonly number[]
  readonly serverName?: string | undefined
  readonly groups?: readonly number[]
  readonly schemes?: readonly number[]
  readonly alpn?: readonly string[]
  readonly compression?: readonly number[]
  readonly sessionId?: Uint8Array
  readonly ticket?: Uint8Array
  readonly extensions?: readonly RawExtension[]
}

/** Everything that signatures may be in TLS 1.2, weak ones last. */
const anyScheme: readonly number[] = [
  ...[4, 5, 6].flatMap((hash) => [hash * 256 + 3, hash * 256 + 1]),
  ...[4, 5, 6, 7, 8, 9, 10, 11].map((low) => 8 * 256 + low),
  ...[3, 2, 1].flatMap((hash) => [hash * 256 + 3, hash * 256 + 1, hash * 256 + 2]),
]
const curves: readonly number[] = [
  29, 23, 24, 25, 30, 26, 27, 28, 21, 22, 19, 14, 13, 12, 11, 10, 9, 20, 18, 17, 16, 15, 8, 7, 6,
]
const hasCurves = (suites: readonly number[]): boolean =>
  suites.some((id) => /^(ECDH|ECDHE)/.test(describeCipherSuite(id).keyExchange) || describeCipherSuite(id).tls13)

const isName = (host: string): boolean => !/^[\d.]+$|:/.test(host)

const extensionsOf = (offer: Offer): readonly RawExtension[] | undefined => {
  const { version, suites, serverName, groups, schemes, alpn, ticket, extensions = [] } = offer
  if (version === SSL30) return undefined
  const list: RawExtension[] = []
  const add = <K extends keyof typeof clientHelloExtensions>(name: K, data: Uint8Array): void =>
    void list.push({ type: extensionTypes[name], data })
  if (serverName !== undefined && isName(serverName))
    add('server_name', encode(clientHelloExtensions.server_name, [{ nameType: HOST_NAME, name: serverName }]))
  add('renegotiation_info', Uint8Array.of(0))
  if (groups ?? hasCurves(suites)) {
    add('supported_groups', encode(clientHelloExtensions.supported_groups, groups ?? curves))
    add('ec_point_formats', Uint8Array.of(1, 0))
  }
  if (version >= TLS12)
    add('signature_algorithms', encode(clientHelloExtensions.signature_algorithms, schemes ?? anyScheme))
  if (alpn)
    add(
      'application_layer_protocol_negotiation',
      encode(clientHelloExtensions.application_layer_protocol_negotiation, alpn),
    )
  if (ticket) add('session_ticket', ticket)
  if (version === TLS13) {
    add('supported_versions', encode(clientHelloExtensions.supported_versions, [TLS13]))
    add('psk_key_exchange_modes', Uint8Array.of(1, 1))
    if (!extensions.some(({ type }) => type === extensionTypes.key_share))
      add('key_share', encode(clientHelloExtensions.key_share, []))
  }
  return [...list, ...extensions]
}

const record = (type: number, version: number, content: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(type, version >> 8, version & 255, content.length >> 8, content.length & 255), content)
export { record as rawRecord }

export const clientHelloRecord = (offer: Offer): Uint8Array => {
  const message = encodeMessage(messages13, 'ClientHello', {
    legacyVersion: Math.min(offer.version, TLS12),
    random: randomBytes(32),
    sessionId: offer.sessionId ?? (offer.version === TLS13 ? randomBytes(32) : new Uint8Array(0)),
    // SSL 3.0 has no extensions to ask by (RFC 5746 section 3.3)
    cipherSuites: offer.version === SSL30 ? [...offer.suites, EMPTY_RENEGOTIATION_INFO_SCSV] : offer.suites,
    compressionMethods: Uint8Array.from(offer.compression ?? [0]),
    extensions: extensionsOf(offer),
  })
  return record(contentTypes.handshake, offer.version === SSL30 ? SSL30 : TLS10, message)
}

/** The ClientHello of SSL 2.0, with every cipher of it. */
export const sslv2Hello = (): Uint8Array => {
  // kind, and the bits of the key: RC4, RC4 export, RC2, RC2 export, IDEA, DES, 3DES
  const kinds: readonly (readonly [number, number])[] = [
    [1, 128],
    [2, 128],
    [3, 128],
    [4, 128],
    [5, 128],
    [6, 64],
    [7, 192],
  ]
  const ciphers = kinds.flatMap(([kind, bits]) => [kind, 0, bits])
  const body = concat(Uint8Array.of(1, 0, 2, 0, ciphers.length, 0, 0, 0, 16), Uint8Array.from(ciphers), randomBytes(16))
  return concat(Uint8Array.of(128 | (body.length >> 8), body.length & 255), body)
}

/** How a server answered. */
export type Answer =
  | {
      readonly kind: 'hello'
      readonly version: number
      readonly suite: number
      readonly retry: boolean
      readonly hello: ServerHello
      /** Of TLS 1.2 and older. */
      readonly chain: readonly Uint8Array[]
      /** Of the server's key exchange, or asked for by HelloRetryRequest. */
      readonly group: number | undefined
      readonly scheme: number | undefined
      readonly prime: Uint8Array | undefined
      readonly publicValue: Uint8Array | undefined
      readonly stapled: boolean
      readonly heartbeat: boolean
      /** ServerHelloDone came: the server waits for our key exchange. */
      readonly done: boolean
    }
  | { readonly kind: 'alert'; readonly description: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'other' }

/** A connection that reads records with a time limit. */
export class RawConnection {
  readonly #stream: Duplex
  readonly #timeoutMs: number
  #bytes: Uint8Array = new Uint8Array(0)
  #ended = false
  #wake: () => void = () => {}

  constructor(stream: Duplex, timeoutMs: number) {
    this.#stream = stream
    this.#timeoutMs = timeoutMs
    stream.on('data', (chunk: Uint8Array) => {
      this.#bytes = concat(this.#bytes, chunk)
      this.#wake()
    })
    for (const event of ['end', 'close', 'error']) {
      stream.on(event, () => {
        this.#ended = true
        this.#wake()
      })
    }
  }

  send(bytes: Uint8Array): void {
    if (!this.#ended) this.#stream.write(bytes)
  }

  destroy(): void {
    this.#stream.destroy()
  }

  /** The first bytes that come; fewer if the connection ends or the time is up. */
  async first(length: number): Promise<Uint8Array> {
    await this.#wait(length, this.#timeoutMs)
    return this.#bytes.subarray(0, length)
  }

  /** The next record; 'closed' or 'silent' if none comes. */
  async record(
    timeoutMs: number = this.#timeoutMs,
  ): Promise<{ readonly type: number; readonly content: Uint8Array } | 'closed' | 'silent' | 'other'> {
    const state = await this.#wait(5, timeoutMs)
    if (this.#bytes.length < 5) return state
    const [type = 0, major = 0, , high = 0, low = 0] = this.#bytes
    if (type < contentTypes.change_cipher_spec || type > contentTypes.heartbeat || major !== 3) return 'other'
    const length = 5 + high * 256 + low
    const whole = await this.#wait(length, timeoutMs)
    if (this.#bytes.length < length) return whole
    const content = this.#bytes.slice(5, length)
    this.#bytes = this.#bytes.slice(length)
    return { type, content }
  }

  async #wait(length: number, timeoutMs: number): Promise<'closed' | 'silent'> {
    let late = false
    while (this.#bytes.length < length && !this.#ended && !late) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          late = true
          resolve()
        }, timeoutMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.#ended ? 'closed' : 'silent'
  }

  /** Sends a hello and reads all that the server says to it in the clear. */
  async exchange(offer: Offer): Promise<Answer> {
    this.send(clientHelloRecord(offer))
    let joined: Uint8Array = new Uint8Array(0)
    const messages: Uint8Array[] = []
    for (;;) {
      const got = await this.record()
      if (typeof got === 'string') return messages.length > 0 ? answerOf(messages) : { kind: got }
      if (got.type === contentTypes.alert) {
        if (got.content[0] === 1 && got.content[1] !== 0) continue // a warning, such as unrecognized_name
        return messages.length > 0 ? answerOf(messages) : { kind: 'alert', description: got.content[1] ?? 0 }
      }
      if (got.type !== contentTypes.handshake) return answerOf(messages)
      const split = splitMessages(concat(joined, got.content))
      joined = split.rest
      messages.push(...split.messages)
      const hello = messages.find((message) => message[0] === handshakeTypes.server_hello)
      const read = hello && readServerHello(hello)
      if (read && (read.version === TLS13 || read.retry)) return answerOf(messages)
      if (messages.some((message) => message[0] === handshakeTypes.server_hello_done)) return answerOf(messages)
    }
  }
}

const answerOf = (messages: readonly Uint8Array[]): Answer => {
  const of = (type: number): Uint8Array | undefined => messages.find((message) => message[0] === type)
  const hello = of(handshakeTypes.server_hello)
  const read = hello && readServerHello(hello)
  if (!read) return { kind: 'other' }
  const certificate = of(handshakeTypes.certificate)
  const exchange = keyExchangeOf(of(handshakeTypes.server_key_exchange), read.version, read.hello.cipherSuite)
  return {
    kind: 'hello',
    version: read.version,
    suite: read.hello.cipherSuite,
    retry: read.retry,
    hello: read.hello,
    chain: read.version !== TLS13 && certificate ? chainOf(certificate) : [],
    group: read.retry ? retryGroup(read.hello) : exchange.group,
    scheme: exchange.scheme,
    prime: exchange.dh_p,
    publicValue: exchange.dh_Ys ?? exchange.point,
    stapled: of(handshakeTypes.certificate_status) !== undefined,
    heartbeat: offers(read.hello, 'heartbeat'),
    done: of(handshakeTypes.server_hello_done) !== undefined,
  }
}

const retryGroup = (hello: ServerHello): number | undefined => {
  try {
    return decodeExtension(helloRetryRequestExtensions, 'key_share', hello.extensions ?? [], 'HelloRetryRequest')
  } catch {
    return undefined
  }
}

const chainOf = (raw: Uint8Array): readonly Uint8Array[] => {
  try {
    return decode(messages12.Certificate, raw.subarray(4), 'Certificate').chain
  } catch {
    return []
  }
}

interface Exchange {
  readonly group?: number
  readonly scheme?: number
  readonly dh_p?: Uint8Array
  readonly dh_Ys?: Uint8Array
  readonly point?: Uint8Array
}

const keyExchangeOf = (raw: Uint8Array | undefined, version: number, suite: number): Exchange => {
  if (!raw) return {}
  for (const codec of serverKeyExchangeCodecs(version, suite)) {
    try {
      return decode(codec, raw.subarray(4), 'ServerKeyExchange') as Exchange
    } catch (error) {
      if (!(error instanceof TlsError)) throw error
    }
  }
  return {}
}

export const SSL_AND_TLS: readonly number[] = [SSL30, TLS10, versions['TLS 1.1'], TLS12, TLS13]
