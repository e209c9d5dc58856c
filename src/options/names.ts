// The names of options, and what kind of value each has. The types keep these lists in step with options.ts, and
// check.ts refuses what is not in them. Those of clients and servers are in client-names.ts and server-names.ts.

import type { Kind, Names } from '../checked-options.ts'
import type { ResumptionOptions } from '../session/options.ts'
import type {
  CertificateOptions,
  CommonOptions,
  ExternalPsk,
  IdentityOptions,
  LimitOptions,
  Tls12Options,
} from '../options.ts'

type ConnectionOptionName =
  | 'head'
  | 'signal'
  | 'handshakeTimeout'
  | 'closeTimeout'
  | 'handshakesPerTurn'
  | 'storeTimeout'
  | 'onEarlyData'
  | 'onSession'
type ConnectionOptionNames = Readonly<Record<ConnectionOptionName, Kind>>

const limits: Names<LimitOptions> = {
  padding: 'function',
  recordSizeLimit: 'number',
  maxRecordSize: 'number',
  maxHandshakeMessage: 'number',
  recordsPerKey: 'number',
}
const resumption: Names<ResumptionOptions> = {
  maxAgeSeconds: 'number',
  mayResume: 'function',
  withoutExtendedMasterSecret: 'boolean',
}
export const commonNames: Names<CommonOptions> = {
  provider: 'object',
  versions: { min: 'any', max: 'any' },
  cipherSuites: 'list',
  groups: 'list',
  signatureSchemes: 'list',
  alpn: 'list',
  keyLog: 'function',
  dangerouslyExposeTrafficSecrets: 'boolean',
  trace: 'function',
  clock: 'function',
  verifyConnection: 'function',
  limits,
  resumption,
}
export const certificatesNames: Names<CertificateOptions> = {
  signatureSchemes: 'list',
  delegatedCredentials: 'any',
  compression: 'list',
}
export const tls12Names: Names<Tls12Options> = {
  legacy: 'boolean',
  requireExtendedMasterSecret: 'boolean',
  halfClose: 'boolean',
  renegotiation: 'any',
}

/** Options of connect() and accept() that the engine does not have; connection.ts keeps them in step with
 * ConnectionOptions. */
export const connectionNames: ConnectionOptionNames = {
  head: 'bytes',
  signal: 'object',
  handshakeTimeout: 'number',
  closeTimeout: 'number',
  handshakesPerTurn: 'number',
  storeTimeout: 'number',
  onEarlyData: 'function',
  onSession: 'function',
}
export const identityNames: Names<IdentityOptions> = {
  cert: 'any',
  key: 'any',
  ocspResponse: 'bytes',
  scts: 'list',
  onlyForItsIssuers: 'boolean',
  delegatedCredential: 'bytes',
}
export const externalPskNames: Names<ExternalPsk> = {
  identity: 'any',
  key: 'bytes',
  allowShort: 'boolean',
  hash: 'any',
  imported: 'any',
}
