// ClientHellos as large as a server takes, each full of one thing, which test/bench/hostile-peers.ts sends to a server
// of puretls and to node:tls.

import { serverConfigOf, clientOf } from '../fixtures/engines.ts'
import { createServerEngine } from '../../src/engine/every.ts'
import { concat } from '../../src/wire/bytes.ts'
import { encode, list, opaque, struct, u16, u32, u8 } from '../../src/wire/codec.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { decodeMessage, encodeMessage, messages13 } from '../../src/wire/messages.ts'
import type { ClientHello } from '../../src/wire/messages.ts'
import { contentTypes, extensionTypes } from '../../src/wire/registry.ts'

export interface HostileHello {
  readonly what: string
  /** A client's bytes; after the first, each waits for the answer to the one before. */
  readonly flights: readonly Uint8Array[]
}

const COUNT = 16_000
const FRAGMENT = 16_384
const none = new Uint8Array(0)

const some = <T>(n: number, item: (i: number) => T): readonly T[] => Array.from({ length: n }, (_, i) => item(i))

/** The message in as few records as it needs, or in records of `size` bytes. */
const recordsOf = (message: Uint8Array, size = FRAGMENT): Uint8Array => {
  const records: Uint8Array[] = []
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size)
    records.push(Uint8Array.of(contentTypes.handshake, 3, 1, fragment.length >> 8, fragment.length & 255), fragment)
  }
  return concat(...records)
}

type Change = (hello: ClientHello) => ClientHello

const changed = (flight: Uint8Array, change: Change): Uint8Array => {
  const raw = flight.subarray(5)
  const { type: _type, raw: _raw, ...hello } = decodeMessage(messages13, 'ClientHello', raw)
  return encodeMessage(messages13, 'ClientHello', change(hello))
}

const plainFlight = (): Uint8Array =>
  concat(...clientOf({ groups: ['X25519'], versions: { min: 'TLS 1.3' } }).takeOutput())

/** The first ClientHello of one that has no share for a group of the server's, and its second, both changed. */
const retriedFlights = (change: Change): readonly Uint8Array[] => {
  const client = clientOf({ groups: ['X25519'], hello: { keyShares: [] }, versions: { min: 'TLS 1.3' } })
  const server = createServerEngine(serverConfigOf())
  const first = concat(...client.takeOutput())
  server.receive(first)
  for (const bytes of server.takeOutput()) client.receive(bytes)
  const rest = concat(...client.takeOutput())
  const compatibility = rest[0] === contentTypes.change_cipher_spec ? 6 : 0
  return [
    recordsOf(changed(first, change)),
    concat(rest.subarray(0, compatibility), recordsOf(changed(rest.subarray(compatibility), change))),
  ]
}

const before =
  (unknown: readonly RawExtension[]): Change =>
  (hello) => ({ ...hello, extensions: [...unknown, ...(hello.extensions ?? [])] })

const instead =
  (type: number, data: Uint8Array): Change =>
  (hello) => ({
    ...hello,
    extensions: [...(hello.extensions ?? []).filter((extension) => extension.type !== type), { type, data }],
  })

const unknown = some(COUNT, (i) => ({ type: 0x4000 + i, data: none }))
/** Types that are spread over the whole range, with a byte each, known ones among them as the client has them. */
const known: ReadonlySet<number> = new Set(Object.values(extensionTypes))
const spread = some(COUNT, (i) => ({ type: (i * 40_503) & 0xffff, data: none })).filter(({ type }) => !known.has(type))
const mixed: Change = (hello) => {
  const own = hello.extensions ?? []
  const step = Math.floor(spread.length / own.length)
  return { ...hello, extensions: own.flatMap((one, i) => [...spread.slice(i * step, (i + 1) * step), one]) }
}
const withByte = some(12_000, (i) => ({ type: 0x4000 + i, data: Uint8Array.of(i & 255) }))
/** The sixteen values of RFC 8701 in every place of a list that may repeat them, and as extensions. */
const greaseOf = (i: number): number => 0x0a0a + (i & 15) * 0x1010
const grease: Change = (hello) => ({
  ...before(some(16, (i) => ({ type: greaseOf(i), data: new Uint8Array(3000) })))(hello),
  cipherSuites: [...some(COUNT, greaseOf), ...hello.cipherSuites],
})

const ids = (values: readonly number[]): Uint8Array => encode(list(2, u16), values)
const sharesOf = (hello: ClientHello): readonly { readonly group: number; readonly keyExchange: Uint8Array }[] => {
  const own = hello.extensions?.find(({ type }) => type === extensionTypes.key_share)?.data ?? none
  return [{ group: 0x1d, keyExchange: own.subarray(6, 38) }]
}
const shares: Change = (hello) => {
  const groups = some(8000, (i) => 0x4000 + i)
  const entries = [...groups.map((group) => ({ group, keyExchange: Uint8Array.of(1) })), ...sharesOf(hello)]
  const data = encode(list(2, struct({ group: u16, keyExchange: opaque(2) })), entries)
  return instead(
    extensionTypes.key_share,
    data,
  )(instead(extensionTypes.supported_groups, ids([...groups, 0x1d]))(hello))
}
const psks: Change = (hello) => {
  const identities = some(1500, (i) => ({ identity: Uint8Array.of(i >> 8, i & 255), age: 0 }))
  const binders = identities.map(() => new Uint8Array(32))
  const data = concat(
    encode(list(2, struct({ identity: opaque(2), age: u32 })), identities),
    encode(list(2, opaque(1)), binders),
  )
  return instead(extensionTypes.pre_shared_key, data)(hello)
}
const names = encode(
  list(2, struct({ type: u8, name: opaque(2) })),
  some(15_000, (i) => ({ type: i & 255, name: Uint8Array.of(97) })),
)
const protocols = encode(
  list(2, opaque(1)),
  some(16_000, (i) => Uint8Array.of(97 + (i % 26), 97 + ((i >> 5) % 26))),
)

const ofMessage = (what: string, change: Change): HostileHello => ({
  what,
  flights: [recordsOf(changed(plainFlight(), change))],
})

export const hostileHellos = (): readonly HostileHello[] => [
  { what: 'an ordinary ClientHello', flights: [plainFlight()] },
  ofMessage('16,000 unknown extensions', before(unknown)),
  ofMessage('12,000 unknown extensions with content', before(withByte)),
  ofMessage('known extensions among 16,000 unknown', mixed),
  ofMessage('GREASE: 16,000 suites and 16 extensions', grease),
  ofMessage('16,000 extensions, the last one twice', before([...unknown, { type: 0x4000 + COUNT - 1, data: none }])),
  ofMessage('16,000 extensions, all of one type', before(some(COUNT, () => ({ type: 0x4000, data: none })))),
  ofMessage('16,000 cipher suites', (hello) => ({
    ...hello,
    cipherSuites: [...some(COUNT, (i) => 0x4000 + i), ...hello.cipherSuites],
  })),
  ofMessage('16,000 groups', instead(extensionTypes.supported_groups, ids([...some(COUNT, (i) => 0x4000 + i), 0x1d]))),
  ofMessage(
    '16,000 signature schemes',
    instead(extensionTypes.signature_algorithms, ids([...some(COUNT, (i) => 0x4000 + i), 0x0403])),
  ),
  ofMessage('8,000 key shares', shares),
  ofMessage('15,000 server names', instead(extensionTypes.server_name, names)),
  ofMessage('16,000 ALPN names', instead(extensionTypes.application_layer_protocol_negotiation, protocols)),
  ofMessage('1,500 PSK identities', psks),
  { what: '16,000 unknown extensions, second hello', flights: retriedFlights(before(unknown)) },
  {
    what: '16,000 unknown extensions in records of 64 bytes',
    flights: [recordsOf(changed(plainFlight(), before(unknown)), 64)],
  },
]
