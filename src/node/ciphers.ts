// Cipher suites by OpenSSL's names, and its cipher strings (`ECDHE+AESGCM:!aNULL`), signature algorithms and curves in
// its notation: what `ciphers`, `sigalgs` and `ecdhCurve` of node:tls take. What this library does not have is left
// out.

import { nodeProvider } from '../crypto/node.ts'
import { TlsError } from '../errors.ts'
import type { GroupName, SignatureSchemeName } from '../wire/names.ts'
import { cipherSuites, namedGroups, signatureSchemes } from '../wire/registry.ts'
import type { CipherSuite } from '../wire/registry.ts'
import { codedError, invalidArgValue } from './node-errors.ts'
import { sslError } from './ssl-errors.ts'

/** OpenSSL's name of a suite. */
export const opensslName = ({ name, version }: CipherSuite): string => {
  if (version === 'TLS 1.3') return name
  return name
    .replace(/^TLS_/, '')
    .replace(/^RSA_WITH_/, '')
    .replace('_WITH_', '-')
    .replace(/AES_(128|256)/, 'AES$1')
    .replace(/CCM_8$/, 'CCM8')
    .replace('CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305')
    .replaceAll('_', '-')
    .replace(/^(?!.*PSK)(.*)-CBC-/, '$1-')
}

const providerIds = new Set(nodeProvider.suites.map(({ id }) => id))
const known = cipherSuites.filter(({ id }) => providerIds.has(id))

/** Bits of security, by OpenSSL's table: a tag of 8 bytes counts for no more than its length. */
const strength = ({ cipher }: Pick<CipherSuite, 'cipher'>): number =>
  cipher.endsWith('ccm-8') ? 64 : cipher.includes('128') ? 128 : 256

/**
 * As OpenSSL orders them: forward secrecy, AEAD, SHA-2 before SHA-1, strength; certificates before keys that both ends
 * have; GCM before the others; then as the table has them, ECDSA before RSA.
 */
const weight = (suite: CipherSuite): number => {
  const { keyExchange, cipher, mac } = suite
  const secrecy = keyExchange === 'ecdhe' ? 0 : 1
  const mode = mac === undefined ? 0 : mac === 'sha1' ? 2 : 1
  const bits = 256 - strength(suite)
  const exchange = keyExchange === 'psk' ? 2 : keyExchange === 'rsa' ? 1 : 0
  return secrecy * 1e6 + mode * 1e5 + bits * 100 + exchange * 10 + (cipher.endsWith('gcm') ? 0 : 1)
}
const preferred12 = known.filter(({ version }) => version === 'TLS 1.2').toSorted((a, b) => weight(a) - weight(b))

type Matches = (suite: CipherSuite) => boolean
const isPsk: Matches = ({ authentication }) => authentication === 'psk'

/** Key exchanges whose suites with SHA-1 are of SSL 3.0, by OpenSSL's table. */
const ofSsl3 = new Set(['rsa', 'psk'])

/** The words of a cipher string. */
const words: Readonly<Record<string, Matches>> = {
  ALL: () => true,
  COMPLEMENTOFDEFAULT: ({ cipher }) => cipher.includes('ccm'),
  HIGH: (suite) => strength(suite) >= 128,
  MEDIUM: (suite) => strength(suite) < 128,
  kRSA: ({ keyExchange }) => keyExchange === 'rsa',
  aRSA: ({ authentication }) => authentication === 'rsa',
  ECDHE: ({ keyExchange, authentication }) => keyExchange === 'ecdhe' && authentication !== 'psk',
  ECDSA: ({ authentication }) => authentication === 'ecdsa',
  PSK: isPsk,
  kPSK: ({ keyExchange }) => keyExchange === 'psk',
  kECDHEPSK: ({ keyExchange }) => keyExchange === 'ecdhe_psk',
  AES: ({ cipher }) => cipher.startsWith('aes'),
  AES128: ({ cipher }) => cipher.startsWith('aes-128'),
  AES256: ({ cipher }) => cipher.startsWith('aes-256'),
  AESGCM: ({ cipher }) => cipher.endsWith('gcm'),
  AESCCM: ({ cipher }) => cipher.includes('ccm'),
  AESCCM8: ({ cipher }) => cipher.endsWith('ccm-8'),
  CHACHA20: ({ cipher }) => cipher.startsWith('chacha'),
  SHA1: ({ mac }) => mac === 'sha1',
  SHA256: ({ mac }) => mac === 'sha256',
  SHA384: ({ mac }) => mac === 'sha384',
  'TLSv1.2': ({ mac }) => mac !== 'sha1',
  // The version that brought a suite.
  TLSv1: ({ mac, keyExchange }) => mac === 'sha1' && !ofSsl3.has(keyExchange ?? ''),
  SSLv3: ({ mac, keyExchange }) => mac === 'sha1' && ofSsl3.has(keyExchange ?? ''),
}
const aliases: Readonly<Record<string, string>> = {
  RSA: 'kRSA',
  'TLSv1.0': 'TLSv1',
  EECDH: 'ECDHE',
  kECDHE: 'ECDHE',
  kEECDH: 'ECDHE',
  aECDSA: 'ECDSA',
  aPSK: 'PSK',
  SHA: 'SHA1',
}

const matcher = (word: string): Matches => {
  const parts = word.split('+').filter((part) => part !== '')
  const matchers = parts.map((part): Matches => {
    const found = words[aliases[part] ?? part]
    if (found) return found
    return (suite) => opensslName(suite) === part || suite.name === part
  })
  return (suite) => matchers.every((matches) => matches(suite))
}

/** The suites of TLS 1.2 that a cipher string selects, in its order (openssl-ciphers(1)). */
const select12 = (text: string): readonly CipherSuite[] => {
  let active: CipherSuite[] = []
  const killed = new Set<CipherSuite>()
  for (const token of text
    // It is a word at the beginning only.
    .replace(/^DEFAULT/, 'ALL:!COMPLEMENTOFDEFAULT:')
    .replaceAll('@', ':@')
    .split(/[:, ;]+/)
    .filter((word) => word !== '')) {
    if (token.startsWith('@')) {
      if (!/^@(STRENGTH|SECLEVEL=[0-5])$/.test(token)) throw sslError(280, 'invalid command')
      if (token === '@STRENGTH') active = active.toSorted((a, b) => strength(b) - strength(a))
      continue
    }
    const operator = /^[!+-]/.exec(token)?.[0]
    const matches = matcher(operator === undefined ? token : token.slice(1))
    const chosen = preferred12.filter(matches)
    if (operator === '!') for (const suite of chosen) killed.add(suite)
    if (operator === '!' || operator === '-') active = active.filter((suite) => !chosen.includes(suite))
    else if (operator === '+') active = [...active.filter((suite) => !matches(suite)), ...active.filter(matches)]
    else active = [...active, ...chosen.filter((suite) => !killed.has(suite) && !active.includes(suite))]
  }
  return active
}

const named = (names: readonly string[]): readonly CipherSuite[] =>
  names.flatMap((name) => known.find((suite) => suite.name === name) ?? [])
const usual13 = named(['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'])

/** What a `ciphers` option comes to. */
export interface ChosenCiphers {
  /** IANA names, those that were given as such first, or else those of TLS 1.3. */
  readonly suites: readonly string[]
  /** No suite of TLS 1.2 was named. */
  readonly only13: boolean
  /** The security level that is asked for, or the default one. */
  readonly level: number
}

/**
 * Throws ERR_INVALID_ARG_VALUE for an empty list, ERR_SSL_NO_CIPHER_MATCH for one that selects nothing, and
 * ERR_SSL_INVALID_COMMAND for an invalid `@` command.
 */
export const chooseCiphers = (text: string, name: string, defaultLevel: number): ChosenCiphers => {
  const tokens = text.split(':').filter((token) => token !== '')
  const names13 = tokens.filter((token) => /^!?TLS_/.test(token))
  const list = tokens.filter((token) => !names13.includes(token))
  if (tokens.length === 0) throw invalidArgValue(name, text.split(':'))
  // A plain list, in which OpenSSL ignores names that it does not know: `!TLS_` has no meaning.
  const first = names13.length === 0 ? usual13 : named(names13)
  if (first.length === 0) throw sslError(185, 'no cipher match')
  const selected = select12(list.join(':'))
  const suites = [...new Set([...first, ...selected])]
  if (list.length > 0 && !suites.some(({ version }) => version === 'TLS 1.2')) throw sslError(185, 'no cipher match')
  const level = Number([...text.matchAll(/@SECLEVEL=(\d)/g)].at(-1)?.[1] ?? defaultLevel)
  return {
    suites: suites.filter((suite) => isAllowed(suite, level)).map(({ name }) => name),
    only13: list.length === 0,
    level,
  }
}

/** Bits that a security level asks for (SSL_CTX_set_security_level(3)). */
const bitsOfLevel = [0, 80, 112, 128, 192, 256]

/** Suites that a level rules out are not offered and not chosen, though a cipher string may name them. */
const isAllowed = (suite: CipherSuite, level: number): boolean => {
  if (strength(suite) < (bitsOfLevel[level] ?? 0)) return false
  if (level >= 3 && suite.version === 'TLS 1.2' && !suite.keyExchange?.startsWith('ecdhe')) return false
  return level < 4 || suite.mac !== 'sha1'
}

/** Throws TlsError `no_common_cipher_suite` where no suite is of these versions; with PSK only if there are keys. */
export const checkSuites = (names: readonly string[], range: Record<'min' | 'max', string>, hasKeys: boolean): void => {
  const versions = Object.values(range)
  const isUsable: Matches = (suite) => versions.includes(suite.version) && (hasKeys || !isPsk(suite))
  if (!known.some((suite) => isUsable(suite) && names.includes(suite.name)))
    throw new TlsError('no_common_cipher_suite', 'no suite is left for the versions that are spoken')
}

/** tls.getCiphers(): OpenSSL's names in lower case, of what this library has. */
export const getCiphers = (): string[] =>
  [...new Set(known.map((suite) => opensslName(suite).toLowerCase()))].toSorted()

/** What getCipher() shows of a suite. */
export const describeCipher = (
  ianaName: string,
): { readonly name: string; readonly standardName: string; readonly version: string } => {
  const suite = cipherSuites.find(({ name }) => name === ianaName)
  const isOld = suite?.mac === 'sha1' && suite.version === 'TLS 1.2' // OpenSSL names the version that brought the suite
  const version =
    suite?.version === 'TLS 1.3'
      ? 'TLSv1.3'
      : isOld
        ? ofSsl3.has(suite.keyExchange ?? '')
          ? 'SSLv3'
          : 'TLSv1.0'
        : 'TLSv1.2'
  return { name: suite ? opensslName(suite) : ianaName, standardName: ianaName, version }
}

// ---- signature algorithms
// ------------------------------------------------------------------------------------------------

const hashes: Readonly<Record<string, string>> = { SHA1: 'sha1', SHA256: 'sha256', SHA384: 'sha384', SHA512: 'sha512' }

const schemesOf = (word: string): readonly SignatureSchemeName[] => {
  const exact = signatureSchemes.filter(({ name }) => name === word.toLowerCase())
  if (exact.length > 0) return exact.map(({ name }) => name)
  const [key = '', hash = ''] = word.split('+')
  const digest = hashes[hash.toUpperCase()]
  if (digest === undefined) return []
  const prefix = { RSA: 'rsa_pkcs1_', 'RSA-PSS': 'rsa_pss_', PSS: 'rsa_pss_', ECDSA: 'ecdsa_' }[key.toUpperCase()]
  const first = signatureSchemes.find(({ algorithm }) => prefix !== undefined && algorithm === `${prefix}${digest}`)
  return first ? [first.name] : []
}

/** Throws as node:tls does for a list with an algorithm that is unknown. */
export const chooseSignatureSchemes = (text: string): readonly SignatureSchemeName[] => {
  const parts = text.split(':').filter((word) => word !== '')
  const chosen = parts.flatMap((word) => {
    const schemes = schemesOf(word)
    if (schemes.length === 0 && !word.startsWith('?')) throw unusableSigalgs()
    return schemes
  })
  if (chosen.length === 0) throw unusableSigalgs()
  return [...new Set(chosen)]
}

const unusableSigalgs = (): Error =>
  codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'SSL_CTX_set1_sigalgs_list() failed')

/** Those of OpenSSL 3.5 that this library has, in its order. */
const ofOpenSsl: readonly string[] = [
  ...['mldsa65', 'mldsa87', 'mldsa44'],
  ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512', 'ed25519', 'ed448'],
  ...['rsa_pss_pss', 'rsa_pss_rsae', 'rsa_pkcs1'].flatMap((key) => ['256', '384', '512'].map((n) => `${key}_sha${n}`)),
]

/** As getSharedSigalgs() of node:tls has them: `own` is undefined for OpenSSL's, and `isOwnOrder` what
 * honorCipherOrder asks for. */
export const sharedSigalgs = (
  offered: readonly string[],
  own: readonly string[] | undefined,
  isOwnOrder: boolean,
): string[] => {
  const ours = own ?? ofOpenSsl
  const [first, second] = isOwnOrder ? [ours, offered] : [offered, ours]
  return first.filter((name) => second.includes(name)).map(sharedSigalgName)
}

const keyNames: Readonly<Record<string, string>> = { rsa_pkcs1: 'RSA', rsa_pss: 'RSA-PSS', ecdsa: 'ECDSA' }

/** A scheme as getSharedSigalgs() of node:tls names it. */
export const sharedSigalgName = (name: string): string => {
  const [, key = '', hash = ''] = /^(rsa_pkcs1|rsa_pss|ecdsa)_(?:.*_)?(sha\d+)$/.exec(name) ?? []
  return key === ''
    ? `${name.replace(/^ed/, 'Ed').replace('mldsa', 'id-ml-dsa-')}+UNDEF`
    : `${keyNames[key]}+${hash.toUpperCase()}`
}

// ---- groups
// --------------------------------------------------------------------------------------------------------------

const groupNames: Readonly<Record<string, GroupName>> = {
  prime256v1: 'P-256',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
  x25519: 'X25519',
  x448: 'X448',
}
const providerGroups = new Set(nodeProvider.groups.map(({ id }) => id))

/** Groups by OpenSSL's names; undefined for 'auto' and for none. Throws ERR_CRYPTO_OPERATION_FAILED for one that
 * is not there. */
export const chooseGroups = (text: string): readonly GroupName[] | undefined => {
  if (text === 'auto' || text === '') return undefined
  const chosen = text.split(/[:/]/).flatMap((word): readonly GroupName[] => {
    const bare = word.replace(/^[?*]+/, '')
    const name =
      groupNames[bare.toLowerCase()] ??
      namedGroups.find((group) => group.name.toLowerCase() === bare.toLowerCase())?.name
    const group = namedGroups.find((one) => one.name === name)
    if (group && providerGroups.has(group.id)) return [group.name]
    if (word.startsWith('?')) return []
    throw codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Failed to set ECDH curve')
  })
  return [...new Set(chosen)]
}

const opensslGroups: Readonly<Record<string, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
}
const groupBits: Readonly<Record<string, number>> = { 'P-256': 256, 'P-384': 384, 'P-521': 521, X25519: 253, X448: 448 }

/** What getEphemeralKeyInfo() shows of a group. */
export const describeGroup = (
  group: string,
): { readonly type: string; readonly name: string; readonly size: number } | Record<string, never> => {
  const size = groupBits[group]
  return size === undefined ? {} : { type: 'ECDH', name: opensslGroups[group] ?? group, size }
}
