// The shim's TCP side: connects to the runner, introduces itself, and hands over bytes only when asked, one TLS record
// at a time (or one byte, for the runner's -async tests), so that nothing is read that an application would not have
// read.

import { connect, type Socket } from 'node:net'

export interface Link {
  /** The next record, or what there is of it at the end of the stream; null after that. */
  read(): Promise<Uint8Array | null>
  write(parts: readonly Uint8Array[]): Promise<void>
  /** Ends our direction, reads and drops the rest of the runner's, and closes. */
  finish(): Promise<void>
}

export async function openLink(port: number, ipv6: boolean, shimId: bigint, byteByByte: boolean): Promise<Link> {
  const socket = connect({ port, host: ipv6 ? '::1' : '127.0.0.1', noDelay: true })
  const inbox = new Inbox(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  const introduction = new Uint8Array(8)
  new DataView(introduction.buffer).setBigUint64(0, shimId, true)
  socket.write(introduction)
  return {
    read: () => inbox.take(byteByByte ? oneByte : oneRecord),
    write: (parts) => writeAll(socket, parts),
    finish: () => drain(socket),
  }
}

/** How many of `bytes` to hand over, or 0 for "more must come first". */
type Cut = (bytes: Uint8Array) => number

const oneByte: Cut = (bytes) => Math.min(1, bytes.length)

const oneRecord: Cut = (bytes) => {
  const [type = 0, major = 0, , high = 0, low = 0] = bytes
  if (bytes.length > 1 && (type < 20 || type > 24 || major !== 3)) return bytes.length
  if (bytes.length < 5) return 0
  const whole = 5 + high * 256 + low
  if (whole > 5 + maxSealedLength) return bytes.length
  return bytes.length < whole ? 0 : whole
}

/** 2^14 + 2048 bytes: the longest TLS 1.2 record body (RFC 5246 section 6.2.3). */
const maxSealedLength = 18_432

class Inbox {
  #bytes: Uint8Array = new Uint8Array(0)
  #ended = false
  #wake: () => void = () => {}
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
    socket.pause()
    socket.on('data', (chunk: Uint8Array) => {
      const joined = new Uint8Array(this.#bytes.length + chunk.length)
      joined.set(this.#bytes)
      joined.set(chunk, this.#bytes.length)
      this.#bytes = joined
      socket.pause()
      this.#wake()
    })
    const end = (): void => {
      this.#ended = true
      this.#wake()
    }
    socket.on('end', end).on('error', end).on('close', end)
  }

  async take(cut: Cut): Promise<Uint8Array | null> {
    for (;;) {
      const length = this.#ended ? cut(this.#bytes) || this.#bytes.length : cut(this.#bytes)
      if (length > 0) {
        const taken = this.#bytes.subarray(0, length)
        this.#bytes = this.#bytes.subarray(length)
        return taken
      }
      if (this.#ended) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#socket.resume()
      })
    }
  }
}

/** As one write: a runner that refuses the first part and hangs up would break the write of the second one, and Node
 * would then not read the alert that is there. */
async function writeAll(socket: Socket, parts: readonly Uint8Array[]): Promise<void> {
  const bytes = Buffer.concat(parts)
  if (bytes.length === 0 || socket.destroyed) return
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
}

function drain(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve()
    socket.removeAllListeners('data')
    socket.on('data', () => {})
    socket.once('close', () => resolve())
    socket.once('end', () => socket.destroy())
    socket.once('error', () => socket.destroy())
    socket.end()
    socket.resume()
    if (socket.readableEnded) socket.destroy()
  })
}
