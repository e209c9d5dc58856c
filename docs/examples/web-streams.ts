// TLS over web streams, and web streams over TLS: what a worker's socket, a WebTransport stream or an opened
// WebSocketStream gives goes in as it is.
import { connect } from 'puretls'

export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

export const getPage = async (socket: Duplex, serverName: string, ca: string): Promise<string> => {
  const tls = await connect(socket, { serverName, ca })
  const writer = tls.writable.getWriter()
  await writer.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${serverName}\r\nConnection: close\r\n\r\n`))
  const page = await new Response(tls.readable).text()
  await tls.close()
  return page
}
