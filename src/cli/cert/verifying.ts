// `puretls cert verify`: the whole search for a path, told: which ways were tried, where each ended, and why.

import { nodeProvider } from '../../crypto/node.ts'
import { verifyChain } from '../../x509/chain-verifier.ts'
import type { TriedPath } from '../../x509/search.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { crlCheck } from '../../x509/crl-check.ts'
import { trustOf } from '../connect/settings.ts'
import type { Context, Options } from '../command.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput } from '../files.ts'
import { mendOf } from '../mend.ts'
import { timeOf } from './common.ts'
import { contentsOf } from './looking.ts'
import { caFolder } from './store.ts'

export interface VerifyFlags {
  readonly ca: readonly string[]
  readonly localCa: boolean
  readonly caFolder: string | undefined
  readonly name: string | undefined
  readonly purpose: 'server' | 'client' | 'any' | undefined
  readonly at: string | undefined
  readonly crl: readonly string[]
  readonly profile: 'web-pki' | 'rfc5280' | 'baseline' | undefined
  readonly password: string | undefined
}

const purposes = { server: 'serverAuth', client: 'clientAuth', any: 'anyExtendedKeyUsage' } as const

export const runVerify = async ({ io, out, args }: Context<Options>, flags: VerifyFlags): Promise<ExitCode> => {
  const [path = '', ...more] = args
  const given = (await Promise.all([path, ...more].map((file) => contentsOf(io, file, flags.password)))).flat()
  const certificates = given.flatMap((content) => (content.kind === 'certificate' ? [content.certificate] : []))
  const [leaf] = certificates
  if (leaf === undefined) throw new CliError('input', `${path}: there is no certificate in it`)
  const ca = flags.localCa ? [...flags.ca, caFolder(io, flags.caFolder).certificatePath] : flags.ca
  const crls = await Promise.all(flags.crl.map((file) => readInput(io, file)))
  const tried: TriedPath[] = []
  const result = await verifyChain(
    certificates.map(({ der }) => der),
    {
      provider: nodeProvider,
      trust: await trustOf(io, ca),
      time: flags.at === undefined ? io.clock() : timeOf(flags.at, '--at'),
      purpose: purposes[flags.purpose ?? 'server'],
      ...(flags.name === undefined ? {} : { serverName: flags.name }),
      ...(flags.profile === undefined ? {} : { profile: flags.profile }),
      ...(crls.length === 0 ? {} : { checks: [crlCheck({ crls, depth: 'leaf' })] }),
      onTried: (one) => {
        // A second search, by names that are equal in meaning only, may go the same ways.
        if (!tried.some((other) => isSame(one, other))) tried.push(one)
      },
    },
  )
  const remedy = result.ok
    ? undefined
    : mendOf({ error: result.reason.error, chain: certificates, serverName: flags.name })
  await out.json({
    ok: result.ok,
    chain: result.ok ? result.chain.map(({ subject }) => subject.toString()) : [],
    reason: result.ok ? null : result.reason.code,
    message: result.ok ? null : result.reason.message,
    remedy: remedy ?? null,
    tried: tried.map(({ certificates: way, anchor, error }) => ({
      path: way.map(nameOf),
      anchor: anchor?.name.toString() ?? null,
      ok: error === undefined,
      reason: error?.reason ?? null,
      message: error?.message ?? null,
    })),
  })
  const { style } = out
  await out.print(
    style.bold(`Ways tried (${tried.length})`),
    ...tried.flatMap(({ certificates: way, anchor, error }, at) => [
      `  ${at + 1}. ${wayOf(way, anchor?.name.toString()).join(' <- ')}`,
      error === undefined
        ? `     ${style.green('holds')}`
        : `     ${style.red('fails:')} ${error.message} (${error.reason})`,
    ]),
    '',
    ...(result.ok
      ? [`${style.green('verified:')} ${result.chain.map(nameOf).join(' <- ')}`]
      : [
          `${style.red('refused:')} ${result.reason.message} (${result.reason.code})`,
          ...(remedy === undefined ? [] : [`${style.yellow('to mend it:')} ${remedy}`]),
        ]),
  )
  return result.ok ? exitCodes.ok : exitCodes.verification
}

const isSame = (a: TriedPath, b: TriedPath): boolean =>
  a.anchor === b.anchor &&
  a.error?.reason === b.error?.reason &&
  a.certificates.length === b.certificates.length &&
  a.certificates.every((certificate, at) => certificate === b.certificates[at])

const wayOf = (way: readonly Certificate[], anchor: string | undefined): readonly string[] => [
  ...way.map(nameOf),
  ...(anchor === undefined ? [] : [`[${anchor}]`]),
]

const nameOf = (certificate: Certificate): string =>
  certificate.subject.toString() || `serial ${certificate.serialNumberHex}`
