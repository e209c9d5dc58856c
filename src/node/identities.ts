// Certificates and private keys as node:tls takes them: PEM or DER, one or many, keys with passphrases. As in OpenSSL
// there is one place for each kind of key; what is set later replaces what was there.

import { createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import { nodeProvider } from '../crypto/node.ts'
import { TlsError } from '../errors.ts'
import { loadIdentity } from '../identity.ts'
import type { Identity } from '../options.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { certificateBytes } from '../x509/load.ts'
import { bytesOfView } from './node-errors.ts'

/** PEM as text or bytes, or DER. */
export type Material = string | NodeJS.ArrayBufferView

export const plainBytes = (material: Material): string | Uint8Array =>
  typeof material === 'string' ? material : bytesOfView(material)

const isPem = (material: Material): boolean =>
  typeof material === 'string' ||
  Buffer.from(material.buffer, material.byteOffset, material.byteLength).includes('-----BEGIN')

/** An error of OpenSSL's other libraries, as node:tls throws it. */
export const osslError = (packed: string, library: string, reason: string, code: string, cause?: unknown): Error =>
  Object.assign(new Error(`error:${packed}:${library}::${reason}`, { cause }), { library, reason, code })

const noStartLine = (cause?: unknown): Error =>
  osslError('0480006C', 'PEM routines', 'no start line', 'ERR_OSSL_PEM_NO_START_LINE', cause)

/** What OpenSSL says of a block in PEM whose contents it cannot read. */
export const pemContentError = (cause: unknown): Error =>
  osslError('0480000D', 'PEM routines', 'ASN1 lib', 'ERR_OSSL_PEM_ASN1_LIB', cause)

/**
 * Certificates in DER, leaf first. Throws ERR_OSSL_PEM_NO_START_LINE where there is none, and ERR_OSSL_PEM_ASN1_LIB for
 * one that cannot be read.
 */
export const readCertificates = (material: Material): readonly Uint8Array[] => {
  let chain: readonly Uint8Array[]
  try {
    chain = certificateBytes(plainBytes(material), 'cert')
  } catch (cause) {
    throw noStartLine(cause)
  }
  try {
    chain.forEach(parseCertificate)
  } catch (cause) {
    throw isPem(material) ? pemContentError(cause) : noStartLine(cause)
  }
  return chain
}

/** Throws what node:crypto throws; an encrypted key without a passphrase is tried with an empty one, as in node:tls. */
export const readKey = (material: Material, passphrase: string | undefined): KeyObject => {
  const secret = passphrase === undefined ? {} : { passphrase }
  const data =
    typeof material === 'string' ? material : Buffer.from(material.buffer, material.byteOffset, material.byteLength)
  try {
    if (isPem(material)) return createPrivateKey({ key: data, ...secret })
    return readDerKey(data, secret)
  } catch (error) {
    const isMissing =
      error instanceof Error &&
      passphrase === undefined &&
      /ERR_MISSING_PASSPHRASE|INTERRUPTED/.test(String(Reflect.get(error, 'code')))
    if (isMissing) return readKey(material, '')
    throw error
  }
}

const readDerKey = (data: string | Buffer, secret: object): KeyObject => {
  const key = Buffer.from(data)
  let first: unknown
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key, format: 'der', type, ...secret })
    } catch (error) {
      first ??= error
    }
  }
  if (first instanceof Error && /ERR_MISSING_PASSPHRASE|BAD_DECRYPT/.test(String(Reflect.get(first, 'code'))))
    throw first
  throw osslError('1E08010C', 'DECODER routines', 'unsupported', 'ERR_OSSL_UNSUPPORTED', first)
}

interface Slot {
  readonly chain?: readonly Uint8Array[]
  readonly key?: KeyObject
  identity?: Identity | undefined
}

/** The certificates and keys of one secure context. */
export class IdentityStore {
  readonly #slots = new Map<string, Slot>()
  #last: readonly Uint8Array[] | undefined

  /** The chain that was set last. */
  get certificates(): readonly Uint8Array[] | undefined {
    return this.#last
  }

  setChain(chain: readonly Uint8Array[]): void {
    const [leaf] = chain
    if (!leaf) throw noStartLine()
    this.#last = chain
    const type = kindOf(parseCertificate(leaf))
    this.#slots.set(type, { chain })
  }

  /** Throws ERR_OSSL_X509_KEY_VALUES_MISMATCH for a key that is not that of the certificate of its kind. */
  setKey(key: KeyObject): void {
    const type = keyKind(key)
    const { chain } = this.#slots.get(type) ?? {}
    const slot: Slot = { ...(chain && { chain }), key }
    if (chain) slot.identity = loaded(chain, key)
    this.#slots.set(type, slot)
  }

  /**
   * Those with a key, in the order in which their kinds came. `authorities`: where the rest of a chain may be found.
   */
  identities(authorities: readonly Certificate[]): readonly Identity[] {
    return [...this.#slots.values()].flatMap(({ identity }) => (identity ? [completed(identity, authorities)] : []))
  }
}

const loaded = (chain: readonly Uint8Array[], key: KeyObject): Identity => {
  try {
    const identity = loadIdentity({ cert: chain, key }, nodeProvider)
    if (identity instanceof Promise) throw new TlsError('internal_error', 'the key was not loaded at once')
    return identity
  } catch (cause) {
    if (!(cause instanceof TlsError) || cause.code !== 'key_mismatch') throw cause
    throw osslError(
      '05800074',
      'x509 certificate routines',
      'key values mismatch',
      'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
      cause,
    )
  }
}

/** A lone certificate is sent with its issuers, as far as the context has them: OpenSSL does so too. */
const completed = (identity: Identity, authorities: readonly Certificate[]): Identity => {
  if (identity.certificates.length > 1) return identity
  const chain = issuersOf(identity.leaf, authorities)
  return chain.length === 0
    ? identity
    : { ...identity, certificates: [...identity.certificates, ...chain.map(({ der }) => der)] }
}

/** The certificates above one, by name, as far as they are in `authorities`. */
export const issuersOf = (leaf: Certificate, authorities: readonly Certificate[]): readonly Certificate[] => {
  const chain: Certificate[] = []
  let last = leaf
  while (!last.isSelfIssued) {
    const issuer = authorities.find((one) => one.subject.key === last.issuer.key && !chain.includes(one))
    if (!issuer) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

const kindOf = (certificate: Certificate): string => {
  try {
    const { type } = certificate.publicKey
    return /^p\d/.test(type) ? 'ec' : type
  } catch {
    return 'other'
  }
}

const keyKind = (key: KeyObject): string => key.asymmetricKeyType ?? 'other'
