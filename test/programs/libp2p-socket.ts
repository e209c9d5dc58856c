// A TCP socket as a MessageStream of libp2p, for tests of an encrypter without a whole node.

import { defaultLogger } from '@libp2p/logger'
import type { MessageStreamDirection } from '@libp2p/interface'
import { AbstractMessageStream } from '@libp2p/utils'
import type { SendResult } from '@libp2p/utils'
import type { Socket } from 'node:net'

class SocketStream extends AbstractMessageStream {
  readonly #socket: Socket

  constructor(socket: Socket, direction: MessageStreamDirection) {
    super({ log: defaultLogger().forComponent('test:socket'), direction })
    this.#socket = socket
    socket.on('data', (data) => this.onData(data))
    socket.on('end', () => this.onRemoteCloseWrite())
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('error', (error) => this.abort(error))
    socket.on('close', () => this.onTransportClosed())
  }

  sendData(data: Parameters<AbstractMessageStream['sendData']>[0]): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.#socket.write(data.slice()) }
  }

  sendReset(): void {
    this.#socket.destroy()
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.end(resolve))
  }
}

export const fromSocket = (socket: Socket, direction: MessageStreamDirection): SocketStream =>
  new SocketStream(socket, direction)
