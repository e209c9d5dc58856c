// puretls/inspect: what happened on the wire, for people.

export { createTrace, formatTrace } from './trace.ts'
export type { Trace } from './trace.ts'
export { hexdump } from './hexdump.ts'
export { annotateMessage } from '../wire/annotate.ts'
export type { Annotation } from '../wire/annotate.ts'
export type { TracedRecord } from '../options.ts'
export { ja3, ja3String, ja4, ja4Raw } from '../options/fingerprint.ts'
export type { ClientHelloFields, ClientHelloInfo } from '../options.ts'
