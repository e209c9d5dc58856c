// `puretls acme`: issues and renews by hand; `puretls serve --acme` does it by itself.

import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { createServer as createHttp } from 'node:http'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Acme, createAcmeServer, folderStorage, letsEncrypt } from '../../acme/index.ts'
import type { AcmeOptions, DnsHook } from '../../acme/index.ts'
import { parseCertificates } from '../../x509/certificate.ts'
import { certificateJson } from '../certificates.ts'
import { fileNames } from '../cert/common.ts'
import type { Context, Options } from '../command.ts'
import { configFolder } from '../config-folder.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput, writeOutput } from '../files.ts'
import type { Io } from '../io.ts'
import { parseTarget } from '../target.ts'

export interface AcmeFlags {
  readonly directory: string | undefined
  readonly staging: boolean
  readonly email: string | undefined
  readonly agree: boolean
  readonly acmeCa: string | undefined
  readonly storage: string | undefined
}

export interface IssueFlags extends AcmeFlags {
  readonly challenge: 'tls-alpn-01' | 'http-01' | 'dns-01' | undefined
  readonly listen: string | undefined
  readonly dnsHook: string | undefined
  readonly out: string | undefined
  readonly force: boolean
}

const storageFolder = (io: Io, { storage }: AcmeFlags): string =>
  storage === undefined ? join(configFolder(io), 'acme') : resolve(io.cwd, storage)

export const acmeOptionsOf = async (io: Io, flags: AcmeFlags): Promise<AcmeOptions> => {
  if (!flags.agree) throw usage("the CA's terms of service have to be agreed to: --agree")
  if (flags.staging && flags.directory !== undefined) throw usage('--staging and --directory exclude each other')
  const directoryUrl = flags.staging ? letsEncrypt.staging : flags.directory
  if (directoryUrl !== undefined && !/^https:\/\/./.test(directoryUrl))
    throw usage(`--directory: "${directoryUrl}" is no https URL`)
  return {
    termsAgreed: true,
    storage: folderStorage(storageFolder(io, flags)),
    clock: io.clock,
    ...(directoryUrl === undefined ? {} : { directoryUrl }),
    ...(flags.email === undefined ? {} : { email: flags.email }),
    ...(flags.acmeCa === undefined ? {} : { ca: await readInput(io, flags.acmeCa) }),
  }
}

/** `COMMAND set|remove NAME VALUE`; it returns when the record can be seen. */
const hookOf = (io: Io, command: string): DnsHook => {
  const call =
    (what: string) =>
    async (name: string, value: string): Promise<void> => {
      await promisify(execFile)(resolve(io.cwd, command), [what, name, value], { cwd: io.cwd, timeout: 300_000 }).catch(
        (error: unknown) => {
          throw new CliError(
            'input',
            `--dns-hook: ${command} ${what} failed: ` +
              `${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
          )
        },
      )
    }
  return { set: call('set'), remove: call('remove') }
}

export const runIssue = async (context: Context<Options>, flags: IssueFlags): Promise<ExitCode> =>
  obtain(context, flags, context.args, flags.force)

export const runRenew = async (context: Context<Options>, flags: IssueFlags): Promise<ExitCode> => {
  const names = context.args.length > 0 ? context.args : await storedNames(context.io, flags)
  if (names.length === 0)
    throw new CliError('input', `there is no certificate in ${storageFolder(context.io, flags)}`, {
      remedy: 'get one: puretls acme issue',
    })
  return obtain(context, flags, names, flags.force)
}

const obtain = async (
  { io, out }: Context<Options>,
  flags: IssueFlags,
  names: readonly string[],
  force: boolean,
): Promise<ExitCode> => {
  const options = await acmeOptionsOf(io, flags)
  const kind = flags.challenge ?? (flags.dnsHook === undefined ? 'tls-alpn-01' : 'dns-01')
  if (kind === 'dns-01' && flags.dnsHook === undefined)
    throw usage('acme: dns-01 needs --dns-hook, the command that puts the record into the DNS')
  const challenge = kind === 'dns-01' ? hookOf(io, flags.dnsHook ?? '') : kind
  const { acme, close } = await answering(io, { ...options, challenge }, kind, flags.listen)
  try {
    for (const name of names) {
      await out.progress(`${name}: asking the CA ...`)
      const before = (await acme.storage.read(`certificates/${name.toLowerCase()}`)) ?? ''
      await (force ? acme.renew(name) : acme.ensure(name))
      const pem = (await acme.storage.read(`certificates/${name.toLowerCase()}`)) ?? ''
      await deliver({ io, out }, name, pem, flags.out, before !== pem)
    }
  } finally {
    await out.progress(undefined)
    await close()
  }
  return exitCodes.ok
}

/** Listens where the CA looks, for as long as it takes. */
const answering = async (
  io: Io,
  options: AcmeOptions,
  kind: string,
  listen: string | undefined,
): Promise<{ readonly acme: Acme; readonly close: () => Promise<void> }> => {
  if (kind === 'dns-01') return { acme: new Acme(options), close: async () => {} }
  const where = parseTarget(
    /^:?\d+$/.test(listen ?? '')
      ? `[::]:${listen?.replace(':', '')}`
      : (listen ?? (kind === 'http-01' ? '[::]:80' : '[::]:443')),
    443,
  )
  if (kind === 'tls-alpn-01') {
    const server = createAcmeServer({ acme: options })
    const listener = await server.listen(where.port, where.host, (connection) => connection.close(), {
      signal: io.signal,
    })
    return { acme: server.acme, close: () => listener.close() }
  }
  const acme = new Acme(options)
  const http = createHttp((request, response) => {
    void acme
      .httpAnswer(request.url ?? '')
      .then((body) =>
        response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/octet-stream' }).end(body),
      )
  })
  await new Promise<void>((done, failed) => http.once('error', failed).listen(where.port, where.host, done))
  return { acme, close: async () => void http.close() }
}

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----\n?/

const deliver = async (
  { io, out }: Pick<Context, 'io' | 'out'>,
  name: string,
  pem: string,
  folder: string | undefined,
  isNew: boolean,
): Promise<void> => {
  const names = fileNames(name)
  const at = { certificate: join(folder ?? '.', names.certificate), key: join(folder ?? '.', names.key) }
  await writeOutput(io, at.key, KEY.exec(pem)?.[0] ?? '', { mode: 0o600, force: true })
  await writeOutput(io, at.certificate, pem.replace(KEY, ''), { force: true })
  const [leaf] = parseCertificates(pem)
  const until = leaf === undefined ? '' : certificateJson(leaf, io.clock()).notAfter
  await out.json({ name, until, isNew, files: at })
  await out.print(
    `${name}: ${isNew ? 'issued' : 'still good'}, until ${until}; certificate in ${at.certificate}, private ` +
      `key in ${at.key}`,
  )
}

const storedNames = async (io: Io, flags: AcmeFlags): Promise<readonly string[]> =>
  (await readdir(join(storageFolder(io, flags), 'certificates')).catch(() => []))
    .filter((file) => !/\.(lock|tmp|stale)$/.test(file))
    .map((file) => decodeURIComponent(file.replaceAll('_wildcard', '*')))

export const runList = async ({ io, out }: Context<Options>, flags: AcmeFlags): Promise<ExitCode> => {
  const storage = folderStorage(storageFolder(io, flags))
  const rows = await Promise.all(
    (await storedNames(io, flags)).map(async (name) => {
      const [leaf] = parseCertificates((await storage.read(`certificates/${name}`)) ?? '')
      const { notAfter = '', daysLeft = 0, issuer = '' } = leaf === undefined ? {} : certificateJson(leaf, io.clock())
      return { name, until: notAfter, daysLeft, issuer }
    }),
  )
  await out.json({ certificates: rows })
  await out.print(
    ...(rows.length === 0
      ? [`no certificates in ${storageFolder(io, flags)}`]
      : rows.map(
          ({ name, until, daysLeft, issuer }) => `${name}  until ${until} (${daysLeft} days), issued by ${issuer}`,
        )),
  )
  return exitCodes.ok
}
