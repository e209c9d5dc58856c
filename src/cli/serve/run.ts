// `puretls serve`: listens, and hands each connection to files, to a server behind, or back to its sender.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { nodeProvider } from '../../crypto/node.ts'
import { createServer } from '../../index.node.ts'
import type { ClientHelloInfo, CreateServerOptions, ServerOptions, TlsConnection } from '../../index.node.ts'
import type { AcmeEvent } from '../../acme/manager.ts'
import { sharedTicketKeys } from '../../session/shared-ticket-keys.ts'
import type { Context, Options } from '../command.ts'
import { keyLogTo } from '../connect/settings.ts'
import { CliError, explain, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput } from '../files.ts'
import { parseTarget } from '../target.ts'
import type { Target } from '../target.ts'
import { httpServer } from './http.ts'
import { identitySource } from './identities.ts'
import type { IdentityFlags, Source } from './identities.ts'
import { proxyTo } from './proxying.ts'
import { serveFile } from './static.ts'

export interface ServeFlags extends IdentityFlags {
  readonly listen: string | undefined
  readonly proxy: string | undefined
  readonly echo: boolean
  readonly route: readonly string[]
  readonly list: boolean
  readonly alpn: readonly string[]
  readonly clientCa: readonly string[]
  readonly clientCaOptional: boolean
  readonly tls12: boolean
  readonly tls13: boolean
  readonly ticketKey: string | undefined
  readonly reload: number | undefined
  readonly idle: number | undefined
  readonly inspect: boolean
  readonly keylog: string | undefined
}

/** Does something with a connection until it is over. */
type Serve = (connection: TlsConnection, peer: string) => Promise<void>

const DEFAULT_IDLE = 60_000
const DEFAULT_RELOAD = 2000

export const runServe = async (context: Context<Options>, flags: ServeFlags): Promise<ExitCode> => {
  const { io, out } = context
  const where = parseTarget(listenAddress(flags.listen), 8443)
  const source = await identitySource(io, flags, (event) => void tellAcme(context, event))
  const serve = await serviceOf(context, flags)
  const server = createServer({ ...(await optionsOf(context, flags, source)), handshakeTimeout: 10_000 })
  const open = new Set<TlsConnection>()
  const onConnection = async (
    connection: TlsConnection,
    { host, port }: { readonly host: string; readonly port: number },
  ): Promise<void> => {
    // The CA's own handshakes are over when they are done (RFC 8737 section 3).
    if (connection.info.alpn === 'acme-tls/1') {
      await connection.close({ timeoutMs: 1000 })
      return
    }
    open.add(connection)
    try {
      await serve.take(connection, `${host}:${port}`)
    } finally {
      open.delete(connection)
    }
  }
  const listener = await server.listen(
    where.port,
    where.host === '0.0.0.0' || where.host === '::' ? where.host : where.host,
    onConnection,
    {
      signal: io.signal,
      onError: (error, peer) => {
        // A client that only looked whether the port is open is not worth a line.
        if (error.code !== 'closed' && error.code !== 'aborted') void tellFailure(context, error, peer)
      },
    },
  )
  const { port } = listener.address
  const shown = where.host.includes(':') ? `[${where.host}]:${port}` : `${where.host}:${port}`
  await out.json({ event: 'listening', host: where.host, port, serving: serve.says, certificates: source.says })
  await out.print(`${serve.isHttp ? `https://${shown}/` : shown} serves ${serve.says}`, `certificates: ${source.says}`)
  void source.acme?.start()
  await untilStopped(context, flags, source)
  source.acme?.stop()
  await listener.close()
  serve.close()
  await drained(open)
  return exitCodes.ok
}

/** `8443`, `:8443`, `HOST:PORT`, `*:8443` for all addresses. */
const listenAddress = (given = 'localhost:8443'): string => {
  if (/^:?\d+$/.test(given)) return `localhost:${given.replace(':', '')}`
  return given.replace(/^\*(?=:|$)/, '[::]')
}

const tellAcme = async ({ out }: Context<Options>, event: AcmeEvent): Promise<void> => {
  const { kind, name } = event
  const message =
    kind === 'failed'
      ? `${event.error.message}; again at ${new Date(event.retryAt).toISOString()}`
      : `until ${new Date(event.until).toISOString()}`
  await out.json({ event: 'acme', what: kind, name, message })
  if (kind === 'failed') await out.warn(`${name}: ${message}`)
  else await out.print(`${name}: ${kind}, ${message}`)
}

const tellFailure = async (
  { out }: Context<Options>,
  thrown: unknown,
  peer: { readonly host: string; readonly port: number } | undefined,
): Promise<void> => {
  const { message, code } = explain(thrown)
  const who = peer === undefined ? undefined : `${peer.host}:${peer.port}`
  await out.json({ event: 'failure', peer: who ?? null, code, message })
  await out.warn(`${who ?? 'the listener'}: ${message}`)
}

/** Ends with the signal; looks at the certificates' files in between. */
const untilStopped = (
  context: Context<Options>,
  { reload = DEFAULT_RELOAD }: ServeFlags,
  source: Source,
): Promise<void> =>
  new Promise((done) => {
    const { io } = context
    const look = async (): Promise<void> => {
      try {
        if (await source.refresh()) {
          await context.out.json({ event: 'reloaded', certificates: source.says })
          await context.out.print('certificates: read again')
        }
      } catch (error) {
        await tellFailure(context, error, undefined)
      }
    }
    const timer = setInterval(() => void look(), Math.max(10, reload))
    const stop = (): void => {
      clearInterval(timer)
      done()
    }
    if (io.signal.aborted) stop()
    else io.signal.addEventListener('abort', stop, { once: true })
  })

const DRAIN = 3000

/** What is being answered may be finished, for a while. */
const drained = async (open: ReadonlySet<TlsConnection>): Promise<void> => {
  const deadline = Date.now() + DRAIN
  for (const connection of open) void connection.closeWrite({ timeoutMs: DRAIN }).catch(() => {})
  while (open.size > 0 && Date.now() < deadline) await new Promise((next) => setTimeout(next, 20))
  for (const connection of open) connection.abort(new Error('the server was stopped'))
}

interface Service {
  readonly says: string
  readonly isHttp: boolean
  readonly take: Serve
  readonly close: () => void
}

const serviceOf = async (context: Context<Options>, flags: ServeFlags): Promise<Service> => {
  const { io, args } = context
  const idle = flags.idle ?? DEFAULT_IDLE
  const [folder] = args
  if ([folder !== undefined, flags.proxy !== undefined, flags.echo].filter(Boolean).length > 1)
    throw usage('serve: DIR, --proxy and --echo exclude each other')
  const routes = new Map(flags.route.map(routeOf))
  const proxying =
    (target: Target): Serve =>
    async (connection, peer) => {
      try {
        await proxyTo(io, connection, target, idle)
      } catch (error) {
        connection.abort(error)
        await tellFailure(context, error, parsePeer(peer))
      }
    }
  const base =
    flags.proxy !== undefined
      ? {
          says: `the server at ${flags.proxy}`,
          isHttp: false,
          take: proxying(parseTarget(flags.proxy, 80)),
          close: () => {},
        }
      : flags.echo
        ? { says: 'what it is sent', isHttp: false, take: echo, close: () => {} }
        : await filesOf(context, folder ?? '.', flags.list, idle)
  return {
    ...base,
    says: `${base.says}${[...routes].map(([name, target]) => `; ${name}: the server at ${target.shown}`).join('')}`,
    take: (connection, peer) => {
      const target = routes.get(connection.info.serverName?.toLowerCase() ?? '')
      return (target === undefined ? base.take : proxying(target))(connection, peer)
    },
  }
}

const parsePeer = (peer: string): { readonly host: string; readonly port: number } => {
  const at = peer.lastIndexOf(':')
  return { host: peer.slice(0, at), port: Number(peer.slice(at + 1)) }
}

const routeOf = (input: string): [string, Target] => {
  const [, name, target] = /^([^=]+)=(.+)$/.exec(input) ?? []
  if (name === undefined || target === undefined) throw usage(`--route: "${input}" is not NAME=HOST:PORT`)
  return [name.toLowerCase(), parseTarget(target, 80)]
}

const echo: Serve = async (connection) => {
  for await (const data of connection) await connection.write(data)
  await connection.close()
}

const filesOf = async (
  { io, out }: Context<Options>,
  folder: string,
  list: boolean,
  idleTimeout: number,
): Promise<Service> => {
  const root = resolve(io.cwd, folder)
  const found = await stat(root)
  if (!found.isDirectory()) throw new CliError('input', `${folder}: it is not a folder`)
  const http = httpServer(
    (request, response) => {
      void serveFile(request, response, { root, list }).then(async (status) => {
        const line = {
          event: 'request',
          method: request.method ?? '',
          url: request.url ?? '',
          status,
          version: `HTTP/${request.httpVersion}`,
        }
        await out.json(line)
        await out.print(`${line.method} ${line.url} ${status} ${line.version}`)
      })
    },
    { headersTimeout: 10_000, requestTimeout: 60_000, idleTimeout },
  )
  return {
    says: `the files in ${folder}`,
    isHttp: true,
    take: (connection, peer) => http.take(connection, peer),
    close: http.close,
  }
}

const optionsOf = async (
  { io, out }: Context<Options>,
  flags: ServeFlags,
  source: Source,
): Promise<CreateServerOptions> => {
  if (flags.tls12 && flags.tls13) throw usage('serve: --tls12 and --tls13 exclude each other')
  const alpn = flags.alpn.flatMap((value) => value.split(','))
  const isHttp = flags.proxy === undefined && !flags.echo
  const cas = await Promise.all(flags.clientCa.map((path) => readInput(io, path)))
  const inspect = async (hello: ClientHelloInfo, context: unknown): Promise<void> => {
    const peer = context as { readonly host: string; readonly port: number } | undefined
    const json = hello.toJSON()
    const from = peer === undefined ? null : `${peer.host}:${peer.port}`
    await out.json({ event: 'hello', peer: from, hello: json })
    const alpnText = json.alpn.length === 0 ? '' : `  ALPN ${json.alpn.join(', ')}`
    const versionsText = json.versions.map(({ name }) => name).join(', ')
    await out.print(
      `${from ?? 'somebody'} ${json.serverName ?? '(no name)'}  versions ${versionsText}${alpnText}`,
      `  JA4 ${json.ja4 ?? 'unknown'}  JA3 ${json.ja3 ?? 'unknown'}`,
    )
  }
  return {
    provider: nodeProvider,
    identity: source.choose,
    ...versions(flags),
    ...(alpn.length > 0
      ? { alpn }
      : isHttp && flags.route.length === 0
        ? { alpn: ['h2', 'http/1.1'] }
        : isHttp
          ? { alpn: ['http/1.1'] }
          : {}),
    ...(cas.length === 0 ? {} : { clientAuth: { mode: flags.clientCaOptional ? 'request' : 'require', ca: cas } }),
    ...(flags.ticketKey === undefined
      ? {}
      : {
          tickets: {
            protector: sharedTicketKeys({ provider: nodeProvider, secret: await secretOf(io, flags.ticketKey) }),
          },
        }),
    ...(flags.keylog === undefined ? {} : { keyLog: keyLogTo(io, flags.keylog) }),
    ...(flags.inspect || source.acme !== undefined
      ? {
          onClientHello: async (hello, { context }) => {
            if (flags.inspect) await inspect(hello, context)
            return source.acme?.onClientHello(hello)
          },
        }
      : {}),
  }
}

const versions = ({ tls12, tls13 }: ServeFlags): Pick<ServerOptions, 'versions'> => {
  if (tls12) return { versions: { max: 'TLS 1.2' } }
  return tls13 ? { versions: { min: 'TLS 1.3' } } : {}
}

/** 32 bytes or more: as they are, or in hex or base64. */
const secretOf = async (io: Context['io'], path: string): Promise<Uint8Array> => {
  const bytes = await readInput(io, path)
  const text = Buffer.from(bytes).toString('latin1').trim()
  const secret = /^([0-9a-fA-F]{2}){32,}$/.test(text)
    ? Buffer.from(text, 'hex')
    : /^[A-Za-z0-9+/]{43,}={0,2}$/.test(text)
      ? Buffer.from(text, 'base64')
      : Buffer.from(bytes)
  if (secret.length < 32)
    throw new CliError('input', `${path}: it has ${secret.length} bytes, and a secret for ticket keys has 32 or more`, {
      remedy: 'make one: head -c 32 /dev/urandom > FILE',
    })
  return new Uint8Array(secret)
}
