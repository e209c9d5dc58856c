// The names of a client's options, group by group.

import { certificatesNames, commonNames, tls12Names } from './names.ts'
import type { Names } from '../checked-options.ts'
import type {
  ClientCertificateOptions,
  ClientHelloOptions,
  ClientOptions,
  ClientPskOptions,
  ClientTls12Options,
  TicketRequestOptions,
} from '../options.ts'

const clientCertificates: Names<ClientCertificateOptions> = {
  ...certificatesNames,
  requestOcsp: 'boolean',
  requestScts: 'boolean',
}
const clientHello: Names<ClientHelloOptions> = {
  sendServerName: 'boolean',
  ech: { configList: 'any', unusable: 'any' },
  grease: 'boolean',
  keyShares: 'list',
  serverGroups: 'list',
  permuteExtensions: 'boolean',
  shape: 'function',
  compatibilityMode: 'boolean',
  postHandshakeAuth: 'boolean',
}
const clientPsk: Names<ClientPskOptions> = { keys: 'any', required: 'boolean', modes: 'list' }
const clientTls12: Names<ClientTls12Options> = {
  ...tls12Names,
  fallback: 'boolean',
  maxFragmentLength: 'number',
  falseStart: 'boolean',
}
const ticketRequest: Names<TicketRequestOptions> = { newSession: 'number', resumption: 'number' }
export const clientNames: Names<ClientOptions> = {
  ...commonNames,
  serverName: 'any',
  ca: 'any',
  verifier: 'verifier',
  identity: 'any',
  cert: 'any',
  key: 'any',
  session: 'object',
  sessions: 'object',
  tickets: ticketRequest,
  earlyData: 'bytes',
  hello: clientHello,
  certificates: clientCertificates,
  psk: clientPsk,
  tls12: clientTls12,
}
