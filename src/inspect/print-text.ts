// Names, dates and bytes as people read them in certificates.

import { escapeUnprintable } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import type { Name } from '../x509/name.ts'

/** "C = DE, O = Org, CN = x", in the order of the encoding. */
export const nameLine = (name: Name): string =>
  name.rdns.map((rdn) => rdn.map(({ type, value }) => `${type} = ${printable(value)}`).join(' + ')).join(', ')

/** Control characters in the way of RFC 4514 section 2.4, and nothing else that a terminal or a log would act on. */
export const printable = (text: string): string =>
  escapeUnprintable(
    text.replace(
      /[\u0000-\u001f\u007f-\u009f]/g,
      (c) => `\\${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    ),
  )

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Milliseconds since 1970 that a Date can have; the 64 bits of an SCT's timestamp go further (RFC 6962 section
 * 3.2). */
const LAST_DATE = 8.64e15

/** "Nov 23 08:41:49 2026 GMT"; with `fraction`, milliseconds too. */
export const dateText = (time: number, fraction = false): string => {
  if (Math.abs(time) > LAST_DATE) return `${time} ms after 1970`
  const date = new Date(time)
  const clock = date.toISOString().slice(-13, fraction ? -1 : -5)
  return (
    `${months[date.getUTCMonth()] ?? ''} ${String(date.getUTCDate()).padStart(2)} ${clock} ` +
    `${date.getUTCFullYear()} GMT`
  )
}

/** Bytes as "aa:bb:", so many on a line. */
export const hexLines = (bytes: Uint8Array, perLine: number, indent: string): string[] => {
  const all: string[] = []
  for (let i = 0; i < bytes.length; i += perLine) {
    const isLast = i + perLine >= bytes.length
    all.push(`${indent}${colons(bytes.subarray(i, i + perLine))}${isLast ? '' : ':'}`)
  }
  return all
}

export const colons = (bytes: Uint8Array): string => toHex(bytes).match(/../g)?.join(':') ?? ''
