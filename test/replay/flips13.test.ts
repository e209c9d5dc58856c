// Every bit of the golden flights, flipped one at a time: the handshake fails with a TlsError or waits for more. It
// never succeeds, and nothing else is ever thrown.

import { describe, expect, it } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { goldenClient, goldenServer, recorded, scenarios } from './golden13.ts'

/**
 * The version of plaintext records: legacy_record_version has to be ignored (RFC 9846 section 5.1). The first record of
 * all has to be one of TLS, which its major version tells. */
const ignoredBytes = (flight: Uint8Array, isFirst: boolean): ReadonlySet<number> => {
  const ignored = new Set<number>()
  for (let at = 0; at < flight.length; at += 5 + (flight[at + 3] ?? 0) * 256 + (flight[at + 4] ?? 0)) {
    if (flight[at] === 23) continue // additional data of the AEAD
    if (at > 0 || !isFirst) ignored.add(at + 1)
    ignored.add(at + 2)
  }
  return ignored
}

type Outcome = 'succeeded' | 'failed' | 'waits'

const outcomeOf = (engine: TlsEngine): Outcome => {
  const events = engine.takeEvents()
  const failure = events.find((event) => event.type === 'error')
  if (failure?.type === 'error') expect(failure.error).toBeInstanceOf(TlsError)
  if (failure?.type === 'error') expect(failure.error.code, failure.error.stack ?? '').not.toBe('internal_error')
  if (events.some(({ type }) => type === 'handshake')) return 'succeeded'
  return failure ? 'failed' : 'waits'
}

/** The engine gets the other side's flights with one changed; what it says is thrown away. */
const playTo = (engine: TlsEngine, flights: readonly Uint8Array[]): Outcome => {
  for (const flight of flights) engine.receive(flight)
  engine.takeOutput()
  return outcomeOf(engine)
}

const flip = (flight: Uint8Array, bit: number): Uint8Array => {
  const changed = flight.slice()
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return changed
}

for (const name of Object.keys(scenarios)) {
  const flow = recorded()[name] ?? []
  for (const [side, make, parity] of [
    ['client', goldenClient, 1],
    ['server', goldenServer, 0],
  ] as const) {
    const flights = flow.filter((_, turn) => turn % 2 === parity).map(fromHex)
    describe(`${name}, to the ${side}`, () => {
      it('unchanged, it succeeds', () => {
        expect(playTo(make(name), flights)).toBe('succeeded')
      })

      it.each(flights.map((flight, index) => [index + 1, flight.length, flight] as const))(
        'flight %i: each bit of %i bytes',
        (number, _, flight) => {
          const ignored = ignoredBytes(flight, number === 1)
          // the client has finished before the last flight of a server, if that is a ticket; there is none in these
          // flows
          const wrong: string[] = []
          let failed = 0
          for (let bit = 0; bit < flight.length * 8; bit++) {
            const changed = flights.map((each, index) => (index === number - 1 ? flip(each, bit) : each))
            const outcome = playTo(make(name), changed)
            if (outcome === 'failed') failed++
            const expected: readonly Outcome[] = ignored.has(bit >> 3) ? ['succeeded'] : ['failed', 'waits']
            if (!expected.includes(outcome)) wrong.push(`byte ${bit >> 3} bit ${bit & 7}: ${outcome}`)
          }
          expect(wrong).toEqual([])
          expect(failed).toBeGreaterThan(flight.length * 6)
        },
      )
    })
  }
}
