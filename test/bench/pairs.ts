// In-memory duplex pairs and certificates for the benchmarks: the same bytes go through the same memory for all
// contenders.

import { Duplex } from 'node:stream'

/** Two node streams: what is written to one is read from the other, a turn of the event loop later. */
export const duplexPair = (): readonly [Duplex, Duplex] => {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read: () => {},
      write: (chunk, _, done) => {
        other().push(chunk)
        setImmediate(done)
      },
      final: (done) => {
        other().push(null)
        done()
      },
      allowHalfOpen: true,
    })
  const a: Duplex = make(() => b)
  const b: Duplex = make(() => a)
  return [a, b]
}

/** The same, each chunk half of 50 ms on the way. */
export const delayedPair = (): readonly [Duplex, Duplex] => {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read: () => {},
      write: (chunk, _, done) => {
        setTimeout(() => other().push(chunk), 25)
        done()
      },
      final: (done) => {
        setTimeout(() => other().push(null), 25)
        done()
      },
    })
  const a: Duplex = make(() => b)
  const b: Duplex = make(() => a)
  return [a, b]
}
