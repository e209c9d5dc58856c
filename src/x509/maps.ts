// Maps for whoever looks many things up: lists of what has one key, and what is found out once for each key.

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

/** What `make` gives, asked once for each key. */
export const remembered = <K, V>(memory: Memory<K, V>, key: K, make: (key: K) => V): V => {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make(key)
  memory.set(key, made)
  return made
}

/** A Map or a WeakMap. */
interface Memory<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}
