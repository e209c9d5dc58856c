// The certificates that can be used to build a path, indexed so that a search looks at candidates only (RFC 4158
// section 3.5): by name, then by key identifier. All of it is made in time linear in the bytes given, whatever they
// are.

import type { Certificate } from './certificate.ts'
import { indexBy, remembered } from './maps.ts'
import type { Name } from './name.ts'
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
  readonly #bySubject: ReadonlyMap<string, SameName>
  readonly #reaching: ReadonlySet<Certificate>
  /** Those whose issuer has the name of an anchor. */
  readonly belowAnchors: readonly Certificate[]
  readonly #keys = new Map<object, unknown>()
  readonly #cas = new Map<Certificate, unknown>()
  readonly #leaf: Certificate
  readonly #trust: TrustStore

  constructor({ leaf, pool, trust, time, loose }: PoolInput) {
    this.#names = new NameKeys(loose)
    this.#leaf = leaf
    this.#trust = trust
    const { reaching, belowAnchors } = reachingCertificates([leaf, ...pool], trust, this.#names)
    this.#reaching = reaching
    this.belowAnchors = belowAnchors
    const usable = pool.filter((certificate) => reaching.has(certificate))
    const bySubject = indexBy(usable, ({ subject }) => this.#names.of(subject))
    this.#bySubject = new Map([...bySubject].map(([key, all]) => [key, new SameName(all, time)]))
  }

  /** Whether a trust anchor can be reached from the certificate by names alone. */
  reachesAnchor(certificate: Certificate): boolean {
    return this.#reaching.has(certificate)
  }

  /** Certificates whose subject is the issuer of `child` and from which an anchor can be reached, the most promising
   * first: key identifiers are hints and no more (RFC 4158 section 3.5.12); then comes what is valid now. */
  issuersOf(child: Certificate): Iterable<Certificate> {
    return this.#bySubject.get(this.#names.of(child.issuer))?.candidates(child) ?? []
  }

  /** Whether nobody else comes before this issuer: it is the only one of its name, or the only key of that name with
   * the key identifier that the child asks for. */
  isLikely(child: Certificate, issuer: Certificate): boolean {
    const same = this.#bySubject.get(this.#names.of(child.issuer))
    if (same === undefined || same.all.length < 2) return true
    const wanted = wantedKeyId(child)
    return wanted !== '' && wanted === ownKeyId(issuer) && same.isOneKey(wanted, this)
  }

  /** Equal for holders of equal keys among those with the name. The bytes of each are read once, or not at all where
   * nobody else has its name. */
  keyId(holder: { readonly spki: Uint8Array }, name: Name): unknown {
    return remembered(this.#keys, holder, () => (this.#isAlone(name) ? holder : latin1.decode(holder.spki)))
  }

  /** Whether at most one certificate or anchor has the name. */
  #isAlone(name: Name): boolean {
    const key = this.#names.of(name)
    const anchors = this.#trust.byName(name, this.#names.isLoose(name)).length
    const others = anchors + (this.#bySubject.get(key)?.all.length ?? 0)
    return others + Number(key === this.#names.of(this.#leaf.subject)) < 2
  }

  /** Equal for certificates of one CA, which on one path would make a loop: key, name and alternative names are the
   * same. */
  caId(certificate: Certificate): unknown {
    return remembered(this.#cas, certificate, () =>
      this.#isAlone(certificate.subject) ? certificate : caText(certificate),
    )
  }
}

/** Certificates of one name. What orders them is found out when a search has to choose among several. */
class SameName {
  readonly #time: number
  readonly all: readonly Certificate[]
  #validFirst: readonly Certificate[] | undefined
  #byKeyId: ReadonlyMap<string, readonly Certificate[]> | undefined
  readonly #oneKey = new Map<string, boolean>()

  constructor(all: readonly Certificate[], time: number) {
    this.all = all
    this.#time = time
  }

  /** Whether all with the key identifier have one key. */
  isOneKey(wanted: string, pool: CertificatePool): boolean {
    const keyOf = (certificate: Certificate): unknown => pool.keyId(certificate, certificate.subject)
    return remembered(this.#oneKey, wanted, () => new Set(this.#with(wanted).map(keyOf)).size === 1)
  }

  /** Those with the key identifier that the child names, those with none, then the others; what is valid now first. */
  *candidates(child: Certificate): Iterable<Certificate> {
    if (this.all.length === 1) return yield* this.all
    const wanted = wantedKeyId(child)
    if (wanted === '') return yield* this.#ordered
    yield* this.#with(wanted)
    yield* this.#with('')
    for (const [key, same] of this.#index) if (key !== wanted && key !== '') yield* same
  }

  #with(key: string): readonly Certificate[] {
    return this.#index.get(key) ?? []
  }

  get #index(): ReadonlyMap<string, readonly Certificate[]> {
    return (this.#byKeyId ??= indexBy(this.#ordered, ownKeyId))
  }

  get #ordered(): readonly Certificate[] {
    const rank = ({ notBefore, notAfter }: Certificate): number =>
      Number(this.#time < notBefore || this.#time > notAfter)
    return (this.#validFirst ??= this.all.toSorted((a, b) => rank(a) - rank(b)))
  }
}

const latin1 = new TextDecoder('latin1')

/** Two values in DER, of which each says where it ends, and a name. */
const caText = (certificate: Certificate): string => {
  const altNames = certificate.extension(extensionOids.subjectAltName)?.value
  return latin1.decode(certificate.spki) + latin1.decode(altNames) + certificate.subject.key
}

/** Empty if there is no key identifier, or one that can't be read. */
const keyIdText = (read: () => Uint8Array | undefined): string => {
  try {
    const identifier = read()
    return identifier === undefined ? '' : `=${latin1.decode(identifier)}`
  } catch {
    return ''
  }
}

const ownKeyId = (certificate: Certificate): string => keyIdText(() => certificate.subjectKeyIdentifier)

const wantedKeyId = (child: Certificate): string => keyIdText(() => child.authorityKeyIdentifier?.keyIdentifier)

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
