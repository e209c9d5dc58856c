// Ticket protection: where the keys come from (made and rotated here, given by the caller, or derived from a secret
// that a fleet shares in shared-ticket-keys.ts) and how a ticket is sealed with one (RFC 9846 section 4.7.1, RFC 5077
// section 4 and 5.5).

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { andThen as then } from '../crypto/maybe.ts'
import type { AeadCipher, CryptoProvider, MaybePromise } from '../crypto/provider.ts'
import { sha256From } from '../crypto/sha256.ts'
import { TlsError } from '../errors.ts'
import { hkdfExpand } from '../keys/hkdf.ts'
import { concat, toHex } from '../wire/bytes.ts'
import type { TicketProtector } from './interfaces.ts'
import { LinkedMap } from './linked-map.ts'

export const NAME_LENGTH = 16
const SALT_LENGTH = 24

export interface TicketKey {
  /** 16 bytes, public: stands at the front of each ticket sealed with this key. */
  readonly name: Uint8Array
  /** 32 bytes. */
  readonly secret: Uint8Array
}

export interface TicketKeyOptions {
  readonly provider: CryptoProvider
  /** Seconds for which tickets are accepted after the key that sealed them is replaced. Default 86400. */
  readonly lifetimeSeconds?: number
  /** Seconds for which one key seals. Default 86400. */
  readonly periodSeconds?: number
}

const names: Names<TicketKeyOptions> = { provider: 'object', lifetimeSeconds: 'number', periodSeconds: 'number' }

interface KeySource {
  current(time: number): TicketKey
  /** The key of this name, if it may still open tickets. Takes no longer the more keys there are. */
  named(name: Uint8Array, time: number): TicketKey | undefined
}

/**
 * A new random key every period; old ones open tickets for the lifetime, then are forgotten. The default of
 * createServer().
 */
export const rotatingTicketKeys = (options: TicketKeyOptions): TicketProtector => {
  const { provider, period, lifetime } = withDefaults(options)
  const keys = new LinkedMap<{ readonly epoch: number; readonly key: TicketKey }>()
  let newest: { readonly epoch: number; readonly key: TicketKey } | undefined
  const forget = (time: number): void => {
    const oldest = Math.floor((time / 1000 - lifetime) / period)
    for (let first = keys.oldest(); first && first.value.epoch < oldest; first = keys.oldest()) keys.delete(first.key)
  }
  return protector(provider, {
    current: (time) => {
      const epoch = Math.floor(time / 1000 / period)
      if (newest?.epoch !== epoch) {
        forget(time)
        newest = { epoch, key: { name: provider.random(NAME_LENGTH), secret: provider.random(32) } }
        keys.set(toHex(newest.key.name), newest)
      }
      return newest.key
    },
    named: (name, time) => {
      forget(time)
      const found = keys.get(toHex(name))
      return found && found.epoch <= Math.floor(time / 1000 / period) ? found.key : undefined
    },
  })
}

/** The caller's keys: the first seals, all open. Changing keys means a new protector. */
export const givenTicketKeys = (provider: CryptoProvider, keys: readonly TicketKey[]): TicketProtector => {
  if (!Array.isArray(keys) || keys.length === 0) throw new TlsError('bad_option', 'there is no ticket key')
  for (const key of keys) {
    checkOptions(key, { name: 'bytes', secret: 'bytes' }, { required: ['name', 'secret'] }, 'keys')
    const { name, secret } = key
    if (name.length !== NAME_LENGTH || secret.length !== 32) {
      throw new TlsError('bad_option', 'a ticket key has a name of 16 bytes and a secret of 32')
    }
  }
  const byName = new Map(keys.toReversed().map((key) => [toHex(key.name), key]))
  return protector(provider, { current: () => firstOf(keys), named: (name) => byName.get(toHex(name)) })
}

/**
 * name || salt || AEAD(HKDF(secret, salt), session). A key of its own for each ticket: no number of tickets, and no two
 * machines with one secret, can make a nonce meet a key twice.
 */
export const protector = (provider: CryptoProvider, keys: KeySource): TicketProtector => {
  const cipher = ticketCipher(provider)
  const hash = sha256From(provider)
  const zeroNonce = new Uint8Array(12)
  const aeadFor = ({ secret }: TicketKey, salt: Uint8Array) =>
    cipher.importKey(hkdfExpand(hash, secret, salt, cipher.keyLength))
  return {
    seal: (session, time) => {
      const key = keys.current(time)
      const head = concat(key.name, provider.random(SALT_LENGTH))
      const out = new Uint8Array(head.length + session.length + cipher.tagLength)
      out.set(head)
      return then(aeadFor(key, head.subarray(NAME_LENGTH)), (aead) =>
        then(aead.seal(zeroNonce, head, session, out.subarray(head.length)), () => out),
      )
    },
    open: (ticket, time): MaybePromise<Uint8Array | undefined> => {
      const head = ticket.subarray(0, NAME_LENGTH + SALT_LENGTH)
      const sealed = ticket.subarray(head.length)
      if (sealed.length <= cipher.tagLength) return undefined
      const key = keys.named(head.subarray(0, NAME_LENGTH), time)
      if (!key) return undefined
      return then(aeadFor(key, head.subarray(NAME_LENGTH)), (aead) => aead.open(zeroNonce, head, sealed))
    },
  }
}

const ticketCipher = (provider: CryptoProvider): AeadCipher => {
  const ciphers = provider.suites
    .map(({ cipher }) => cipher)
    .filter((cipher): cipher is AeadCipher => cipher.kind === 'aead')
  const cipher = ['aes-256-gcm', 'chacha20-poly1305', 'aes-128-gcm'].flatMap((name) =>
    ciphers.filter((one) => one.name === name),
  )[0]
  if (!cipher) throw new TlsError('unsupported', `the ${provider.name} provider has no AEAD to protect tickets with`)
  return cipher
}

export const withDefaults = (
  options: TicketKeyOptions,
): { readonly provider: CryptoProvider; readonly lifetime: number; readonly period: number } => {
  checkOptions(options, { ...names, secret: 'bytes' }, { required: ['provider'] })
  const { provider, lifetimeSeconds: lifetime = 86400, periodSeconds: period = 86400 } = options
  if (!(period > 0) || !(lifetime > 0)) {
    throw new TlsError('bad_option', 'periodSeconds and lifetimeSeconds have to be above 0')
  }
  return { provider, lifetime, period }
}

const firstOf = (keys: readonly TicketKey[]): TicketKey => {
  const [key] = keys
  if (!key) throw new TlsError('bad_option', 'there is no ticket key')
  return key
}
