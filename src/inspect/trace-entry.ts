// puretls/inspect/trace: what happened on the wire, for people and for programs: every message and every byte with its
// name, and the key schedule.

export { createTrace, formatLadder, formatTrace, formatTraceData, ladderLine, scheduleLines } from './trace.ts'
export type { Trace } from './trace.ts'
export { traceData, traceJson } from './trace-data.ts'
export type { TraceContext, TraceData, TracedItem, TracedKind, TraceJson } from './trace-data.ts'
export type { TracedSecret } from './key-schedule.ts'
export type { ConnectionSecrets } from './key-log.ts'
export { messageFields } from './message-fields.ts'
export type { MessageContext } from './message-fields.ts'
export { fieldJson, findField, leavesOf } from './fields.ts'
export type { Field, FieldJson } from './fields.ts'
export { seenRecord } from './seen.ts'
export type { SeenRecord, Side } from './seen.ts'
export { hexdump } from './hexdump.ts'
export { annotateFields, annotateMessage } from './annotate.ts'
export type { Annotation } from './annotate.ts'
export type { TracedRecord } from '../options.ts'
