// Lists of numbers of 16 bits, as peers send them: 32,000 of them if they like, at the cost of a few nanoseconds each.

/** A bit for each number. */
const seen = new Uint8Array(8192)

/** Whether the number was marked before. */
const mark = (id: number): boolean => {
  const before = seen[id >> 3] ?? 0
  const bit = 1 << (id & 7)
  seen[id >> 3] = before | bit
  return (before & bit) !== 0
}

/** The first number that is there a second time; undefined if all differ. */
export const firstRepeated = (ids: readonly number[]): number | undefined => {
  seen.fill(0)
  return ids.find((id) => mark(id))
}

export const areAllIn = (ids: readonly number[], list: readonly number[]): boolean => {
  seen.fill(0)
  for (const id of list) mark(id)
  return ids.every((id) => mark(id))
}
