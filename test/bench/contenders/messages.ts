// What is sent: made once for each length, so that the bench itself leaves no garbage that somebody's turn pays for.

const messages = new Map<number, Uint8Array>()

/** So many bytes, for whoever only reads them. */
export const messageOf = (length: number): Uint8Array => {
  const known = messages.get(length) ?? new Uint8Array(length).fill(0x5a)
  messages.set(length, known)
  return known
}
