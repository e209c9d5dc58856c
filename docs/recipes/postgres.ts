// postgres (postgres.js): its option `socket`. PostgreSQL is asked for TLS first, by an SSLRequest, and answers with
// one byte.
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import postgres from 'postgres'
import { connect } from 'puretls/node'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export const open = (login: { host: string; port: number } & postgres.Options<{}>, ca: string) =>
  postgres({
    ...login,
    socket: async () => {
      const socket = dial(login.port, login.host)
      socket.write(SSL_REQUEST)
      await once(socket, 'readable')
      if (String(socket.read(1)) !== 'S') throw new Error('the server has no TLS')
      const secured = connect({ socket, servername: login.host, ca })
      await once(secured, 'secureConnect')
      return secured
    },
  })
