// STARTTLS: a protocol begins in the clear and goes over to TLS on the same socket. What was read beyond the last line
// in the clear belongs to TLS already: give it as `head`. Both roles.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer } from 'puretls'
import type { TlsConnection } from 'puretls'

export const upgradeClient = async (socket: Socket, ca: string): Promise<TlsConnection> => {
  await readLine(socket) // 220 ready
  socket.write('STARTTLS\r\n')
  const { head } = await readLine(socket) // 220 go ahead
  return connect(socket, { serverName: 'localhost', ca, head })
}

export const upgradeServer = async (socket: Socket, cert: string, key: string): Promise<TlsConnection> => {
  const server = createServer({ cert, key })
  socket.write('220 ready\r\n')
  const { line, head } = await readLine(socket)
  if (line !== 'STARTTLS') throw new Error(`expected STARTTLS, got ${line}`)
  // Bytes that came before we agreed were not protected: a client has no reason to send any (CVE-2011-0411).
  if (head.length > 0) throw new Error('data was injected before TLS began')
  socket.write('220 go ahead\r\n')
  return server.accept(socket, { head })
}

/** One line, and the bytes behind it. The socket is paused in between, so that nothing is lost. */
const readLine = async (socket: Socket): Promise<{ line: string; head: Uint8Array }> => {
  let bytes = new Uint8Array()
  for (;;) {
    const end = bytes.indexOf(10)
    if (end >= 0)
      return { line: new TextDecoder().decode(bytes.subarray(0, end)).trim(), head: bytes.subarray(end + 1) }
    const next = once(socket, 'data')
    socket.resume()
    const [chunk]: Uint8Array[] = await next
    socket.pause()
    if (chunk) bytes = Uint8Array.from([...bytes, ...chunk])
  }
}
