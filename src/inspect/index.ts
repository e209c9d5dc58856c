// puretls/inspect: what happened on the wire, for people.

export { createTrace, formatTrace } from './trace.ts'
export type { Trace } from './trace.ts'
export { hexdump } from './hexdump.ts'
export { annotateMessage } from '../wire/annotate.ts'
export type { Annotation } from '../wire/annotate.ts'
export type { TracedRecord } from '../options.ts'
