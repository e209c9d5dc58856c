// A message as a tree of fields: each with its place, value, meaning and the section that defines it. Leaves cover
// every byte exactly once. Everything that inspect shows of a message (hexdump, JSON, short form) is made from this
// tree.

/** A field of a message, or of what is inside a field. */
export interface Field {
  readonly name: string
  /** Offsets in the bytes that were described. */
  readonly start: number
  readonly end: number
  /** What the bytes say: a number, text, or undefined for bytes that are just bytes. */
  readonly value?: number | string | boolean
  /** The value in words. */
  readonly meaning?: string
  /** Document and section, where it is not that of the field around it. */
  readonly section?: string
  readonly children: readonly Field[]
}

/** What a field has besides its place. */
export type FieldFacts = Pick<Field, 'value' | 'meaning' | 'section'>

export const leafField = (name: string, start: number, end: number, facts: FieldFacts = {}): Field => ({
  name,
  start,
  end,
  ...facts,
  children: [],
})

/** The leaves in order: what covers the bytes. */
export const leavesOf = (field: Field): readonly Field[] =>
  field.children.length === 0 ? [field] : field.children.flatMap(leavesOf)

/** The first field of this name, depth first; undefined if there is none. */
export const findField = (field: Field, name: string): Field | undefined => {
  if (field.name === name) return field
  for (const child of field.children) {
    const found = findField(child, name)
    if (found) return found
  }
  return undefined
}

/** The same field `by` bytes further on. */
export const shifted = (field: Field, by: number): Field =>
  by === 0
    ? field
    : {
        ...field,
        start: field.start + by,
        end: field.end + by,
        children: field.children.map((child) => shifted(child, by)),
      }

/** A field as JSON shows it: leaves have their bytes in hex. */
export interface FieldJson {
  readonly name: string
  readonly offset: number
  readonly length: number
  readonly value?: number | string | boolean
  readonly meaning?: string
  readonly section?: string
  readonly hex?: string
  readonly fields?: readonly FieldJson[]
}

/** A field and those inside it as plain data for JSON; `bytes`: the message that the offsets are of. */
export const fieldJson = (field: Field, bytes: Uint8Array): FieldJson => ({
  name: field.name,
  offset: field.start,
  length: field.end - field.start,
  ...(field.value !== undefined && { value: field.value }),
  ...(field.meaning !== undefined && { meaning: field.meaning }),
  ...(field.section !== undefined && { section: field.section }),
  ...(field.children.length === 0
    ? { hex: hexOf(bytes.subarray(field.start, field.end)) }
    : { fields: field.children.map((child) => fieldJson(child, bytes)) }),
})

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
