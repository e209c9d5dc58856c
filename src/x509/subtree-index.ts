// The subtrees of one form in name constraints (RFC 5280 section 4.2.1.10), kept so that a name is compared with all
// of them at once: a tree for what has steps, and a list for ranges of addresses. constraints.ts asks it.

import type { Base, Comparable } from './constraint-forms.ts'

export type Side = 'permitted' | 'excluded'

/** Positions of subtrees; the first one given for a place counts. */
interface Place {
  readonly next: Map<string, Place>
  itself: number
  below: number
  /** One step further, whatever it is. */
  children: number
  readonly locals: Map<string, number>
}

/** Addresses as words of 32 bits. */
interface Range {
  readonly address: readonly number[]
  readonly mask: readonly number[]
  readonly position: number
}

const none = Number.POSITIVE_INFINITY
const place = (): Place => ({ next: new Map(), itself: none, below: none, children: none, locals: new Map() })

export class SubtreeIndex {
  readonly #root = place()
  readonly #ranges: Range[] = []

  /** Positions are given in rising order. */
  add(base: Base & { readonly isWellFormed: true }, position: number): void {
    if (base.kind === 'ip') {
      this.#ranges.push({ address: words(base.address), mask: words(base.mask), position })
      return
    }
    let at = this.#root
    let parent: Place | undefined
    for (const step of base.steps) {
      parent = at
      at = at.next.get(step) ?? add(at.next, step)
    }
    const { local, covers } = base
    if (local !== undefined) {
      if (!at.locals.has(local)) at.locals.set(local, position)
      return
    }
    if (covers !== 'below') at.itself = Math.min(at.itself, position)
    if (covers !== 'itself') at.below = Math.min(at.below, position)
    if (covers === 'both' && parent !== undefined) parent.children = Math.min(parent.children, position)
  }

  /** The position of the first subtree that the name is in, or Infinity. A wildcard DNS name is in a permitted one if
   * all it stands for is, in an excluded one if a part is (one label in its place can make it the base,
   * CVE-2025-61727). */
  find(name: Comparable, side: Side): number {
    if (name.kind === 'ip') return this.#findRange(words(name.bytes))
    if (name.kind === 'other') return none
    let at: Place | undefined = this.#root
    let first = none
    for (const [i, step] of name.steps.entries()) {
      first = Math.min(first, at.below)
      const isLast = i === name.steps.length - 1
      if (isLast && name.isWildcard === true && side === 'excluded') first = Math.min(first, at.children)
      at = at.next.get(step)
      if (at === undefined) return first
    }
    const { itself, locals } = at
    return Math.min(first, itself, name.local === undefined ? none : (locals.get(name.local) ?? none))
  }

  #findRange(address: readonly number[]): number {
    for (const range of this.#ranges) if (isWithin(range, address)) return range.position
    return none
  }
}

const words = (bytes: Uint8Array): readonly number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const all: number[] = []
  for (let at = 0; at < bytes.length; at += 4) all.push(view.getInt32(at))
  return all
}

const add = (next: Map<string, Place>, step: string): Place => {
  const made = place()
  next.set(step, made)
  return made
}

const isWithin = ({ address, mask }: Range, words: readonly number[]): boolean => {
  for (let i = 0; i < words.length; i++) {
    if ((((words[i] ?? 0) ^ (address[i] ?? 0)) & (mask[i] ?? 0)) !== 0) return false
  }
  return address.length === words.length
}
