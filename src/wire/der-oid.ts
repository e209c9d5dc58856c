// Object identifiers of DER (X.690 section 8.19) as dotted text.

/** Content bytes of an object identifier. */
const MAX_OID_LENGTH = 128

/** Texts of object identifiers that were met, one for each hash: the same few are in every certificate. */
const oidTexts: ({ readonly content: Uint8Array; readonly text: string } | undefined)[] = Array.from(
  { length: 256 },
  () => undefined,
)
const MAX_KEPT_OID_LENGTH = 12

/** Dotted form of the object identifier between two positions, or undefined if it is not well-formed. */
export const oidText = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  let hash = 0
  for (let i = start; i < end; i++) hash = (hash * 31 + (bytes[i] ?? 0)) & 0xff
  const known = oidTexts[hash]
  if (known !== undefined && isAt(known.content, bytes, start, end)) return known.text
  const content = bytes.slice(start, end)
  const text = dotted(content)
  if (text !== undefined && content.length <= MAX_KEPT_OID_LENGTH) oidTexts[hash] = { content, text }
  return text
}

const isAt = (content: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean => {
  if (content.length !== end - start) return false
  for (let i = 0; i < content.length; i++) if (content[i] !== bytes[start + i]) return false
  return true
}

/** Dotted form of an object identifier's content, or undefined if it is not well-formed. */
export const dotted = (content: Uint8Array): string | undefined => {
  const last = content[content.length - 1]
  if (last === undefined || last >= 0x80 || content.length > MAX_OID_LENGTH) return undefined
  let text = ''
  let arc = 0
  let large: bigint | undefined
  let atStart = true
  for (const byte of content) {
    if (atStart && byte === 0x80) return undefined
    if (large === undefined && arc >= 0x100_0000_0000) large = BigInt(arc)
    if (large === undefined) arc = arc * 128 + (byte & 0x7f)
    else large = (large << 7n) | BigInt(byte & 0x7f)
    atStart = byte < 0x80
    if (!atStart) continue
    if (text === '') {
      const root = large !== undefined || arc >= 80 ? 2 : arc >= 40 ? 1 : 0
      text = `${root}.${large === undefined ? arc - 40 * root : large - 80n}`
    } else text += `.${large ?? arc}`
    arc = 0
    large = undefined
  }
  return text
}
