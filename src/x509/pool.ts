// The certificates that can be used to build a path, indexed so that a search looks at candidates only (RFC 4158
// section 3.5): by name, then by key identifier. All of it is made in time linear in the bytes given, whatever they
// are.

import type { Certificate } from './certificate.ts'
import { indexBy } from './index-by.ts'
import { NameKeys } from './name-keys.ts'
import { extensionOids } from './oids.ts'
import type { TrustStore } from './trust.ts'

/** What decides the order of candidates and whether they can lead to an anchor. */
export interface PoolInput {
  readonly leaf: Certificate
  readonly pool: readonly Certificate[]
  readonly trust: TrustStore
  /** Milliseconds since the epoch: what is valid then comes first. */
  readonly time: number
  /** Names match by RFC 5280 section 7.1 and not only byte for byte. */
  readonly loose: boolean
}

export class CertificatePool {
  readonly #names: NameKeys
  readonly #bySubject = new Map<string, SameName>()
  readonly #reaching: ReadonlySet<Certificate>
  /** Those whose issuer has the name of an anchor. */
  readonly belowAnchors: readonly Certificate[]
  readonly #ids = new IdTable()
  readonly #keys = new Map<object, number>()
  readonly #cas = new Map<Certificate, number>()

  constructor({ leaf, pool, trust, time, loose }: PoolInput) {
    this.#names = new NameKeys(loose)
    const { reaching, belowAnchors } = reachingCertificates([leaf, ...pool], trust, this.#names)
    this.#reaching = reaching
    this.belowAnchors = belowAnchors
    for (const certificate of pool) {
      if (!this.#reaching.has(certificate)) continue
      const key = this.#names.of(certificate.subject)
      const same = this.#bySubject.get(key) ?? new SameName(time)
      this.#bySubject.set(key, same)
      same.add(certificate)
    }
  }

  /** Whether a trust anchor can be reached from the certificate by names alone. */
  reachesAnchor(certificate: Certificate): boolean {
    return this.#reaching.has(certificate)
  }

  /** Certificates whose subject is the issuer of `child` and from which an anchor can be reached, the most promising
   * first: key identifiers are hints and no more (RFC 4158 section 3.5.12); then comes what is valid now. */
  issuersOf(child: Certificate): Iterable<Certificate> {
    const wanted = keyIdText(() => child.authorityKeyIdentifier?.keyIdentifier)
    return this.#bySubject.get(this.#names.of(child.issuer))?.candidates(wanted) ?? []
  }

  /** Whether nobody else comes before this issuer: it is the only one of its name, or the only key of that name with
   * the key identifier that the child asks for. */
  isLikely(child: Certificate, issuer: Certificate): boolean {
    const same = this.#bySubject.get(this.#names.of(child.issuer))
    if (same === undefined || same.size < 2) return true
    const wanted = keyIdText(() => child.authorityKeyIdentifier?.keyIdentifier)
    return wanted !== '' && wanted === keyIdText(() => issuer.subjectKeyIdentifier) && same.isOneKey(wanted, this)
  }

  /** Equal for holders of equal keys; the bytes of each holder are read once. */
  keyId(holder: { readonly spki: Uint8Array }): number {
    const known = this.#keys.get(holder)
    if (known !== undefined) return known
    const id = this.#ids.of(latin1.decode(holder.spki))
    this.#keys.set(holder, id)
    return id
  }

  /** Equal for certificates of one CA, which on one path would make a loop: key, name and alternative names are the
   * same. */
  caId(certificate: Certificate): number {
    const known = this.#cas.get(certificate)
    if (known !== undefined) return known
    const altNames = certificate.extension(extensionOids.subjectAltName)?.value
    const name = this.#ids.of(`name ${certificate.subject.key}`)
    const others = altNames === undefined ? 0 : this.#ids.of(`names ${latin1.decode(altNames)}`)
    const id = this.#ids.of(`ca ${this.keyId(certificate)} ${name} ${others}`)
    this.#cas.set(certificate, id)
    return id
  }
}

/** Certificates of one name by subject key identifier. */
class SameName {
  readonly #time: number
  readonly #all = new ValidFirst()
  readonly #byKeyId = new Map<string, ValidFirst>()

  constructor(time: number) {
    this.#time = time
  }

  get size(): number {
    return this.#all.size
  }

  add(certificate: Certificate): void {
    const isValid = this.#time >= certificate.notBefore && this.#time <= certificate.notAfter
    const key = keyIdText(() => certificate.subjectKeyIdentifier)
    const same = this.#byKeyId.get(key) ?? new ValidFirst()
    this.#byKeyId.set(key, same)
    same.add(certificate, isValid)
    this.#all.add(certificate, isValid)
  }

  /** Whether all with the key identifier have one key. */
  isOneKey(wanted: string, pool: CertificatePool): boolean {
    return this.#byKeyId.get(wanted)?.isOneKey(pool) === true
  }

  /** Those with the key identifier that is wanted, those with none, then the others. */
  *candidates(wanted: string): Iterable<Certificate> {
    if (wanted === '' || this.#all.size === 1) return yield* this.#all.list()
    yield* this.#byKeyId.get(wanted)?.list() ?? []
    yield* this.#byKeyId.get('')?.list() ?? []
    for (const [key, same] of this.#byKeyId) if (key !== wanted && key !== '') yield* same.list()
  }
}

class ValidFirst {
  readonly #valid: Certificate[] = []
  readonly #others: Certificate[] = []
  /** Found out once, when all are here. */
  #isOneKey: boolean | undefined

  get size(): number {
    return this.#valid.length + this.#others.length
  }

  add(certificate: Certificate, isValid: boolean): void {
    if (isValid) this.#valid.push(certificate)
    else this.#others.push(certificate)
  }

  isOneKey(pool: CertificatePool): boolean {
    return (this.#isOneKey ??= new Set([...this.list()].map((certificate) => pool.keyId(certificate))).size === 1)
  }

  *list(): Iterable<Certificate> {
    yield* this.#valid
    yield* this.#others
  }
}

/** Small numbers for texts. */
class IdTable {
  readonly #ids = new Map<string, number>()

  of(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    this.#ids.set(text, this.#ids.size + 1)
    return this.#ids.size
  }
}

const latin1 = new TextDecoder('latin1')

/** Empty if there is no key identifier, or one that can't be read. */
const keyIdText = (read: () => Uint8Array | undefined): string => {
  try {
    const identifier = read()
    return identifier === undefined ? '' : `=${latin1.decode(identifier)}`
  } catch {
    return ''
  }
}

/** From the anchors' names down, each name once. */
const reachingCertificates = (
  all: readonly Certificate[],
  trust: TrustStore,
  keys: NameKeys,
): { readonly reaching: ReadonlySet<Certificate>; readonly belowAnchors: readonly Certificate[] } => {
  const byIssuer = indexBy(all, ({ issuer }) => keys.of(issuer))
  const names = new Set<string>()
  for (const certificate of all) {
    const issuer = keys.of(certificate.issuer)
    if (!names.has(issuer) && trust.byName(certificate.issuer, keys.isLoose(certificate.issuer)).length > 0) {
      names.add(issuer)
    }
  }
  const belowAnchors = [...names].flatMap((name) => byIssuer.get(name) ?? [])
  const reaching = new Set<Certificate>()
  for (const name of names) {
    for (const certificate of byIssuer.get(name) ?? []) {
      reaching.add(certificate)
      names.add(keys.of(certificate.subject))
    }
  }
  return { reaching, belowAnchors }
}
