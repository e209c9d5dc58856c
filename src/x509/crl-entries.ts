// The entries of a CRL (RFC 5280 section 5.3), walked over once. What can't be read of one entry costs what it says
// and no more: the entry stays on the list, and the list is known to be damaged.

import { quietly } from '../errors.ts'
import { joined } from '../wire/bytes.ts'
import { tags } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import { crlReader } from './crl-fields.ts'
import { Damage } from './damage.ts'
import { readExtensions } from './extensions.ts'
import type { Extension } from './extensions.ts'
import { readGeneralNames } from './general-name.ts'
import { remembered } from './maps.ts'
import { sameName } from './name.ts'
import type { Name } from './name.ts'
import { entryOids, readReasonCode, serialKey, startOfValue } from './revocation-terms.ts'

export interface CrlEntry {
  /** Milliseconds since the epoch; undefined if it can't be read. */
  readonly revocationDate: number | undefined
  readonly extensions: readonly Extension[]
  /** Name of the reason; undefined if none is given, or one that section 5.3.1 does not have. */
  readonly reason: string | undefined
}

/** The entries of a CRL. */
export interface CrlEntries {
  /** Of certificates of the CRL's own issuer, by serial number in hex. */
  readonly own: ReadonlyMap<string, CrlEntry>
  /** The most severe of those of a certificate: of its issuer (section 5.3.3), or of one whose name can't be read. */
  find(serialNumber: Uint8Array, issuer: Name): CrlEntry | undefined
  /** Whether there are entries of other issuers, or of some whose names can't be read. */
  readonly hasOthers: boolean
  /** Object identifiers of critical extensions that are not known. */
  readonly unknownCritical: ReadonlySet<string>
  /** Whether any entry has extensions. */
  readonly hasExtensions: boolean
  /** Why an entry can't be read; undefined if all can. */
  readonly damage: string | undefined
}

const knownOids: ReadonlySet<string> = new Set(Object.values(entryOids))

/** What entries are about that name no issuer, or one that can't be read: undefined, if the CRL does not tell. */
export interface EntryScope {
  readonly issuer: Name
  readonly indirect: boolean | undefined
}

/** `revoked` are the SEQUENCEs revokedCertificates: one or none, and more only in a damaged CRL. */
export const readEntries = (revoked: readonly Uint8Array[], scope: EntryScope): CrlEntries => {
  const [first = new Uint8Array()] = revoked
  const list = new EntryReader(revoked.length > 1 ? joined(revoked) : first, scope)
  list.readAll()
  return list
}

/** Extensions of an entry. */
interface EntryExtensions extends Pick<CrlEntry, 'extensions' | 'reason'> {
  /** The certificateIssuer extension, if it is there. */
  readonly issuer: Extension | undefined
}

const noExtensions: EntryExtensions = { extensions: [], reason: undefined, issuer: undefined }

/** Sets of extensions of which it is kept what they are, and how long those are at most: most entries have one of a
 * few. */
const MAX_KNOWN = 500
const MAX_KNOWN_LENGTH = 256

/** Serial numbers (of 20 bytes at most, section 4.1.2.2) are told apart by so many bytes: longer ones that begin alike
 * count as one, so that what is revoked stays so. Texts beyond 16,383 characters have one hash in V8. */
const MAX_SERIAL = 1024

/** For texts of one character per byte: a slice of one for each of hundreds of thousands of entries costs far less
 * than bytes, and hex. */
const latin1 = new TextDecoder('latin1')

/** Whose certificates entries are of: the CRL's own issuer, one whose name can't be read, or one by the key of its
 * name. */
const OWN = 0
const NAMELESS = 1
type Holder = string | number

class EntryReader implements CrlEntries {
  readonly unknownCritical = new Set<string>()
  hasExtensions = false
  hasOthers = false
  readonly #revoked: Uint8Array
  readonly #damage = new Damage()
  readonly #issuer: Name
  readonly #indirect: boolean | undefined
  readonly #text: string
  /** Entries by issuer and serial number: offset times 4, plus severity. */
  readonly #lists = new Map<Holder, Map<string, number>>()
  /** Whose certificates the next entries are of: an issuer holds until another one is named (section 5.3.3). */
  #issuers: readonly Holder[] = [OWN]
  /** Extensions by their bytes; undefined for those that can't be read. */
  readonly #known = new Map<string, EntryExtensions | undefined>()
  #own: ReadonlyMap<string, CrlEntry> | undefined

  constructor(revoked: Uint8Array, { issuer, indirect }: EntryScope) {
    this.#revoked = revoked
    this.#text = latin1.decode(revoked)
    this.#issuer = issuer
    this.#indirect = indirect
  }

  get damage(): string | undefined {
    return this.#damage.sentence
  }

  get own(): ReadonlyMap<string, CrlEntry> {
    this.#own ??= new Map(Array.from(this.#lists.get(OWN)?.values() ?? [], (found) => this.#entryOf(found)))
    return this.#own
  }

  find(serialNumber: Uint8Array, issuer: Name): CrlEntry | undefined {
    const start = startOfValue(serialNumber, 0, serialNumber.length)
    const key = latin1.decode(serialNumber.subarray(start, start + MAX_SERIAL))
    const holders: readonly Holder[] = [sameName(issuer, this.#issuer) ? OWN : NAMELESS, issuer.key, NAMELESS]
    const [first] = holders
      .flatMap((holder) => this.#lists.get(holder)?.get(key) ?? [])
      .toSorted((a, b) => severityIn(b) - severityIn(a))
    return first === undefined ? undefined : this.#entryOf(first)[1]
  }

  /** Any number of entries can be unreadable, and of all that is said about them one sentence is kept. */
  readAll(): void {
    const reader = crlReader(this.#revoked)
    quietly(() => {
      while (!reader.done) {
        const sequence = reader.sequence('revokedCertificates')
        this.#damage.attempt(() => this.#readList(sequence), sequence)
      }
    })
  }

  #readList(sequence: DerReader): void {
    while (!sequence.done) {
      const at = sequence.position
      if (sequence.peek() === tags.sequence) this.#add(at, sequence.sequence('entry'))
      else {
        this.#damage.note(() => sequence.fail('not an entry'))
        sequence.skip('entry')
      }
    }
  }

  #add(at: number, entry: DerReader): void {
    if (entry.peek() !== tags.integer) {
      this.#damage.note(() => entry.fail('an entry has no serial number'))
      return
    }
    const content = this.#damage.attempt(() => entry.skip('userCertificate'), entry)
    if (content === undefined) return
    const end = entry.position
    this.#checkDate(entry)
    const known = this.#extensions(entry)
    const { issuer, reason } = known ?? noExtensions
    if (issuer !== undefined) this.#setIssuers(this.#issuersNamed(issuer) ?? [NAMELESS])
    // They may have named an issuer.
    if (known === undefined && this.#indirect !== false) this.#setIssuers([NAMELESS])
    const start = startOfValue(this.#revoked, content, end)
    const key = this.#text.slice(start, Math.min(end, start + MAX_SERIAL))
    const found = at * 4 + severityOf(reason)
    for (const holder of this.#issuers) {
      const list = remembered(this.#lists, holder, () => new Map<string, number>())
      const before = list.get(key)
      if (before === undefined || severityIn(found) > severityIn(before)) list.set(key, found)
      if (holder !== OWN) this.hasOthers = true
    }
  }

  /** On a list that does not say that it is indirect, no entry is of another issuer alone. */
  #setIssuers(current: readonly Holder[]): void {
    this.#issuers = [...new Set(this.#indirect === true ? current : [OWN, ...current])]
  }

  /** The date of an entry is read when that is asked for. Here it is whether it can be, which makes no difference once
   * something of the list can't. */
  #checkDate(entry: DerReader): void {
    if (!isAtTime(entry)) this.#damage.note(() => entry.fail('an entry has no date'))
    else if (this.#damage.sentence === undefined) this.#damage.attempt(() => entry.time('revocationDate'))
    else entry.attempt(() => entry.skip('revocationDate'))
  }

  /** Undefined if they can't be read. */
  #extensions(entry: DerReader): EntryExtensions | undefined {
    if (entry.done) return noExtensions
    if (entry.peek() !== tags.sequence) {
      this.#damage.note(() => entry.fail('an entry has a field that it should not have'))
      return undefined
    }
    const start = entry.position
    const end = this.#damage.attempt(() => endOfExtensions(entry), entry)
    if (end === undefined) return undefined
    this.hasExtensions = true
    const key = this.#text.slice(start, end)
    if (this.#known.has(key)) return this.#known.get(key)
    const read = this.#readExtensions(this.#revoked.subarray(start, end))
    if (this.#known.size < MAX_KNOWN && key.length <= MAX_KNOWN_LENGTH) this.#known.set(key, read)
    return read
  }

  #readExtensions(bytes: Uint8Array): EntryExtensions | undefined {
    const reader = crlReader(bytes)
    const extensions = this.#damage.attempt(() => readExtensions(reader, 'crlEntryExtensions'), reader)
    if (extensions === undefined) return undefined
    for (const { oid, critical } of extensions) if (critical && !knownOids.has(oid)) this.unknownCritical.add(oid)
    const issuer = extensions.find(({ oid }) => oid === entryOids.certificateIssuer)
    const reason = extensions.find(({ oid }) => oid === entryOids.reason)
    return { extensions, reason: reason && this.#reasonOf(reason), issuer }
  }

  #reasonOf(extension: Extension): string | undefined {
    const value = crlReader(extension.value)
    return this.#damage.attempt(() => {
      const reason = readReasonCode(value)
      value.end()
      return reason
    }, value)
  }

  #issuersNamed({ value }: Extension): readonly Holder[] | undefined {
    const outer = crlReader(value)
    return this.#damage.attempt(() => {
      const list = outer.lastSequence('certificateIssuer')
      const names = readGeneralNames(list, 'certificateIssuer')
      const directories = names.flatMap((name) => (name.kind === 'directory' ? [name.name] : []))
      if (directories.length === 0) list.fail('certificateIssuer has no directory name')
      return directories.map(({ key }): Holder => (key === this.#issuer.key ? OWN : key))
    }, outer)
  }

  /** What `#lists` has found, with its serial number in hex. */
  #entryOf(found: number): [serialNumber: string, CrlEntry] {
    const entry = crlReader(this.#revoked.subarray(Math.floor(found / 4))).sequence('entry')
    const content = entry.skip('userCertificate')
    const serialNumber = serialKey(entry.bytes.subarray(content, entry.position))
    const revocationDate = isAtTime(entry) ? entry.attempt(() => entry.time('revocationDate')) : undefined
    const start = entry.position
    const end = entry.peek() === tags.sequence ? entry.attempt(() => endOfExtensions(entry)) : undefined
    const read = end === undefined ? undefined : this.#readExtensions(entry.bytes.subarray(start, end))
    const { extensions, reason } = read ?? noExtensions
    return [serialNumber, { revocationDate, extensions, reason }]
  }
}

const isAtTime = (entry: DerReader): boolean => entry.peek() === tags.utcTime || entry.peek() === tags.generalizedTime

/** They are the last field. */
const endOfExtensions = (entry: DerReader): number => {
  entry.skip('crlEntryExtensions')
  entry.end()
  return entry.position
}

/** Of several entries for one certificate, the one that can't be taken back counts. */
const severityOf = (reason: string | undefined): number =>
  reason === 'removeFromCRL' ? 1 : reason === 'certificateHold' ? 2 : 3

const severityIn = (found: number): number => found % 4
