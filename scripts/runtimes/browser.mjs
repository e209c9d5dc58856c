// The conformance checks in a browser, in a page or in a Worker, bundled by run-browser.mjs, which gets the rows. The
// root entry takes WebCrypto there. Both ends in memory, both ends joined by a MessageChannel, and a client behind a
// WebSocket whose other end is joined to a server of node:tls (echo-servers.mjs).
import { connect, createServer, pair } from 'puretls'
import { inMemory, run } from './conformance.mjs'
import { overServers } from './over-servers.mjs'

/** A ByteStream out of what sends messages: bytes, or nothing at the end. Messages know no backpressure. */
const byteStream = ({ send, abort }) => {
  let controller
  const incoming = new ReadableStream({ start: (given) => (controller = given) }).getReader()
  let open = true
  const receive = (data) => {
    if (!open) return
    if (data.length > 0) return controller.enqueue(data)
    open = false
    controller.close()
  }
  const fail = (reason) => {
    if (!open) return
    open = false
    controller.error(reason)
  }
  const stream = {
    read: async () => (await incoming.read()).value ?? null,
    write: async (data) => send(data),
    close: async () => send(new Uint8Array()),
    abort: (reason) => {
      fail(reason ?? new Error('aborted'))
      abort()
    },
  }
  return { stream, receive, fail }
}

const overPort = (port) => {
  const { stream, receive, fail } = byteStream({
    send: (data) => {
      const copy = data.slice()
      port.postMessage(copy, [copy.buffer])
    },
    abort: () => port.postMessage('aborted'),
  })
  port.onmessage = ({ data }) => (data === 'aborted' ? fail(new Error('the other end was aborted')) : receive(data))
  return stream
}

const overMessageChannel = {
  name: 'message channel',
  prepare: createServer,
  open: async (options) => {
    const server = typeof options.accept === 'function' ? options : createServer(options)
    const { port1, port2 } = new MessageChannel()
    return {
      near: (client) => connect(overPort(port1), client),
      far: server.accept(overPort(port2)),
      close: async () => {
        port1.close()
        port2.close()
      },
    }
  },
}

const dial = async ({ id }) => {
  const socket = new WebSocket(`ws://${location.host}/relay/${id}`)
  socket.binaryType = 'arraybuffer'
  const { stream, receive, fail } = byteStream({ send: (data) => socket.send(data), abort: () => socket.close() })
  socket.onmessage = ({ data }) => receive(new Uint8Array(data))
  socket.onclose = () => fail(new Error('the relay closed the WebSocket'))
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error('there is no relay'))
  })
  return { near: (client) => connect(stream, client), close: async () => socket.close() }
}

const post = (path, value) => fetch(path, { method: 'POST', body: JSON.stringify(value) })

try {
  const transports = [inMemory({ connect, createServer, pair }), overMessageChannel, overServers('relay', '', dial)]
  await post('/rows', await run(transports))
} catch (error) {
  await post('/failed', String(error.stack ?? error))
}
