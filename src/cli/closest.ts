// The likely word for a mistyped one.

/** The nearest of `words`, if it is near. */
export const closest = (word: string, words: readonly string[]): string | undefined => {
  const ranked = words
    .map((one) => ({ one, distance: distanceOf(word, one) }))
    .toSorted((a, b) => a.distance - b.distance)
  const [best] = ranked
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.one : undefined
}

/** Levenshtein's. */
const distanceOf = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [at, letter] of from.split('').entries()) {
    const next = [at + 1]
    for (let column = 1; column <= to.length; column++) {
      const change = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      next.push(Math.min((next[column - 1] ?? 0) + 1, (row[column] ?? 0) + 1, change))
    }
    row = next
  }
  return row[to.length] ?? 0
}
