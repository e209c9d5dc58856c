// Texts that names are found by in a search, equal for names that match: the bytes, or what RFC 5280 section 7.1 makes
// of them, which is made for so many names and no more.

import { remembered } from './maps.ts'
import type { Name } from './name.ts'

/** Bytes of names, and `weight` of them, that texts are prepared of in one search. */
const MAX_PREPARED = 131_072

export class NameKeys {
  readonly #loose: boolean
  readonly #known = new Map<Name, boolean>()
  #left = MAX_PREPARED

  /** `loose`: names match by section 7.1 and not only byte for byte. */
  constructor(loose: boolean) {
    this.#loose = loose
  }

  of(name: Name): string {
    return this.isLoose(name) ? name.key : name.exactKey
  }

  /** False for all names once the budget is used up. */
  isLoose(name: Name): boolean {
    return this.#loose && remembered(this.#known, name, () => (this.#left -= name.der.length + name.weight) >= 0)
  }
}
