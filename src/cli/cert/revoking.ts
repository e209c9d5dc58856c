// `puretls cert revoke` and `puretls cert crl`: what the local CA takes back, and the list that says so.

import { parseCertificates } from '../../x509/certificate.ts'
import { revocationReasons } from '../../pki/crl.ts'
import type { IssuedCrl, RevocationReason } from '../../pki/crl.ts'
import type { Ca } from '../../pki/ca.ts'
import { parseCrl } from '../../x509/crl.ts'
import type { Context, Options } from '../command.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readInput, writeOutput } from '../files.ts'
import type { Io } from '../io.ts'
import { caCertificate, caFolder, changeIndex, openCa } from './store.ts'
import type { CaFolder, IndexEntry } from './store.ts'
import { timeOf } from './common.ts'
import { equalBytes } from '../../wire/bytes.ts'

interface RevokeFlags {
  readonly reason: string | undefined
  readonly at: string | undefined
  readonly undo: boolean
  readonly caFolder: string | undefined
  readonly caPassword: string | undefined
}

const DAY = 86_400_000

export const runRevoke = async ({ io, out, args }: Context<Options>, flags: RevokeFlags): Promise<ExitCode> => {
  const at = caFolder(io, flags.caFolder)
  const ca = await openCa(io, at, flags.caPassword)
  const serials = await Promise.all(args.map((arg) => serialOf(io, at, arg)))
  const reason = (flags.reason ?? 'unspecified') as RevocationReason
  if (!Object.hasOwn(revocationReasons, reason)) throw usage(`revoke: ${reason} is no reason`)
  const when = new Date(flags.at === undefined ? io.clock() : timeOf(flags.at, '--at')).toISOString()
  const { crl, revoked } = await changeIndex(at, async (index) => {
    const issued = [...index.issued]
    for (const { serialNumber, subject, names, notAfter } of serials) {
      const place = issued.findIndex((entry) => entry.serialNumber === serialNumber)
      const entry = issued[place] ?? { serialNumber, subject, names, notAfter }
      if (flags.undo) {
        if (entry.revoked?.reason !== 'certificateHold')
          throw new CliError('input', `${serialNumber} is not on hold, and what is revoked stays revoked`)
        const { revoked: _, ...rest } = entry
        issued[place] = rest
      } else if (entry.revoked !== undefined)
        throw new CliError('input', `${serialNumber} is revoked already, since ${entry.revoked.at}`)
      else if (place < 0) issued.push({ ...entry, revoked: { at: when, reason } })
      else issued[place] = { ...entry, revoked: { at: when, reason } }
    }
    const made = await crlOf(ca, issued, index.crlNumber + 1, 7 * DAY, io.clock())
    await writeOutput({ cwd: at.folder }, at.crlPath, made.crlPem, { force: true })
    return {
      index: { crlNumber: index.crlNumber + 1, issued },
      result: { crl: made, revoked: issued.filter((entry) => entry.revoked !== undefined).length },
    }
  })
  await out.json({
    serialNumbers: serials.map(({ serialNumber }) => serialNumber),
    reason: flags.undo ? null : reason,
    crl: at.crlPath,
    revoked,
    number: numberOf(crl),
  })
  await out.print(
    ...serials.map(
      ({ serialNumber, subject }) =>
        `${flags.undo ? 'no longer on hold' : 'revoked'}: ${subject || serialNumber} ` +
        `(${flags.undo ? serialNumber : reason})`,
    ),
    `CRL in ${at.crlPath}: publish it where the certificates say (--crl-url)`,
  )
  return exitCodes.ok
}

/** A certificate of this CA, or a serial number in hex. */
const serialOf = async (io: Io, at: CaFolder, arg: string): Promise<IndexEntry> => {
  const digits = arg.replaceAll(':', '').toLowerCase()
  if (/^([0-9a-f]{2}){8,20}$/.test(digits)) return { serialNumber: digits, subject: '', names: [], notAfter: '' }
  const bytes = await readInput(io, arg)
  const [certificate] = (() => {
    try {
      return parseCertificates(bytes)
    } catch (error) {
      throw new CliError('input', `${arg}: there is no certificate in it`, { cause: error })
    }
  })()
  if (certificate === undefined) throw new CliError('input', `${arg}: there is no certificate in it`)
  const own = await caCertificate(at)
  if (!equalBytes(certificate.issuer.der, own.subject.der)) {
    throw new CliError(
      'input',
      `${arg}: it was issued by ${certificate.issuer.toString()}, and not by the CA in ${at.folder} ` +
        `(${own.subject.toString()})`,
    )
  }
  return {
    serialNumber: certificate.serialNumberHex,
    subject: certificate.subject.toString(),
    names: (certificate.subjectAltNames ?? []).map(({ kind, value }) => `${kind}:${String(value)}`),
    notAfter: new Date(certificate.notAfter).toISOString(),
  }
}

const crlOf = (
  ca: Ca,
  issued: readonly IndexEntry[],
  number: number,
  lasting: number,
  now: number,
): Promise<IssuedCrl> =>
  ca.createCrl({
    number,
    thisUpdate: now,
    nextUpdate: now + lasting,
    revoked: issued.flatMap(({ serialNumber, revoked }) =>
      revoked === undefined ? [] : [{ serialNumber, date: Date.parse(revoked.at), reason: revoked.reason }],
    ),
  })

const numberOf = ({ crl }: IssuedCrl): number => {
  const value = parseCrl(crl).extensions.find(({ oid }) => oid === '2.5.29.20')?.value ?? new Uint8Array(0)
  return value.subarray(2).reduce((sum, byte) => sum * 256 + byte, 0)
}

interface CrlFlags {
  readonly validity: number | undefined
  readonly out: string | undefined
  readonly der: boolean
  readonly caFolder: string | undefined
  readonly caPassword: string | undefined
}

export const runCrl = async ({ io, out }: Context<Options>, flags: CrlFlags): Promise<ExitCode> => {
  const at = caFolder(io, flags.caFolder)
  const ca = await openCa(io, at, flags.caPassword)
  const { made, revoked } = await changeIndex(at, async (index) => {
    const crl = await crlOf(ca, index.issued, index.crlNumber + 1, flags.validity ?? 7 * DAY, io.clock())
    await writeOutput({ cwd: at.folder }, at.crlPath, crl.crlPem, { force: true })
    return {
      index: { ...index, crlNumber: index.crlNumber + 1 },
      result: { made: crl, revoked: index.issued.filter((entry) => entry.revoked !== undefined).length },
    }
  })
  const data = flags.der ? made.crl : made.crlPem
  if (flags.out === '-') await out.raw(data)
  else if (flags.out !== undefined) await writeOutput(io, flags.out, data, { force: true })
  const path = flags.out ?? at.crlPath
  if (flags.out !== '-') {
    await out.json({ serialNumbers: [], reason: null, crl: path, revoked, number: numberOf(made) })
    await out.print(`CRL number ${numberOf(made)} with ${revoked} revoked in ${path}`)
  }
  return exitCodes.ok
}
