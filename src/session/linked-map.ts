// A map that knows its oldest entry. A plain Map keeps its order too, but finding the first entry again after many were
// deleted takes longer the more it held: with 100,000 entries, a cache that drops its oldest costs ten times as much.

interface Node<V> {
  readonly key: string
  value: V
  older: Node<V> | undefined
  newer: Node<V> | undefined
}

export class LinkedMap<V> {
  readonly #nodes = new Map<string, Node<V>>()
  #oldest: Node<V> | undefined
  #newest: Node<V> | undefined

  get size(): number {
    return this.#nodes.size
  }

  get(key: string): V | undefined {
    return this.#nodes.get(key)?.value
  }

  has(key: string): boolean {
    return this.#nodes.has(key)
  }

  /** Adds or replaces the entry, which then is the newest. */
  set(key: string, value: V): void {
    const known = this.#nodes.get(key)
    if (known) this.#unlink(known)
    const node = known ?? { key, value, older: undefined, newer: undefined }
    node.value = value
    node.older = this.#newest
    node.newer = undefined
    if (this.#newest) this.#newest.newer = node
    else this.#oldest = node
    this.#newest = node
    if (!known) this.#nodes.set(key, node)
  }

  delete(key: string): boolean {
    const node = this.#nodes.get(key)
    if (!node) return false
    this.#unlink(node)
    return this.#nodes.delete(key)
  }

  oldest(): { readonly key: string; readonly value: V } | undefined {
    return this.#oldest
  }

  /** Oldest first. The entry that was yielded last may be deleted. */
  *entries(): Generator<readonly [string, V]> {
    let node = this.#oldest
    while (node) {
      const { newer } = node
      yield [node.key, node.value]
      node = newer
    }
  }

  #unlink({ older, newer }: Node<V>): void {
    if (older) older.newer = newer
    else this.#oldest = newer
    if (newer) newer.older = older
    else this.#newest = older
  }
}
