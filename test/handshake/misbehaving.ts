// Misbehaving peers, for tests: an engine whose outgoing messages are changed through the seam, and records sealed by
// hand under the secrets of a handshake's own key log.

import { expect } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { isPromise } from '../../src/crypto/maybe.ts'
import type { AlertName, TlsError, TlsErrorCode } from '../../src/errors.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import type { Seam } from '../../src/config.ts'
import { sealer13 } from '../../src/record/protect13.ts'
import type { Sealer } from '../../src/record/protection.ts'
import { concat, fromHex } from '../../src/wire/bytes.ts'
import { encode } from '../../src/wire/codec.ts'
import type { Codec } from '../../src/wire/codec.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { encodeMessage, messages13 } from '../../src/wire/messages.ts'
import type { Messages13 } from '../../src/wire/messages.ts'
import { delayedProvider } from '../fixtures/delayed-provider.ts'
import { clientOf, connectEngines, errorOf, eventsOf, serverOf } from '../fixtures/engines.ts'
import type { Meeting, TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'

export const tls13 = { versions: { min: 'TLS 1.3' } } as const
/** One suite whose primitives a test can use by hand. */
export const oneSuite = { ...tls13, cipherSuites: ['TLS_AES_128_GCM_SHA256'] }

type Changes = {
  readonly [K in keyof Messages13]?: (fields: Messages13[K], nth: number) => Messages13[K] | readonly Uint8Array[]
}

/** A seam that changes messages of these kinds; `nth` counts from 0 for each kind. */
export const misbehaving = (changes: Changes): Seam => {
  const sent = new Map<string, number>()
  const seam: Seam = {
    outgoing: ({ type, fields }) => {
      const nth = sent.get(type) ?? 0
      sent.set(type, nth + 1)
      const change = changes[type as keyof Messages13] as ((fields: object, nth: number) => object) | undefined
      return change ? change(fields, nth) : fields
    },
  }
  made.set(seam, changes)
  return seam
}

const made = new WeakMap<Seam, Changes>()
/** The same changes from the start. */
const again = <T extends { readonly seam?: Seam }>(options: T): T => {
  const changes = options.seam && made.get(options.seam)
  return changes ? { ...options, seam: misbehaving(changes) } : options
}

export const raw = <K extends keyof Messages13>(type: K, fields: Messages13[K]): Uint8Array =>
  encodeMessage(messages13, type, fields)

/** The list with `type` added at its end, or replaced where it is. */
export const withExtension = (
  extensions: readonly RawExtension[] | undefined,
  type: number,
  data: Uint8Array = new Uint8Array(0),
): readonly RawExtension[] => {
  const list = extensions ?? []
  return list.some((extension) => extension.type === type)
    ? list.map((extension) => (extension.type === type ? { type, data } : extension))
    : [...list, { type, data }]
}

export const withoutExtension = (
  extensions: readonly RawExtension[] | undefined,
  type: number,
): readonly RawExtension[] => (extensions ?? []).filter((extension) => extension.type !== type)

export const encoded = <T>(codec: Codec<T>, value: T): Uint8Array => encode(codec, value)

/**
 * Runs a handshake in which one side changes, and checks how the other refuses: code, alert, and that it never
 * finished.
 * Twice:
 * with providers that answer at once, and later. */
export const refusedBy = async (
  victim: 'client' | 'server',
  clientOptions: TestClientOptions,
  serverOptions: TestServerOptions,
  code: TlsErrorCode,
  alert: AlertName,
  message?: RegExp,
): Promise<TlsError> => {
  const run = async (provider: CryptoProvider): Promise<TlsError> => {
    const client = clientOf({ ...tls13, provider, ...again(clientOptions) })
    const meeting = await connectEngines(client, serverOf({ ...tls13, provider, ...again(serverOptions) }))
    return expectRefusal(victim, meeting, code, alert, message)
  }
  await run(delayedProvider(nodeProvider))
  return run(nodeProvider)
}

export const expectRefusal = (
  victim: 'client' | 'server',
  { client, server, clientEvents, serverEvents }: Meeting,
  code: TlsErrorCode,
  alert: AlertName,
  message?: RegExp,
): TlsError => {
  const error = errorOf(victim === 'client' ? clientEvents : serverEvents)
  expect({ code: error.code, alert: error.alert }, error.message).toEqual({ code, alert })
  if (message) expect(error.message).toMatch(message)
  const misbehaver = victim === 'client' ? serverEvents : clientEvents
  const [told] = eventsOf(misbehaver, 'error')
  // the misbehaver is told, unless it noticed itself
  if (told?.error.code === 'alert_received') expect(told.error.received).toBe(alert)
  else expect(misbehaver).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'error' })]))
  expect((victim === 'client' ? client : server).closed).toBe(true)
  return error
}

/** A finished handshake, with the secrets that its client logged. */
export const finished = async (clientOptions: TestClientOptions = {}, serverOptions: TestServerOptions = {}) => {
  const log: string[] = []
  const client = clientOf({ ...oneSuite, keyLog: (line) => log.push(line), ...clientOptions })
  const meeting = await connectEngines(client, serverOf({ ...oneSuite, ...serverOptions }))
  return { ...meeting, log }
}

/** The secret of a key log line. */
export const secretOf = (log: readonly string[], label: string): Uint8Array => {
  const line = log.find((candidate) => candidate.startsWith(`${label} `))
  if (!line) throw new Error(`no ${label} in the key log`)
  return fromHex(line.split(' ')[2] ?? '')
}

/** Seals records by hand under a secret, as TLS_AES_128_GCM_SHA256 does; the sequence number starts at 0. */
export const forger = (secret: Uint8Array): ((type: number, content: Uint8Array) => Uint8Array) => {
  const hash = nodeProvider.hashes.sha256
  const cipher = nodeProvider.suites.find(({ id }) => id === 0x1301)?.cipher
  if (!hash || cipher?.kind !== 'aead') throw new Error('no TLS_AES_128_GCM_SHA256')
  const sealer = sealer13(cipher, { hash, secret })
  if (isPromise(sealer)) throw new Error('a synchronous provider is needed')
  return (type, content) => sealWith(sealer, type, content)
}

const sealWith = (sealer: Sealer, type: number, content: Uint8Array): Uint8Array => {
  const out = new Uint8Array(sealer.sealedLength(content.length))
  void sealer.seal(type, content, out)
  return out
}

/** A record as it is, unprotected. */
export const plainRecord = (type: number, content: Uint8Array, version = 0x0303): Uint8Array =>
  concat(Uint8Array.of(type, version >> 8, version & 0xff, content.length >> 8, content.length & 0xff), content)

/** What an engine says to these bytes: the error that ends it. */
export const refusalOf = (engine: TlsEngine, bytes: Uint8Array): TlsError => {
  engine.receive(bytes)
  return errorOf(engine.takeEvents())
}
