// Run with puretls/node/register (register.test.ts): says whose each module is, and lets a server and clients of this
// process talk. Arguments: the PEM files of a CA, a certificate and its key. Prints JSON.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import * as http2 from 'node:http2'
import https, { createServer, get } from 'https'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import tls, { connect } from 'node:tls'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'

/** Only our sockets have it; node:http2 has them in one of its own. */
const isOurs = (socket: object): boolean => '_puretls' in Object(Reflect.get(socket, 'stream') ?? socket)

const require = createRequire(import.meta.url)
const everywhere = [
  tls.connect,
  require('node:tls').connect,
  require('tls').connect,
  process.getBuiltinModule('tls').connect,
].every((found) => found === connect)

if (isMainThread) {
  const [ca = '', cert = '', key = ''] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8'))
  const server = createServer({ cert, key }, (incoming, response) =>
    response.end(JSON.stringify([incoming.url, isOurs(incoming.socket)])),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const agent = new https.Agent({ ca, keepAlive: false })
  const sent = get({ port, path: '/get', agent })
  const [response] = await once(sent, 'response')
  const byGet = [JSON.parse(await text(response)), isOurs(sent.socket ?? {})]
  const byFetch = process.env['TRY_FETCH']
    ? await fetch(`https://localhost:${port}/fetch`).then((answer) => answer.json())
    : undefined
  const second = http2.createSecureServer({ cert, key }, (incoming, answer) =>
    answer.end(String(isOurs(incoming.socket))),
  )
  second.listen(0, '127.0.0.1')
  await once(second, 'listening')
  const session = http2.connect(`https://localhost:${(second.address() as AddressInfo).port}`, { ca })
  const stream = session.request({ ':path': '/' })
  const byHttp2 = await text(stream)
  session.close()
  second.close()
  server.close()
  // Workers of Node inherit --import.
  const inWorker = process.env['TRY_FETCH']
    ? (await once(new Worker(new URL(import.meta.url)), 'message'))[0]
    : undefined
  console.log(JSON.stringify({ everywhere, byGet, byFetch, byHttp2, inWorker }))
  process.exit(0)
} else {
  parentPort?.postMessage(everywhere && '_puretls' in new tls.TLSSocket(new Socket()))
}
