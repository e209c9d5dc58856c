// TLS from a browser: a relay carries bytes between a WebSocket and a TCP connection, and sees nothing but TLS records.
// A WebSocket becomes a ByteStream in one function; WebSocket has no backpressure, so the sender looks at
// bufferedAmount.
import { connect } from 'puretls'
import type { ByteStream, TlsConnection } from 'puretls'

/** What a WebSocket has, in browsers and elsewhere. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  onmessage: ((event: { readonly data: ArrayBuffer }) => void) | null
  onclose: (() => void) | null
  send(data: Uint8Array): void
  close(): void
}

export const connectThrough = (relay: WebSocketLike, serverName: string, ca: string): Promise<TlsConnection> =>
  connect(fromWebSocket(relay), { serverName, ca })

const fromWebSocket = (socket: WebSocketLike): ByteStream => {
  socket.binaryType = 'arraybuffer'
  const incoming = new ReadableStream<Uint8Array>({
    start: (controller) => {
      socket.onmessage = ({ data }) => controller.enqueue(new Uint8Array(data))
      socket.onclose = () => controller.close()
    },
  }).getReader()
  return {
    read: async () => (await incoming.read()).value ?? null,
    write: async (data) => {
      socket.send(data)
      while (socket.bufferedAmount > 1_000_000) await new Promise((resolve) => setTimeout(resolve, 10))
    },
    close: async () => socket.close(),
    abort: () => socket.close(),
  }
}
