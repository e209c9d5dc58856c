// socks: the tunnel that it opens is the stream under a TLS connection.
import { connect } from 'puretls/node'
import { SocksClient } from 'socks'
import type { SocksProxy } from 'socks'

export const open = async (proxy: SocksProxy, destination: { host: string; port: number }, ca: string) => {
  const { socket } = await SocksClient.createConnection({ command: 'connect', proxy, destination })
  return connect({ socket, servername: destination.host, ca })
}
