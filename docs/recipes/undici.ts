// undici: its option `connect`. `fetch(url, { dispatcher: dispatcher(ca) })`, HTTP/2 with `{ allowH2: true }`.
import { connect } from 'puretls/node'
import { Agent } from 'undici'

export const dispatcher = (ca: string, options: { allowH2?: boolean } = {}) =>
  new Agent({
    ...options,
    connect: ({ hostname, port, servername }, callback) => {
      const socket = connect({
        host: hostname,
        port: Number(port || 443),
        servername: servername ?? hostname,
        ca,
        ALPNProtocols: options.allowH2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      })
      socket.once('secureConnect', () => callback(null, socket))
      socket.once('error', (error) => callback(error, null))
    },
  })
