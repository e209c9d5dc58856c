// The roots that the machine trusts, where the runtime has Node's builtins: SSL_CERT_FILE and SSL_CERT_DIR if set, else
// what the runtime itself trusts (with --use-system-ca), and NODE_EXTRA_CA_CERTS on top of either.

import type * as Fs from 'node:fs'
import type * as Path from 'node:path'
import type * as Tls from 'node:tls'
import { checkOptions } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { pemTextOf } from '../wire/pem.ts'
import { trustStore } from './trust.ts'
import type { TrustStore } from './trust.ts'

export interface SystemRootsOptions {
  /** `default`: as above. `bundled`: Mozilla's list in the runtime. `system`: the operating system's store, which
   * needs Node 22.15 or newer. */
  readonly source?: 'default' | 'bundled' | 'system'
  /** Default: process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Roots that can't be parsed are left out. Throws TlsError `bad_option` if SSL_CERT_FILE or NODE_EXTRA_CA_CERTS
 * can't be read or holds no certificate, or nothing is found. */
export const systemRoots = (options: SystemRootsOptions = {}): TrustStore => {
  checkOptions(options, { source: ['default', 'bundled', 'system'], env: 'object' })
  return trustStore(systemRootTexts(options), { skipUnreadable: true })
}

/** The same as PEM texts. */
export const systemRootTexts = ({
  source = 'default',
  env = process.env,
}: SystemRootsOptions = {}): readonly string[] => {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: directories } = env
  const isDefault = source === 'default'
  const isSet = isDefault && ((file ?? '') !== '' || (directories ?? '') !== '')
  const roots = isSet ? [...fromFile('SSL_CERT_FILE', file), ...fromDirectories(directories)] : fromRuntime(source)
  const extra = isDefault ? fromFile('NODE_EXTRA_CA_CERTS', env.NODE_EXTRA_CA_CERTS) : []
  const texts = withoutDuplicates([...roots, ...extra])
  if (texts.length === 0) {
    throw new TlsError(
      'bad_option',
      isSet ? 'SSL_CERT_FILE and SSL_CERT_DIR hold no certificate' : `there are no ${source} root certificates`,
    )
  }
  return texts
}

const fromRuntime = (source: 'default' | 'bundled' | 'system'): readonly string[] => {
  const { getCACertificates, tls } = runtimeRoots()
  if (typeof getCACertificates === 'function') return getCACertificates(source)
  if (source !== 'system') return tls.rootCertificates
  throw new TlsError(
    'unsupported',
    "this runtime does not show the operating system's root certificates: Node 22.15 or newer does",
  )
}

interface RuntimeRoots {
  readonly tls: typeof Tls
  /** Missing before Node 22.15, and in other runtimes. */
  readonly getCACertificates: typeof Tls.getCACertificates | undefined
}

let found: RuntimeRoots | undefined

/**
 * Loaded here and not by `import`: it is a third of what the library needs to be loaded on Node, and nothing else uses
 * it; and where puretls stands for node:tls, an import would find puretls. Kept from the first call on, for
 * puretls/node/register replaces getCACertificates().
 */
export const runtimeRoots = (): RuntimeRoots => {
  if (found) return found
  const tls: typeof Tls = process.getBuiltinModule('node:tls')
  found = { tls, getCACertificates: tls.getCACertificates }
  return found
}

/** Loaded when they are first needed, for as imports they take a third of the time that the rest of puretls takes. */
const nodeFs = (): typeof Fs => process.getBuiltinModule('node:fs')
const nodePath = (): typeof Path => process.getBuiltinModule('node:path')

const fromFile = (variable: string, file = ''): string[] => {
  if (file === '') return []
  const found = certificates(readText(variable, file))
  if (found.length === 0) throw new TlsError('bad_option', `${variable}: ${file} holds no PEM certificate`)
  return found
}

/** In UTF-16 too, as PowerShell writes text. */
const readText = (variable: string, file: string): string => {
  try {
    return pemTextOf(nodeFs().readFileSync(file)) ?? ''
  } catch (cause) {
    throw new TlsError('bad_option', `${variable}: ${file} can't be read`, { cause })
  }
}

/** The runtime may have read the same file, and files of a directory often have two names. */
const withoutDuplicates = (texts: readonly string[]): string[] => {
  const byContent = new Map(texts.map((text) => [text.replace(/\s+/g, ''), text]))
  return [...byContent.values()]
}

/** A list like PATH; files that can't be read are ignored, as OpenSSL does. */
const fromDirectories = (directories = ''): string[] => {
  const paths = directories
    .split(nodePath().delimiter)
    .filter((path) => path !== '')
    .flatMap(filesOf)
  return paths.flatMap(readCertificates)
}

const filesOf = (directory: string): string[] => {
  try {
    return nodeFs()
      .readdirSync(directory)
      .toSorted()
      .map((name) => nodePath().join(directory, name))
  } catch {
    return []
  }
}

const readCertificates = (path: string): string[] => {
  try {
    return certificates(pemTextOf(nodeFs().readFileSync(path)) ?? '')
  } catch {
    return []
  }
}

/** One by one, so that a broken one spoils no other. */
const certificates = (text: string): string[] =>
  text.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? []
