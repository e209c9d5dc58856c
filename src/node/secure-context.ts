// createSecureContext() and SecureContext of node:tls: every option is checked as there, and ends in the context or in
// an error; none is dropped.

import { constants } from 'node:crypto'
import process from 'node:process'

import { Context } from './context.ts'
import type { Material } from './identities.ts'
import {
  checkArray,
  checkInt32,
  checkInteger,
  checkObject,
  checkString,
  checkView,
  codedError,
  invalidArgType,
  invalidArgValue,
  isView,
} from './node-errors.ts'
import { settings } from './settings.ts'
import { ticketKeyLengths } from './tickets.ts'
import type { SecureContextOptions } from './types.ts'
import { versionRange } from './versions.ts'

/** What createSecureContext() gives, and `secureContext`, addContext() and SNICallback take. */
export class SecureContext {
  context: Context

  constructor(secureProtocol?: unknown, secureOptions?: unknown, minVersion?: unknown, maxVersion?: unknown) {
    this.context = new Context(versionRange(secureProtocol, secureOptions, minVersion, maxVersion))
    if (!secureOptions) return
    checkInteger(secureOptions, 'secureOptions')
    this.context.setOptions(secureOptions)
  }
}

/** Throws what node:tls throws for the same options: ERR_INVALID_ARG_TYPE, ERR_OSSL_*, ERR_SSL_NO_CIPHER_MATCH. */
export const createSecureContext = (options?: SecureContextOptions | null): SecureContext => {
  const given: SecureContextOptions = options || {}
  const { honorCipherOrder, minVersion, maxVersion, secureProtocol } = given
  let { secureOptions } = given
  if (honorCipherOrder) secureOptions = (secureOptions ?? 0) | constants.SSL_OP_CIPHER_SERVER_PREFERENCE
  const made = new SecureContext(secureProtocol, secureOptions, minVersion, maxVersion)
  configure(made.context, given)
  return made
}

const isMaterial = (value: unknown): value is Material => typeof value === 'string' || isView(value)

function checkMaterial(value: unknown, name: string): asserts value is Material {
  if (!isMaterial(value)) throw invalidArgType(name, ['string', 'Buffer', 'TypedArray', 'DataView'], value)
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

const configure = (context: Context, options: SecureContextOptions, name = 'options'): void => {
  checkObject(options, name)
  const { ciphers = settings.DEFAULT_CIPHERS, ecdhCurve = settings.DEFAULT_ECDH_CURVE, ca, cert, key } = options
  if (isGiven(ciphers)) checkString(ciphers, `${name}.ciphers`)
  context.chooseCiphers(ciphers || settings.DEFAULT_CIPHERS, `${name}.ciphers`)
  if (ca) {
    for (const one of listOf(ca)) {
      checkMaterial(one, `${name}.ca`)
      context.addCACert(one)
    }
  } else {
    context.addRootCerts()
  }
  if (options.allowPartialTrustChain) context.setAllowPartialTrustChain()
  if (cert) {
    for (const one of listOf(cert)) {
      checkMaterial(one, `${name}.cert`)
      context.setCert(one)
    }
  }
  if (key) setKeys(context, key, options.passphrase, name)
  setCompression(context, options.certificateCompression, name)
  setSigalgs(context, options.sigalgs, name)
  refuseEngines(options, name)
  checkString(ecdhCurve, `${name}.ecdhCurve`)
  context.setECDHCurve(ecdhCurve)
  checkDhparam(options.dhparam, name)
  if (isGiven(options.crl)) {
    for (const one of listOf(options.crl)) {
      checkMaterial(one, `${name}.crl`)
      context.addCRL(one)
    }
  }
  if (isGiven(options.sessionIdContext)) {
    context.setSessionIdContext(...sessionIdContexts(options.sessionIdContext, `${name}.sessionIdContext`))
  }
  if (isGiven(options.pfx)) setPfx(context, options)
  setTickets(context, options, name)
}

const setKeys = (context: Context, key: unknown, passphrase: unknown, name: string): void => {
  for (const one of listOf(key)) {
    const isPair = Array.isArray(key) && typeof one === 'object' && one !== null && 'pem' in one
    const pem: unknown = isPair ? one.pem : one
    const secret: unknown = isPair && 'passphrase' in one && one.passphrase !== undefined ? one.passphrase : passphrase
    checkMaterial(pem, `${name}.key`)
    if (isGiven(secret)) checkString(secret, `${name}.passphrase`)
    context.setKey(pem, typeof secret === 'string' ? secret : undefined)
  }
}

const setCompression = (context: Context, algorithms: unknown, name: string): void => {
  if (!isGiven(algorithms)) return
  checkArray(algorithms, `${name}.certificateCompression`)
  if (algorithms.length > 3) {
    throw invalidArgValue(`${name}.certificateCompression`, algorithms, 'can specify at most 3 algorithms')
  }
  const names = algorithms.map((algorithm, index) => {
    if (algorithm === 'zlib' || algorithm === 'brotli' || algorithm === 'zstd') return algorithm
    throw invalidArgValue(`${name}.certificateCompression[${index}]`, algorithm, "must be 'zlib', 'brotli', or 'zstd'")
  })
  context.setCertificateCompression(names)
}

const setSigalgs = (context: Context, sigalgs: unknown, name: string): void => {
  if (!isGiven(sigalgs)) return
  checkString(sigalgs, `${name}.sigalgs`)
  if (sigalgs === '') throw invalidArgValue(`${name}.sigalgs`, sigalgs)
  context.setSigalgs(sigalgs)
}

/** Keys and client certificates in an engine of OpenSSL: there is no OpenSSL here to load one. */
const refuseEngines = (options: object, name: string): void => {
  const { privateKeyIdentifier, privateKeyEngine, key, clientCertEngine }: Record<string, unknown> = { ...options }
  if (isGiven(privateKeyIdentifier)) {
    if (!isGiven(privateKeyEngine)) throw invalidArgValue(`${name}.privateKeyEngine`, privateKeyEngine)
    if (key) throw invalidArgValue(`${name}.privateKeyIdentifier`, privateKeyIdentifier)
    const types = ['string', 'null', 'undefined']
    if (typeof privateKeyIdentifier !== 'string')
      throw invalidArgType(`${name}.privateKeyIdentifier`, types, privateKeyIdentifier)
    if (typeof privateKeyEngine !== 'string') throw invalidArgType(`${name}.privateKeyEngine`, types, privateKeyEngine)
    throw noEngine()
  }
  if (!isGiven(clientCertEngine)) return
  if (typeof clientCertEngine !== 'string')
    throw invalidArgType(`${name}.clientCertEngine`, ['string', 'null', 'undefined'], clientCertEngine)
  throw noEngine()
}

const noEngine = (): Error =>
  codedError(Error, 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED', 'Custom engines not supported by this OpenSSL')

/** Parameters of finite-field Diffie-Hellman, whose suites are not here: checked, and then of no use. */
const checkDhparam = (dhparam: unknown, name: string): void => {
  if (!isGiven(dhparam)) return
  if (dhparam === 'auto' || dhparam === true) return
  checkMaterial(dhparam, `${name}.dhparam`)
  const bits = dhparamBits(dhparam)
  if (bits === undefined) throw codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Failed to set DH parameter')
  if (bits < 1024) throw codedError(Error, 'ERR_INVALID_ARG_VALUE', 'DH parameter is less than 1024 bits')
  if (bits < 2048) process.emitWarning('DH parameter is less than 2048 bits', 'SecurityWarning')
}

/** Bits of the prime in DH PARAMETERS (PKCS#3: SEQUENCE of the prime and the generator). */
const dhparamBits = (dhparam: Material): number | undefined => {
  const bytes =
    typeof dhparam === 'string'
      ? Buffer.from(dhparam)
      : Buffer.from(dhparam.buffer, dhparam.byteOffset, dhparam.byteLength)
  const body = /-----BEGIN (?:X9\.42 )?DH PARAMETERS-----([\s\S]*?)-----END/.exec(bytes.toString('latin1'))?.[1]
  const der = body === undefined ? bytes : Buffer.from(body, 'base64')
  const skip = (at: number): number =>
    ((der[at + 1] ?? 0) & 0x80) === 0 ? at + 2 : at + 2 + ((der[at + 1] ?? 0) & 0x7f)
  if (der[0] !== 0x30) return undefined
  const at = skip(0)
  if (der[at] !== 0x02) return undefined
  const length = der[at + 1] ?? 0
  const count = (length & 0x80) === 0 ? length : der.readUIntBE(at + 2, length & 0x7f)
  const start = skip(at)
  const prime = der.subarray(start, start + count)
  const first = prime.findIndex((byte) => byte !== 0)
  return first < 0 ? undefined : (prime.length - first) * 8 - Math.clz32(prime[first] ?? 0) + 24
}

const setPfx = (context: Context, { pfx, passphrase }: SecureContextOptions): void => {
  for (const one of listOf(pfx)) {
    const isPair = Array.isArray(pfx) && typeof one === 'object' && one !== null && 'buf' in one
    const buf: unknown = isPair ? one.buf : one
    const secret: unknown = isPair && 'passphrase' in one && one.passphrase ? one.passphrase : passphrase
    const bytes = toBytes(buf, 'buffer')
    context.loadPKCS12(
      bytes,
      isGiven(secret) && secret !== '' ? Buffer.from(toBytes(secret, 'buffer')).toString('utf8') : undefined,
    )
  }
}

const toBytes = (value: unknown, name: string): Uint8Array => {
  if (typeof value === 'string') return Buffer.from(value, 'utf8')
  checkView(value, name)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

/** Text, as in node:tls; bytes and lists are ours. Throws TypeError for one that is longer than OpenSSL's. */
const sessionIdContexts = (given: unknown, name: string): readonly (string | Uint8Array)[] =>
  listOf(given).map((context) => {
    if (!(context instanceof Uint8Array)) checkString(context, name)
    if (Buffer.byteLength(context) <= MAX_SESSION_ID_CONTEXT) return context
    throw new TypeError('error:0A000111:SSL routines::ssl session id context too long')
  })

const MAX_SESSION_ID_CONTEXT = 32

const setTickets = (context: Context, { ticketKeys, sessionTimeout }: SecureContextOptions, name: string): void => {
  if (isGiven(ticketKeys)) {
    checkView(ticketKeys, `${name}.ticketKeys`)
    if (!ticketKeyLengths.includes(ticketKeys.byteLength)) {
      throw invalidArgValue(`${name}.ticketKeys`, ticketKeys.byteLength, 'must be exactly 48 bytes')
    }
    context.setTicketKeys(ticketKeys)
  }
  if (!isGiven(sessionTimeout)) return
  checkInt32(sessionTimeout, `${name}.sessionTimeout`, 0)
  context.setSessionTimeout(Number(sessionTimeout))
}
