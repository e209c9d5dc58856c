// Run by Bun and by Deno (runtimes.test.ts): the library in that runtime, and that runtime's own TLS against it. Prints
// JSON. Arguments: the PEM files of a CA, a certificate and its key.

import { readFileSync } from 'node:fs'
import { createServer as listen, connect as dial } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect as theirConnect, createServer as theirServer } from 'node:tls'
import { once } from 'node:events'
import process from 'node:process'
import { existingSubpaths } from '../../scripts/subpaths.ts'
import { connect, createServer, pair } from '../../src/index.node.ts'
import { memorySessionCache } from '../../src/session/index.ts'

const [ca = '', cert = '', key = ''] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8'))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? undefined)

const portOf = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const overPair = async (): Promise<string> => {
  const [near, far] = pair()
  const [client, server] = await Promise.all([
    connect(near, { serverName: 'localhost', ca }),
    createServer({ cert, key }).accept(far),
  ])
  await client.write(bytes('hello'))
  const received = text(await server.read())
  await Promise.all([client.close(), server.close()])
  return `${received}, ${client.info.version}`
}

/** Our client twice to a server of the runtime's own. */
const toTheirs = async (): Promise<readonly boolean[]> => {
  const server = theirServer({ cert, key }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  const port = await portOf(server)
  const sessions = memorySessionCache()
  const resumed: boolean[] = []
  for (let i = 0; i < 2; i++) {
    const socket = dial(port, '127.0.0.1')
    await once(socket, 'connect')
    const connection = await connect(socket, { serverName: 'localhost', ca, sessions })
    await connection.write(bytes('hello'))
    if (text(await connection.read()) !== 'hello') throw new Error('another answer was expected')
    resumed.push(connection.info.resumed)
    await connection.close()
  }
  server.close()
  return resumed
}

/** A client of the runtime's own to our server. */
const fromTheirs = async (): Promise<string> => {
  const tls = createServer({ cert, key })
  const serve = async (socket: Socket): Promise<void> => {
    const connection = await tls.accept(socket)
    for await (const data of connection) await connection.write(bytes(`echo:${text(data)}`))
    await connection.close()
  }
  const listener = listen((socket) => void serve(socket).catch(() => socket.destroy()))
  const port = await portOf(listener)
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = theirConnect({ port, host: '127.0.0.1', servername: 'localhost', ca }, () => socket.write('hello'))
    socket.on('error', reject)
    socket.on('data', (data: Uint8Array) => {
      resolve(`${text(data)}, ${socket.getProtocol()}`)
      socket.end()
    })
  })
  listener.close()
  return answer
}

/** Its import replaces the whole process's TLS, so that it comes after everything that needs the runtime's own. */
const register = './node/register'
const others = existingSubpaths().filter(({ subpath }) => subpath !== register)
const last = existingSubpaths().filter(({ subpath }) => subpath === register)

const importEach = async (subpaths: typeof others): Promise<readonly string[]> => {
  const imported: string[] = []
  for (const { subpath, source, nodeSource } of subpaths) {
    const entry: object = await import(new URL(`../../${nodeSource ?? source}`, import.meta.url).href)
    if (Object.keys(entry).length > 0) imported.push(subpath)
  }
  return imported
}

const imported = await importEach(others)
const spoken = { overPair: await overPair(), toTheirs: await toTheirs(), fromTheirs: await fromTheirs() }
console.log(JSON.stringify({ imported: [...imported, ...(await importEach(last))], ...spoken }))
process.exit(0)
