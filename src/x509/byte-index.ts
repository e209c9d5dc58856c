// A hash table whose keys are ranges of one long byte array, for the entries of a CRL (see crl-entries.ts): an object
// and a text for each of hundreds of thousands cost more than all the rest of reading them.

/** Numbers that make a record: start and end of its key, group, value, weight. */
const FIELDS = 5

/** Of the hash FNV-1a for 32 bits. */
const PRIME = 16_777_619

export class ByteIndex {
  readonly #bytes: Uint8Array
  readonly #records: number[] = []
  /** Where records end, by the hash of the key or, where that is taken, after it. 0 is free, as at least half are. */
  #slots = new Uint32Array(64)
  /** Another for each list, so that nobody can choose keys that have one hash. */
  readonly #seed = Math.random() * 2 ** 32

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Keeps a value for a range and a group; of several for one the first of those with the greatest weight. */
  add(start: number, end: number, group: number, value: number, weight = 1): void {
    const records = this.#records
    const slot = this.#slotOf(this.#bytes, start, end, group)
    const after = this.#slots[slot] ?? 0
    if (after === 0) {
      this.#slots[slot] = records.push(start, end, group, value, weight)
      if ((records.length / FIELDS) * 2 > this.#slots.length) this.#grow()
    } else if (weight > (records[after - 1] ?? 0)) records.splice(after - 2, 2, value, weight)
  }

  /** Value and weight of a range of any bytes. */
  find(bytes: Uint8Array, start: number, end: number, group: number): readonly [number, number] | undefined {
    const after = this.#slots[this.#slotOf(bytes, start, end, group)] ?? 0
    const [value, weight] = this.#records.slice(after - 2, after)
    return value === undefined || weight === undefined ? undefined : [value, weight]
  }

  /** Keys of a group and their values, in the order in which they were added. */
  *of(group: number): Generator<[key: Uint8Array, value: number]> {
    for (let at = 0; at < this.#records.length; at += FIELDS) {
      const [start, end, found, value = 0] = this.#records.slice(at, at + FIELDS)
      if (found === group) yield [this.#bytes.subarray(start, end), value]
    }
  }

  /** Where a record is, or where it would go. */
  #slotOf(bytes: Uint8Array, start: number, end: number, group: number): number {
    let hash = this.#seed ^ group
    for (let i = start; i < end; i++) hash = Math.imul(((hash << 7) | (hash >>> 25)) ^ (bytes[i] ?? 0), PRIME)
    const last = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & last
    while (this.#isOther(this.#slots[slot] ?? 0, bytes, start, end, group)) slot = (slot + 1) & last
    return slot
  }

  #isOther(after: number, bytes: Uint8Array, start: number, end: number, group: number): boolean {
    if (after === 0) return false
    const records = this.#records
    const from = records[after - FIELDS] ?? 0
    if (records[after - 3] !== group || (records[after - 4] ?? 0) - from !== end - start) return true
    for (let i = start; i < end; i++) if (bytes[i] !== this.#bytes[from + i - start]) return true
    return false
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 8)
    const records = this.#records
    for (let at = 0; at < records.length; at += FIELDS) {
      const slot = this.#slotOf(this.#bytes, records[at] ?? 0, records[at + 1] ?? 0, records[at + 2] ?? 0)
      this.#slots[slot] = at + FIELDS
    }
  }
}
