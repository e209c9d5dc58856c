// What the commands that make certificates have in common: names, keys, dates, where files go, what is printed.

import { stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { Context, Options } from '../command.ts'
import type { SignOptions } from '../../pki/certificate-options.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { certificateJson, certificateLines } from '../certificates.ts'
import { CliError, usage } from '../errors.ts'
import { writeOutput } from '../files.ts'
import type { Io } from '../io.ts'
import { passwordOf, readKey } from '../keys.ts'
import { encryptPrivateKey } from '../../pki/encrypted-key.ts'

/** Where files of a certificate go: `--out`, or named after the first name. */
export const fileNames = (first: string, suffix = ''): { readonly certificate: string; readonly key: string } => {
  const stem = `${first.replace(/^\*\./, '_wildcard.').replace(/[^A-Za-z0-9._@-]/g, '_')}${suffix}`
  return { certificate: `${stem}.pem`, key: `${stem}-key.pem` }
}

export interface NewKeyFlags {
  readonly kind: string | undefined
  readonly key: string | undefined
  readonly password: string | undefined
}

/** What `key` of the library takes, and whether it is a new one. */
export const keyOf = async (
  io: Io,
  { kind, key, password }: NewKeyFlags,
): Promise<{ readonly key: string | Uint8Array; readonly isNew: boolean }> => {
  if (kind !== undefined && key !== undefined)
    throw usage('--kind and --key exclude each other: a key that is there has its kind')
  return key === undefined
    ? { key: kind ?? 'ecdsa-p256', isNew: true }
    : { key: await readKey(io, key, password), isNew: false }
}

export const validity = (
  { clock }: Io,
  { validity: lasting, from }: { readonly validity: number | undefined; readonly from: string | undefined },
): {
  readonly notBefore?: number
  readonly notAfter?: number
  readonly days?: number
  readonly clock: () => number
} => {
  const start = from === undefined ? undefined : timeOf(from, '--from')
  if (lasting === undefined) return { ...(start === undefined ? {} : { notBefore: start }), clock }
  if (lasting === 0) throw usage('--validity: it has to be more than 0')
  return { ...(start === undefined ? {} : { notBefore: start }), notAfter: (start ?? clock()) + lasting, clock }
}

/** A date as people write it: 2027-01-31, 2027-01-31T12:00:00Z. */
export const timeOf = (text_: string, option: string): number => {
  const time = /^\d{4}-\d{2}-\d{2}([T ]|$)/.test(text_) ? Date.parse(text_) : Number.NaN
  if (Number.isNaN(time)) throw usage(`${option}: "${text_}" is no date such as 2027-01-31 or 2027-01-31T12:00:00Z`)
  return time
}

/** A name as in `CN=example.com, O=Example`, or a common name. */
export const subjectOf = (input: string): SignOptions['name'] => {
  const parts = input.split(/\s*,\s*(?=[A-Za-z]+=)/).map((part) => /^([A-Za-z]+)=(.*)$/.exec(part))
  if (parts.some((part) => part === null)) return input
  const keys: Readonly<Record<string, string>> = {
    CN: 'commonName',
    O: 'organization',
    OU: 'organizationalUnit',
    C: 'country',
    ST: 'state',
    L: 'locality',
    SERIALNUMBER: 'serialNumber',
    EMAIL: 'emailAddress',
  }
  return Object.fromEntries(
    parts.map((part) => {
      const key = keys[(part?.[1] ?? '').toUpperCase()]
      if (key === undefined) throw usage(`--subject: "${part?.[1]}" is not one of ${Object.keys(keys).join(', ')}`)
      return [key, part?.[2] ?? '']
    }),
  ) as SignOptions['name']
}

export const locations = (options: {
  readonly mustStaple: boolean
  readonly ocspUrl: readonly string[]
  readonly crlUrl: readonly string[]
  readonly issuerUrl: readonly string[]
}): Pick<SignOptions, 'mustStaple' | 'ocspUrls' | 'crlUrls' | 'issuerUrls'> => ({
  ...(options.mustStaple ? { mustStaple: true } : {}),
  ...(options.ocspUrl.length === 0 ? {} : { ocspUrls: options.ocspUrl }),
  ...(options.crlUrl.length === 0 ? {} : { crlUrls: options.crlUrl }),
  ...(options.issuerUrl.length === 0 ? {} : { issuerUrls: options.issuerUrl }),
})

/** An international name becomes its A-labels; an address and a mailbox stay what they are. */
export const checkNames = (names: readonly string[]): readonly string[] => {
  for (const name of names) {
    if (/^\[.*\]$/.test(name) && isIP(name.slice(1, -1))) throw usage(`"${name}": write the address without brackets`)
    if (/^[a-z][a-z0-9+.-]*:\/\/[^/]+\/?$/i.test(name)) throw usage(`"${name}" is a URL: name the host alone`)
  }
  return names
}

export interface Made {
  readonly certificatePem: string
  readonly chainPem: string
  readonly certificate: Uint8Array
  readonly privateKeyPem?: string
}

export interface OutFlags {
  readonly out: string | undefined
  readonly keyOut: string | undefined
  readonly force: boolean
  readonly encrypt?: string | undefined
}

/** Writes a new private key, encrypted where a password is given, readable by its owner alone. */
export const writeKey = async (
  io: Context<Options>['io'],
  path: string,
  privateKeyPem: string,
  { encrypt, force }: Pick<OutFlags, 'encrypt' | 'force'>,
): Promise<void> => {
  const pem =
    encrypt === undefined ? privateKeyPem : await encryptPrivateKey(privateKeyPem, await passwordOf(io, encrypt))
  await writeOutput(io, path, pem, { mode: 0o600, force })
}

/** Writes certificate and key, and says what was made. A key is written first: without it the certificate is worth
 * nothing. */
export const deliver = async (
  { io, out }: Context<Options>,
  made: Made,
  names: { readonly certificate: string; readonly key: string },
  flags: OutFlags,
  isNewKey: boolean,
): Promise<void> => {
  const toStdout = flags.out === '-'
  const certificatePath = flags.out ?? names.certificate
  const keyPath =
    flags.keyOut ??
    (flags.out === undefined || toStdout ? names.key : certificatePath.replace(/(\.[A-Za-z0-9]+)?$/, '-key.pem'))
  if (!toStdout && !flags.force) await refuseExisting(io, certificatePath)
  const files: { certificate?: string; key?: string } = {}
  if (isNewKey && made.privateKeyPem !== undefined) {
    await writeKey(io, keyPath, made.privateKeyPem, flags)
    files.key = keyPath
  }
  if (!toStdout) {
    await writeOutput(io, certificatePath, made.chainPem, { force: flags.force })
    files.certificate = certificatePath
  }
  const json = certificateJson(parseCertificate(made.certificate), io.clock())
  await out.json({ certificate: json, files, ...(toStdout ? { pem: made.chainPem } : {}) })
  if (toStdout) await out.print(made.chainPem.trimEnd())
  else
    await out.print(
      ...certificateLines(json, out.style),
      '',
      `certificate in ${files.certificate ?? ''}${files.key === undefined ? '' : `, private key in ${files.key}`}`,
    )
}

/** Before anything is written: a key without its certificate would be left behind. */
const refuseExisting = async ({ cwd }: Io, path: string): Promise<void> => {
  const isThere = await stat(resolve(cwd, path)).then(
    () => true,
    () => false,
  )
  if (isThere)
    throw new CliError('input', `${path}: it exists already`, { code: 'EEXIST', remedy: 'give --force to replace it' })
}
