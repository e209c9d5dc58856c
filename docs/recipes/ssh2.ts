// ssh2: a forwarded channel is the stream under a TLS connection.
import { connect } from 'puretls/node'
import type { ClientChannel } from 'ssh2'

export const secure = (channel: ClientChannel, servername: string, ca: string) =>
  connect({ socket: channel, servername, ca })
