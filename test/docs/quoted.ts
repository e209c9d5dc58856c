// Source lines quoted in a page of docs/: compared without the line breaks, spaces, kind of quotes and trailing commas
// that the formatter decides on, and without the joints of a string that stands on several lines.

import { readFileSync } from 'node:fs'

const plain = (text: string): string =>
  text
    .replaceAll(/\s+/g, '')
    .replaceAll(/\\?["']/g, "'")
    .replaceAll(/(['`])\+['`]/g, '')
    .replaceAll(/,([)\]}]|$)/g, '$1')

/** Whether the file at `path` (from the root of the project) has this code in it. */
export const hasCode = (path: string, code: string): boolean =>
  plain(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).includes(plain(code))

/** Where the code begins and ends in a text, as `hasCode` compares; undefined if it is not there. */
export const placeOf = (text: string, code: string): { readonly start: number; readonly end: number } | undefined => {
  const [wanted, last] = [plain(code), text.length]
  // The shortest part that has it: its end by the text up to there, its beginning by what is left out before it.
  const end = first(last, (at) => plain(text.slice(0, at)).includes(wanted))
  if (end === undefined) return undefined
  const kept = first(end, (length) => plain(text.slice(end - length, end)).includes(wanted))
  return kept === undefined ? undefined : { start: end - kept, end }
}

/** The least number up to `most` that holds, of which all larger ones do. */
const first = (most: number, holds: (at: number) => boolean): number | undefined => {
  if (!holds(most)) return undefined
  let [low, high] = [0, most]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
