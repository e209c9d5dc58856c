// `puretls cert ca | leaf | client | csr | sign | self-signed`: what makes certificates.

import { basename } from 'node:path'
import { selfSigned } from '../../pki/ca.ts'
import { createRequest, parseRequest } from '../../pki/csr.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { certificateJson, certificateLines } from '../certificates.ts'
import type { Context, Options } from '../command.ts'
import { usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput, writeOutput } from '../files.ts'
import { passwordOf } from '../keys.ts'
import { checkNames, deliver, fileNames, keyOf, locations, subjectOf, validity, writeKey } from './common.ts'
import type { NewKeyFlags, OutFlags } from './common.ts'
import { caFolder, makeCa, noteIssued, openCa } from './store.ts'

type Run<O> = (context: Context<Options>, options: O) => Promise<ExitCode>

interface CaFlags {
  readonly caFolder: string | undefined
  readonly caPassword: string | undefined
}
interface ValidityFlags {
  readonly validity: number | undefined
  readonly from: string | undefined
}
interface LocationFlags {
  readonly mustStaple: boolean
  readonly ocspUrl: readonly string[]
  readonly crlUrl: readonly string[]
  readonly issuerUrl: readonly string[]
}

export const runCa: Run<
  CaFlags &
    ValidityFlags &
    NewKeyFlags & {
      readonly name: string | undefined
      readonly permit: readonly string[]
      readonly exclude: readonly string[]
      readonly pathLength: number | undefined
      readonly under: string | undefined
      readonly force: boolean
    }
> = async (context, options) => {
  const { io, out } = context
  const at = caFolder(io, options.caFolder)
  const { key } = await keyOf(io, options)
  const above = options.under === undefined ? undefined : await openCa(io, caFolder(io, options.under))
  const name = subjectOf(options.name ?? `puretls CA of ${io.env['USER'] ?? io.env['USERNAME'] ?? 'this user'}`) ?? ''
  const hasConstraints = options.permit.length > 0 || options.exclude.length > 0
  const ca = await makeCa(
    at,
    {
      name,
      key,
      ...validity(io, options),
      ...(options.pathLength === undefined ? {} : { pathLength: options.pathLength }),
      ...(hasConstraints
        ? {
            nameConstraints: {
              ...(options.permit.length === 0 ? {} : { permitted: options.permit }),
              ...(options.exclude.length === 0 ? {} : { excluded: options.exclude }),
            },
          }
        : {}),
    },
    {
      force: options.force,
      password: options.caPassword === undefined ? undefined : await passwordOf(io, options.caPassword),
      ...(above === undefined ? {} : { above }),
    },
  )
  const json = certificateJson(parseCertificate(ca.certificate), io.clock())
  await out.json({ certificate: json, files: { certificate: at.certificatePath, key: at.keyPath } })
  await out.print(
    ...certificateLines(json, out.style),
    '',
    `certificate in ${at.certificatePath}`,
    `private key in ${at.keyPath}, which only you can read`,
    'To have it trusted on this machine: puretls cert trust',
  )
  return exitCodes.ok
}

type LeafFlags = CaFlags &
  ValidityFlags &
  NewKeyFlags &
  OutFlags &
  LocationFlags & { readonly subject: string | undefined }

/** A server's certificate, or with `client` a client's. */
const issueLeaf =
  (
    client: boolean,
  ): Run<
    LeafFlags & { readonly alsoServer?: boolean; readonly alsoClient?: boolean; readonly email?: readonly string[] }
  > =>
  async (context, options) => {
    const { io, args } = context
    const at = caFolder(io, options.caFolder)
    const ca = await openCa(io, at, options.caPassword)
    const { key, isNew } = await keyOf(io, options)
    const names = client ? (options.email ?? []) : checkNames(args)
    const subject = options.subject === undefined ? undefined : subjectOf(options.subject)
    const made = await ca.issue({
      names,
      key,
      ...validity(io, options),
      ...locations(options),
      ...(client
        ? { client: true, name: subject ?? args[0] ?? '', ...(options.alsoServer === true ? { server: true } : {}) }
        : {
            ...(subject === undefined ? {} : { name: subject }),
            ...(options.alsoClient === true ? { client: true, server: true } : {}),
          }),
    })
    await deliver(context, made, fileNames(args[0] ?? 'certificate'), options, isNew)
    await noteIssued(at, made.certificate)
    return exitCodes.ok
  }

export const runLeaf: ReturnType<typeof issueLeaf> = issueLeaf(false)
export const runClient: ReturnType<typeof issueLeaf> = issueLeaf(true)

export const runSelfSigned: Run<
  ValidityFlags &
    NewKeyFlags &
    OutFlags &
    LocationFlags & { readonly subject: string | undefined; readonly client: boolean }
> = async (context, options) => {
  const { io, args } = context
  const { key, isNew } = await keyOf(io, options)
  const made = await selfSigned({
    names: checkNames(args),
    key,
    ...validity(io, options),
    ...locations(options),
    ...(options.client ? { client: true, server: true } : {}),
    ...(options.subject === undefined ? {} : { name: subjectOf(options.subject) ?? '' }),
  })
  await deliver(context, made, fileNames(args[0] ?? 'certificate'), options, isNew)
  return exitCodes.ok
}

export const runCsr: Run<
  NewKeyFlags &
    OutFlags & {
      readonly subject: string | undefined
      readonly mustStaple: boolean
      readonly client: boolean
      readonly encrypt: string | undefined
    }
> = async (context, options) => {
  const { io, out, args } = context
  const { key, isNew } = await keyOf(io, options)
  const subject = options.subject === undefined ? args[0] : subjectOf(options.subject)
  const made = await createRequest({
    names: checkNames(args),
    key,
    ...(subject === undefined ? {} : { name: subject }),
    ...(options.mustStaple ? { mustStaple: true } : {}),
    ...(options.client ? { purposes: ['clientAuth'] } : {}),
  })
  const names = fileNames(args[0] ?? 'request')
  const toStdout = options.out === '-'
  const requestPath = options.out ?? names.certificate.replace(/\.pem$/, '.csr.pem')
  const files: { request?: string; key?: string } = {}
  if (isNew) {
    const keyPath = options.keyOut ?? names.key
    await writeKey(io, keyPath, made.privateKeyPem, options)
    files.key = keyPath
  }
  if (!toStdout) {
    await writeOutput(io, requestPath, made.requestPem, { force: options.force })
    files.request = requestPath
  }
  await out.json({ files, ...(toStdout ? { pem: made.requestPem } : {}) })
  if (toStdout) await out.print(made.requestPem.trimEnd())
  else
    await out.print(
      `request in ${requestPath}${files.key === undefined ? '' : `, private key in ${files.key}`}`,
      `To have it signed by your CA: puretls cert sign ${requestPath}`,
    )
  return exitCodes.ok
}

export const runSign: Run<
  CaFlags &
    ValidityFlags &
    OutFlags &
    LocationFlags & {
      readonly name: readonly string[]
      readonly client: boolean
      readonly ca: boolean
      readonly subject: string | undefined
    }
> = async (context, options) => {
  const { io, args } = context
  const path = args[0] ?? ''
  const request = await readInput(io, path)
  const asked = parseRequest(request)
  if (asked.basicConstraints?.ca === true && !options.ca)
    throw usage('sign: the request is for a CA certificate; --ca says that this is meant')
  const at = caFolder(io, options.caFolder)
  const ca = await openCa(io, at, options.caPassword)
  const made = await ca.sign(request, {
    ...validity(io, options),
    ...locations(options),
    ...(options.name.length === 0 ? {} : { names: checkNames(options.name) }),
    ...(options.client ? { client: true } : {}),
    ...(options.ca ? { ca: true } : {}),
    ...(options.subject === undefined ? {} : { name: subjectOf(options.subject) ?? '' }),
  })
  const stem = basename(path).replace(/(\.csr)?\.(pem|csr|der|txt)$/, '') || 'certificate'
  await deliver(context, made, { certificate: `${stem}.pem`, key: '' }, options, false)
  await noteIssued(at, made.certificate)
  return exitCodes.ok
}
