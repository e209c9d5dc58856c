// The entries of a CRL (RFC 5280 section 5.3), walked over once. What can't be read of one entry costs what it says
// and no more: the entry stays on the list, and the list is known to be damaged.

import { quietly } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import { DerReader, tags } from '../wire/der.ts'
import { Damage } from './damage.ts'
import { readExtensions } from './extensions.ts'
import type { Extension } from './extensions.ts'
import { readGeneralNames } from './general-name.ts'
import type { Name } from './name.ts'

/** CRLReason (section 5.3.1) by number; 7 is not used. */
export const crlReasons: readonly (string | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
]

export interface CrlEntry {
  /** Milliseconds since the epoch; undefined if it can't be read. */
  readonly revocationDate: number | undefined
  readonly extensions: readonly Extension[]
  /** Name of the reason; undefined if none is given, or one that section 5.3.1 does not have. */
  readonly reason: string | undefined
}

type EntryMap = Map<string, CrlEntry>

/** Entries by serial number, in hex. */
export interface CrlEntries {
  /** Of certificates of the CRL's own issuer. */
  readonly own: ReadonlyMap<string, CrlEntry>
  /** Of certificates of others (section 5.3.3), by the key of their issuer's name. */
  readonly others: ReadonlyMap<string, ReadonlyMap<string, CrlEntry>>
  /** Of certificates of issuers whose names can't be read. */
  readonly nameless: ReadonlyMap<string, CrlEntry>
  /** Object identifiers of critical extensions that are not known. */
  readonly unknownCritical: ReadonlySet<string>
  /** Whether any entry has extensions. */
  readonly hasExtensions: boolean
  /** Why an entry can't be read; undefined if all can. */
  readonly damage: string | undefined
}

export const entryOids = { reason: '2.5.29.21', invalidityDate: '2.5.29.24', certificateIssuer: '2.5.29.29' } as const
const knownOids: ReadonlySet<string> = new Set(Object.values(entryOids))

const open = (der: Uint8Array): DerReader => DerReader.tolerant(der, 'revocation_unknown', 'CRL', [])

/** A serial number (content of an INTEGER) by its value, in hex: leading bytes that add nothing do not count. */
export const serialKey = (content: Uint8Array): string => {
  let start = 0
  while (start < content.length - 1) {
    const [first, second = 0] = content.subarray(start)
    if (first !== (second < 0x80 ? 0 : 0xff)) break
    start++
  }
  return toHex(content.subarray(start))
}

/** What entries are about that name no issuer, or one that can't be read: undefined, if the CRL does not tell. */
export interface EntryScope {
  readonly issuer: Name
  readonly indirect: boolean | undefined
}

/** `revoked` are the SEQUENCEs revokedCertificates: one or none, and more only in a damaged CRL. */
export const readEntries = (revoked: readonly Uint8Array[], scope: EntryScope): CrlEntries => {
  const list = new EntryReader(scope)
  for (const one of revoked) list.addAll(one)
  return list
}

/** Extensions of an entry, read once for all entries that have the same. */
interface EntryExtensions extends Pick<CrlEntry, 'extensions' | 'reason'> {
  /** The certificateIssuer extension, if it is there. */
  readonly issuer: Extension | undefined
}

const noExtensions: EntryExtensions = { extensions: [], reason: undefined, issuer: undefined }

class EntryReader implements CrlEntries {
  readonly own: EntryMap = new Map()
  readonly others = new Map<string, EntryMap>()
  readonly nameless: EntryMap = new Map()
  readonly unknownCritical = new Set<string>()
  hasExtensions = false
  readonly #damage = new Damage()
  readonly #issuer: Name
  readonly #indirect: boolean | undefined
  /** Where entries go: an issuer holds until another one is named (section 5.3.3). */
  #maps: readonly EntryMap[] = [this.own]
  /** Most entries of a list have one of a few sets of extensions. */
  readonly #known = new Map<string, EntryExtensions>()

  constructor({ issuer, indirect }: EntryScope) {
    this.#issuer = issuer
    this.#indirect = indirect
  }

  get damage(): string | undefined {
    return this.#damage.sentence
  }

  /** Any number of entries can be unreadable, and of all that is said about them one sentence is kept. */
  addAll(revoked: Uint8Array): void {
    quietly(() => this.#damage.attempt(() => this.#readAll(open(revoked).sequence('revokedCertificates'))))
  }

  #readAll(sequence: DerReader): void {
    while (!sequence.done) {
      if (sequence.peek() === tags.sequence) this.#add(sequence.sequence('entry'))
      else {
        this.#damage.note(() => sequence.fail('an entry is none'))
        sequence.skip('entry')
      }
    }
  }

  #add(entry: DerReader): void {
    if (entry.peek() !== tags.integer) {
      this.#damage.note(() => entry.fail('an entry has no serial number'))
      return
    }
    const serial = this.#damage.attempt(() => entry.content(tags.integer, 'userCertificate'), entry)
    if (serial === undefined) return
    const revocationDate = this.#date(entry)
    const known = this.#extensions(entry)
    const { extensions, reason, issuer } = known ?? noExtensions
    if (issuer !== undefined) this.#setIssuers(this.#damage.attempt(() => this.#mapsOf(issuer)) ?? [this.nameless])
    // They may have named an issuer.
    if (known === undefined && this.#indirect !== false) this.#setIssuers([this.nameless])
    const read = { revocationDate, extensions, reason }
    const key = serialKey(serial)
    for (const map of this.#maps) if (severity(read) > severity(map.get(key))) map.set(key, read)
  }

  /** On a list that does not say that it is indirect, no entry is of another issuer alone. */
  #setIssuers(current: readonly EntryMap[]): void {
    this.#maps = [...new Set(this.#indirect === true ? current : [this.own, ...current])]
  }

  #date(entry: DerReader): number | undefined {
    const isTime = entry.peek() === tags.utcTime || entry.peek() === tags.generalizedTime
    if (isTime) return this.#damage.attempt(() => entry.time('revocationDate'), entry)
    this.#damage.note(() => entry.fail('an entry has no date'))
    return undefined
  }

  /** Undefined if they can't be read. */
  #extensions(entry: DerReader): EntryExtensions | undefined {
    if (entry.done) return noExtensions
    if (entry.peek() === tags.sequence) return this.#damage.attempt(() => this.#readExtensions(entry), entry)
    this.#damage.note(() => entry.fail('an entry has a field that it should not have'))
    return undefined
  }

  #readExtensions(entry: DerReader): EntryExtensions {
    const bytes = entry.element('crlEntryExtensions', tags.sequence)
    entry.end()
    this.hasExtensions = true
    const key = toHex(bytes)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const extensions = readExtensions(open(bytes), 'crlEntryExtensions')
    for (const { oid, critical } of extensions) if (critical && !knownOids.has(oid)) this.unknownCritical.add(oid)
    const issuer = extensions.find(({ oid }) => oid === entryOids.certificateIssuer)
    const read = { extensions, reason: this.#damage.attempt(() => readReason(extensions)), issuer }
    this.#known.set(key, read)
    return read
  }

  #mapsOf({ value }: Extension): readonly EntryMap[] {
    const list = open(value).lastSequence('certificateIssuer')
    const names = readGeneralNames(list, 'certificateIssuer')
    const directories = names.flatMap((name) => (name.kind === 'directory' ? [name.name] : []))
    if (directories.length === 0) list.fail('certificateIssuer has no directory name')
    return directories.map(({ key }) => {
      if (key === this.#issuer.key) return this.own
      const map = this.others.get(key) ?? new Map<string, CrlEntry>()
      this.others.set(key, map)
      return map
    })
  }
}

/** Of several entries for one certificate, the one that can't be taken back counts. */
export const severity = (entry: CrlEntry | undefined): number => {
  if (entry === undefined) return 0
  if (entry.reason === 'removeFromCRL') return 1
  return entry.reason === 'certificateHold' ? 2 : 3
}

/** Reasons that are not in section 5.3.1 are none. */
const readReason = (extensions: readonly Extension[]): string | undefined => {
  const extension = extensions.find(({ oid }) => oid === entryOids.reason)
  if (extension === undefined) return undefined
  const value = open(extension.value)
  const reason = readReasonCode(value)
  value.end()
  return reason
}

/** CRLReason, of CRLs and of OCSP. */
export const readReasonCode = (reader: DerReader): string | undefined =>
  crlReasons[reader.smallInteger('reason', tags.enumerated)]
