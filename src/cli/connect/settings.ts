// From the options of `puretls connect` to what one attempt is made with: files are read, names checked, before
// anything is dialled.

import { appendFileSync, chmodSync } from 'node:fs'
import { resolve } from 'node:path'
import { isIP } from 'node:net'
import { nodeProvider } from '../../crypto/node.ts'
import { loadIdentity, systemRoots } from '../../index.node.ts'
import type { ClientOptions, ExternalPsk } from '../../index.node.ts'
import { fromHex } from '../../wire/bytes.ts'
import { decodeBase64 } from '../../wire/pem.ts'
import { chainVerifier } from '../../x509/chain-verifier.ts'
import { parseCertificates } from '../../x509/certificate.ts'
import { trustStore } from '../../x509/trust.ts'
import type { TrustStore } from '../../x509/trust.ts'
import { httpsOwner, lookUpHttps } from '../dns-https.ts'
import { CliError, usage } from '../errors.ts'
import { readInput, readText } from '../files.ts'
import type { Io } from '../io.ts'
import { readKey } from '../keys.ts'
import { parseProxy } from '../proxy.ts'
import { starttlsProtocols } from '../starttls/index.ts'
import type { StartTlsName } from '../starttls/index.ts'
import { parseTarget } from '../target.ts'
import type { Target } from '../target.ts'
import type { AttemptSettings } from './attempt.ts'

/** The options that say how to connect. */
export interface ConnectFlags {
  readonly ca: readonly string[]
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly password: string | undefined
  readonly servername: string | undefined
  readonly alpn: readonly string[]
  readonly tls12: boolean
  readonly tls13: boolean
  readonly legacy: boolean
  readonly group: readonly string[]
  readonly suite: readonly string[]
  readonly psk: string | undefined
  readonly ech: string | true | undefined
  readonly resolver: string | undefined
  readonly keylog: string | undefined
  readonly proxy: string | undefined
  readonly starttls: StartTlsName | undefined
  readonly timeout: number | undefined
  readonly insecure: boolean
}

const DEFAULT_TIMEOUT = 15_000

export const settingsOf = async (io: Io, input: string, flags: ConnectFlags): Promise<AttemptSettings> => {
  const { starttls } = flags
  const target = parseTarget(input, starttls === undefined ? 443 : starttlsProtocols[starttls].port)
  const timeoutMs = flags.timeout ?? DEFAULT_TIMEOUT
  if (flags.tls12 && flags.tls13) throw usage('connect: --tls12 and --tls13 exclude each other')
  const psk = flags.psk === undefined ? undefined : await pskOf(io, flags.psk)
  const client: AttemptSettings['client'] = {
    provider: nodeProvider,
    ...versions(flags),
    ...(flags.alpn.length === 0 ? {} : { alpn: words(flags.alpn) }),
    ...(flags.group.length === 0 ? {} : { groups: words(flags.group) }),
    ...(flags.suite.length === 0 ? {} : { cipherSuites: words(flags.suite) }),
    ...(flags.legacy ? { tls12: { legacy: true } } : {}),
    ...(psk === undefined ? {} : { psk: { keys: psk } }),
    ...(await identityOf(io, flags)),
    ...(flags.keylog === undefined ? {} : { keyLog: keyLogTo(io, flags.keylog) }),
    ...(await echOf(io, target, flags, timeoutMs)),
  }
  const verifier = chainVerifier({ provider: nodeProvider, trust: await trustOf(io, flags.ca) })
  return {
    target,
    serverName: flags.servername ?? target.host,
    starttls,
    timeoutMs,
    client,
    verifier,
    proxy: flags.proxy === undefined ? undefined : parseProxy(flags.proxy),
    // Whoever shows a certificate of their own, or sends early data, does it only to a server that was verified.
    onRefusal: flags.insecure || client.identity === undefined ? 'report' : 'fail',
  }
}

/** `--alpn h2,http/1.1` is `--alpn h2 --alpn http/1.1`. */
const words = (values: readonly string[]): readonly string[] =>
  values
    .flatMap((value) => value.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '')

const versions = ({ tls12, tls13 }: ConnectFlags): Pick<ClientOptions, 'versions'> => {
  if (tls12) return { versions: { max: 'TLS 1.2' } }
  return tls13 ? { versions: { min: 'TLS 1.3' } } : {}
}

/** The files of --ca; the machine's roots without any. */
export const trustOf = async (io: Io, ca: readonly string[]): Promise<TrustStore> => {
  if (ca.length === 0) return systemRoots({ env: io.env })
  const found = await Promise.all(
    ca.map(async (path) => {
      const bytes = await readInput(io, path)
      try {
        return parseCertificates(bytes)
      } catch (error) {
        throw new CliError('input', `${path}: there is no certificate in it that can be read`, { cause: error })
      }
    }),
  )
  return trustStore(found.flat())
}

const identityOf = async (io: Io, { cert, key, password }: ConnectFlags): Promise<Pick<ClientOptions, 'identity'>> => {
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined) throw usage('connect: --key needs the certificate that it is for: --cert FILE')
  const chain = await readInput(io, cert)
  // One file may hold both.
  const pair = await readKey(io, key ?? cert, password)
  return { identity: await loadIdentity({ cert: chain, key: pair }) }
}

/** `IDENTITY:HEX`, or `@FILE` with a line of that. */
const pskOf = async (io: Io, value: string): Promise<ExternalPsk> => {
  const text = value.startsWith('@') ? (await readText(io, value.slice(1))).trim() : value
  const [, identity, key] = /^(.+):((?:[0-9a-fA-F]{2})+)$/.exec(text) ?? []
  if (identity === undefined || key === undefined)
    throw usage('--psk: it takes IDENTITY:KEY with the key in hex, or @FILE with that in it')
  return { identity, key: fromHex(key.toLowerCase()) }
}

/** Lines are appended as they come; the file is the user's alone. */
export const keyLogTo = (io: Io, path: string): ((line: string) => void) => {
  const target = resolve(io.cwd, path)
  appendFileSync(target, '', { mode: 0o600 })
  chmodSync(target, 0o600)
  return (line) => appendFileSync(target, `${line}\n`)
}

const echOf = async (
  io: Io,
  target: Target,
  { ech, resolver }: ConnectFlags,
  timeoutMs: number,
): Promise<Pick<ClientOptions, 'hello'>> => {
  if (ech === undefined) return {}
  if (ech === 'grease') return { hello: { ech: {} } }
  return {
    hello: {
      ech: { configList: ech === true ? await echFromDns(io, target, resolver, timeoutMs) : await echConfig(io, ech) },
    },
  }
}

const echFromDns = async (
  io: Io,
  { host, port }: Target,
  resolver: string | undefined,
  timeoutMs: number,
): Promise<Uint8Array> => {
  if (isIP(host))
    throw usage(
      'connect: --ech looks up the HTTPS record of a name, and there is none of an address; give the ' +
        'config: --ech BASE64',
    )
  const records = await lookUpHttps(io, httpsOwner(host, port), resolver, timeoutMs)
  const list = records.find(({ ech }) => ech !== undefined)?.ech
  if (list !== undefined) return list
  const found = records.length === 0 ? 'has no HTTPS record' : 'has an HTTPS record without ECH'
  throw new CliError('connection', `${host} ${found}: Encrypted Client Hello is not on offer there`, {
    code: 'no_ech',
    remedy: 'give a config with --ech BASE64 or --ech @FILE',
  })
}

const echConfig = async (io: Io, value: string): Promise<Uint8Array> => {
  const bytes = value.startsWith('@') ? await fileBytes(io, value.slice(1)) : decodeBase64(value)
  if (bytes === undefined || bytes.length === 0)
    throw usage('--ech: it takes an ECHConfigList in base64, or @FILE with one')
  return bytes
}

/** A file with base64, PEM (ECHCONFIG), or the bytes themselves. */
const fileBytes = async (io: Io, path: string): Promise<Uint8Array | undefined> => {
  const bytes = await readInput(io, path)
  const text = Buffer.from(bytes).toString('latin1')
  const [, pem] = /-----BEGIN ECHCONFIG-----([\s\S]*?)-----END/.exec(text) ?? []
  return decodeBase64((pem ?? text).replace(/\s/g, '')) ?? bytes
}
