// `puretls hello`: listens, peeks at each ClientHello, lets the handshake go on, and answers with what was seen.

import { appendFile } from 'node:fs/promises'
import { createServer as listenTcp } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { resolve } from 'node:path'
import { nodeProvider } from '../../crypto/node.ts'
import { TlsError } from '../../errors.ts'
import { createServer } from '../../index.node.ts'
import type { TlsConnection, TlsServer } from '../../index.node.ts'
import { defer } from '../../stream/defer.ts'
import { readClientHello } from '../../inspect/read-client-hello.ts'
import { createCa } from '../../pki/index.ts'
import type { Context, Options } from '../command.ts'
import { usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readText } from '../files.ts'
import { schema } from '../schema.ts'
import type { JsonSchema } from '../schema.ts'
import { replay, replaySchema } from './replay.ts'
import { helloJson, helloLines, helloProperties } from './report.ts'
import type { HelloJson } from './report.ts'

export const helloSchema: JsonSchema = schema.anyOf(
  schema.object({ time: schema.time(), from: schema.string('address:port'), ...helloProperties }, 'one a line'),
  replaySchema,
)

export interface HelloOptions {
  readonly port: number | undefined
  readonly host: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly append: string | undefined
  readonly count: number | undefined
  readonly line: number | undefined
  readonly servername: string | undefined
  readonly raw: boolean
  readonly timeout: number | undefined
}

export const runHello = async (context: Context<Options>): Promise<ExitCode> => {
  const options = context.options as unknown as HelloOptions
  const [verb, ...rest] = context.args
  if (verb === 'replay') return replay(context, rest, options)
  if (verb !== undefined) throw usage(`hello: "${verb}" is not "replay"; without it, hello takes no arguments`)
  return serve(context, options)
}

const serve = async ({ io, out, json }: Context<Options>, options: HelloOptions): Promise<ExitCode> => {
  const tls = await serverOf({ io, options })
  let left = options.count ?? Number.POSITIVE_INFINITY
  const done = defer<ExitCode>()
  const sockets = new Set<Socket>()
  const failed = (error: unknown): void => done.reject(error instanceof Error ? error : new Error(String(error)))

  const seen = async (from: string, hello: HelloJson): Promise<void> => {
    const entry = { time: new Date(io.clock()).toISOString(), from, ...hello }
    if (options.append !== undefined) await appendFile(resolve(io.cwd, options.append), `${JSON.stringify(entry)}\n`)
    await out.json(entry)
    await out.print(...helloLines(hello, from, out.style), ...(options.raw ? [`    ${hello.raw}`] : []))
  }

  const connected = async (socket: Socket): Promise<void> => {
    const { remoteAddress = '?', remotePort } = socket
    const from = `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
    const hello = await peek(socket, options.timeout ?? 15_000).catch(async (error: unknown) => {
      if (!(error instanceof TlsError)) throw error
      await out.warn(`${from}: ${error.message}`)
      return undefined
    })
    if (!hello) return void socket.destroy()
    await seen(from, hello)
    await converse(tls, socket, hello)
    if (--left <= 0) done.resolve(exitCodes.ok)
  }

  const server = listenTcp((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    connected(socket).catch(failed)
  })
  io.signal.addEventListener('abort', () => done.resolve(exitCodes.ok), { once: true })
  const port = await listening(server, options)
  const where = `listening on ${options.host ?? '127.0.0.1'}:${port}; Ctrl-C ends it`
  if (json) await out.warn(where)
  else await out.print(where)
  try {
    return await done.promise
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((closed) => server.close(closed))
  }
}

const listening = (server: Server, { port, host }: HelloOptions): Promise<number> =>
  new Promise((resolvePort, reject) => {
    server.once('error', reject)
    server.listen(port ?? 8443, host ?? '127.0.0.1', () => resolvePort((server.address() as AddressInfo).port))
  })

const peek = async (socket: Socket, timeoutMs: number): Promise<HelloJson> => {
  const { hello } = await readClientHello(socket, { provider: nodeProvider, signal: AbortSignal.timeout(timeoutMs) })
  return helloJson(hello)
}

const serverOf = async ({
  io,
  options,
}: {
  readonly io: Context['io']
  readonly options: HelloOptions
}): Promise<TlsServer> => {
  const common = { alpn: ['http/1.1'], tls12: { legacy: true } }
  if (options.cert !== undefined) {
    const cert = await readText(io, options.cert)
    return createServer({ ...common, cert, key: options.key === undefined ? cert : await readText(io, options.key) })
  }
  if (options.key !== undefined) throw usage('--key: it belongs to a --cert')
  const ca = await createCa({ name: 'puretls hello' })
  const leaf = await ca.issue({ names: ['localhost', '127.0.0.1', '::1'] })
  return createServer({ ...common, cert: leaf.chainPem, key: leaf.privateKeyPem })
}

/** The handshake, and the hello as an answer to each line. What goes wrong after the hello is the client's choice. */
const converse = async (tls: TlsServer, socket: Socket, json: HelloJson): Promise<void> => {
  try {
    const connection = await tls.accept(socket)
    await answer(connection, json)
    await connection.close({ timeoutMs: 500 })
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
  } finally {
    socket.destroy()
  }
}

const MAX_LINE = 8192

const answer = async (connection: TlsConnection, json: HelloJson): Promise<void> => {
  const text = JSON.stringify(json, undefined, 2)
  const send = (data: string): Promise<void> => connection.write(new TextEncoder().encode(data))
  let waiting = ''
  for (let chunk = await connection.read(); chunk !== null; chunk = await connection.read()) {
    waiting += new TextDecoder('latin1').decode(chunk)
    if (/^[A-Z]+ \S+ HTTP\/1/.test(waiting)) {
      if (!waiting.includes('\r\n\r\n')) continue
      const head =
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ` +
        `${text.length + 1}\r\nconnection: close\r\n\r\n`
      return send(`${head}${text}\n`)
    }
    const lines = waiting.split('\n')
    waiting = lines.pop() ?? ''
    for (const _ of lines) await send(`${JSON.stringify(json)}\n`)
    if (waiting.length > MAX_LINE) return
  }
}
