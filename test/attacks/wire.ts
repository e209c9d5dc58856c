// What attack tests do to two engines: a man in the middle who sees each record, and a server of TLS 1.2 that
// renegotiates.

import { nodeProvider } from '../../src/crypto/node.ts'
import { Engine } from '../../src/engine/engine.ts'
import { serverConfig } from '../../src/engine/every.ts'
import type { EngineEvent, TlsEngine } from '../../src/engine/every.ts'
import { Handshake } from '../../src/handshake/context.ts'
import type { Established, HandshakeIo } from '../../src/handshake/context.ts'
import type { Flow } from '../../src/handshake/flow.ts'
import { readHello } from '../../src/handshake/server/server-hello.ts'
import { everyFeature as everyServerFeature } from '../../src/handshake/server/every-feature.ts'
import { serverHandshake } from '../../src/handshake/server/server.ts'
import { serverHandshake12 } from '../../src/handshake/server/server12.ts'
import type { Seam } from '../../src/config.ts'
import type { TestServerOptions } from '../fixtures/engines.ts'
import { concat } from '../../src/wire/bytes.ts'
import { encodeMessage, messages12, messages13 } from '../../src/wire/messages.ts'

export type Direction = 'to server' | 'to client'
/** The records to pass on in place of this one. */
export type Meddle = (record: Uint8Array, direction: Direction) => readonly Uint8Array[]

export const record = (type: number, content: Uint8Array, version = 0x0303): Uint8Array =>
  concat(Uint8Array.of(type, version >> 8, version & 0xff, content.length >> 8, content.length & 0xff), content)

export const records = (bytes: Uint8Array): Uint8Array[] => {
  const list: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + (bytes[at + 3] ?? 0) * 256 + (bytes[at + 4] ?? 0)
    list.push(bytes.slice(at, end))
    at = end
  }
  return list
}

/** Lets two synchronous engines talk through somebody who may change what passes. */
export const through = (client: TlsEngine, server: TlsEngine, meddle: Meddle) => {
  const events: { client: EngineEvent[]; server: EngineEvent[] } = { client: [], server: [] }
  for (let quiet = false; !quiet;) {
    quiet = true
    for (const [from, to, direction] of [
      [client, server, 'to server'],
      [server, client, 'to client'],
    ] as const) {
      for (const wire of records(concat(...from.takeOutput()))) {
        quiet = false
        for (const passed of meddle(wire, direction)) to.receive(passed)
      }
    }
  }
  events.client.push(...client.takeEvents())
  events.server.push(...server.takeEvents())
  return events
}

/** Changes some outgoing messages by their type. */
export const misbehaving = (
  changes: Readonly<Record<string, (fields: never) => object | readonly Uint8Array[]>>,
): Seam => ({
  outgoing: ({ type, fields }) => changes[type]?.(fields as never) ?? fields,
})

export interface SecondHandshake {
  /** For the renegotiation; default: the same options. */
  readonly options?: TestServerOptions
  /** renegotiation_info of the second ServerHello, from what it should be; undefined leaves the extension out. */
  readonly renegotiationInfo?: (right: Uint8Array) => Uint8Array | undefined
  /** The same for the first ServerHello, where it should be empty. */
  readonly first?: () => undefined
  /** Other changes of what goes out in it. */
  readonly changes?: Parameters<typeof misbehaving>[0]
  /** More extensions of the second ServerHello. */
  readonly extensions?: readonly { readonly type: number; readonly data: Uint8Array }[]
}

/**
 * A server that asks for a renegotiation right after the handshake, and does not keep to the rules of one: it is put
 * together here.
 */
export const renegotiatingServer = (
  options: TestServerOptions,
  second: SecondHandshake = {},
): TlsEngine & { readonly renegotiated: number } => {
  let serverVerifyData: Uint8Array = new Uint8Array(0)
  let count = 0
  const noted = misbehaving({
    ...(second.first && {
      ServerHello: (fields: { readonly extensions?: readonly { readonly type: number }[] }) => ({
        ...fields,
        extensions: fields.extensions?.filter(({ type }) => type !== 0xff01),
      }),
    }),
    Finished: (fields: { readonly verifyData: Uint8Array }) => {
      serverVerifyData = fields.verifyData
      return fields
    },
  })
  const base = { provider: nodeProvider, versions: { max: 'TLS 1.2' }, tickets: false } as const
  const first = { ...serverConfig({ ...base, ...options }), seam: noted }

  function* again(io: HandshakeIo): Flow<void> {
    io.sendHandshake(encodeMessage(messages12, 'HelloRequest', {}))
    let right: Uint8Array = new Uint8Array(0)
    const seam = misbehaving({
      ...second.changes,
      ServerHello: (fields: { readonly extensions?: readonly { readonly type: number }[] }) => {
        const info = second.renegotiationInfo ? second.renegotiationInfo(right) : right
        const others = [
          ...(fields.extensions?.filter(({ type }) => type !== 0xff01) ?? []),
          ...(second.extensions ?? []),
        ]
        return {
          ...fields,
          extensions: info ? [...others, { type: 0xff01, data: concat(Uint8Array.of(info.length), info) }] : others,
        }
      },
    })
    const hs = new Handshake({ ...serverConfig({ ...base, ...options, ...second.options }), seam }, io, {}, messages13)
    const hello = yield* readHello(hs, everyServerFeature.handshake.ech)
    right = concat(hello.extensions.renegotiation_info ?? new Uint8Array(0), serverVerifyData)
    const asFirst = { ...hello, extensions: { ...hello.extensions, renegotiation_info: new Uint8Array(0) } }
    yield* serverHandshake12(hs.withMessages(messages12), asFirst, () => hs.config)
    count++
  }
  const engine = new Engine({
    config: first,
    role: 'server',
    handshake: function* (io: HandshakeIo): Flow<Established> {
      const established = yield* serverHandshake(first, io, { defaults: {}, feature: everyServerFeature })
      return { ...established, postHandshake: again(io) }
    },
  })
  return Object.defineProperty(engine, 'renegotiated', { get: () => count }) as Engine & {
    readonly renegotiated: number
  }
}
