// Numbers of the wire as words: name, what it means and where it is defined. Every describe function answers for
// every number, with its hex form where no name is known.

import { alertName, alertNumbers } from '../errors.ts'
import {
  cipherSuiteById,
  EMPTY_RENEGOTIATION_INFO_SCSV,
  contentTypeName,
  handshakeTypeName,
  isGrease,
  namedGroupById,
  SSL30,
  versionName,
  versions,
} from '../wire/registry.ts'
import { extensionRows, groupRows, schemeRows, SSL20 } from './names/small.ts'
import type { Row } from './names/small.ts'
import { ianaSuites } from './names/suites.ts'

/** A number of the wire, explained. */
export interface Described {
  readonly id: number
  /** `0x` and the digits. */
  readonly hex: string
  /** The name in IANA's registry; 'GREASE' for reserved values, the hex form where there is none. */
  readonly name: string
  /** A sentence or less. */
  readonly meaning: string
  /** The document and section that define it; undefined where no name is known. */
  readonly source: string | undefined
}

/** A cipher suite and its parts. */
export interface DescribedSuite extends Described {
  /** 'any' in TLS 1.3, where suites do not say. */
  readonly keyExchange: string
  readonly authentication: string
  readonly cipher: string
  /** The record MAC, or the hash of an AEAD suite. */
  readonly hash: string
  readonly forwardSecrecy: boolean
  readonly aead: boolean
  readonly tls13: boolean
  /** What is wrong with it, in words that scans use: NULL, anonymous, EXPORT, RC4, DES, 3DES, IDEA, RC2, MD5, CBC,
   * no forward secrecy. */
  readonly weaknesses: readonly string[]
}

const hexOf = (id: number, digits = 4): string => `0x${id.toString(16).padStart(digits, '0')}`
const grease = (id: number): Described => ({
  id,
  hex: hexOf(id),
  name: 'GREASE',
  meaning: 'a reserved value, to be ignored',
  source: 'RFC 8701 section 2',
})

/** A row of a table, or what can be said without one. */
const fromRow = (id: number, row: Row | undefined, what: string): Described => {
  if (isGrease(id)) return grease(id)
  if (!row)
    return { id, hex: hexOf(id), name: hexOf(id), meaning: `${what} of no name that is known here`, source: undefined }
  return { id, hex: hexOf(id), name: row[0], meaning: `${what} ${row[0]}`, source: row[1] }
}

/** A ProtocolVersion, SSL 2.0 and 3.0 included. */
export const describeVersion = (id: number): Described => {
  if (isGrease(id)) return grease(id)
  const old = id === SSL30 ? 'SSL 3.0' : id === SSL20 ? 'SSL 2.0' : undefined
  const name = old ?? versionName(id)
  const sources: Readonly<Record<number, string>> = {
    [SSL20]: 'RFC 6176',
    [SSL30]: 'RFC 6101',
    [versions['TLS 1.0']]: 'RFC 2246',
    [versions['TLS 1.1']]: 'RFC 4346',
    [versions['TLS 1.2']]: 'RFC 5246',
    [versions['TLS 1.3']]: 'RFC 9846',
  }
  const judged = old ? 'broken, and forbidden' : id < versions['TLS 1.2'] ? 'deprecated by RFC 8996' : 'current'
  return {
    id,
    hex: hexOf(id),
    name,
    meaning: sources[id] ? judged : 'a version that is not known here',
    source: sources[id],
  }
}

/** The name of a record's content type (RFC 9846 section 5.1). */
export const describeContentType = (id: number): Described => ({
  id,
  hex: hexOf(id, 2),
  name: contentTypeName(id),
  meaning: 'content type of a record',
  source: 'RFC 9846 section 5.1',
})

/** The name of a handshake message's type (RFC 9846 section 4). */
export const describeHandshakeType = (id: number): Described => ({
  id,
  hex: hexOf(id, 2),
  name: handshakeTypeName(id),
  meaning: 'type of a handshake message',
  source: 'RFC 9846 section 4',
})

/** Closure alerts. */
const closing: readonly number[] = [alertNumbers.close_notify, alertNumbers.user_canceled]

/** The name of an alert (RFC 9846 section 6) by its number, what it says of the connection, and its RFC. */
export const describeAlert = (id: number): Described => ({
  id,
  hex: hexOf(id, 2),
  name: alertName(id),
  meaning: closing.includes(id) ? 'the connection closes in an orderly way' : 'the peer gives up the connection',
  source:
    id === alertNumbers.ech_required
      ? 'RFC 9849 section 11.2'
      : closing.includes(id)
        ? 'RFC 9846 section 6.1'
        : 'RFC 9846 section 6.2',
})

/** The name of an extension by its 16-bit number, what it is for, and its RFC. */
export const describeExtension = (id: number): Described => fromRow(id, extensionRows[id], 'the extension')

/** Names are ours where this library speaks the group (X25519, P-256), IANA's elsewhere. */
export const describeGroup = (id: number): Described => {
  const described = fromRow(id, groupRows[id], 'the group')
  const own = namedGroupById.get(id)?.name
  const kind = /MLKEM|Kyber/.test(described.name)
    ? /^MLKEM/.test(described.name)
      ? 'post-quantum key encapsulation'
      : 'post-quantum hybrid'
    : /^ffdhe/.test(described.name)
      ? 'finite-field Diffie-Hellman'
      : 'elliptic-curve Diffie-Hellman'
  return described.source === undefined || isGrease(id)
    ? described
    : { ...described, name: own ?? described.name, meaning: kind }
}

/** The name of a signature scheme by its 16-bit number (RFC 9846 section 4.3.3), and what it means. */
export const describeSignatureScheme = (id: number): Described => {
  const described = fromRow(id, schemeRows[id], 'the signature scheme')
  const weak = /sha1|md5|none|anonymous/.test(described.name)
  return described.source === undefined || isGrease(id)
    ? described
    : { ...described, meaning: weak ? 'a signature that is no longer safe' : 'a signature' }
}

/** The parts of a suite's name: `TLS_` key exchange `_WITH_` cipher `_` hash; TLS 1.3 has the last two only. */
const partsOf = (name: string): { readonly exchange: string; readonly cipher: string; readonly hash: string } => {
  const [, exchange = '', rest = ''] = /^TLS_(?:(.*)_WITH_)?(.*)$/.exec(name) ?? []
  const hash = /_(SHA\d*|MD5|SHA256_OLD|IMIT|OMAC|[LS])$/.exec(rest)?.[1] ?? (/CCM/.test(rest) ? 'SHA256' : '')
  const cipher = hash && rest.endsWith(`_${hash}`) ? rest.slice(0, -hash.length - 1) : rest
  return { exchange, cipher, hash: hash.replace('_OLD', '').replace(/^SHA$/, 'SHA1') }
}

const exchangeOf = (exchange: string): { readonly keyExchange: string; readonly authentication: string } => {
  if (exchange === '') return { keyExchange: 'any', authentication: 'any' }
  const plain = exchange.replace(/_EXPORT(1024)?$/, '')
  if (plain === 'PSK_DHE') return { keyExchange: 'DHE_PSK', authentication: 'PSK' }
  if (/^(|DHE_|RSA_|ECDHE_)PSK$/.test(plain))
    return { keyExchange: plain, authentication: plain === 'RSA_PSK' ? 'RSA' : 'PSK' }
  if (plain.startsWith('SRP_SHA')) return { keyExchange: 'SRP', authentication: plain.slice(8) || 'SRP' }
  const [keyExchange = plain, authentication = keyExchange] = plain.split('_')
  return { keyExchange, authentication }
}

const weaknessRules: readonly (readonly [RegExp, string])[] = [
  [/WITH_NULL|_SHA256_SHA256|_SHA384_SHA384/, 'NULL'],
  [/_anon_|_NULL_WITH/, 'anonymous'],
  [/EXPORT/, 'EXPORT'],
  [/RC4/, 'RC4'],
  [/RC2/, 'RC2'],
  [/_DES_|DES40/, 'DES'],
  [/3DES/, '3DES'],
  [/IDEA/, 'IDEA'],
  [/MD5/, 'MD5'],
  [/CBC/, 'CBC'],
]

/** The name of a cipher suite by its 16-bit number, its parts, and what is known against it. */
export const describeCipherSuite = (id: number): DescribedSuite => {
  const name = isGrease(id) ? 'GREASE' : (cipherSuiteById.get(id)?.name ?? ianaSuites().get(id))
  const none = {
    keyExchange: '',
    authentication: '',
    cipher: '',
    hash: '',
    forwardSecrecy: false,
    aead: false,
    tls13: false,
    weaknesses: [],
  }
  if (name === 'GREASE') return { ...grease(id), ...none }
  const hex = hexOf(id)
  if (name === undefined)
    return { id, hex, name: hex, meaning: 'a cipher suite of no name that is known here', source: undefined, ...none }
  if (name.endsWith('SCSV')) {
    const source = id === EMPTY_RENEGOTIATION_INFO_SCSV ? 'RFC 5746 section 3.3' : 'RFC 7507 section 4'
    return { id, hex, name, meaning: 'a signal in the list, not a suite', source, ...none }
  }
  const { exchange, cipher, hash } = partsOf(name)
  const { keyExchange, authentication } = exchangeOf(exchange)
  const tls13 = exchange === '' && !name.includes('NULL_WITH')
  const forwardSecrecy = tls13 || /^(ECDHE|DHE|ECCPWD)/.test(keyExchange)
  const aead = /GCM|CCM|POLY1305|AEGIS|MGM/.test(cipher)
  const weaknesses = weaknessRules.filter(([pattern]) => pattern.test(name)).map(([, weakness]) => weakness)
  return {
    id,
    hex,
    name,
    keyExchange,
    authentication,
    cipher,
    hash,
    forwardSecrecy,
    aead,
    tls13,
    meaning: tls13
      ? `${cipher}, key schedule with ${hash}`
      : `${keyExchange} key exchange, ${authentication} authentication, ${cipher}, ${hash}`,
    source: tls13 ? 'RFC 9846 appendix B.4' : 'IANA TLS Cipher Suites',
    weaknesses: forwardSecrecy ? weaknesses : [...weaknesses, 'no forward secrecy'],
  }
}
