// Trust anchors (RFC 5280 section 6.1.1 (d)): certificates, or names with keys and constraints, indexed by name and
// parsed once per store. Made by the caller, by trust.node.ts from the runtime's own roots, and by puretls/roots.

import { checkOptions, requireObject } from '../checked-options.ts'
import { parsePublicKey } from '../crypto/keys.ts'
import type { PublicKey } from '../crypto/provider.ts'
import { quietly, TlsError } from '../errors.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { DerReader } from '../wire/der.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import type { NameConstraints } from './extensions.ts'
import { indexBy } from './maps.ts'
import { certificateBlocks, readCertificateBlock } from './load.ts'
import type { TrustSettings } from './load.ts'
import { readName } from './name.ts'
import type { Name } from './name.ts'

/** One anchor. With `certificate`, the rest comes from it. */
export interface TrustAnchor {
  readonly name: Name
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  readonly publicKey: PublicKey
  readonly nameConstraints: NameConstraints | undefined
  readonly certificate: Certificate | undefined
  /** What the anchor is trusted for, where a TRUSTED CERTIFICATE block said so. */
  readonly settings?: TrustSettings
}

/** An anchor without a certificate: name (RDNSequence, DER), key (SubjectPublicKeyInfo, DER) and constraints on
 * names. */
export interface BareAnchor {
  readonly name: Uint8Array
  readonly spki: Uint8Array
  readonly nameConstraints?: NameConstraints
}

/** PEM (text or bytes) with any number of certificates, one DER certificate, a parsed one, or a bare anchor. */
export type TrustInput = string | Uint8Array | Certificate | BareAnchor

export interface TrustStore {
  readonly anchors: readonly TrustAnchor[]
  /** Anchors of this name: the same bytes, or with `loose` a match by RFC 5280 section 7.1. */
  byName(name: Name, loose?: boolean): readonly TrustAnchor[]
  /** The anchor that is this very certificate. */
  find(certificate: Certificate): TrustAnchor | undefined
}

/** Makes a store. Parsing waits for the first use. Throws TlsError `bad_option` for an input that is no certificate,
 * unless `skipUnreadable`, which lists of an operating system may need. */
export const trustStore = (
  inputs: TrustInput | readonly TrustInput[],
  options: { readonly skipUnreadable?: boolean } = {},
): TrustStore => {
  checkOptions(options, { skipUnreadable: 'boolean' })
  return storeOf(inputs, (list) => loadAnchors(list, options.skipUnreadable === true))
}

/** The same of DER alone. */
export const derTrustStore = (inputs: TrustInput | readonly TrustInput[]): TrustStore =>
  storeOf(inputs, (list) =>
    list.map((input, position) => {
      if (typeof input === 'string') throw new TlsError('bad_option', `trust anchor ${position + 1}: ${derAlone}`)
      return attempt(() => anchorFrom(input instanceof Uint8Array ? parseCertificate(input) : input), position)
    }),
  )

const derAlone = 'this verifier reads certificates in DER alone; give trustStore(pem), or take pathVerifier'

const storeOf = (
  inputs: TrustInput | readonly TrustInput[],
  load: (list: readonly TrustInput[]) => readonly TrustAnchor[],
): TrustStore => {
  const list = isList(inputs) ? inputs : [inputs]
  const anchors = once(() => load(list))
  const exact = once(() => indexBy(anchors(), ({ name }) => name.exactKey))
  const loosely = once(() => indexBy(anchors(), ({ name }) => name.key))
  const byName = (name: Name, loose = false): readonly TrustAnchor[] =>
    (loose ? loosely().get(name.key) : exact().get(name.exactKey)) ?? []
  const store: TrustStore = {
    get anchors() {
      return anchors()
    },
    byName,
    find: (certificate) =>
      byName(certificate.subject).find(
        (anchor) => anchor.certificate && equalBytes(anchor.certificate.der, certificate.der),
      ),
  }
  made.add(store)
  return store
}

/** Stores that trustStore() made: what they hold is in `anchors`, and does not change. */
const made = new WeakSet<TrustStore>()

/** What a store holds, for a fingerprint: its anchors in any order, or a random name for a store of the caller's
 * own. */
export const describeTrust = (store: TrustStore): unknown => {
  if (!made.has(store)) return store
  const anchors = store.anchors.map(({ name, spki, nameConstraints, certificate }) =>
    certificate ? { text: toHex(certificate.der) } : { text: `${toHex(name.der)} ${toHex(spki)}`, nameConstraints },
  )
  return anchors.toSorted((a, b) => (a.text < b.text ? -1 : 1))
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Whether it is what trustStore() makes, rather than certificates that one can be made of. */
export const isTrustStore = (value: TrustStore | TrustInput | readonly TrustInput[]): value is TrustStore =>
  typeof value === 'object' && value !== null && 'byName' in value && typeof value.byName === 'function'

const isList = (inputs: TrustInput | readonly TrustInput[]): inputs is readonly TrustInput[] => Array.isArray(inputs)

/** An empty list is a store that trusts nobody; a list of which nothing can be read is an error. */
const loadAnchors = (inputs: readonly TrustInput[], skipUnreadable: boolean): readonly TrustAnchor[] => {
  const anchors = inputs.flatMap((input, position) =>
    readers(input).flatMap((load) => (skipUnreadable ? orNone(load) : attempt(load, position))),
  )
  if (inputs.length > 0 && anchors.length === 0) {
    throw new TlsError('bad_option', 'no trust anchor can be read in what was given')
  }
  return anchors
}

const orNone = (load: () => TrustAnchor): TrustAnchor[] => {
  try {
    return [quietly(load)]
  } catch {
    return []
  }
}

const attempt = (load: () => TrustAnchor, position: number): TrustAnchor => {
  try {
    return load()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new TlsError('bad_option', `trust anchor ${position + 1}: ${why}`, { cause: error })
  }
}

const readers = (input: TrustInput): (() => TrustAnchor)[] => {
  if (input instanceof Uint8Array || typeof input === 'string') {
    return certificateBlocks(input, 'trust anchors').map((block) => () => {
      const { der, settings } = readCertificateBlock(block)
      return anchorOf(parseCertificate(der), settings)
    })
  }
  return [() => anchorFrom(input)]
}

const anchorFrom = (input: Certificate | BareAnchor): TrustAnchor => {
  requireObject(input, 'PEM, DER, a certificate, or a name with a key')
  return 'der' in input ? anchorOf(input) : bareAnchor(input)
}

/** The key is parsed when the anchor is used: an anchor of unknown kind does no harm until then. */
const anchorOf = (certificate: Certificate, settings?: TrustSettings): TrustAnchor => ({
  ...(settings && { settings }),
  name: certificate.subject,
  spki: certificate.spki,
  certificate,
  get publicKey() {
    return certificate.publicKey
  },
  get nameConstraints() {
    return certificate.nameConstraints
  },
})

const bareAnchor = ({ name, spki, nameConstraints }: BareAnchor): TrustAnchor => {
  const reader = new DerReader(name, 'bad_certificate', 'anchor name')
  const parsed = readName(reader, 'name')
  reader.end()
  return { name: parsed, spki, publicKey: parsePublicKey(spki), nameConstraints, certificate: undefined }
}
