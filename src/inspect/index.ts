// puretls/inspect: what happened on the wire, for people and for programs.

export { createTrace, formatLadder, formatTrace, formatTraceData, ladderLine, scheduleLines } from './trace.ts'
export type { Trace } from './trace.ts'
export { traceData, traceJson } from './trace-data.ts'
export type { TraceContext, TraceData, TracedItem, TracedKind, TraceJson } from './trace-data.ts'
export type { TracedSecret } from './key-schedule.ts'
export { captureConnections } from './capture/index.ts'
export type { CapturedConnection, CapturedConnections, CaptureOptions } from './capture/index.ts'
export { isCapture, readCapture } from './capture/packets.ts'
export type { CaptureFile, Packet } from './capture/packets.ts'
export { keyLogLabels, parseKeyLog } from './key-log.ts'
export type { ConnectionSecrets, KeyLog } from './key-log.ts'
export { parseHexdump } from './hex-input.ts'
export { readClientHello } from './read-client-hello.ts'
export type { PeekedHello, ReadClientHelloOptions } from './read-client-hello.ts'
export { parseClientHello } from './hellos.ts'
export {
  describeAlert,
  describeCipherSuite,
  describeContentType,
  describeExtension,
  describeGroup,
  describeHandshakeType,
  describeSignatureScheme,
  describeVersion,
} from './describe.ts'
export type { Described, DescribedSuite } from './describe.ts'
export { messageFields } from './message-fields.ts'
export type { MessageContext } from './message-fields.ts'
export { certificateFields } from './der-fields.ts'
export { certificateText } from './print-certificate.ts'
export { fieldJson, findField, leavesOf } from './fields.ts'
export type { Field, FieldJson } from './fields.ts'
export { seenRecord } from './seen.ts'
export type { SeenRecord, Side } from './seen.ts'
export { hexdump } from './hexdump.ts'
export { annotateFields, annotateMessage } from './annotate.ts'
export type { Annotation } from './annotate.ts'
export type { TracedRecord } from '../options.ts'
export { ja3, ja3String, ja4, ja4Raw } from '../options/fingerprint.ts'
export type { ClientHelloFields, ClientHelloInfo } from '../options.ts'
