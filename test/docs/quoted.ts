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
