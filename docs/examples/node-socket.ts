// TLS over a Node socket that you opened yourself, as the client and as the server.
import { createServer as listen, connect as open } from 'node:net'
import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'puretls'

export const ask = async (port: number, ca: string): Promise<string> => {
  const tls = await connect(open(port, '127.0.0.1'), { serverName: 'localhost', ca, alpn: ['greeting/1'] })
  await tls.write(new TextEncoder().encode('who is there?'))
  await tls.closeWrite() // we have said everything, and go on listening
  let answer = ''
  const text = new TextDecoder()
  for await (const bytes of tls) answer += text.decode(bytes, { stream: true })
  await tls.close()
  return answer
}

export const answer = (cert: string, key: string, onError: (error: unknown) => void): Server => {
  const server = createServer({ cert, key, alpn: ['greeting/1'] })
  const serve = async (socket: Socket): Promise<void> => {
    const tls = await server.accept(socket, { handshakeTimeout: 10_000 })
    let question = ''
    for await (const bytes of tls) question += new TextDecoder().decode(bytes)
    await tls.write(new TextEncoder().encode(`${question} ${tls.info.version}, ${tls.info.alpn}`))
    await tls.close()
  }
  // What is caught is always a TlsError: error.code, error.fault, error.message.
  return listen((socket) => void serve(socket).catch(onError))
}
