// UTCTime and GeneralizedTime in the one form that RFC 5280 section 4.1.2.5 allows for each.

/** A decimal number of `count` digits at `from`; NaN for anything else. */
export const digits = (content: Uint8Array, from: number, count: number): number => {
  let value = 0
  for (let i = from; i < from + count; i++) {
    const digit = (content[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** MMDDHHMMSSZ from `at`; NaN unless it is a moment that exists. */
export const instant = (year: number, content: Uint8Array, at: number): number => {
  const month = digits(content, at, 2)
  const day = digits(content, at + 2, 2)
  const hour = digits(content, at + 4, 2)
  const minute = digits(content, at + 6, 2)
  const second = digits(content, at + 8, 2)
  const exists =
    month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour <= 23 && minute <= 59 && second <= 59
  if (!exists || content[at + 10] !== 0x5a || Number.isNaN(year)) return Number.NaN
  if (year >= 100) return Date.UTC(year, month - 1, day, hour, minute, second)
  return new Date(Date.UTC(2000, month - 1, day, hour, minute, second)).setUTCFullYear(year)
}

const daysIn = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
