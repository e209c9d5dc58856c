// The names of a server's options, group by group.

import { certificatesNames, commonNames, tls12Names } from './names.ts'
import type { Names } from '../checked-options.ts'
import type {
  ClientAuthOptions,
  ServerEarlyDataOptions,
  ServerHelloOptions,
  ServerOptions,
  ServerPskOptions,
  TicketOptions,
} from '../options.ts'

const serverHello: Names<ServerHelloOptions> = {
  ech: { keys: 'list', ignoreConfigId: 'boolean' },
  grease: 'boolean',
  cookie: 'boolean',
  preferServerOrder: 'any',
  chooseAlpn: 'function',
}
const serverPsk: Names<ServerPskOptions> = { lookup: 'function', hint: 'any', modes: 'list' }
const serverEarlyData: Names<ServerEarlyDataOptions> = {
  maxBytes: 'number',
  windowSeconds: 'number',
  replayGuard: 'object',
}
const tickets: Names<TicketOptions> = {
  count: 'number',
  resumedCount: 'number',
  lifetimeSeconds: 'number',
  renewAfterSeconds: 'number',
  applicationData: 'function',
  protector: 'object',
}
const clientAuth: Names<ClientAuthOptions> = {
  mode: 'any',
  ca: 'any',
  verifier: 'verifier',
  acceptPsk: 'boolean',
  authorities: 'list',
}
export const serverNames: Names<ServerOptions> = {
  ...commonNames,
  cert: 'any',
  key: 'any',
  identity: 'any',
  onClientHello: 'function',
  clientAuth,
  tickets,
  sessions: 'object',
  earlyData: serverEarlyData,
  hello: serverHello,
  certificates: certificatesNames,
  psk: serverPsk,
  tls12: tls12Names,
}
