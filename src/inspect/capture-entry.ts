// puretls/inspect/capture: connections that something else recorded, as the records that traceData() of
// puretls/inspect/trace takes: pcap and pcapng files, decrypted with a key log, and hexdumps.

export { captureConnections } from './capture/index.ts'
export type { CapturedConnection, CapturedConnections, CaptureOptions } from './capture/index.ts'
export { isCapture, readCapture } from './capture/packets.ts'
export type { CaptureFile, Packet } from './capture/packets.ts'
export { keyLogLabels, parseKeyLog } from './key-log.ts'
export type { ConnectionSecrets, KeyLog } from './key-log.ts'
export { parseHexdump } from './hex-input.ts'
export type { SeenRecord, Side } from './seen.ts'
