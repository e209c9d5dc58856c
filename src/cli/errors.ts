// From whatever was thrown to one sentence, what to do about it, and an exit code. No stack trace reaches a user,
// unless it is a bug and PURETLS_DEBUG is set.

import { TlsError } from '../errors.ts'
import type { TlsErrorCode } from '../errors.ts'
import { exitCodes } from './exit-codes.ts'
import type { ExitCode, ExitName } from './exit-codes.ts'

/** What a command ends with when it can't go on. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exit: ExitName
  /** Stable, for programs. */
  readonly code: string
  readonly remedy: string | undefined

  constructor(
    exit: ExitName,
    message: string,
    more: { readonly code?: string; readonly remedy?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause })
    this.exit = exit
    this.code = more.code ?? exit
    this.remedy = more.remedy
  }

  get exitCode(): ExitCode {
    return exitCodes[this.exit]
  }
}

/** Something about the command line. */
export const usage = (message: string, remedy?: string): CliError => new CliError('usage', message, { remedy })

export const explain = (thrown: unknown): CliError => {
  if (thrown instanceof CliError) return thrown
  if (thrown instanceof TlsError) return ofTls(thrown)
  const system = ofSystem(thrown)
  if (system !== undefined) return system
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new CliError('internal', `puretls failed: ${message}`, {
    remedy: 'this is a bug: please report it, with what PURETLS_DEBUG=1 prints',
    cause: thrown,
  })
}

const ofTls = (error: TlsError): CliError => {
  // What a callback of the command's own threw, wrapped by the library.
  if (error.cause instanceof CliError) return error.cause
  const below = error.code === 'transport_failed' ? ofSystem(error.cause) : undefined
  if (below !== undefined) return below
  return new CliError(exitOf(error), oneSentence(error.message), {
    code: error.code,
    remedy: remedies[error.code],
    cause: error,
  })
}

const exitOf = ({ code, fault }: TlsError): ExitName => {
  if (code === 'bad_option') return 'usage'
  if (code === 'bad_key' || code === 'key_mismatch' || code === 'unsupported') return 'input'
  if (fault === 'certificate') return 'verification'
  if (fault === 'transport') return 'connection'
  if (code === 'aborted') return 'interrupted'
  return fault === 'internal' || fault === 'caller' ? 'internal' : 'handshake'
}

const remedies: Partial<Record<TlsErrorCode, string>> = {
  not_tls: 'check the port, and whether --starttls is needed',
  protocol_version: 'the peer offers none of the versions that were asked for; look at `puretls scan`',
  no_common_cipher_suite: 'compare the suites of both ends: `puretls scan`',
  no_common_group: 'compare the groups of both ends: `puretls scan`',
  no_common_protocol: 'compare --alpn with what the server speaks',
  unknown_ca: 'give the authority with --ca, or let the server send its intermediate certificates',
  certificate_expired: 'renew the certificate; check the clock',
  certificate_not_yet_valid: 'check the clock',
  certificate_name_mismatch: 'connect by a name in the certificate (--servername), or have one issued for this name',
  certificate_revoked: 'replace certificate and key',
  certificate_required: 'give a client certificate with --cert and --key',
  client_certificate_missing: 'give a client certificate with --cert and --key',
  key_mismatch: 'give the key that the certificate was issued for, and the leaf first',
  timeout: 'look at the network, or give it more time with --timeout',
  truncated: 'data may be missing: the peer went away without saying so',
}

interface Systemic {
  readonly code: string
  readonly syscall?: string
  readonly path?: string
  readonly hostname?: string
  readonly address?: string
  readonly port?: number
}

const isSystemic = (thrown: unknown): thrown is Error & Systemic =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'

/** Errors of node:fs, node:net and node:dns. */
const ofSystem = (thrown: unknown): CliError | undefined => {
  // Both families of addresses were tried: the first error is as good as any.
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return ofSystem(thrown.errors[0])
  if (!isSystemic(thrown)) return undefined
  const { code, path, hostname, address, port } = thrown
  const more = { code, cause: thrown }
  if (path !== undefined && address === undefined) {
    const says = fileSentences[code]
    return new CliError('input', says === undefined ? `${path}: ${thrown.message}` : `${path}: ${says}`, more)
  }
  const where =
    address === undefined
      ? (hostname ?? 'the host')
      : `${address.includes(':') ? `[${address}]` : address}:${port ?? ''}`
  const says = networkSentences[code]
  return says === undefined
    ? undefined
    : new CliError(code === 'EADDRINUSE' || code === 'EACCES' ? 'input' : 'connection', says(where), more)
}

const fileSentences: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it exists already',
  EROFS: 'the file system cannot be written to',
  ENOSPC: 'no space is left on the device',
}

const networkSentences: Readonly<Record<string, (where: string) => string>> = {
  ENOTFOUND: (where) => `there is no host of the name ${where}`,
  EAI_AGAIN: (where) => `the name ${where} could not be looked up: the name server does not answer`,
  ENODATA: (where) => `the name ${where} has no address`,
  ECONNREFUSED: (where) => `${where} refused the connection: nothing listens there`,
  ECONNRESET: (where) => `${where} reset the connection`,
  EHOSTUNREACH: (where) => `${where} cannot be reached`,
  ENETUNREACH: (where) => `there is no network to ${where}`,
  ETIMEDOUT: (where) => `${where} did not answer in time`,
  EPIPE: (where) => `${where} closed the connection`,
  EADDRINUSE: (where) => `${where} is in use already`,
  EADDRNOTAVAIL: (where) => `${where} is no address of this machine`,
  EACCES: (where) => `no permission to use ${where}`,
}

const oneSentence = (message: string): string => message.replace(/\s*\n\s*/g, ' ').trim()
