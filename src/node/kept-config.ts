// A config for each connection, most of which is the same for all connections of a secure context: what was checked and
// worked out for the last one is good for the next that asks for the same.

/** The last config of a context, and what it was made of. */
export class KeptConfig<C extends object> {
  #madeOf: readonly unknown[] = []
  #config: C | undefined

  /** `madeOf`: all that decides what `make` makes, each compared as a whole. */
  get(madeOf: readonly unknown[], make: () => C): C {
    if (this.#config && isSame(madeOf, this.#madeOf)) return this.#config
    const config = make()
    this.#madeOf = madeOf
    this.#config = config
    return config
  }
}

const isSame = (now: readonly unknown[], before: readonly unknown[]): boolean =>
  now.length === before.length && now.every((value, i) => value === before[i])
