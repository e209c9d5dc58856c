// Ticket keys that a fleet derives from a secret that its servers share, so that each resumes the sessions of all.

import { requireBytes } from '../checked-options.ts'
import { sha256From } from '../crypto/sha256.ts'
import { TlsError } from '../errors.ts'
import { hkdfExpand, hkdfExtract } from '../keys/hkdf.ts'
import { concat, equalBytes } from '../wire/bytes.ts'
import { utf8Bytes } from '../wire/texts.ts'
import type { TicketProtector } from './interfaces.ts'
import { LinkedMap } from './linked-map.ts'
import { NAME_LENGTH, protector, withDefaults } from './ticket-keys.ts'
import type { TicketKey, TicketKeyOptions } from './ticket-keys.ts'

const HOUR = 3600

/**
 * Keys derived from a shared secret and the time: every machine that has the secret and a clock resumes every other's
 * sessions, with no store. `secret` is at least 32 random bytes. Clocks may differ by up to an hour.
 */
export const sharedTicketKeys = (options: TicketKeyOptions & { readonly secret: Uint8Array }): TicketProtector => {
  const { provider, period, lifetime } = withDefaults(options)
  requireBytes(options.secret, 'secret')
  if (options.secret.length < 32) throw new TlsError('bad_option', 'secret: at least 32 random bytes are needed')
  const hash = sha256From(provider)
  const root = hkdfExtract(hash, utf8Bytes('puretls ticket keys'), options.secret)
  const fleet = hkdfExpand(hash, root, utf8Bytes(`name ${period}`), NAME_LENGTH - EPOCH_LENGTH)
  /** The keys that were used last. */
  const derived = new LinkedMap<TicketKey>()
  const keyOf = (epoch: number): TicketKey => {
    const known = derived.get(`${epoch}`)
    if (known) return known
    const secret = hkdfExpand(hash, root, utf8Bytes(`key ${period} ${epoch}`), 32)
    const key = { name: concat(fleet, epochBytes(epoch)), secret }
    derived.set(`${epoch}`, key)
    if (derived.size > MAX_DERIVED) derived.delete(derived.oldest()?.key ?? '')
    return key
  }
  return protector(provider, {
    current: (time) => keyOf(Math.floor(time / 1000 / period)),
    named: (name, time) => {
      if (!equalBytes(name.subarray(0, fleet.length), fleet)) return undefined
      const epoch = epochOf(name.subarray(fleet.length))
      const newest = Math.floor((time / 1000 + HOUR) / period)
      const oldest = Math.floor((time / 1000 - lifetime - HOUR) / period)
      return epoch >= oldest && epoch <= newest ? keyOf(epoch) : undefined
    },
  })
}

/** The number of the period stands in the key's name, so that the right key is found without a search. */
const EPOCH_LENGTH = 6
const MAX_DERIVED = 64
const epochBytes = (epoch: number): Uint8Array => {
  const bytes = new Uint8Array(EPOCH_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(epoch / 2 ** 32))
  view.setUint32(2, epoch % 2 ** 32)
  return bytes
}
const epochOf = (bytes: Uint8Array): number => bytes.reduce((number, byte) => number * 256 + byte, 0)
