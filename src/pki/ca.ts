// A certificate authority of one's own: the root, intermediates, certificates of servers and clients, requests, CRLs
// and OCSP responses. This is what people call first; everything it answers with goes into `ca`, `cert` and `key` as it
// is.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import type { KeyInput } from '../crypto/key-input.ts'
import { TlsError } from '../errors.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { certificateBytes } from '../x509/load.ts'
import { findViolation } from '../x509/constraints.ts'
import type { NameConstraints } from '../x509/extensions.ts'
import { sameName } from '../x509/name.ts'
import { extensionOids } from '../x509/oids.ts'
import {
  caExtensions,
  caSubject,
  checkCaOptions,
  checkLeafOptions,
  checkSignOptions,
  leafExtensions,
  leafSubject,
  now,
  serial,
} from './certificate-options.ts'
import type {
  CaOptions,
  LeafOptions,
  PublicLeafOptions,
  RequestLeafOptions,
  SignOptions,
  SignerCaOptions,
  SignerLeafOptions,
} from './certificate-options.ts'
import { checkCrlOptions, createCrl } from './crl.ts'
import type { CrlOptions, IssuedCrl } from './crl.ts'
import { parseRequest } from './csr.ts'
import * as extension from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { certified, issued, issuedNames, signCertificate, validityOf } from './issue.ts'
import type { Certified, Issued } from './issue.ts'
import { importKeyPair, keyIdentifier, keyPairOf, spkiOf } from './keys.ts'
import type { KeyPair } from './keys.ts'
import { checkRequested } from './names.ts'
import { checkOcspOptions, createOcspResponse } from './ocsp.ts'
import type { OcspOptions } from './ocsp.ts'

type ElsewhereOptions = RequestLeafOptions | SignerLeafOptions | PublicLeafOptions

/** What a CA can make. */
export interface Issuer {
  /** A certificate for whoever made a request, or for a key that is elsewhere. */
  issue(options: ElsewhereOptions): Promise<Certified>
  /** A certificate for a fresh key, or for a private key that is given. */
  issue(options: LeafOptions): Promise<Issued>
  /** The same as `issue({ request, ...options })`. */
  sign(request: PemOrDer, options?: SignOptions): Promise<Certified>
  /** An intermediate CA below this one. */
  createIntermediate(options: CaOptions): Promise<Ca>
  createIntermediate(options: SignerCaOptions): Promise<SignerCa>
  createCrl(options?: CrlOptions): Promise<IssuedCrl>
  /** An OCSP response (DER) for certificates of this CA, signed by it or by a responder that it certified. */
  createOcspResponse(options: OcspOptions): Promise<Uint8Array>
}

/** A certificate authority: its own certificate and key, and what it can make. */
export interface Ca extends Issued, Issuer {}
/** One whose private key stays behind a Signer or a CryptoKey. */
export interface SignerCa extends Certified, Issuer {}

const defaultDays = { ca: 3650, leaf: 397 } as const

/** A root CA, with a fresh key unless one is given. `await createCa({ name: 'My development CA' })` is enough. */
export function createCa(options: CaOptions): Promise<Ca>
export function createCa(options: SignerCaOptions): Promise<SignerCa>
export async function createCa(options: CaOptions | SignerCaOptions): Promise<Ca | SignerCa> {
  checkCaOptions(options)
  const keys = await keysFor(options)
  const subject = caSubject(options)
  const certificate = await signCertificate({
    issuer: subject,
    subject,
    validity: validityOf(options, now(options), defaultDays.ca),
    spki: keys.spki,
    signer: keys,
    extensions: await caExtensions(options, { subject, spki: keys.spki, authority: undefined }, options.pathLength),
    ...serial(options),
  })
  return caOf(keys, certificate, [], options.clock)
}

const keysFor = async ({
  key,
  publicKey,
}: CaOptions | SignerCaOptions | LeafOptions | SignerLeafOptions): Promise<KeyPair> =>
  keyPairOf(key, publicKey === undefined ? undefined : await spkiOf(publicKey))

/**
 * A CA that was kept: `cert` is its certificate with those above it (PEM text or bytes, DER, a list), `key` its key in
 * any form.
 */
export interface SavedCa {
  readonly cert: PemOrDer | readonly PemOrDer[]
  readonly key: KeyInput
  readonly clock?: () => number
}

/** As `createCa` answers: what was kept as `certificatePem` (or `chainPem`) and `privateKeyPem`. */
export interface SavedCaPem {
  readonly certificatePem: PemOrDer
  readonly privateKeyPem: PemOrDer
  readonly clock?: () => number
}

const savedNames: Names<SavedCa> = { cert: 'any', key: 'any', clock: 'function' }
/** A Ca itself will do. */
const savedPemNames: Names<SavedCaPem & Ca> = {
  ...issuedNames,
  issue: 'any',
  sign: 'any',
  createIntermediate: 'any',
  createCrl: 'any',
  createOcspResponse: 'any',
  clock: 'function',
}

/** The CA that certificate and key were saved from. Throws `key_mismatch`, `bad_key`, `bad_option`. */
export function loadCa(saved: SavedCaPem): Promise<Ca>
export function loadCa(saved: SavedCa): Promise<SignerCa>
export async function loadCa(saved: SavedCa | SavedCaPem): Promise<Ca | SignerCa> {
  checkOptions(saved, 'certificatePem' in Object(saved) ? savedPemNames : savedNames, {
    required: 'certificatePem' in Object(saved) ? ['privateKeyPem'] : ['cert', 'key'],
  })
  const { cert, key } = 'cert' in saved ? saved : { cert: saved.certificatePem, key: saved.privateKeyPem }
  const [certificate = new Uint8Array(), ...above] = certificateBytes(cert, 'cert' in saved ? 'cert' : 'certificatePem')
  const { spki, basicConstraints } = parseCertificate(certificate)
  if (basicConstraints?.ca !== true) throw new TlsError('bad_option', 'cert: the first certificate is not that of a CA')
  checkChain([certificate, ...above].map(parseCertificate))
  return caOf(await importKeyPair(key, spki), certificate, above, saved.clock)
}

/** Each certificate is that of the one before it: the chain goes out with all that the CA issues. */
const checkChain = (chain: readonly Certificate[]): void => {
  for (const [i, certificate] of chain.entries()) {
    const above = chain[i + 1]
    if (above !== undefined && !sameName(above.subject, certificate.issuer))
      throw new TlsError('bad_option', `cert: certificate ${i + 2} is not of the issuer of the one before it`)
  }
}

/** One certificate that is its own issuer, for a server (or client) that is trusted by itself. */
export function selfSigned(options: LeafOptions): Promise<Issued>
export function selfSigned(options: SignerLeafOptions): Promise<Certified>
export async function selfSigned(options: LeafOptions | SignerLeafOptions): Promise<Certified | Issued> {
  checkLeafOptions(options)
  if ('request' in options && options.request !== undefined)
    throw new TlsError('bad_option', 'request: only who has its key signs for itself; give `key`')
  const keys = await keysFor(options)
  const subject = leafSubject(options)
  const certificate = await signCertificate({
    issuer: subject,
    subject,
    validity: validityOf(options, now(options), defaultDays.leaf),
    spki: keys.spki,
    signer: keys,
    extensions: await leafExtensions(options, { subject, spki: keys.spki, authority: undefined }),
    ...serial(options),
  })
  return issued(certificate, [], keys)
}

/** A CA at work: its certificate and key, what goes below it in chains, and its clock. */
class Authority implements Issuer {
  readonly #keys: KeyPair
  readonly #own: Certificate
  /** What follows a certificate in the chain that is sent. */
  readonly #chainBelow: readonly Uint8Array[]
  readonly #clock: (() => number) | undefined
  #identifier: Promise<Uint8Array> | undefined
  #constraints: readonly NameConstraints[] | undefined

  constructor(keys: KeyPair, own: Certificate, chainBelow: readonly Uint8Array[], clock: (() => number) | undefined) {
    this.#keys = keys
    this.#own = own
    this.#chainBelow = chainBelow
    this.#clock = clock
  }

  issue(options: ElsewhereOptions): Promise<Certified>
  issue(options: LeafOptions): Promise<Issued>
  async issue(options: LeafOptions | ElsewhereOptions): Promise<Certified | Issued> {
    checkLeafOptions(options)
    if (options.request !== undefined) {
      const given = new Map<string, unknown>(Object.entries(options))
      if ((given.get('key') ?? given.get('publicKey')) !== undefined)
        throw new TlsError('bad_option', 'request: the key is the one in it; leave `key` and `publicKey` out')
      return this.#issueFor(options)
    }
    if (options.publicKey !== undefined && options.key === undefined) {
      return certified(await this.#certifyLeaf(options, await spkiOf(options.publicKey)), this.#chainBelow)
    }
    const keys = await keysFor(options)
    return issued(await this.#certifyLeaf(options, keys.spki), this.#chainBelow, keys)
  }

  async #certifyLeaf(given: SignOptions, spki: Uint8Array): Promise<Uint8Array> {
    const options = this.#inherit(given)
    const subject = leafSubject(options)
    return this.#certify(
      options,
      subject,
      spki,
      await leafExtensions(options, { subject, spki, authority: await this.#authority() }),
    )
  }

  async sign(request: PemOrDer, options: SignOptions = {}): Promise<Certified> {
    checkSignOptions(options)
    return this.#issueFor({ ...options, request })
  }

  /** Of a request only key, subject and names are taken over: its other extensions are wishes. */
  async #issueFor(given: RequestLeafOptions): Promise<Certified> {
    const options = this.#inherit(given)
    const wanted = parseRequest(options.request)
    if (!(await wanted.verify()))
      throw new TlsError('bad_option', 'the certificate request is not signed with the key in it')
    const subject =
      options.name === undefined && options.names === undefined ? wanted.subject.der : leafSubject(options)
    const altNames = wanted.extensions.find(({ oid }) => oid === extensionOids.subjectAltName)
    if (options.names === undefined) checkRequested(wanted.names)
    const takenOver =
      options.names === undefined && altNames !== undefined
        ? [{ oid: altNames.oid, critical: subject.length === 2, value: altNames.value }]
        : []
    const own = await leafExtensions(options, { subject, spki: wanted.spki, authority: await this.#authority() })
    const certificate = await this.#certify(options, subject, wanted.spki, extension.merged(...takenOver, ...own))
    return certified(certificate, this.#chainBelow)
  }

  createIntermediate(options: CaOptions): Promise<Ca>
  createIntermediate(options: SignerCaOptions): Promise<SignerCa>
  async createIntermediate(given: CaOptions | SignerCaOptions): Promise<Ca | SignerCa> {
    checkCaOptions(given)
    const options = this.#inherit(given)
    const keys = await keysFor(options)
    const subject = caSubject(options)
    const of = { subject, spki: keys.spki, authority: await this.#authority() }
    const extensions = await caExtensions(options, of, options.pathLength ?? 0)
    const certificate = await this.#certify(
      { ...options, days: options.days ?? defaultDays.ca, ca: true },
      subject,
      keys.spki,
      extensions,
    )
    return caOf(keys, certificate, this.#chainBelow, options.clock)
  }

  async createCrl(options: CrlOptions = {}): Promise<IssuedCrl> {
    checkCrlOptions(options)
    if (this.#own.keyUsage?.includes('cRLSign') === false)
      throw new TlsError(
        'bad_option',
        `"${this.#own.subject.toString()}" may not sign CRLs: its key usage has no cRLSign (RFC 5280 section 4.2.1.3)`,
      )
    for (const { certificate } of options.revoked ?? [])
      if (certificate !== undefined) this.#requireOwn(certificate, 'revoked')
    const issuer = { keys: this.#keys, issuer: this.#own.subject.der, identifier: await this.#authority() }
    return createCrl(issuer, { ...(this.#clock && { clock: this.#clock }), ...options })
  }

  async createOcspResponse(options: OcspOptions): Promise<Uint8Array> {
    checkOcspOptions(options)
    for (const { certificate } of options.answers)
      if (certificate !== undefined) this.#requireOwn(certificate, 'answers')
    return createOcspResponse(
      { keys: this.#keys, certificate: this.#own },
      { ...(this.#clock && { clock: this.#clock }), ...options },
    )
  }

  #inherit<T extends { readonly clock?: () => number }>(options: T): T {
    return this.#clock === undefined ? options : { clock: this.#clock, ...options }
  }

  #authority(): Promise<Uint8Array> {
    const { subjectKeyIdentifier, spki } = this.#own
    this.#identifier ??=
      subjectKeyIdentifier === undefined ? keyIdentifier(spki) : Promise.resolve(subjectKeyIdentifier)
    return this.#identifier
  }

  /** Serial numbers are an issuer's own: that of another CA's certificate would revoke, or vouch for, a stranger. */
  #requireOwn(certificate: PemOrDer, option: string): void {
    const [der = new Uint8Array()] = certificateBytes(certificate, option)
    if (sameName(parseCertificate(der).issuer, this.#own.subject)) return
    throw new TlsError(
      'bad_option',
      `${option}: a certificate of another issuer than "${this.#own.subject.toString()}"`,
    )
  }

  async #certify(
    options: SignOptions,
    subject: Uint8Array,
    spki: Uint8Array,
    extensions: readonly RawExtension[],
  ): Promise<Uint8Array> {
    const { basicConstraints, subject: issuer } = this.#own
    if (options.ca === true && basicConstraints?.pathLength !== undefined) {
      const allowed = basicConstraints.pathLength - 1
      if (allowed < 0)
        throw new TlsError(
          'bad_option',
          `"${issuer.toString()}" may have no CA below it (its pathLength is 0, RFC 5280 section 4.2.1.9)`,
        )
    }
    const certificate = await signCertificate({
      issuer: issuer.der,
      subject,
      validity: validityOf(options, now(options), defaultDays.leaf, this.#own),
      spki,
      signer: this.#keys,
      extensions,
      ...serial(options),
    })
    this.#requireAllowed(certificate)
    return certificate
  }

  /**
   * Nobody would accept a name outside this CA's name constraints, or those of the CAs above it that are in its chain
   * (RFC 5280 section 4.2.1.10). */
  #requireAllowed(der: Uint8Array): void {
    this.#constraints ??= [this.#own, ...this.#chainBelow.slice(1).map(parseCertificate)].flatMap(
      ({ nameConstraints }) => nameConstraints ?? [],
    )
    if (this.#constraints.length === 0) return
    const certificate = parseCertificate(der)
    if (certificate.isSelfIssued && certificate.basicConstraints?.ca === true) return
    const violation = findViolation(certificate, this.#constraints, { comparisons: Number.POSITIVE_INFINITY })
    if (violation !== undefined)
      throw new TlsError(
        'bad_option',
        `names: "${this.#own.subject.toString()}" may not certify this: ${violation.sentence}`,
      )
  }
}

function caOf(
  keys: KeyPair,
  der: Uint8Array,
  above: readonly Uint8Array[],
  clock: (() => number) | undefined,
): Ca | SignerCa {
  const own = parseCertificate(der)
  const isRoot = own.isSelfIssued
  const authority = new Authority(keys, own, isRoot ? [] : [der, ...above], clock)
  // Plain functions, so that `const { issue } = ca` and `{ ...ca }` work.
  const issuer: Issuer = {
    issue: authority.issue.bind(authority),
    sign: authority.sign.bind(authority),
    createIntermediate: authority.createIntermediate.bind(authority),
    createCrl: authority.createCrl.bind(authority),
    createOcspResponse: authority.createOcspResponse.bind(authority),
  }
  return { ...issued(der, isRoot ? [] : above, keys), ...issuer }
}
