// pg: its option `stream`. PostgreSQL is asked for TLS first, by an SSLRequest, and answers with one byte.
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import pg from 'pg'
import { connect } from 'puretls/node'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export const open = async (login: { host: string; port: number } & pg.ClientConfig, ca: string) => {
  const socket = dial(login.port, login.host)
  socket.write(SSL_REQUEST)
  await once(socket, 'readable')
  if (String(socket.read(1)) !== 'S') throw new Error('the server has no TLS')
  const secured = connect({ socket, servername: login.host, ca })
  await once(secured, 'secureConnect')
  // pg would connect its stream by itself; this one is connected.
  secured.connect = () => {
    setImmediate(() => secured.emit('connect'))
    return secured
  }
  const client = new pg.Client({ ...login, stream: () => secured })
  await client.connect()
  return client
}
