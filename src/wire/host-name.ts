// What server_name may hold (RFC 6066 section 3): DNS host names in ASCII, without a final dot, and no addresses. The
// server holds a received name to it before any callback sees it, and the client the name that it is given.

/** Printable ASCII: text that may be shown, whether it is a name or not. */
export const isPrintable = (text: string): boolean => /^[!-~]*$/.test(text)

/** Labels of 1 to 63 letters, digits, hyphens and underscores (many services have the latter), 253 characters in all
 * (RFC 1035 section 2.3.4). */
export const isHostName = (name: string): boolean =>
  name.length <= 253 && /^[\w-]{1,63}(?:\.[\w-]{1,63})*$/.test(name) && !isAddress(name)

/** An IPv4 or IPv6 address as text, with brackets or a zone too. */
export const isAddress = (name: string): boolean =>
  /^\d+(?:\.\d+)*$/.test(name) || (name.includes(':') && /^\[?[\da-f:.]+(?:%[\w.-]+)?\]?$/i.test(name))
