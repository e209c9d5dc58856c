// The ways in which bytes may arrive, for replays and for everything else that must not care. The random one is seeded.

export interface FragmentationKind {
  readonly name: string
  /** A fresh one: how many of the `left` bytes come next. */
  readonly make: () => (left: number) => number
}

/** Marsaglia's xorshift: a sequence of 32-bit numbers that is the same in each run. */
export const seeded = (seed: number): (() => number) => {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

export const fragmentations: readonly FragmentationKind[] = [
  { name: 'whole', make: () => (left) => left },
  { name: 'byte by byte', make: () => () => 1 },
  {
    name: 'random',
    make: () => {
      const next = seeded(8448)
      return (left) => 1 + (next() % Math.min(left, 200))
    },
  },
]
