// The local CA in a folder: ca.pem, ca-key.pem (0600), index.json with what was issued and revoked, crl.pem. The
// folder is the user's alone (0700). Changes of the index are made under a lock.

import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { withLock } from '../../acme/lock.ts'
import { createCa, loadCa } from '../../pki/ca.ts'
import type { Ca } from '../../pki/ca.ts'
import type { CaOptions } from '../../pki/certificate-options.ts'
import type { RevocationReason } from '../../pki/crl.ts'
import { decryptPrivateKey, encryptPrivateKey } from '../../pki/encrypted-key.ts'
import { parseCertificate, parseCertificates } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { CliError } from '../errors.ts'
import { configFolder } from '../config-folder.ts'
import { privateFolder, writeOutput } from '../files.ts'
import type { Io } from '../io.ts'
import { passwordOf } from '../keys.ts'

export interface IndexEntry {
  /** Hex. */
  readonly serialNumber: string
  readonly subject: string
  readonly names: readonly string[]
  readonly notAfter: string
  readonly revoked?: { readonly at: string; readonly reason: RevocationReason }
}

interface Index {
  readonly crlNumber: number
  readonly issued: readonly IndexEntry[]
}

export interface CaFolder {
  readonly folder: string
  readonly certificatePath: string
  readonly keyPath: string
  readonly indexPath: string
  readonly crlPath: string
}

/** That of --ca-folder, or `ca` in the configuration folder. */
export const caFolder = (io: Io, given: string | undefined): CaFolder => {
  const folder = given === undefined ? join(configFolder(io), 'ca') : resolve(io.cwd, given)
  return {
    folder,
    certificatePath: join(folder, 'ca.pem'),
    keyPath: join(folder, 'ca-key.pem'),
    indexPath: join(folder, 'index.json'),
    crlPath: join(folder, 'crl.pem'),
  }
}

export const makeCa = async (
  at: CaFolder,
  options: CaOptions,
  { force, password, above }: { readonly force: boolean; readonly password?: string | undefined; readonly above?: Ca },
): Promise<Ca> => {
  await privateFolder(at.folder)
  const isThere = await stat(at.certificatePath).then(
    () => true,
    () => false,
  )
  if (isThere && !force) {
    throw new CliError('input', `${at.certificatePath}: there is a CA already`, {
      code: 'EEXIST',
      remedy: 'take it, name another folder with --ca-folder, or replace it with --force',
    })
  }
  const ca = above === undefined ? await createCa(options) : await above.createIntermediate(options)
  const key = password === undefined ? ca.privateKeyPem : await encryptPrivateKey(ca.privateKeyPem, password)
  await writeOutput({ cwd: at.folder }, at.keyPath, key, { mode: 0o600, force })
  await writeOutput({ cwd: at.folder }, at.certificatePath, ca.chainPem, { force })
  await writeIndex(at, { crlNumber: 0, issued: [] })
  return ca
}

export const openCa = async (io: Io, at: CaFolder, password?: string): Promise<Ca> => {
  const [certificatePem, key] = await Promise.all([
    readFile(at.certificatePath, 'utf8'),
    readFile(at.keyPath, 'utf8'),
  ]).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new CliError('input', `there is no CA in ${at.folder}`, {
        code: 'ENOENT',
        remedy: 'make one: puretls cert ca',
      })
    }
    throw error
  })
  const isEncrypted = key.includes('ENCRYPTED PRIVATE KEY')
  if (isEncrypted && password === undefined) {
    throw new CliError('input', `${at.keyPath}: the key of the CA is encrypted`, {
      code: 'encrypted',
      remedy: 'give its password: --ca-password pass:WORDS, env:NAME or file:PATH',
    })
  }
  const privateKeyPem = isEncrypted ? await decryptPrivateKey(key, await passwordOf(io, password ?? '')) : key
  return loadCa({ certificatePem, privateKeyPem, clock: io.clock })
}

export const caCertificate = async (at: CaFolder): Promise<Certificate> => {
  const text = await readFile(at.certificatePath, 'utf8').catch(() => undefined)
  const [first] = text === undefined ? [] : parseCertificates(text)
  if (first === undefined)
    throw new CliError('input', `there is no CA in ${at.folder}`, {
      code: 'ENOENT',
      remedy: 'make one: puretls cert ca',
    })
  return first
}

export const readIndex = async (at: CaFolder): Promise<Index> => {
  const text = await readFile(at.indexPath, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '{"crlNumber":0,"issued":[]}'
    throw error
  })
  try {
    return JSON.parse(text) as Index
  } catch {
    throw new CliError('input', `${at.indexPath}: it is not the index of a CA`)
  }
}

const writeIndex = async (at: CaFolder, index: Index): Promise<void> => {
  const scratch = `${at.indexPath}.new`
  await writeFile(scratch, `${JSON.stringify(index, undefined, 2)}\n`, { mode: 0o600 })
  await rename(scratch, at.indexPath)
}

/** One process changes the index at a time. */
export const changeIndex = async <T>(
  at: CaFolder,
  change: (index: Index) => Promise<{ readonly index: Index; readonly result: T }>,
): Promise<T> => {
  await mkdir(at.folder, { recursive: true, mode: 0o700 })
  return withLock(join(at.folder, 'index.lock'), async () => {
    const { index, result } = await change(await readIndex(at))
    await writeIndex(at, index)
    return result
  })
}

export const noteIssued = (at: CaFolder, der: Uint8Array): Promise<void> =>
  changeIndex(at, async (index) => {
    const certificate = parseCertificate(der)
    const entry: IndexEntry = {
      serialNumber: certificate.serialNumberHex,
      subject: certificate.subject.toString(),
      names: (certificate.subjectAltNames ?? []).map(({ kind, value }) => `${kind}:${String(value)}`),
      notAfter: new Date(certificate.notAfter).toISOString(),
    }
    return { index: { ...index, issued: [...index.issued, entry] }, result: undefined }
  })
