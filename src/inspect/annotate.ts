// Names every byte of a handshake message for a hexdump: the leaves of its tree of fields, each with a label.

import { leafField } from './fields.ts'
import type { Field } from './fields.ts'
import { messageFields } from './message-fields.ts'
import type { MessageContext } from './message-fields.ts'

/** A run of bytes with a name. */
export interface Annotation {
  /** Offsets in the bytes that were annotated. */
  readonly start: number
  readonly end: number
  /** How deep in the structure. */
  readonly depth: number
  readonly label: string
}

/** `raw` is one whole handshake message. A message that cannot be read is annotated as far as its header. With the
 * cipher suite, ServerKeyExchange and ClientKeyExchange are opened by its key exchange; without, by what fits. */
export const annotateMessage = (raw: Uint8Array, version: number, cipherSuite?: number): readonly Annotation[] =>
  annotateFields(messageFields(raw, { version, cipherSuite } satisfies MessageContext))

/** The lines of a message's tree. */
export const annotateFields = (message: Field): readonly Annotation[] => {
  const [type, length, ...body] = message.children
  if (!type || !length) return []
  return [
    { start: type.start, end: type.end, depth: 0, label: `${message.name} (handshake type ${type.value})` },
    { start: length.start, end: length.end, depth: 0, label: `length: ${length.value}` },
    ...body.flatMap((field) => lines(field, 1)),
  ]
}

const lines = (field: Field, depth: number): readonly Annotation[] => {
  const [first, ...rest] = field.children
  if (!first) return [{ start: field.start, end: field.end, depth, label: labelOf(field) }]
  if (first.name === 'length' && first.start === field.start) {
    const head = { start: first.start, end: first.end, depth, label: `${field.name}, length: ${first.value}` }
    return [
      head,
      ...rest.flatMap((child) =>
        lines(
          child.name === 'value' ? { ...leafField(field.name, child.start, child.end), ...factsOf(child) } : child,
          depth + 1,
        ),
      ),
    ]
  }
  if (first.name === 'tag and length') {
    const head = { start: first.start, end: first.end, depth, label: `${field.name}: ${first.meaning}` }
    return [head, ...rest.flatMap((child) => lines(child, depth + 1))]
  }
  return [
    { start: field.start, end: field.start, depth, label: labelOf(field) },
    ...field.children.flatMap((child) => lines(child, depth + 1)),
  ]
}

const factsOf = ({ value, meaning }: Field): Pick<Field, 'value' | 'meaning'> => ({
  ...(value !== undefined && { value }),
  ...(meaning !== undefined && { meaning }),
})

/** `name: meaning`, or the value where it has none; 'name' for bytes. */
export const labelOf = ({ name, value, meaning }: Field): string => {
  if (typeof value === 'string')
    return `${name}: ${JSON.stringify(value)}${meaning === undefined ? '' : ` (${meaning})`}`
  const text = meaning ?? value
  return text === undefined ? name : `${name}: ${text}`
}
