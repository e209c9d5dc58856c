// --starttls: one function a protocol, which talks in the clear until the server is ready for TLS. A server that has
// no TLS to offer is told apart from one that refuses.

import type { Duplex } from 'node:stream'
import { ClearStream } from '../byte-stream.ts'
import { CliError } from '../errors.ts'
import { ftp, nntp, pop3, sieve, smtp, imap } from './lines.ts'
import { ldap } from './ldap.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import type { StartTls } from './protocol.ts'
import { xmpp, xmppServer } from './xmpp.ts'

interface Protocol {
  readonly port: number
  readonly start: StartTls
}

export const starttlsProtocols = {
  smtp: { port: 25, start: smtp },
  imap: { port: 143, start: imap },
  pop3: { port: 110, start: pop3 },
  ftp: { port: 21, start: ftp },
  xmpp: { port: 5222, start: xmpp },
  'xmpp-server': { port: 5269, start: xmppServer },
  ldap: { port: 389, start: ldap },
  postgres: { port: 5432, start: postgres },
  mysql: { port: 3306, start: mysql },
  nntp: { port: 119, start: nntp },
  sieve: { port: 4190, start: sieve },
} as const satisfies Readonly<Record<string, Protocol>>

export type StartTlsName = keyof typeof starttlsProtocols
export const starttlsNames: readonly StartTlsName[] = Object.keys(starttlsProtocols) as StartTlsName[]

/** Talks until TLS begins; how often it waited for the server. Bytes that come between the agreement and TLS are
 * refused: nobody has a reason to send any, and whoever injects them would speak in the server's name. */
export const startTls = async (
  name: StartTlsName,
  stream: Duplex,
  serverName: string,
  signal: AbortSignal,
  head: Uint8Array,
): Promise<number> => {
  const clear = new ClearStream(stream, signal, head)
  await starttlsProtocols[name].start(clear, serverName)
  if (clear.head.length > 0) {
    throw new CliError(
      'handshake',
      `the server sent ${clear.head.length} bytes in the clear behind its agreement to TLS (an injection?)`,
      { code: 'starttls' },
    )
  }
  return clear.roundTrips
}
