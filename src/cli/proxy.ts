// --proxy: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS 5 (RFC 1928, RFC 1929). Names are given to the proxy,
// which looks them up.

import { isIP, isIPv4 } from 'node:net'
import type { Duplex } from 'node:stream'
import { parseIp } from '../pki/names.ts'
import { ClearStream } from './byte-stream.ts'
import { CliError, usage } from './errors.ts'
import { parseTarget } from './target.ts'
import type { Target } from './target.ts'

export interface Proxy {
  readonly kind: 'http' | 'socks5'
  readonly target: Target
  readonly user: string | undefined
  readonly password: string
}

/** `http://host:port`, `socks5://user:password@host`; without a scheme it is HTTP. */
export const parseProxy = (input: string): Proxy => {
  const [, scheme = 'http', user, password = '', rest = ''] =
    /^(?:([a-z0-9]+):\/\/)?(?:([^:@/]*)(?::([^@/]*))?@)?([^/]*)\/?$/i.exec(input) ?? []
  const kind = ({ http: 'http', socks5: 'socks5', socks5h: 'socks5', socks: 'socks5' } as const)[scheme.toLowerCase()]
  if (kind === undefined || rest === '')
    throw usage(`--proxy: "${input}" is not http://HOST:PORT or socks5://HOST:PORT`)
  return {
    kind,
    target: parseTarget(rest, kind === 'http' ? 8080 : 1080),
    user: user === undefined ? undefined : decodeURIComponent(user),
    password: decodeURIComponent(password),
  }
}

/** Asks the proxy for a tunnel; what came behind its answer. */
export const throughProxy = async (
  stream: Duplex,
  proxy: Proxy,
  target: Target,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const clear = new ClearStream(stream, signal)
  await (proxy.kind === 'http' ? httpConnect : socks5)(clear, proxy, target)
  return clear.head
}

const httpConnect = async (
  clear: ClearStream,
  { user, password, target: proxy }: Proxy,
  target: Target,
): Promise<void> => {
  const credentials =
    user === undefined ? '' : `Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n`
  await clear.write(`CONNECT ${target.shown} HTTP/1.1\r\nHost: ${target.shown}\r\n${credentials}\r\n`)
  const status = await clear.line()
  const [, code] = /^HTTP\/1\.[01] (\d{3})\b/.exec(status) ?? []
  if (code === undefined)
    throw new CliError('connection', `the proxy ${proxy.shown} does not answer as an HTTP proxy does`, {
      code: 'proxy',
    })
  if (!code.startsWith('2')) {
    throw new CliError(
      'connection',
      `the proxy ${proxy.shown} refused a tunnel to ${target.shown}: ${status.slice(9, 80)}`,
      {
        code: 'proxy',
        remedy: code === '407' ? 'give user and password: --proxy http://USER:PASSWORD@HOST:PORT' : undefined,
      },
    )
  }
  while ((await clear.line()) !== '') {
    // the header ends with an empty line
  }
}

const socksFailures = [
  '',
  'a failure of its own',
  'its rules forbid it',
  'the network cannot be reached',
  'the host cannot be reached',
  'the connection was refused',
  'the time ran out',
  'it does not know CONNECT',
  'it does not know this kind of address',
]

const socks5 = async (clear: ClearStream, { user, password, target: proxy }: Proxy, target: Target): Promise<void> => {
  const refused = (why: string): CliError =>
    new CliError('connection', `the proxy ${proxy.shown} refused a tunnel to ${target.shown}: ${why}`, {
      code: 'proxy',
    })
  await clear.write(Uint8Array.from(user === undefined ? [5, 1, 0] : [5, 2, 0, 2]))
  const [socks, method] = await clear.exactly(2)
  if (socks !== 5)
    throw new CliError('connection', `the proxy ${proxy.shown} does not speak SOCKS 5`, { code: 'proxy' })
  if (method === 2 && user !== undefined) {
    const [name, secret] = [Buffer.from(user), Buffer.from(password)]
    await clear.write(Buffer.concat([Uint8Array.of(1, name.length), name, Uint8Array.of(secret.length), secret]))
    const [, status] = await clear.exactly(2)
    if (status !== 0) throw refused('it does not accept the user and the password')
  } else if (method !== 0) throw refused('it wants a user and a password (--proxy socks5://USER:PASSWORD@HOST:PORT)')
  const port = Uint8Array.of(target.port >> 8, target.port & 0xff)
  await clear.write(Buffer.concat([Uint8Array.of(5, 1, 0), socksAddress(target.host), port]))
  const [, status = 1, , type] = await clear.exactly(4)
  if (status !== 0) throw refused(socksFailures[status] ?? `failure ${status}`)
  const length = type === 1 ? 4 : type === 4 ? 16 : ((await clear.exactly(1))[0] ?? 0)
  await clear.exactly(length + 2)
}

const socksAddress = (host: string): Uint8Array => {
  const address = isIP(host) ? parseIp(host) : undefined
  if (address !== undefined) return Buffer.concat([Uint8Array.of(isIPv4(host) ? 1 : 4), address])
  const name = Buffer.from(host)
  return Buffer.concat([Uint8Array.of(3, name.length), name])
}
