// puretls/inspect: who connects, and in which words. A ClientHello that is read ahead of a handshake, its fingerprints,
// and the names of numbers on the wire. The trace of a whole connection, captures and certificates have entries of
// their own: trace-entry.ts, capture-entry.ts, certificate-entry.ts.

export { readClientHello } from './read-client-hello.ts'
export type { PeekedHello, ReadClientHelloOptions } from './read-client-hello.ts'
export { parseClientHello } from './hellos.ts'
export { ja3, ja3String, ja4, ja4Raw } from '../options/fingerprint.ts'
export type { ClientHelloFields, ClientHelloInfo } from '../options.ts'
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
