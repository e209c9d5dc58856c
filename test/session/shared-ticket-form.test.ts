// The form of tickets under a shared secret, computed here with node:crypto alone: machines of a fleet that run
// different versions of the library open each other's tickets only as long as it stays.

import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { sharedTicketKeys } from '../../src/session/index.ts'

const secret = new Uint8Array(32).fill(9)
const session = Uint8Array.of(1, 2, 3, 4, 5)
const named = (label: string, length: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, 'puretls ticket keys', label, length))

describe('a ticket under a shared secret', () => {
  it.each([
    ['a day', 86_400, Date.UTC(2026, 0, 1)],
    ['a period whose number takes more than 32 bits', 0.001, 2 ** 41],
  ])('is name, number of the period in six bytes, salt, AES-256-GCM (%s)', async (_, periodSeconds, now) => {
    const protector = sharedTicketKeys({ provider: nodeProvider, secret, periodSeconds })
    const ticket = (await protector.seal(session, now)) ?? new Uint8Array(0)
    const number = BigInt(Math.floor(now / 1000 / periodSeconds))
    const fleet = named(`name ${periodSeconds}`, 10)
    expect(ticket.subarray(0, 10)).toEqual(fleet)
    expect(Buffer.from(ticket.subarray(10, 16)).readUIntBE(0, 6)).toBe(Number(number))
    expect(ticket).toHaveLength(16 + 24 + session.length + 16)
    const periodKey = named(`key ${periodSeconds} ${number}`, 32)
    const key = expand(periodKey, ticket.subarray(16, 40), 32)
    const cipher = createDecipheriv('aes-256-gcm', key, new Uint8Array(12))
    cipher.setAAD(ticket.subarray(0, 40))
    cipher.setAuthTag(ticket.subarray(-16))
    expect(new Uint8Array(Buffer.concat([cipher.update(ticket.subarray(40, -16)), cipher.final()]))).toEqual(session)
    expect(await protector.open(ticket, now)).toEqual(session)
  })

  it('is opened for its lifetime and an hour, and by a clock that is an hour behind', async () => {
    const options = { provider: nodeProvider, secret, periodSeconds: 3600, lifetimeSeconds: 7200 }
    const now = Date.UTC(2026, 0, 1)
    const protector = sharedTicketKeys(options)
    const ticket = (await protector.seal(session, now)) ?? new Uint8Array(0)
    const opens = async (seconds: number): Promise<boolean> =>
      (await protector.open(ticket, now + seconds * 1000)) !== undefined
    expect(await opens(-3600)).toBe(true)
    expect(await opens(-3601)).toBe(false)
    expect(await opens(3 * 3600 + 3599)).toBe(true) // to the end of its period, and three hours
    expect(await opens(4 * 3600)).toBe(false)
  })

  it.each([41, 55, 56])('of %i bytes is none: it has no content', async (length) => {
    const protector = sharedTicketKeys({ provider: nodeProvider, secret })
    const ticket = (await protector.seal(session, 0)) ?? new Uint8Array(0)
    expect(await protector.open(ticket.subarray(0, length), 0)).toBeUndefined()
  })

  it('needs a secret of 32 bytes', () => {
    expect(() => sharedTicketKeys({ provider: nodeProvider, secret: secret.subarray(1) })).toThrow(/32 random bytes/)
  })

  it.each([
    ['periodSeconds', 0],
    ['lifetimeSeconds', 0],
    ['lifetimeSeconds', -1],
  ])('%s of %d is refused', (name, value) => {
    expect(() => sharedTicketKeys({ provider: nodeProvider, secret, [name]: value })).toThrow(/above 0/)
  })
})

/** HKDF-Expand (RFC 5869 section 2.3), for a length of one block. */
const expand = (key: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update(info).update(Uint8Array.of(1)).digest()).subarray(0, length)
