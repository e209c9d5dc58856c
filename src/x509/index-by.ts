// Lists of what has one key, for whoever looks many things up.

export const indexBy = <K, T>(items: Iterable<T>, keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> => {
  const index = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const same = index.get(key)
    if (same === undefined) index.set(key, [item])
    else same.push(item)
  }
  return index
}
