// The handshake as a straight-line generator: it suspends only to wait for a handshake message, for a ChangeCipherSpec
// (TLS 1.2), or for a promise of an asynchronous provider or callback. The engine drives it.

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { asTlsError, TlsError } from '../errors.ts'
import type { TlsErrorCode } from '../errors.ts'
import { decodeMessage, HEADER_LENGTH, messageName } from '../wire/messages.ts'
import type { Message, MessageName, MessageTable } from '../wire/messages.ts'
import { handshakeTypeName } from '../wire/registry.ts'

export type Suspension =
  | { readonly kind: 'message'; readonly expected: readonly MessageName[] }
  /** Resumed with a message of a type in `ignored` as well. */
  | { readonly kind: 'change_cipher_spec'; readonly ignored: readonly MessageName[] }
  /** `optional`: the flow can go on without an answer, and is resumed with undefined then. */
  | { readonly kind: 'promise'; readonly promise: Promise<unknown>; readonly optional?: boolean }

export type Flow<T> = Generator<Suspension, T, unknown>

/** Messages that are ignored before one that is expected comes. */
const MAX_IGNORED = 8

/**
 * Waits for one whole handshake message and decodes it by `table`; anything but `types` is `unexpected_message`.
 * `ignored` are messages without content that may come at any time, and mean nothing then. */
export function* readMessage<M, K extends keyof M & MessageName>(
  table: MessageTable<M>,
  types: readonly K[],
  ignored: readonly MessageName[] = [],
): Flow<Message<M, K>> {
  for (let skipped = 0; ; skipped++) {
    const raw = yield { kind: 'message', expected: types }
    if (!(raw instanceof Uint8Array)) throw new TlsError('internal_error', 'the flow was resumed without a message')
    const name = messageName(raw[0] ?? -1)
    const type = types.find((expected) => expected === name)
    if (type !== undefined) return decodeMessage(table, type, raw)
    if (name === undefined || !ignored.includes(name)) {
      const got = name ?? handshakeTypeName(raw[0] ?? -1)
      throw new TlsError('unexpected_message', `expected ${types.join(' or ')}, got ${got}`)
    }
    checkIgnored(name, raw, skipped)
  }
}

const checkIgnored = (name: MessageName, raw: Uint8Array, skipped: number): void => {
  if (raw.length > HEADER_LENGTH)
    throw new TlsError('decode_error', `${name}: ${raw.length - HEADER_LENGTH} bytes too many`)
  if (skipped === MAX_IGNORED) throw new TlsError('too_many_messages', `${name} came over and over during a handshake`)
}

/** Waits for the peer's ChangeCipherSpec record (RFC 5246 section 7.1); `ignored` as above. */
export function* readChangeCipherSpec(ignored: readonly MessageName[] = []): Flow<void> {
  for (let skipped = 0; ; skipped++) {
    const raw = yield { kind: 'change_cipher_spec', ignored }
    if (!(raw instanceof Uint8Array)) return
    const name = messageName(raw[0] ?? -1)
    if (name === undefined)
      throw new TlsError('internal_error', 'the flow was resumed with a message that it does not ignore')
    checkIgnored(name, raw, skipped)
  }
}

/** The value, waiting for it only if it is a promise. */
export function* use<T>(value: MaybePromise<T>): Flow<T> {
  if (!isPromise(value)) return value
  return (yield { kind: 'promise', promise: value }) as T
}

/**
 * The answer of a session store, a ticket protector or whatever else saves work and is not needed: undefined if it
 * fails, and if it keeps the connection waiting for too long. */
export function* attempt<T>(call: () => MaybePromise<T>): Flow<T | undefined> {
  try {
    const value = call()
    if (!isPromise(value)) return value
    return (yield { kind: 'promise', promise: value, optional: true }) as T | undefined
  } catch {
    return undefined
  }
}

/**
 * The answer of an application's callback, or of something else that it gave us; what that throws becomes a TlsError.
 */
export function* ask<T>(call: () => MaybePromise<T>, code?: TlsErrorCode): Flow<T> {
  try {
    return yield* use(call())
  } catch (error) {
    throw asTlsError(error, code)
  }
}
