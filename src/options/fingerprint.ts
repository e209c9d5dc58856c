// Fingerprints of a ClientHello: JA3 (MD5 over the offered numbers in order) and JA4 (sorted, so that shuffled
// extensions do not change it). They tell client software apart; neither is a proof of anything.

import type { CryptoProvider, HashAlgorithm, HashName } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { ClientHelloFields } from './hello-fields.ts'
import { toHex } from '../wire/bytes.ts'
import { clientHelloExtensions, decodeExtensions } from '../wire/extensions.ts'
import { decodeMessage, messages13 } from '../wire/messages.ts'
import { extensionTypes, isGrease, SSL30, TLS10, TLS12, versions } from '../wire/registry.ts'

const known = (ids: readonly number[]): readonly number[] => ids.filter((id) => !isGrease(id))
const text = new TextEncoder()
const hex4 = (id: number): string => id.toString(16).padStart(4, '0')

const hashOf = (provider: CryptoProvider, name: HashName): HashAlgorithm => {
  const hash = provider.hashes[name]
  if (!hash) throw new TlsError('unsupported', `the ${provider.name} provider has no ${name}`)
  return hash
}

/** The string that JA3 hashes: version, suites, extensions, groups and point formats, in the order of the hello. */
export const ja3String = (hello: ClientHelloFields): string => {
  const message = decodeMessage(messages13, 'ClientHello', hello.raw)
  const { ec_point_formats: formats } = decodeExtensions(clientHelloExtensions, message.extensions ?? [], 'ClientHello')
  const lists = [known(hello.cipherSuites), known(hello.extensions), known(hello.groups), [...(formats ?? [])]]
  return [message.legacyVersion, ...lists.map((list) => list.join('-'))].join(',')
}

/** JA3: 32 hex digits. Throws `unsupported` if the provider has no MD5. */
export const ja3 = (hello: ClientHelloFields, provider: CryptoProvider): string =>
  toHex(hashOf(provider, 'md5').digest(text.encode(ja3String(hello))))

/** JA4's three parts before hashing (JA4_r): lists in hex, sorted where JA4 sorts. */
export const ja4Raw = (hello: ClientHelloFields): string => {
  const { front, suites, extensions } = ja4Parts(hello)
  return [front, suites, extensions].join('_')
}

/** JA4, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
export const ja4 = (hello: ClientHelloFields, provider: CryptoProvider): string => {
  const { front, suites, extensions } = ja4Parts(hello)
  const short = (list: string): string =>
    list === '' ? '000000000000' : toHex(hashOf(provider, 'sha256').digest(text.encode(list))).slice(0, 12)
  return [front, short(suites), short(extensions)].join('_')
}

const ja4Parts = (
  hello: ClientHelloFields,
): { readonly front: string; readonly suites: string; readonly extensions: string } => {
  const suites = known(hello.cipherSuites)
  const extensions = known(hello.extensions)
  const version = Math.max(0, ...known(hello.versions))
  const named = extensions.includes(extensionTypes.server_name)
  const front = [
    't',
    versionText(version),
    named ? 'd' : 'i',
    count(suites.length),
    count(extensions.length),
    alpnText(hello.alpn[0]),
  ].join('')
  const left = extensions.filter(
    (id) => id !== extensionTypes.server_name && id !== extensionTypes.application_layer_protocol_negotiation,
  )
  const schemes = known(hello.signatureSchemes).map(hex4)
  return {
    front,
    suites: suites.map(hex4).toSorted().join(','),
    extensions: [left.map(hex4).toSorted().join(','), ...(schemes.length > 0 ? [schemes.join(',')] : [])].join('_'),
  }
}

const count = (length: number): string => String(Math.min(length, 99)).padStart(2, '0')

const oldVersions: ReadonlyMap<number, string> = new Map([
  [TLS12, '12'],
  [versions['TLS 1.1'], '11'],
  [TLS10, '10'],
  [SSL30, 's3'],
])

const versionText = (version: number): string => {
  if (version > TLS12) return '13'
  return oldVersions.get(version) ?? '00'
}

/** First and last character of the first protocol; as hex digits where they are no letters or digits. */
const alpnText = (protocol: string | undefined): string => {
  if (!protocol) return '00'
  const ends = `${protocol[0]}${protocol.at(-1)}`
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends
  const digits = toHex(Uint8Array.from(protocol, (char) => char.charCodeAt(0)))
  return `${digits[0]}${digits.at(-1)}`
}
