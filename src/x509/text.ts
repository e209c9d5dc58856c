// Text out of certificates, fit for a message or a log: nothing in it starts a line, moves a cursor or turns the
// direction of writing, and it is cut to a length that a person reads.

/** At most this many characters of one thing are shown in a message. */
const MAX_SHOWN = 160

/** Escapes what a terminal or a log would act on as \uXXXX, and cuts. */
export const shorten = (text: string, limit: number = MAX_SHOWN): string => {
  const cut = text.length > limit ? `${text.slice(0, limit - 3)}...` : text
  return cut.replace(unprintable, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same between quotation marks, which are escaped within it. */
export const quote = (text: string, limit?: number): string => `"${shorten(text, limit).replaceAll('"', '\\"')}"`

/** Control and format characters, line separators, lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
