// What a secure context holds: certificates and keys, authorities, CRLs, suites, versions, tickets. It has the methods
// of the object that node:tls keeps in SecureContext.context; socket and server read their configuration from it.

import type { CertificateCompression } from '../compression/codec.ts'
import { MadeOnce } from '../config/made-once.ts'
import type { ClientConfig, ServerConfig } from '../config/types.ts'
import { certificateCodecs } from '../compression/index.node.ts'
import { nodeProvider } from '../crypto/node.ts'
import type { Identity } from '../options.ts'
import type { GroupName, SignatureSchemeName } from '../wire/names.ts'
import { TLS13, signatureSchemes } from '../wire/registry.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { readCrlFields } from '../x509/crl-fields.ts'
import { certificateBytes, crlBytes } from '../x509/load.ts'
import { trustStore } from '../x509/trust.ts'
import type { TrustStore } from '../x509/trust.ts'
import { chooseCiphers, chooseGroups, chooseSignatureSchemes } from './ciphers.ts'
import type { ChosenCiphers } from './ciphers.ts'
import { IdentityStore, issuersOf, plainBytes, readCertificates, readKey } from './identities.ts'
import type { Material } from './identities.ts'
import { KeptConfig } from './kept-config.ts'
import { codedError } from './node-errors.ts'
import { readPfx } from './pfx.ts'
import { defaultRoots } from './roots.ts'
import { settings } from './settings.ts'
import { TicketKeys } from './tickets.ts'
import { checkStrength, defaultSecurityLevel, judgeBy } from './verify.ts'
import type { Judge } from './verify.ts'
import type { VersionRange } from './versions.ts'

export class Context {
  readonly identityStore: IdentityStore = new IdentityStore()
  readonly tickets: TicketKeys = new TicketKeys(nodeProvider)
  readonly clientConfig: KeptConfig<ClientConfig> = new KeptConfig()
  readonly serverConfig: KeptConfig<ServerConfig> = new KeptConfig()
  /** What a server makes once for all its connections. */
  readonly madeOnce: MadeOnce = new MadeOnce()
  #versions: VersionRange
  #authorities: Uint8Array[] = []
  #useRoots = false
  #crls: Uint8Array[] = []
  #partial = false
  #ciphers: ChosenCiphers | undefined
  #level = defaultSecurityLevel
  #groups: readonly GroupName[] | undefined
  #schemes: readonly SignatureSchemeName[] | undefined
  #compression: readonly CertificateCompression[] = []
  #options = 0
  #sessionTimeout: number | undefined
  #sessionIdContexts: readonly Uint8Array[] = [new Uint8Array(0)]
  #judge: Judge | undefined
  #parsed: readonly Certificate[] | undefined
  #trust: TrustStore | undefined
  #identities: readonly Identity[] | undefined

  constructor(versions: VersionRange) {
    this.#versions = versions
  }

  // ---- what createSecureContext() and programs set -----------------------------------------------------------------

  /** Throws as node:tls does for a passphrase that is missing or wrong, and for a key that is not the certificate's. */
  setKey(key: Material, passphrase?: string | null): void {
    this.identityStore.setKey(readKey(key, passphrase ?? undefined))
    this.#identities = undefined
  }

  setCert(cert: Material): void {
    const chain = readCertificates(cert)
    checkStrength(chain, this.#level)
    this.identityStore.setChain(chain)
    this.#identities = undefined
  }

  /** Certificates that cannot be read are left out, as OpenSSL does. */
  addCACert(ca: Material): void {
    this.#authorities.push(...readableCertificates(ca))
    this.#changed()
  }

  /** Trusts the default authorities, with those that are added. */
  addRootCerts(): void {
    this.#useRoots = true
    this.#changed()
  }

  addCRL(crl: Material): void {
    try {
      const crls = crlBytes(plainBytes(crl))
      crls.forEach(readCrlFields)
      this.#crls.push(...crls)
    } catch (cause) {
      throw Object.assign(new Error('Failed to parse CRL', { cause }), { code: 'ERR_CRYPTO_OPERATION_FAILED' })
    }
    this.#changed()
  }

  setAllowPartialTrustChain(): void {
    this.#partial = true
    this.#changed()
  }

  /** A cipher string of OpenSSL, for both versions. */
  chooseCiphers(text: string, name: string): void {
    this.#ciphers = chooseCiphers(text, name, defaultSecurityLevel)
    this.#level = this.#ciphers.level
    if (this.#ciphers.only13 && this.#versions.max >= TLS13) this.#versions = { min: TLS13, max: this.#versions.max }
  }

  setECDHCurve(curves: string): void {
    this.#groups = chooseGroups(curves)
  }

  setSigalgs(sigalgs: string): void {
    this.#schemes = chooseSignatureSchemes(sigalgs)
    this.#identities = undefined
  }

  /** In order of preference: zlib, brotli, zstd. */
  setCertificateCompression(names: readonly string[]): void {
    if (new Set(names).size < names.length)
      throw codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Failed to set certificate compression preference')
    this.#compression = names.flatMap((name) => certificateCodecs.find((codec) => codec.name === name) ?? [])
  }

  setOptions(options: number): void {
    this.#options |= options
  }

  /** What sessions carry, 0 to 32 bytes each, and have to carry to be continued: the first, or any of them. */
  setSessionIdContext(...contexts: readonly (string | Uint8Array)[]): void {
    this.#sessionIdContexts = contexts.map((context) =>
      typeof context === 'string' ? new Uint8Array(Buffer.from(context)) : context,
    )
  }

  /** Seconds. */
  setSessionTimeout(seconds: number): void {
    this.#sessionTimeout = seconds
  }

  getTicketKeys(): Buffer<ArrayBuffer> {
    return this.tickets.get()
  }

  setTicketKeys(keys: NodeJS.ArrayBufferView): void {
    this.tickets.set(keys)
  }

  /** Key, chain and authorities out of a PKCS#12 file. */
  loadPKCS12(file: Uint8Array, passphrase?: string): void {
    const { key, chain, authorities } = readPfx(file, passphrase)
    if (chain.length > 0) this.identityStore.setChain(chain)
    if (key) this.identityStore.setKey(key)
    this.#identities = undefined
    if (authorities.length > 0) {
      this.#authorities.push(...authorities)
      this.#changed()
    }
  }

  getMinProto(): number {
    return this.#versions.min
  }

  getMaxProto(): number {
    return this.#versions.max
  }

  setMinProto(version: number): void {
    this.#versions = { ...this.#versions, min: version }
  }

  setMaxProto(version: number): void {
    this.#versions = { ...this.#versions, max: version }
  }

  /** The certificate that was set last, DER. */
  getCertificate(): Buffer<ArrayBuffer> | null {
    const [leaf] = this.identityStore.certificates ?? []
    return leaf ? Buffer.from(leaf) : null
  }

  /** Its issuer, out of its own chain or `ca`, DER. */
  getIssuer(): Buffer<ArrayBuffer> | null {
    const [leaf, ...others] = (this.identityStore.certificates ?? []).map(parseCertificate)
    if (!leaf) return null
    const known = [...others, ...this.authorities]
    const issuer = leaf.isSelfIssued ? leaf : issuersOf(leaf, known)[0]
    return issuer ? Buffer.from(issuer.der) : null
  }

  /**
   * Node's own contexts have one, for other native code. Throws TypeError on an object that only inherits from a
   * context.
   */
  get _external(): undefined {
    void this.#options
    return undefined
  }

  /** Contexts hold no memory of their own outside JavaScript. */
  close(): void {}

  // ---- what connections read ---------------------------------------------------------------------------------------

  get versions(): VersionRange {
    return this.#versions
  }
  get suites(): readonly string[] {
    return (this.#ciphers ??= chooseCiphers(settings.DEFAULT_CIPHERS, 'options.ciphers', this.#level)).suites
  }
  get groups(): readonly GroupName[] | undefined {
    return this.#groups
  }
  get schemes(): readonly SignatureSchemeName[] | undefined {
    return this.#schemes
  }
  get compression(): readonly CertificateCompression[] {
    return this.#compression
  }
  get options(): number {
    return this.#options
  }
  get sessionTimeout(): number | undefined {
    return this.#sessionTimeout
  }
  get sessionIdContexts(): readonly Uint8Array[] {
    return this.#sessionIdContexts
  }
  /** Those of `ca`, parsed. */
  get authorities(): readonly Certificate[] {
    return (this.#parsed ??= this.#authorities.map(parseCertificate))
  }
  get trust(): TrustStore {
    return (this.#trust ??= this.#makeTrust())
  }
  get judge(): Judge {
    return (this.#judge ??= judgeBy({
      trust: this.trust,
      intermediates: this.authorities.filter(({ isSelfIssued }) => !isSelfIssued).map(({ der }) => der),
      crls: this.#crls,
      allowPartialTrustChain: this.#partial,
      level: this.#level,
    }))
  }
  get identities(): readonly Identity[] {
    return (this.#identities ??= this.identityStore
      .identities(this.authorities)
      .map((identity) => signingWith(identity, this.#schemes)))
  }

  #makeTrust(): TrustStore {
    if (!this.#useRoots) return trustStore(this.#authorities)
    if (this.#authorities.length === 0) return defaultRoots()
    const roots = defaultRoots().anchors.flatMap(({ certificate }) => certificate ?? [])
    return trustStore([...roots, ...this.authorities])
  }

  #changed(): void {
    this.#judge = undefined
    this.#trust = undefined
    this.#parsed = undefined
    this.#identities = undefined
  }
}

/** `sigalgs` is for both directions: what the peer may sign with, and what we sign with. */
const signingWith = (identity: Identity, schemes: readonly SignatureSchemeName[] | undefined): Identity => {
  if (!schemes) return identity
  const allowed: ReadonlySet<string> = new Set(
    signatureSchemes.filter(({ name }) => schemes.includes(name)).map(({ algorithm }) => algorithm),
  )
  const { signer } = identity
  return {
    ...identity,
    signer: { ...signer, algorithms: signer.algorithms.filter((algorithm) => allowed.has(algorithm)) },
  }
}

const readableCertificates = (material: Material): readonly Uint8Array[] => {
  let all: readonly Uint8Array[]
  try {
    all = certificateBytes(plainBytes(material), 'ca')
  } catch {
    return []
  }
  return all.filter((der) => {
    try {
      parseCertificate(der)
      return true
    } catch {
      return false
    }
  })
}
