// Ticket protection: where the keys come from (made and rotated here, given by the caller, or derived from a secret that a
// fleet shares) and how a ticket is sealed with one (RFC 9846 section 4.7.1, RFC 5077 section 4 and 5.5).

import { andThen as then } from '../crypto/maybe.ts'
import type { AeadCipher, CryptoProvider, HashAlgorithm, MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { hkdfExpand, hkdfExtract } from '../keys/hkdf.ts'
import { concat, equalBytes } from '../wire/bytes.ts'
import { utf8Bytes } from '../wire/codec.ts'
import type { TicketProtector } from './interfaces.ts'

const NAME_LENGTH = 16
const SALT_LENGTH = 24
const HOUR = 3600

export interface TicketKey {
  /** 16 bytes, public: stands at the front of each ticket sealed with this key. */
  readonly name: Uint8Array
  /** 32 bytes. */
  readonly secret: Uint8Array
}

export interface TicketKeyOptions {
  readonly provider: CryptoProvider
  /** Seconds for which tickets are accepted after the key that sealed them is replaced. Default 86400. */
  readonly lifetime?: number
  /** Seconds for which one key seals. Default 86400. */
  readonly period?: number
}

interface KeySource {
  current(time: number): TicketKey
  /** Keys that may still open tickets. */
  accepted(time: number): readonly TicketKey[]
}

/** A new random key every period; old ones open tickets for the lifetime, then are forgotten. The default of createServer(). */
export const rotatingTicketKeys = (options: TicketKeyOptions): TicketProtector => {
  const { provider, period, lifetime } = withDefaults(options)
  let keys: readonly { readonly epoch: number; readonly key: TicketKey }[] = []
  const refresh = (time: number): readonly { readonly epoch: number; readonly key: TicketKey }[] => {
    const epoch = Math.floor(time / 1000 / period)
    const oldest = Math.floor((time / 1000 - lifetime) / period)
    if (keys[0]?.epoch !== epoch) {
      const key = { name: provider.random(NAME_LENGTH), secret: provider.random(32) }
      keys = [{ epoch, key }, ...keys].filter((kept) => kept.epoch >= oldest && kept.epoch <= epoch)
    }
    return keys
  }
  return protector(provider, {
    current: (time) => firstOf(refresh(time).map(({ key }) => key)),
    accepted: (time) => refresh(time).map(({ key }) => key),
  })
}

/** The caller's keys: the first seals, all open. Changing keys means a new protector. */
export const givenTicketKeys = (provider: CryptoProvider, keys: readonly TicketKey[]): TicketProtector => {
  for (const { name, secret } of keys) {
    if (name.length !== NAME_LENGTH || secret.length !== 32) {
      throw new TlsError('bad_option', 'a ticket key has a name of 16 bytes and a secret of 32')
    }
  }
  return protector(provider, { current: () => firstOf(keys), accepted: () => keys })
}

/**
 * Keys derived from a shared secret and the time: every machine that has the secret and a clock resumes every other's
 * sessions, with no store. `secret` is at least 32 random bytes. Clocks may differ by up to an hour.
 */
export const sharedTicketKeys = (options: TicketKeyOptions & { readonly secret: Uint8Array }): TicketProtector => {
  const { provider, period, lifetime } = withDefaults(options)
  if (options.secret.length < 32) throw new TlsError('bad_option', 'secret: at least 32 random bytes are needed')
  const hash = sha256(provider)
  const root = hkdfExtract(hash, utf8Bytes('puretls ticket keys'), options.secret)
  const derived = new Map<number, TicketKey>()
  const keyOf = (epoch: number): TicketKey => {
    const known = derived.get(epoch)
    if (known) return known
    const label = (what: string): Uint8Array => utf8Bytes(`${what} ${period} ${epoch}`)
    const key = { name: hkdfExpand(hash, root, label('name'), NAME_LENGTH), secret: hkdfExpand(hash, root, label('key'), 32) }
    derived.set(epoch, key)
    return key
  }
  return protector(provider, {
    current: (time) => keyOf(Math.floor(time / 1000 / period)),
    accepted: (time) => {
      const newest = Math.floor((time / 1000 + HOUR) / period)
      const oldest = Math.floor((time / 1000 - lifetime - HOUR) / period)
      for (const epoch of derived.keys()) if (epoch < oldest) derived.delete(epoch)
      return Array.from({ length: newest - oldest + 1 }, (_, i) => keyOf(newest - i))
    },
  })
}

/**
 * name || salt || AEAD(HKDF(secret, salt), session). A key of its own for each ticket: no number of tickets, and no two
 * machines with one secret, can make a nonce meet a key twice.
 */
const protector = (provider: CryptoProvider, keys: KeySource): TicketProtector => {
  const cipher = ticketCipher(provider)
  const hash = sha256(provider)
  const zeroNonce = new Uint8Array(12)
  const aeadFor = ({ secret }: TicketKey, salt: Uint8Array) => cipher.importKey(hkdfExpand(hash, secret, salt, cipher.keyLength))
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
      const key = keys.accepted(time).find(({ name }) => equalBytes(name, head.subarray(0, NAME_LENGTH)))
      if (!key) return undefined
      return then(aeadFor(key, head.subarray(NAME_LENGTH)), (aead) => aead.open(zeroNonce, head, sealed))
    },
  }
}

const ticketCipher = (provider: CryptoProvider): AeadCipher => {
  const ciphers = provider.suites.map(({ cipher }) => cipher).filter((cipher): cipher is AeadCipher => cipher.kind === 'aead')
  const cipher = ['aes-256-gcm', 'chacha20-poly1305', 'aes-128-gcm'].flatMap((name) => ciphers.filter((one) => one.name === name))[0]
  if (!cipher) throw new TlsError('unsupported', `the ${provider.name} provider has no AEAD to protect tickets with`)
  return cipher
}

const sha256 = (provider: CryptoProvider): HashAlgorithm => {
  const hash = provider.hashes.sha256
  if (!hash) throw new TlsError('unsupported', `the ${provider.name} provider has no SHA-256`)
  return hash
}

const withDefaults = (options: TicketKeyOptions) => {
  const { provider, lifetime = 86400, period = 86400 } = options
  if (!(period > 0) || !(lifetime > 0)) throw new TlsError('bad_option', 'period and lifetime are seconds above 0')
  return { provider, lifetime, period }
}

const firstOf = (keys: readonly TicketKey[]): TicketKey => {
  const [key] = keys
  if (!key) throw new TlsError('bad_option', 'there is no ticket key')
  return key
}
