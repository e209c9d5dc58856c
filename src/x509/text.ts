// Text out of certificates in messages: escaped, and cut to a length that a person reads.

import { escapeUnprintable } from '../errors.ts'

/** At most this many characters of one thing are shown in a message. */
const MAX_SHOWN = 160

/** Cuts, and escapes what a terminal or a log would act on. */
export const shorten = (text: string, limit: number = MAX_SHOWN): string =>
  escapeUnprintable(text.length > limit ? `${text.slice(0, limit - 3)}...` : text)

/** The same between quotation marks, which are escaped within it. */
export const quote = (text: string, limit?: number): string => `"${shorten(text, limit).replaceAll('"', '\\"')}"`
